//! The location of a device in Lost Mode, asked for.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The location of a device in Lost Mode, asked for.
pub static ACTION: ActionSpec = ActionSpec {
    name: "update-location",
    aliases: &["updateLocation"],
    summary: "Asks a device in Lost Mode for its location",
    remarks: &[
        "A location is personal data: ask for it only to find a lost device. 'get-location' reads it.",
        "A device that is not in Lost Mode refuses it.",
    ],
    method: Method::Post,
    path_suffix: "/action/updatelocation",
    params: &[],
    rules: &[],
    platforms: &[Platform::IPhone, Platform::IPad],
    risk: Risk::Benign,
    repeat: Repeat::Safe,
    end: EndSpec::Command(&["DeviceLocation"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "ask for the location of", ing: "asking for the location of" },
};
