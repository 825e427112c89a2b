//! Lost Mode of an iPhone or iPad, off.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, SignSpec, StateSpec, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// What the API says of the report about Lost Mode while it is off.
pub(super) const STATE_OFF: StateSpec =
    StateSpec { path_suffix: "/details/lostmode", sign: SignSpec::Said("not in lost mode") };

/// Lost Mode of an iPhone or iPad, off.
pub static ACTION: ActionSpec = ActionSpec {
    name: "disable-lost-mode",
    aliases: &["disableLostMode"],
    summary: "Turns Lost Mode off: the device can be used again, and is no longer found",
    remarks: &[
        "The person who holds the device can use it again, and its location can no longer be read.",
        "A device that is not in Lost Mode counts as already in effect.",
    ],
    method: Method::Post,
    path_suffix: "/action/disablelostmode",
    params: &[],
    rules: &[],
    platforms: &[Platform::IPhone, Platform::IPad],
    risk: Risk::Disruptive,
    repeat: Repeat::Once,
    end: EndSpec::CommandOrState("DisableLostMode", STATE_OFF),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "turn Lost Mode off for", ing: "turning Lost Mode off for" },
};
