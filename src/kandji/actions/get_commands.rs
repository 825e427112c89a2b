//! The command history of a device.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, AnswerSpec, EndSpec, Hazards, ParamKind, ParamSpec, Requirement, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// The command history of a device.
pub static ACTION: ActionSpec = ActionSpec {
    name: "get-commands",
    aliases: &["getDeviceCommands", "commands"],
    summary: "Reads the command history of a device (one page of up to 300 commands, oldest first)",
    remarks: &[
        "The answer is saved in report.jsonl. 'sortie commands DEVICE' reads all pages of one device.",
    ],
    method: Method::Get,
    path_suffix: "/commands",
    params: &[
        ParamSpec {
            key: "limit",
            aliases: &[],
            kind: ParamKind::Number(300),
            required: Requirement::Optional,
            sent_by_default: Some("300"),
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Number of commands to read, up to 300 (default: 300)",
        },
        ParamSpec {
            key: "offset",
            aliases: &[],
            kind: ParamKind::Number(u32::MAX),
            required: Requirement::Optional,
            sent_by_default: None,
            platforms: &[],
            os_min: &[],
            refuse_where_ignored: false,
            summary: "Position of the first command to read",
        },
    ],
    rules: &[],
    platforms: &[
        Platform::Mac,
        Platform::IPhone,
        Platform::IPad,
        Platform::AppleTv,
        Platform::Vision,
    ],
    risk: Risk::Read,
    repeat: Repeat::Safe,
    end: EndSpec::Answer(AnswerSpec { key: "commands", nothing_words: None }),
    gives_pin: false,
    takes_pin: None,
    ends_secrets: false,
    hazards: Hazards::NONE,
    example: &[("limit", "300")],
    verb: Verb { plain: "read the command history of", ing: "reading the command history of" },
};
