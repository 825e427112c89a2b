//! The Lost Mode of a device with its last location.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, AnswerSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The Lost Mode of a device with its last location.
pub static ACTION: ActionSpec = ActionSpec {
    name: "get-location",
    aliases: &["getDeviceLostModeDetails", "lost_mode_details"],
    summary: "Reads the Lost Mode of a device with its last location",
    remarks: &[
        "A location is personal data. It goes to report.jsonl and the journal of the run, and nowhere else.",
        "'sortie prune' removes it from the journal; delete the report when the device is found.",
        "A device that is not in Lost Mode has no location: that is a result, and no error.",
    ],
    method: Method::Get,
    path_suffix: "/details/lostmode",
    params: &[],
    rules: &[],
    platforms: &[Platform::IPhone, Platform::IPad],
    risk: Risk::Read,
    repeat: Repeat::Safe,
    end: EndSpec::Answer(AnswerSpec { key: "lost_mode", nothing_words: Some("not in lost mode") }),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[],
    verb: Verb { plain: "read the location of", ing: "reading the location of" },
};
