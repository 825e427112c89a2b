//! Reasons about runs that are opened.
//!
//! Owns the facts. Must never hold a sentence of its own.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::model::UnixMillis;

/// Why a run that can be read cannot be resumed.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OpenedRunReason {
    /// The run was made against a simulated tenant, which ended with it.
    #[serde(rename = "run_simulated")]
    Simulated {
        /// Id of the run.
        run: String,
        /// What was to be done with the run.
        purpose: OpeningPurpose,
    },
    /// A person closed the run.
    #[serde(rename = "run_closed")]
    Closed {
        /// Id of the run.
        run: String,
        /// When it was closed.
        at: UnixMillis,
        /// Who closed it.
        by: String,
        /// A retry may send some of its tasks.
        #[serde(skip)]
        may_retry: bool,
    },
    /// The entries of the run contradict each other.
    #[serde(rename = "run_contradictory")]
    Contradictory {
        /// The first contradiction.
        fault: String,
    },
}

/// What a run is opened for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OpeningPurpose {
    /// To send what is left of it, or to follow what was sent.
    Resume,
    /// To send what it left as a new run.
    Retry,
    /// To read missing PINs.
    RecoverPins,
    /// To compare PINs with the tenant.
    ComparePins,
}

impl RefusalFacts for OpenedRunReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Simulated { .. } => RefusalClass::Usage,
            Self::Closed { .. } => RefusalClass::Policy,
            Self::Contradictory { .. } => RefusalClass::Journal,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Simulated {
                purpose: OpeningPurpose::RecoverPins | OpeningPurpose::ComparePins,
                ..
            } => Vec::new(),
            Self::Simulated { .. } => vec![NextStep::Simulate],
            Self::Closed { may_retry: false, .. } => Vec::new(),
            Self::Closed { run, .. } => vec![NextStep::Retry { run: run.clone() }],
            Self::Contradictory { .. } => vec![NextStep::ReportFault],
        }
    }
}
