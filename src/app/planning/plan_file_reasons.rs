//! Reasons about plans in files.
//!
//! Owns the facts. Must never say that a file holds a plan that is not whole.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::plan::PlanFileError;

/// Why a plan cannot be read from a file or written to one.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlanStorageReason {
    /// The system cannot read the file.
    #[serde(rename = "plan_unreadable")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// It is no regular file.
    #[serde(rename = "plan_no_file")]
    NoFile {
        /// The file.
        path: PathBuf,
    },
    /// It is larger than any plan.
    #[serde(rename = "plan_too_large")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        bytes_max: u64,
    },
    /// It is not a plan of this program, or was altered.
    #[serde(rename = "plan_invalid")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
        /// It was altered after it was written, or holds a secret.
        is_altered: bool,
    },
    /// It holds the plans of several tenants, where the plan of one is needed.
    #[serde(rename = "plan_of_several_tenants")]
    IsSet {
        /// The file.
        path: PathBuf,
    },
    /// The plan holds a secret, and no file of it is written.
    #[serde(rename = "plan_holds_secret")]
    Secret {
        /// Where.
        detail: String,
    },
    /// The file cannot be made; often one is there already.
    #[serde(rename = "plan_not_created")]
    NotCreated {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// The file cannot be written in full.
    #[serde(rename = "plan_not_written")]
    NotWritten {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
        /// Why a part of it is left; `None` where none is.
        left: Option<String>,
    },
}

impl PlanStorageReason {
    /// A file that was read and is no plan.
    pub(super) fn invalid(path: PathBuf, error: &PlanFileError) -> Self {
        let is_altered = matches!(error, PlanFileError::Altered(_) | PlanFileError::Secret { .. });
        Self::Invalid { path, detail: error.to_string(), is_altered }
    }
}

impl RefusalFacts for PlanStorageReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Invalid { is_altered: true, .. } | Self::Secret { .. } => RefusalClass::Policy,
            Self::NotWritten { .. } => RefusalClass::Journal,
            _ => RefusalClass::Usage,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Unreadable { .. } | Self::NoFile { .. } => Vec::new(),
            Self::TooLarge { .. } => vec![NextStep::SplitJob],
            Self::Invalid { .. } | Self::IsSet { .. } => vec![NextStep::WritePlan],
            Self::Secret { .. } => vec![NextStep::CorrectJob],
            Self::NotCreated { .. } | Self::NotWritten { left: None, .. } => {
                vec![NextStep::CorrectRequest { what: "out" }]
            }
            Self::NotWritten { path, .. } => vec![NextStep::RemoveFile { path: path.clone() }],
        }
    }
}
