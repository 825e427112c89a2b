//! A shutdown.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The action `shutdown`.
pub static ACTION: ActionSpec = ActionSpec {
    name: "shutdown",
    aliases: &["shutDown", "shutdownDevice"],
    summary: "Shuts a device down",
    remarks: &["It receives nothing until a person turns it on again."],
    method: Method::Post,
    path_suffix: "/action/shutdown",
    params: &[],
    rules: &[],
    platforms: &[Platform::Mac, Platform::IPhone, Platform::IPad],
    risk: Risk::Disruptive,
    repeat: Repeat::Once,
    end: EndSpec::Command(&["ShutDownDevice"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "shut down", ing: "shutting down" },
};
