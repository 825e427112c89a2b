//! The file that blocks all sending.
//!
//! Owns the search for it. A broken link counts too, as it does for a run in progress.

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
