//! A plan from a file.
//!
//! Owns what it is checked against: the state directory that made it, the clock, the policy, and whether it ran before.

use crate::app::Workspace;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::PlanFileReason;
use crate::app::refusal::Reason;
use crate::app::runs::hand_over_reason::HandOverReason;
use crate::journal::PlanRow;
use crate::model::UnixMillis;
use crate::plan::PlanFile;

/// A clock that is earlier than the plan by more than this was set back, in milliseconds.
const CLOCK_SKEW_MS: i64 = 60_000;

pub(crate) const CHECK: Check = Check {
    name: "plan_file_may_start",
    stage: PlanStage::Start,
    is_momentary: false,
    make: check,
};

fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    let Some(fresh) = candidate.fresh.as_ref().filter(|fresh| fresh.plan_path.is_some()) else {
        return Ok(Holds::NotApplicable);
    };
    plan_file_may_start(fresh.file, candidate.workspace, candidate.policy, candidate.now)?;
    Ok(Holds::Yes)
}

/// Whether a plan from a file may be started now and here.
pub(crate) fn plan_file_may_start(
    file: &PlanFile,
    workspace: &Workspace,
    policy: &PolicyFile,
    now: UnixMillis,
) -> Result<(), Reason> {
    let refuse = |reason: PlanFileReason| Err(reason.into());
    if file.database != workspace.index().database_id()? {
        return refuse(PlanFileReason::OtherDatabase { database: file.database.clone() });
    }
    let known = workspace.index().find_plan(&file.digest())?;
    let Some(PlanRow { run, .. }) = known else { return refuse(PlanFileReason::Unknown) };
    if let Some(known) = workspace.index().find_hand_over(&file.digest())? {
        return Err(HandOverReason::handed_over(&known).into());
    }
    if run.is_some() {
        return refuse(PlanFileReason::AlreadyRan { run });
    }
    let (made_at, start_until) = (file.made_at, file.start_until);
    if now.since(made_at) < -CLOCK_SKEW_MS {
        return refuse(PlanFileReason::ClockSetBack { made_at, now });
    }
    if now > start_until {
        return refuse(PlanFileReason::Expired { made_at, start_until });
    }
    if file.policy_digest != policy.digest {
        return refuse(PlanFileReason::OtherPolicy { policy: policy.path.clone() });
    }
    Ok(())
}
