//! An erased device.
//!
//! Owns the facts about this one operation. Must never hold behaviour.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamRule, ParamSpec, Requirement};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// An erased device.
pub static ACTION: ActionSpec = ActionSpec {
    name: "erase",
    aliases: &["eraseDevice"],
    summary: "Erases a device; nothing on it can be brought back",
    remarks: &[
        "Activation Lock survives it, and the bypass code is needed then: the plan names such devices.",
        "FileVault key, bypass code and recovery password of a Mac go with it: --capture-secrets keeps them.",
        "WIPE_PROTECTED can leave a PC unable to boot.",
    ],
    method: Method::Post,
    path_suffix: "/action/erase",
    params: &[
        ParamSpec {
            key: "PIN",
            aliases: &["pin", "erase_pin"],
            kind: ParamKind::Pin,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::Mac],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Find My PIN of a Mac",
        },
        ParamSpec {
            key: "PreserveDataPlan",
            aliases: &["preserve_data_plan"],
            kind: ParamKind::Bool,
            required: Requirement::Optional,
            sent_by_default: Some("true"),
            platforms: &[Platform::IPhone, Platform::IPad],
            os_min: &[(Platform::IPhone, "11"), (Platform::IPad, "11")],
            refuse_where_ignored: false,
            summary: "Keep the eSIM data plan; true where it is not given",
        },
        ParamSpec {
            key: "DisallowProximitySetup",
            aliases: &["disallow_proximity_setup"],
            kind: ParamKind::Bool,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::IPhone, Platform::IPad],
            os_min: &[(Platform::IPhone, "11"), (Platform::IPad, "11")],
            refuse_where_ignored: false,
            summary: "Skip Proximity Setup after the erase",
        },
        ParamSpec {
            key: "ReturnToService.Enabled",
            aliases: &["return_to_service.enabled", "return_to_service"],
            kind: ParamKind::Bool,
            required: Requirement::WithAny("ReturnToService."),
            sent_by_default: None,
            platforms: &[Platform::IPhone, Platform::IPad],
            os_min: &[(Platform::IPhone, "17"), (Platform::IPad, "17")],
            refuse_where_ignored: true,
            summary: "Enrol again by itself after the erase",
        },
        ParamSpec {
            key: "ReturnToService.ProfileId",
            aliases: &["return_to_service.profile_id", "wifi_profile_id"],
            kind: ParamKind::Name,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::IPhone, Platform::IPad],
            os_min: &[(Platform::IPhone, "17"), (Platform::IPad, "17")],
            refuse_where_ignored: true,
            summary: "Id of the Wi-Fi profile library item to keep",
        },
        ParamSpec {
            key: "erase_mode",
            aliases: &[],
            kind: ParamKind::Choice(&["WIPE", "WIPE_CLOUD", "WIPE_PROTECTED"]),
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::Windows],
            os_min: &[],
            refuse_where_ignored: true,
            summary: "Kind of erase on Windows",
        },
        ParamSpec {
            key: "erase_flags",
            aliases: &[],
            kind: ParamKind::Flags(&["WIPE_EXTERNAL_STORAGE", "WIPE_ESIMS"]),
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::Android],
            os_min: &[],
            refuse_where_ignored: true,
            summary: "Further things to erase on Android",
        },
    ],
    rules: &[ParamRule::OnlyWith {
        param: "ReturnToService.ProfileId",
        switch: "ReturnToService.Enabled",
    }],
    platforms: &[
        Platform::Mac,
        Platform::IPhone,
        Platform::IPad,
        Platform::AppleTv,
        Platform::Windows,
        Platform::Android,
    ],
    risk: Risk::Irreversible,
    repeat: Repeat::Once,
    end: EndSpec::CommandOrGone("EraseDevice"),
    gives_pin: false,
    takes_pin: Some("PIN"),
    ends_secrets: true,
    hazards: Hazards {
        meets_activation_lock: true,
        secrets_needed_on: &[Platform::Mac],
        phrase: Some("ERASE"),
        ..Hazards::NONE
    },
    example: &[
        ("PreserveDataPlan", "true"),
        ("ReturnToService.Enabled", "true"),
        ("ReturnToService.ProfileId", "c0148e35-c734-4402-b2fb-1c61aab72550"),
    ],
};
