//! Going on with a run.
//!
//! Owns the gate that every command passes that goes on with a run: nothing of a run is used before its database was
//! verified against itself and against the host's record. Must never send anything, nor read a run by another way than
//! [`Opening`].

use super::exit::Exit;
use super::failure::Failure;
use super::state::State;
use crate::drive::facts_of;
use crate::engine::{Impossible, RunState};
use crate::journal::{Opening, TrustedRun};
use crate::model::{Entry, Policy, Task};

/// Opens a run that this process holds.
pub(super) fn open_run(state: &State, run: &str) -> Result<Opening, Failure> {
    let opening = Opening::of(&state.dir, &state.index(), run)?;
    Ok(opening)
}

/// Refuses a run that was made against a simulated tenant: that ended with it.
pub(super) fn refuse_simulated(opening: &Opening, doing: &str) -> Result<(), Failure> {
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
pub(super) fn refuse_closed(run: &TrustedRun) -> Result<(), Failure> {
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

/// The state of a run, built from its entries as they are verified.
pub(super) struct Replay {
    state: RunState,
    fault: Option<Impossible>,
}

impl Replay {
    /// A run of which nothing has happened yet.
    pub(super) fn new(tasks: &[Task], policy: &Policy) -> Self {
        let (facts, actions) = facts_of(tasks, policy);
        Self { state: RunState::new(facts, actions, policy.clone()), fault: None }
    }

    pub(super) fn take(&mut self, entry: &Entry) {
        if self.fault.is_none() {
            self.fault = self.state.apply(entry).err();
        }
    }

    /// The state after the last entry.
    pub(super) fn end(self) -> Result<RunState, Failure> {
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
