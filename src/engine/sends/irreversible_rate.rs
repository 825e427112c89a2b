//! The rate of irreversible requests.
//!
//! Owns their places in the minute. Invariant: an irreversible request leaves only if its target was read and found
//! unchanged within a minute before. Must never read anything itself.

use std::collections::{BTreeSet, VecDeque};

use crate::engine::calls::PlaceSource;
use crate::engine::state::EngineState;
use crate::model::{TaskIndex, UnixMillis};

/// How long a target's record stays valid, in milliseconds. Its request may wait as long again for the disk, which
/// makes a minute together.
const FRESH_MS: i64 = 30_000;
/// The same for lists that a request builds on, in milliseconds: what another client changes in this time is lost.
const LISTS_FRESH_MS: i64 = 3_000;
/// The time in which irreversible requests are counted, in milliseconds.
const MINUTE_MS: u64 = 60_000;
/// How soon to try again, in milliseconds, when all places are taken by requests that are still being prepared.
const PLACE_PAUSE_MS: u64 = 1_000;

/// What an irreversible task needs before it is sent.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// Nothing: it may leave.
    Now,
    /// Its target has to be read again.
    Read,
    /// It has to wait until then.
    Wait(UnixMillis),
}

/// The places of irreversible requests. Volatile: a resume begins anew, with what was sent in the last minute.
pub(super) struct IrreversibleRate {
    sent: VecDeque<UnixMillis>,
    /// Places that all runs of the host share.
    shared: Option<PlaceSource>,
    /// Tasks that have a place and are not sent yet: their targets are being read.
    taken: BTreeSet<TaskIndex>,
}

impl IrreversibleRate {
    /// The rate after what a run that stands as `state` says has sent.
    pub(super) fn new(state: &EngineState) -> Self {
        let is_sent = |task: &TaskIndex| {
            state.facts_of(*task).is_irreversible && state.task(*task).attempts > 0
        };
        let mut sent: Vec<UnixMillis> =
            state.indexes().filter(is_sent).map(|task| state.task(task).sent_at).collect();
        sent.sort_unstable();
        Self { sent: sent.into(), shared: None, taken: BTreeSet::new() }
    }

    /// Counts places over all runs of the host from now on.
    pub(super) fn share(&mut self, places: PlaceSource) {
        self.shared = Some(places);
    }

    /// Until when a task has to wait for a place; `None` when there is one, or when it needs none.
    pub(super) fn waits_until(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        state: &EngineState,
    ) -> Option<UnixMillis> {
        let is_irreversible = state.facts_of(task).is_irreversible;
        let per_minute = state.policy.irreversible_per_minute.filter(|_| is_irreversible)?;
        self.find_place(task, now, per_minute).err()
    }

    /// What a task that is to leave at `now` needs before. It takes its place by that.
    pub(super) fn readiness(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        state: &EngineState,
    ) -> Readiness {
        if let Some(at) = self.waits_until(now, task, state) {
            return Readiness::Wait(at);
        }
        let facts = state.facts_of(task);
        if facts.is_irreversible {
            self.taken.insert(task);
        }
        let read_at = state.task(task).rechecked_at();
        let fresh_ms = if facts.builds_on_lists { LISTS_FRESH_MS } else { FRESH_MS };
        let is_fresh = read_at.is_some_and(|at| (0..=fresh_ms).contains(&now.since(at)));
        if state.task(task).is_read_first(facts) && !is_fresh {
            return Readiness::Read;
        }
        // The place that all runs share is taken last: it counts from now on.
        let per_minute = state.policy.irreversible_per_minute.filter(|_| facts.is_irreversible);
        match (&mut self.shared, per_minute) {
            (Some(shared), Some(per_minute)) => match shared(now, per_minute.max(1)) {
                Ok(()) => Readiness::Now,
                Err(at) => Readiness::Wait(at.max(now.plus_ms(1))),
            },
            _ => Readiness::Now,
        }
    }

    /// Counts an irreversible request that leaves.
    pub(super) fn count(&mut self, task: TaskIndex, now: UnixMillis) {
        self.taken.remove(&task);
        self.sent.push_back(now);
    }

    /// Gives back the place of a task that no longer needs it.
    pub(super) fn give_back(&mut self, task: TaskIndex) {
        self.taken.remove(&task);
    }

    /// Whether there is a place for a task.
    ///
    /// # Errors
    /// When to try again.
    fn find_place(
        &mut self,
        task: TaskIndex,
        now: UnixMillis,
        per_minute: u32,
    ) -> Result<(), UnixMillis> {
        while self.sent.front().is_some_and(|at| at.plus_ms(MINUTE_MS) <= now) {
            self.sent.pop_front();
        }
        let is_full = self.sent.len() + self.taken.len() >= per_minute.max(1) as usize;
        if self.taken.contains(&task) || !is_full {
            return Ok(());
        }
        let oldest = self.sent.front().map(|at| at.plus_ms(MINUTE_MS));
        Err(oldest.unwrap_or(now.plus_ms(PLACE_PAUSE_MS)).max(now.plus_ms(1)))
    }
}
