//! Reasons about histories of devices.
//!
//! Owns the facts. Must never hold a sentence of its own.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::model::UnixMillis;

/// Why a history is missing or incomplete.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HistoryReason {
    /// No run ever had a task for the device.
    #[serde(rename = "history_empty")]
    NoTask {
        /// The device as it was asked for.
        device: String,
        /// What was searched.
        coverage: HistoryCoverage,
    },
    /// Some runs cannot be read.
    #[serde(rename = "history_incomplete")]
    Incomplete {
        /// Runs that could not be read, each with its reason.
        unreadable: Vec<String>,
    },
}

impl RefusalFacts for HistoryReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::NoTask { .. } => RefusalClass::Target,
            Self::Incomplete { .. } => RefusalClass::Journal,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::NoTask { .. } => vec![NextStep::CorrectRequest { what: "device" }],
            Self::Incomplete { .. } => vec![NextStep::CheckDisk],
        }
    }
}

/// What was searched for a history.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryCoverage {
    /// The index of runs.
    pub database: PathBuf,
    /// Number of its runs.
    pub runs: usize,
    /// When the first and the last of them started; `None` where there are none.
    pub span: Option<(UnixMillis, UnixMillis)>,
}
