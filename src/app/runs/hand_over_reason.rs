//! Reasons about plans that are handed over to an engine elsewhere.
//!
//! Owns the facts. Must never name an engine: front ends know which one they hand over to.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::journal::HandOver;
use crate::model::UnixMillis;

/// Why a plan is not handed over, or not submitted.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum HandOverReason {
    /// The plan receives or sends PINs or captures secrets, and names no keys to encrypt them to.
    #[serde(rename = "hand_over_without_keys")]
    WithoutKeys {
        /// The actions concerned.
        actions: Vec<String>,
    },
    /// Its tenant is a simulated one inside this program.
    #[serde(rename = "hand_over_of_simulation")]
    Simulated,
    /// It takes over the work of an earlier run, whose journal is here.
    #[serde(rename = "hand_over_of_retry")]
    Retry {
        /// Id of the earlier run.
        run: String,
    },
    /// A person would have to be asked between its waves.
    #[serde(rename = "hand_over_with_operator_gate")]
    OperatorGate,
    /// It was handed over before.
    #[serde(rename = "plan_handed_over")]
    HandedOver {
        /// Id of its run.
        run: String,
        /// When it was submitted in full, else when it was handed over.
        at: UnixMillis,
        /// Where it was submitted; `None` while that has not begun.
        place: Option<String>,
        /// It was submitted in full.
        is_submitted: bool,
    },
    /// It was begun to be submitted to another place, which may have it.
    #[serde(rename = "submission_begun_elsewhere")]
    OtherPlace {
        /// Id of its run.
        run: String,
        /// The other place.
        place: String,
    },
    /// Its sending ended before it was submitted in full.
    #[serde(rename = "submission_too_late")]
    SendingOver {
        /// Id of its run.
        run: String,
        /// When sending ended.
        at: UnixMillis,
    },
    /// Its sending would end after the engine forgets which plans it was given.
    #[serde(rename = "sending_outlasts_retention")]
    OutlastsRetention {
        /// When sending would end.
        ends: UnixMillis,
        /// How long the engine remembers a finished run, in milliseconds.
        retention_ms: u64,
    },
    /// A run that was handed over may still send to some of the devices, or is of the same job.
    #[serde(rename = "devices_handed_over")]
    DevicesHeld {
        /// Id of that run.
        run: String,
        /// Name of its job.
        job: String,
        /// The devices, by id; none where it is the job that is in progress.
        devices: Vec<String>,
        /// When that run stops sending at the latest.
        until: UnixMillis,
    },
}

impl HandOverReason {
    /// The refusal of a plan that was handed over before.
    pub(crate) fn handed_over(known: &HandOver) -> Self {
        Self::HandedOver {
            run: known.header.run.0.clone(),
            at: known.submitted_at.unwrap_or(known.at),
            place: known.place.clone(),
            is_submitted: known.submitted_at.is_some(),
        }
    }
}

impl RefusalFacts for HandOverReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::WithoutKeys { .. } | Self::HandedOver { .. } | Self::OtherPlace { .. } => {
                RefusalClass::Policy
            }
            Self::Simulated | Self::Retry { .. } | Self::OperatorGate => RefusalClass::Usage,
            Self::SendingOver { .. } | Self::OutlastsRetention { .. } => RefusalClass::Policy,
            Self::DevicesHeld { .. } => RefusalClass::Busy,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::WithoutKeys { .. } => vec![NextStep::CorrectRequest { what: "encrypt_to" }],
            Self::Simulated => vec![NextStep::Simulate],
            Self::Retry { run } => vec![NextStep::Retry { run: run.clone() }],
            Self::OperatorGate => vec![NextStep::CorrectJob],
            Self::HandedOver { run, .. } | Self::OtherPlace { run, .. } => {
                vec![NextStep::ShowRun { run: run.clone() }, NextStep::WritePlan]
            }
            Self::SendingOver { .. } => vec![NextStep::WritePlan],
            Self::OutlastsRetention { .. } => {
                vec![NextStep::CorrectRequest { what: "send_until" }]
            }
            Self::DevicesHeld { run, until, .. } => {
                vec![NextStep::Report { run: run.clone() }, NextStep::WaitUntil { at: *until }]
            }
        }
    }
}
