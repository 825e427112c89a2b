//! What the host's record, the chains of runs, budgets and plans hold on a real disk.
//!
//! Owns the tests of tampering, of older formats and of two processes at once. Must never look into SQL that the
//! module itself does not promise, but for breaking it.

use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

use super::{
    Bench, INDEX_FORMAT_1, NOW, RUN, any_event, entry, header, intent, run_with_secrets, tasks_of,
};
use crate::journal::run_chain::{ChainEnd, EntryHasher};
use crate::journal::*;
use crate::model::{DeviceId, Entry, Event, Outcome, Random, TaskIndex, UnixMillis};

fn audit(bench: &Bench) -> ChainAudit {
    bench.reader().audit().expect("it can be read")
}

/// The number of the first record that does not fit, and what is said of it.
fn fault(audit: &ChainAudit) -> Option<(u64, &str)> {
    audit.fault.as_ref().map(|fault| (fault.seq, fault.what.as_str()))
}

/// Breaks a run's database, and says what the audit finds.
fn broken(bench: &Bench, damage: &str) -> Option<(u64, String)> {
    let path = bench.state.run_path(RUN);
    let copy = path.with_extension("copy");
    let connection = rusqlite::Connection::open(&path).expect("a database");
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("its owner");
    std::fs::copy(&path, &copy).expect("a copy");
    connection.execute_batch(damage).expect("its owner");
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("its owner");
    drop(connection);
    let found = audit(bench);
    std::fs::copy(&copy, &path).expect("put back");
    fault(&found).map(|(seq, what)| (seq, what.to_owned()))
}

fn run_of_five(bench: &Bench) {
    let mut journal = bench.run(6);
    let opened = entry(Event::Opened { program: "sortie".to_owned() });
    let batch = vec![opened, intent(0), intent(1)];
    journal.append(&batch, &RequestCounts::new()).expect("written");
    let reason = "gone".to_owned();
    let settled = Event::Settled { task: TaskIndex(0), outcome: Outcome::Failed, reason };
    journal
        .append(&[entry(settled), entry(Event::Closed)], &RequestCounts::new())
        .expect("written");
    assert_eq!(bench.reader().head().expect("read").head, journal.head());
}

#[test]
fn every_kind_of_tampering_is_found_at_its_place() {
    let bench = Bench::new();
    run_of_five(&bench);
    let sound = audit(&bench);
    assert_eq!((sound.entries, sound.chained_from, fault(&sound)), (5, Some(1), None));
    for (damage, seq, words) in [
        ("UPDATE entries SET body = replace(body, 'gone', 'here') WHERE seq = 4", 4, "altered"),
        ("UPDATE entries SET at = at + 1 WHERE seq = 3", 3, "altered"),
        ("UPDATE entries SET kind = 'answered' WHERE seq = 3", 3, "altered"),
        ("UPDATE entries SET task = 2 WHERE seq = 3", 3, "altered"),
        ("UPDATE entries SET body = 'no JSON' WHERE seq = 2", 2, "cannot be read"),
        (
            "UPDATE entries SET seq = 9 WHERE seq = 2; UPDATE entries SET seq = 2 WHERE seq = 3;
          UPDATE entries SET seq = 3 WHERE seq = 9",
            2,
            "altered",
        ),
        ("DELETE FROM entries WHERE seq = 2", 2, "missing"),
        ("DELETE FROM entries WHERE seq = 1", 1, "missing"),
        ("UPDATE entries SET hash = NULL WHERE seq = 4", 4, "was removed"),
        ("UPDATE entries SET hash = NULL", 1, "was removed"),
        ("UPDATE header SET body = replace(body, 'job', 'bog')", 0, "header"),
        ("DELETE FROM header", 0, "header"),
        ("UPDATE tasks SET body = replace(body, 'lock', 'erase') WHERE task = 3", 0, "tasks"),
        ("UPDATE tasks SET device_id = 'd9' WHERE task = 3", 0, "tasks"),
        ("DELETE FROM tasks WHERE task = 5", 0, "tasks"),
        ("DELETE FROM chain; UPDATE header SET body = replace(body, 'job', 'bog')", 1, "altered"),
        ("UPDATE tasks SET outcome = 'completed' WHERE task = 1", 0, "task 1 is marked completed"),
    ] {
        let (at, what) = broken(&bench, damage).unwrap_or_else(|| panic!("not found: {damage}"));
        assert!(at == seq && what.contains(words), "{damage}: {at} {what}");
        assert_eq!(audit(&bench), sound, "put back after {damage}");
    }
    // What was cut off at the end can only be seen with a head that was kept elsewhere.
    let kept = sound.head.clone();
    let connection = rusqlite::Connection::open(bench.state.run_path(RUN)).expect("a database");
    connection.execute("DELETE FROM entries WHERE seq = 5", []).expect("its owner");
    let mut hashes = BTreeSet::new();
    let cut = bench.reader().for_each_audited(|entry| {
        hashes.insert(entry.hash.to_owned());
    });
    assert_eq!(fault(&cut.expect("read")), None);
    assert!(!hashes.contains(&kept));
}

#[test]
fn pruning_changes_no_hash_and_no_audit_shows_a_secret() {
    let bench = Bench::new();
    run_with_secrets(&bench);
    let connection = rusqlite::Connection::open(bench.state.run_path(RUN)).expect("a database");
    let listed = || {
        let mut records = Vec::new();
        let audit =
            bench.reader().for_each_audited(|entry| records.push(entry.record())).expect("read");
        assert_eq!(fault(&audit), None);
        (audit, records)
    };
    let before = listed();
    let text: String = before.1.iter().map(|record| record.body.to_string()).collect();
    for secret in ["918273", "817263", "VERY-SECRET", "a reply of", "\"pin\"", "\"secrets\""] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let pruned = prune_run(&bench.state, RUN, UnixMillis(NOW.0 + 1)).expect("it can be written");
    assert_eq!(pruned.shares.len(), 10);
    assert_eq!(listed(), before);
    let gone: i64 = connection
        .query_row("SELECT count(*) FROM entries WHERE body LIKE '%918273%'", [], |row| row.get(0))
        .expect("a number");
    assert_eq!(gone, 0);
    let mut journal = RunJournal::open(&bench.state, RUN).expect("it opens");
    assert_eq!(journal.head(), before.0.head);
    journal.append(&[intent(10)], &RequestCounts::new()).expect("written");
    assert_eq!(listed().0.entries, before.0.entries + 1);
}

#[test]
fn pruning_leaves_fields_alone_that_this_program_does_not_know() {
    let bench = Bench::new();
    let mut journal = bench.run(1);
    journal.append(&[intent(0)], &RequestCounts::new()).expect("written");
    drop(journal);
    let path = bench.state.run_path(RUN);
    let connection = rusqlite::Connection::open(&path).expect("a database");
    let body = r#"{"later":{"x":1},"kind":"answered","task":0,"attempt":1,"http_status":null,"verdict":{"accepted":{"pin":{"clear":"918273"},"result":"a reply"}}}"#;
    connection
        .execute("UPDATE entries SET body = ?, hash = NULL, kind = 'answered'", [body])
        .expect("its owner");
    connection.execute("DELETE FROM chain", []).expect("its owner");
    let head = audit(&bench).head;
    prune_run(&bench.state, RUN, UnixMillis(NOW.0 + 1)).expect("it can be written");
    assert_eq!(audit(&bench).head, head);
    let after: String =
        connection.query_row("SELECT body FROM entries", [], |row| row.get(0)).expect("a body");
    assert!(after.contains("later") && after.contains(r#"{"clear":""}"#), "{after}");
    assert!(!after.contains("reply") && !after.contains("pin_missing"), "{after}");
}

/// A run's database as the first released format had it, with what `bench` holds.
pub(super) fn back_to_format_1(bench: &Bench) {
    let connection = rusqlite::Connection::open(bench.state.run_path(RUN)).expect("a database");
    connection
        .execute_batch(
            "DROP VIEW entries_readable; DROP TABLE chain; DROP TABLE measures;
             CREATE TABLE old (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, task INTEGER,
               kind TEXT NOT NULL, body TEXT NOT NULL);
             INSERT INTO old SELECT seq, at, task, kind, body FROM entries; DROP TABLE entries;
             ALTER TABLE old RENAME TO entries;
             CREATE VIEW entries_readable AS SELECT seq FROM entries; PRAGMA user_version = 1;",
        )
        .expect("its owner");
}

#[test]
fn a_run_of_the_first_format_is_covered_from_its_next_entry_on() {
    let bench = Bench::new();
    run_of_five(&bench);
    let hashed = audit(&bench);
    back_to_format_1(&bench);
    let old = audit(&bench);
    assert_eq!((old.entries, old.chained_from, fault(&old)), (5, None, None));
    assert_eq!(old.head, hashed.head, "what is hashed does not depend on when");
    assert_eq!(bench.reader().head().expect("read"), RunHead { entries: 5, head: old.head });
    let mut journal = RunJournal::open(&bench.state, RUN).expect("it is brought forward");
    let no_requests = RequestCounts::new();
    journal.append(&[entry(Event::Closed)], &no_requests).expect("written");
    drop(journal);
    for _ in 0..2 {
        let mut journal = RunJournal::open(&bench.state, RUN).expect("it opens");
        journal.append(&[entry(Event::Closed)], &no_requests).expect("written");
    }
    let new = audit(&bench);
    assert_eq!((new.entries, new.chained_from, fault(&new)), (8, Some(6), None));
    let old_entry = "UPDATE entries SET at = at + 1 WHERE seq = 2";
    assert_eq!(broken(&bench, old_entry).expect("found").0, 6, "the first hash covers old entries");
    let last = "UPDATE entries SET hash = NULL WHERE seq >= 6";
    assert_eq!(broken(&bench, last).expect("found"), (6, "its hash was removed".to_owned()));
}

#[test]
fn a_run_of_a_newer_format_is_verified_as_far_as_known() {
    let bench = Bench::new();
    run_of_five(&bench);
    let connection = rusqlite::Connection::open(bench.state.run_path(RUN)).expect("a database");
    let head = bench.reader().head().expect("read");
    let end = ChainEnd { seq: head.entries as i64, hash: head.head };
    let body = r#"{"kind":"unheard_of","task":0,"pin":{"clear":"918273"}}"#;
    let next =
        EntryHasher::default().link(&end, 7, Some(0), "unheard_of", body).expect("it is JSON");
    let row = rusqlite::params![next.seq, 7, 0, "unheard_of", body, next.hash];
    connection.execute("INSERT INTO entries VALUES (?,?,?,?,?,?)", row).expect("its owner");
    assert_eq!(fault(&audit(&bench)), Some((6, "it cannot be read")), "our own format");
    connection.pragma_update(None, "user_version", 99).expect("its owner");
    let newer = audit(&bench);
    assert_eq!((newer.entries, fault(&newer), &newer.head), (6, None, &next.hash));
    let (seq, what) = broken(&bench, "UPDATE entries SET at = 8 WHERE seq = 6").expect("found");
    assert!(seq == 6 && what.contains("newer version of sortie"), "{seq} {what}");
}

#[test]
fn a_failed_append_does_not_move_the_head() {
    let bench = Bench::new();
    let mut journal = bench.run(3);
    assert_eq!(journal.head(), audit(&bench).genesis);
    journal.append(&[intent(0)], &RequestCounts::new()).expect("written");
    let head = journal.head().to_owned();
    journal.append(&[intent(1), intent(9)], &RequestCounts::new()).expect_err("no such task");
    assert_eq!(journal.head(), head);
    journal.append(&[intent(2)], &RequestCounts::new()).expect("written");
    let found = audit(&bench);
    assert_eq!((fault(&found), found.entries), (None, 2));
    assert_eq!(found.head, journal.head());
}

#[test]
fn any_entries_chain_and_a_look_while_they_are_written_is_whole() {
    let bench = Bench::new();
    let mut journal = bench.run(14);
    std::thread::scope(|scope| {
        let writing = scope.spawn(move || {
            let mut random = Random::new(3);
            for _ in 0..60 {
                let event = |random: &mut Random| {
                    let task = TaskIndex(random.below(14) as u32);
                    entry(any_event(random, task))
                };
                let batch: Vec<Entry> = (0..7).map(|_| event(&mut random)).collect();
                journal.append(&batch, &RequestCounts::new()).expect("it can be written");
            }
        });
        let mut looks = 0;
        while !writing.is_finished() || looks == 0 {
            let seen = audit(&bench);
            assert_eq!((fault(&seen), seen.entries % 7), (None, 0));
            looks += 1;
        }
        writing.join().expect("it ends well");
    });
    let end = audit(&bench);
    assert_eq!((end.entries, fault(&end)), (420, None));
}

#[test]
fn the_hosts_record_is_chained_over_all_processes() {
    let bench = Bench::new();
    let mut indexes =
        [Index::open(&bench.state), Index::open(&bench.state)].map(|it| it.expect("an index"));
    let empty = indexes[0].audit().expect("read");
    assert_eq!((empty.entries, empty.head.len()), (0, 64));
    let mut heads = vec![empty.genesis];
    for turn in 0..6_usize {
        let run = (turn % 3 > 0).then_some(RUN);
        let body = json!({ "by": "ann", "z": 1, "a": [turn, 0.1], "text": "ä\n" });
        heads.push(indexes[turn % 2].note(NOW, "left", run, &body).expect("written"));
    }
    let look = Index::open_to_read(&bench.state).expect("readable").expect("it is there");
    let mut notes = Vec::new();
    let sound = look.for_each_note(|note| notes.push(note)).expect("read");
    assert_eq!((sound.entries, fault(&sound), &sound.head), (6, None, &heads[6]));
    assert!(notes.iter().zip(&heads[1..]).all(|(note, head)| &note.hash == head && note.fits));
    assert_eq!((notes[1].run.as_deref(), notes[0].run.as_deref()), (Some(RUN), None));
    assert_eq!(notes[3].body["a"], json!([3, 0.1]));
    let connection = rusqlite::Connection::open(bench.state.index_path()).expect("a database");
    for (damage, seq) in [
        ("UPDATE audit SET body = replace(body, 'ann', 'bob') WHERE seq = 2", 2),
        ("UPDATE audit SET at = at + 1 WHERE seq = 3", 3),
        ("UPDATE audit SET run = '' WHERE seq = 4", 4),
        ("UPDATE audit SET kind = 'lef', run = 't' || run WHERE seq = 6", 6),
        ("DELETE FROM audit WHERE seq = 5", 5),
        ("UPDATE audit SET hash = lower(hex(randomblob(32))) WHERE seq = 6", 6),
    ] {
        connection.execute_batch(&format!("SAVEPOINT one; {damage}; RELEASE one")).expect(damage);
        let found = look.audit().expect("read");
        assert_eq!(fault(&found).map(|(at, _)| at), Some(seq), "{damage}");
        connection.execute("DELETE FROM audit", []).expect("its owner");
        for note in &notes {
            connection
                .execute(
                    "INSERT INTO audit VALUES (?,?,?,?,?,?)",
                    rusqlite::params![
                        note.seq as i64,
                        note.at.0,
                        note.kind,
                        note.run,
                        note.body.to_string(),
                        note.hash
                    ],
                )
                .expect("put back");
        }
        assert_eq!(look.audit().expect("read"), sound);
    }
}

#[test]
fn notes_of_two_processes_at_once_are_all_there() {
    let bench = Bench::new();
    std::thread::scope(|scope| {
        for name in ["one", "two"] {
            let mut index = Index::open(&bench.state).expect("an index");
            scope.spawn(move || {
                for _ in 0..20 {
                    index.note(NOW, name, None, &json!({})).expect("written");
                }
            });
        }
    });
    let index = Index::open(&bench.state).expect("an index");
    let found = index.audit().expect("read");
    assert_eq!((found.entries, fault(&found)), (40, None));
}

fn charge(run: &str, devices: u32, at: i64) -> Charge {
    let action = "erase".to_owned();
    Charge { run: run.to_owned(), action, devices, at: UnixMillis(at), is_kept_free: false }
}

#[test]
fn two_processes_never_charge_more_than_a_budget() {
    let bench = Bench::new();
    let taken = std::sync::atomic::AtomicU32::new(0);
    std::thread::scope(|scope| {
        for run in ["one", "two"] {
            let mut index = Index::open(&bench.state).expect("an index");
            let taken = &taken;
            scope.spawn(move || {
                for at in 1..=30 {
                    let result = index.charge("tenant", UnixMillis(0), |charges| {
                        let spent: u32 = charges.iter().map(|charge| charge.devices).sum();
                        if spent + 3 > 50 { Err(spent) } else { Ok(vec![charge(run, 3, at)]) }
                    });
                    if result.expect("written").is_ok() {
                        taken.fetch_add(3, std::sync::atomic::Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let index = Index::open(&bench.state).expect("an index");
    let charges = index.charges("tenant", UnixMillis(0)).expect("read");
    let spent: u32 = charges.iter().map(|charge| charge.devices).sum();
    assert_eq!((spent, taken.into_inner()), (48, 48));
    assert_eq!(index.charges("another", UnixMillis(0)).expect("read"), []);
    let newest = charges.iter().map(|charge| charge.at).max().expect("there are some");
    assert_eq!(index.charges("tenant", newest).expect("read"), [], "only what is newer counts");
}

#[test]
fn a_run_pays_for_what_it_sent_and_never_more() {
    let bench = Bench::new();
    let mut index = Index::open(&bench.state).expect("an index");
    let free = Charge { is_kept_free: true, ..charge("one", 4, 20) };
    let lock = Charge { action: "lock".to_owned(), ..charge("one", 7, 10) };
    let added = vec![charge("one", 10, 10), charge("one", 5, 20), free, lock, charge("two", 9, 5)];
    let result = index.charge("tenant", UnixMillis(0), |_| Ok::<_, ()>(added));
    assert_eq!(result.expect("written"), Ok(()));
    let devices = |index: &Index| -> Vec<(String, String, u32)> {
        let charges = index.charges("tenant", UnixMillis(0)).expect("read");
        charges.into_iter().map(|it| (it.run, it.action, it.devices)).collect()
    };
    let sent_to = |devices: u32| SentDevices { devices, last_at: UnixMillis(50) };
    for (sent, expected) in [(100, &[10, 5, 4][..]), (17, &[10, 5, 2]), (12, &[10, 2]), (3, &[3])] {
        let sent =
            BTreeMap::from([("erase".to_owned(), sent_to(sent)), ("lock".to_owned(), sent_to(7))]);
        index.settle_charges("one", &sent).expect("written");
        let found: Vec<u32> = devices(&index)
            .into_iter()
            .filter(|(run, action, _)| run == "one" && action == "erase")
            .map(|(.., devices)| devices)
            .collect();
        assert_eq!(found, expected);
    }
    index.settle_charges("one", &BTreeMap::new()).expect("written");
    let left: u32 = devices(&index).iter().map(|(.., devices)| devices).sum();
    assert_eq!(left, 9, "the other run's");
    let again = index.charge("tenant", UnixMillis(0), |_| Ok::<_, ()>(vec![charge("two", 1, 5)]));
    assert_eq!(again.expect("the same moment"), Ok(()));
    assert!(devices(&index).contains(&("two".to_owned(), "erase".to_owned(), 10)));
}

#[test]
fn what_a_run_may_still_send_counts_until_it_was_sent() {
    let bench = Bench::new();
    let mut index = Index::open(&bench.state).expect("an index");
    // Charged at 10 with sending until 1000, after five of an earlier leg that were sent at 7.
    let added = vec![charge("one", 5, 7), charge("one", 9, 1000), charge("two", 2, 10)];
    let result = index.charge("tenant", UnixMillis(0), |_| Ok::<_, ()>(added));
    assert_eq!(result.expect("written"), Ok(()));
    let counting = |index: &Index, since: i64| -> Vec<(i64, u32)> {
        let charges = index.charges("tenant", UnixMillis(since)).expect("read");
        charges.into_iter().filter(|it| it.run == "one").map(|it| (it.at.0, it.devices)).collect()
    };
    assert_eq!(counting(&index, 999), [(1000, 9)], "however long ago it was charged");
    assert_eq!(index.unsettled_runs(UnixMillis(500)).expect("read"), ["one"]);
    let sent = SentDevices { devices: 8, last_at: UnixMillis(600) };
    index.settle_charges("one", &BTreeMap::from([("erase".to_owned(), sent)])).expect("written");
    assert_eq!(counting(&index, 0), [(7, 5), (600, 3)]);
    assert_eq!(counting(&index, 600), []);
    assert!(index.unsettled_runs(UnixMillis(700)).expect("read").is_empty());
}

#[test]
fn a_plan_runs_once() {
    let bench = Bench::new();
    let index = Index::open(&bench.state).expect("an index");
    let plan = PlanRow {
        digest: "abc".to_owned(),
        made_at: NOW,
        made_by: "ann".to_owned(),
        job: "job".to_owned(),
        tenant: "tenant".to_owned(),
        run: None,
    };
    assert_eq!(index.find_plan("abc").expect("read"), None);
    assert!(!index.take_plan("abc", RUN).expect("written"), "it was not made here");
    index.add_plan(&plan).expect("written");
    assert_eq!(index.find_plan("abc").expect("read").as_ref(), Some(&plan));
    assert!(index.take_plan("abc", RUN).expect("written"));
    let other = Index::open(&bench.state).expect("another process");
    assert!(!other.take_plan("abc", "other").expect("written"));
    other.add_plan(&plan).expect("writing it again does not make it fresh");
    let found = other.find_plan("abc").expect("read").expect("it is there");
    assert_eq!(found.run.as_deref(), Some(RUN));
}

#[test]
fn an_older_index_reads_as_empty_and_is_migrated_by_a_writer() {
    let bench = Bench::new();
    let path = bench.state.index_path();
    let connection = rusqlite::Connection::open(&path).expect("a database");
    // What format 2 added, in its own words.
    connection
        .execute_batch(&format!(
            "{INDEX_FORMAT_1}
             CREATE TABLE pin_shown (at INTEGER NOT NULL, run TEXT NOT NULL, task INTEGER NOT NULL,
               device_id TEXT NOT NULL, shown_by TEXT NOT NULL);
             CREATE TABLE prunings (run TEXT NOT NULL, task INTEGER NOT NULL, at INTEGER NOT NULL,
               pins INTEGER NOT NULL, secrets INTEGER NOT NULL, replies INTEGER NOT NULL,
               PRIMARY KEY (run, task)) WITHOUT ROWID;
             INSERT INTO prunings VALUES ('old', 0, 5, 1, 0, 0); PRAGMA user_version = 2;"
        ))
        .expect("the old tables");
    let look = Index::open_to_read(&bench.state).expect("readable").expect("it is there");
    assert_eq!(look.database_id().expect("empty"), "");
    assert_eq!(look.charges("tenant", UnixMillis(0)).expect("empty"), []);
    assert_eq!(look.find_plan("abc").expect("empty"), None);
    assert_eq!(look.audit().expect("empty").entries, 0);
    let mut index = Index::open(&bench.state).expect("it is brought forward");
    let id = index.database_id().expect("drawn");
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    index.note(NOW, "left", None, &json!({})).expect("written");
    assert_eq!(index.prunings("old").expect("read").len(), 1);
    let again = Index::open(&bench.state).expect("it opens again");
    assert_eq!(again.database_id().expect("kept"), id);
    let other = Index::open(&Bench::new().state).expect("another index");
    assert_ne!(other.database_id().expect("drawn"), id);
}

#[test]
fn one_process_starts_a_run_at_a_time() {
    let bench = Bench::new();
    let state = &bench.state;
    let hold = state.hold_start().expect("it is free");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| state.hold_start().map(drop));
        assert!(!waiting.is_finished());
        drop(hold);
        waiting.join().expect("it ends").expect("its turn comes");
    });
    assert_eq!(state.stop_file(), state.path().join("STOP"));
}

#[test]
fn what_others_have_not_sent_yet_is_found_by_device() {
    let bench = Bench::new();
    let mut journal = bench.run(5);
    let reason = "why".to_owned();
    let settled = Event::Settled { task: TaskIndex(1), outcome: Outcome::Completed, reason };
    let batch = [intent(0), intent(1), entry(settled)];
    journal.append(&batch, &RequestCounts::new()).expect("written");
    let device = |at: u32| DeviceId::from_api(&format!("d{at}"));
    let devices: BTreeSet<DeviceId> = [0, 1, 3, 9].map(device).into();
    let found = bench.reader().unsent_on(&devices).expect("read");
    let lock = |at| (device(at), "lock".to_owned());
    assert_eq!(found, [lock(0), lock(3)], "in flight, and never sent");
    let mut index = Index::open(&bench.state).expect("an index");
    for (id, state) in [("a", RunState::Open), ("b", RunState::Paused), ("c", RunState::Finished)] {
        let run = RunRow {
            id: id.to_owned(),
            job: "job".to_owned(),
            tenant: "tenant".to_owned(),
            tasks: 1,
            state,
            started_at: NOW,
            ended_at: None,
            summary: String::new(),
        };
        index.add_run(&run, &tasks_of(1)).expect("written");
    }
    let open: Vec<String> =
        index.open_runs().expect("read").into_iter().map(|run| run.id).collect();
    assert_eq!(open, ["a"]);
}

#[test]
#[ignore = "a measurement: cargo test --release --lib -- --ignored --nocapture entries_are_appended"]
fn entries_are_appended_fast() {
    let bench = Bench::new();
    let mut journal = RunJournal::create(&bench.state, &header(RUN), tasks_of(1_000)).expect("new");
    let mut random = Random::new(1);
    let entries: Vec<Entry> = (0..100_000)
        .map(|_| {
            let task = TaskIndex(random.below(1_000) as u32);
            entry(any_event(&mut random, task))
        })
        .collect();
    #[allow(clippy::disallowed_methods, reason = "this measures the program, not its time")]
    let began = std::time::Instant::now();
    for batch in entries.chunks(500) {
        journal.append(batch, &RequestCounts::new()).expect("written");
    }
    let took = began.elapsed();
    assert!(took.as_secs() < 60, "100,000 entries took {took:?}");
    std::fs::write(std::env::temp_dir().join("sortie-append-time"), format!("{took:?}\n"))
        .expect("a note");
}
