//! PINs that the job gives unencrypted.
//!
//! Owns the refusal of this job where secrets are to be encrypted. Must never let one through: it would have to stay readable in
//! the journal until it is sent.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::GivenPinsReason;
use crate::app::refusal::Reason;
use crate::model::{ParamValue, Task};

pub(crate) const CHECK: Check = Check {
    name: "given_pins_can_be_sealed",
    stage: PlanStage::Plan,
    is_momentary: false,
    make: check,
};

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = candidate.fresh.as_ref().filter(|fresh| fresh.recipients.is_some()) else {
        return Ok(Holds::NotApplicable);
    };
    let gives_pin =
        |task: &&Task| task.params.values().any(|value| matches!(value, ParamValue::Secret(_)));
    let tasks = fresh.file.plan.tasks.iter().filter(gives_pin);
    let rows: Vec<u32> = tasks.map(|task| task.row).collect();
    if rows.is_empty() { Ok(Holds::Yes) } else { Err(GivenPinsReason { rows }.into()) }
}
