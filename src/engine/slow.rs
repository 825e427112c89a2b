//! How slowly irreversible requests leave, and what each needs before.
//!
//! Owns their places. Invariant: an irreversible request leaves only if its target was read and found unchanged
//! within a minute before. Must never read anything itself.

use std::collections::{BTreeSet, VecDeque};

use super::calls::PlaceSource;
use super::decide::Engine;
use crate::model::{TaskIndex, UnixMillis};

/// How long what was read is good for, in milliseconds: longer than a request waits for its turn.
const FRESH_MS: i64 = 60_000;
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

    /// Takes a place for a task.
    ///
    /// # Errors
    /// When to try again.
    fn take(
        &mut self,
        task: TaskIndex,
        now: UnixMillis,
        per_minute: Option<u32>,
    ) -> Result<(), UnixMillis> {
        let Some(per_minute) = per_minute else { return Ok(()) };
        while self.sent.front().is_some_and(|at| at.plus_ms(MINUTE_MS) <= now) {
            self.sent.pop_front();
        }
        if self.taken.contains(&task) {
            return Ok(());
        }
        if self.sent.len() + self.taken.len() < per_minute.max(1) as usize {
            if let Some(shared) = &mut self.shared {
                shared(now, per_minute.max(1)).map_err(|at| at.max(now.plus_ms(1)))?;
            }
            self.taken.insert(task);
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
pub(super) enum Turn {
    /// Nothing: it may leave.
    Now,
    /// Its target has to be read again.
    Read,
    /// It has to wait until then.
    Wait(UnixMillis),
}

impl Engine {
    /// What a task needs before it is sent at `now`.
    pub(super) fn turn_of(&mut self, now: UnixMillis, task: TaskIndex) -> Turn {
        let facts = &self.state.facts[task.at()];
        if !facts.is_irreversible {
            return Turn::Now;
        }
        let is_rechecked = facts.is_rechecked;
        let per_minute = self.state.policy.irreversible_per_minute;
        if let Err(at) = self.slow.take(task, now, per_minute) {
            return Turn::Wait(at);
        }
        let read_at = self.state.task(task).rechecked_at;
        let is_fresh = read_at.is_some_and(|at| (0..=FRESH_MS).contains(&now.since(at)));
        if is_rechecked && !is_fresh { Turn::Read } else { Turn::Now }
    }
}
