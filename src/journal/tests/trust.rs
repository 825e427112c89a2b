//! What is believed of a run's database, and what is not.
//!
//! Owns the tests of the gate: tampering, truncation, forged entries, crashes between two commits, older formats. Must
//! never test how a command says it.

use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use super::audit::back_to_format_1;
use super::{Bench, NOW, RUN, entry, header, intent, tasks_of};
use crate::journal::run_chain::{ChainEnd, EntryHasher};
use crate::journal::stretches::ENTRIES_MAX;
use crate::journal::*;
use crate::model::{
    Answer, CommandSeen, CommandStatus, Decision, DeviceId, Entry, Event, Outcome, SentRequest,
    TaskIndex, Verdict,
};

fn index(bench: &Bench) -> Index {
    Index::open(&bench.state).expect("an index")
}

/// Opens the run as a command does; what is wrong with it, if something is.
fn open(bench: &Bench) -> Result<TrustedRun, String> {
    let opening = Opening::of(&bench.state, &index(bench), RUN);
    opening.and_then(|opening| opening.follow(|_| {})).map_err(|error| error.to_string())
}

fn damage(bench: &Bench, sql: &str) {
    let database = rusqlite::Connection::open(bench.state.run_path(RUN)).expect("a database");
    database.execute_batch(sql).expect("its owner");
}

fn damage_index(bench: &Bench, sql: &str) {
    let database = rusqlite::Connection::open(bench.state.index_path()).expect("a database");
    database.execute_batch(sql).expect("its owner");
}

/// A run of three batches, entered and left as the program does.
fn run_of_three() -> Bench {
    let bench = Bench::new();
    let mut journal = bench.run(6);
    let body = serde_json::json!({ "who": "ann", "beginning": journal.beginning() });
    index(&bench).note(NOW, "started", Some(RUN), &body).expect("written");
    for task in 0..3 {
        journal.append(&[intent(task)], &RequestCounts::new()).expect("written");
    }
    bench
}

/// An entry that fits behind the last one, as somebody may add it who knows how entries are hashed.
fn forge(bench: &Bench, event: &Event) {
    let head = bench.reader().head().expect("read");
    let end = ChainEnd { seq: head.entries as i64, hash: head.head };
    let body = serde_json::to_string(event).expect("JSON");
    let task = event.task().map(|task| task.0);
    let next = EntryHasher::default().link(&end, NOW.0, task, event.word(), &body).expect("JSON");
    let database = rusqlite::Connection::open(bench.state.run_path(RUN)).expect("a database");
    let row = rusqlite::params![next.seq, NOW.0, task, event.word(), body, next.hash];
    database.execute("INSERT INTO entries VALUES (?,?,?,?,?,?)", row).expect("its owner");
    let outcome = bench.reader().records().expect("read");
    for (task, record) in outcome.iter().enumerate() {
        let row = rusqlite::params![task as i64, record.outcome().word()];
        database.execute("UPDATE tasks SET outcome = ?2 WHERE task = ?1", row).expect("its owner");
    }
}

#[test]
fn an_untouched_run_is_opened_with_what_was_written() {
    let bench = run_of_three();
    let mut entries = Vec::new();
    let opening = Opening::of(&bench.state, &index(&bench), RUN).expect("untouched");
    assert_eq!(opening.header(), &header(RUN));
    let run = opening.follow(|entry| entries.push(entry.clone())).expect("untouched");
    assert_eq!((run.tasks.clone(), entries), (tasks_of(6), (0..3).map(intent).collect()));
    assert_eq!(run.records, bench.reader().records().expect("read"));
    let mut journal = RunJournal::go_on(&bench.state, &run).expect("it opens");
    journal.append(&[entry(Event::Closed)], &RequestCounts::new()).expect("written");
    assert_eq!(open(&bench).expect("untouched").end.seq, 4);
}

#[test]
fn a_run_of_several_stretches_is_read_in_order_and_verified() {
    let bench = Bench::new();
    let count = 2 * ENTRIES_MAX as u64 + 1;
    let woke = |slept_ms| entry(Event::Woke { slept_ms });
    let written: Vec<Entry> = (0..count).map(woke).collect();
    bench.run(1).append(&written, &RequestCounts::new()).expect("written");
    let mut read = Vec::new();
    let opening = Opening::of(&bench.state, &index(&bench), RUN).expect("untouched");
    opening.follow(|entry| read.push(entry.clone())).expect("untouched");
    assert_eq!(read, written);
    // The first entry of the second stretch.
    let seq = ENTRIES_MAX + 1;
    damage(&bench, &format!("UPDATE entries SET at = at + 1 WHERE seq = {seq}"));
    let why = open(&bench).map(drop).expect_err("it was changed");
    assert!(why.contains(&format!("entry {seq}: ")), "{why}");
}

#[test]
fn nothing_of_a_changed_run_is_handed_out() {
    let rewrite_chain = "DELETE FROM chain; DELETE FROM entries;";
    for (sql, words) in [
        ("UPDATE header SET body = replace(body, 'tenant.example', 'evil.example')", "header"),
        (
            "UPDATE tasks SET body = replace(body, 'd5', 'd9'), device_id = 'd9' WHERE task = 5",
            "tasks",
        ),
        ("UPDATE tasks SET action = 'erase' WHERE task = 5", "tasks"),
        ("DELETE FROM entries WHERE seq > 1", "entry 2: "),
        (
            "DELETE FROM entries WHERE seq = 3; UPDATE tasks SET outcome = 'not_attempted' WHERE task = 2",
            "removed",
        ),
        ("DELETE FROM entries WHERE seq = 2", "missing"),
        ("UPDATE entries SET at = at + 1 WHERE seq = 2", "entry 2"),
        ("UPDATE tasks SET outcome = 'completed' WHERE task = 1", "marked"),
    ] {
        let bench = run_of_three();
        damage(&bench, sql);
        let told = open(&bench).err().unwrap_or_else(|| panic!("opened after {sql}"));
        assert!(told.contains(words), "{sql}: {told}");
        // Whoever rewrites what hangs on it as well meets what the host's record knows.
        let bench = run_of_three();
        damage(
            &bench,
            &format!("{sql}; {rewrite_chain} UPDATE tasks SET outcome = 'not_attempted'"),
        );
        open(&bench).err().unwrap_or_else(|| panic!("opened after {sql} and more"));
    }
}

#[test]
fn forged_entries_behind_the_last_one_are_not_believed() {
    let bench = run_of_three();
    let decision = Decision::SendAgain;
    forge(&bench, &Event::Doubted { task: TaskIndex(0), reason: String::new() });
    forge(&bench, &Event::Resolved { task: TaskIndex(0), decision, by: "ann".to_owned() });
    assert_eq!(bench.reader().audit().expect("read").fault, None, "its chain alone is sound");
    let told = open(&bench).err().expect("the host's record has none");
    assert!(told.contains("has 5 entries, but the host's record has 3"), "{told}");
}

#[test]
fn a_run_without_its_row_in_the_hosts_record_is_refused() {
    let bench = run_of_three();
    damage_index(&bench, "DELETE FROM heads");
    let told = open(&bench).err().expect("it began with one");
    assert!(told.contains("does not say how far"), "{told}");
    let bench = run_of_three();
    damage_index(&bench, "UPDATE audit SET body = replace(body, 'ann', 'bob')");
    let told = open(&bench).err().expect("nothing can be compared with it");
    assert!(told.starts_with("the host's record, note 1"), "{told}");
}

#[test]
fn an_intent_that_says_another_request_than_the_task_is_a_fault() {
    let bench = Bench::new();
    let mut journal = bench.run(2);
    let sends = |device: &str| {
        let own = tasks_of(2)[1].sends(None);
        Some(Box::new(SentRequest { device: DeviceId::from_api(device), ..own }))
    };
    let intent = |device: &str| {
        entry(Event::Intent {
            task: TaskIndex(1),
            attempt: 1,
            pin: None,
            sends: sends(device),
            lists: None,
        })
    };
    journal.append(&[intent("d1")], &RequestCounts::new()).expect("written");
    open(&bench).expect("it is the task's");
    journal.append(&[intent("d0")], &RequestCounts::new()).expect("written");
    let told = open(&bench).err().expect("it went elsewhere");
    assert!(told.contains("entry 2: it sent lock to device d0"), "{told}");
    let fault = bench.reader().audit().expect("read").fault.expect("the audit says so, too");
    assert_eq!(fault.seq, 2);
}

#[test]
fn a_crash_between_any_two_commits_leaves_a_run_that_opens() {
    let bench = run_of_three();
    let before = index(&bench).head_of(RUN).expect("read").expect("a row");
    // Announced, and the batch never came to the disk.
    damage_index(&bench, "UPDATE heads SET next_entries = 4, next_head = 'never written'");
    let run = open(&bench).expect("it ends at the confirmed head");
    // Written, and not confirmed.
    let mut journal = RunJournal::go_on(&bench.state, &run).expect("it opens");
    journal.write(&Batch { entries: vec![intent(3)], ..Batch::default() }).expect("written");
    drop(journal);
    let row = index(&bench).head_of(RUN).expect("read").expect("a row");
    assert_eq!(
        (&row.confirmed, row.announced.as_ref().map(|head| head.entries)),
        (&before.confirmed, Some(4))
    );
    let run = open(&bench).expect("it ends at the announced head");
    let mut journal = RunJournal::go_on(&bench.state, &run).expect("it opens");
    journal.append(&[intent(4)], &RequestCounts::new()).expect("written");
    assert_eq!(index(&bench).head_of(RUN).expect("read").expect("a row").announced, None);
    open(&bench).expect("untouched");
}

#[test]
fn the_host_knows_the_head_of_a_batch_before_its_calls_leave() {
    let bench = Bench::new();
    let mut writer = Writer::start(bench.run(60)).expect("a thread");
    let index = Arc::new(Mutex::new(index(&bench)));
    let (sender, known) = channel();
    // More than one commit takes, so that batches wait while others are written.
    for task in 0..60 {
        let (index, sender) = (Arc::clone(&index), sender.clone());
        let batch =
            Batch { entries: vec![intent(task)], must_confirm: task % 3 > 0, ..Batch::default() };
        let has_calls = batch.must_confirm;
        let committed = Box::new(move |result: Result<(), String>| {
            result.expect("it can be written");
            let row = index.lock().expect("no panic").head_of(RUN).expect("read").expect("a row");
            sender.send((u64::from(task) + 1, has_calls, row.confirmed.entries)).expect("listens");
        });
        writer.submit(batch, committed);
    }
    drop((writer, sender));
    let known: Vec<(u64, bool, u64)> = known.iter().collect();
    assert_eq!(known.len(), 60);
    for (entries, has_calls, confirmed) in known {
        assert!(!has_calls || confirmed >= entries, "{confirmed} of {entries} are confirmed");
    }
    let row = index.lock().expect("no panic").head_of(RUN).expect("read").expect("a row");
    assert_eq!((row.confirmed.entries, row.announced), (60, None));
    open(&bench).expect("untouched");
}

#[test]
fn runs_of_older_programs_open_with_what_can_be_verified() {
    let bench = Bench::new();
    let mut journal = bench.run(3);
    journal.append(&[intent(0), intent(1)], &RequestCounts::new()).expect("written");
    drop(journal);
    damage_index(&bench, "DELETE FROM heads");
    open(&bench).expect("the second format has hashes");
    back_to_format_1(&bench);
    let run = open(&bench).expect("the first has none");
    let mut journal = RunJournal::go_on(&bench.state, &run).expect("it is brought forward");
    journal.append(&[intent(2)], &RequestCounts::new()).expect("written");
    open(&bench).expect("known from now on");
    damage(&bench, "DELETE FROM entries WHERE seq > 1");
    open(&bench).err().expect("and so is what is missing");
}

#[test]
fn a_batch_that_cannot_be_announced_is_not_written() {
    let bench = Bench::new();
    let mut journal = bench.run(2);
    damage_index(&bench, "DROP TABLE heads");
    journal.append(&[intent(0)], &RequestCounts::new()).expect_err("the host cannot know");
    assert_eq!(bench.entries(), []);
}

/// So many entries as tasks have that are followed for a while.
fn life_of(task: u32, looks: usize) -> Vec<Entry> {
    let task = TaskIndex(task);
    let command = CommandSeen {
        uuid: "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f".to_owned(),
        status: CommandStatus::Pending,
        completed_at: None,
        reason: String::new(),
        candidates: 1,
    };
    let sends = Some(Box::new(tasks_of(task.at() + 1).swap_remove(task.at()).sends(None)));
    let verdict = Verdict::Accepted(Answer::default());
    let mut life = vec![
        entry(Event::Intent { task, attempt: 1, pin: None, sends, lists: None }),
        entry(Event::Answered { task, attempt: 1, http_status: Some(200), verdict }),
    ];
    life.extend((0..looks).map(|_| entry(Event::Observed { task, command: command.clone() })));
    let (outcome, reason) = (Outcome::Completed, String::new());
    life.push(entry(Event::Settled { task, outcome, reason }));
    life
}

#[test]
#[ignore = "a measurement: cargo test --release --lib -- --ignored --nocapture a_million_entries"]
fn a_million_entries_are_verified_fast() {
    const TASKS: usize = 1_000;
    const ENTRIES: usize = 1_000_000;
    const COMMITS: u32 = 500;
    let bench = Bench::new();
    let mut journal = bench.run(TASKS);
    let mut written = 0;
    #[allow(clippy::disallowed_methods, reason = "this measures the program, not its time")]
    let clock = std::time::Instant::now;
    let began = clock();
    for task in 0..TASKS {
        let life = life_of(task as u32, ENTRIES / TASKS - 3);
        journal.append(&life, &RequestCounts::new()).expect("written");
        written += life.len();
    }
    let wrote = began.elapsed();
    drop(journal);
    let began = clock();
    let run = open(&bench).expect("untouched");
    let took = began.elapsed();
    assert_eq!((written, run.end.seq), (ENTRIES, ENTRIES as i64));
    #[allow(clippy::print_stdout, reason = "the figure is what it is for")]
    {
        println!("{ENTRIES} entries: written in {wrote:?}, verified and replayed in {took:?}");
    }
    assert!(took.as_secs() < 60, "{took:?}");
    // What the host's record costs: a commit without entries is not told to it.
    let mut journal = RunJournal::go_on(&bench.state, &run).expect("it opens");
    let requests = RequestCounts::from([("look".to_owned(), 1)]);
    for (what, entries) in [("no", Vec::new()), ("one", vec![intent(0)])] {
        let began = clock();
        for _ in 0..COMMITS {
            journal.append(&entries, &requests).expect("written");
        }
        let each = began.elapsed() / COMMITS;
        #[allow(clippy::print_stdout, reason = "the figure is what it is for")]
        {
            println!("a commit of {what} entry: {each:?}");
        }
    }
}
