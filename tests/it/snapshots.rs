//! Snapshots of what the program writes: help, plans, dry runs, summaries, refusals, listings and reports.
//!
//! Owns the exact text and the exit codes. Values that differ between runs (times, ids, digests, paths, ports, PINs) are
//! replaced by a name in brackets. Must never replace anything else: a changed word has to fail a test here. To accept a
//! change, run these tests with `INSTA_UPDATE=always` and review the difference.

use sortie::simulator::{DeviceKind, FaultKind, FaultMatcher, FaultMoment, SimUser};
use std::path::Path;

use crate::bypass::{closed_window, user_of};
use crate::fleet::{Fleet, end_of, erase_of, interrupt};
use crate::harness::{Bench, Ran, canned, eventually, on_threads, serial};

/// Patterns of values that differ between runs, and their replacements, applied in this order.
const REPLACED: &[(&str, &str)] = &[
    (r"127\.0\.0\.1:\d+", "127.0.0.1:[port]"),
    (r"\d{8}-\d{6}-[0-9a-z]{5}", "[run]"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[uuid]"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", "[time]"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "[local time]"),
    (r"(?m)  (never|now|\d+ (min|h|d) ago)( +\[(local )?time\])?$", "  [age]"),
    (r"\b[0-9a-f]{64}\b", "[sha256]"),
    (r"\b[0-9a-f]{16}\b", "[hash]"),
    (r"\bsortie \d+\.\d+\.\d+", "sortie [version]"),
    (r"\(database \[hash\]\) on \S+", "(database [hash]) on [host]"),
    (r"\S+ \(uid \d+\) on \S+", "[user] on [host]"),
    (r"\S+ \(uid \d+\)", "[user]"),
    (r"(tasks?) in \d.*", "$1 in [duration]"),
    (r"\((in )?\d+ min \d+ s\)", "($1[duration])"),
    (r"\(after \d[^)]*\)", "(after [duration])"),
    (r"\(seed \d+\)", "(seed [seed])"),
    (r"no DeviceLock since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*…", "no DeviceLock since [time]…"),
    (r"in \d+ commands", "in [n] commands"),
    (r"\(os error \d+\)", "(os error [n])"),
    (r"WHO +WHAT", "WHO WHAT"),
    (r"\b\d{3} \d{3}\b", "[pin]"),
];

/// Patterns of counts that depend on how often the program polled for the ends of commands.
const LOOKS: &[(&str, &str)] = &[
    (r"requests: \d+ \(", "requests: [n] ("),
    (r"look \d+", "look [n]"),
    (
        r"following: \d+ requests for 2 settled \(\S+ each\)",
        "following: [n] requests for 2 settled ([n] each)",
    ),
    (r#""(look|total|requests|requests_per_settled)": ?[\d.]+"#, r#""$1": [n]"#),
    (r"\d+ of 8,000 requests", "[n] of 8,000 requests"),
    (r"\b\d{6}\b", "[pin]"),
];

/// The warning about devices that have not checked in yet, which may be the only one, and when each device did.
const NOT_SEEN: [(&str, &str); 2] = [
    (
        r"\n\nWarnings\n  - [^\n]*(last seen more than 48 hours ago|never checked in)[^\n]*\n\n",
        "\n\n",
    ),
    (r"\n  - [^\n]*(last seen more than 48 hours ago|never checked in)[^\n]*", ""),
];

/// Turns off progress lines, which depend on the speed of the machine.
const NO_PROGRESS: [&str; 2] = ["--progress", "none"];

/// Runs the program and compares what it wrote with the snapshot of this name.
#[track_caller]
fn snap(bench: &Bench, name: &str, arguments: &[&str]) {
    snap_with(bench, name, arguments, &[]);
}

/// Runs the program and compares its output, with additional replacements.
#[track_caller]
fn snap_with(bench: &Bench, name: &str, arguments: &[&str], more: &[(&str, &str)]) {
    let ran = bench.sortie(arguments);
    compare(bench, name, arguments, &ran, more);
}

/// Compares what the program wrote with the snapshot of this name.
#[track_caller]
fn compare(bench: &Bench, name: &str, arguments: &[&str], ran: &Ran, more: &[(&str, &str)]) {
    let text = format!(
        "$ sortie {}\nexit code {}\n--- standard output\n{}--- standard error\n{}",
        arguments.join(" "),
        ran.code,
        ran.stdout,
        ran.stderr
    );
    compare_text(bench, name, &text, more);
}

/// Compares a text with the snapshot of this name.
#[track_caller]
pub(crate) fn compare_text(bench: &Bench, name: &str, text: &str, more: &[(&str, &str)]) {
    let directory = bench.path("");
    let directory = directory.to_string_lossy();
    let text = text.replace(directory.trim_end_matches('/'), "[bench]");
    let text = text.replace(env!("CARGO_MANIFEST_DIR"), "[repository]");
    let mut settings = insta::Settings::clone_current();
    // Devices of a served tenant check in while the test runs; those of a simulated one cannot.
    let awake: &[(&str, &str)] = if text.contains(" --simulate") { &[] } else { &NOT_SEEN };
    for (pattern, replacement) in REPLACED.iter().chain(awake).chain(more) {
        settings.add_filter(pattern, *replacement);
    }
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn help_of_every_command_matches_its_snapshot() {
    let bench = Bench::offline();
    snap(&bench, "help", &["--help"]);
    snap(&bench, "help_short", &["-h"]);
    for command in commands_of_help(&bench) {
        snap(&bench, &format!("help_{command}"), &[&command, "--help"]);
        snap(&bench, &format!("help_short_{command}"), &[&command, "-h"]);
    }
    snap(&bench, "version", &["--version"]);
}

/// The commands that help lists, without `help` itself.
pub(crate) fn commands_of_help(bench: &Bench) -> Vec<String> {
    let help = bench.sortie(&["--help"]).expect(0).stdout;
    let commands: Vec<String> = help
        .lines()
        .skip_while(|line| *line != "Prepare:")
        .take_while(|line| *line != "Global:")
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
        .map(str::to_owned)
        .collect();
    assert!(commands.len() >= 20, "{commands:?}");
    commands
}

#[test]
fn check_of_a_broken_job_matches_its_snapshot() {
    let bench = Bench::offline();
    bench.write(
        "broken.csv",
        "serial_number,action,PIN,new_name\nC02ABCDEFGH1,destroy,,\nC02ABCDEFGH2,erase,12345,\n\
         all,restart,,\nC02ABCDEFGH3,restart,,x\nC02ABCDEFGH4,set-name,,\n",
    );
    snap(&bench, "check_csv", &["check", "broken.csv"]);
    bench.write("column.csv", "serial_number,action,mesage\nC02ABCDEFGH1,lock,x\n");
    snap(&bench, "check_column", &["check", "column.csv"]);
    bench.write(
        "broken.yaml",
        "version: 1\nforse: true\naction: lokc\nwait: soon\ntargets: {devices: [{serial: C02ABCDEFGH1}]}\n",
    );
    snap(&bench, "check_yaml", &["check", "broken.yaml"]);
    bench.write("good.csv", "serial_number,action,room\nC02ABCDEFGH1,blank-push,Library\n");
    snap(&bench, "check_good", &["check", "good.csv"]);
    snap(&bench, "check_missing", &["check", "missing.csv"]);
}

#[test]
fn plans_of_the_sample_jobs_match_their_snapshots() {
    let samples = [
        "daily-checkin.csv",
        "lock.csv",
        "mass-restart.yaml",
        "migration.yaml",
        "offboarding-erase.yaml",
        "rename.csv",
    ];
    on_threads(samples, |sample| {
        let bench = Bench::offline();
        let job = format!("{}/jobs/{sample}", env!("CARGO_MANIFEST_DIR"));
        let stem = sample.split('.').next().unwrap_or(sample);
        snap(&bench, &format!("plan_{stem}"), &["plan", &job, "--simulate", "--seed", "7"]);
        let dry = ["run", &job, "--simulate", "--seed", "7", "-n"];
        snap(&bench, &format!("dry_run_{stem}"), &dry);
    });
}

#[test]
fn a_plan_and_a_dry_run_as_json_match_their_snapshots() {
    let bench = Bench::offline();
    let job = format!("{}/jobs/migration.yaml", env!("CARGO_MANIFEST_DIR"));
    for (name, command) in
        [("plan_json", &["plan", &job][..]), ("dry_run_json", &["run", &job, "-n"])]
    {
        let flags = ["--simulate", "--seed", "7", "--format", "json"];
        let ran = bench.sortie(&[command, &flags].concat()).expect(0);
        let json: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one object");
        compare_text(&bench, name, &format!("{json:#}\n"), &[]);
    }
}

#[test]
fn plan_files_and_actions_match_their_snapshots() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let job = fleet.job("lock", 0..2);
    snap(&fleet.bench, "plan_out", &["plan", &job, "--out", "lock.plan"]);
    snap(&fleet.bench, "actions", &["actions"]);
    snap(&fleet.bench, "actions_lock", &["actions", "lock"]);
    snap(&fleet.bench, "actions_unknown", &["actions", "destroy"]);
}

/// A run of five locks: the API refuses two, and the answer to one is lost.
fn mixed_run() -> (Fleet, Ran, Vec<&'static str>) {
    let fleet = Fleet::with(DeviceKind::MacAppleSilicon, 5, |at, device| {
        device.name = format!("Mac {at}");
    });
    let script = |at: usize, kind| {
        fleet.tenant.script(FaultMatcher::action_on("lock", &fleet.ids[at]), kind);
    };
    let no = canned(400, r#"{"detail":"not now"}"#, FaultMoment::BeforeApplying);
    script(1, no);
    script(2, canned(404, "", FaultMoment::BeforeApplying));
    script(3, FaultKind::CloseBefore);
    let rows: Vec<String> = (0..5).map(|at| format!("{},lock,T-{at}", serial(at))).collect();
    fleet.bench.job("lock.csv", "serial_number,action,ticket", &rows);
    let run = vec![
        "run",
        "lock.csv",
        "--confirm",
        "5",
        "-j",
        "1",
        "--wait",
        "20s",
        "--timeout",
        "1s",
        "--quarantine",
        "2s",
        "--progress",
        "none",
        "--waves",
        "100%",
        "--max-errors",
        "100%",
        "--errors-in-a-row",
        "9",
        "--reason",
        "INC-1",
    ];
    let ran = fleet.bench.sortie(&run);
    (fleet, ran, run)
}

#[test]
fn a_run_with_failures_matches_its_snapshots() {
    let (fleet, ran, run) = mixed_run();
    let bench = &fleet.bench;
    compare(bench, "run_with_failures", &run, &ran, LOOKS);
    for file in ["report.csv", "report.jsonl", "failed.csv", "unprocessed.csv", "summary.json"] {
        let text = std::fs::read_to_string(bench.report_dir().join(file)).expect("a report");
        let name = format!("report_{}", file.replace('.', "_"));
        compare_text(bench, &name, &text, LOOKS);
    }
    let look = |name: &str, arguments: &[&str]| snap_with(bench, name, arguments, LOOKS);
    look("runs", &["runs"]);
    look("runs_json", &["runs", "--format", "json"]);
    look("status", &["status"]);
    look("status_json", &["status", "--format", "json"]);
    look("resolve_evidence", &["resolve", "--no-input"]);
    look("resolve_nobody", &["resolve", "--as", "again"]);
    look("resolve_unconfirmed", &["resolve", "--as", "again", "--all", "--no-input"]);
    let again = ["run", "lock.csv", "--confirm", "5", "--progress", "none"];
    look("refused_doubt", &again);
    look("pins_all", &["pins", "--all"]);
    look("history", &["history", &serial(1)]);
    look("audit", &["audit"]);
    look("close", &["close", "latest", "--no-input"]);
    look("prune", &["prune", "--older-than", "90d", "-n"]);
    look("retry", &["retry", "-n"]);
    look("resolve_done", &["resolve", "--as", "not-done", "--all", "--yes"]);
    look("resolve_nothing", &["resolve"]);
}

#[test]
fn a_successful_run_matches_its_snapshots() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 3);
    let job = fleet.job("blank-push", 0..3);
    snap(&fleet.bench, "run_well", &[&["run", &*job][..], &NO_PROGRESS].concat());
    snap(&fleet.bench, "resume_finished", &["resume"]);
    snap(&fleet.bench, "watch_finished", &["watch", "--once"]);
    snap(&fleet.bench, "retry_nothing", &["retry"]);
    snap(&fleet.bench, "pins_none", &["pins"]);
}

#[test]
fn usage_refusals_match_their_snapshots() {
    let bench = Bench::offline();
    for (name, arguments) in [
        ("usage_no_command", &[][..]),
        ("usage_unknown_command", &["fly"]),
        ("usage_no_job", &["run"]),
        ("usage_token", &["run", "x.csv", "--token", "secret"]),
        ("usage_number", &["run", "x.csv", "--per-second", "51"]),
        (
            "usage_conflict",
            &["devices", "--base-url", "https://x.api.kandji.io", "--subdomain", "x"],
        ),
        ("usage_send_nobody", &["send", "restart", "--simulate"]),
        ("usage_no_tenant", &["devices"]),
        ("unknown_run_status", &["status", "20001231"]),
        ("unknown_run_resume", &["resume", "20001231"]),
        ("unknown_run_latest", &["resume"]),
        ("unknown_run_pins", &["pins", "20001231"]),
        ("unknown_run_close", &["close", "20001231", "--yes"]),
    ] {
        snap(&bench, name, arguments);
    }
    bench.write("token", "x");
    let open = ["devices", "--base-url", "https://x.api.kandji.io", "--token-file", "token"];
    crate::fleet::set_mode(&bench.path("token"), 0o644);
    snap(&bench, "usage_token_file_mode", &open);
    let foreign = ["devices", "--base-url", "https://example.com", "--token-file", "token"];
    snap(&bench, "usage_foreign_host", &foreign);
}

#[test]
fn target_refusals_match_their_snapshots() {
    let fleet = Fleet::with(DeviceKind::IPad, 3, |_, device| {
        let (email, name) = ("ada@example.com".to_owned(), "Ada".to_owned());
        device.user = Some(SimUser { email, name });
    });
    let bench = &fleet.bench;
    bench.job("gone.csv", "serial_number,action", &["C02NOSUCHMAC,restart".to_owned()]);
    snap(bench, "target_not_found", &["run", "gone.csv", "--confirm", "1"]);
    bench.job("user.csv", "user_email,action", &["ada@example.com,restart".to_owned()]);
    snap(bench, "target_ambiguous", &["run", "user.csv", "--confirm", "1"]);
    let job = fleet.job("unlock-account", 0..1);
    let unlock = ["run", &job, "--param", "user_name=ada", "--action", "unlock-account"];
    snap(bench, "target_parameters", &unlock);
    let serial = serial(0);
    let unsupported = ["send", "shutdown", "--serial", &serial, "--serial", "NOPE"];
    snap(bench, "target_two_problems", &unsupported);
    let nothing = ["send", "restart", "--platform", "Mac", "--confirm", "1"];
    snap(bench, "target_empty_selection", &nothing);
    snap(bench, "target_unknown_history", &["history", "nobody"]);
    snap(bench, "target_unknown_commands", &["commands", "NOSUCHMAC099"]);
}

#[test]
fn consent_refusals_match_their_snapshots() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let (restart, erase) = (fleet.job("restart", 0..3), fleet.job("erase", 0..3));
    for (name, arguments) in [
        ("consent_restart_none", &["run", &restart, "--no-input"][..]),
        ("consent_restart_yes", &["run", &restart, "--yes"]),
        ("consent_restart_wrong", &["run", &restart, "--confirm", "2"]),
        ("consent_erase_none", &["run", &erase, "--no-input"]),
        ("consent_erase_wrong", &["run", &erase, "--confirm", "ERASE 2 ON 127.0.0.1"]),
        (
            "consent_operator_gate",
            &["run", &restart, "--confirm", "3", "--waves", "1", "--gate", "operator"],
        ),
    ] {
        snap(&fleet.bench, name, arguments);
    }
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn policy_refusals_match_their_snapshots() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let (restart, erase) = (fleet.job("restart", 0..3), fleet.job("erase", 0..3));
    let (agreed, phrase) = (["run", &restart, "--confirm", "3"], erase_of(3));
    let erased = ["run", &erase, "--confirm", &phrase];
    let day = closed_window();
    for (name, policy, arguments) in [
        ("policy_cap_disruptive", "[caps.disruptive]\nper_run = 2\n".to_owned(), &agreed[..]),
        ("policy_cap_day", "[caps.disruptive]\nper_day = 2\n".to_owned(), &agreed),
        ("policy_cap_irreversible", "[caps.action.erase]\nper_run = 2\n".to_owned(), &erased),
        ("policy_protected", format!("[protect]\nserial_numbers = [\"{}\"]\n", serial(1)), &agreed),
        (
            "policy_window",
            format!(
                "[window]\ndays = [\"{day}\"]\nfrom = \"10:00\"\nto = \"11:00\"\ntimezone = \"UTC\"\n"
            ),
            &agreed,
        ),
        ("policy_reason", "[reason]\nrequired_from = \"disruptive\"\n".to_owned(), &agreed),
        (
            "policy_approval",
            "[approval]\nalways = true\nallowed_signers = \"allowed_signers\"\n".to_owned(),
            &erased,
        ),
        ("policy_unknown_key", "[caps.disruptive]\nper_rum = 2\n".to_owned(), &agreed),
    ] {
        fleet.policy(&policy);
        std::fs::write(fleet.bench.path("state/allowed_signers"), "").expect("it is ours");
        let ran = fleet.bench.sortie(arguments);
        let text = format!("{policy}\n$ sortie {}\nexit code {}\n", arguments.join(" "), ran.code);
        let text =
            format!("{text}--- standard output\n{}--- standard error\n{}", ran.stdout, ran.stderr);
        let days = [(r"(?i)\b(mon|tue|wed|thu|fri|sat|sun)\b", "[day]")];
        compare_text(&fleet.bench, name, &text, &days);
        let dry = [arguments, &["-n"]].concat();
        snap_with(&fleet.bench, &format!("{name}_dry"), &dry, &days);
    }
    let path = fleet.policy("[caps.disruptive]\nper_run = 100\n");
    crate::fleet::set_mode(&path, 0o666);
    snap(&fleet.bench, "policy_writable", &agreed);
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn approval_refusals_match_their_snapshots() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let plan = fleet.plan(&fleet.job("erase", 0..2), "first.plan");
    let me = user_of(&fleet.bench, &plan);
    fleet.policy(&format!(
        "[approval]\nalways = true\nallowed_signers = \"allowed_signers\"\n\
         [approval.people]\n{me} = \"me@example.com\"\n"
    ));
    crate::bypass::keys(&fleet.bench, &["bob", "eve"], &["bob"]);
    let plan = fleet.plan(&fleet.job("erase", 0..2), "erase.plan");
    let phrase = erase_of(2);
    let run = ["run", &*plan, "--confirm", &phrase];
    snap(&fleet.bench, "approval_missing", &run);
    snap(&fleet.bench, "approval_given", &["approve", &plan, "--key", "bob", "--yes"]);
    snap(
        &fleet.bench,
        "approval_unknown_key",
        &["approve", &plan, "--key", "eve", "--out", "eve", "--yes"],
    );
    snap(&fleet.bench, "approval_run", &[&run[..], &NO_PROGRESS].concat());
    snap(&fleet.bench, "plan_twice", &run);
}

#[test]
fn plan_file_refusals_match_their_snapshots() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let plan = fleet.plan(&fleet.job("restart", 0..2), "restart.plan");
    let text = std::fs::read_to_string(fleet.bench.path(&plan)).expect("a plan");
    fleet.bench.write("changed.plan", &text.replacen("restart", "shutdown", 1));
    snap(&fleet.bench, "plan_changed", &["run", "changed.plan", "--confirm", "2"]);
    snap(&fleet.bench, "plan_with_flags", &["run", &plan, "--confirm", "2", "--per-second", "1"]);
    fleet.policy("[caps.disruptive]\nper_run = 50\n");
    snap(&fleet.bench, "plan_other_policy", &["run", &plan, "--confirm", "2"]);
    assert_eq!(fleet.writes(), 0);
}

#[test]
fn stop_file_refusals_match_their_snapshots() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let job = fleet.job("restart", 0..2);
    fleet.policy("");
    std::fs::write(fleet.bench.path("state/STOP"), "").expect("the state directory is there");
    snap(&fleet.bench, "stop_file", &["run", &job, "--confirm", "2"]);
    snap(&fleet.bench, "stop_file_dry", &["run", &job, "-n"]);
}

#[test]
fn refusals_beside_a_live_run_match_their_snapshots() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 3);
    fleet.tenant.script(FaultMatcher::action("restart"), FaultKind::Hang);
    let job = fleet.job("restart", 0..2);
    let run = [
        "run",
        &*job,
        "--confirm",
        "2",
        "--wait",
        "0",
        "-j",
        "1",
        "--timeout",
        "30s",
        "--quarantine",
        "60s",
    ];
    let mut first = fleet.spawn(&run);
    eventually("the first request", || fleet.tenant.seen("restart") == 1);
    let pids = [(r"\bprocess \d+\b", "process [pid]"), (r"\bpid \d+\b", "pid [pid]")];
    let serial = serial(1);
    for (name, arguments) in [
        ("busy_job", &run[..]),
        ("busy_job_skip", &[&run[..], &["--if-running", "skip"]].concat()),
        ("busy_device", &["send", "shutdown", "--serial", &serial, "--confirm", "1"]),
        ("busy_resume", &["resume"]),
        ("busy_retry", &["retry", "--confirm", "2"]),
        ("busy_resolve", &["resolve"]),
        ("busy_close", &["close", "latest", "--yes"]),
    ] {
        let ran = fleet.bench.sortie(arguments);
        let text = format!("$ sortie {}\nexit code {}\n", arguments.join(" "), ran.code);
        let text = format!("{text}{}---\n{}", ran.stdout, ran.stderr);
        compare_text(&fleet.bench, name, &text, &pids);
    }
    first.kill().expect("it is ours");
    let _ = end_of(first);
}

#[test]
fn refusals_of_a_tampered_run_match_their_snapshots() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let job = fleet.job("restart", 0..2);
    let slow = [
        "run",
        &*job,
        "--confirm",
        "2",
        "--wait",
        "0",
        "-j",
        "1",
        "--per-second",
        "1",
        "--progress",
        "none",
    ];
    let child = fleet.spawn(&slow);
    eventually("a request arrives", || fleet.tenant.seen("restart") > 0);
    interrupt(&child);
    compare(&fleet.bench, "run_interrupted", &slow, &end_of(child), &[]);
    snap(&fleet.bench, "status_interrupted", &["status"]);
    let run = fleet.bench.latest_run();
    let path = fleet.bench.path("state").join("runs").join(format!("{run}.db"));
    let connection = rusqlite::Connection::open(path).expect("a database");
    connection.execute_batch("DELETE FROM entries WHERE seq > 3").expect("its owner");
    for (name, arguments) in [
        ("tampered_resume", &["resume"][..]),
        ("tampered_watch", &["watch", "--once"]),
        ("tampered_retry", &["retry", "--confirm", "1"]),
        ("tampered_audit", &["audit"]),
    ] {
        snap(&fleet.bench, name, arguments);
    }
}

#[test]
fn tenant_errors_match_their_snapshots() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let bench = &fleet.bench;
    let job = fleet.job("restart", 0..2);
    let run = ["run", &*job, "--confirm", "2", "--progress", "none", "-j", "1", "--wait", "0"];
    let say = |action: &str, status: u16| {
        let kind = canned(status, "{}", FaultMoment::BeforeApplying);
        fleet.tenant.script(FaultMatcher::action(action), kind);
    };
    say("list-devices", 401);
    snap(bench, "tenant_unauthorized_read", &run);
    say("list-devices", 403);
    snap(bench, "tenant_forbidden_read", &run);
    say("restart", 401);
    snap(bench, "tenant_unauthorized_send", &run);
    say("restart", 403);
    snap(bench, "tenant_forbidden_send", &["resume", "--progress", "none"]);
    let nobody = Bench::new("http://127.0.0.1:9", "token");
    let devices = ["devices", "--timeout", "1s"];
    snap(&nobody, "tenant_unreachable", &devices);
}

#[test]
fn device_listings_match_their_snapshots() {
    let fleet =
        Fleet::with(DeviceKind::MacAppleSilicon, 2, |at, device| device.name = format!("Mac {at}"));
    snap(&fleet.bench, "devices", &["devices"]);
    fleet.bench.sortie(&["send", "blank-push", "--all"]).expect(0);
    snap(&fleet.bench, "commands", &["commands", &serial(0)]);
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots");
    let source = include_str!("snapshots.rs");
    for file in std::fs::read_dir(directory).expect("the snapshots") {
        let file = file.expect("an entry").file_name().to_string_lossy().into_owned();
        let name = file.strip_prefix("it__snapshots__").and_then(|rest| rest.strip_suffix(".snap"));
        let name = name.unwrap_or_else(|| panic!("{file} is no accepted snapshot"));
        let made = ["help_", "json_", "plan_", "dry_run_", "report_", "screen_", "schedule_"];
        let is_made = made.iter().any(|prefix| name.starts_with(prefix));
        let stem = name.strip_suffix("_dry").unwrap_or(name);
        assert!(is_made || source.contains(&format!("\"{stem}\"")), "{file} belongs to no test");
    }
}
