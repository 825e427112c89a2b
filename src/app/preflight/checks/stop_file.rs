//! The file that blocks all sending.
//!
//! Owns the look at it. A link to nowhere is a sign as well, as it is for a run under way.

use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::StopFileReason;
use crate::app::refusal::Reason;

pub(crate) const CHECK: Check = Check {
    name: "sending_is_not_blocked",
    stage: PlanStage::Start,
    is_momentary: true,
    make: check,
};

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let path = candidate.workspace.dir.stop_file();
    match path.symlink_metadata() {
        Err(_) => Ok(Holds::Yes),
        Ok(_) => Err(StopFileReason { path }.into()),
    }
}
