//! Reasons about a gather.
//!
//! Owns the facts. Must never hold a sentence of its own.

use std::path::PathBuf;

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why sections of devices are not gathered.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum GatherReason {
    /// Another process gathers from this tenant.
    #[serde(rename = "gather_busy")]
    Busy {
        /// The file that it writes.
        path: PathBuf,
    },
    /// The file that keeps what is read cannot be read or written.
    #[serde(rename = "gather_file_failed")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
}

impl RefusalFacts for GatherReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Busy { .. } => RefusalClass::Busy,
            Self::File { .. } => RefusalClass::Journal,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Busy { .. } => vec![NextStep::TryLater],
            Self::File { .. } => vec![NextStep::CheckDisk],
        }
    }
}
