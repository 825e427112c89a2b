//! How slowly irreversible requests leave, and what each needs before.
//!
//! Owns their places. Invariant: an irreversible request leaves only if its target was read and found unchanged
//! within a minute before. Must never read anything itself.

use std::collections::{BTreeSet, VecDeque};

use super::calls::PlaceSource;
use super::decide::Engine;
use crate::model::{TaskIndex, UnixMillis};

/// How long what was read is good for, in milliseconds. Its request may wait as long again for the disk, which makes a
/// minute together.
const FRESH_MS: i64 = 30_000;
/// The time in which irreversible requests are counted, in milliseconds.
const MINUTE_MS: u64 = 60_000;
/// How soon to look again for a place, in milliseconds, when all are taken by requests that are still being
/// prepared.
const PLACE_PAUSE_MS: u64 = 1_000;

/// The places of irreversible requests. Volatile: a resume begins anew, with what was sent in the last minute.
#[derive(Default)]
pub(super) struct Slow {
    sent: VecDeque<UnixMillis>,
    /// Places that all runs of the host share.
    pub(super) shared: Option<PlaceSource>,
    /// Tasks that have a place and are not sent yet: their targets are being read.
    taken: BTreeSet<TaskIndex>,
}

impl Slow {
    pub(super) fn new(mut sent: Vec<UnixMillis>) -> Self {
        sent.sort_unstable();
        Self { sent: sent.into(), ..Self::default() }
    }

    /// Whether there is a place for a task.
    ///
    /// # Errors
    /// When to try again.
    fn has_place(
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

    /// A request leaves.
    pub(super) fn sent(&mut self, task: TaskIndex, now: UnixMillis) {
        self.taken.remove(&task);
        self.sent.push_back(now);
    }

    /// The task needs its place no more.
    pub(super) fn give_back(&mut self, task: TaskIndex) {
        self.taken.remove(&task);
    }
}

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

impl Engine {
    /// Until when a task has to wait for its turn; `None` when it has come.
    pub(super) fn waits_until(&mut self, now: UnixMillis, task: TaskIndex) -> Option<UnixMillis> {
        let is_slow = self.state.facts[task.at()].is_irreversible;
        let per_minute = self.state.policy.irreversible_per_minute.filter(|_| is_slow)?;
        self.slow.has_place(task, now, per_minute).err()
    }

    /// What a task that is to leave at `now` needs before. It takes its place by that.
    pub(super) fn turn_of(&mut self, now: UnixMillis, task: TaskIndex) -> Readiness {
        let facts = &self.state.facts[task.at()];
        let (is_rechecked, is_irreversible) = (facts.is_rechecked, facts.is_irreversible);
        if let Some(at) = self.waits_until(now, task) {
            return Readiness::Wait(at);
        }
        if is_irreversible {
            self.slow.taken.insert(task);
        }
        let read_at = self.state.task(task).rechecked_at;
        let is_fresh = read_at.is_some_and(|at| (0..=FRESH_MS).contains(&now.since(at)));
        if is_rechecked && !is_fresh {
            return Readiness::Read;
        }
        // The place that all runs share is taken last: it counts from now on.
        let per_minute = self.state.policy.irreversible_per_minute.filter(|_| is_irreversible);
        match (&mut self.slow.shared, per_minute) {
            (Some(shared), Some(per_minute)) => match shared(now, per_minute.max(1)) {
                Ok(()) => Readiness::Now,
                Err(at) => Readiness::Wait(at.max(now.plus_ms(1))),
            },
            _ => Readiness::Now,
        }
    }
}
