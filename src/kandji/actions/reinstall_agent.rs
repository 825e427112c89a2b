//! A new installation of the vendor's agent on a Mac.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// A new installation of the vendor's agent on a Mac.
pub static ACTION: ActionSpec = ActionSpec {
    name: "reinstall-agent",
    aliases: &["reinstallAgent"],
    summary: "Reinstalls the agent",
    remarks: &[],
    method: Method::Post,
    path_suffix: "/action/reinstallagent",
    params: &[],
    rules: &[],
    platforms: &[Platform::Mac],
    risk: Risk::Benign,
    repeat: Repeat::Safe,
    end: EndSpec::Command(&["InstallEnterpriseApplication", "InstallApplication"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "reinstall the agent on", ing: "reinstalling the agent on" },
};
