//! Reads for safety: what settles doubt, and the PINs of locked Macs.
//!
//! Owns when a safety read is due and how often it is tried. They go before everything else and do not depend
//! on how long commands are followed. Volatile: a resume begins anew, from the state that the entries left.
//! Must never settle anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{TaskIndex, UnixMillis};

/// Reads of a PIN that is not there yet: the tenant may show it a while after the Mac has taken the lock.
pub(super) const PIN_READS_MAX: u8 = 5;
/// The same for a Mac that was locked before: its PIN is not on its way.
pub(super) const OLD_PIN_READS_MAX: u8 = 1;
/// Further reads of a PIN that differs from the answer to the lock, 17 seconds in all.
pub(super) const DIFFERING_PIN_READS_MAX: u8 = 3;
/// Delays between them, in milliseconds.
const PIN_DELAYS_MS: [u64; PIN_READS_MAX as usize] = [2_000, 5_000, 10_000, 20_000, 40_000];
/// Reads a lock whose answer had no PIN, before it is followed like any other task.
const URGENT_LOOKS_MAX: u8 = 5;
/// Delays between them, in milliseconds.
const URGENT_DELAYS_MS: [u64; URGENT_LOOKS_MAX as usize] = [2_000, 5_000, 10_000, 20_000, 40_000];
/// Longest time, in milliseconds, that a lock whose answer had no PIN and its PIN are read, no matter what
/// the wait is: both rows of delays, one after the other.
pub const PIN_SOUGHT_MS: u64 = 2 * (2_000 + 5_000 + 10_000 + 20_000 + 40_000);
/// Answers in a row that cannot be used, before reading is given up.
const FAILURES_MAX: u8 = 5;
/// Delays after them, in milliseconds.
const FAILURE_DELAYS_MS: [u64; FAILURES_MAX as usize] = [2_000, 5_000, 15_000, 30_000, 60_000];

/// The queue of these reads.
#[derive(Clone, Debug, Default)]
pub(super) struct SafetyReads {
    due: BTreeSet<(UnixMillis, TaskIndex)>,
    memory: BTreeMap<TaskIndex, ReadMemory>,
}

#[derive(Clone, Debug, Default)]
struct ReadMemory {
    failures: u8,
    urgent_looks: u8,
    pin_reads: u8,
    /// The next read is of the tenant's PIN.
    is_pins_turn: bool,
    /// What the history showed, until the record has been read, too.
    evidence: String,
}

impl SafetyReads {
    /// Plans a read for a task.
    pub(super) fn put(&mut self, task: TaskIndex, at: UnixMillis) {
        self.due.insert((at, task));
    }

    /// When the next read is due.
    pub(super) fn next(&self) -> Option<UnixMillis> {
        self.due.first().map(|(at, _)| *at)
    }

    /// How many reads are due at `now`, counted up to `count_max`.
    pub(super) fn count_due(&self, now: UnixMillis, count_max: usize) -> usize {
        self.due.iter().take_while(|(at, _)| *at <= now).take(count_max).count()
    }

    /// Takes the next read out of the queue.
    pub(super) fn take(&mut self) -> Option<TaskIndex> {
        self.due.pop_first().map(|(_, task)| task)
    }

    /// Puts the task back after an answer that could not be used; false when that was once too often.
    pub(super) fn failed(&mut self, task: TaskIndex, now: UnixMillis) -> bool {
        let memory = self.memory.entry(task).or_default();
        let delay_ms = next_delay_ms(&FAILURE_DELAYS_MS, &mut memory.failures);
        if delay_ms.is_none() {
            memory.failures = 0;
        }
        self.put_after(task, now, delay_ms)
    }

    /// An answer could be used.
    pub(super) fn succeeded(&mut self, task: TaskIndex) {
        if let Some(memory) = self.memory.get_mut(&task) {
            memory.failures = 0;
        }
    }

    /// Puts a lock that has no PIN back to read once more whether the Mac has taken it; false when it has
    /// had its looks.
    pub(super) fn look_urgently(&mut self, task: TaskIndex, now: UnixMillis) -> bool {
        let memory = self.memory.entry(task).or_default();
        let delay_ms = next_delay_ms(&URGENT_DELAYS_MS, &mut memory.urgent_looks);
        self.put_after(task, now, delay_ms)
    }

    /// Puts a lock back for another read of its PIN, at most `reads_max` times; false when the tenant has been
    /// asked often enough.
    pub(super) fn read_pin_again(
        &mut self,
        task: TaskIndex,
        now: UnixMillis,
        reads_max: u8,
    ) -> bool {
        let memory = self.memory.entry(task).or_default();
        let delays = &PIN_DELAYS_MS[..usize::from(reads_max.min(PIN_READS_MAX))];
        let delay_ms = next_delay_ms(delays, &mut memory.pin_reads);
        self.put_after(task, now, delay_ms)
    }

    /// Puts the task back, where it has another try; says whether it had.
    fn put_after(&mut self, task: TaskIndex, now: UnixMillis, delay_ms: Option<u64>) -> bool {
        if let Some(delay_ms) = delay_ms {
            self.put(task, now.plus_ms(delay_ms));
        }
        delay_ms.is_some()
    }

    /// Lets the next read for a task in doubt be that of the PIN.
    pub(super) fn put_pin(&mut self, task: TaskIndex, at: UnixMillis) {
        self.memory.entry(task).or_default().is_pins_turn = true;
        self.put(task, at);
    }

    /// Whether the next read for a task in doubt is that of the PIN.
    pub(super) fn is_pins_turn(&self, task: TaskIndex) -> bool {
        self.memory.get(&task).is_some_and(|memory| memory.is_pins_turn)
    }

    /// Keeps what one of two reads showed.
    pub(super) fn keep_evidence(&mut self, task: TaskIndex, evidence: String) {
        self.memory.entry(task).or_default().evidence = evidence;
    }

    /// Takes it back.
    pub(super) fn evidence(&mut self, task: TaskIndex) -> String {
        self.memory
            .get_mut(&task)
            .map(|memory| std::mem::take(&mut memory.evidence))
            .unwrap_or_default()
    }

    /// Forgets a task that is settled or goes the way of all others.
    pub(super) fn forget(&mut self, task: TaskIndex) {
        self.memory.remove(&task);
    }
}

/// The delay before the next of a limited number of tries, which is counted; `None` after the last.
fn next_delay_ms(delays: &[u64], tries: &mut u8) -> Option<u64> {
    let delay_ms = *delays.get(usize::from(*tries))?;
    *tries += 1;
    Some(delay_ms)
}
