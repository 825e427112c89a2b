//! What needs attention: tasks that did not end well, that wait for their device, and that were not sent.
//!
//! Owns the order of the groups and how many tasks are named. Must never leave out a task without saying how many.

use crate::model::{Outcome, OutcomeCounts, counted, thousands};
use crate::report::advice::{Advice, UnknownPin, status_hint};
use crate::report::overview::{
    NamedTask, TaskGroup, groups_of, pending_of, pinless_counts, pinless_of,
};
use crate::report::{ReportRow, Rows, RunFacts, plain_reason};

use super::words;

/// Tasks that are named in each group; the table of all tasks has the others.
const NAMED_MAX: usize = 200;
/// Groups that are shown; a run whose every reason differs is no longer a summary.
const GROUPS_MAX: usize = 40;
/// Pending tasks that are named.
const PENDING_MAX: usize = 500;
/// Letters of a reason.
const REASON_CHARS_MAX: usize = 400;

/// What needs attention.
pub(super) struct Attention {
    /// Locks without a known PIN, then what did not end well.
    pub(super) tables: Vec<FailureTable>,
    pub(super) pending: Vec<NamedTask>,
    pub(super) pending_total: usize,
    pub(super) pending_title: String,
    pub(super) more_pending: usize,
    pub(super) unsent: Vec<UnsentGroup>,
    pub(super) unsent_total: usize,
    pub(super) more_unsent: usize,
}

/// A table of groups.
pub(super) struct FailureTable {
    pub(super) id: &'static str,
    pub(super) title: String,
    /// How its tasks are counted elsewhere on the page; empty where they are counted nowhere else.
    pub(super) note: String,
    pub(super) groups: Vec<FailureGroup>,
    /// Groups that are not shown.
    pub(super) more_reasons: usize,
}

/// Tasks that did not end well for the same reason.
pub(super) struct FailureGroup {
    pub(super) title: String,
    pub(super) reason: String,
    pub(super) hint: Option<&'static str>,
    pub(super) advice: &'static str,
    pub(super) commands: Vec<String>,
    pub(super) named: Vec<NamedTask>,
    /// Tasks that are not named.
    pub(super) more: usize,
}

/// Tasks that were not sent for the same reason.
pub(super) struct UnsentGroup {
    pub(super) outcome: Outcome,
    pub(super) reason: String,
    pub(super) count: usize,
}

impl Attention {
    /// Goes through the rows of a run.
    pub(super) fn of(facts: &RunFacts, rows: &Rows<'_>) -> Self {
        let is = |outcome: Outcome| {
            move |row: &ReportRow<'_>| row.outcome() == outcome && !row.lacks_pin()
        };
        let pinless = pinless_counts(rows);
        let bad = [Outcome::InDoubt, Outcome::Failed, Outcome::Refused];
        let failures: Vec<TaskGroup> = bad
            .iter()
            .flat_map(|outcome| groups_of(rows.iter().filter(is(*outcome)), NAMED_MAX))
            .collect();
        let tables = [
            FailureTable::of_locks(facts, &pinless, pinless_of(rows, NAMED_MAX)),
            FailureTable::of_failures(facts, &above(&pinless, &bad), failures),
        ];
        let pending = pending_of(rows, PENDING_MAX).pop().unwrap_or_default();
        let mut unsent: Vec<UnsentGroup> = Vec::new();
        for outcome in [Outcome::NotAttempted, Outcome::Skipped] {
            let found = groups_of(rows.iter().filter(is(outcome)), 0);
            unsent.extend(found.into_iter().map(|group| UnsentGroup {
                outcome,
                reason: shortened(&group.reason),
                count: group.count,
            }));
        }
        let unsent_total = unsent.iter().map(|group| group.count).sum();
        let more_unsent = unsent.len().saturating_sub(GROUPS_MAX);
        unsent.truncate(GROUPS_MAX);
        let waiting = above(&pinless, &[Outcome::Pending, Outcome::NotNow]);
        Self {
            tables: tables.into_iter().flatten().collect(),
            pending_title: format!("{}{waiting}", counted(pending.count, "task")),
            more_pending: pending.count - pending.named.len(),
            pending_total: pending.count,
            pending: pending.named,
            unsent,
            unsent_total,
            more_unsent,
        }
    }

    /// Whether there is anything.
    pub(super) fn needs_any(&self) -> bool {
        !self.tables.is_empty() || self.pending_total + self.unsent_total > 0
    }
}

/// How many tasks with these outcomes the list of locks names, and no list after it.
fn above(pinless: &OutcomeCounts, outcomes: &[Outcome]) -> String {
    match outcomes.iter().map(|outcome| pinless.of(*outcome)).sum::<u32>() {
        0 => String::new(),
        tasks => format!(", and {} in the list of locks above", thousands(tasks)),
    }
}

impl FailureTable {
    fn of_locks(facts: &RunFacts, pinless: &OutcomeCounts, groups: Vec<TaskGroup>) -> Option<Self> {
        let words = pinless
            .iter()
            .map(|(outcome, tasks)| format!("{} {}", thousands(tasks), words::outcome(&outcome)));
        let words: Vec<String> = words.collect();
        let title = format!("Locks without a known PIN: {}", counted(pinless.total(), "task"));
        let note = format!("Among the outcomes they count as {}.", words.join(", "));
        let lock = |group: &TaskGroup| group.named.first().map(|task| UnknownPin::of(task.outcome));
        Self::of(facts, "pinless", title, note, groups, lock)
    }

    fn of_failures(facts: &RunFacts, above: &str, groups: Vec<TaskGroup>) -> Option<Self> {
        let total: usize = groups.iter().map(|group| group.count).sum();
        let title = format!("Did not end well: {}{above}", counted(total, "task"));
        Self::of(facts, "failures", title, String::new(), groups, |_| None)
    }

    fn of(
        facts: &RunFacts,
        id: &'static str,
        title: String,
        note: String,
        groups: Vec<TaskGroup>,
        lock: impl Fn(&TaskGroup) -> Option<UnknownPin>,
    ) -> Option<Self> {
        let more_reasons = groups.len().saturating_sub(GROUPS_MAX);
        let shown = groups.into_iter().take(GROUPS_MAX);
        let groups: Vec<FailureGroup> =
            shown.map(|group| FailureGroup::of(facts, lock(&group), group)).collect();
        (!groups.is_empty()).then_some(Self { id, title, note, groups, more_reasons })
    }
}

impl FailureGroup {
    fn of(facts: &RunFacts, lock: Option<UnknownPin>, group: TaskGroup) -> Self {
        let outcome = group.named.first().map_or(Outcome::Failed, |task| task.outcome);
        let Advice { text, commands } = Advice::of(&facts.run_id, outcome, group.http_status, lock);
        let title = match lock {
            Some(lock) => format!("{} {}", counted(group.count, "Mac"), lock.title()),
            None => format!("{} {}", counted(group.count, "task"), words::outcome(&outcome)),
        };
        let reason = match (group.reason.as_str(), lock) {
            ("", Some(_)) => "no PIN came with the answer".to_owned(),
            ("", None) => "no reason given".to_owned(),
            (reason, _) => shortened(reason),
        };
        Self {
            title,
            reason,
            hint: status_hint(outcome, group.http_status),
            advice: text,
            commands,
            more: group.count - group.named.len(),
            named: group.named,
        }
    }
}

/// A reason that a hostile tenant cannot make endless.
fn shortened(reason: &str) -> String {
    let reason = plain_reason(reason);
    let mut short: String = reason.chars().take(REASON_CHARS_MAX).collect();
    if reason.chars().nth(REASON_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Task;
    use crate::report::testing::{facts, one_of_each, record, task};

    #[test]
    fn locks_without_a_pin_and_doubts_come_first() {
        let tasks = [task(1, 1, "restart"), task(2, 1, "restart"), task(3, 1, "lock")];
        let records = [
            record(&tasks[0], Outcome::Failed, "the device said no"),
            record(&tasks[1], Outcome::InDoubt, "timed out"),
            record(&tasks[2], Outcome::Completed, ""),
        ];
        let attention = Attention::of(&facts(), &Rows::new(&tasks, &records));
        let groups = attention.tables.iter().flat_map(|table| &table.groups);
        let titles: Vec<&str> = groups.map(|group| group.title.as_str()).collect();
        assert_eq!(
            titles,
            ["1 Mac locked without a known PIN", "1 task in doubt", "1 task failed"]
        );
        assert_eq!(attention.tables[0].groups[0].reason, "no PIN came with the answer");
    }

    #[test]
    fn a_task_that_another_list_names_is_said_to_be_there() {
        let tasks = [task(1, 1, "lock"), task(2, 1, "restart"), task(3, 1, "lock")];
        let records = [
            record(&tasks[0], Outcome::Pending, ""),
            record(&tasks[1], Outcome::Pending, ""),
            record(&tasks[2], Outcome::Failed, "pin_missing: none came"),
        ];
        let attention = Attention::of(&facts(), &Rows::new(&tasks, &records));
        let locks = &attention.tables[0];
        assert_eq!(locks.title, "Locks without a known PIN: 2 tasks");
        assert_eq!(locks.note, "Among the outcomes they count as 1 pending, 1 failed.");
        let titles: Vec<&str> = locks.groups.iter().map(|group| group.title.as_str()).collect();
        assert_eq!(
            titles,
            [
                "1 Mac locked without a known PIN",
                "1 Mac may lock at the next check-in, PIN unknown"
            ]
        );
        assert_eq!(attention.pending_title, "1 task, and 1 in the list of locks above");
    }

    #[test]
    fn every_task_of_a_long_list_is_named_or_counted() {
        let tasks: Vec<Task> = (1..=900).map(|row| task(row, 1, "restart")).collect();
        let records: Vec<_> = tasks
            .iter()
            .map(|task| match task.row {
                1..=300 => record(task, Outcome::Failed, "one reason"),
                301..=320 => record(task, Outcome::Failed, &format!("reason {}", task.row)),
                321..=370 => record(task, Outcome::Refused, &format!("reason {}", task.row)),
                _ => record(task, Outcome::NotNow, ""),
            })
            .collect();
        let attention = Attention::of(&facts(), &Rows::new(&tasks, &records));
        let table = &attention.tables[0];
        assert_eq!(table.title, "Did not end well: 370 tasks");
        assert_eq!((table.groups.len(), table.more_reasons), (GROUPS_MAX, 31));
        let first = &table.groups[0];
        assert_eq!((first.named.len(), first.more), (200, 100));
        assert_eq!((attention.pending.len(), attention.more_pending), (500, 30));
    }

    #[test]
    fn every_outcome_but_the_good_ones_is_there() {
        let (tasks, records) = one_of_each();
        let attention = Attention::of(&facts(), &Rows::new(&tasks, &records));
        assert_eq!((attention.tables[0].groups.len(), attention.pending_total), (3, 2));
        assert_eq!(attention.unsent_total, 2);
        assert!(attention.needs_any());
    }
}
