//! Runs for the tests of all formats.
//!
//! Owns tasks and records with every outcome. Must never be built into the product.

use super::{Report, Rows, RunFacts};
use crate::model::{
    Carried, DeviceFacts, DeviceGroup, DeviceId, End, Event, HeldPin, Outcome, ParamValue,
    PinOrigin, Platform, Repeat, Risk, Sealed, Task, TaskId, TaskIndex, TaskRecord, TaskWork, Turn,
    UnixMillis,
};
use std::sync::Arc;

pub(super) fn facts() -> RunFacts {
    RunFacts {
        run_id: "20260102-030400-abcde".to_owned(),
        job: "lab".to_owned(),
        tenant: "acme".to_owned(),
        started_at: UnixMillis::parse("2026-01-02T03:04:00Z").expect("a moment"),
        requests: [("send".to_owned(), 8), ("follow".to_owned(), 4)].into(),
        per_hour: 8_000,
        ..RunFacts::default()
    }
}

/// A PIN as the answer to a lock brings it.
pub(super) fn held_pin(pin: &str) -> HeldPin {
    HeldPin {
        pin: Sealed::clear(pin.to_owned()),
        origin: PinOrigin::Answer,
        at: UnixMillis(0),
        is_verified: false,
        may_be_older: false,
        flaw: None,
        run: None,
    }
}

pub(super) fn task(row: u32, step: u16, action: &str) -> Task {
    let device = DeviceFacts {
        id: DeviceId::from_api(&format!("d{row}")),
        serial_number: format!("SN{row}").into(),
        name: format!("Mac-{row}").into(),
        user_email: format!("user{row}@example.org").into(),
        group: DeviceGroup::on(Platform::Mac),
        ..DeviceFacts::default()
    };
    Task {
        id: TaskId(u64::from(row) << 16 | u64::from(step)),
        work: Arc::new(TaskWork {
            action: action.to_owned(),
            params: std::collections::BTreeMap::new(),
            risk: Risk::Disruptive,
            repeat: Repeat::Once,
            end: End::Command {
                request_types: Vec::new(),
                mark: None,
                or_gone: false,
                or_named: None,
                or_state: None,
            },
            capture: Vec::new(),
        }),
        row,
        step,
        device: Arc::new(device),
        after: None,
        turn: Turn::Do,
        carried: Carried::default(),
        wave: 0,
    }
}

pub(super) fn with(mut task: Task, params: &[(&str, &str)]) -> Task {
    let text = |text: &str| ParamValue::Text(text.to_owned());
    task.params.extend(params.iter().map(|(key, value)| ((*key).to_owned(), text(value))));
    task
}

pub(super) fn carrying(mut task: Task, cells: &[(&str, &str)]) -> Task {
    task.carried = cells.iter().copied().collect();
    task
}

/// A task with this outcome; `reason` may be empty.
pub(super) fn record(task: &Task, outcome: Outcome, reason: &str) -> TaskRecord {
    let mut record = TaskRecord::new(task);
    let at = UnixMillis::parse("2026-01-02T03:04:05Z").expect("a moment");
    if outcome != Outcome::NotAttempted {
        let reason = reason.to_owned();
        record.apply(at, &Event::Settled { task: TaskIndex(0), outcome, reason });
    }
    record
}

/// Ten tasks, one for each outcome, in the order of [`Outcome::ALL`].
pub(super) fn one_of_each() -> (Vec<Task>, Vec<TaskRecord>) {
    let tasks: Vec<Task> = (1..=10).map(|row| task(row, 1, "restart")).collect();
    let records = tasks
        .iter()
        .zip(Outcome::ALL)
        .map(|(task, outcome)| record(task, outcome, "for a reason"))
        .collect();
    (tasks, records)
}

pub(super) fn text_of(report: &dyn Report, facts: &RunFacts, rows: &Rows<'_>) -> String {
    let mut bytes = Vec::new();
    report.write(facts, rows, &mut bytes).expect("memory takes everything");
    String::from_utf8(bytes).expect("UTF-8")
}

/// The cells of a CSV report, header included, as a spreadsheet sees them.
pub(super) fn lines_of(report: &dyn Report, facts: &RunFacts, rows: &Rows<'_>) -> Vec<Vec<String>> {
    let text = text_of(report, facts, rows);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader
        .records()
        .map(|line| line.expect("as many cells as headers").iter().map(str::to_owned).collect())
        .collect()
}
