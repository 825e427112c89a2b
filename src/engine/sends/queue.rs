//! The queue of sends.
//!
//! Owns from when on each task may be sent. Invariant: it holds only tasks whose wave has been reached. Must never
//! decide whether a task is sent.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::phase::Phase;
use crate::engine::state::EngineState;
use crate::model::{TaskIndex, UnixMillis};

/// The tasks that may be sent, by the moment from which on they may. Tasks that follow each other and are due at the same
/// moment are kept as one range: a run of a million tasks begins with one.
#[derive(Clone, Debug, Default)]
pub(super) struct SendQueue {
    /// How many tasks there are from each of these on.
    due: BTreeMap<(UnixMillis, TaskIndex), u32>,
}

impl SendQueue {
    /// The queue of a run in this `state`.
    pub(super) fn new(state: &EngineState) -> Self {
        let mut queue = Self::default();
        for task in state.indexes().filter(|task| state.task(*task).phase == Phase::Ready) {
            queue.put(task, state.task(task).due(), state);
        }
        queue
    }

    /// The first task, and the moment from which on it may be sent.
    pub(super) fn first(&self) -> Option<(UnixMillis, TaskIndex)> {
        self.due.first_key_value().map(|(first, _)| *first)
    }

    /// Takes the first task out of the queue.
    pub(super) fn pop(&mut self) -> Option<TaskIndex> {
        let ((at, task), count) = self.due.pop_first()?;
        self.keep(at, task.0 + 1, count - 1);
        Some(task)
    }

    /// How many tasks are due at `now`, counted up to `count_max`.
    pub(super) fn count_due(&self, now: UnixMillis, count_max: usize) -> usize {
        let mut due = 0_usize;
        for ((at, _), count) in &self.due {
            if *at > now || due >= count_max {
                break;
            }
            due += *count as usize;
        }
        due.min(count_max)
    }

    /// Puts a task into the queue, if its wave has been reached.
    pub(super) fn put(&mut self, task: TaskIndex, at: UnixMillis, state: &EngineState) {
        let facts = state.facts_of(task);
        if state.waves.has_reached(facts) {
            self.insert(at.max(state.waves.not_before(facts)), task);
        }
    }

    /// Puts a task before all others.
    pub(super) fn put_first(&mut self, task: TaskIndex) {
        self.insert(UnixMillis(i64::MIN), task);
    }

    /// Puts every task into the queue that is ready, whose wave has been reached and that is not queued yet, except
    /// those that are `held` elsewhere.
    pub(super) fn put_reached(
        &mut self,
        at: UnixMillis,
        state: &EngineState,
        held: &BTreeSet<TaskIndex>,
    ) {
        let mut is_queued = vec![false; state.facts().len()];
        for ((_, first), count) in &self.due {
            is_queued[first.at()..first.at() + *count as usize].fill(true);
        }
        let is_new = |task: &TaskIndex| {
            state.task(*task).phase == Phase::Ready && !is_queued[task.at()] && !held.contains(task)
        };
        for task in state.indexes().filter(is_new) {
            self.put(task, at.max(state.task(task).due()), state);
        }
    }

    /// Takes a task out of the queue.
    pub(super) fn remove(&mut self, task: TaskIndex) {
        let has_it = |(key, count): (&(UnixMillis, TaskIndex), &u32)| {
            (key.1.0..key.1.0 + count).contains(&task.0).then_some((*key, *count))
        };
        let ranges: Vec<_> = self.due.iter().filter_map(has_it).collect();
        for ((at, first), count) in ranges {
            self.due.remove(&(at, first));
            let before = task.0 - first.0;
            self.keep(at, first.0, before);
            self.keep(at, task.0 + 1, count - before - 1);
        }
    }

    fn keep(&mut self, at: UnixMillis, first: u32, count: u32) {
        if count > 0 {
            self.due.insert((at, TaskIndex(first)), count);
        }
    }

    /// Adds a task to the range that it touches, and joins two ranges between which it was missing.
    fn insert(&mut self, at: UnixMillis, task: TaskIndex) {
        let before = self.due.range_mut((at, TaskIndex(0))..=(at, task)).next_back();
        let joined = before.map(|((_, first), count)| (*first, count));
        if let Some((first, count)) = &joined
            && task.0 < first.0 + **count
        {
            return;
        }
        let touched = joined.filter(|(first, count)| first.0 + **count == task.0);
        let first = match touched {
            Some((first, count)) => {
                *count += 1;
                first
            }
            None => {
                self.due.insert((at, task), 1);
                task
            }
        };
        let next = self.due.remove(&(at, TaskIndex(task.0.saturating_add(1))));
        if let (Some(more), Some(count)) = (next, self.due.get_mut(&(at, first))) {
            *count += more;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Random;

    /// What the queue holds, one by one.
    fn listed(queue: &SendQueue) -> Vec<(i64, u32)> {
        let ranges = queue.due.iter();
        ranges.flat_map(|((at, first), count)| (0..*count).map(|it| (at.0, first.0 + it))).collect()
    }

    #[test]
    fn the_queue_holds_what_a_set_of_single_tasks_would() {
        let mut random = Random::new(7);
        let (mut queue, mut set) = (SendQueue::default(), BTreeSet::new());
        for round in 0..20_000 {
            let (at, task) = (random.below(3) as i64, random.below(24) as u32);
            match random.below(4) {
                0 => assert_eq!(queue.pop().map(|it| it.0), set.pop_first().map(|(_, it)| it)),
                1 => {
                    queue.remove(TaskIndex(task));
                    set.retain(|(_, queued)| *queued != task);
                }
                _ => {
                    queue.insert(UnixMillis(at), TaskIndex(task));
                    set.insert((at, task));
                }
            }
            assert_eq!(listed(&queue), set.iter().copied().collect::<Vec<_>>(), "round {round}");
            let due = set.iter().filter(|(at, _)| *at <= 1).count();
            assert_eq!(queue.count_due(UnixMillis(1), 5), due.min(5), "round {round}");
            let first = set.first().map(|(at, task)| (UnixMillis(*at), TaskIndex(*task)));
            assert_eq!(queue.first(), first, "round {round}");
        }
    }

    #[test]
    fn tasks_in_a_row_are_one_range() {
        let mut queue = SendQueue::default();
        (0..1_000).for_each(|task| queue.insert(UnixMillis(0), TaskIndex(task)));
        assert_eq!(queue.due.len(), 1);
        assert_eq!(queue.pop(), Some(TaskIndex(0)));
        assert_eq!((queue.due.len(), queue.count_due(UnixMillis(0), 2_000)), (1, 999));
    }
}
