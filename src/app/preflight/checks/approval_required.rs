//! An approval that the policy always asks for.
//!
//! Owns the refusal where none comes with the run, or the one that was kept counts no more.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::ApprovalRequiredReason;
use crate::app::refusal::Reason;
use crate::plan::Approval;

pub(crate) const CHECK: Check =
    Check { name: "approval_is_there", stage: PlanStage::Start, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(risk) = candidate.risk() else { return Ok(Holds::NotApplicable) };
    if !candidate.policy.policy.always_needs_approval(risk) {
        return Ok(Holds::NotApplicable);
    }
    if candidate.has_approval() == Approval::Given {
        return Ok(Holds::Yes);
    }
    let policy = candidate.policy.path.clone();
    let left_by = candidate.left_by().map(str::to_owned);
    Err(ApprovalRequiredReason { policy, risk, left_by }.into())
}
