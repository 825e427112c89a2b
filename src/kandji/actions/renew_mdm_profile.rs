//! A new installation of the root MDM profile.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// A new installation of the root MDM profile.
pub static ACTION: ActionSpec = ActionSpec {
    name: "renew-mdm-profile",
    aliases: &["renewMdmProfile", "renew-mdm"],
    summary: "Reinstalls the root MDM profile",
    remarks: &["Settings, apps and other profiles are not changed."],
    method: Method::Post,
    path_suffix: "/action/renewmdmprofile",
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
    end: EndSpec::Command(&["InstallProfile"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "renew the MDM profile of", ing: "renewing the MDM profile of" },
};
