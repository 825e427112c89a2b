//! Reasons that follow from the plan itself.
//!
//! Owns the facts of a plan that may not be carried out. Must never hold a sentence of its own.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::model::UnixMillis;

/// The list of another system is too old, or its age is not known.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "export_too_old")]
pub struct ExportAgeReason {
    /// The file of the required list.
    pub file: String,
    /// What is wrong with its age.
    pub detail: String,
}

impl RefusalFacts for ExportAgeReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::ExportAgain { path: self.file.clone() }]
    }
}

/// The plan has nothing to do.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum NoDeviceReason {
    /// Nothing is selected.
    #[serde(rename = "no_device_selected")]
    NoneSelected,
    /// The list that the job requires leaves none.
    #[serde(rename = "no_device_required")]
    NoneListed {
        /// How many are missing in the list.
        detail: String,
    },
}

impl RefusalFacts for NoDeviceReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Target
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::NoneSelected => vec![NextStep::CorrectJob],
            Self::NoneListed { .. } => vec![NextStep::CorrectRequest { what: "require" }],
        }
    }
}

/// A plan from a file may not be started here and now.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PlanFileReason {
    /// It was made with another state directory.
    #[serde(rename = "plan_of_another_state_directory")]
    OtherDatabase {
        /// The database that made it.
        database: String,
    },
    /// This state directory did not make it.
    #[serde(rename = "plan_unknown")]
    Unknown,
    /// It ran already.
    #[serde(rename = "plan_already_ran")]
    AlreadyRan {
        /// The run; `None` where it was taken a moment ago.
        run: Option<String>,
    },
    /// The clock shows an earlier time than when it was made.
    #[serde(rename = "plan_from_the_future")]
    ClockSetBack {
        /// When it was made.
        made_at: UnixMillis,
        /// The time by the clock.
        now: UnixMillis,
    },
    /// It had to be started earlier.
    #[serde(rename = "plan_expired")]
    Expired {
        /// When it was made.
        made_at: UnixMillis,
        /// Its latest start.
        start_until: UnixMillis,
    },
    /// It was made under another policy.
    #[serde(rename = "plan_of_another_policy")]
    OtherPolicy {
        /// The policy file of now; `None` for the built-in rules.
        policy: Option<PathBuf>,
    },
}

impl RefusalFacts for PlanFileReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::AlreadyRan { run: Some(run) } => {
                vec![NextStep::Resume { run: run.clone() }, NextStep::WritePlan]
            }
            _ => vec![NextStep::WritePlan],
        }
    }
}

/// The plan has rows that cannot be done.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "rows_refused")]
pub struct RefusedRowsReason {
    /// These rows, in the order of the job.
    pub rows: Vec<RowRefusal>,
    /// Kinds of objections that may be skipped, as far as they occur.
    pub kinds_to_skip: Vec<&'static str>,
    /// A row is about a device that is protected or in doubt.
    pub is_forbidden: bool,
}

impl RefusalFacts for RefusedRowsReason {
    fn class(&self) -> RefusalClass {
        if self.is_forbidden { RefusalClass::Policy } else { RefusalClass::Target }
    }

    fn next(&self) -> Vec<NextStep> {
        let skip = NextStep::SkipRows { kinds: self.kinds_to_skip.clone() };
        let may_skip = !self.kinds_to_skip.is_empty();
        std::iter::once(NextStep::CorrectJob).chain(may_skip.then_some(skip)).collect()
    }
}

/// A row that cannot be done.
#[derive(Debug, Serialize)]
pub struct RowRefusal {
    /// Its number among the rows.
    pub row: u32,
    /// Its line in the file; 0 where there is none.
    pub line: u32,
    /// The device as the row names it.
    pub target: String,
    /// Kind of the objection.
    pub objection: &'static str,
    /// Why it cannot be done.
    pub detail: String,
}

/// FileVault keys, bypass codes or recovery passwords go with what the plan does, and the job does not say whether to keep them.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "secrets_at_risk")]
pub struct SecretsAtRiskReason {
    /// Devices whose secrets would be lost.
    pub devices: u32,
}

impl RefusalFacts for SecretsAtRiskReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::CorrectRequest { what: "capture_secrets" }]
    }
}

/// The plan comes to more devices than the job allows.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "job_too_large")]
pub struct SizeReason {
    /// Devices of the plan.
    pub devices: u32,
    /// What the job allows.
    pub limit: u32,
}

impl RefusalFacts for SizeReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::CorrectJob]
    }
}

/// The plan had to be started earlier.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "plan_too_old")]
pub struct StartTimeReason {
    /// The latest start of the plan.
    pub start_until: UnixMillis,
}

impl RefusalFacts for StartTimeReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::PlanAgain]
    }
}

/// The quota cannot fit the requests before sending ends.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "too_little_time")]
pub struct TimeReason {
    /// Requests that would be sent.
    pub sends: u64,
    /// When sending ends.
    pub ends: UnixMillis,
    /// What they need at least, in milliseconds.
    pub needed_ms: u64,
}

impl RefusalFacts for TimeReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Quota
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::SplitJob, NextStep::CorrectRequest { what: "send_until" }]
    }
}

/// The job gives PINs unencrypted, and secrets are to be encrypted.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "given_pins")]
pub struct GivenPinsReason {
    /// Numbers of the rows.
    pub rows: Vec<u32>,
}

impl RefusalFacts for GivenPinsReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::CorrectJob]
    }
}
