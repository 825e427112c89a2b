//! A removed passcode.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The action `clear-passcode`.
pub static ACTION: ActionSpec = ActionSpec {
    name: "clear-passcode",
    aliases: &["clearPasscode"],
    summary: "Removes the passcode of an iPhone or iPad",
    remarks: &[],
    method: Method::Post,
    path_suffix: "/action/clearpasscode",
    params: &[],
    rules: &[],
    platforms: &[Platform::IPhone, Platform::IPad],
    risk: Risk::Disruptive,
    repeat: Repeat::Once,
    end: EndSpec::Command(&["ClearPasscode"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "clear the passcode of", ing: "clearing the passcode of" },
};
