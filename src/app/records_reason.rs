//! Reasons about records that make no run.
//!
//! Owns the facts. Must never repeat what a record holds.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why records make no run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordsReason {
    /// A part has other numbers of tasks and of places.
    #[serde(rename = "records_part_malformed")]
    Malformed {
        /// The part, from 0.
        part: usize,
    },
    /// An entry names a task that its part does not have.
    #[serde(rename = "records_of_unknown_task")]
    UnknownTask {
        /// The part, from 0.
        part: usize,
        /// The number of the task in the part.
        task: u32,
    },
    /// A place in the plan is in two parts, or in none.
    #[serde(rename = "records_incomplete")]
    Incomplete {
        /// The first of these places, from 0.
        position: u32,
    },
}

impl RefusalFacts for RecordsReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Journal
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::ReportFault]
    }
}
