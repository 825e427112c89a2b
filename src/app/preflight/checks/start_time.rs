//! The latest start of a plan that was made just now.
//!
//! Owns the comparison with the clock; a plan from a file is checked with the rest of its file.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::StartTimeReason;
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check =
    Check { name: "plan_is_recent", stage: PlanStage::Start, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = candidate.fresh.as_ref().filter(|fresh| fresh.plan_path.is_none()) else {
        return Ok(Holds::NotApplicable);
    };
    let start_until = fresh.file.start_until;
    if candidate.now > start_until {
        return Err(StartTimeReason { start_until }.into());
    }
    Ok(Holds::Yes)
}
