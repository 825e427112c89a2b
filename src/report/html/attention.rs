//! What needs attention: tasks that did not end well, that wait for their device, and that were not sent.
//!
//! Owns the order of the groups and how many tasks are named. Must never leave out a task without saying how many.

use crate::model::Outcome;
use crate::report::advice::{Advice, PinKnown, status_hint};
use crate::report::overview::{NamedTask, TaskGroup, groups_of, pending_of};
use crate::report::{ReportRow, Rows, RunFacts};

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
    pub(super) failures: Vec<FailureGroup>,
    pub(super) failures_total: usize,
    /// Groups that are not shown.
    pub(super) more_reasons: usize,
    pub(super) pending: Vec<NamedTask>,
    pub(super) pending_total: usize,
    pub(super) more_pending: usize,
    pub(super) unsent: Vec<UnsentGroup>,
    pub(super) unsent_total: usize,
    pub(super) more_unsent: usize,
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
        let mut groups: Vec<(PinKnown, TaskGroup)> = Vec::new();
        let without_pin = groups_of(rows.iter().filter(ReportRow::lacks_pin), NAMED_MAX);
        groups.extend(without_pin.into_iter().map(|group| (PinKnown::No, group)));
        for outcome in [Outcome::InDoubt, Outcome::Failed, Outcome::Refused] {
            let found = groups_of(rows.iter().filter(is(outcome)), NAMED_MAX);
            groups.extend(found.into_iter().map(|group| (PinKnown::Yes, group)));
        }
        let failures_total = groups.iter().map(|(_, group)| group.count).sum();
        let more_reasons = groups.len().saturating_sub(GROUPS_MAX);
        let failures = groups.into_iter().take(GROUPS_MAX);
        let failures = failures.map(|(pin, group)| FailureGroup::of(facts, pin, group)).collect();
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
        Self {
            failures,
            failures_total,
            more_reasons,
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
        self.failures_total + self.pending_total + self.unsent_total > 0
    }
}

impl FailureGroup {
    fn of(facts: &RunFacts, pin: PinKnown, group: TaskGroup) -> Self {
        let outcome = group.named.first().map_or(Outcome::Failed, |task| task.outcome);
        let Advice { text, commands } = Advice::of(&facts.run_id, outcome, group.http_status, pin);
        let what = match pin {
            PinKnown::No => "locked without a known PIN",
            PinKnown::Yes => words::outcome(&outcome),
        };
        let reason = match (group.reason.as_str(), pin) {
            ("", PinKnown::No) => "no PIN came with the answer".to_owned(),
            ("", PinKnown::Yes) => "no reason given".to_owned(),
            (reason, _) => shortened(reason),
        };
        Self {
            title: format!("{} {what}", crate::model::counted(group.count, "task")),
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
        let titles: Vec<&str> =
            attention.failures.iter().map(|group| group.title.as_str()).collect();
        assert_eq!(
            titles,
            ["1 task locked without a known PIN", "1 task in doubt", "1 task failed"]
        );
        assert_eq!(attention.failures[0].reason, "no PIN came with the answer");
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
        assert_eq!(attention.failures_total, 370);
        assert_eq!((attention.failures.len(), attention.more_reasons), (GROUPS_MAX, 31));
        let first = &attention.failures[0];
        assert_eq!((first.named.len(), first.more), (200, 100));
        assert_eq!((attention.pending.len(), attention.more_pending), (500, 30));
    }

    #[test]
    fn every_outcome_but_the_good_ones_is_there() {
        let (tasks, records) = one_of_each();
        let attention = Attention::of(&facts(), &Rows::new(&tasks, &records));
        assert_eq!((attention.failures_total, attention.pending_total), (3, 2));
        assert_eq!(attention.unsent_total, 2);
        assert!(attention.needs_any());
    }
}
