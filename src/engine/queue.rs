//! The queue of sends.
//!
//! Owns which task may be sent from when on. It holds only tasks whose wave has been reached. Must never send.

use std::collections::BTreeSet;

use super::decide::Engine;
use super::task::Phase;
use crate::model::{TaskIndex, UnixMillis};

impl Engine {
    /// When the next task is due, after dropping those whose action was stopped and putting off those that leave
    /// slowly.
    pub(super) fn next_send(&mut self, now: UnixMillis) -> Option<UnixMillis> {
        while let Some(&(due, task)) = self.ready.first() {
            let action = usize::from(self.state.facts[task.at()].action);
            if due > now {
                return Some(due);
            }
            if self.state.action_stopped[action] {
                self.ready.pop_first();
                continue;
            }
            match self.waits_until(now, task) {
                Some(at) => {
                    self.ready.pop_first();
                    self.make_ready(task, at);
                }
                None => return Some(due),
            }
        }
        None
    }

    /// Puts a task into the queue, if its wave has been reached.
    pub(super) fn make_ready(&mut self, task: TaskIndex, at: UnixMillis) {
        let facts = &self.state.facts[task.at()];
        if self.state.waves.has_reached(facts) {
            let not_before = self.state.waves.not_before(facts);
            self.ready.insert((at.max(not_before), task));
        }
    }

    /// Puts a task to the front of the queue.
    pub(super) fn put_first(&mut self, task: TaskIndex) {
        self.ready.insert((UnixMillis(i64::MIN), task));
    }

    /// Puts everything into the queue whose wave has been reached and that is not in it yet.
    pub(super) fn queue_reached(&mut self, at: UnixMillis) {
        let queued: BTreeSet<TaskIndex> = self.ready.iter().map(|(_, task)| *task).collect();
        let is_new = |task: &TaskIndex| {
            self.state.task(*task).phase == Phase::Ready
                && self.state.waves.has_reached(&self.state.facts[task.at()])
                && !queued.contains(task)
                && !self.preparing.contains(task)
        };
        let count = u32::try_from(self.state.tasks.len()).unwrap_or(u32::MAX);
        let new: Vec<TaskIndex> = (0..count).map(TaskIndex).filter(is_new).collect();
        for task in new {
            let due = self.state.task(task).due;
            self.make_ready(task, at.max(due));
        }
    }

    pub(super) fn drop_from_queue(&mut self, task: TaskIndex) {
        self.ready.retain(|(_, queued)| *queued != task);
    }
}
