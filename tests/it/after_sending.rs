//! What goes wrong after the first request left, and what is said about it.
//!
//! Owns the proof that no failure of a run under way says that nothing was sent, whatever breaks. Must never assert
//! how much was sent where that depends on time.

use std::path::Path;
use std::process::Stdio;

use sortie::simulator::DeviceKind;

use crate::fleet::{Fleet, interrupt, says};
use crate::harness::{Bench, Ran, eventually, on_threads};

/// Devices of a run: enough that it still sends when something breaks.
const DEVICES: usize = 40;

/// Runs SQL on a database of the state directory, beside the run.
fn sql(database: &Path, text: &str) {
    let connection = rusqlite::Connection::open(database).expect("it opens");
    connection.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
    connection.execute_batch(text).expect("it can be changed");
}

fn run_database(bench: &Bench) -> std::path::PathBuf {
    let files = std::fs::read_dir(bench.path("state/runs")).expect("there are runs");
    let mut paths = files.map(|file| file.expect("an entry").path());
    paths.find(|path| path.extension().is_some_and(|end| end == "db")).expect("there is a run")
}

/// What breaks, and how it is broken.
type Harm = (&'static str, fn(&Bench));

/// What breaks while the run sends.
const HARMS: [Harm; 8] = [
    ("the run's database is moved away", |bench| {
        std::fs::rename(run_database(bench), bench.path("moved.db")).expect("it can be moved");
    }),
    ("cannot write the journal", |bench| sql(&run_database(bench), "DROP TABLE entries")),
    ("requests cannot be counted", |bench| sql(&run_database(bench), "DROP TABLE requests")),
    ("the hour's log fails", |bench| sql(&bench.path("state/sortie.db"), "DROP TABLE leases")),
    ("the list of runs fails", |bench| sql(&bench.path("state/sortie.db"), "DROP TABLE runs")),
    ("charges fail", |bench| sql(&bench.path("state/sortie.db"), "DROP TABLE charges")),
    ("the host's record fails", |bench| sql(&bench.path("state/sortie.db"), "DROP TABLE audit")),
    ("the report directory is gone", |bench| {
        std::fs::rename(bench.report_dir(), bench.path("gone")).expect("it can be moved");
        std::fs::remove_dir_all(bench.path("reports")).expect("it can be removed");
        bench.write("reports", "a file");
    }),
];

/// A run of many restarts, broken after the first of them left, and stopped.
fn broken_run(harm: fn(&Bench)) -> Ran {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, DEVICES);
    let bench = &fleet.bench;
    bench.allow_many();
    let job = fleet.job("restart", 0..DEVICES);
    let mut command = bench.command();
    command.args(["run", &job, "--confirm", "40", "--waves", "100%", "--wait", "0"]);
    command.args(["--per-second", "10"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("the program starts");
    eventually("some were sent", || fleet.tenant.seen("restart") >= 3);
    harm(bench);
    interrupt(&child);
    Ran::of(child.wait_with_output().expect("it ends"))
}

#[track_caller]
fn tells_what_was_sent(ran: &Ran, what: &str) {
    let state = ran.stderr.lines().find_map(|line| line.strip_prefix("state: "));
    let state = state.unwrap_or_else(|| panic!("{what}: no state:\n{}", ran.stderr));
    let sent = state.split_once(" tasks were sent; ").and_then(|(count, _)| count.parse().ok());
    assert!(sent.is_some_and(|sent: usize| (1..=DEVICES).contains(&sent)), "{what}: {state}");
    assert!(!ran.stderr.contains("nothing was sent"), "{what}: {}", ran.stderr);
    assert!(!ran.stderr.contains("try again"), "{what}: {}", ran.stderr);
}

#[test]
fn no_failure_after_the_first_request_says_nothing_was_sent() {
    on_threads(HARMS, |(what, harm)| {
        let ran = broken_run(harm);
        assert_eq!(ran.code, 12, "{what}: {}", ran.stderr);
        tells_what_was_sent(&ran, what);
    });
}

#[test]
fn a_run_whose_output_is_lost_says_what_was_sent() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let (bench, job) = (&fleet.bench, fleet.job("restart", 0..2));
    let mut command = bench.command();
    command.args(["run", &job, "--confirm", "2", "--waves", "100%", "--wait", "0"]);
    command.stdout(full()).stderr(Stdio::piped());
    let ran = Ran::of(command.output().expect("it runs")).expect(12);
    says(&ran, &["standard output cannot be written", "state: 2 tasks were sent; 0 of 1 lines"]);
    assert_eq!(fleet.tenant.seen("restart"), 2);
}

#[test]
fn commands_whose_output_is_lost_end_with_an_error() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let (bench, job) = (&fleet.bench, fleet.job("lock", 0..2));
    bench.sortie(&["run", &job, "--confirm", "2", "--waves", "100%"]).expect(0);
    let serial = crate::harness::serial(0);
    for arguments in [
        &["devices"][..],
        &["devices", "--format", "csv"],
        &["pins", "--all", "--format", "json"],
        &["history", &serial],
        &["audit"],
        &["runs"],
        &["status"],
        &["report"],
        &["actions"],
        &["plan", &job],
        &["--help"],
        &["simulate"],
    ] {
        let mut command = bench.command();
        command.args(arguments).stdout(full()).stderr(Stdio::piped());
        let ran = Ran::of(command.output().expect("it runs"));
        assert_eq!(ran.code, 12, "{arguments:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains("panicked"), "{arguments:?}: {}", ran.stderr);
        if arguments != ["--help"] {
            says(&ran, &["standard output cannot be written", "lines were written"]);
        }
    }
    // A reader that has read enough is none of these.
    let mut command = bench.command();
    command.args(["history", &serial]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    drop(child.stdout.take());
    Ran::of(child.wait_with_output().expect("it ends")).expect(0);
}

/// A disk without room.
fn full() -> Stdio {
    std::fs::File::options().write(true).open("/dev/full").expect("Linux has it").into()
}
