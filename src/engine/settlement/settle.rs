//! The safety reads of a run: which is next, and what follows from what it shows.
//!
//! Owns the parts of this folder. Must never record anything: it proposes. Volatile: a resume begins anew, from the
//! state.

use super::custody::Custody;
use super::doubt;
use super::safety_reads::SafetyReads;
use crate::engine::calls::KnownPins;
use crate::engine::phase::Phase;
use crate::engine::proposal::{PageTurn, Proposal};
use crate::engine::state::EngineState;
use crate::engine::task::is_sought_after;
use crate::model::{Event, Sealed, Sighting, TaskIndex, UnixMillis, Unreadable};

/// What a safety read reads.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) enum SafetyRead {
    /// The PIN that the tenant shows.
    Pin,
    /// What the task's request left behind: the device's history or record.
    Traces,
}

/// The safety reads of a run.
#[derive(Default)]
pub(in crate::engine) struct Settlement {
    reads: SafetyReads,
    custody: Custody,
}

impl Settlement {
    /// Asks the state directory for the PINs of Macs that other runs have locked from here on.
    pub(in crate::engine) fn set_known_pins(&mut self, known_pins: KnownPins) {
        self.custody.set_known_pins(known_pins);
    }

    /// When the next read is due.
    pub(in crate::engine) fn next_due(&self) -> Option<UnixMillis> {
        self.reads.next()
    }

    /// How many reads are due at `now`, counted up to `count_max`.
    pub(in crate::engine) fn count_due(&self, now: UnixMillis, count_max: usize) -> usize {
        self.reads.count_due(now, count_max)
    }

    /// Takes the next read out of the queue.
    pub(in crate::engine) fn take(
        &mut self,
        state: &EngineState,
    ) -> Option<(TaskIndex, SafetyRead)> {
        let task = self.reads.take()?;
        let read = match state.task(task).phase {
            Phase::Custody(_) => SafetyRead::Pin,
            Phase::Doubt if self.reads.is_pins_turn(task) => SafetyRead::Pin,
            _ => SafetyRead::Traces,
        };
        Some((task, read))
    }

    /// Plans a read for a task.
    pub(in crate::engine) fn put(&mut self, task: TaskIndex, at: UnixMillis) {
        self.reads.put(task, at);
    }

    /// Plans the reads that may settle a task in doubt, from the end of its quarantine on: until then its request may
    /// still be applied, and its absence proves nothing.
    pub(in crate::engine) fn seek(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        state: &EngineState,
    ) {
        let facts = state.facts_of(task);
        let is_in_doubt = state.task(task).phase == Phase::Doubt;
        if is_in_doubt && is_sought_after(facts) {
            self.reads.put(task, state.quarantine_ends(task).max(now));
        }
    }

    /// Plans a read of a lock that has no PIN, sooner than at other tasks; false when it has had these looks.
    pub(in crate::engine) fn look_urgently(&mut self, task: TaskIndex, now: UnixMillis) -> bool {
        self.reads.look_urgently(task, now)
    }

    /// Forgets a task that is settled or is followed like any other.
    pub(in crate::engine) fn forget(&mut self, task: TaskIndex) {
        self.reads.forget(task);
    }

    /// A read of a task in doubt came back.
    pub(in crate::engine) fn sought(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        sighting: Sighting,
        page: PageTurn,
        state: &EngineState,
    ) -> Vec<Proposal> {
        match sighting {
            Sighting::Command(command) => {
                self.reads.succeeded(task);
                doubt::adopt(task, command, state)
            }
            Sighting::Proven { evidence } => {
                self.reads.succeeded(task);
                doubt::adopt_proven(task, evidence)
            }
            Sighting::Nothing { evidence } => {
                self.reads.succeeded(task);
                let reads_pin = self.custody.may_read();
                doubt::absent(&mut self.reads, now, task, evidence, page, reads_pin, state)
            }
            other => doubt::unread(&mut self.reads, now, task, other, page),
        }
    }

    /// What the state directory knows of the PIN of a Mac that was locked already, to be recorded.
    pub(in crate::engine) fn known_pin(
        &mut self,
        task: TaskIndex,
        state: &EngineState,
    ) -> Option<Event> {
        self.custody.known_pin(task, state)
    }

    /// The end of a lock is known: plans the read of its PIN, where that is allowed.
    pub(in crate::engine) fn take_custody(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        state: &EngineState,
    ) -> Option<Proposal> {
        self.custody.begin(&mut self.reads, now, task, state)
    }

    /// A read of a lock's PIN came back.
    pub(in crate::engine) fn pin_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        result: Result<Option<Sealed>, Unreadable>,
        state: &EngineState,
    ) -> Vec<Proposal> {
        if result.is_ok() {
            self.reads.succeeded(task);
        }
        match result {
            Ok(pin) => self.custody.shown(&mut self.reads, now, task, pin, state),
            Err(error) => self.custody.unreadable(&mut self.reads, now, task, error, state),
        }
    }

    /// The tenant shows something as a PIN that has not the form of one: it counts as none, and is kept.
    pub(in crate::engine) fn odd_pin_read(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        pin: Sealed,
        flaw: String,
        state: &EngineState,
    ) -> Vec<Proposal> {
        self.reads.succeeded(task);
        self.custody.odd(&mut self.reads, now, task, pin, flaw, state)
    }
}
