//! A locked device; on a Mac with a PIN that only the answer tells.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// A locked device; on a Mac with a PIN that only the answer tells.
pub static ACTION: ActionSpec = ActionSpec {
    name: "lock",
    aliases: &["lockDevice"],
    summary: "Locks a device; the report has the PIN that unlocks a Mac",
    remarks: &[
        "It deactivates a Mac with Apple silicon before macOS 11.5 and gives no PIN: refused without --allow-deactivation.",
        "A locked Mac cannot be erased until its PIN is typed.",
    ],
    method: Method::Post,
    path_suffix: "/action/lock",
    params: &[
        ParamSpec {
            key: "Message",
            aliases: &["message", "lock_message"],
            kind: ParamKind::Message,
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[Platform::Mac],
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
            platforms: &[Platform::Mac],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Phone number on the lock screen of a Mac with Apple silicon",
        },
    ],
    rules: &[],
    platforms: &[Platform::Mac, Platform::IPhone, Platform::IPad, Platform::Android],
    risk: Risk::Disruptive,
    repeat: Repeat::Once,
    end: EndSpec::Command(&["DeviceLock"]),
    gives_pin: true,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards { deactivates_before: Some("11.5"), is_emergency: true, ..Hazards::NONE },
    example: &[("Message", "This device is locked!"), ("PhoneNumber", "1234567890")],
    verb: Verb { plain: "lock", ing: "locking" },
};
