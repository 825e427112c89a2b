//! What the next read of a task reads.
//!
//! Owns the place in its device's history, the turn of history and record, and the last complaint. Must
//! never know when a look is due.

use std::collections::BTreeMap;

use crate::model::{TaskIndex, Trace, View};

/// How often in a row another page may be asked for before that counts as a look in vain: a history that
/// grows while it is read moves its end.
const PAGES_IN_A_ROW_MAX: u32 = 3;

/// The memory of looks, task by task.
#[derive(Clone, Debug, Default)]
pub(super) struct Pages {
    memory: BTreeMap<TaskIndex, PageMemory>,
}

#[derive(Clone, Debug, Default)]
struct PageMemory {
    offset: u32,
    pages_in_a_row: u32,
    is_records_turn: bool,
    /// Why the last look showed nothing.
    complaint: String,
}

impl Pages {
    /// What the next look reads. Where both the history and the record can show the end, they take turns.
    pub(super) fn view(&self, task: TaskIndex, trace: Trace) -> View {
        let memory = self.memory.get(&task);
        let reads_record = match trace {
            Trace::Record | Trace::State => true,
            Trace::CommandAndRecord | Trace::CommandAndState => {
                memory.is_some_and(|memory| memory.is_records_turn)
            }
            Trace::Command | Trace::None => false,
        };
        if reads_record {
            return View::Record;
        }
        View::History { offset: memory.map_or(0, |memory| memory.offset) }
    }

    /// Lets the other of the two be read next. Returns whether that is the record.
    pub(super) fn take_turns(&mut self, task: TaskIndex, trace: Trace) -> bool {
        if !trace.takes_turns() {
            return false;
        }
        let memory = self.memory.entry(task).or_default();
        memory.is_records_turn = !memory.is_records_turn;
        memory.is_records_turn
    }

    /// Lets the next look begin at this row. Returns whether it may be made at once.
    pub(super) fn turn_to(&mut self, task: TaskIndex, offset: u32) -> bool {
        let memory = self.memory.entry(task).or_default();
        memory.offset = offset;
        memory.pages_in_a_row += 1;
        let is_at_once = memory.pages_in_a_row <= PAGES_IN_A_ROW_MAX;
        if !is_at_once {
            memory.pages_in_a_row = 0;
        }
        is_at_once
    }

    /// A look came to its end.
    pub(super) fn rest(&mut self, task: TaskIndex) {
        if let Some(memory) = self.memory.get_mut(&task) {
            memory.pages_in_a_row = 0;
        }
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
