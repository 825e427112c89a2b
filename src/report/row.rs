//! One task of a run as a report shows it.
//!
//! Owns the reading of a task and its record, column by column: all formats are built on it, so that
//! they cannot differ. Must never format for one of them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::tenant_spans::{Stage, TenantFacts, TenantSpan, span_of, stage_of};

use crate::model::{
    CommandStatus, DeviceFacts, End, HeldPin, Outcome, OutcomeCounts, Params, PinOrigin, Platform,
    RunMeasures, RunRecord, RunVerdict, SharedText, Task, TaskIndex, TaskRecord, Turn, UnixMillis,
    WaveGate,
};

/// The action whose PIN a Mac cannot be used without.
const LOCK: &str = "lock";

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
    tasks: &'a [Task],
    records: &'a [TaskRecord],
    stage: Stage,
    spans: &'a [TenantSpan],
}

impl<'a> Rows<'a> {
    /// Puts tasks and records together: the first with the first, and so on.
    #[must_use]
    pub fn new(tasks: &'a [Task], records: &'a [TaskRecord]) -> Self {
        Self { tasks, records, stage: Stage::Ended, spans: &[] }
    }

    /// The same rows, divided among tenants.
    pub(super) fn of_tenants(self, spans: &'a [TenantSpan]) -> Self {
        Self { spans, ..self }
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
        self.tasks.len()
    }

    /// How many records there are; anything but the number of tasks is a mistake.
    #[must_use]
    pub fn records_count(&self) -> usize {
        self.records.len()
    }

    /// The row of one task; `None` where the run has no such task.
    #[must_use]
    pub fn get(&self, index: TaskIndex) -> Option<ReportRow<'a>> {
        let task = self.tasks.get(index.at())?;
        let record = self.records.get(index.at())?;
        let before = task.after.and_then(|(before, _)| {
            Some((self.tasks.get(before.at())?.step, self.records.get(before.at())?.outcome()))
        });
        let span = span_of(self.spans, index.at());
        let stage = stage_of(span, self.stage);
        Some(ReportRow { task, record, before, stage, span })
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
        self.iter().for_each(|row| counts.add(row.outcome()));
        counts
    }
}

/// One row of a report. Texts are as they are: neutralizing them is the format's affair.
#[derive(Copy, Clone, Debug)]
pub struct ReportRow<'a> {
    task: &'a Task,
    record: &'a TaskRecord,
    before: Option<(u16, Outcome)>,
    stage: Stage,
    span: Option<&'a TenantSpan>,
}

impl<'a> ReportRow<'a> {
    /// The frozen task that the row reports.
    #[must_use]
    pub fn task(&self) -> &'a Task {
        self.task
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
        self.task.row
    }

    /// The step on the device, from 1.
    #[must_use]
    pub fn step(&self) -> u16 {
        self.task.step
    }

    /// The device as the plan froze it: the facts of that moment.
    #[must_use]
    pub fn device(&self) -> &'a DeviceFacts {
        &self.task.device
    }

    /// Name of the action, as the action table writes it.
    #[must_use]
    pub fn action(&self) -> &'a str {
        &self.task.action
    }

    /// The outcome of the task up to now.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.record.outcome()
    }

    /// Why it is in this state; empty where the outcome says all.
    #[must_use]
    pub fn reason(&self) -> Cow<'a, str> {
        reason_of(self.task, self.record, self.before, self.stage)
    }

    /// The same with the PINs to try after that of `lock_pin`, each with its origin. Unencrypted: only for files that the
    /// operator asked for, never for a terminal or a log.
    #[must_use]
    pub fn reason_with_pins(&self) -> Cow<'a, str> {
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
        let is_lock = self.task.action == LOCK && self.task.device.platform == Platform::Mac;
        let is_done = self.task.turn == Turn::Do;
        is_lock && is_done && self.record.pin().is_none() && (is_taken || self.is_pin_missing())
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
    pub fn params(&self) -> &'a Params {
        &self.task.params
    }

    /// Columns of the job that mean nothing to us.
    #[must_use]
    pub fn carried(&self) -> &'a [(SharedText, SharedText)] {
        &self.task.carried
    }

    /// The result of a read, as JSON text.
    #[must_use]
    pub fn result(&self) -> Option<&'a str> {
        self.record.result.as_deref()
    }

    /// The task before it on the same device: its step, and its state.
    #[must_use]
    pub fn before(&self) -> Option<(u16, Outcome)> {
        self.before
    }

    /// Whether the task before it, if there is one, lets this one begin.
    #[must_use]
    pub fn is_released(&self) -> bool {
        match (self.task.after, self.before) {
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

/// Why a task is in its state: the record's own words, else what follows from the plan. `before` is
/// the step of the task that it waits for, and its state.
#[must_use]
pub fn reason_of<'a>(
    task: &'a Task,
    record: &'a TaskRecord,
    before: Option<(u16, Outcome)>,
    stage: Stage,
) -> Cow<'a, str> {
    if !record.reason.is_empty() {
        return Cow::Borrowed(&record.reason);
    }
    match record.outcome() {
        Outcome::Accepted => match &task.end {
            End::Acceptance { why } => Cow::Borrowed(why),
            _ => Cow::Borrowed("not followed"),
        },
        Outcome::Pending => Cow::Borrowed("the device has not finished the command"),
        Outcome::NotNow => Cow::Borrowed("the device answered Not Now; MDM asks again"),
        Outcome::NotAttempted => match (task.after, before) {
            (Some((_, gate)), Some((step, outcome)))
                if outcome != Outcome::NotAttempted && !gate.opens(outcome) =>
            {
                Cow::Owned(format!("step {step} ended {outcome}"))
            }
            _ if stage == Stage::GoesOn => Cow::Borrowed("queued"),
            _ => Cow::Borrowed("the run ended before this task was sent"),
        },
        _ => Cow::Borrowed(""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{held_pin, record, task};
    use super::*;
    use crate::model::{Gate, Sealed};

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

    #[test]
    fn a_reason_is_found_where_the_record_has_none() {
        let mut first = task(1, 1, "restart");
        let seen = |task: &Task, outcome, before| {
            reason_of(task, &record(task, outcome, ""), before, Stage::Ended).into_owned()
        };
        assert_eq!(seen(&first, Outcome::Accepted, None), "not followed");
        first.end = End::Acceptance { why: "Windows shows no commands".to_owned() };
        assert_eq!(seen(&first, Outcome::Accepted, None), "Windows shows no commands");
        assert_eq!(seen(&first, Outcome::Completed, None), "");
        assert_eq!(seen(&first, Outcome::Pending, None), "the device has not finished the command");
        let ended = "the run ended before this task was sent";
        assert_eq!(seen(&first, Outcome::NotAttempted, None), ended);
        first.after = Some((TaskIndex(0), Gate::Completed));
        for (before, expected) in [
            (Outcome::Refused, "step 1 ended refused"),
            (Outcome::InDoubt, "step 1 ended in_doubt"),
            (Outcome::Accepted, "step 1 ended accepted"),
            (Outcome::Completed, ended),
            (Outcome::NotAttempted, ended),
        ] {
            assert_eq!(seen(&first, Outcome::NotAttempted, Some((1, before))), expected);
        }
        let refused = record(&first, Outcome::Refused, "no such device");
        assert_eq!(reason_of(&first, &refused, None, Stage::Ended), "no such device");
        let waits = record(&first, Outcome::NotAttempted, "");
        for (before, expected) in
            [(Outcome::Completed, "queued"), (Outcome::Refused, "step 1 ended refused")]
        {
            assert_eq!(reason_of(&first, &waits, Some((1, before)), Stage::GoesOn), expected);
        }
    }
}
