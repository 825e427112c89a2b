//! Handing a plan over to an engine elsewhere.
//!
//! Owns its order. First, what must not change is checked once more while no other run can begin. Then devices are charged. Last, the
//! plan is taken and kept with the header of its run, in one transaction. A submission that broke off is completed with the same header.
//! Must never hand over a plan whose secrets the engine would see, nor the same plan to two places.

use std::collections::{BTreeMap, BTreeSet};

use super::enter::{charge_prepared, facts_of_start, header_of};
use super::hand_over_reason::HandOverReason;
use super::prepared::{PlanSource, Prepared};
use crate::app::approval::{ApprovalCheck, verify as verify_approval};
use crate::app::operator::Operator;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::{
    Candidate, GivenApproval, PlanFileReason, PlanStage, verify as verify_checks,
};
use crate::app::refusal::Reason;
use crate::app::secrets::custody::bears_secrets;
use crate::app::{AppEvent, Confirmed, Consent, Leftover, Question, Workspace};
use crate::drive::{Clock, WallClock};
use crate::journal::{HandOver, RunHeader};
use crate::model::{UnixMillis, WaveGate};
use crate::plan::PlanFile;
use crate::transport::tenant_key;

impl Workspace {
    /// Hands a plan over to an engine elsewhere: everything that [`Workspace::start`] does up to the run's journal. Every check of
    /// preflight is made once more while no other run can begin, the consent included. A plan that was handed over before and
    /// not submitted in full gives the same header again.
    ///
    /// # Errors
    /// A check refused, the plan cannot be carried out elsewhere, or it was submitted already. Nothing was handed over then.
    pub fn hand_over(&self, prepared: &Prepared, consent: &Consent) -> Result<RunHeader, Reason> {
        self.noted(&prepared.plan().job, hand_over(self, prepared, consent))
    }

    /// What became of the hand over of a plan; `None` where it was not handed over.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn handed_over(&self, plan: &PlanFile) -> Result<Option<HandOver>, Reason> {
        Ok(self.index().find_hand_over(&plan.digest())?)
    }

    /// All plans that were handed over, newest first.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn hand_overs(&self) -> Result<Vec<HandOver>, Reason> {
        Ok(self.index().hand_overs()?)
    }

    /// Checks a plan whose submission broke off, and returns the header of its run. It was confirmed when it was handed over.
    ///
    /// # Errors
    /// A check refused, or the plan was submitted already.
    pub fn resume_hand_over(&self, plan: &PlanFile, known: &HandOver) -> Result<RunHeader, Reason> {
        let resumed = PolicyFile::read(self.path()).map_err(Reason::from).and_then(|policy| {
            let _alone = self.dir.hold_start()?;
            resume(self, plan, known, &policy, WallClock.now())
        });
        self.noted(&plan.job, resumed)
    }

    /// Notes where a run is about to be submitted: called before the first request to the engine.
    ///
    /// # Errors
    /// The run is noted for another place, which may have it.
    pub fn begin_submission(&self, run: &str, place: &str) -> Result<(), Reason> {
        if self.index().begin_submission(run, place)? {
            return Ok(());
        }
        let others = self.hand_overs()?;
        let other = others.into_iter().find(|it| it.header.run.0 == run);
        let place = other.and_then(|it| it.place).unwrap_or_default();
        Err(HandOverReason::OtherPlace { run: run.to_owned(), place }.into())
    }

    /// Notes that the engine has the whole run: the plan is refused from now on.
    ///
    /// # Errors
    /// The index cannot be written.
    pub fn end_submission(&self, run: &str) -> Result<(), Reason> {
        Ok(self.index().end_submission(run, WallClock.now())?)
    }
}

fn hand_over(
    workspace: &Workspace,
    prepared: &Prepared,
    consent: &Consent,
) -> Result<RunHeader, Reason> {
    let now = WallClock.now();
    let file = prepared.plan();
    let confirmed = Question::verify_plan(file, consent)?;
    refuse_unfit(prepared)?;
    let approved = prepared.approved(now)?;
    // No other run begins until this one is entered: each sees the other or is seen by it.
    let alone = workspace.dir.hold_start()?;
    if let Some(known) = workspace.handed_over(file)? {
        return resume(workspace, file, &known, &prepared.policy, now);
    }
    let header = header_of(workspace, prepared, &confirmed, approved.as_ref(), (now, None))?;
    if let Err(reason) = enter(workspace, prepared, consent, &confirmed, &header) {
        take_back_charges(workspace, &header.run.0);
        return Err(reason);
    }
    let facts = facts_of_start(&header, file.plan.tasks.len());
    workspace.index().note(now, "handed_over", Some(&header.run.0), &facts)?;
    drop(alone);
    workspace.place.leave();
    Ok(header)
}

/// Refuses what only this process could carry out, and secrets that the engine would see.
fn refuse_unfit(prepared: &Prepared) -> Result<(), HandOverReason> {
    if prepared.is_simulated() {
        return Err(HandOverReason::Simulated);
    }
    if let PlanSource::Retry(old) = &prepared.source {
        return Err(HandOverReason::Retry { run: old.row.id.clone() });
    }
    let file = prepared.plan();
    let rollout = file.rules.rollout.as_ref();
    if rollout.is_some_and(|rollout| rollout.gate == WaveGate::Operator) {
        return Err(HandOverReason::OperatorGate);
    }
    if file.encrypt_to.is_empty() {
        let bearing = file.plan.tasks.iter().filter(|task| bears_secrets(task));
        let actions: BTreeSet<String> = bearing.map(|task| task.action.clone()).collect();
        if !actions.is_empty() {
            return Err(HandOverReason::WithoutKeys { actions: actions.into_iter().collect() });
        }
    }
    Ok(())
}

/// Checks once more what may have changed, charges the run, and keeps it.
fn enter(
    workspace: &Workspace,
    prepared: &Prepared,
    consent: &Consent,
    confirmed: &Confirmed,
    header: &RunHeader,
) -> Result<(), Reason> {
    let file = prepared.plan();
    prepared.verify_entering(workspace, &header.run.0, consent, WallClock.now())?;
    charge_prepared(workspace, prepared, confirmed, header)?;
    let hand_over = HandOver {
        plan: header.provenance.plan_digest.clone(),
        tenant: tenant_key(&header.base_url),
        header: header.clone(),
        at: header.started_at,
        place: None,
        submitted_at: None,
        ended_at: None,
    };
    let is_from_file = matches!(prepared.source, PlanSource::PlanFile(_));
    if !workspace.index().add_hand_over(&hand_over, &file.plan.tasks, is_from_file)? {
        return Err(PlanFileReason::AlreadyRan { run: None }.into());
    }
    Ok(())
}

/// Lets a submission that broke off go on: what may have changed since is checked again. What was charged stays charged.
fn resume(
    workspace: &Workspace,
    file: &PlanFile,
    known: &HandOver,
    policy: &PolicyFile,
    now: UnixMillis,
) -> Result<RunHeader, Reason> {
    let header = &known.header;
    let run = header.run.0.clone();
    if known.submitted_at.is_some() {
        return Err(HandOverReason::handed_over(known).into());
    }
    let at = header.policy.send_until;
    if now >= at {
        return Err(HandOverReason::SendingOver { run, at }.into());
    }
    let (made_at, start_until) = (file.made_at, file.start_until);
    if now > start_until {
        return Err(PlanFileReason::Expired { made_at, start_until }.into());
    }
    if header.provenance.policy_digest != policy.digest {
        return Err(PlanFileReason::OtherPolicy { policy: policy.path.clone() }.into());
    }
    let approval = match &header.provenance.approval {
        None => GivenApproval::None,
        Some(text) => {
            let runner = &Operator::current();
            verify_approval(text.as_bytes(), &ApprovalCheck { plan: file, policy, runner, now })?;
            GivenApproval::Kept
        }
    };
    let tasks = file.plan.to_do().collect();
    let candidate =
        Candidate { tasks, approval, ..Candidate::of_run(workspace, policy, header, now) };
    verify_checks(&candidate, PlanStage::Start)?;
    Ok(header.clone())
}

/// Takes back what a run was charged that was never handed over.
fn take_back_charges(workspace: &Workspace, run: &str) {
    if let Err(error) = workspace.index().settle_charges(run, &BTreeMap::new()) {
        workspace.events.tell(&AppEvent::NotTakenBack {
            run: run.to_owned(),
            left: Leftover::Charges,
            error: error.to_string(),
        });
    }
}
