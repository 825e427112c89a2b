//! The gate between waves.
//!
//! Owns the refusal of a gate that asks a person where no person can be prompted.

use crate::app::preflight::candidate::{Attended, Candidate};
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::GateReason;
use crate::app::refusal::Reason;
use crate::model::WaveGate;

pub(crate) const CHECK: Check =
    Check { name: "gate_can_open", stage: PlanStage::Writing, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let rollout = candidate.rules.rollout.as_ref();
    if candidate.risk().is_none() || rollout.is_none_or(|it| it.gate != WaveGate::Operator) {
        return Ok(Holds::NotApplicable);
    }
    match candidate.attended {
        Attended::Now | Attended::Later => Ok(Holds::Yes),
        Attended::No => Err(GateReason {}.into()),
    }
}
