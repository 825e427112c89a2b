//! Reasons about making a plan.
//!
//! Owns the facts. Must never be about a plan that was made: preflight is.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// A plan could not be made.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlanningReason {
    /// An exclusion excludes nothing: a device that the operator did not want to touch may be among the targets.
    #[serde(rename = "exclusion_matches_nothing")]
    IdleExclusion {
        /// The first exclusion of this kind.
        first: String,
        /// Further ones.
        more: usize,
    },
    /// The system gives no randomness for a seed.
    #[serde(rename = "no_randomness")]
    NoRandomness {
        /// What the system says.
        error: String,
    },
}

/// A run could not be retried.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RetryReason {
    /// Its tasks do not make a valid job.
    #[serde(rename = "retry_job_invalid")]
    InvalidJob {
        /// Id of the run.
        run: String,
    },
    /// Its tasks do not make a job of as many rows.
    #[serde(rename = "retry_job_differs")]
    OtherRows {
        /// Id of the run.
        run: String,
    },
    /// PINs that its tasks send are encrypted or pruned.
    #[serde(rename = "retry_pins_closed")]
    ClosedPins {
        /// Id of the run.
        run: String,
        /// Tasks of this kind.
        tasks: usize,
    },
}

impl RefusalFacts for PlanningReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::IdleExclusion { .. } => RefusalClass::Target,
            Self::NoRandomness { .. } => RefusalClass::Unexpected,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::IdleExclusion { .. } => vec![NextStep::CorrectJob],
            Self::NoRandomness { .. } => vec![NextStep::CorrectRequest { what: "seed" }],
        }
    }
}

impl RefusalFacts for RetryReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Usage
    }

    fn next(&self) -> Vec<NextStep> {
        let (Self::InvalidJob { run } | Self::OtherRows { run } | Self::ClosedPins { run, .. }) =
            self;
        vec![NextStep::Report { run: run.clone() }]
    }
}
