//! Reasons about the end of a run.
//!
//! Owns the facts. Must never invite to do again what was done.

use serde::Serialize;
use std::path::PathBuf;

use super::run_view::ReportsReason;
use crate::app::outside::{DriveReason, JournalReason};
use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// The end of a run could not be recorded in full. What the run was asked to do is done.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "run_end_not_recorded")]
pub struct RunEndReason {
    /// Id of the run.
    pub run: String,
    /// Its tasks that are in doubt.
    pub doubts: u32,
    /// Its tasks that were not attempted.
    pub not_attempted: u32,
    /// The state directory, to be checked by the operator.
    pub state_dir: PathBuf,
    /// What could not be recorded.
    pub why: RunEndFault,
}

/// What of the end of a run could not be recorded.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEndFault {
    /// Its reports.
    Reports(ReportsReason),
    /// Its entry in the index, its charges or its note in the host's record.
    Journal(JournalReason),
}

/// A run broke off, because its journal could not be written or the program has a fault.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "run_broken_off")]
pub struct BrokenOffReason {
    /// Id of the run.
    pub run: String,
    /// Why the run ended early.
    pub why: DriveReason,
}

impl RefusalFacts for RunEndReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Journal
    }

    fn next(&self) -> Vec<NextStep> {
        let run = self.run.clone();
        match &self.why {
            RunEndFault::Reports(reason) => reason.next(),
            RunEndFault::Journal(_) => vec![NextStep::CheckDisk, NextStep::Resume { run }],
        }
    }
}

impl RefusalFacts for BrokenOffReason {
    fn class(&self) -> RefusalClass {
        self.why.class()
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::CheckDisk, NextStep::Resume { run: self.run.clone() }]
    }
}
