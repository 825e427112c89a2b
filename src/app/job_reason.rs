//! Why a job is not taken.
//!
//! Owns these reasons, and the text of faults of files: problems of a job repeat it. Must never hold what is in a file that
//! looks like a secret.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::job::Diagnostics;

/// Why a job is not taken.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobReason {
    /// Its bytes cannot be read.
    #[serde(rename = "job_unreadable")]
    Unreadable {
        /// What is wrong with the file.
        fault: JobFileFault,
    },
    /// It is a plan, which is run as it is.
    #[serde(rename = "job_is_a_plan")]
    IsPlan {
        /// Name of the file.
        name: String,
    },
    /// It looks like a secret, and what is wrong with it cannot be shown.
    #[serde(rename = "job_is_a_secret")]
    IsSecret {
        /// What it looks like.
        like: SecretLike,
    },
    /// It is not a valid job.
    #[serde(rename = "job_invalid")]
    Invalid {
        /// All problems with their places; parts of the file that may be secret are masked.
        problems: Diagnostics,
    },
    /// The list of another system that an earlier run required cannot be read again.
    ExportUnreadable {
        /// The run that required it.
        run: String,
        /// The file.
        file: String,
        /// What is wrong.
        why: String,
    },
}

/// What is wrong with a file that is to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum JobFileFault {
    /// The system cannot read it.
    #[error("{name}: {why}")]
    Failed {
        /// The file or stream.
        name: String,
        /// What the system says.
        why: String,
    },
    /// It is a directory.
    #[error("{} is a directory, not a job file", path.display())]
    Directory {
        /// The path.
        path: PathBuf,
    },
    /// It is a pipe or a device.
    #[error("{} is not a regular file; give - to read standard input", path.display())]
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// It is larger than a job can be.
    #[error("{name} is larger than {limit_mib} MiB")]
    TooLarge {
        /// The file or stream.
        name: String,
        /// The limit, in MiB.
        limit_mib: u64,
    },
}

/// The kind of secret that a file looks like.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretLike {
    /// One word, as long as a token.
    Token,
    /// An identity of age.
    AgeKey,
    /// A private key in PEM.
    PrivateKey,
}

impl RefusalFacts for JobReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Unreadable { .. }
            | Self::IsPlan { .. }
            | Self::IsSecret { .. }
            | Self::Invalid { .. } => RefusalClass::Usage,
            Self::ExportUnreadable { .. } => RefusalClass::Policy,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Unreadable { fault: JobFileFault::TooLarge { .. } } => vec![NextStep::SplitJob],
            Self::Unreadable { .. } | Self::IsPlan { .. } | Self::IsSecret { .. } => {
                vec![NextStep::CorrectRequest { what: "job" }]
            }
            Self::Invalid { .. } => vec![NextStep::CorrectJob],
            Self::ExportUnreadable { file, .. } => {
                vec![NextStep::ExportAgain { path: file.clone() }]
            }
        }
    }
}
