//! What is read before a request: secrets that it removes, and the target of what cannot be undone.
//!
//! Owns which of these reads are in progress, and how often a failed one is made again. Invariant: a request that depends
//! on this read is not sent without it. Must never compare anything itself.
//!
//! The engine reads an irreversible target itself, as a call like any other: the read is charged, paced, recorded, and
//! repeated after a pause or a sleep.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::proposal::Proposal;
use crate::model::{StopCause, TaskIndex, UnixMillis, Unreadable};

/// Failed reads in a row of one task before its request is given up.
const FAILURES_MAX: u8 = 5;
/// Delay after a failed read, in milliseconds, times the failures so far.
const DELAY_MS: u64 = 5_000;

/// The reads before requests. Volatile: a resume begins anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Preparation {
    /// Tasks that are out of the queue while something is read for them.
    under_way: BTreeSet<TaskIndex>,
    /// Failed reads in a row.
    failures: BTreeMap<TaskIndex, u8>,
}

/// What becomes of a task whose read failed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum AfterFailure {
    /// It goes back to the queue.
    Again {
        /// For this moment.
        at: UnixMillis,
        /// It keeps its place among the irreversible requests.
        keeps_place: bool,
        /// What the run has to do.
        proposal: Option<Proposal>,
    },
    /// It is not sent, for this reason.
    GiveUp(String),
}

impl Preparation {
    /// A read for a task begins.
    pub(super) fn begin(&mut self, task: TaskIndex) {
        self.under_way.insert(task);
    }

    /// The read for a task has come back.
    pub(super) fn end(&mut self, task: TaskIndex) {
        self.under_way.remove(&task);
    }

    /// The tasks for which something is being read.
    pub(super) fn under_way(&self) -> &BTreeSet<TaskIndex> {
        &self.under_way
    }

    /// A read could be used: the next failure is the first again.
    pub(super) fn succeeded(&mut self, task: TaskIndex) {
        self.failures.remove(&task);
    }

    /// A read failed.
    pub(super) fn failed(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        error: Unreadable,
    ) -> AfterFailure {
        let stop = |cause, reason| AfterFailure::Again {
            at: now,
            keeps_place: false,
            proposal: Some(Proposal::Stop { cause, reason }),
        };
        let pause =
            |proposal| AfterFailure::Again { at: now, keeps_place: true, proposal: Some(proposal) };
        match error {
            Unreadable::Throttled { retry_after_ms } => {
                pause(Proposal::read_throttled(retry_after_ms))
            }
            Unreadable::Unreachable { reason } => pause(Proposal::PauseUntilReachable { reason }),
            Unreadable::Unauthorized { reason } => stop(StopCause::Unauthorized, reason),
            Unreadable::OtherDevice { reason } => stop(StopCause::WrongDevice, reason),
            Unreadable::Forbidden { reason } => AfterFailure::GiveUp(reason),
            Unreadable::Failed { reason } => {
                let failures = self.failures.entry(task).or_default();
                *failures += 1;
                if *failures > FAILURES_MAX {
                    return AfterFailure::GiveUp(reason);
                }
                // Other tasks may leave meanwhile.
                let at = now.plus_ms(DELAY_MS * u64::from(*failures));
                AfterFailure::Again { at, keeps_place: false, proposal: None }
            }
        }
    }
}
