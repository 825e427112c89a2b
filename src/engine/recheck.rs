//! The last look at the target of an irreversible request, and how slowly such requests leave.
//!
//! Owns when a target is read again and what follows from that read. Invariant: an irreversible request leaves
//! only if its target was read and found unchanged within a minute before. Must never compare anything itself.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::calls::PlaceSource;
use super::decide::Engine;
use super::safety::FAILURES_MAX;
use super::task::{Impossible, Phase, Wait};
use crate::model::{Entry, Event, Outcome, Recheck, StopCause, TaskIndex, UnixMillis, Unreadable};

/// How long what was read is good for, in milliseconds: longer than a request waits for its turn.
const FRESH_MS: i64 = 60_000;
/// The time in which irreversible requests are counted, in milliseconds.
const MINUTE_MS: u64 = 60_000;
/// Delay after a read that could not be used, in milliseconds, times the failures so far.
const DELAY_MS: u64 = 5_000;
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
    failures: BTreeMap<TaskIndex, u8>,
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
        self.failures.remove(&task);
        self.sent.push_back(now);
    }

    /// The task needs its place no more.
    fn give_back(&mut self, task: TaskIndex) {
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

    /// Takes in what the record of a target shows just before its request.
    ///
    /// # Errors
    /// [`Impossible`] when no read is under way.
    pub fn rechecked(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        result: Result<Recheck, Unreadable>,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.read_came_back("a target")?;
        self.note_reached(!matches!(result, Err(Unreadable::Unreachable { .. })));
        if self.state.task(task).phase != Phase::Ready {
            self.slow.give_back(task);
            return Ok(entries);
        }
        let mut outcome = Outcome::Skipped;
        let reason = match result {
            Ok(Recheck::Same) => {
                self.record(now, Event::Rechecked { task }, &mut entries)?;
                // Before all others: what was read grows old while they are read.
                self.put_first(task);
                return Ok(entries);
            }
            Ok(Recheck::Changed { reason }) => format!("not sent: {reason}"),
            Ok(Recheck::OtherDevice { reason }) => {
                self.slow.give_back(task);
                self.make_ready(task, now);
                return self.stop(now, StopCause::WrongDevice, &reason);
            }
            Err(Unreadable::Throttled { retry_after_ms }) => {
                self.make_ready(task, now);
                self.pause_for_tenant(now, retry_after_ms, "HTTP 429 on a read", &mut entries)?;
                return Ok(entries);
            }
            Err(Unreadable::Unreachable { reason }) => {
                self.make_ready(task, now);
                self.until(now, &Wait::Reachable, &reason, &mut entries)?;
                return Ok(entries);
            }
            Err(Unreadable::Failed { reason } | Unreadable::Forbidden { reason }) => {
                let failures = self.slow.failures.entry(task).or_default();
                *failures += 1;
                if *failures <= FAILURES_MAX {
                    let delay_ms = DELAY_MS * u64::from(*failures);
                    self.slow.give_back(task);
                    self.make_ready(task, now.plus_ms(delay_ms));
                    return Ok(entries);
                }
                outcome = Outcome::Refused;
                format!("not sent, because its target could not be read again: {reason}")
            }
        };
        self.slow.give_back(task);
        self.record(now, Event::Settled { task, outcome, reason }, &mut entries)?;
        Ok(entries)
    }

    /// Leaves out tasks whose devices have become protected. Those that are sent already are not touched.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn protect(
        &mut self,
        now: UnixMillis,
        tasks: &[(TaskIndex, String)],
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        for (task, reason) in tasks {
            if self.state.task(*task).phase == Phase::Ready {
                let (task, reason) = (*task, format!("not sent: {reason}"));
                let event = Event::Settled { task, outcome: Outcome::Skipped, reason };
                self.slow.give_back(task);
                self.record(now, event, &mut entries)?;
                self.drop_from_queue(task);
            }
        }
        Ok(entries)
    }

    /// The machine slept. Targets that were read before are read again; windows and deadlines are looked at
    /// before everything that is sent anyway.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn woke(&mut self, now: UnixMillis, slept_ms: u64) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.record(now, Event::Woke { slept_ms }, &mut entries)?;
        Ok(entries)
    }
}
