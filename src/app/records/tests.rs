//! Reports from records: the same as those of a run on this host.
//!
//! Owns what putting parts together keeps and refuses. Must never compare anything but whole files.

use super::*;
use crate::journal::{Provenance, RunJournal, StateDir};
use crate::model::{
    Carried, DeviceFacts, DeviceId, End, Event, Gate, Outcome, Params, Policy, Repeat, Risk, RunId,
    StopCause, TaskId, TaskWork, Turn, Verdict,
};
use std::sync::Arc;

const STARTED: UnixMillis = UnixMillis(1_800_000_000_000);

fn header() -> RunHeader {
    RunHeader {
        run: RunId("20270115-080000-abcde".to_owned()),
        job: "lab".to_owned(),
        job_digest: "digest".to_owned(),
        reason: Some("TICKET-7".to_owned()),
        tenant: "acme".to_owned(),
        base_url: "https://acme.api.kandji.io".to_owned(),
        simulated: false,
        started_at: STARTED,
        policy: Policy::default_at(STARTED, 1),
        report_dir: "reports".into(),
        report_formats: ["csv", "jsonl", "html"].map(str::to_owned).to_vec(),
        report_options: crate::model::ReportOptions::default(),
        metrics_file: None,
        confirmation: "'6' on the terminal".to_owned(),
        pending_ok: false,
        encrypt_to: Vec::new(),
        provenance: Provenance::default(),
    }
}

/// Three devices with two steps each, in the order of the plan.
fn tasks() -> Vec<Task> {
    let task = |at: u32| Task {
        id: TaskId(u64::from(at)),
        work: Arc::new(TaskWork {
            action: "restart".to_owned(),
            params: Params::new(),
            risk: Risk::Disruptive,
            repeat: Repeat::Once,
            end: End::Gone,
            capture: Vec::new(),
        }),
        row: at / 2 + 1,
        step: if at.is_multiple_of(2) { 1 } else { 2 },
        device: Arc::new(DeviceFacts {
            id: DeviceId::from_api(&format!("d{}", at / 2)),
            serial_number: format!("S{}", at / 2).into(),
            ..DeviceFacts::default()
        }),
        after: (at % 2 == 1).then(|| (TaskIndex(at - 1), Gate::GoodEnd)),
        turn: Turn::Do,
        carried: Carried::default(),
        wave: 0,
    };
    (0..6).map(task).collect()
}

fn at(second: i64, event: Event) -> Entry {
    Entry { at: UnixMillis(STARTED.0 + second * 1_000), event }
}

/// What happens to one task: it is sent, answered and settled.
fn life(task: u32, second: i64, outcome: Outcome) -> [Entry; 3] {
    let task = TaskIndex(task);
    let verdict =
        Verdict::Unknown { reason: "no answer".to_owned(), ends_run: false, retry_after_ms: None };
    [
        at(second, Event::Intent { task, attempt: 1, pin: None, sends: None, lists: None }),
        at(second + 1, Event::Answered { task, attempt: 1, http_status: None, verdict }),
        at(second + 2, Event::Settled { task, outcome, reason: String::new() }),
    ]
}

fn run_entries() -> [Entry; 3] {
    let reason = "too many errors".to_owned();
    [
        at(0, Event::Opened { program: "sortie".to_owned() }),
        at(40, Event::Stopped { cause: StopCause::Errors, reason }),
        at(41, Event::Closed),
    ]
}

/// The run in two parts: the devices of the first come last in it.
fn parts() -> Vec<RecordsPart> {
    let all = tasks();
    let part = |positions: &[u32], entries: Vec<Entry>| {
        let local = |task: TaskIndex| {
            let place = positions.iter().position(|at| *at == task.0);
            TaskIndex(u32::try_from(place.expect("the same part")).expect("few"))
        };
        let tasks = positions.iter().map(|at| {
            let mut task = all[*at as usize].clone();
            task.after = task.after.map(|(before, gate)| (local(before), gate));
            task
        });
        RecordsPart { tasks: tasks.collect(), positions: positions.to_vec(), entries }
    };
    let last = [life(2, 5, Outcome::Failed), life(3, 9, Outcome::Skipped)].concat();
    let first = [life(0, 1, Outcome::Completed), life(1, 20, Outcome::InDoubt)].concat();
    vec![part(&[4, 5, 0, 1], last), part(&[2, 3], first)]
}

/// The same run as one journal has it.
fn local() -> RunView {
    let tasks = tasks();
    let [opened, stopped, closed] = run_entries();
    let mut entries = vec![opened];
    entries.extend(life(0, 5, Outcome::Failed));
    entries.extend(life(1, 9, Outcome::Skipped));
    entries.extend(life(2, 1, Outcome::Completed));
    entries.extend(life(3, 20, Outcome::InDoubt));
    entries.extend([stopped, closed]);
    let mut records: Vec<TaskRecord> = tasks.iter().map(TaskRecord::new).collect();
    let mut record = RunRecord::default();
    for entry in &entries {
        record.apply(entry);
        if let Some(task) = entry.event.task() {
            records[task.at()].apply(entry.at, &entry.event);
        }
    }
    let skips = PlannedSkips::of(&tasks);
    RunView {
        header: header(),
        tasks,
        skips,
        record,
        records,
        requests: requests(),
        measures: RunMeasures::default(),
        stored: None,
    }
}

fn requests() -> RequestCounts {
    [("send".to_owned(), 4)].into()
}

fn together(parts: &[RecordsPart]) -> Result<RunRecords, RecordsReason> {
    RunRecords::of(header(), 6, parts, &run_entries(), requests())
}

/// Fails unless two directories have the same six reports.
#[track_caller]
fn assert_same_files(here: &Path, elsewhere: &Path) {
    let names = |path: &Path| {
        let entries = std::fs::read_dir(path).expect("a directory");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(here), names(elsewhere));
    assert_eq!(names(here).len(), 6);
    for name in names(here) {
        let read = |path: &Path| std::fs::read_to_string(path.join(&name)).expect("readable");
        assert_eq!(read(here), read(elsewhere), "{name:?}");
    }
}

/// The same run in a database.
fn journaled(state: &StateDir) -> RunJournal {
    let mut journal = RunJournal::create(state, &header(), tasks()).expect("a journal");
    let lives = [
        life(0, 5, Outcome::Failed),
        life(1, 9, Outcome::Skipped),
        life(2, 1, Outcome::Completed),
        life(3, 20, Outcome::InDoubt),
    ];
    let [opened, stopped, closed] = run_entries();
    let lives = lives.into_iter().flatten();
    let entries: Vec<Entry> = [opened].into_iter().chain(lives).chain([stopped, closed]).collect();
    journal.append(&entries, &requests()).expect("written");
    journal
}

#[test]
fn a_run_whose_tasks_stay_on_disk_has_the_same_reports() {
    let directory = tempfile::tempdir().expect("a directory");
    let finished_at = Some(UnixMillis(STARTED.0 + 60_000));
    let state = StateDir::open(&directory.path().join("state")).expect("a state directory");
    let (run, tasks) = (header().run.0, journaled(&state).tasks().expect("a database"));
    let held = RunView::read(&state, &run).expect("readable");
    let stored = RunView::read_stored(&state, &run, &tasks).expect("readable");
    let (here, elsewhere) = (directory.path().join("here"), directory.path().join("elsewhere"));
    held.write(&here, finished_at).expect("written");
    stored.write(&elsewhere, finished_at).expect("written");
    assert_same_files(&here, &elsewhere);
    assert_eq!((stored.tasks.len(), held.tasks.len()), (0, 6));
    assert_eq!((stored.verdict(), stored.standing()), (held.verdict(), held.standing()));
    stored.refuse_fault().expect("nothing was changed");
}

#[test]
fn the_same_entries_give_the_files_of_a_local_run() {
    let directory = tempfile::tempdir().expect("a directory");
    let finished_at = Some(UnixMillis(STARTED.0 + 60_000));
    let (here, elsewhere) = (directory.path().join("here"), directory.path().join("elsewhere"));
    local().write(&here, finished_at).expect("written");
    let records = together(&parts()).expect("whole");
    records.write(&SettingValues::default(), &elsewhere, finished_at).expect("written");
    assert_same_files(&here, &elsewhere);
    assert_eq!(records.verdict(), RunVerdict::Doubt);
    assert_eq!(records.counts().total(), 6);
    let sent = sent_of(&records.view.record, &records.view.rows());
    assert_eq!(sent["restart"].devices, 2);
    assert_eq!(sent["restart"].last_at, UnixMillis(STARTED.0 + 20_000));
}

#[test]
fn records_that_lack_a_task_make_no_report() {
    let refused = |parts: &[RecordsPart]| together(parts).err().expect("it is not whole");
    let mut lacking = parts();
    lacking.pop();
    assert_eq!(refused(&lacking), RecordsReason::Incomplete { position: 2 });
    let mut twice = parts();
    twice[1].positions[1] = 4;
    assert_eq!(refused(&twice), RecordsReason::Incomplete { position: 4 });
    let mut foreign = parts();
    foreign[1].entries.extend(life(2, 1, Outcome::Completed));
    assert_eq!(refused(&foreign), RecordsReason::UnknownTask { part: 1, task: 2 });
    let mut malformed = parts();
    malformed[0].positions.pop();
    assert_eq!(refused(&malformed), RecordsReason::Malformed { part: 0 });
}
