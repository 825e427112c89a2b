//! Going on with a run.
//!
//! Owns the gate that every resume of a run passes: nothing of a run is used before its database was
//! verified against itself and against the host's record. Must never send anything, nor read a run by another way than
//! [`Opening`].

use super::opened_run_reason::{OpenedRunReason, OpeningPurpose};
use crate::app::Workspace;
use crate::app::approval::{ApprovalReason, KeptApprovalCheck, verify_kept};
use crate::app::operator::Operator;
use crate::app::policy_file::PolicyFile;
use crate::app::refusal::Reason;
use crate::app::refusal::VoidApproval;
use crate::drive::facts_of;
use crate::engine::{EngineState, Impossible};
use crate::journal::{Opening, RunHeader, TrustedRun};
use crate::model::{Entry, Outcome, Policy, Task, TaskRecord, UnixMillis};
use crate::plan::Approval;

/// Opens a run that this process holds.
pub(crate) fn open_run(workspace: &Workspace, run: &str) -> Result<Opening, Reason> {
    Ok(Opening::of(&workspace.dir, &workspace.index(), run)?)
}

/// Refuses a run that was made against a simulated tenant, which ended with it.
pub(crate) fn refuse_simulated(
    header: &RunHeader,
    purpose: OpeningPurpose,
) -> Result<(), OpenedRunReason> {
    if !header.simulated {
        return Ok(());
    }
    Err(OpenedRunReason::Simulated { run: header.run.0.clone(), purpose })
}

/// Refuses a run that a person closed.
pub(crate) fn refuse_closed(run: &TrustedRun) -> Result<(), OpenedRunReason> {
    let Some((at, by)) = &run.closed else { return Ok(()) };
    let is_left = |record: &TaskRecord| {
        matches!(record.outcome(), Outcome::NotAttempted | Outcome::Failed | Outcome::Refused)
    };
    let may_retry = run.records.iter().any(is_left);
    let (run, by) = (run.header.run.0.clone(), by.clone());
    Err(OpenedRunReason::Closed { run, at: *at, by, may_retry })
}

/// Whether another person's approval of a run counts now.
pub(crate) enum KeptApproval {
    /// The run has none.
    None,
    /// It counts.
    Counts,
    /// It does not count, for this reason.
    Void(Reason),
}

impl KeptApproval {
    /// Verifies the approval that was kept with a run under the policy of now. What an older program kept is the
    /// approver's name alone: it counts if the host's record knows it from the start.
    pub(crate) fn of(run: &TrustedRun, policy: &PolicyFile, now: UnixMillis) -> Self {
        let (header, from) = (&run.header, &run.header.provenance);
        let Some(file) = &from.approval else {
            return match &from.approver {
                None => Self::None,
                Some(name) if run.started["approver"].as_str() == Some(name) => Self::Counts,
                Some(name) => {
                    Self::Void(ApprovalReason::NotInRecord { approver: name.clone() }.into())
                }
            };
        };
        let kept = KeptApprovalCheck {
            plan_digest: &from.plan_digest,
            tenant: &header.tenant,
            base_url: &header.base_url,
            made_by: &from.planned_by,
            started_by: &from.operator,
            started_at: header.started_at,
            policy,
            runner: &Operator::current(),
            now,
        };
        match verify_kept(file.as_bytes(), &kept) {
            Ok(_) => Self::Counts,
            Err(reason) => Self::Void(reason),
        }
    }

    pub(crate) fn approval(&self) -> Approval {
        match self {
            Self::Counts => Approval::Given,
            Self::None | Self::Void(_) => Approval::Missing,
        }
    }

    /// The reason of a check that refused, with why the approval does not count that it would have passed with. Takes that
    /// reason out: the first check that refuses is the last.
    pub(crate) fn explain(&mut self, refused: Reason) -> Reason {
        match std::mem::replace(self, Self::None) {
            Self::Void(void_approval) => VoidApproval { refused, void_approval }.into(),
            Self::None | Self::Counts => refused,
        }
    }
}

/// The state of a run, built from its entries as they are verified.
pub(crate) struct Replay {
    state: EngineState,
    fault: Option<Impossible>,
}

impl Replay {
    /// A run of which nothing has happened yet.
    pub(crate) fn new(tasks: &[Task], policy: &Policy) -> Self {
        let (facts, actions) = facts_of(tasks, policy);
        Self { state: EngineState::new(facts, actions, policy.clone()), fault: None }
    }

    pub(crate) fn take(&mut self, entry: &Entry) {
        if self.fault.is_none() {
            self.fault = self.state.apply(entry).err();
        }
    }

    /// The state after the last entry.
    pub(crate) fn end(self) -> Result<EngineState, OpenedRunReason> {
        match self.fault {
            None => Ok(self.state),
            Some(fault) => Err(OpenedRunReason::Contradictory { fault: fault.to_string() }),
        }
    }
}
