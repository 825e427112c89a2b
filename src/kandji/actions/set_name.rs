//! A new name for a device.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// A new name for a device.
pub static ACTION: ActionSpec = ActionSpec {
    name: "set-name",
    aliases: &["setName", "rename"],
    summary: "Renames a device",
    remarks: &[
        "Give the new name as new_name; device_name identifies the device.",
        "A device-name library item in the blueprint changes the name back.",
    ],
    method: Method::Post,
    path_suffix: "/action/setname",
    params: &[ParamSpec {
        key: "DeviceName",
        aliases: &["new_name", "device_name_new"],
        kind: ParamKind::Name,
        required: Requirement::Required,
        sent_by_default: None,
        platforms: &[],
        os_min: &[],
        refuse_where_ignored: false,
        summary: "The new name, up to 64 characters",
    }],
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
    end: EndSpec::CommandOrNamed("Settings", "DeviceName"),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[("DeviceName", "Test Mac Mini")],
    verb: Verb { plain: "rename", ing: "renaming" },
};
