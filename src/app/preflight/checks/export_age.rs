//! The age of the list that the job requires.
//!
//! Owns the comparison with the clock: what was read ages while a plan is made and confirmed.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::ExportAgeReason;
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check =
    Check { name: "export_is_recent", stage: PlanStage::Start, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let job = candidate.fresh.as_ref().and_then(|fresh| fresh.job);
    let Some(required) = job.and_then(|job| job.settings.require.as_ref()) else {
        return Ok(Holds::NotApplicable);
    };
    required.check_age(candidate.now).map_err(|error| {
        Reason::from(ExportAgeReason { file: required.file.clone(), detail: error.to_string() })
    })?;
    Ok(Holds::Yes)
}
