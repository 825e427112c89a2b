//! The journal on a real disk.
//!
//! Owns the tests of what survives, what is refused, and who may read it. Must never look into SQL that the
//! module itself does not promise, but for breaking it.

mod audit;
mod groups;
mod measures;
mod stored_tasks;
mod trust;

use super::*;
use crate::model::{
    Answer, ApiRefusal, Carried, CommandSeen, CommandStatus, DeviceFacts, DeviceGroup, DeviceId,
    End, Entry, Event, Outcome, ParamValue, Params, PinReading, Platform, Policy, Random, Repeat,
    Risk, RunId, Sealed, Secret, SecretSource, Task, TaskId, TaskIndex, TaskRecord, TaskWork, Turn,
    UnixMillis, Verdict,
};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const HOUR_MS: u64 = 3_600_000;
const RUN: &str = "20270115-080000-aaaaa";

struct Bench {
    _directory: tempfile::TempDir,
    state: StateDir,
}

impl Bench {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let state = StateDir::open(&directory.path().join("state")).expect("a state directory");
        Self { _directory: directory, state }
    }

    fn run(&self, tasks: usize) -> RunJournal {
        RunJournal::create(&self.state, &header(RUN), tasks_of(tasks)).expect("a journal")
    }

    fn reader(&self) -> RunReader {
        RunReader::open(&self.state, RUN).expect("the journal is there")
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.reader().for_each_entry(|entry| entries.push(entry)).expect("it can be read");
        entries
    }

    /// Fails unless the state column is what the entries say.
    #[track_caller]
    fn check_outcomes(&self) -> Vec<String> {
        let reader = self.reader();
        let column = reader.outcomes().expect("it can be read");
        let records = reader.records().expect("it can be read");
        let rebuilt: Vec<&str> = records.iter().map(|record| record.outcome().word()).collect();
        assert_eq!(column, rebuilt);
        column
    }
}

fn header(run: &str) -> RunHeader {
    RunHeader {
        run: RunId(run.to_owned()),
        job: "job".to_owned(),
        job_digest: "digest".to_owned(),
        reason: None,
        tenant: "tenant".to_owned(),
        base_url: "https://tenant.example".to_owned(),
        simulated: false,
        started_at: NOW,
        policy: Policy::default_at(NOW, 1),
        report_dir: "reports".into(),
        report_formats: vec!["csv".to_owned()],
        report_options: crate::model::ReportOptions::default(),
        metrics_file: None,
        confirmation: "yes".to_owned(),
        pending_ok: false,
        encrypt_to: Vec::new(),
        provenance: Provenance::default(),
    }
}

fn tasks_of(count: usize) -> Vec<Task> {
    let task = |at: usize| Task {
        id: TaskId(at as u64),
        work: Arc::new(TaskWork {
            action: "lock".to_owned(),
            params: Params::new(),
            risk: Risk::Disruptive,
            repeat: Repeat::Once,
            end: End::Gone,
            capture: Vec::new(),
        }),
        row: 1,
        step: 1,
        device: Arc::new(DeviceFacts {
            id: DeviceId::from_api(&format!("d{at}")),
            serial_number: format!("S{at}").into(),
            group: DeviceGroup::on(Platform::Mac),
            ..DeviceFacts::default()
        }),
        after: None,
        turn: match at % 7 {
            6 => Turn::Skip { reason: "left out".into(), asked: false },
            _ => Turn::Do,
        },
        carried: Carried::default(),
        wave: 0,
    };
    (0..count).map(task).collect()
}

fn entry(event: Event) -> Entry {
    Entry { at: NOW, event }
}

fn intent(task: u32) -> Entry {
    entry(Event::Intent { task: TaskIndex(task), attempt: 1, pin: None, sends: None, lists: None })
}

/// Any event of a task, whether or not an engine would have recorded it here.
fn any_event(random: &mut Random, task: TaskIndex) -> Event {
    let reason = "why".to_owned();
    let (attempt, http_status) = (1, Some(200));
    let pin = Some(Sealed::clear("123456".to_owned()));
    let command = CommandSeen {
        uuid: "u".to_owned(),
        status: CommandStatus::from_number(1 + random.below(5) as i64).expect("1 to 5"),
        completed_at: None,
        reason: reason.clone(),
        candidates: 1,
    };
    match random.below(8) {
        0 => Event::Intent { task, attempt, pin: None, sends: None, lists: None },
        1 => Event::Postponed { task, until: NOW, counted: true, reason },
        2 => Event::Doubted { task, reason },
        3 => Event::Observed { task, command },
        4 => Event::Settled { task, outcome: Outcome::Failed, reason },
        5 => {
            let verdict = Verdict::Accepted(Answer { pin, ..Answer::default() });
            Event::Answered { task, attempt, http_status, verdict }
        }
        6 => {
            let verdict = Verdict::Refused { kind: ApiRefusal::NotFound, reason };
            Event::Answered { task, attempt, http_status, verdict }
        }
        _ => Event::Stopped { cause: crate::model::StopCause::Operator, reason },
    }
}

#[test]
fn the_state_column_can_be_rebuilt_from_the_entries() {
    let bench = Bench::new();
    let mut journal = bench.run(21);
    let mut random = Random::new(5);
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..60 {
        let batch: Vec<Entry> = (0..random.below(9))
            .map(|_| {
                let task = TaskIndex(random.below(21) as u32);
                entry(any_event(&mut random, task))
            })
            .collect();
        journal.append(&batch, &RequestCounts::new()).expect("it can be written");
        if round % 20 == 10 {
            // The records that the column follows from are rebuilt when a run is resumed.
            drop(journal);
            journal = RunJournal::open(&bench.state, RUN).expect("it opens again");
        }
        seen.extend(bench.check_outcomes());
    }
    assert!(seen.len() >= 6, "{seen:?}");
}

#[test]
fn what_was_written_is_read_again() {
    let bench = Bench::new();
    let mut journal = bench.run(3);
    let requests = RequestCounts::from([("action".to_owned(), 2), ("look".to_owned(), 1)]);
    let batch = vec![entry(Event::Opened { program: "p".to_owned() }), intent(0), intent(2)];
    journal.append(&batch, &requests).expect("it can be written");
    journal.append(&[], &requests).expect("it can be written");
    let reader = bench.reader();
    assert_eq!(bench.entries(), batch);
    assert_eq!(reader.header().expect("it can be read"), Some(header(RUN)));
    assert_eq!(reader.tasks().expect("it can be read"), tasks_of(3));
    let twice = RequestCounts::from([("action".to_owned(), 4), ("look".to_owned(), 2)]);
    assert_eq!(reader.requests().expect("it can be read"), twice);
    assert_eq!(bench.check_outcomes(), ["in_doubt", "not_attempted", "in_doubt"]);
}

#[test]
fn a_batch_is_there_whole_or_not_at_all() {
    let bench = Bench::new();
    let mut journal = bench.run(3);
    let requests = RequestCounts::from([("action".to_owned(), 1)]);
    journal.append(&[intent(0)], &requests).expect("it can be written");
    // The last entry speaks of a task that the run does not have.
    let error = journal.append(&[intent(1), intent(9)], &requests).expect_err("no such task");
    assert!(matches!(error, JournalError::Content { .. }), "{error}");
    assert_eq!(bench.entries(), [intent(0)]);
    assert_eq!(bench.reader().requests().expect("it can be read"), requests);
    assert_eq!(bench.check_outcomes(), ["in_doubt", "not_attempted", "not_attempted"]);
    // Nothing of it is left in memory either.
    journal.append(&[intent(2)], &requests).expect("it can be written");
    assert_eq!(bench.check_outcomes(), ["in_doubt", "not_attempted", "in_doubt"]);
}

#[test]
fn after_an_error_nothing_more_is_committed() {
    let bench = Bench::new();
    let journals: [Box<dyn Commit>; 2] = [
        Box::new(Writer::start(bench.run(3)).expect("a thread")),
        Box::new({
            let other = Bench::new();
            Inline::new(other.run(3))
        }),
    ];
    for mut journal in journals {
        let (sender, results) = channel();
        for task in [0, 9, 1] {
            let sender = sender.clone();
            let batch = Batch { entries: vec![intent(task)], ..Batch::default() };
            let (committed, was_told) = channel();
            journal.submit(
                batch,
                Box::new(move |result| {
                    sender.send(result.is_ok()).expect("the test listens");
                    committed.send(()).expect("the test listens");
                }),
            );
            was_told.recv().expect("every batch is told of");
        }
        drop((journal, sender));
        assert_eq!(results.iter().collect::<Vec<bool>>(), [true, false, false]);
    }
    assert_eq!(bench.entries(), [intent(0)]);
}

#[test]
fn the_writer_keeps_the_order_and_writes_all_before_it_ends() {
    let bench = Bench::new();
    let mut writer = Writer::start(bench.run(100)).expect("a thread");
    let (sender, results) = channel();
    for task in 0..100 {
        let sender = sender.clone();
        let batch = Batch { entries: vec![intent(task)], ..Batch::default() };
        let told = Box::new(move |result: Result<(), String>| {
            result.expect("it can be written");
            sender.send(task).expect("the test listens");
        });
        writer.submit(batch, told);
    }
    drop((writer, sender));
    assert_eq!(results.iter().collect::<Vec<u32>>(), (0..100).collect::<Vec<u32>>());
    assert_eq!(bench.entries(), (0..100).map(intent).collect::<Vec<Entry>>());
}

#[test]
fn a_run_is_held_by_one_process() {
    let bench = Bench::new();
    let hold = bench.state.hold_run(RUN).expect("it is free");
    let error = bench.state.hold_run(RUN).expect_err("it is held");
    assert!(matches!(&error, JournalError::Busy { run } if run == RUN), "{error}");
    bench.state.hold_run("20270115-080000-bbbbb").expect("another run is free");
    drop(hold);
    bench.state.hold_run(RUN).expect("it is free again");
}

#[cfg(unix)]
#[test]
fn a_lock_that_cannot_be_read_counts_as_held() {
    let bench = Bench::new();
    assert!(!bench.state.is_held(RUN), "nobody has made it");
    let lock = bench.state.path().join("runs").join(format!("{RUN}.lock"));
    // Whatever keeps it from being opened: a name that leads to itself does so even for root.
    std::os::unix::fs::symlink(&lock, &lock).expect("made");
    assert!(bench.state.is_held(RUN));
    std::fs::remove_file(&lock).expect("it is ours");
    let hold = bench.state.hold_run(RUN).expect("it is free");
    assert!(bench.state.is_held(RUN));
    drop(hold);
    assert!(!bench.state.is_held(RUN));
}

#[cfg(unix)]
#[test]
fn no_other_user_can_read_the_state() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let mut journal = bench.run(1);
    journal.append(&[intent(0)], &RequestCounts::new()).expect("it can be written");
    let _index = Index::open(&bench.state).expect("an index");
    let _hold = bench.state.hold_run(RUN).expect("it is free");
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o7777;
    let mut files = 0;
    for directory in [bench.state.path().to_owned(), bench.state.path().join("runs")] {
        assert_eq!(mode(&directory), 0o700, "{}", directory.display());
        for file in std::fs::read_dir(&directory).expect("a directory") {
            let path = file.expect("a file").path();
            if path.is_file() {
                assert_eq!(mode(&path), 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files >= 6, "two databases with their logs, and the lock: {files}");
}

#[cfg(unix)]
#[test]
fn a_directory_that_was_set_up_for_a_group_stays_a_groups() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let shared = directory.path().join("shared");
    std::fs::create_dir(&shared).expect("a directory");
    std::fs::set_permissions(&shared, std::fs::Permissions::from_mode(0o2770)).expect("its owner");
    let state = StateDir::open(&shared).expect("a state directory");
    let _index = Index::open(&state).expect("an index");
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o7777;
    assert_eq!(mode(&shared), 0o2770);
    assert_eq!(mode(&shared.join("runs")), 0o2770);
    let mut journal = RunJournal::create(&state, &header(RUN), tasks_of(1)).expect("a journal");
    journal.append(&[intent(0)], &RequestCounts::new()).expect("it can be written");
    let _holds = (state.hold_run(RUN).expect("free"), state.hold_start().expect("free"));
    let mut names = Vec::new();
    for directory in [shared.clone(), shared.join("runs")] {
        for file in std::fs::read_dir(&directory).expect("a directory") {
            let path = file.expect("a file").path();
            if path.is_file() {
                assert_eq!(mode(&path), 0o660, "{}", path.display());
                names.push(path.file_name().expect("a name").to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    let run = |end: &str| format!("{RUN}.{end}");
    let expected = [run("db"), run("db-shm"), run("db-wal"), run("lock")]
        .into_iter()
        .chain(["sortie.db", "sortie.db-shm", "sortie.db-wal", "start.lock"].map(str::to_owned));
    assert_eq!(names, expected.collect::<Vec<_>>());
}

#[test]
fn a_newer_format_is_read_and_not_written() {
    let bench = Bench::new();
    bench.run(2).append(&[intent(0)], &RequestCounts::new()).expect("it can be written");
    let raise = |path: &Path| {
        let connection = rusqlite::Connection::open(path).expect("a database");
        connection.pragma_update(None, "user_version", 99).expect("its owner");
    };
    raise(&bench.state.run_path(RUN));
    let error = RunJournal::open(&bench.state, RUN).err().expect("it is newer");
    let is_newer = matches!(error, Distrust::Journal(JournalError::Newer { found: 99, .. }));
    assert!(is_newer, "{error}");
    assert_eq!(bench.entries(), [intent(0)]);
    drop(Index::open(&bench.state).expect("an index"));
    raise(&bench.state.index_path());
    let error = Index::open(&bench.state).err().expect("it is newer");
    assert!(matches!(error, JournalError::Newer { .. }), "{error}");
}

#[test]
fn a_damaged_record_is_refused_without_showing_it() {
    let bench = Bench::new();
    let pin = Some(Sealed::clear("135246".to_owned()));
    let verdict = Verdict::Accepted(Answer { pin, ..Answer::default() });
    let answered = Event::Answered { task: TaskIndex(0), attempt: 1, http_status: None, verdict };
    let mut journal = bench.run(1);
    journal.append(&[intent(0), entry(answered)], &RequestCounts::new()).expect("written");
    drop(journal);
    let connection = rusqlite::Connection::open(bench.state.run_path(RUN)).expect("a database");
    let damage = "UPDATE entries SET body = replace(body, '\"clear\":\"1', '\"clear\":1')";
    assert_eq!(connection.execute(damage, []).expect("its owner"), 2);
    let error = bench.reader().records().expect_err("it is damaged").to_string();
    assert!(error.contains("cannot be read") && !error.contains("35246"), "{error}");
}

#[test]
fn two_processes_never_lease_more_than_the_budget() {
    let bench = Bench::new();
    let mut indexes =
        [Index::open(&bench.state), Index::open(&bench.state)].map(|it| it.expect("an index"));
    let (budget, mut now) = (50, NOW);
    let mut random = Random::new(9);
    let mut given: Vec<(i64, u32, UnixMillis)> = Vec::new();
    for turn in 0..400_usize {
        let want = 1 + random.below(9) as u32;
        let mut lease = LeaseRow { count: 0, expires_at: now };
        let id = indexes[turn % 2]
            .lease("tenant", UnixMillis(now.0 - 2 * HOUR_MS as i64), |rows| {
                let counts = |row: &&LeaseRow| row.expires_at.plus_ms(HOUR_MS) > now;
                let out: u32 = rows.iter().filter(counts).map(|row| row.count).sum();
                let count = want.min(budget - out);
                lease = LeaseRow { count, expires_at: now.plus_ms(10_000) };
                (count > 0).then_some(lease)
            })
            .expect("the ledger can be written");
        assert_eq!(id.is_some(), lease.count > 0);
        if let Some(id) = id {
            let unused = random.below(u64::from(lease.count) + 1) as u32;
            indexes[(turn + 1) % 2].give_back(id, unused).expect("the ledger can be written");
            given.push((id, lease.count - unused, lease.expires_at));
        }
        let held: u32 = given
            .iter()
            .filter(|(_, _, expires_at)| expires_at.plus_ms(HOUR_MS) > now)
            .map(|(_, count, _)| count)
            .sum();
        assert!(held <= budget, "{held} of {budget} at {now}");
        now = now.plus_ms(random.below(120_000));
    }
    let all: u32 = given.iter().map(|(_, count, _)| count).sum();
    assert!(all > 5 * budget, "only {all} in {} h", now.since(NOW) / HOUR_MS as i64);
    let mut seen = usize::MAX;
    let mut look = |rows: &[LeaseRow]| {
        seen = rows.len();
        None
    };
    let nothing = indexes[0].lease("another tenant", NOW, &mut look);
    assert_eq!(nothing.expect("the ledger can be read"), None);
    assert_eq!(seen, 0, "another tenant's hour is its own");
}

#[test]
fn a_run_is_found_by_id_unique_prefix_or_as_the_latest() {
    let bench = Bench::new();
    let mut index = Index::open(&bench.state).expect("an index");
    assert!(matches!(index.find_run("latest"), Err(JournalError::NoRuns)));
    for (place, id) in ["20270115-080000-aaaaa", "20270115-090000-abcde", "20270115-090000-abc"]
        .into_iter()
        .enumerate()
    {
        let run = RunRow {
            id: id.to_owned(),
            job: "job".to_owned(),
            tenant: "tenant".to_owned(),
            tasks: 2,
            state: RunState::Open,
            started_at: NOW.plus_ms([2, 1, 0][place]),
            ended_at: None,
            summary: String::new(),
        };
        index.add_run(&run, &tasks_of(2)).expect("it can be written");
    }
    for (name, expected) in [
        // The one that was entered last, whatever the clock showed when the others began.
        ("latest", Some("20270115-090000-abc")),
        ("20270115-08", Some("20270115-080000-aaaaa")),
        ("20270115-080000-aaaaa", Some("20270115-080000-aaaaa")),
        ("20270115-090000-abcd", Some("20270115-090000-abcde")),
        // A whole id is never ambiguous, be it the beginning of a newer one.
        ("20270115-090000-abc", Some("20270115-090000-abc")),
        ("20270115-090000-ab", None),
        ("20270115", None),
        ("2026", None),
        ("", None),
    ] {
        let found = index.find_run(name).ok().map(|run| run.id);
        assert_eq!(found.as_deref(), expected, "{name:?}");
    }
}

#[test]
fn a_devices_history_is_found_by_any_of_its_names() {
    let bench = Bench::new();
    let mut index = Index::open(&bench.state).expect("an index");
    let run = RunRow {
        id: RUN.to_owned(),
        job: "job".to_owned(),
        tenant: "tenant".to_owned(),
        tasks: 3,
        state: RunState::Open,
        started_at: NOW,
        ended_at: None,
        summary: String::new(),
    };
    index.add_run(&run, &tasks_of(3)).expect("it can be written");
    for (name, expected) in [("D1", vec![1]), ("s2", vec![2]), ("S9", vec![])] {
        let found = index.device_tasks(name).expect("it can be read");
        let tasks: Vec<u32> = found.iter().map(|event| event.task).collect();
        assert_eq!(tasks, expected, "{name}");
    }
    index.set_run_state(RUN, RunState::Finished, Some(NOW), "3 completed").expect("written");
    let row = index.find_run(RUN).expect("it is there");
    assert_eq!((row.state, row.ended_at), (RunState::Finished, Some(NOW)));
    assert_eq!(index.fleet_size("tenant").expect("read"), None);
    index.set_fleet_size("tenant", 7, NOW).expect("written");
    assert_eq!(index.fleet_size("tenant").expect("read"), Some(7));
}

#[test]
fn that_pins_were_shown_is_written_down() {
    let bench = Bench::new();
    let index = Index::open(&bench.state).expect("an index");
    let device = DeviceId::from_api("d1");
    index.note_shown(RUN, TaskIndex(3), &device, "ann", NOW).expect("it can be written");
    let path = bench.state.index_path();
    let rows = rusqlite::Connection::open(path).expect("a database");
    let row =
        rows.query_row("SELECT at, run, task, device_id, shown_by FROM pin_shown", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        });
    let expected = (NOW.0, RUN.to_owned(), 3, "d1".to_owned(), "ann".to_owned());
    assert_eq!(row.expect("one row"), expected);
    // Who may only look may not write it down either, and is told so.
    let looking = Index::open_to_read(&bench.state).expect("readable").expect("it is there");
    assert!(looking.note_shown(RUN, TaskIndex(3), &device, "ann", NOW).is_err());
}

#[test]
fn a_record_begins_as_the_plan_says() {
    let outcomes: Vec<Outcome> =
        tasks_of(7).iter().map(|task| TaskRecord::new(task).outcome()).collect();
    assert_eq!(outcomes[0], Outcome::NotAttempted);
    assert_eq!(outcomes[6], Outcome::Skipped);
}

/// The index as the first released format had it.
const INDEX_FORMAT_1: &str = "
CREATE TABLE runs (
  id TEXT PRIMARY KEY, job TEXT NOT NULL, tenant TEXT NOT NULL, tasks INTEGER NOT NULL,
  state TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, summary TEXT NOT NULL DEFAULT '');
CREATE TABLE leases (
  id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, count INTEGER NOT NULL, expires_at INTEGER NOT NULL);
CREATE INDEX leases_by_tenant ON leases (tenant, expires_at);
CREATE TABLE fleets (
  tenant TEXT PRIMARY KEY, devices INTEGER NOT NULL, seen_at INTEGER NOT NULL);
CREATE TABLE device_tasks (
  run TEXT NOT NULL, task INTEGER NOT NULL, device_id TEXT NOT NULL, serial_number TEXT NOT NULL,
  device_name TEXT NOT NULL, user_email TEXT NOT NULL, action TEXT NOT NULL,
  PRIMARY KEY (run, task)) WITHOUT ROWID;
CREATE INDEX device_tasks_by_id ON device_tasks (device_id);
CREATE INDEX device_tasks_by_serial ON device_tasks (serial_number COLLATE NOCASE);
CREATE VIEW runs_readable AS SELECT id, job, tenant, tasks, state,
  datetime(started_at / 1000, 'unixepoch') AS started_at,
  datetime(ended_at / 1000, 'unixepoch') AS ended_at, summary FROM runs;
INSERT INTO runs VALUES ('old', 'job', 'tenant', 1, 'finished', 5, 6, '1 completed');
INSERT INTO device_tasks VALUES ('old', 0, 'd1', 'S1', 'Mac', 'a@example.com', 'lock');
INSERT INTO fleets VALUES ('tenant', 12, 5);
";

#[test]
fn an_index_of_format_1_is_readable_and_migrated_by_a_writer() {
    let bench = Bench::new();
    let path = bench.state.index_path();
    let connection = rusqlite::Connection::open(&path).expect("a database");
    connection.execute_batch(INDEX_FORMAT_1).expect("the old tables");
    connection.pragma_update(None, "user_version", 1).expect("its owner");
    let version = || -> u32 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number")
    };
    let look = Index::open_to_read(&bench.state).expect("readable").expect("it is there");
    assert_eq!(look.prunings("old").expect("an old index has none"), []);
    assert_eq!(version(), 1, "looking changes nothing");
    let pruning =
        Pruning { run: "old".to_owned(), task: 0, at: NOW, pins: 1, secrets: 0, replies: 2 };
    for _ in 0..2 {
        let mut index = Index::open(&bench.state).expect("it is brought forward");
        assert_eq!(version(), 7);
        let row = index.find_run("old").expect("its runs are there");
        assert_eq!((row.state, row.ended_at), (RunState::Finished, Some(UnixMillis(6))));
        assert_eq!(index.device_tasks("s1").expect("readable").len(), 1);
        assert_eq!(index.fleet_size("tenant").expect("readable"), Some(12));
        let tasks = index.tasks_of_action("lock").expect("readable");
        assert_eq!((tasks.len(), tasks[0].device_name.as_str()), (1, "Mac"));
        index.add_prunings(std::slice::from_ref(&pruning)).expect("the new table is there");
    }
    let twice = Pruning { pins: 2, replies: 4, ..pruning };
    assert_eq!(look.prunings("old").expect("readable"), [twice]);
    connection
        .execute("INSERT INTO pin_shown VALUES (1, 'old', 0, 'd1', 'ann')", [])
        .expect("it is");
}

const OLD_PIN: &str = "918273";
const NEW_PIN: &str = "817263";
const KEY: &str = "VERY-SECRET-FILEVAULT-KEY";
const REPLY: &str = "a reply of the tenant";

/// A way to each outcome, with as many secrets on it as there can be.
fn way_to(outcome: Outcome, at: u32) -> Vec<Event> {
    let task = TaskIndex(at);
    let pin = || Some(Sealed::clear(OLD_PIN.to_owned()));
    let reason = || format!("{outcome} for a reason");
    let answer = Answer { pin: pin(), result: Some(REPLY.to_owned()), ..Answer::default() };
    let answered = |verdict| Event::Answered { task, attempt: 1, http_status: Some(200), verdict };
    let value = Sealed::clear(KEY.to_owned());
    let secrets = vec![Secret { name: "key".to_owned(), value }];
    let found = PinReading::Found { pin: Sealed::clear(OLD_PIN.to_owned()), agrees: Some(false) };
    let sent = vec![
        Event::SecretsRead { task, source: SecretSource::FilevaultKey, secrets },
        Event::Intent { task, attempt: 1, pin: pin(), sends: None, lists: None },
    ];
    let taken = [
        sent.clone(),
        vec![answered(Verdict::Accepted(answer)), Event::PinRead { task, reading: found }],
    ]
    .concat();
    let seen = |status| Event::Observed {
        task,
        command: CommandSeen {
            uuid: "u".to_owned(),
            status,
            completed_at: None,
            reason: String::new(),
            candidates: 1,
        },
    };
    let settled = Event::Settled { task, outcome, reason: reason() };
    match outcome {
        Outcome::Skipped | Outcome::NotAttempted => Vec::new(),
        Outcome::Pending => taken,
        Outcome::NotNow => [taken, vec![seen(CommandStatus::NotNow)]].concat(),
        Outcome::InDoubt => [sent, vec![Event::Doubted { task, reason: reason() }]].concat(),
        Outcome::Refused => {
            let kind = ApiRefusal::Rejected;
            let refused = answered(Verdict::Refused { kind, reason: reason() });
            [sent, vec![refused, settled]].concat()
        }
        _ => [taken, vec![seen(CommandStatus::Completed), settled]].concat(),
    }
}

/// A run with a task for each outcome, and one whose PIN came a day later.
fn run_with_secrets(bench: &Bench) -> Vec<Outcome> {
    let mut tasks = tasks_of(11);
    for task in &mut tasks {
        let pin = ParamValue::Secret(Sealed::clear(OLD_PIN.to_owned()));
        task.params.insert("PIN".to_owned(), pin);
        task.turn = Turn::Do;
    }
    let skipped = Outcome::ALL.iter().position(|outcome| *outcome == Outcome::Skipped);
    tasks[skipped.expect("one of ten")].turn =
        Turn::Skip { reason: "left out".into(), asked: true };
    tasks[10].params.clear();
    let mut journal = RunJournal::create(&bench.state, &header(RUN), &tasks).expect("a journal");
    for (at, outcome) in (0..).zip(Outcome::ALL) {
        let entries: Vec<Entry> = way_to(outcome, at).into_iter().map(entry).collect();
        journal.append(&entries, &RequestCounts::new()).expect("written");
    }
    let pin = Sealed::clear(NEW_PIN.to_owned());
    let reading = PinReading::Found { pin, agrees: None };
    let late = Event::PinRead { task: TaskIndex(10), reading };
    let late = Entry { at: NOW.plus_ms(24 * HOUR_MS), event: late };
    journal.append(&[intent(10), late], &RequestCounts::new()).expect("written");
    bench.reader().records().expect("readable").iter().map(TaskRecord::outcome).collect()
}

/// Whether these bytes stand in any file of the run.
fn stands_in_files(bench: &Bench, text: &str) -> bool {
    let runs = bench.state.path().join("runs");
    std::fs::read_dir(runs).expect("a directory").any(|file| {
        let bytes = std::fs::read(file.expect("a file").path()).expect("readable");
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}

#[test]
fn pruning_takes_the_bytes_away_and_leaves_every_outcome() {
    let bench = Bench::new();
    let before = run_with_secrets(&bench);
    let ten: Vec<Outcome> = before[..10].to_vec();
    assert_eq!(ten, Outcome::ALL, "the run has every outcome");
    let limit = NOW.plus_ms(1);
    assert!([OLD_PIN, NEW_PIN, KEY, REPLY].iter().all(|text| stands_in_files(&bench, text)));
    let share = prune_share(&bench.state, RUN, limit).expect("readable");
    assert!(stands_in_files(&bench, OLD_PIN), "looking drops nothing");
    let pruned = prune_run(&bench.state, RUN, limit).expect("it can be written");
    assert_eq!(pruned.shares, share.shares);
    assert_eq!((pruned.shares.len(), pruned.spared), (10, 1));
    for gone in [OLD_PIN, KEY, REPLY] {
        assert!(!stands_in_files(&bench, gone), "{gone} is still there");
    }
    assert!(stands_in_files(&bench, NEW_PIN), "a PIN that is newer than the limit stays");
    bench.check_outcomes();
    let records = bench.reader().records().expect("it can still be folded");
    let after: Vec<Outcome> = records.iter().map(TaskRecord::outcome).collect();
    assert_eq!(after, before);
    assert!(
        records[..10].iter().all(|record| record
            .pins
            .iter()
            .all(|held| held.pin.expose() == Some(""))
            && record.secrets.is_empty())
    );
    assert_eq!(records[10].pins[0].pin.expose(), Some(NEW_PIN));
    assert_eq!(records[0].reason, "completed for a reason");
    let again = prune_run(&bench.state, RUN, limit).expect("it can be done twice");
    assert_eq!(again.shares, []);
    // The run can still be gone on with.
    RunJournal::open(&bench.state, RUN).expect("it opens");
}

#[test]
fn what_ended_when_is_read_without_the_entries() {
    let bench = Bench::new();
    let outcomes = run_with_secrets(&bench);
    let ends = bench.reader().ends().expect("readable");
    let found: Vec<Option<Outcome>> = ends.iter().map(|end| end.outcome).collect();
    assert_eq!(found, outcomes.into_iter().map(Some).collect::<Vec<_>>());
    assert_eq!(ends[0].last_at, Some(NOW));
    let skipped = ends.iter().find(|end| end.outcome == Some(Outcome::Skipped));
    assert_eq!(skipped.expect("there is one").last_at, None);
    let mut kinds = Vec::new();
    let wanted = [TaskIndex(10)].into();
    let reader = bench.reader();
    reader.for_each_entry_of(&wanted, |_, entry| kinds.push(entry.event.word())).expect("readable");
    assert_eq!(kinds, ["intent", "pin_read"]);
}

#[test]
fn a_file_in_place_of_the_state_directory_is_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("st");
    std::fs::write(&file, "").expect("a file");
    for path in [file.clone(), file.join("deeper").join("still")] {
        let opened = StateDir::open(&path).map(drop);
        let looked = Index::open_to_read(&StateDir::at(&path)).map(drop);
        for refused in [opened, looked] {
            let error = refused.expect_err("a file is no directory");
            assert!(
                matches!(&error, JournalError::NotADirectory { path } if *path == file),
                "{error}"
            );
        }
    }
}

#[test]
fn an_index_of_format_4_gets_an_outbox() {
    let bench = Bench::new();
    drop(Index::open(&bench.state).expect("an index"));
    let connection = rusqlite::Connection::open(bench.state.index_path()).expect("a database");
    let newer = "DROP TABLE notices; DROP TABLE hand_overs; DROP TABLE hand_over_devices;\
        DROP TABLE run_groups; DROP TABLE run_group_members";
    connection.execute_batch(newer).expect("as format 4 was");
    connection.pragma_update(None, "user_version", 4).expect("its owner");
    let look = Index::open_to_read(&bench.state).expect("readable").expect("it is there");
    assert_eq!(look.latest_notices(9).expect("an old index has none"), []);
    let index = Index::open(&bench.state).expect("it is brought forward");
    let notice = OutboxNotice {
        id: "n1".to_owned(),
        run: RUN.to_owned(),
        kind: "doubt".to_owned(),
        detail: String::new(),
        profile: "acme".to_owned(),
        channel: "ops".to_owned(),
        facts: "{}".to_owned(),
        made_at: NOW,
        state: OutboxState::Waiting,
        attempts: 0,
        next_at: NOW,
        held_until: None,
        last_error: None,
        ended_at: None,
    };
    assert!(index.add_notice(&notice).expect("the new table is there"));
    let same = OutboxNotice { id: "n2".to_owned(), ..notice.clone() };
    assert!(!index.add_notice(&same).expect("readable"), "one for each run, kind and channel");
    let delivered = OutboxNotice { state: OutboxState::Delivered, attempts: 1, ..notice.clone() };
    index.update_notice(&delivered).expect("written");
    assert_eq!(index.waiting_notices("acme").expect("readable"), []);
    assert_eq!(look.latest_notices(9).expect("readable"), [delivered]);
}

#[test]
fn an_index_of_format_5_gets_hand_overs() {
    let bench = Bench::new();
    drop(Index::open(&bench.state).expect("an index"));
    let connection = rusqlite::Connection::open(bench.state.index_path()).expect("a database");
    let old = "DROP TABLE hand_overs; DROP TABLE hand_over_devices;\
        DROP TABLE run_groups; DROP TABLE run_group_members";
    connection.execute_batch(old).expect("as format 5 was");
    connection.pragma_update(None, "user_version", 5).expect("its owner");
    let look = Index::open_to_read(&bench.state).expect("readable").expect("it is there");
    assert_eq!(look.hand_overs().expect("an old index has none"), []);
    assert_eq!(look.find_hand_over("p1").expect("an old index has none"), None);
    let mut index = Index::open(&bench.state).expect("it is brought forward");
    let hand_over = HandOver {
        plan: "p1".to_owned(),
        tenant: "tenant.example".to_owned(),
        header: header(RUN),
        at: NOW,
        place: None,
        submitted_at: None,
        ended_at: None,
    };
    assert!(!index.add_hand_over(&hand_over, &tasks_of(8), true).expect("no such plan file"));
    assert_eq!(index.find_hand_over("p1").expect("readable"), None, "nothing was kept");
    assert!(index.add_hand_over(&hand_over, &tasks_of(8), false).expect("written"));
    assert!(!index.add_hand_over(&hand_over, &tasks_of(8), false).expect("once for each plan"));
    assert_eq!(look.find_hand_over("p1").expect("readable"), Some(hand_over));
    let devices = ["d0", "d6", "d99"].map(DeviceId::from_api).into();
    let held = |index: &Index| index.handed_over_for(RUN, &devices).expect("readable");
    let first = (DeviceId::from_api("d0"), "lock".to_owned());
    assert_eq!(held(&index), [first], "a skipped task reaches no device");
    assert!(index.begin_submission(RUN, "here").expect("written"));
    assert!(index.begin_submission(RUN, "here").expect("again, after a crash"));
    assert!(!index.begin_submission(RUN, "there").expect("another place may have it"));
    index.end_submission(RUN, NOW).expect("written");
    assert!(index.end_hand_over(RUN, NOW).expect("written"));
    assert!(!index.end_hand_over(RUN, NOW).expect("written"), "it ends once");
    assert_eq!(held(&index), []);
}
