//! Lost Mode of an iPhone or iPad, on.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{
    ActionSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, SignSpec, StateSpec, Verb,
};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// What the report about Lost Mode shows while it is on.
const STATE_ON: StateSpec = StateSpec {
    path_suffix: "/details/lostmode",
    sign: SignSpec::Since {
        key: "lost_mode.lost_mode_status",
        value: "ENABLED",
        time_key: "lost_mode.enable_status_at",
    },
};

/// Lost Mode of an iPhone or iPad, on.
pub static ACTION: ActionSpec = ActionSpec {
    name: "enable-lost-mode",
    aliases: &["enableLostMode"],
    summary: "Turns Lost Mode on: locks an iPhone or iPad and shows a message until it is turned off",
    remarks: &[
        "It locks the person out, and no passcode opens the device: 'disable-lost-mode' does.",
        "Supervised devices only. Apple's protocol needs a message or a phone number; the API documents both as optional.",
        "While it is on, 'update-location' and 'get-location' find the device, and 'play-lost-mode-sound' makes it heard.",
    ],
    method: Method::Post,
    path_suffix: "/action/enablelostmode",
    params: &[
        ParamSpec {
            key: "Message",
            aliases: &["message", "lock_message"],
            kind: ParamKind::Message,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Message on the lock screen",
        },
        ParamSpec {
            key: "PhoneNumber",
            aliases: &["phone_number", "phone"],
            kind: ParamKind::Name,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Phone number on the lock screen, which a finder can call",
        },
        ParamSpec {
            key: "Footnote",
            aliases: &["footnote"],
            kind: ParamKind::Message,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Text below the message",
        },
    ],
    rules: &[],
    platforms: &[Platform::IPhone, Platform::IPad],
    risk: Risk::Disruptive,
    repeat: Repeat::Once,
    end: EndSpec::CommandOrState("EnableLostMode", STATE_ON),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards { is_emergency: true, ..Hazards::NONE },
    example: &[
        ("Message", "This iPad is lost. Please call us."),
        ("PhoneNumber", "+43 1 2345678"),
        ("Footnote", "Property of the school"),
    ],
    verb: Verb { plain: "turn Lost Mode on for", ing: "turning Lost Mode on for" },
};
