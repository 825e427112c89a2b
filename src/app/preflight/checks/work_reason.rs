//! The reason for the work.
//!
//! Owns the refusal where the policy asks for one and none is given.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::WorkReasonMissing;
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check =
    Check { name: "reason_is_given", stage: PlanStage::Writing, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(risk) = candidate.risk() else { return Ok(Holds::NotApplicable) };
    if !candidate.policy.policy.needs_reason(risk) {
        return Ok(Holds::NotApplicable);
    }
    if candidate.reason.unwrap_or("").trim().is_empty() {
        return Err(WorkReasonMissing { policy: candidate.policy.path.clone(), risk }.into());
    }
    Ok(Holds::Yes)
}
