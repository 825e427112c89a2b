//! The list of checks.
//!
//! Owns their order, in which a run is refused by the first that refuses: roughly what is wrong with the plan, what blocks every run, what
//! other runs do, what policy and clock say, and consent. Must never leave one out.

use super::candidate::Candidate;
use super::check::{Check, CheckOutcome, CheckResult, Holds, PlanStage};
use super::checks::*;
use crate::app::refusal::Reason;

/// Every check, in the order in which a run is refused by them.
const CHECKS: [&Check; 21] = [
    &plan_file::CHECK,
    // Before the plan's own problems: some of them follow from the run that the rows come from.
    &rows::CHECK,
    &refused_rows::CHECK,
    &secrets_at_risk::CHECK,
    &no_device::CHECK,
    &size::CHECK,
    &time::CHECK,
    &given_pins::CHECK,
    &stop_file::CHECK,
    &policy_changed::CHECK,
    &start_time::CHECK,
    &overlap::CHECK,
    &doubts::CHECK,
    &approval::CHECK,
    &work_reason::CHECK,
    &approval_required::CHECK,
    &gate::CHECK,
    &caps::CHECK,
    &window::CHECK,
    &export_age::CHECK,
    &consent::CHECK,
];

/// Makes the checks that have to hold at a stage.
///
/// # Errors
/// The reason of the first that refuses.
pub(crate) fn verify(candidate: &Candidate<'_>, stage: PlanStage) -> Result<(), Reason> {
    let mut due = CHECKS.into_iter().filter(|check| check.stage <= stage);
    due.try_for_each(|check| (check.make)(candidate).map(drop))
}

/// Makes all checks and keeps what each says.
pub(crate) fn rehearse(candidate: &Candidate<'_>) -> Vec<CheckResult> {
    let result = |check: &Check| CheckResult {
        check: check.name,
        is_momentary: check.is_momentary,
        outcome: match (check.make)(candidate) {
            Ok(Holds::Yes) => CheckOutcome::Passed,
            Ok(Holds::NotApplicable) => CheckOutcome::NotApplicable,
            Err(reason) => CheckOutcome::Refused(reason),
        },
    };
    CHECKS.into_iter().map(result).collect()
}
