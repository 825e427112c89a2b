//! When to look again for a command that the API has taken.
//!
//! Owns the backoff of looks and which page of the history to read. Volatile: a resume begins anew. Must
//! never settle anything.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{TaskIndex, UnixMillis};

/// Delays between looks, in milliseconds: an online device answers within seconds, a sleeping one within
/// hours.
const DELAYS_MS: [u64; 8] = [2_000, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000];
/// How often in a row another page may be asked for before that counts as a look in vain: a history that
/// grows while it is read moves its end.
const PAGES_IN_A_ROW_MAX: u32 = 3;

/// The queue of looks.
#[derive(Clone, Debug, Default)]
pub(super) struct Looks {
    due: BTreeSet<(UnixMillis, TaskIndex)>,
    memory: BTreeMap<TaskIndex, Memory>,
}

#[derive(Clone, Debug, Default)]
struct Memory {
    looks: usize,
    offset: u32,
    pages_in_a_row: u32,
    /// Why the last look showed nothing.
    complaint: String,
}

impl Looks {
    /// Puts the next look of a task into the queue, with growing delay, but not after `latest` if that is
    /// still to come: a wait that ends should not miss what happened in its last minutes.
    pub(super) fn schedule(&mut self, task: TaskIndex, now: UnixMillis, latest: UnixMillis) {
        let memory = self.memory.entry(task).or_default();
        let delay_ms = DELAYS_MS[memory.looks.min(DELAYS_MS.len() - 1)];
        memory.looks += 1;
        memory.pages_in_a_row = 0;
        let at = now.plus_ms(delay_ms);
        let at = if latest > now { at.min(latest) } else { at };
        self.due.insert((at, task));
    }

    /// Puts a look at another page into the queue, at once unless pages keep moving.
    pub(super) fn schedule_page(
        &mut self,
        task: TaskIndex,
        offset: u32,
        now: UnixMillis,
        latest: UnixMillis,
    ) {
        let memory = self.memory.entry(task).or_default();
        memory.offset = offset;
        memory.pages_in_a_row += 1;
        if memory.pages_in_a_row > PAGES_IN_A_ROW_MAX {
            self.schedule(task, now, latest);
        } else {
            self.due.insert((now, task));
        }
    }

    /// Puts a look into the queue for a given moment.
    pub(super) fn schedule_at(&mut self, task: TaskIndex, at: UnixMillis) {
        self.due.insert((at, task));
    }

    /// The next look and its moment.
    pub(super) fn next(&self) -> Option<(UnixMillis, TaskIndex)> {
        self.due.first().copied()
    }

    /// Looks that are due.
    pub(super) fn due(&self, now: UnixMillis, count_max: usize) -> usize {
        self.due.iter().take_while(|(at, _)| *at <= now).take(count_max).count()
    }

    /// Takes the next look out of the queue, with the row to start at.
    pub(super) fn take(&mut self) -> Option<(TaskIndex, u32)> {
        let (_, task) = self.due.pop_first()?;
        Some((task, self.memory.get(&task).map_or(0, |memory| memory.offset)))
    }

    /// Whether the reason for which a look showed nothing is another than the last one's.
    pub(super) fn is_news(&mut self, task: TaskIndex, reason: &str) -> bool {
        let memory = self.memory.entry(task).or_default();
        let is_news = memory.complaint != reason;
        reason.clone_into(&mut memory.complaint);
        is_news
    }

    /// Forgets a task that has ended.
    pub(super) fn forget(&mut self, task: TaskIndex) {
        self.memory.remove(&task);
    }
}
