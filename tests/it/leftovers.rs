//! Files that a run leaves as input for the next, and what happens when the run is not what they say.
//!
//! Owns the proof that no stale file sends anything twice. Must never look at a journal: files and messages count.

use sortie::simulator::{DeviceKind, FaultKind, FaultMatcher, FaultMoment, Presence};
use std::process::Stdio;

use crate::fleet::{Fleet, says};
use crate::harness::{eventually, read_csv, serial};

const LOCKS: usize = 6;

/// A run that locked all of its Macs and died while it followed them; its files are those of its start.
fn dead_run(fleet: &Fleet) -> String {
    let job = fleet.job("lock", 0..LOCKS);
    let mut command = fleet.bench.command();
    command.args(["run", &job, "--confirm", "6", "--waves", "100%", "-q"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    eventually("all locks are answered", || {
        let ran = fleet.bench.sortie(&["status", "--format", "json"]);
        ran.stdout.contains("\"pending\":6")
    });
    // What its files say is what they said at the start.
    let left = fleet.bench.report_dir().join("unprocessed.csv");
    let rows = read_csv(&left);
    assert_eq!(rows.len(), LOCKS);
    for row in &rows {
        assert_eq!((row["reason"].as_str(), row["sortie_run_ended"].as_str()), ("queued", "no"));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it can be waited for");
    left.to_string_lossy().into_owned()
}

fn sleeping() -> Fleet {
    Fleet::with(DeviceKind::MacAppleSilicon, LOCKS, |_, device| {
        device.presence = Presence::Offline;
    })
}

#[test]
fn files_of_a_run_that_died_send_nothing() {
    let fleet = sleeping();
    let left = dead_run(&fleet);
    let run = fleet.bench.latest_run();
    assert!(read_csv(left.as_ref()).iter().all(|row| row["sortie_run"] == run));
    let report = fleet.bench.report_dir().join("report.csv").to_string_lossy().into_owned();
    // Rows that were copied elsewhere still name their run.
    let text = std::fs::read_to_string(&left).expect("it is there");
    let lines: Vec<&str> = text.lines().take(3).collect();
    let copied = fleet.bench.write("copied.csv", &format!("{}\n", lines.join("\n")));
    let copied = copied.to_string_lossy().into_owned();
    for (file, count) in [(&left, "6"), (&report, "6"), (&copied, "2")] {
        let job = ["run", file, "--confirm", count, "--waves", "100%", "--wait", "0"];
        let ran = fleet.bench.sortie(&job).expect(8);
        says(&ran, &[&run, "sortie resume", "nothing was sent"]);
        says(&fleet.bench.sortie(&["plan", file]).expect(8), &[&run]);
        says(&fleet.bench.sortie(&[&job[..], &["-n"]].concat()).expect(8), &[&run]);
    }
    assert_eq!(fleet.tenant.seen("lock"), LOCKS as u64);
}

#[test]
fn files_of_a_run_that_went_on_are_refused_and_written_again() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 4);
    let job = fleet.job("restart", 0..4);
    let no = crate::harness::canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action("restart"), no);
    let run = ["run", &job, "--confirm", "4", "--waves", "100%", "--wait", "0", "-j", "1"];
    fleet.bench.sortie(&[&run[..], &["--max-errors", "0"]].concat()).expect(9);
    let directory = fleet.bench.report_dir();
    let text = std::fs::read_to_string(directory.join("unprocessed.csv")).expect("it is there");
    let rows = read_csv(&directory.join("unprocessed.csv"));
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["sortie_run_ended"].starts_with("20")), "{rows:?}");
    let old = fleet.bench.write("old.csv", &text).to_string_lossy().into_owned();
    let planned = fleet.plan(&old, "old.plan");
    fleet.bench.sortie(&["resume"]).expect(7);
    let sent = fleet.tenant.seen("restart");
    let again = ["run", &old, "--confirm", "3", "--waves", "100%", "--wait", "0"];
    says(
        &fleet.bench.sortie(&again).expect(8),
        &["continued after this file was written: 3 of 3 tasks", "sortie report"],
    );
    // A plan that was made before the run went on is compared once more.
    let planned = ["run", &planned, "--confirm", "3"];
    says(&fleet.bench.sortie(&planned).expect(8), &["continued after this file was written"]);
    assert_eq!(fleet.tenant.seen("restart"), sent);
    // What failed there is still to be done, and its file says so.
    let failed = directory.join("failed.csv").to_string_lossy().into_owned();
    fleet.bench.sortie(&["run", &failed, "--confirm", "1", "--wait", "0"]).expect(0);
    assert_eq!(fleet.tenant.seen("restart"), sent + 1);
}

#[test]
fn no_flag_and_no_other_row_hides_whose_rows_they_are() {
    let fleet = Fleet::with(DeviceKind::MacAppleSilicon, LOCKS + 1, |_, device| {
        device.presence = Presence::Offline;
    });
    let left = dead_run(&fleet);
    let run = fleet.bench.latest_run();
    let report = fleet.bench.report_dir().join("report.csv");
    let text = std::fs::read_to_string(&report).expect("it is there");
    let other = format!("7,1,,{},,Mac,lock,,,,,,,,,", serial(LOCKS));
    let mixed = fleet.bench.write("mixed.csv", &format!("{text}{other}\n"));
    let mixed = mixed.to_string_lossy().into_owned();
    let report = report.to_string_lossy().into_owned();
    for (file, flags) in [
        (&left, &["--ignore-column", "sortie_run", "--confirm", "6"][..]),
        (&left, &["--map", "sortie_run=batch", "--confirm", "6"]),
        (&report, &["--ignore-column", "command_uuid", "--confirm", "6"]),
        (&report, &["--map", "completed_at=when", "--confirm", "6"]),
        (&mixed, &["--confirm", "7"]),
    ] {
        let job = ["run", file, "--waves", "100%", "--wait", "0"];
        let ran = fleet.bench.sortie(&[&job[..], flags].concat()).expect(8);
        says(&ran, &[&run, "sortie resume", "nothing was sent"]);
    }
    assert_eq!(fleet.tenant.seen("lock"), LOCKS as u64);
}

#[test]
fn rows_of_an_unfinished_run_elsewhere_are_refused() {
    let fleet = sleeping();
    let left = dead_run(&fleet);
    let elsewhere = fleet.bench.path("other").to_string_lossy().into_owned();
    let run = ["run", &left, "--confirm", "6", "--waves", "100%", "--wait", "0"];
    let ran = fleet.bench.sortie(&[&run[..], &["--state-dir", &elsewhere]].concat()).expect(8);
    says(&ran, &["had not ended when this file was written", "--state-dir"]);
    assert_eq!(fleet.tenant.seen("lock"), LOCKS as u64);
}

#[test]
fn tasks_of_a_continuing_run_are_queued() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    fleet.tenant.script(FaultMatcher::action("restart"), FaultKind::Hang);
    let job = fleet.job("restart", 0..2);
    let mut command = fleet.bench.command();
    command.args([
        "run",
        &job,
        "--confirm",
        "2",
        "--waves",
        "100%",
        "--wait",
        "0",
        "-j",
        "1",
        "-q",
    ]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.expect("the program starts");
    eventually("one hangs", || fleet.tenant.seen("restart") == 1);
    let rows = fleet.bench.report();
    assert!(rows.iter().all(|row| row["reason"] == "queued"), "{rows:?}");
    child.kill().expect("it can be killed");
    child.wait().expect("it can be waited for");
}
