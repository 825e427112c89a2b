//! An empty push that makes a device ask for waiting commands.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// An empty push that makes a device ask for waiting commands.
pub static ACTION: ActionSpec = ActionSpec {
    name: "blank-push",
    aliases: &["sendBlankpush", "send-blank-push"],
    summary: "Prompts a device to check in for pending commands",
    remarks: &["It creates no command, so the only visible result is that the API accepted it."],
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
    end: EndSpec::Acceptance("a blank push creates no command that could be followed"),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "send a blank push to", ing: "sending a blank push to" },
};
