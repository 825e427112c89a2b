//! A policy that was changed while the plan was being confirmed.
//!
//! Owns the comparison with the policy that the plan was made under.

use crate::app::policy_file::Reread;
use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::PolicyChangedReason;
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check = Check {
    name: "policy_is_unchanged",
    stage: PlanStage::Start,
    is_momentary: false,
    make: check,
};

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    // A run that goes on reads the policy of now.
    if candidate.fresh.is_none() {
        return Ok(Holds::NotApplicable);
    }
    match candidate.policy.reread()? {
        Reread::Unchanged => Ok(Holds::Yes),
        Reread::Changed(_) => Err(PolicyChangedReason {}.into()),
    }
}
