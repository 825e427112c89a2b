//! Secrets that the plan removes.
//!
//! Owns the refusal of a plan whose job does not say what becomes of keys and passwords that go with what it does.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::SecretsAtRiskReason;
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check = Check {
    name: "secrets_are_provided_for",
    stage: PlanStage::Plan,
    is_momentary: false,
    make: check,
};

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = &candidate.fresh else { return Ok(Holds::NotApplicable) };
    match fresh.file.plan.secrets_at_risk() {
        0 => Ok(Holds::Yes),
        devices => Err(SecretsAtRiskReason { devices }.into()),
    }
}
