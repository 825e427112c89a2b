//! Reports to be opened.
//!
//! Owns a run with every outcome, hostile names, steps and waves. Must never start a browser.

use sortie::model::{
    Carried, DeviceFacts, DeviceGroup, DeviceId, End, Event, HeldPin, Outcome, PagePins, PinOrigin,
    Platform, Repeat, ReportOptions, Risk, RunRecord, RunVerdict, Sealed, StopCause, Task, TaskId,
    TaskIndex, TaskRecord, TaskWork, Turn, UnixMillis, WaveBegin, WaveGate,
};
use sortie::report::{ReportHtml, Rows, RunFacts, write_report};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A report on disk.
pub struct ReportPage {
    path: PathBuf,
    _directory: tempfile::TempDir,
}

impl ReportPage {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A report with so many rows.
pub fn page_of(count: u32) -> ReportPage {
    let tasks: Vec<Task> = (1..=count).map(|row| task(row, count)).collect();
    let records: Vec<TaskRecord> = tasks.iter().map(|task| record(task, count)).collect();
    let directory = tempfile::tempdir().expect("a directory");
    let options = ReportOptions { pins: PagePins::Shown, ..ReportOptions::default() };
    let report = ReportHtml { options: &options };
    let path = write_report(directory.path(), &report, &facts(), &Rows::new(&tasks, &records));
    ReportPage { path: path.expect("it can be written"), _directory: directory }
}

fn start() -> UnixMillis {
    UnixMillis::parse("2026-11-29T09:12:04Z").expect("a moment")
}

fn facts() -> RunFacts {
    let wave = |wave, minutes: u64, reason: &str| WaveBegin {
        wave,
        at: start().plus_ms(minutes * 60_000),
        reason: reason.to_owned(),
    };
    RunFacts {
        run_id: "20261129-091204-k3v9q".to_owned(),
        job: "lock-lost-macs".to_owned(),
        tenant: "acme".to_owned(),
        started_at: start(),
        finished_at: Some(start().plus_ms(47 * 60_000)),
        requests: [("action".to_owned(), 640), ("look".to_owned(), 1_204), ("pin".to_owned(), 61)]
            .into(),
        per_hour: 8_000,
        reason: Some("INC-20417: Macs reported as stolen".to_owned()),
        is_simulated: true,
        operator: "ann on admin-mac-7".to_owned(),
        planned_by: "bob on admin-mac-2".to_owned(),
        approver: Some("carol@example.org".to_owned()),
        confirmation: "typed 'lock 60 Macs' on a terminal".to_owned(),
        wave_gate: Some(WaveGate::Settled),
        verdict: Some(RunVerdict::Doubt),
        record: RunRecord {
            last_at: start().plus_ms(47 * 60_000),
            stop: Some((StopCause::Errors, "18 of 60 tasks ended with an error".to_owned())),
            waves: vec![
                wave(1, 6, "wave 1 ended well"),
                wave(2, 18, "wave 2 ended with 1 of 3 tolerated errors"),
            ],
            ..RunRecord::default()
        },
        ..RunFacts::default()
    }
}

fn task(row: u32, count: u32) -> Task {
    const NAMES: [&str; 5] = [
        "Ann's MacBook Pro",
        "Design Mac Studio <script>window.hacked = 1</script>",
        "reception-ipad-with-a-name-that-is-long-and-has-no-space-at-all-2026",
        "محمد MacBook",
        "佐藤さんの iMac",
    ];
    let place = row as usize;
    let device = DeviceFacts {
        id: DeviceId::from_api(&format!("d2b2eafe-2dc2-4b13-bd2b-{row:012}")),
        serial_number: format!("SN{row:04}").replace("SN00", "SN").into(),
        name: NAMES[place % NAMES.len()].into(),
        user_email: format!("user{row}@example.org").into(),
        user_name: ["Ann Lee", "Bob Okafor", ""][place % 3].into(),
        group: Arc::new(DeviceGroup {
            platform: Platform::Mac,
            blueprint: ["Standard Macs", "Design"][place % 2].into(),
            ..DeviceGroup::default()
        }),
        last_check_in: UnixMillis(start().0 - i64::from(row) * 5_000_000).into(),
    };
    let action = if row.is_multiple_of(3) { "lock" } else { "restart" };
    Task {
        id: TaskId(u64::from(row)),
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
        step: 1,
        device: Arc::new(device),
        after: None,
        turn: Turn::Do,
        carried: Carried::default(),
        wave: u16::try_from(row * 3 / (count + 1)).expect("three waves"),
    }
}

fn record(task: &Task, count: u32) -> TaskRecord {
    let mut record = TaskRecord::new(task);
    let place = task.row as usize % Outcome::ALL.len();
    // In a large run nearly all goes well.
    let outcome = if count > 100 && !task.row.is_multiple_of(97) {
        Outcome::Completed
    } else {
        Outcome::ALL[place]
    };
    let reason = match outcome {
        Outcome::Failed => {
            "MDM error 12078: the device is in a state in which it refuses the command"
        }
        Outcome::Refused => "403 Forbidden: the token lacks this permission",
        Outcome::InDoubt => "no answer within 60 s; not found: no command in the history since",
        Outcome::Skipped => "the device is on the protect list",
        _ => "",
    };
    let spread = u64::from(task.row) * 2_600_000 / u64::from(count.max(1));
    let ended = start().plus_ms(20_000 + spread);
    if outcome != Outcome::NotAttempted {
        let reason = reason.to_owned();
        record.apply(ended, &Event::Settled { task: TaskIndex(0), outcome, reason });
        record.attempts = 1;
        record.http_status = Some(if outcome == Outcome::Refused { 403 } else { 200 });
    }
    if task.action == "lock" && outcome == Outcome::Completed {
        record.pins = vec![HeldPin {
            pin: Sealed::clear(format!("{:06}", task.row)),
            origin: PinOrigin::Answer,
            at: ended,
            is_verified: true,
            may_be_older: false,
            flaw: None,
            run: None,
        }];
    }
    record
}
