//! The personal hotspot, on or off.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The personal hotspot, on or off.
pub static ACTION: ActionSpec = ActionSpec {
    name: "personal-hotspot",
    aliases: &["togglePersonalHotspot"],
    summary: "Turns the personal hotspot on or off on an iPhone or a cellular iPad",
    remarks: &[
        "Off cuts off every device that uses the hotspot. The user can change it back.",
        "The API's documents do not name its command. sortie looks for Settings with PersonalHotspot of Apple's protocol, and reports the task as pending where the history has none.",
    ],
    method: Method::Post,
    path_suffix: "/action/togglepersonalhotspot",
    params: &[ParamSpec {
        key: "Enabled",
        aliases: &["enabled", "enable"],
        kind: ParamKind::Bool,
        required: Requirement::Required,
        sent_by_default: None,
        platforms: &[],
        os_min: &[],
        refuse_where_ignored: false,
        summary: "true turns the hotspot on; false turns it off",
    }],
    rules: &[],
    platforms: &[Platform::IPhone, Platform::IPad],
    risk: Risk::Disruptive,
    repeat: Repeat::Safe,
    end: EndSpec::CommandMarked("Settings", "PersonalHotspot"),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[("Enabled", "false")],
    verb: Verb { plain: "set the personal hotspot on", ing: "setting the personal hotspot on" },
};
