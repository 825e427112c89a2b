//! Reasons about devices that are looked for.
//!
//! Owns the facts. Must never hold a sentence of its own.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why a device is not found.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum DeviceReason {
    /// What was given is neither an id nor a serial number.
    #[serde(rename = "device_malformed")]
    Malformed {
        /// It, as it was given.
        given: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The tenant has no device of this name, or several.
    #[serde(rename = "device_unresolved")]
    Unresolved {
        /// What the plan says of it.
        detail: String,
    },
}

impl RefusalFacts for DeviceReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Malformed { .. } => RefusalClass::Usage,
            Self::Unresolved { .. } => RefusalClass::Target,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::CorrectRequest { what: "device" }]
    }
}
