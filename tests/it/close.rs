//! Runs that nobody goes on with: how they end, and which run a bare command means.
//!
//! Owns `sortie close` and the words of the list of runs. Must never test how commands are followed.

use sortie::simulator::{DeviceKind, Presence};

use crate::fleet::{Fleet, end_of, interrupt, says};
use crate::harness::eventually;

fn state_of(fleet: &Fleet, run: &str) -> String {
    let runs = fleet.bench.sortie(&["runs", "--format", "json"]).expect(0);
    let runs: serde_json::Value = serde_json::from_str(&runs.stdout).expect("JSON");
    let row = runs.as_array().expect("a list").iter().find(|row| row["id"] == run);
    row.expect("it is listed")["state"].as_str().expect("a word").to_owned()
}

/// A fleet whose devices sleep.
fn asleep(count: usize) -> Fleet {
    Fleet::with(DeviceKind::MacIntel, count, |_, device| device.presence = Presence::Offline)
}

#[test]
fn a_run_that_only_waits_for_sleeping_devices_is_ended() {
    let fleet = asleep(1);
    let job = fleet.job("restart", 0..1);
    fleet.bench.sortie(&["run", &job, "--confirm", "1", "--wait", "300ms"]).expect(10);
    let run = fleet.bench.latest_run();
    assert_eq!(state_of(&fleet, &run), "ended");
    says(&fleet.bench.sortie(&["status"]).expect(0), &["sortie watch", "sortie close"]);
    fleet.bench.sortie(&["watch", &run, "--once"]).expect(10);
    assert_eq!(state_of(&fleet, &run), "ended");
    fleet.tenant.with_world(|world| world.wake(&fleet.ids[0]));
    fleet.bench.sortie(&["watch", &run, "--wait", "30s"]).expect(0);
    assert_eq!(state_of(&fleet, &run), "finished");
}

#[test]
fn bare_commands_mean_the_newest_run() {
    let fleet = asleep(2);
    let job = fleet.job("restart", 0..1);
    fleet.bench.sortie(&["run", &job, "--confirm", "1", "--wait", "300ms"]).expect(10);
    let older = fleet.bench.latest_run();
    let push = ["send", "blank-push", "--serial", &crate::harness::serial(1), "--wait", "0"];
    fleet.bench.sortie(&push).expect(0);
    let newest = fleet.bench.latest_run();
    assert_ne!(older, newest);
    for command in ["resume", "watch"] {
        let told = fleet.bench.sortie(&[command]).expect(0);
        says(&told, &[&format!("run {newest} has ended")]);
    }
    for command in ["resolve", "retry", "status", "report"] {
        let told = fleet.bench.sortie(&[command]).expect(0);
        says(&told, &[&newest]);
    }
    assert_eq!(state_of(&fleet, &older), "ended", "nobody attached to it");
}

#[test]
fn a_closed_run_sends_nothing_and_keeps_its_outcomes() {
    let fleet = asleep(3);
    let job = fleet.job("restart", 0..3);
    let slow = ["run", &job, "--confirm", "3", "--wait", "30s", "-j", "1", "--per-second", "1"];
    let child = fleet.spawn(&slow);
    eventually("a request arrives", || fleet.tenant.seen("restart") > 0);
    interrupt(&child);
    end_of(child).expect(9);
    let run = fleet.bench.latest_run();
    assert_eq!(state_of(&fleet, &run), "paused");
    let (before, requests) = (fleet.bench.outcomes(), fleet.tenant.ledger().requests);
    fleet.bench.sortie(&["close", &run, "--no-input"]).expect(8);
    let told = fleet.bench.sortie(&["close", &run, "--yes"]).expect(0);
    says(&told, &["is closed", "outcomes stay as they are"]);
    assert_eq!(state_of(&fleet, &run), "closed");
    assert_eq!((fleet.bench.outcomes(), fleet.tenant.ledger().requests), (before, requests));
    for command in ["resume", "watch"] {
        let told = fleet.bench.sortie(&[command, &run]).expect(8);
        says(&told, &["was closed by", "nothing was sent", "sortie retry"]);
    }
    says(&fleet.bench.sortie(&["close", &run, "--yes"]).expect(0), &["was closed by"]);
    let audit = fleet.bench.sortie(&["audit"]).expect(0);
    says(&audit, &["closed"]);
    // The list of runs is not what decides.
    let index = rusqlite::Connection::open(fleet.bench.path("state/sortie.db")).expect("it opens");
    index.execute("UPDATE runs SET state = 'paused'", []).expect("it can be written");
    fleet.bench.sortie(&["resume", &run]).expect(8);
    assert_eq!(fleet.tenant.seen("restart"), 1);
}
