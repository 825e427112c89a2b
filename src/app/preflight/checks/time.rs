//! Time enough to send.
//!
//! Owns the reckoning, by the most favourable case: what does not fit even then cannot fit.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::TimeReason;
use crate::app::refusal::Reason;
use crate::plan::forecast;

pub(crate) const CHECK: Check =
    Check { name: "time_to_send", stage: PlanStage::Plan, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = &candidate.fresh else { return Ok(Holds::NotApplicable) };
    let cost = forecast(&fresh.file.plan, &fresh.file.rules, 0);
    let ends = fresh.file.sending_ends(candidate.now);
    let needed_ms = cost.seconds * 1_000;
    if needed_ms <= ends.remaining_ms(candidate.now) {
        return Ok(Holds::Yes);
    }
    Err(TimeReason { sends: cost.sends, ends, needed_ms }.into())
}
