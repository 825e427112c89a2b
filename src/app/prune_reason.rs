//! Reasons about pruning.
//!
//! Owns the facts. Must never hold a sentence of its own.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why not everything was pruned.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PruneReason {
    /// Some runs could not be read or written.
    #[serde(rename = "prune_incomplete")]
    Incomplete {
        /// These runs, each with its reason.
        failed: Vec<String>,
        /// Number of runs that were pruned.
        pruned: usize,
    },
}

impl RefusalFacts for PruneReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Journal
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::CheckDisk]
    }
}
