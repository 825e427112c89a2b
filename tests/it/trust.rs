//! Runs whose databases were changed while no process held them: nothing is sent, and the exit code is the journal's.
//!
//! Owns each attack as somebody carries it out who can write files of the state directory, and the controls that were
//! not attacked. Must never test what an audit says of the chains alone.

use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment};
use std::net::TcpListener;

use crate::bypass::{keys, user_of};
use crate::fleet::{Fleet, end_of, erase_of, interrupt, says};
use crate::harness::{Ran, canned, eventually};

/// A run of one request a second that was interrupted after its first one; its id.
fn interrupted(fleet: &Fleet, action: &str, confirm: &str, devices: usize) -> String {
    let job = fleet.job(action, 0..devices);
    let slow = ["run", &job, "--confirm", confirm, "--wait", "0", "-j", "1", "--per-second", "1"];
    leave_after_one(fleet, &slow, action);
    fleet.bench.latest_run()
}

/// Interrupts a command once the tenant has seen one more request.
fn leave_after_one(fleet: &Fleet, arguments: &[&str], action: &str) {
    let before = fleet.tenant.seen(action);
    let child = fleet.spawn(arguments);
    eventually("a request arrives", || fleet.tenant.seen(action) > before);
    interrupt(&child);
    end_of(child).expect(9);
}

fn database(fleet: &Fleet, run: &str) -> std::path::PathBuf {
    fleet.bench.path("state").join("runs").join(format!("{run}.db"))
}

fn change(fleet: &Fleet, run: &str, sql: &str) {
    let connection = rusqlite::Connection::open(database(fleet, run)).expect("a database");
    connection.execute_batch(sql).expect("its owner");
}

/// Every command that goes on with the run refuses, and nothing reaches the tenant.
#[track_caller]
fn is_refused(fleet: &Fleet, run: &str, words: &[&str]) {
    let before = fleet.tenant.ledger().by_kind;
    for arguments in [
        &["resume", run][..],
        &["watch", run, "--once"],
        &["retry", run, "--yes"],
        &["resolve", run, "--as", "again", "--all", "--yes"],
        &["pins", run, "--recover"],
    ] {
        let told = fleet.bench.sortie(arguments).expect(12);
        says(&told, words);
        says(&told, &["nothing was sent", "was not opened", &format!("sortie audit {run}")]);
    }
    assert_eq!(fleet.tenant.ledger().by_kind, before, "not one request");
}

#[test]
fn an_untouched_run_can_be_resumed() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let run = interrupted(&fleet, "restart", "2", 2);
    fleet.bench.sortie(&["resume", &run]).expect(0);
    assert_eq!(fleet.reached("restart"), [1, 1]);
    fleet.bench.sortie(&["audit"]).expect(0);
}

#[test]
fn a_killed_run_can_be_resumed() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let job = fleet.job("restart", 0..2);
    let slow = ["run", &job, "--confirm", "2", "--wait", "0", "-j", "1", "--per-second", "1"];
    let mut child = fleet.spawn(&slow);
    eventually("a request arrives", || fleet.tenant.seen("restart") > 0);
    child.kill().expect("it is ours");
    let _ = end_of(child);
    let run = fleet.bench.latest_run();
    fleet.bench.sortie(&["audit"]).expect(0);
    let resumed: Ran = fleet.bench.sortie(&["resume", &run]);
    assert!(matches!(resumed.code, 0 | 10), "{}", resumed.stderr);
    assert_eq!(fleet.reached("restart"), [1, 1]);
    fleet.bench.sortie(&["audit"]).expect(0);
}

#[test]
fn tasks_that_were_swapped_reach_no_other_device() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let run = interrupted(&fleet, "erase", &erase_of(2), 2);
    let (planned, other) = (&fleet.ids[1], &fleet.ids[2]);
    let swap = format!(
        "UPDATE tasks SET body = replace(body, '{planned}', '{other}'), device_id = '{other}'
         WHERE device_id = '{planned}'"
    );
    change(&fleet, &run, &swap);
    is_refused(&fleet, &run, &["the tasks are not the ones that the run began with"]);
    // The same with the chain of the run's own database rewritten for it.
    change(&fleet, &run, "DELETE FROM chain; UPDATE entries SET hash = NULL");
    is_refused(&fleet, &run, &["host's record"]);
    assert_eq!(fleet.reached("erase")[2], 0);
}

#[test]
fn benign_tasks_that_were_turned_into_erases_erase_nothing() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let run = interrupted(&fleet, "blank-push", "2", 2);
    change(
        &fleet,
        &run,
        "UPDATE tasks SET action = 'erase',
           body = replace(replace(body, 'blank-push', 'erase'), '\"benign\"', '\"irreversible\"')
           WHERE outcome = 'not_attempted';
         UPDATE header SET body = json_set(body, '$.provenance.approver', 'bob until 2099');
         DELETE FROM chain; UPDATE entries SET hash = NULL",
    );
    is_refused(&fleet, &run, &[&run]);
    assert_eq!(fleet.reached("erase"), [0, 0]);
}

#[test]
fn entries_that_were_removed_are_missed() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let run = interrupted(&fleet, "restart", "2", 2);
    change(
        &fleet,
        &run,
        "DELETE FROM entries WHERE seq > 1; UPDATE tasks SET outcome = 'not_attempted'",
    );
    is_refused(&fleet, &run, &["entry 2: ", "host's record"]);
    assert_eq!(fleet.reached("restart"), [1, 0]);
}

#[test]
fn an_older_copy_of_a_run_is_recognized() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 3);
    let run = interrupted(&fleet, "restart", "3", 3);
    let copy = fleet.bench.path("older.db");
    change(&fleet, &run, "PRAGMA wal_checkpoint(TRUNCATE)");
    std::fs::copy(database(&fleet, &run), &copy).expect("a backup");
    leave_after_one(&fleet, &["resume", &run], "restart");
    change(&fleet, &run, "PRAGMA wal_checkpoint(TRUNCATE)");
    std::fs::copy(&copy, database(&fleet, &run)).expect("restored");
    is_refused(&fleet, &run, &["host's record", "restore runs/"]);
    assert_eq!(fleet.reached("restart"), [1, 1, 0]);
}

#[test]
fn an_address_that_only_the_run_names_gets_no_token() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let run = interrupted(&fleet, "restart", "2", 2);
    let before = fleet.tenant.ledger().by_kind;
    let unnamed = |command: &str, more: &[&str]| {
        let mut started = fleet.bench.command();
        started.env_remove("SORTIE_BASE_URL").env_remove("SORTIE_TOKEN");
        started.args([command, &run, "--token-command", "touch asked; echo TOKEN"]).args(more);
        Ran::of(started.output().expect("it starts"))
    };
    for command in ["resume", "watch"] {
        let told = unnamed(command, &[]).expect(2);
        says(&told, &["no flag, variable or profile names it", "--base-url http://127.0.0.1:"]);
    }
    assert!(!fleet.bench.path("asked").exists(), "the token was not read");
    assert_eq!(fleet.tenant.ledger().by_kind, before);
    let named = fleet.tenant.base_url();
    unnamed("resume", &["--base-url", &named]).expect(3);
    assert!(fleet.bench.path("asked").exists(), "a flag names it");
}

#[test]
fn a_changed_address_gets_no_token() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let run = interrupted(&fleet, "restart", "2", 2);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.set_nonblocking(true).expect("its owner");
    let address = listener.local_addr().expect("bound");
    let set = format!("UPDATE header SET body = json_set(body, '$.base_url', 'http://{address}')");
    for sql in [&set[..], "DELETE FROM chain; UPDATE entries SET hash = NULL"] {
        change(&fleet, &run, sql);
        for command in ["resume", "watch"] {
            let mut started = fleet.bench.command();
            started.env_remove("SORTIE_BASE_URL").args([command, &run]);
            Ran::of(started.output().expect("it starts")).expect(12);
        }
    }
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn a_kept_approval_counts_only_while_its_signer_may_approve() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let job = fleet.job("erase", 0..3);
    fleet.plan(&job, "first.plan");
    let me = user_of(&fleet.bench, "first.plan");
    fleet.policy(&format!(
        "[approval]\nalways = true\nallowed_signers = \"allowed_signers\"\n\
         [approval.people]\n{me} = \"me@example.com\"\n"
    ));
    keys(&fleet.bench, &["bob"], &["bob"]);
    let plan = ["plan", &job, "--out", "erase.plan", "--wait", "0", "-j", "1", "--max-errors", "0"];
    fleet.bench.sortie(&plan).expect(0);
    let key = fleet.bench.path("bob").display().to_string();
    fleet.bench.sortie(&["approve", "erase.plan", "--key", &key, "--yes"]).expect(0);
    let refused = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action("erase"), refused);
    fleet.run_plan("erase.plan", &erase_of(3), &[]).expect(9);
    let run = fleet.bench.latest_run();
    let signers = fleet.bench.path("state/allowed_signers");
    let list = std::fs::read(&signers).expect("it is there");
    std::fs::write(&signers, "").expect("its owner");
    let told = fleet.bench.sortie(&["resume", &run]).expect(8);
    says(&told, &["the run's approval is no longer valid", "nothing was sent"]);
    assert_eq!(fleet.writes(), 1);
    std::fs::write(&signers, list).expect("its owner");
    fleet.bench.sortie(&["resume", &run]).expect(7);
    assert_eq!(fleet.reached("erase"), [0, 1, 1]);
}
