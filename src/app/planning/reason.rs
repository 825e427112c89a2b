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
    /// The tenant did not filter a list as it was asked to.
    #[serde(rename = "filter_ignored")]
    FilterIgnored {
        /// What shows it.
        detail: String,
    },
    /// A filter needs the details of more devices than are read.
    #[serde(rename = "filter_reads_too_many")]
    TooManyDetails {
        /// The conditions that need them.
        conditions: Vec<&'static str>,
        /// Devices for which all other conditions hold.
        devices: usize,
        /// The limit.
        most: usize,
    },
    /// Names in the job are not exactly and uniquely those of something at the tenant.
    #[serde(rename = "names_unusable")]
    UnusableNames {
        /// The names. There is at least one.
        names: Vec<UnusableName>,
    },
    /// The system gives no randomness for a seed.
    #[serde(rename = "no_randomness")]
    NoRandomness {
        /// What the system says.
        error: String,
    },
}

/// A name in a job that the tenant does not know, or that is not enough.
#[derive(Debug, Serialize)]
pub struct UnusableName {
    /// What it names: `blueprint` or `user`.
    pub of: &'static str,
    /// The name or id, as the job gives it.
    pub name: String,
    /// It is an id.
    pub is_id: bool,
    /// What is wrong with it.
    pub problem: NameProblem,
}

/// What is wrong with a name in a job.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameProblem {
    /// The tenant has none with this name.
    Unknown {
        /// Similar names.
        near: Vec<String>,
    },
    /// Several have this name.
    Several {
        /// Their ids.
        ids: Vec<String>,
    },
    /// The user was archived.
    Archived,
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
            Self::IdleExclusion { .. }
            | Self::TooManyDetails { .. }
            | Self::UnusableNames { .. } => RefusalClass::Target,
            Self::FilterIgnored { .. } => RefusalClass::Unexpected,
            Self::NoRandomness { .. } => RefusalClass::Unexpected,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::IdleExclusion { .. }
            | Self::FilterIgnored { .. }
            | Self::TooManyDetails { .. }
            | Self::UnusableNames { .. } => {
                vec![NextStep::CorrectJob]
            }
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
