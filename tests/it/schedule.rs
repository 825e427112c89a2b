//! Jobs that schedulers start: the files, read by the schedulers' own tools where they are installed, and starts that wait.
//!
//! Owns the table of every rhythm, scheduler and risk. Must never install anything.

use sortie::simulator::{CommandEnd, DeviceKind};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fleet::{Fleet, says};
use crate::harness::{Bench, Ran, eventually};
use crate::snapshots::compare_text;

/// One of each rhythm, with when systemd has to start it next after [`BASE`].
const RHYTHMS: [(&str, &str); 7] = [
    ("hourly", "2026-11-29T13:00:00Z"),
    ("every 12m", "2026-11-29T12:12:00Z"),
    ("every 15m", "2026-11-29T12:15:00Z"),
    ("every 6h", "2026-11-29T17:00:00Z"),
    ("Mon..Fri 06:00", "2026-11-30T05:00:00Z"),
    ("Sat,Sun 22:00", "2026-11-29T21:00:00Z"),
    ("monthly 1 03:00", "2026-12-01T02:00:00Z"),
];
/// The moment from which the next start is counted.
const BASE: &str = "2026-11-29 12:00:00 UTC";
const SCHEDULERS: [&str; 3] = ["cron", "systemd", "launchd"];
const ZONE: &str = "Europe/Berlin";

const CHECK_IN: &str =
    "version: 1\nname: check-in\ntargets: { all: true }\naction: daily-checkin\n";
const RESTART: &str = "version: 1\nname: restart\ntargets: { all: true }\naction: restart\n\
    limits: { max_devices: 5 }\n\
    window: { days: [mon, tue, wed, thu, fri, sat, sun], from: \"00:00\", to: \"24:00\", timezone: UTC }\n";
const ERASE: &str = "version: 1\nname: erase\ntargets: { all: true }\naction: erase\nsecrets: elsewhere\n\
    limits: { max_devices: 5 }\n\
    window: { days: [mon, tue, wed, thu, fri, sat, sun], from: \"00:00\", to: \"24:00\", timezone: UTC }\n";

/// A host in Berlin with a job of each risk and a token file.
fn host() -> Bench {
    let bench = Bench::offline();
    for (name, text) in [("check-in", CHECK_IN), ("restart", RESTART), ("erase", ERASE)] {
        bench.write(&format!("{name}.yaml"), text);
    }
    bench.write("token", "s3cret-token-of-the-tenant");
    bench
}

fn schedule(bench: &Bench, arguments: &[&str]) -> Ran {
    let tenant = ["--subdomain", "acme", "--token-file", "token"];
    let all = [&["schedule"][..], arguments, &tenant].concat();
    Ran::of(bench.command().env("TZ", ZONE).args(all).output().expect("the program starts"))
}

fn has_tool(name: &str) -> bool {
    Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Runs a tool, and fails the test with what it says where it does not like its input.
#[track_caller]
fn tool(name: &str, arguments: &[&str]) -> String {
    let output = Command::new(name).args(arguments).env("LC_ALL", "C").output().expect("it starts");
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{name} {arguments:?}: {text}");
    text
}

#[test]
fn every_rhythm_scheduler_and_risk_gives_files_that_tools_read() {
    let bench = host();
    for (at, _) in RHYTHMS {
        for (job, confirm) in [
            ("check-in.yaml", &[][..]),
            ("restart.yaml", &[]),
            ("erase.yaml", &["--confirm", "ERASE 3 ON acme"]),
        ] {
            for scheduler in SCHEDULERS {
                let arguments = [&[job, "--at", at, "--emit", scheduler][..], confirm].concat();
                let ran = schedule(&bench, &arguments).expect(0);
                assert!(!ran.stdout.contains("s3cret"), "{}", ran.stdout);
                assert!(ran.stderr.contains("nothing was installed"), "{}", ran.stderr);
                let is_late = ran.stdout.contains("\nPersistent=true\n");
                assert_eq!(is_late, scheduler == "systemd" && job == "check-in.yaml");
                let consent = if confirm.is_empty() { "--yes" } else { "ERASE 3 ON acme" };
                assert!(ran.stdout.contains(consent), "{}", ran.stdout);
            }
        }
    }
}

#[test]
fn systemd_accepts_the_units_and_starts_them_on_time() {
    if !has_tool("systemd-analyze") {
        return;
    }
    let bench = host();
    for (number, (at, next)) in RHYTHMS.iter().enumerate() {
        let directory = bench.path(&format!("units{number}"));
        let out = directory.display().to_string();
        let reports = bench.path("reports of IT").display().to_string();
        let arguments = [
            "restart.yaml",
            "--at",
            at,
            "--emit",
            "systemd",
            "--out",
            &out,
            "--report-dir",
            &reports,
        ];
        schedule(&bench, &arguments).expect(0);
        let path = |name: &str| directory.join(name).display().to_string();
        let (service, timer) = (path("sortie-restart.service"), path("sortie-restart.timer"));
        let said = tool("systemd-analyze", &["verify", &service, &timer]);
        assert!(!said.contains("sortie-restart"), "{said}");
        let text = std::fs::read_to_string(&timer).expect("it is written");
        let calendar = text.lines().find_map(|line| line.strip_prefix("OnCalendar="));
        let base = format!("--base-time={BASE}");
        let said = tool("systemd-analyze", &["calendar", &base, calendar.expect("a time")]);
        let next = next.replace('T', " ").replace('Z', " UTC");
        assert!(said.contains(&next), "{at}: {next} is not in {said}");
    }
}

#[test]
fn systemd_refuses_a_unit_that_is_broken_on_purpose() {
    if !has_tool("systemd-analyze") {
        return;
    }
    let bench = host();
    schedule(&bench, &["restart.yaml", "--at", "hourly", "--emit", "systemd", "--out", "."])
        .expect(0);
    let text = std::fs::read_to_string(bench.path("sortie-restart.service")).expect("written");
    let broken = text.replace("ExecStart=/", "ExecStart=");
    let path = bench.write("sortie-broken.service", &broken).display().to_string();
    let output = Command::new("systemd-analyze").args(["verify", &path]).output().expect("starts");
    assert!(!output.status.success(), "the control has to fail");
}

#[test]
fn the_property_list_is_read_by_its_own_tool() {
    let tool_of_host = ["plutil", "plistutil"].into_iter().find(|name| has_tool(name));
    let Some(name) = tool_of_host else { return };
    let bench = host();
    bench.write("it's 50% <b> & more.yaml", &CHECK_IN.replace("check-in", "odd--name"));
    for (at, _) in RHYTHMS {
        let odd = "it's 50% <b> & more.yaml";
        let arguments = [odd, "--at", at, "--emit", "launchd", "--reason", "a & b", "--out", "."];
        let ran = schedule(&bench, &arguments).expect(0);
        let path = bench.path(ran.stdout.trim()).display().to_string();
        let arguments = if name == "plutil" { ["-lint", &*path] } else { ["-i", &*path] };
        let said = tool(name, &arguments);
        assert!(name == "plutil" || said.contains("it's 50% <b> & more.yaml"), "{said}");
        std::fs::remove_file(path).expect("it is ours");
    }
}

#[test]
fn files_of_each_scheduler_match_their_snapshots() {
    let bench = host();
    bench.write(
        "night.yaml",
        "version: 1\nname: night\ntargets: { all: true }\naction: restart\nlimits: { max_devices: 5 }\nsend_until: 2h\n",
    );
    for (name, arguments) in [
        ("schedule_systemd", ["night.yaml", "--at", "daily 02:30", "--emit", "systemd"]),
        ("schedule_cron", ["night.yaml", "--at", "Sat,Sun 22:00", "--emit", "cron"]),
        ("schedule_launchd", ["restart.yaml", "--at", "monthly 1 03:00", "--emit", "launchd"]),
        ("schedule_launchd_late", ["night.yaml", "--at", "hourly", "--emit", "launchd"]),
    ] {
        let ran = schedule(&bench, &arguments);
        let text = format!("exit code {}\n{}---\n{}", ran.code, ran.stdout, ran.stderr);
        let more = [
            (r"/\S*/sortie( |</string>)", "[sortie]$1"),
            (r"User=\S+", "User=[user]"),
            (r"# A user that owns .*\n", ""),
            (r"crontab of \S+", "crontab of [user]"),
            (r"next starts: .*", "next starts: [times]"),
            (r"On 20\d\d-\d\d-\d\d the clocks .*", "On [day] the clocks [change]"),
            (r"PrivateTmp=yes\n", ""),
            (r"ProtectHome=\S+", "ProtectHome=[place]"),
        ];
        compare_text(&bench, name, &text, &more);
    }
}

#[test]
fn what_no_scheduler_can_keep_is_refused_with_advice() {
    let bench = host();
    let plain = "version: 1\nname: plain\ntargets: { all: true }\naction: restart\n";
    bench.write("plain.yaml", plain);
    bench.write("late.yaml", &format!("{plain}limits: {{ max_devices: 5 }}\nsend_until: 2h\n"));
    let narrow = RESTART.replace("\"00:00\"", "\"22:00\"").replace("\"24:00\"", "\"23:00\"");
    bench.write("narrow.yaml", &narrow);
    for (arguments, code, said) in [
        (&["check-in.yaml", "--at", "Sat 22:00 UTC", "--emit", "cron"][..], 2, "cannot follow UTC"),
        (&["check-in.yaml", "--at", "Sat 22:00 UTC", "--emit", "launchd"], 2, "cannot follow UTC"),
        (&["check-in.yaml", "--at", "every 7m", "--emit", "cron"], 2, "does not divide 60"),
        (&["plain.yaml", "--at", "hourly", "--emit", "cron"], 8, "limits: { max_devices: N }"),
        (&["late.yaml", "--at", "hourly", "--emit", "launchd"], 8, "refuses a start after a sleep"),
        (&["erase.yaml", "--at", "hourly", "--emit", "systemd"], 8, "--confirm \"PHRASE\""),
        (
            &["erase.yaml", "--at", "hourly", "--emit", "systemd", "--confirm", "3"],
            8,
            "ERASE 3 ON acme",
        ),
        (&["narrow.yaml", "--at", "daily 12:00", "--emit", "systemd"], 2, "is closed at each"),
        (&["-", "--at", "hourly", "--emit", "cron"], 2, "standard input"),
        (
            &["check-in.yaml", "--at", "hourly", "--emit", "cron", "--if-running", "wait=9"],
            2,
            "wait=30m",
        ),
    ] {
        says(&schedule(&bench, arguments).expect(code), &[said]);
    }
    bench.write("lost.csv", "serial_number\nC02ZK0AALVDQ\n");
    let pin = ["lost.csv", "--at", "hourly", "--emit", "cron", "--action", "erase"];
    let ran = schedule(&bench, &[&pin[..], &["--param", "PIN=271828"]].concat()).expect(2);
    says(&ran, &["--param with a PIN would be visible"]);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("271828"), "{}", ran.stderr);
    for (arguments, said) in [
        (&["--subdomain", "acme"][..], "no start could find a token"),
        (&["--token-file", "token"], "none is named"),
        (&["--subdomain", "acme", "--token-command", "print-token"], "would be visible"),
        (&["--simulate"], "--simulate ends with this command"),
    ] {
        let job = ["schedule", "check-in.yaml", "--at", "hourly", "--emit", "cron"];
        let mut command = bench.command();
        command.env("SORTIE_TOKEN", "s3cret").args([&job[..], arguments].concat());
        let ran = Ran::of(command.output().expect("the program starts")).expect(2);
        says(&ran, &[said]);
        assert!(!ran.stderr.contains("s3cret"), "{}", ran.stderr);
    }
}

#[test]
fn a_saved_file_is_never_replaced_by_another() {
    let bench = host();
    let save = |at: &str| {
        schedule(&bench, &["check-in.yaml", "--at", at, "--emit", "systemd", "--out", "units"])
    };
    save("hourly").expect(0);
    let again = save("hourly").expect(0);
    let paths: Vec<&str> = again.stdout.lines().collect();
    assert_eq!(paths, ["units/sortie-check-in.service", "units/sortie-check-in.timer"]);
    let before = std::fs::read(bench.path(paths[0])).expect("it is there");
    says(
        &save("every 2h").expect(2),
        &["already exists with different content", "no file was changed"],
    );
    assert_eq!(std::fs::read(bench.path(paths[0])).expect("it is there"), before);
}

#[test]
fn the_files_come_as_json_for_programs() {
    let bench = host();
    let arguments =
        ["check-in.yaml", "--at", "Sat 22:00 UTC", "--emit", "systemd", "--format", "json"];
    let ran = schedule(&bench, &arguments).expect(0);
    let object: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&object["zone"], &object["risk"]), (&"UTC".into(), &"benign".into()));
    assert_eq!(object["files"][1]["name"], "sortie-check-in.timer");
    assert_eq!(object["next_starts"].as_array().map(Vec::len), Some(10), "{object}");
}

/// A run that follows a command without an end, and so stays in progress until it is stopped.
fn endless() -> (Fleet, String) {
    let fleet = Fleet::with(DeviceKind::MacAppleSilicon, 1, |_, device| {
        device.command_end = CommandEnd::NeverEnds;
    });
    let job = fleet.job("daily-checkin", 0..1);
    (fleet, job)
}

fn started(fleet: &Fleet, name: &str, arguments: &[&str]) -> std::process::Child {
    let errors = std::fs::File::create(fleet.bench.path(name)).expect("a file");
    let mut command = fleet.bench.command();
    command.args(arguments).stdout(Stdio::null()).stderr(errors);
    command.spawn().expect("the program starts")
}

fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn is_running(fleet: &Fleet) -> bool {
    let status = fleet.bench.sortie(&["status", "--format", "json"]);
    status.stdout.contains("\"running\":true")
}

#[test]
fn a_start_waits_for_the_run_of_its_job_and_plans_anew() {
    let (fleet, job) = endless();
    let first = started(&fleet, "first", &["run", &job, "--wait", "60s"]);
    eventually("the first run", || is_running(&fleet) && fleet.reached("daily-checkin") == [1]);
    let wait = ["run", &*job, "--wait", "0", "--if-running", "wait=50s"];
    let mut second = started(&fleet, "second", &wait);
    let said = || text_of(&fleet.bench.path("second"));
    eventually("the second start waits", || said().contains("waiting for run"));
    // A process that waits counts as a run of its job.
    let third = fleet.bench.sortie(&wait).expect(13);
    says(&third, &["another process already waits to run job"]);
    let skipped = fleet.bench.sortie(&["run", &job, "--if-running", "skip"]).expect(0);
    says(&skipped, &["skipped, nothing was sent", "already waits"]);
    assert_eq!(fleet.reached("daily-checkin"), [1], "{}", said());
    stop(first);
    assert!(second.wait().expect("it ends").success(), "{}", said());
    assert!(said().contains("checking and planning again"), "{}", said());
    assert_eq!(fleet.tenant.seen("daily-checkin"), 2, "{}", said());
}

#[test]
fn a_wait_ends_at_its_time_or_with_a_signal() {
    let (fleet, job) = endless();
    let first = started(&fleet, "first", &["run", &job, "--wait", "60s"]);
    eventually("the first run", || is_running(&fleet) && fleet.reached("daily-checkin") == [1]);
    let ran = fleet.bench.sortie(&["run", &job, "--if-running", "wait=1ms"]).expect(13);
    says(&ran, &["still in progress at", "nothing was sent"]);
    says(
        &fleet.bench.sortie(&["resume", "--if-running", "wait=1ms"]).expect(13),
        &["when the wait ended"],
    );
    let files = ["--log-file", "wait.log", "--metrics-file", "wait.prom"];
    let wait = [&["run", &*job, "--if-running", "wait"][..], &files].concat();
    let mut waiting = started(&fleet, "second", &wait);
    let said = || text_of(&fleet.bench.path("second"));
    eventually("the second start waits", || said().contains("waiting for run"));
    let pid = waiting.id().to_string();
    tool("kill", &["-TERM", &pid]);
    assert_eq!(waiting.wait().expect("it ends").code(), Some(130), "{}", said());
    for text in ["stopped waiting for another run (SIGTERM)", "state: nothing was sent"] {
        assert!(said().contains(text), "{}", said());
    }
    let log = text_of(&fleet.bench.path("wait.log"));
    let last = log.lines().last().unwrap_or_default();
    assert!(last.contains("command ended") && last.contains("130"), "{log}");
    assert!(!fleet.bench.path("wait.prom").exists(), "the metrics are those of the run");
    // The queue is free again, and nothing was sent.
    let ran = fleet.bench.sortie(&["run", &job, "--if-running", "wait=1ms"]).expect(13);
    says(&ran, &["still in progress at"]);
    assert_eq!(fleet.reached("daily-checkin"), [1]);
    stop(first);
}

#[test]
fn a_resume_waits_for_the_process_that_has_the_run() {
    let (fleet, job) = endless();
    let first = started(&fleet, "first", &["run", &job, "--wait", "60s"]);
    eventually("the first run", || is_running(&fleet) && fleet.reached("daily-checkin") == [1]);
    says(&fleet.bench.sortie(&["resume", "--if-running", "skip"]).expect(0), &["skipped"]);
    says(&fleet.bench.sortie(&["retry", "--if-running", "skip"]).expect(0), &["skipped"]);
    let mut second = started(&fleet, "second", &["resume", "--if-running", "wait=50s"]);
    let said = || text_of(&fleet.bench.path("second"));
    eventually("the resume waits", || said().contains("waiting for run"));
    stop(first);
    eventually("the resume begins", || said().contains("resuming run"));
    second.kill().expect("it is ours");
    second.wait().expect("it ends");
}

/// Ends a run as a scheduler does.
fn stop(mut run: std::process::Child) {
    tool("kill", &["-TERM", &run.id().to_string()]);
    run.wait().expect("it ends");
}

#[test]
fn every_line_of_a_log_has_its_time_and_level() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let job = fleet.job("daily-checkin", 0..2);
    let run = |arguments: &[&str]| {
        let all = [&["run", &*job, "--progress", "log"][..], arguments].concat();
        Ran::of(fleet.bench.command().env("TZ", ZONE).args(all).output().expect("it starts"))
    };
    let refused = run(&["--confirm", "7"]).expect(8);
    assert!(refused.stderr.contains("+01:00 error state: nothing was sent"), "{}", refused.stderr);
    let ran = run(&["--wait", "0"]).expect(0);
    for line in ran.stderr.lines().chain(refused.stderr.lines()) {
        let (time, rest) = line.split_at_checked(25).unwrap_or_default();
        assert!(sortie::model::UnixMillis::parse(time).is_some(), "{line}");
        let level = rest.split(' ').nth(1).unwrap_or_default();
        assert!(["info", "warning", "error"].contains(&level), "{line}");
        assert!(!line.contains('\u{1b}'), "{line}");
    }
    assert!(ran.stderr.lines().count() > 5, "{}", ran.stderr);
    assert!(ran.stdout.starts_with('/'), "data stays as it is: {}", ran.stdout);
    // Each line about a problem of the job is an error.
    fleet.bench.write("odd.csv", "serial_number,action,message\nC02,blank-push,hello\n");
    let odd_job = ["run", "odd.csv", "--progress", "log"];
    let ran = fleet.bench.sortie(&odd_job).expect(2);
    assert!(
        ran.stderr.contains("error error: ") && ran.stderr.contains("odd.csv:2:"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.lines().all(|line| line.split(' ').nth(1) == Some("error")),
        "{}",
        ran.stderr
    );
}
