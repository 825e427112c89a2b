//! Reasons about connections.
//!
//! Owns the facts. Must never hold a sentence of its own.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why there is no connection, though address and token are right.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConnectionReason {
    /// The certificate authorities cannot be read.
    #[serde(rename = "certificates_unreadable")]
    Certificates {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The HTTP client cannot be made with these settings.
    #[serde(rename = "transport_unusable")]
    Transport {
        /// What it says.
        why: String,
    },
    /// The simulated tenant cannot listen.
    #[serde(rename = "simulator_unusable")]
    Simulator {
        /// What the system says.
        why: String,
    },
}

impl RefusalFacts for ConnectionReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Certificates { .. } => RefusalClass::Usage,
            Self::Transport { .. } | Self::Simulator { .. } => RefusalClass::Unexpected,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Certificates { path, .. } => vec![NextStep::CorrectFile { path: path.clone() }],
            Self::Transport { .. } | Self::Simulator { .. } => Vec::new(),
        }
    }
}
