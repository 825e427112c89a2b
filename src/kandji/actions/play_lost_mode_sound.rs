//! The sound of a device in Lost Mode.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The sound of a device in Lost Mode.
pub static ACTION: ActionSpec = ActionSpec {
    name: "play-lost-mode-sound",
    aliases: &["playLostModeSound"],
    summary: "Plays a sound for two minutes on a device in Lost Mode",
    remarks: &[
        "It plays even when the device is muted. A device that is not in Lost Mode refuses it.",
    ],
    method: Method::Post,
    path_suffix: "/action/playlostmodesound",
    params: &[],
    rules: &[],
    platforms: &[Platform::IPhone, Platform::IPad],
    risk: Risk::Benign,
    repeat: Repeat::Safe,
    end: EndSpec::Command(&["PlayLostModeSound"]),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "play a sound on", ing: "playing a sound on" },
};
