//! Why a job is not started by a scheduler.
//!
//! Owns the facts of these refusals. Must never hold a sentence of its own.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::model::{Risk, UnixMillis};

/// Why a job is not started by a scheduler.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ScheduleReason {
    /// The job lacks what takes the place of a person at each start.
    #[serde(rename = "schedule_unconfirmed")]
    Unconfirmed {
        /// The highest risk of its actions.
        risk: Risk,
        /// What is missing.
        lacks: Vec<ScheduleLack>,
    },
    /// The words that were given cannot confirm the job.
    #[serde(rename = "schedule_other_words")]
    OtherWords {
        /// The words.
        given: String,
        /// The highest risk of its actions.
        risk: Risk,
        /// The verbs that a phrase has to name; empty where a number is needed.
        verbs: Vec<String>,
    },
    /// The job's window is closed at each of the next starts.
    #[serde(rename = "schedule_outside_window")]
    OutsideWindow {
        /// The window, for people.
        window: String,
        /// The first start.
        first: UnixMillis,
    },
}

/// What a job lacks before a scheduler may start it.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleLack {
    /// The most devices that it may reach.
    MaxDevices,
    /// A window, or an end of sending.
    TimeBound,
    /// A window: the scheduler may start late.
    Window,
    /// The words that confirm it.
    Words,
}

impl RefusalFacts for ScheduleReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::OutsideWindow { .. } => RefusalClass::Usage,
            Self::Unconfirmed { .. } | Self::OtherWords { .. } => RefusalClass::Policy,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Unconfirmed { lacks, .. } if lacks.contains(&ScheduleLack::Words) => {
                vec![NextStep::CorrectJob, NextStep::Confirm { words: None }]
            }
            Self::Unconfirmed { .. } => vec![NextStep::CorrectJob],
            Self::OtherWords { .. } => vec![NextStep::Confirm { words: None }],
            Self::OutsideWindow { .. } => vec![NextStep::CorrectJob],
        }
    }
}
