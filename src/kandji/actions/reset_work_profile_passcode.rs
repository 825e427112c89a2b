//! The passcode of an Android work profile, removed.
//!
//! Owns the facts about this one operation. Must never hold behavior, and never offer `newPassword`. A tenant may repeat
//! it in an error, where only six digits in a row are masked. `report.jsonl` and `failed.csv` repeat what a job gave.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The passcode of an Android work profile, removed.
pub static ACTION: ActionSpec = ActionSpec {
    name: "reset-work-profile-passcode",
    aliases: &["resetWorkProfilePasscode"],
    summary: "Removes the passcode of the work profile of an Android device",
    remarks: &[
        "It removes the passcode and never sets one: the API removes it where a request has no newPassword.",
        "newPassword is not offered. The passcode would be in job files and reports, and a tenant may repeat it in an error. A cell left empty would remove a passcode instead of setting it.",
        "Remove a column newPassword from a job only where the passcode is to be removed.",
        "LOCK_NOW is the only flag that the API's documents name.",
    ],
    method: Method::Post,
    path_suffix: "/action/resetworkprofilepasscode",
    params: &[ParamSpec {
        key: "resetPasswordFlags",
        aliases: &["reset_password_flags"],
        kind: ParamKind::Choices(&["LOCK_NOW"]),
        required: Requirement::Optional,
        sent_by_default: None,
        platforms: &[],
        os_min: &[],
        refuse_where_ignored: false,
        summary: "LOCK_NOW locks the device after the reset",
    }],
    rules: &[],
    platforms: &[Platform::Android],
    risk: Risk::Disruptive,
    // Between the two requests the user may have set a passcode, which the second would remove.
    repeat: Repeat::Once,
    end: EndSpec::Acceptance("the API lists no commands for Android devices"),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[("resetPasswordFlags", "LOCK_NOW")],
    verb: Verb {
        plain: "remove the work profile passcode of",
        ing: "removing the work profile passcode of",
    },
};
