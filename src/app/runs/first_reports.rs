//! The reports of a run in which nothing has happened yet.
//!
//! Owns the reasons for which they cannot be written: a directory that cannot be written is found out before anything is sent.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why the reports of a run could not be written before it began.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FirstReportReason {
    /// The path of the report directory cannot be made absolute.
    #[serde(rename = "report_directory_unusable")]
    Path {
        /// What the system says.
        error: String,
    },
    /// The directory cannot be written to. Nothing was sent.
    #[serde(rename = "report_directory_unwritable")]
    Unwritable {
        /// What the system says.
        detail: String,
    },
}

impl RefusalFacts for FirstReportReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Path { .. } => RefusalClass::Usage,
            Self::Unwritable { .. } => RefusalClass::Journal,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::CorrectRequest { what: "report_dir" }]
    }
}
