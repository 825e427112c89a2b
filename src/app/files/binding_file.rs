//! Why a file that binds people cannot be obeyed.
//!
//! Owns these reasons, and their text: it is recorded as the reason for which a run stopped. Must never let a caller go on without the file.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why the policy, or the list of signers that it names, cannot be obeyed. Nothing is planned or sent until it can.
#[derive(Debug, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum BindingFileReason {
    /// Other people than root and the owner of the state directory may change it.
    #[error("{} {why}", path.display())]
    #[serde(rename = "binding_file_not_trusted")]
    NotBelieved {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: NotBelieved,
    },
    /// The system cannot read it.
    #[error("cannot read {}: {error}", path.display())]
    #[serde(rename = "binding_file_unreadable")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// It is larger than a binding file may be.
    #[error("{} is larger than {bytes_max} bytes", path.display())]
    #[serde(rename = "binding_file_too_large")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in bytes.
        bytes_max: u64,
    },
    /// Its content makes no sense.
    #[error("{}: {fault}", path.display())]
    #[serde(rename = "binding_file_invalid")]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Place and fault; no value of the file.
        fault: String,
    },
}

impl RefusalFacts for BindingFileReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::NotBelieved { path, .. } | Self::Unreadable { path, .. } => {
                vec![NextStep::SetPermissions { path: path.clone() }]
            }
            Self::TooLarge { path, .. } | Self::Invalid { path, .. } => {
                vec![NextStep::CorrectFile { path: path.clone() }]
            }
        }
    }
}

/// Why a file that binds people is not believed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum NotBelieved {
    /// It belongs to a user who is neither root nor the owner of the state directory.
    #[error("is owned by user id {uid}, who is neither root nor the owner of the state directory")]
    Owner {
        /// The number of that user.
        uid: u32,
    },
    /// Its group or others may write it.
    #[error("is writable by its group or by other users")]
    Writable {
        /// Its permissions.
        mode: u32,
    },
    /// It is no regular file.
    #[error("is not a regular file")]
    NoFile,
}
