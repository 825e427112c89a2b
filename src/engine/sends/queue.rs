//! The queue of sends.
//!
//! Owns from when on each task may be sent. Invariant: it holds only tasks whose wave has been reached. Must never
//! decide whether a task is sent.

use std::collections::BTreeSet;

use crate::engine::state::EngineState;
use crate::engine::task::Phase;
use crate::model::{TaskIndex, UnixMillis};

/// The tasks that may be sent, by the moment from which on they may.
#[derive(Clone, Debug, Default)]
pub(super) struct SendQueue {
    due: BTreeSet<(UnixMillis, TaskIndex)>,
}

impl SendQueue {
    /// The queue of a run in this `state`.
    pub(super) fn new(state: &EngineState) -> Self {
        let mut queue = Self::default();
        for task in state.indexes().filter(|task| state.task(*task).phase == Phase::Ready) {
            queue.put(task, state.task(task).due, state);
        }
        queue
    }

    /// The first task, and the moment from which on it may be sent.
    pub(super) fn first(&self) -> Option<(UnixMillis, TaskIndex)> {
        self.due.first().copied()
    }

    /// Takes the first task out of the queue.
    pub(super) fn pop(&mut self) -> Option<TaskIndex> {
        self.due.pop_first().map(|(_, task)| task)
    }

    /// How many tasks are due at `now`, counted up to `count_max`.
    pub(super) fn count_due(&self, now: UnixMillis, count_max: usize) -> usize {
        self.due.iter().take_while(|(at, _)| *at <= now).take(count_max).count()
    }

    /// Puts a task into the queue, if its wave has been reached.
    pub(super) fn put(&mut self, task: TaskIndex, at: UnixMillis, state: &EngineState) {
        let facts = state.facts_of(task);
        if state.waves.has_reached(facts) {
            self.due.insert((at.max(state.waves.not_before(facts)), task));
        }
    }

    /// Puts a task before all others.
    pub(super) fn put_first(&mut self, task: TaskIndex) {
        self.due.insert((UnixMillis(i64::MIN), task));
    }

    /// Puts every task into the queue that is ready, whose wave has been reached and that is not queued yet, except
    /// those that are `held` elsewhere.
    pub(super) fn put_reached(
        &mut self,
        at: UnixMillis,
        state: &EngineState,
        held: &BTreeSet<TaskIndex>,
    ) {
        let queued: BTreeSet<TaskIndex> = self.due.iter().map(|(_, task)| *task).collect();
        let is_new = |task: &TaskIndex| {
            state.task(*task).phase == Phase::Ready
                && !queued.contains(task)
                && !held.contains(task)
        };
        for task in state.indexes().filter(is_new) {
            self.put(task, at.max(state.task(task).due), state);
        }
    }

    /// Takes a task out of the queue.
    pub(super) fn remove(&mut self, task: TaskIndex) {
        self.due.retain(|(_, queued)| *queued != task);
    }
}
