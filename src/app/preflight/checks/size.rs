//! More devices than the job allows.
//!
//! Owns the limit that the job sets itself.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::SizeReason;
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check =
    Check { name: "job_size", stage: PlanStage::Plan, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = &candidate.fresh else { return Ok(Holds::NotApplicable) };
    let Some(limit) = fresh.file.wrapping.max_devices else { return Ok(Holds::NotApplicable) };
    let devices = u32::try_from(fresh.file.plan.devices()).unwrap_or(u32::MAX);
    if devices > limit { Err(SizeReason { devices, limit }.into()) } else { Ok(Holds::Yes) }
}
