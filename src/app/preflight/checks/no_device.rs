//! A plan without any device.
//!
//! Owns its refusal: an empty plan is a filter or a list that is wrong.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::NoDeviceReason;
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check =
    Check { name: "devices_are_left", stage: PlanStage::Plan, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = &candidate.fresh else { return Ok(Holds::NotApplicable) };
    let plan = &fresh.file.plan;
    if plan.refused.is_empty() && plan.tasks.is_empty() {
        return Err(NoDeviceReason::NoneSelected.into());
    }
    let required = fresh.job.and_then(|job| job.settings.require.as_ref());
    match required.and_then(|required| plan.emptied_by(required)) {
        None => Ok(Holds::Yes),
        Some(detail) => Err(NoDeviceReason::NoneListed { detail }.into()),
    }
}
