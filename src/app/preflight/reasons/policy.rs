//! Reasons that follow from the policy and the clock.
//!
//! Owns the facts of what the policy, a window or a stop file forbids. Must never hold a sentence of its own.

use serde::{Serialize, Serializer};
use std::path::PathBuf;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::model::{Risk, UnixMillis};
use crate::plan::{CapKind, OverCap};

/// The policy asks for an approval by another person, and none comes with the run.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "approval_missing")]
pub struct ApprovalRequiredReason {
    /// The policy file; `None` for the built-in rules.
    pub policy: Option<PathBuf>,
    /// The risk of the work.
    pub risk: Risk,
    /// The run whose remaining work is approved as a plan of its own; `None` for a new plan.
    pub left_by: Option<String>,
}

impl RefusalFacts for ApprovalRequiredReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::WritePlan, NextStep::Approve]
    }
}

/// The devices of a run are over a cap.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "over_cap")]
pub struct CapsReason {
    /// The caps that the plan exceeds.
    #[serde(serialize_with = "caps")]
    pub over: Vec<OverCap>,
    /// The policy file; `None` for the built-in rules.
    pub policy: Option<PathBuf>,
    /// The run whose remaining work is approved as a plan of its own; `None` for a new plan.
    pub left_by: Option<String>,
}

impl CapsReason {
    /// Whether an approval by another person would be enough.
    #[must_use]
    pub fn may_be_approved(&self) -> bool {
        self.over.iter().all(|cap| cap.may_be_approved)
    }
}

impl RefusalFacts for CapsReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        let raise = NextStep::ChangePolicy { path: self.policy.clone() };
        let approve = self.may_be_approved().then_some(NextStep::Approve);
        approve.into_iter().chain([NextStep::SplitJob, raise]).collect()
    }
}

fn caps<S: Serializer>(over: &[OverCap], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(over.iter().map(|cap| {
        serde_json::json!({
            "action": cap.action,
            "devices": cap.devices,
            "limit": cap.limit,
            "spent": cap.spent,
            "of": match cap.kind { CapKind::PerRun => "run", CapKind::PerDay => "day" },
            "why": cap.why,
            "frees": cap.frees.iter().map(|(at, devices)| (at.to_string(), *devices)).collect::<Vec<_>>(),
            "may_be_approved": cap.may_be_approved,
        })
    }))
}

/// A person opens each wave, and no person can be prompted.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "nobody_at_the_gate")]
pub struct GateReason {}

impl RefusalFacts for GateReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::CorrectRequest { what: "gate" }]
    }
}

/// The policy was changed since the plan was made.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "policy_changed")]
pub struct PolicyChangedReason {}

impl RefusalFacts for PolicyChangedReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::PlanAgain]
    }
}

/// A file in the state directory blocks all sending.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "sending_blocked")]
pub struct StopFileReason {
    /// The STOP file.
    pub path: PathBuf,
}

impl RefusalFacts for StopFileReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Stopped
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::RemoveFile { path: self.path.clone() }]
    }
}

/// The plan may not be sent now.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WindowReason {
    /// The window is closed.
    #[serde(rename = "window_closed")]
    Closed {
        /// The windows that all have to be open.
        windows: Vec<String>,
        /// When they open.
        opens_at: UnixMillis,
    },
    /// The window opens after sending ends.
    #[serde(rename = "window_opens_too_late")]
    OpensTooLate {
        /// The windows that all have to be open.
        windows: Vec<String>,
        /// When they open.
        opens_at: UnixMillis,
        /// When sending ends.
        ends: UnixMillis,
    },
}

impl RefusalFacts for WindowReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Closed { opens_at, .. } => vec![NextStep::WaitUntil { at: *opens_at }],
            Self::OpensTooLate { .. } => vec![NextStep::CorrectRequest { what: "send_until" }],
        }
    }
}

/// The policy asks for a reason, and none was given.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "reason_missing")]
pub struct WorkReasonMissing {
    /// The policy file; `None` for the built-in rules.
    pub policy: Option<PathBuf>,
    /// The risk of the work.
    pub risk: Risk,
}

impl RefusalFacts for WorkReasonMissing {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::GiveReason]
    }
}
