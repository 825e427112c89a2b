//! The consent to the plan.
//!
//! Owns its verification when a run is entered: with or without a prompt in the front end, nothing begins without it.

use crate::app::Question;
use crate::app::preflight::candidate::{Candidate, Moment};
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check =
    Check { name: "consent_is_given", stage: PlanStage::Start, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = &candidate.fresh else { return Ok(Holds::NotApplicable) };
    if candidate.moment == Moment::BeforeConsent {
        return Ok(Holds::NotApplicable);
    }
    Question::verify_plan(fresh.file, fresh.consent.unwrap_or(&crate::app::Consent::NONE))?;
    Ok(Holds::Yes)
}
