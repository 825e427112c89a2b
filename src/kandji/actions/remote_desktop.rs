//! Remote management of a Mac, on or off.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// Remote management of a Mac, on or off.
pub static ACTION: ActionSpec = ActionSpec {
    name: "remote-desktop",
    aliases: &["remoteDesktop"],
    summary: "Turns Remote Management on or off for all users of a Mac",
    remarks: &[
        "The API refuses a Mac that is already in this state, as 'not allowed for current device'.",
    ],
    method: Method::Post,
    path_suffix: "/action/remotedesktop",
    params: &[ParamSpec {
        key: "EnableRemoteDesktop",
        aliases: &["enable_remote_desktop", "enable"],
        kind: ParamKind::Bool,
        required: Requirement::Required,
        sent_by_default: None,
        platforms: &[],
        os_min: &[],
        refuse_where_ignored: false,
        summary: "true turns it on with Observe and Control for all users; false turns it off",
    }],
    rules: &[],
    platforms: &[Platform::Mac],
    risk: Risk::Benign,
    repeat: Repeat::Safe,
    end: EndSpec::CommandBySwitch(
        "EnableRemoteDesktop",
        ["EnableRemoteDesktop", "DisableRemoteDesktop"],
    ),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[("EnableRemoteDesktop", "true")],
    verb: Verb { plain: "set Remote Management on", ing: "setting Remote Management on" },
};
