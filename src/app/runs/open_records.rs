//! What is known of the tasks of a run in progress.
//!
//! Owns which records are in memory: those of tasks of which more may come. Of the others there is only where they stand, so
//! that a million tasks take a few megabytes. Must never count a task twice.

use std::collections::HashMap;

use crate::kandji::find_action;
use crate::model::{
    Entry, KnownTexts, Outcome, OutcomeCounts, Task, TaskIndex, TaskRecord, TaskStanding,
};

/// What is known of the tasks of a run in progress: a fold over its entries.
#[derive(Default)]
pub(crate) struct OpenRecords {
    standings: Vec<TaskStanding>,
    records: HashMap<TaskIndex, TaskRecord>,
    reasons: KnownTexts,
    counts: OutcomeCounts,
}

impl OpenRecords {
    /// The tasks of a run of which nothing has happened yet.
    pub(crate) fn new(tasks: &[Task]) -> Self {
        let mut open = Self::default();
        for standing in tasks.iter().map(TaskStanding::new) {
            open.counts.add(standing.outcome());
            open.standings.push(standing);
        }
        open
    }

    /// The tasks of a run with these records, in the same order.
    pub(crate) fn of(tasks: &[Task], records: Vec<TaskRecord>) -> Self {
        let mut open = Self::default();
        for ((index, task), mut record) in (0..).map(TaskIndex).zip(tasks).zip(records) {
            let standing = record.standing();
            open.counts.add(standing.outcome());
            open.standings.push(standing);
            if may_change(task, standing) && record != TaskRecord::new(task) {
                open.reasons.share(&mut record.reason);
                open.records.insert(index, record);
            }
        }
        open
    }

    /// The tasks by outcome.
    pub(crate) fn counts(&self) -> &OutcomeCounts {
        &self.counts
    }

    /// How many tasks were sent, as far as is known.
    pub(crate) fn sent(&self) -> u32 {
        let is_sent = |standing: &&TaskStanding| {
            standing.has_intent() && standing.outcome() != Outcome::NotAttempted
        };
        u32::try_from(self.standings.iter().filter(is_sent).count()).unwrap_or(u32::MAX)
    }

    /// Takes in an entry about a task.
    pub(crate) fn take(&mut self, index: TaskIndex, task: &Task, entry: &Entry) {
        let Some(standing) = self.standings.get_mut(index.at()) else { return };
        self.counts.remove(standing.outcome());
        standing.apply(&entry.event);
        self.counts.add(standing.outcome());
        let record = self.records.entry(index).or_insert_with(|| TaskRecord::new(task));
        record.apply(entry.at, &entry.event);
        self.reasons.share(&mut record.reason);
    }

    /// The record of a task of which something was just taken in.
    pub(crate) fn get(&self, index: TaskIndex) -> Option<&TaskRecord> {
        self.records.get(&index)
    }

    /// Drops the record of a task of which nothing more can come.
    pub(crate) fn close(&mut self, index: TaskIndex, task: &Task) {
        let is_over = |standing: &TaskStanding| !may_change(task, *standing);
        if self.standings.get(index.at()).is_some_and(is_over) {
            self.records.remove(&index);
        }
    }
}

/// Whether entries of the task may still come. The PIN of a lock may be read after its end.
fn may_change(task: &Task, standing: TaskStanding) -> bool {
    !standing.is_settled() || find_action(&task.action).is_ok_and(|action| action.gives_pin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Answer, Event, UnixMillis, Verdict};
    use crate::plan::testing::plan;

    const AT: UnixMillis = UnixMillis(1_800_000_000_000);

    fn life(task: TaskIndex) -> Vec<Entry> {
        let verdict = Verdict::Accepted(Answer::default());
        [
            Event::Intent { task, attempt: 1, pin: None, sends: None, lists: None },
            Event::Answered { task, attempt: 1, http_status: Some(200), verdict },
            Event::Settled { task, outcome: Outcome::Completed, reason: "done".to_owned() },
        ]
        .into_iter()
        .map(|event| Entry { at: AT, event })
        .collect()
    }

    #[test]
    fn only_records_of_which_more_may_come_stay() {
        let tasks = plan(&[("restart", "d0"), ("lock", "d1"), ("restart", "d2")]).tasks;
        let mut open = OpenRecords::new(&tasks);
        assert_eq!(open.counts().of(Outcome::NotAttempted), 3);
        for (index, task) in (0..2).map(TaskIndex).zip(&tasks) {
            let mut whole = TaskRecord::new(task);
            for entry in life(index) {
                open.take(index, task, &entry);
                whole.apply(entry.at, &entry.event);
            }
            assert_eq!(open.get(index), Some(&whole));
            open.close(index, task);
        }
        open.take(TaskIndex(2), &tasks[2], &life(TaskIndex(2))[0]);
        open.close(TaskIndex(2), &tasks[2]);
        let kept: Vec<bool> = (0..3).map(|at| open.get(TaskIndex(at)).is_some()).collect();
        assert_eq!(kept, [false, true, true], "the lock may get a PIN, the last one an answer");
        assert_eq!((open.counts().of(Outcome::Completed), open.sent()), (2, 3));
    }

    #[test]
    fn a_resumed_run_counts_as_its_records_do() {
        let tasks = plan(&[("restart", "d0"), ("restart", "d1"), ("restart", "d2")]).tasks;
        let mut records: Vec<TaskRecord> = tasks.iter().map(TaskRecord::new).collect();
        life(TaskIndex(0)).iter().for_each(|entry| records[0].apply(entry.at, &entry.event));
        records[1].apply(AT, &life(TaskIndex(1))[0].event);
        let open = OpenRecords::of(&tasks, records.clone());
        records.iter().for_each(|record| assert!(open.counts().of(record.outcome()) > 0));
        assert_eq!(open.counts().total(), 3);
        assert_eq!((open.get(TaskIndex(0)), open.get(TaskIndex(1))), (None, Some(&records[1])));
        assert_eq!(open.sent(), 2);
    }
}
