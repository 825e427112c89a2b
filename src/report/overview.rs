//! A run at a glance: how many tasks ended how, and which of them need attention.
//!
//! Owns the grouping by reason, and how many tasks of a group are named. Must never carry a PIN, and must never word anything.

use std::collections::HashMap;
use std::sync::Arc;

use super::advice::UnknownPin;
use super::following::Following;
use super::rerun::{Refused, Rerun, to_retry};
use super::row::{ReportRow, Rows, RunFacts};
use crate::model::{CommandStatus, DeviceFacts, Outcome, OutcomeCounts, TaskIndex, UnixMillis};

/// Tasks that are named one by one in each group; more would push the counts off the screen.
const NAMED_MAX: usize = 10;

/// A run at a glance.
#[derive(Clone, Debug, Default)]
pub struct RunOverview {
    /// The run as a whole.
    pub facts: RunFacts,
    /// Number of its tasks, skipped ones included.
    pub tasks: usize,
    /// Its tasks by outcome.
    pub counts: OutcomeCounts,
    /// Locks of Macs without a known PIN, with any outcome; first the Macs that are locked.
    pub without_pin: Vec<TaskGroup>,
    /// The same by outcome: no other list names them again.
    pub pinless: OutcomeCounts,
    /// Tasks that failed, by reason.
    pub failed: Vec<TaskGroup>,
    /// Tasks that the API refused.
    pub refused: Vec<TaskGroup>,
    /// Tasks in doubt, by reason.
    pub in_doubt: Vec<TaskGroup>,
    /// Tasks that wait for their device, Not Now included. In one group, the device first that was not seen for longest.
    pub pending: Vec<TaskGroup>,
    /// Tasks that a rule left out.
    pub skipped: Vec<TaskGroup>,
    /// Tasks with a known PIN that was not pruned.
    pub pins_kept: u32,
    /// Tasks that were never sent and that no other run has taken over.
    pub unsent: u32,
    /// Those of them whose earlier step has not ended as it has to. A retry leaves them out.
    pub blocked: u32,
    /// Tasks that a retry sends again, besides what the API refused.
    pub retryable: u32,
    /// Tasks that a retry sends again where it is to repeat what the API refused.
    pub retryable_refused: u32,
    /// What following cost; `None` where nothing was followed.
    pub following: Option<Following>,
}

/// Tasks that share a reason.
#[derive(Clone, Debug, Default)]
pub struct TaskGroup {
    /// The reason of the first one; empty where the outcome says all.
    pub reason: String,
    /// HTTP status of its last answer.
    pub http_status: Option<u16>,
    /// Number of tasks.
    pub count: usize,
    /// The first of them.
    pub named: Vec<NamedTask>,
}

/// A task as a summary names it.
#[derive(Clone, Debug)]
pub struct NamedTask {
    /// The row of the job, from 1.
    pub row: u32,
    /// The step on the device, from 1.
    pub step: u16,
    /// The device as the plan froze it.
    pub device: Arc<DeviceFacts>,
    /// Name of the action.
    pub action: String,
    /// The outcome up to now.
    pub outcome: Outcome,
    /// Last status of its command.
    pub command_status: Option<CommandStatus>,
}

impl RunOverview {
    /// Goes through the rows of a run.
    #[must_use]
    pub fn of(facts: &RunFacts, rows: &Rows<'_>) -> Self {
        let with = |outcome: Outcome| {
            groups_of(
                rows.iter().filter(|row| row.outcome() == outcome && !row.lacks_pin()),
                NAMED_MAX,
            )
        };
        let is_unsent = |row: &ReportRow<'_>| {
            row.outcome() == Outcome::NotAttempted && !row.record().is_settled()
        };
        let is_blocked = |(at, row): &(u32, ReportRow<'_>)| {
            is_unsent(row) && Rerun::of(rows, TaskIndex(*at)).is_none()
        };
        let retryable = count_of(to_retry(rows, Refused::Leave).into_iter());
        let with_refused = count_of(to_retry(rows, Refused::Include).into_iter());
        Self {
            facts: facts.clone(),
            tasks: rows.tasks_count(),
            counts: rows.outcomes(),
            without_pin: pinless_of(rows, NAMED_MAX),
            pinless: pinless_counts(rows),
            failed: with(Outcome::Failed),
            refused: with(Outcome::Refused),
            in_doubt: with(Outcome::InDoubt),
            pending: pending_of(rows, NAMED_MAX),
            skipped: with(Outcome::Skipped),
            pins_kept: count_of(rows.iter().filter(has_pin)),
            unsent: count_of(rows.iter().filter(is_unsent)),
            blocked: count_of((0..).zip(rows.iter()).filter(is_blocked)),
            retryable,
            retryable_refused: with_refused - retryable,
            following: Following::of(facts, rows),
        }
    }
}

fn count_of(found: impl Iterator) -> u32 {
    u32::try_from(found.count()).unwrap_or(u32::MAX)
}

fn has_pin(row: &ReportRow<'_>) -> bool {
    row.record().pin().is_some_and(|pin| pin.expose() != Some(""))
}

/// Locks of Macs without a known PIN: what is locked, then what may lock.
pub(super) fn pinless_of(rows: &Rows<'_>, named_max: usize) -> Vec<TaskGroup> {
    let with = |lock| {
        let is = |row: &ReportRow<'_>| row.lacks_pin() && UnknownPin::of(row.outcome()) == lock;
        groups_of(rows.iter().filter(is), named_max)
    };
    [UnknownPin::Locked, UnknownPin::MayLock].into_iter().flat_map(with).collect()
}

/// How those locks ended.
pub(super) fn pinless_counts(rows: &Rows<'_>) -> OutcomeCounts {
    let mut counts = OutcomeCounts::default();
    rows.iter().filter(ReportRow::lacks_pin).for_each(|row| counts.add(row.outcome()));
    counts
}

/// The tasks that wait for their device, in one group with its first tasks.
pub(super) fn pending_of(rows: &Rows<'_>, named_max: usize) -> Vec<TaskGroup> {
    let is_pending =
        |row: &ReportRow<'_>| matches!(row.outcome(), Outcome::Pending | Outcome::NotNow);
    let waits = |(index, row): (TaskIndex, ReportRow<'_>)| {
        let seen = || row.device().last_check_in.get().unwrap_or(UnixMillis(i64::MAX));
        (is_pending(&row) && !row.lacks_pin()).then(|| (seen(), index))
    };
    let mut waiting: Vec<(UnixMillis, TaskIndex)> =
        (0..).map(TaskIndex).zip(rows.iter()).filter_map(waits).collect();
    waiting.sort_unstable();
    let first = waiting.iter().take(named_max);
    let named = first.filter_map(|(_, index)| rows.get(*index)).map(|row| named(&row)).collect();
    let count = waiting.len();
    if count == 0 { Vec::new() } else { vec![TaskGroup { count, named, ..TaskGroup::default() }] }
}

/// Groups of rows with the same reason, the largest first, each with its first tasks.
pub(super) fn groups_of<'a>(
    rows: impl Iterator<Item = ReportRow<'a>>,
    named_max: usize,
) -> Vec<TaskGroup> {
    let mut groups: Vec<TaskGroup> = Vec::new();
    let mut by_reason: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let reason = match row.outcome() {
            // What follows is what was read of each device.
            Outcome::InDoubt => row.reason().split(';').next().unwrap_or_default().to_owned(),
            _ => row.reason().into_owned(),
        };
        let at = *by_reason.entry(without_times(&reason)).or_insert(groups.len());
        if at == groups.len() {
            let http_status = row.http_status();
            groups.push(TaskGroup { reason, http_status, ..TaskGroup::default() });
        }
        let group = &mut groups[at];
        group.count += 1;
        if group.named.len() < named_max {
            group.named.push(named(&row));
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}

fn named(row: &ReportRow<'_>) -> NamedTask {
    NamedTask {
        row: row.row(),
        step: row.step(),
        device: Arc::clone(&row.task().device),
        action: row.action().to_owned(),
        outcome: row.outcome(),
        command_status: row.command_status(),
    }
}

/// A reason without its moments, which differ between devices that failed alike.
fn without_times(reason: &str) -> String {
    let is_time = |word: &&str| word.contains('T') && UnixMillis::parse(word).is_some();
    let words: Vec<&str> = reason.split(' ').filter(|word| !is_time(word)).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, held_pin, one_of_each, record, task};
    use super::*;
    use crate::model::{Gate, Sealed, Task, TaskRecord};

    #[test]
    fn every_outcome_that_needs_attention_has_its_groups() {
        let (tasks, records) = one_of_each();
        let overview = RunOverview::of(&facts(), &Rows::new(&tasks, &records));
        assert_eq!((overview.tasks, overview.counts.total()), (10, 10));
        for (groups, row) in [
            (&overview.pending, 3),
            (&overview.failed, 6),
            (&overview.refused, 7),
            (&overview.in_doubt, 8),
            (&overview.skipped, 9),
        ] {
            assert_eq!((groups.len(), groups[0].named[0].row), (1, row), "{groups:?}");
        }
        assert_eq!(overview.pending[0].count, 2, "Not Now is pending, too");
    }

    #[test]
    fn tasks_that_failed_alike_are_grouped_at_any_time() {
        let tasks: Vec<Task> = (1..=30).map(|row| task(row, 1, "restart")).collect();
        let reason = |at: usize| format!("no answer since 2026-01-02T03:04:{at:02}Z");
        let failed = tasks.iter().enumerate();
        let failed = failed.map(|(at, task)| record(task, Outcome::Failed, &reason(at)));
        let mut records: Vec<TaskRecord> = failed.collect();
        records[3] = record(&tasks[3], Outcome::Failed, "the device said no");
        let overview = RunOverview::of(&facts(), &Rows::new(&tasks, &records));
        let counts: Vec<usize> = overview.failed.iter().map(|group| group.count).collect();
        assert_eq!(counts, [29, 1]);
        assert_eq!(overview.failed[0].named.len(), NAMED_MAX);
        assert_eq!(overview.failed[0].reason, reason(0));
    }

    #[test]
    fn locks_without_pin_are_a_group_and_others_are_counted() {
        let tasks: Vec<Task> = (1..=3).map(|row| task(row, 1, "lock")).collect();
        let mut records: Vec<TaskRecord> =
            tasks.iter().map(|task| record(task, Outcome::Completed, "")).collect();
        records[0] = record(&tasks[0], Outcome::Failed, "pin_missing: none came");
        records[1].pins = vec![held_pin("987123")];
        let pruned = Sealed::clear(String::new());
        records[2].pins = vec![crate::model::HeldPin { pin: pruned, ..held_pin("1") }];
        let overview = RunOverview::of(&facts(), &Rows::new(&tasks, &records));
        assert_eq!(overview.without_pin[0].count, 1);
        assert!(overview.failed.is_empty(), "it is named once");
        assert_eq!(overview.pinless.of(Outcome::Failed), 1);
        assert_eq!(overview.pins_kept, 1, "a pruned PIN is none");
        assert!(!format!("{overview:?}").contains("987123"));
    }

    #[test]
    fn the_device_that_was_not_seen_for_longest_comes_first() {
        let mut tasks: Vec<Task> = (1..=3).map(|row| task(row, 1, "restart")).collect();
        tasks[1].device_mut().last_check_in = UnixMillis(2).into();
        tasks[2].device_mut().last_check_in = UnixMillis(1).into();
        let pending = tasks.iter().map(|task| record(task, Outcome::Pending, ""));
        let records: Vec<TaskRecord> = pending.collect();
        let overview = RunOverview::of(&facts(), &Rows::new(&tasks, &records));
        let rows: Vec<u32> = overview.pending[0].named.iter().map(|task| task.row).collect();
        assert_eq!(rows, [3, 2, 1]);
    }

    #[test]
    fn a_step_behind_a_doubt_is_blocked() {
        let mut tasks = [task(1, 1, "lock"), task(1, 2, "erase")];
        tasks[1].after = Some((TaskIndex(0), Gate::GoodEnd));
        let records = [record(&tasks[0], Outcome::InDoubt, ""), TaskRecord::new(&tasks[1])];
        let overview = RunOverview::of(&facts(), &Rows::new(&tasks, &records));
        assert_eq!((overview.unsent, overview.blocked), (1, 1));
    }
}
