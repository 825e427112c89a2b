//! Caps on the number of devices.
//!
//! Owns the comparison before a person is prompted. When a run is entered, devices are charged in one transaction with the same
//! comparison. Must never let a flag raise a cap.

use crate::app::charging::{settle_left_behind, spent_lately};
use crate::app::preflight::candidate::{Attended, Candidate, Moment};
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::CapsReason;
use crate::app::refusal::Reason;
use crate::plan::{Budget, Confirmation, devices_by_action};

pub(crate) const CHECK: Check =
    Check { name: "caps", stage: PlanStage::Plan, is_momentary: false, make: check };

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = &candidate.fresh else { return Ok(Holds::NotApplicable) };
    let file = fresh.file;
    let demands = devices_by_action(&file.plan);
    // Entering charges the devices, with the same comparison in the same transaction.
    if demands.is_empty() || candidate.moment == Moment::Entering {
        return Ok(Holds::NotApplicable);
    }
    let now = candidate.now;
    settle_left_behind(candidate.workspace, now)?;
    let spent = spent_lately(candidate.workspace, candidate.base_url, now)?;
    // A person who can be asked is taken to confirm at the terminal.
    let confirmation = match candidate.attended {
        Attended::Now => Confirmation::AtTerminal,
        Attended::No | Attended::Later => Confirmation::InAdvance,
    };
    let budget = Budget {
        policy: &candidate.policy.policy,
        job: &file.job,
        fleet: file.fleet,
        spent: &spent,
        approval: candidate.has_approval(),
        confirmation,
        now,
    };
    budget.reserve(&demands).map_err(|over| {
        let left_by = candidate.left_by().map(str::to_owned);
        Reason::from(CapsReason { over, policy: candidate.policy.path.clone(), left_by })
    })?;
    Ok(Holds::Yes)
}
