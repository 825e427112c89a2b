//! The daily MDM commands of Apple devices, by their older name.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The daily MDM commands of Apple devices, by their older name.
pub static ACTION: ActionSpec = ActionSpec {
    name: "update-inventory",
    aliases: &["updateInventory"],
    summary: "Runs daily MDM commands; older, Apple only",
    remarks: &["daily-checkin does this too, and also supports Windows."],
    method: Method::Post,
    path_suffix: "/action/updateinventory",
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
    end: EndSpec::Command(&["DeviceInformation"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "update the inventory of", ing: "updating the inventory of" },
};
