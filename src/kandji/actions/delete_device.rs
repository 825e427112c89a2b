//! A deleted device record.
//!
//! Owns the facts about this one operation. Must never hold behavior.

use super::{ActionSpec, EndSpec, Hazards, Verb};
use crate::model::wire::Method;
use crate::model::{Platform, Repeat, Risk};

/// A deleted device record.
pub static ACTION: ActionSpec = ActionSpec {
    name: "delete-device",
    aliases: &["deleteDevice"],
    summary: "Removes the device from management and deletes its record, secrets included",
    remarks: &[
        "The FileVault key, bypass code and recovery password are deleted with the record: --capture-secrets keeps them.",
    ],
    method: Method::Delete,
    path_suffix: "",
    params: &[],
    rules: &[],
    platforms: &[
        Platform::Mac,
        Platform::IPhone,
        Platform::IPad,
        Platform::AppleTv,
        Platform::Vision,
        Platform::Windows,
        Platform::Android,
    ],
    risk: Risk::Irreversible,
    repeat: Repeat::Once,
    end: EndSpec::Gone,
    gives_pin: false,
    takes_pin: None,
    ends_secrets: true,
    hazards: Hazards {
        secrets_needed_on: &[
            Platform::Mac,
            Platform::IPhone,
            Platform::IPad,
            Platform::AppleTv,
            Platform::Vision,
        ],
        phrase: Some("DELETE"),
        ..Hazards::NONE
    },
    example: &[],
    verb: Verb { plain: "delete", ing: "deleting" },
};
