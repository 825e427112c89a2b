//! Going on with a run.
//!
//! Owns the gate that every command passes that goes on with a run: nothing of a run is used before its database was
//! verified against itself and against the host's record. Must never send anything, nor read a run by another way than
//! [`Opening`].

use crate::app::Workspace;
use crate::app::approval::{Kept, verify_kept};
use crate::app::operator::Operator;
use crate::app::policy_file::PolicyFile;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::drive::facts_of;
use crate::engine::{EngineState, Impossible};
use crate::journal::{Opening, TrustedRun};
use crate::model::{Entry, Policy, Task, UnixMillis};
use crate::plan::Approval;

/// Opens a run that this process holds.
pub(crate) fn open_run(state: &Workspace, run: &str) -> Result<Opening, Failure> {
    let opening = Opening::of(&state.dir, &state.index(), run)?;
    Ok(opening)
}

/// Refuses a run that was made against a simulated tenant: that ended with it.
pub(crate) fn refuse_simulated(opening: &Opening, doing: &str) -> Result<(), Failure> {
    let header = opening.header();
    if !header.simulated {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "run {} was made against a simulated tenant, which ended with it",
        header.run
    ))
    .next(format!("to rehearse a {doing}, serve a tenant with: sortie simulate")))
}

/// Refuses a run that a person closed.
pub(crate) fn refuse_closed(run: &TrustedRun) -> Result<(), Failure> {
    let Some((at, by)) = &run.closed else { return Ok(()) };
    let run = &run.header.run;
    Err(Failure::new(
        Exit::Policy,
        format!(
            "run {run} was closed by {by} at {at}: it sends nothing and follows nothing any more"
        ),
    )
    .next(format!("send what it left as a new run: sortie retry {run}")))
}

/// Whether another person's approval of a run counts now.
pub(crate) enum KeptWord {
    /// There is none.
    None,
    /// It does.
    Counts,
    /// There is one, and it does not; why not.
    Void(Box<Failure>),
}

impl KeptWord {
    /// Verifies the approval that was kept with a run under the policy of now. What an older program kept is the
    /// approver's name alone: it counts if the host's record knows it from the start.
    pub(crate) fn of(run: &TrustedRun, house: &PolicyFile, now: UnixMillis) -> Self {
        let (header, from) = (&run.header, &run.header.provenance);
        let Some(file) = &from.approval else {
            return match &from.approver {
                None => Self::None,
                Some(name) if run.started["approver"].as_str() == Some(name) => Self::Counts,
                Some(name) => Self::Void(Box::new(Failure::new(
                    Exit::Policy,
                    format!("the run names the approver {name}, and the host's record does not"),
                ))),
            };
        };
        let kept = Kept {
            plan_digest: &from.plan_digest,
            tenant: &header.tenant,
            base_url: &header.base_url,
            made_by: &from.planned_by,
            started_by: &from.operator,
            started_at: header.started_at,
            policy: house,
            runner: &Operator::current(),
            now,
        };
        match verify_kept(file.as_bytes(), &kept) {
            Ok(_) => Self::Counts,
            Err(failure) => Self::Void(Box::new(failure)),
        }
    }

    pub(crate) fn approval(&self) -> Approval {
        match self {
            Self::Counts => Approval::Given,
            Self::None | Self::Void(_) => Approval::Missing,
        }
    }

    /// Says why the approval does not count where a check failed that it would have passed.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        let Self::Void(void) = self else { return failure };
        let what =
            format!("{}; and the approval of the run counts no more: {}", failure.what, void.what);
        Failure { what, ..failure }
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
    pub(crate) fn end(self) -> Result<EngineState, Failure> {
        match self.fault {
            None => Ok(self.state),
            Some(fault) => Err(Failure::new(
                Exit::Journal,
                format!("the journal does not make sense: {fault}"),
            )
            .next("the reports can still be written with: sortie report")),
        }
    }
}
