//! An empty push that makes a device ask for waiting commands.
//!
//! Owns the facts about this one operation. Must never hold behaviour.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// An empty push that makes a device ask for waiting commands.
pub static ACTION: ActionSpec = ActionSpec {
    name: "blank-push",
    aliases: &["sendBlankpush", "send-blank-push"],
    summary: "Nudges a device to ask for its waiting commands",
    remarks: &["It creates no command of its own, so acceptance is all that can be seen."],
    method: Method::Post,
    path_suffix: "/action/blankpush",
    params: &[],
    rules: &[],
    platforms: &[
        Platform::Mac,
        Platform::IPhone,
        Platform::IPad,
        Platform::AppleTv,
        Platform::Vision,
    ],
    risk: Risk::Benign,
    repeat: Repeat::Safe,
    end: EndSpec::Acceptance("a blank push leaves no command to look for"),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "send a blank push to", ing: "sending a blank push to" },
};
