//! The approval that comes with a plan.
//!
//! Owns the verification of its file. Whether one is required is a check of its own. Must never take one that does not count.

use crate::app::approval::{ApprovalCheck, verify};
use crate::app::operator::Operator;
use crate::app::preflight::candidate::{Candidate, GivenApproval};
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check =
    Check { name: "approval_counts", stage: PlanStage::Start, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let (Some(fresh), GivenApproval::File(bytes)) = (&candidate.fresh, &candidate.approval) else {
        return Ok(Holds::NotApplicable);
    };
    let against = ApprovalCheck {
        plan: fresh.file,
        policy: candidate.policy,
        runner: &Operator::current(),
        now: candidate.now,
    };
    verify(bytes, &against)?;
    Ok(Holds::Yes)
}
