//! What the system does to the program: signals, limits, terminals that go away.
//!
//! Owns the proof that a run ends in order whatever ends it, and that a limit is told with its cure.

use sortie::simulator::DeviceKind;
use std::process::{Child, Command, Stdio};

use crate::fleet::{Fleet, says, set_mode};
use crate::harness::{Bench, Ran, eventually, read_csv};

/// Devices of a run: enough that it still sends when it is told to end.
const DEVICES: usize = 40;

fn slow_fleet() -> (Fleet, Vec<String>) {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, DEVICES);
    fleet.bench.allow_many();
    let job = fleet.job("restart", 0..DEVICES);
    let run =
        ["run", &job, "--confirm", "40", "--waves", "100%", "--wait", "0", "--per-second", "10"];
    let run = run.into_iter().map(str::to_owned).collect();
    (fleet, run)
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status();
    assert!(status.expect("kill").success());
}

/// Every answer that came is in the report, and nothing was left under way.
#[track_caller]
fn ended_in_order(fleet: &Fleet) {
    let sent = fleet.tenant.ledger().count_all("restart") as usize;
    assert!(sent < DEVICES, "{sent}");
    let rows = read_csv(&fleet.bench.report_dir().join("report.csv"));
    let accepted = rows.iter().filter(|row| row["outcome"] == "accepted").count();
    assert_eq!((rows.len(), accepted), (DEVICES, sent));
    let runs = fleet.bench.sortie(&["runs"]).expect(0);
    assert!(runs.stdout.contains("paused"), "{}", runs.stdout);
}

#[test]
fn signals_that_end_a_program_drain_a_run() {
    for (name, why) in
        [("-HUP", "the terminal was closed (SIGHUP)"), ("-QUIT", "SIGQUIT"), ("-TERM", "SIGTERM")]
    {
        let (fleet, run) = slow_fleet();
        let mut command = fleet.bench.command();
        let child = command.args(&run).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let child = child.expect("the program starts");
        eventually("some were sent", || fleet.tenant.seen("restart") >= 2);
        signal(&child, name);
        if name == "-HUP" {
            // The shell says so, and the system says so again.
            signal(&child, name);
        }
        let ran = Ran::of(child.wait_with_output().expect("it ends")).expect(9);
        says(&ran, &[why, "sortie resume"]);
        ended_in_order(&fleet);
    }
}

#[test]
fn a_run_whose_terminal_is_closed_drains_and_reports() {
    let (fleet, run) = slow_fleet();
    let (keys, terminal) = pty_process::blocking::open().expect("a terminal");
    let like = fleet.bench.command();
    let mut command = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_sortie")).args(&run);
    command = command.env_clear().current_dir(like.get_current_dir().expect("it has one"));
    for (name, value) in like.get_envs() {
        command = command.env(name, value.unwrap_or_default());
    }
    let mut child = command.spawn(terminal).expect("the program starts");
    eventually("some were sent", || fleet.tenant.seen("restart") >= 2);
    drop(keys);
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(9), "{status:?}");
    ended_in_order(&fleet);
}

#[test]
fn a_run_under_nohup_survives_a_closed_terminal() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 8);
    let job = fleet.job("restart", 0..8);
    let mut command = through_shell(&fleet.bench, "trap '' HUP; exec \"$@\"");
    command.args(["run", &job, "--confirm", "8", "--waves", "100%", "--wait", "0"]);
    let child = command.args(["--per-second", "10"]).spawn().expect("the program starts");
    eventually("some were sent", || fleet.tenant.seen("restart") >= 2);
    signal(&child, "-HUP");
    Ran::of(child.wait_with_output().expect("it ends")).expect(0);
    assert_eq!(fleet.tenant.ledger().count_all("restart"), 8);
}

/// The program, started by a shell after `before`.
fn through_shell(bench: &Bench, script: &str) -> Command {
    let like = bench.command();
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_sortie")]).env_clear();
    command.current_dir(like.get_current_dir().expect("it has one"));
    command.envs(like.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

#[test]
fn limits_of_the_system_end_with_their_cause_and_cure() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let job = fleet.job("restart", 0..2);
    for (limit, code, words) in [
        ("ulimit -n 10", 1, ["10 open files are allowed", "ulimit -n 4096"]),
        (
            "ulimit -f 1",
            12,
            ["a file has reached the size limit (ulimit -f)", "ulimit -f unlimited"],
        ),
    ] {
        let mut command = through_shell(&fleet.bench, &format!("{limit}; exec \"$@\""));
        command.args(["run", &job, "--confirm", "2", "--waves", "100%"]);
        let ran = Ran::of(command.output().expect("it runs")).expect(code);
        says(&ran, &words);
        says(&ran, &["state: nothing was sent"]);
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn a_state_directory_writable_by_all_users_is_refused() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let job = fleet.job("restart", 0..2);
    let run = ["run", &job, "--confirm", "2", "--waves", "100%", "--wait", "0"];
    fleet.bench.sortie(&run).expect(0);
    for (path, mode, right) in [
        ("state", 0o777, 0o700),
        ("state", 0o1777, 0o700),
        ("state/runs", 0o703, 0o700),
        ("state/sortie.db", 0o666, 0o600),
    ] {
        let path = fleet.bench.path(path);
        set_mode(&path, mode);
        for arguments in [&run[..], &["status"], &["pins"], &["audit"]] {
            let ran = fleet.bench.sortie(arguments).expect(8);
            says(&ran, &["is writable by every user of this host", "chmod o-w"]);
        }
        set_mode(&path, right);
    }
    assert_eq!(fleet.writes(), 2);
    fleet.bench.sortie(&["audit"]).expect(0);
}
