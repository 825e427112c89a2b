//! Reasons about going on with a run.
//!
//! Owns the facts. Must never name a flag.

use serde::Serialize;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// The run cannot go on as asked.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ResumeReason {
    /// A resume may only slow down.
    #[serde(rename = "resume_faster_than_before")]
    FasterThanBefore {
        /// Name of the setting.
        setting: &'static str,
        /// What was asked for.
        asked: u32,
        /// What the run has.
        limit: u32,
    },
    /// Following was turned on or off.
    #[serde(rename = "resume_switches_following")]
    FollowingSwitched,
    /// One request may take more than half of the run's quarantine.
    #[serde(rename = "resume_timeout_too_long")]
    TimeoutTooLong {
        /// The timeout, in milliseconds.
        timeout_ms: u64,
        /// The quarantine, in milliseconds.
        quarantine_ms: u64,
    },
}

impl RefusalFacts for ResumeReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Usage
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::CorrectRequest {
            what: match self {
                Self::FasterThanBefore { setting, .. } => setting,
                Self::FollowingSwitched => "wait",
                Self::TimeoutTooLong { .. } => "timeout",
            },
        }]
    }
}
