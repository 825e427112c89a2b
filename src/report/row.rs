//! One task of a run as a report shows it.
//!
//! Owns the reading of a task and its record, column by column: all formats are built on it, so that
//! they cannot differ. Must never format for one of them.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::column_names::ColumnNames;
use super::row_tasks::{RowTasks, StoredRows};
use super::task_reason::reason_of;
use super::tenant_spans::{Stage, TenantFacts, TenantSpan, span_of, stage_of};

use crate::model::{
    CommandStatus, DeviceFacts, HeldPin, Outcome, OutcomeCounts, Params, PinOrigin, RunMeasures,
    RunRecord, RunVerdict, SharedText, Task, TaskFault, TaskIndex, TaskRecord, UnixMillis,
    WaveGate,
};

/// What a report says about the run as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFacts {
    /// The run's id.
    pub run_id: String,
    /// Name of the job.
    pub job: String,
    /// The tenant, as people know it.
    pub tenant: String,
    /// When the run started.
    pub started_at: UnixMillis,
    /// When it ended; `None` while it goes on.
    pub finished_at: Option<UnixMillis>,
    /// Requests made, by kind.
    pub requests: BTreeMap<String, u64>,
    /// Most requests in any 60 minutes.
    pub per_hour: u32,
    /// Why the job is done, such as a ticket.
    pub reason: Option<String>,
    /// Whether the tenant is a simulated one.
    pub is_simulated: bool,
    /// The user who started it, on which host; empty where an older program wrote the run.
    pub operator: String,
    /// The user who made its plan, on which host.
    pub planned_by: String,
    /// Who approved it.
    pub approver: Option<String>,
    /// Why it was sent outside of its window.
    pub break_glass: Option<String>,
    /// How it was confirmed.
    pub confirmation: String,
    /// What has to hold of a wave before the next begins; `None` without waves.
    pub wave_gate: Option<WaveGate>,
    /// How it ended; `None` while it goes on.
    pub verdict: Option<RunVerdict>,
    /// What its entries say of the run as a whole.
    pub record: RunRecord,
    /// What its processes measured; nothing of a group.
    pub measures: RunMeasures,
    /// The tenants of a group of runs; empty for a single run.
    pub tenants: Vec<TenantFacts>,
}

/// All tasks of a run with what is known of each. Borrows both, so it can be gone through again and again.
///
/// ```
/// use sortie::report::Rows;
/// assert_eq!(Rows::new(&[], &[]).iter().count(), 0);
/// ```
#[derive(Copy, Clone, Debug)]
pub struct Rows<'a> {
    tasks: RowTasks<'a>,
    records: &'a [TaskRecord],
    stage: Stage,
    spans: &'a [TenantSpan],
}

impl<'a> Rows<'a> {
    /// Puts tasks and records together: the first with the first, and so on.
    #[must_use]
    pub fn new(tasks: &'a [Task], records: &'a [TaskRecord]) -> Self {
        Self { tasks: RowTasks::InMemory(tasks), records, stage: Stage::Ended, spans: &[] }
    }

    /// The same of tasks that are read when a row needs them.
    #[must_use]
    pub fn stored(tasks: &'a StoredRows, records: &'a [TaskRecord]) -> Self {
        Self { tasks: RowTasks::Stored(tasks), records, stage: Stage::Ended, spans: &[] }
    }

    /// The first task that could not be read so far: what was made of these rows lacks it.
    #[must_use]
    pub fn fault(&self) -> Option<&'a TaskFault> {
        self.tasks.fault()
    }

    /// The same rows, divided among tenants.
    pub(super) fn of_tenants(self, spans: &'a [TenantSpan]) -> Self {
        Self { spans, ..self }
    }

    /// The names that their tasks bring into a header.
    pub(super) fn column_names(&self) -> Cow<'a, ColumnNames> {
        self.tasks.column_names()
    }

    /// The rows are of several tenants.
    #[must_use]
    pub fn has_tenants(&self) -> bool {
        !self.spans.is_empty()
    }

    /// The same of a run at this stage; a run has ended where nothing else is said.
    #[must_use]
    pub fn at(self, stage: Stage) -> Self {
        Self { stage, ..self }
    }

    /// Number of tasks of the run, skipped ones included.
    #[must_use]
    pub fn tasks_count(&self) -> usize {
        self.tasks.count()
    }

    /// How many records there are; anything but the number of tasks is a mistake.
    #[must_use]
    pub fn records_count(&self) -> usize {
        self.records.len()
    }

    /// The row of one task; `None` where the run has no such task.
    #[must_use]
    pub fn get(&self, index: TaskIndex) -> Option<ReportRow<'a>> {
        let record = self.records.get(index.at())?;
        (index.at() < self.tasks.count()).then(|| ReportRow {
            rows: *self,
            index,
            record,
            task: OnceCell::new(),
            span: span_of(self.spans, index.at()),
        })
    }

    /// All rows, in the order of the plan.
    pub fn iter(&self) -> impl Iterator<Item = ReportRow<'a>> + use<'a> {
        let rows = *self;
        (0..).map_while(move |at| rows.get(TaskIndex(at)))
    }

    /// Number of tasks by outcome, over all rows.
    #[must_use]
    pub fn outcomes(&self) -> OutcomeCounts {
        let mut counts = OutcomeCounts::default();
        let of_tasks = self.records.iter().take(self.tasks_count());
        of_tasks.for_each(|record| counts.add(record.outcome()));
        counts
    }
}

/// One row of a report. Texts are as they are: neutralizing them is the format's affair. Its task is read when it is first
/// asked for.
#[derive(Clone, Debug)]
pub struct ReportRow<'a> {
    rows: Rows<'a>,
    index: TaskIndex,
    record: &'a TaskRecord,
    task: OnceCell<Cow<'a, Task>>,
    span: Option<&'a TenantSpan>,
}

impl<'a> ReportRow<'a> {
    /// The frozen task that the row reports.
    #[must_use]
    pub fn task(&self) -> &Task {
        self.task.get_or_init(|| self.rows.tasks.get(self.index))
    }

    /// The fold over the task's entries: what happened to it up to now.
    #[must_use]
    pub fn record(&self) -> &'a TaskRecord {
        self.record
    }

    /// The tenant, by the name of its profile; `None` in the report of a single run.
    #[must_use]
    pub fn tenant(&self) -> Option<&'a str> {
        self.span.map(|span| span.tenant.as_str())
    }

    /// The run of the row with its end; `None` in the report of a single run.
    pub(super) fn own_run(&self) -> Option<(&'a str, Option<UnixMillis>)> {
        self.span.map(|span| (span.run.as_str(), span.finished_at))
    }

    /// The row of the job, from 1.
    #[must_use]
    pub fn row(&self) -> u32 {
        self.task().row
    }

    /// The step on the device, from 1.
    #[must_use]
    pub fn step(&self) -> u16 {
        self.task().step
    }

    /// The device as the plan froze it: the facts of that moment.
    #[must_use]
    pub fn device(&self) -> &DeviceFacts {
        &self.task().device
    }

    /// Name of the action, as the action table writes it.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.task().action
    }

    /// The outcome of the task up to now.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.record.outcome()
    }

    /// Why it is in this state; empty where the outcome says all.
    #[must_use]
    pub fn reason(&self) -> Cow<'_, str> {
        if !self.record.reason.is_empty() {
            return Cow::Borrowed(&self.record.reason);
        }
        let stage = stage_of(self.span, self.rows.stage);
        reason_of(self.task(), self.record, self.before(), stage)
    }

    /// The same with the PINs to try after that of `lock_pin`, each with its origin. Unencrypted: only for files that the
    /// operator asked for, never for a terminal or a log.
    #[must_use]
    pub fn reason_with_pins(&self) -> Cow<'_, str> {
        let reason = self.reason();
        match (self.other_pins(), reason.is_empty()) {
            (None, _) => reason,
            (Some(others), true) => format!("other PINs: {others}").into(),
            (Some(others), false) => format!("{reason}; other PINs: {others}").into(),
        }
    }

    /// The PINs to try after that of `lock_pin`, each with its origin; `None` where there are none. Unencrypted, as
    /// `lock_pin` is.
    #[must_use]
    pub fn other_pins(&self) -> Option<String> {
        let first = self.record.first_pin();
        let others = self.record.pins.iter().filter(|held| first.is_some_and(|it| it != *held));
        let named = others.map(|held| {
            let origin =
                if held.may_be_older { "possibly from an older lock" } else { held.origin.word() };
            match held.pin.expose() {
                Some("") => format!("a pruned one ({origin})"),
                Some(pin) => format!("{pin} ({origin})"),
                None => format!("an encrypted one ({origin})"),
            }
        });
        let named: Vec<String> = named.collect();
        (!named.is_empty()).then(|| named.join(", "))
    }

    /// HTTP status of the last answer; `None` where there was none.
    #[must_use]
    pub fn http_status(&self) -> Option<u16> {
        self.record.http_status
    }

    /// UUID of the command in the device's history; `None` where none was found.
    #[must_use]
    pub fn command_uuid(&self) -> Option<&'a str> {
        self.record.command.as_ref().map(|command| command.uuid.as_str())
    }

    /// Last status of that command, as the device's history showed it.
    #[must_use]
    pub fn command_status(&self) -> Option<CommandStatus> {
        self.record.command.as_ref().map(|command| command.status)
    }

    /// The PIN to try first, unencrypted: it goes only into files that the operator asked for. One that only
    /// the holders of keys can read is a word that says how it came; a Mac that was locked and has none
    /// is `missing`.
    #[must_use]
    pub fn lock_pin(&self) -> Option<&'a str> {
        let known = self.record.first_pin().or_else(|| self.record.odd_pin());
        let exposed = known.and_then(|held| held.pin.expose()).filter(|pin| !pin.is_empty());
        exposed.or_else(|| self.lock_pin_state())
    }

    /// What became of the PIN, never the PIN itself: how it came, `pruned` or `missing`. `None` where none belongs to the
    /// task.
    #[must_use]
    pub fn lock_pin_state(&self) -> Option<&'static str> {
        match self.record.first_pin() {
            Some(held) if held.pin.expose() == Some("") => Some("pruned"),
            Some(held) => Some(match held.origin {
                PinOrigin::Answer | PinOrigin::Drawn | PinOrigin::OtherRun => "captured",
                PinOrigin::Recovered | PinOrigin::RecoveredLater => "recovered",
            }),
            None => match self.record.odd_pin() {
                Some(odd) if odd.pin.expose() == Some("") => Some("pruned"),
                Some(_) => Some("captured, of unusual form"),
                None => self.lacks_pin().then_some("missing"),
            },
        }
    }

    /// All PINs of the task that are known, the newest first.
    #[must_use]
    pub fn pins(&self) -> &'a [HeldPin] {
        &self.record.pins
    }

    /// Whether this is the lock of a Mac that the API has taken and no PIN is known, with any outcome
    /// otherwise.
    #[must_use]
    pub fn lacks_pin(&self) -> bool {
        let is_taken = matches!(
            self.outcome(),
            Outcome::Completed
                | Outcome::Accepted
                | Outcome::Pending
                | Outcome::NotNow
                | Outcome::AlreadyInEffect
        );
        let may_lack = self.record.pin().is_none() && (is_taken || self.is_pin_missing());
        may_lack && self.rows.tasks.is_lock(self.index)
    }

    /// Whether its task is to be done and more than benign: the devices of no other tasks are counted for a cap.
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.rows.tasks.is_capped(self.index)
    }

    /// Number of requests with a recorded intent. The last one may not have left.
    #[must_use]
    pub fn attempts(&self) -> u16 {
        self.record.attempts
    }

    /// The moment of the first request; `None` where nothing was sent.
    #[must_use]
    pub fn requested_at(&self) -> Option<UnixMillis> {
        self.record.requested_at
    }

    /// The moment at which the task ended; `None` while it is open.
    #[must_use]
    pub fn completed_at(&self) -> Option<UnixMillis> {
        self.record.completed_at
    }

    /// The parameters of the task, by their keys in the API. Secrets among them are sealed.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.task().params
    }

    /// Columns of the job that mean nothing to us.
    #[must_use]
    pub fn carried(&self) -> &[(SharedText, SharedText)] {
        &self.task().carried
    }

    /// The result of a read, as JSON text.
    #[must_use]
    pub fn result(&self) -> Option<&'a str> {
        self.record.result.as_deref()
    }

    /// The task before it on the same device: its step, and its state.
    #[must_use]
    pub fn before(&self) -> Option<(u16, Outcome)> {
        let (before, _) = self.task().after?;
        let record = self.rows.records.get(before.at())?;
        Some((self.rows.tasks.step(before)?, record.outcome()))
    }

    /// Whether the task before it, if there is one, lets this one begin.
    #[must_use]
    pub fn is_released(&self) -> bool {
        match (self.task().after, self.before()) {
            (Some((_, gate)), Some((_, outcome))) => gate.opens(outcome),
            _ => true,
        }
    }

    /// Whether a Mac was locked and no PIN can be read.
    #[must_use]
    pub fn is_pin_missing(&self) -> bool {
        self.record.is_pin_missing()
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{held_pin, record, task};
    use super::*;
    use crate::model::{Platform, Sealed};

    #[test]
    fn a_pin_is_shown_with_its_origin_or_as_missing() {
        let lock = task(1, 1, "lock");
        let pin_of = |task: &Task, record: TaskRecord| {
            let (tasks, records) = ([task.clone()], [record]);
            let rows = Rows::new(&tasks, &records);
            rows.get(TaskIndex(0)).and_then(|row| row.lock_pin()).map(str::to_owned)
        };
        let held = |pin: Sealed, origin| {
            let mut held = record(&lock, Outcome::Completed, "");
            held.pins = vec![HeldPin { origin, pin, ..held_pin("1") }, held_pin("2")];
            held
        };
        let closed = || Sealed::encrypted("age".to_owned(), None);
        for (origin, word) in [
            (PinOrigin::Answer, "captured"),
            (PinOrigin::Drawn, "captured"),
            (PinOrigin::Recovered, "recovered"),
            (PinOrigin::RecoveredLater, "recovered"),
        ] {
            assert_eq!(pin_of(&lock, held(closed(), origin)).as_deref(), Some(word));
            let clear = held(Sealed::clear("012345".to_owned()), origin);
            assert_eq!(pin_of(&lock, clear).as_deref(), Some("012345"));
        }
        let without = |task: &Task, outcome, reason| pin_of(task, record(task, outcome, reason));
        let missing = Some("missing".to_owned());
        for outcome in Outcome::ALL {
            let is_taken = matches!(
                outcome,
                Outcome::Completed
                    | Outcome::Accepted
                    | Outcome::Pending
                    | Outcome::NotNow
                    | Outcome::AlreadyInEffect
            );
            let expected = if is_taken { missing.clone() } else { None };
            assert_eq!(without(&lock, outcome, "a reason"), expected, "{outcome}");
            assert_eq!(without(&task(1, 1, "erase"), outcome, ""), None);
        }
        assert_eq!(without(&lock, Outcome::Failed, "pin_missing: none came"), missing);
        let mut phone = lock.clone();
        phone.device_mut().platform = Platform::IPhone;
        assert_eq!(without(&phone, Outcome::Completed, ""), None);
    }
}
