//! What was done, over many runs: looking at it, dropping its secrets, repeating what is left, leaving out what is done.
//!
//! Owns `history`, `prune`, `retry` and `--skip-done` as people meet them. Must never test the journal's own rules,
//! which stand beside it.

use sortie::journal::{RequestCounts, RunJournal, StateDir};
use sortie::model::{Entry, Event, Outcome, TaskIndex};
use sortie::simulator::{
    DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, NewDevice, Presence, wall_clock,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::harness::{Bench, Ran, Tenant, add, canned, prompt_world, read_csv, serial, writes};

/// A prompt tenant with so many Macs, and their ids.
fn macs(count: usize) -> (Tenant, Vec<String>) {
    let mut world = prompt_world(Faults::default());
    let ids =
        (0..count).map(|at| add(&mut world, DeviceKind::MacAppleSilicon, &serial(at))).collect();
    (Tenant::serving(world), ids)
}

/// Refuses the next request for this action on this device.
fn refuse(tenant: &Tenant, action: &str, device: &str) {
    let no = canned(400, r#"{"detail":"not today"}"#, FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action_on(action, device), no);
}

#[track_caller]
fn says(ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(ran.stderr.contains(word), "'{word}' is missing:\n{}", ran.stderr);
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

/// A job of one action for each of so many Macs.
fn job_of(bench: &Bench, action: &str, count: usize) -> String {
    let rows: Vec<String> = (0..count).map(|at| format!("{},{action}", serial(at))).collect();
    bench.job("job.csv", "serial_number,action", &rows)
}

/// All files below a directory.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Whether a text stands in any file below a directory.
fn stands_in(directory: &Path, text: &str) -> bool {
    files(directory).iter().any(|path| {
        let bytes = std::fs::read(path).expect("readable");
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    })
}

/// The bench's people have the secrets of its Macs.
const ELSEWHERE: &str = "--secrets-elsewhere";

// History.

#[test]
fn history_shows_every_request_of_a_device_that_is_gone() {
    let (tenant, ids) = macs(2);
    let bench = Bench::at(&tenant);
    let serial = serial(0);
    let busy = FaultKind::Unavailable { retry_after_s: Some(1) };
    tenant.script(FaultMatcher::action_on("blank-push", &ids[0]), busy);
    bench.sortie(&["send", "blank-push", "--serial", &serial]).expect(0);
    bench
        .sortie(&["send", "lock", "--serial", &serial, "--confirm", "1", "--wait", "10s"])
        .expect(0);
    refuse(&tenant, "restart", &ids[0]);
    bench
        .sortie(&["send", "restart", "--serial", &serial, "--confirm", "1", "--wait", "0"])
        .expect(7);
    bench
        .sortie(&[
            "send",
            "delete-device",
            "--serial",
            &serial,
            ELSEWHERE,
            "--confirm",
            "DELETE 1 ON 127.0.0.1",
            "--wait",
            "10s",
        ])
        .expect(0);
    let pin = tenant.ledger().pins(&ids[0])[0].clone();
    let text = bench.sortie(&["history", &serial.to_lowercase()]).expect(0);
    says(
        &text,
        &[
            "sortie.db",
            "4 runs",
            "a PIN is kept",
            "sortie pins --device",
            &serial,
            "nothing was sent",
        ],
    );
    assert_eq!(text.stdout.lines().count(), 3 + 5, "{}", text.stdout);
    assert!(
        text.stdout.contains("  refused  ") && text.stdout.contains("not today"),
        "{}",
        text.stdout
    );
    let all = bench.sortie(&["history", &ids[0], "--format", "json"]).expect(0);
    let all = json(&all.stdout);
    let lines = all["lines"].as_array().expect("lines");
    let shown: Vec<String> = lines
        .iter()
        .map(|line| {
            format!(
                "{} {} {} {}",
                line["action"], line["attempt"], line["http_status"], line["outcome"]
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#""blank-push" 1 503 "accepted""#,
            r#""blank-push" 2 200 "accepted""#,
            r#""lock" 1 200 "completed""#,
            r#""restart" 1 400 "refused""#,
            r#""delete-device" 1 204 "completed""#,
        ]
    );
    assert_eq!(lines[2]["command_status"], "completed");
    assert_eq!(
        (&lines[2]["secrets_kept"], &lines[3]["secrets_kept"]),
        (&true.into(), &false.into())
    );
    assert!(all["database"].as_str().is_some_and(|path| path.ends_with("sortie.db")));
    assert!(all["covers"]["from"].as_str() < all["covers"]["to"].as_str());
    let csv = bench.sortie(&["history", &serial, "--format", "csv"]).expect(0);
    bench.write("history.csv", &csv.stdout);
    assert_eq!(read_csv(&bench.path("history.csv")).len(), 5);
    for ran in [&text, &csv] {
        assert!(!ran.stdout.contains(&pin) && !ran.stderr.contains(&pin), "a PIN is shown");
    }
    assert!(!all.to_string().contains(&pin), "a PIN is shown");
}

#[test]
fn history_keeps_to_its_times_and_says_what_was_never_sent() {
    let (tenant, _) = macs(1);
    let bench = Bench::at(&tenant);
    let job = "version: 1\nname: x\naction: restart\nexclude: { serial_numbers: [] }\n\
               targets: { devices: [{ serial_number: SERIAL }] }\n";
    let job = job.replace("SERIAL", &serial(0)).replace("serial_numbers: []", "platform: Mac");
    bench.write("job.yaml", &job);
    bench.sortie(&["run", "job.yaml", "--yes"]).expect(7);
    let lines = |arguments: &[&str]| {
        let serial = serial(0);
        let all = [&["history", serial.as_str(), "--format", "json"], arguments].concat();
        json(&bench.sortie(&all).expect(0).stdout)["lines"].as_array().map_or(0, Vec::len)
    };
    let text = bench.sortie(&["history", &serial(0)]).expect(0).stdout;
    assert!(text.contains("never sent") && text.contains("excluded by the job"), "{text}");
    assert_eq!(lines(&[]), 1);
    assert_eq!(lines(&["--since", "1h"]), 1);
    assert_eq!(lines(&["--until", "1h"]), 0);
    assert_eq!(lines(&["--since", "2020-01-01", "--until", "2020-12-31T23:59:59Z"]), 0);
    assert_eq!(lines(&["--since", "2020-01-01", "--until", "2999-12-31"]), 1);
    says(&bench.sortie(&["history", &serial(0), "--since", "soon"]).expect(2), &["--since", "7d"]);
    says(&bench.sortie(&["history", "NOSUCHMAC099"]).expect(4), &["sortie.db", "1 run"]);
}

#[test]
fn a_format_that_a_command_does_not_know_is_refused() {
    let (tenant, _) = macs(1);
    let bench = Bench::at(&tenant);
    for command in [&["runs"][..], &["status"], &["actions"], &["commands", "x"]] {
        let ran = bench.sortie(&[command, &["--format", "csv"]].concat()).expect(2);
        says(&ran, &["--format csv"]);
    }
    let devices = bench.sortie(&["devices", "--format", "csv"]).expect(0);
    assert_eq!(devices.stdout, bench.sortie(&["devices"]).expect(0).stdout);
}

#[test]
fn a_run_that_cannot_be_read_is_named_in_a_history() {
    let (tenant, _) = macs(1);
    let bench = Bench::at(&tenant);
    bench.sortie(&["send", "blank-push", "--serial", &serial(0)]).expect(0);
    let run = bench.latest_run();
    bench.sortie(&["send", "blank-push", "--serial", &serial(0)]).expect(0);
    bench
        .write(&format!("state/runs/{run}.db"), "not a database at all, but a text of some length");
    let ran = bench.sortie(&["history", &serial(0)]).expect(12);
    says(&ran, &["incomplete", &run]);
    assert_eq!(ran.stdout.lines().count(), 4, "the other run is shown: {}", ran.stdout);
    // Nor is it passed over in silence when it might say what is done.
    let plan = ["send", "blank-push", "--serial", &serial(0), "--skip-done", "-n"];
    let plan = bench.sortie(&plan).expect(0).stdout;
    assert!(plan.contains(&run) && plan.contains("cannot read run"), "{plan}");
}

// Prune.

#[test]
fn prune_drops_secrets_of_finished_runs_and_lists_the_rest() {
    let mut world = prompt_world(Faults::default());
    let id = add(&mut world, DeviceKind::MacAppleSilicon, &serial(0));
    let mac = NewDevice {
        presence: Presence::Offline,
        serial_number: serial(1),
        ..NewDevice::new(DeviceKind::MacAppleSilicon)
    };
    let sleeping = world.add_device(mac);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let lock = |serial: &str, code| {
        bench
            .sortie(&["send", "lock", "--serial", serial, "--confirm", "1", "--wait", "2s"])
            .expect(code);
        bench.latest_run()
    };
    let finished = lock(&serial(0), 0);
    let reports = bench.report_dir();
    let open = lock(&serial(1), 10);
    bench.sortie(&["send", "get-commands", "--serial", &serial(0)]).expect(0);
    let state = bench.path("state");
    let (pin, kept) = (&tenant.ledger().pins(&id)[0], &tenant.ledger().pins(&sleeping)[0]);
    assert!(stands_in(&state, pin) && stands_in(&state, kept), "the control");
    // Nothing is old enough.
    says(
        &bench.sortie(&["prune", "--older-than", "90d", "--yes"]).expect(0),
        &["nothing to remove"],
    );
    let dry = bench.sortie(&["prune", "--older-than", "0", "--dry-run"]).expect(0);
    assert!(dry.stdout.contains("2 PINs") && dry.stdout.contains("1 reply"), "{}", dry.stdout);
    assert!(dry.stdout.contains(&serial(0)), "{}", dry.stdout);
    says(&dry, &["not pruned", &open, "nothing was removed"]);
    says(
        &bench.sortie(&["prune", "--older-than", "0", "--no-input"]).expect(8),
        &["--no-input", "nothing was removed"],
    );
    assert!(stands_in(&state, pin), "nobody agreed yet");
    let before = bench.sortie(&["status", &finished, "--format", "json"]).expect(0).stdout;
    let ran = bench.sortie(&["prune", "--older-than", "0", "--yes"]).expect(0);
    says(&ran, &["2 runs", &reports.file_name().expect("a name").to_string_lossy()]);
    assert!(!stands_in(&state, pin), "its bytes are gone");
    assert!(stands_in(&state, kept), "the run that is not finished is left alone");
    assert!(stands_in(&reports, pin), "reports are not touched");
    assert_eq!(bench.sortie(&["status", &finished, "--format", "json"]).expect(0).stdout, before);
    for ran in [&ran, &dry] {
        assert!(!ran.stdout.contains(pin) && !ran.stderr.contains(pin));
    }
    says(&bench.sortie(&["history", &serial(0)]).expect(0), &["pruned at"]);
    let status = bench.sortie(&["status", &finished]).expect(0).stdout;
    assert!(status.contains("replies were removed at"), "{status}");
    let audit = bench.sortie(&["audit"]).expect(0).stdout;
    let is_note = |line: &&str| line.contains("  pruned  ") && line.contains(&finished);
    let note = audit.lines().find(is_note).expect("it was noted");
    assert!(note.contains("(uid ") && note.contains("2 PINs, "), "{note}");
    // The old report is not overwritten with one that has no PIN.
    says(&bench.sortie(&["report", &finished]).expect(8), &["pruned", "--report-dir"]);
    bench.sortie(&["report", &finished, "--report-dir", "elsewhere"]).expect(0);
    assert_eq!(read_csv(&bench.path("elsewhere").join("report.csv"))[0]["outcome"], "completed");
    says(&bench.sortie(&["prune", "--older-than", "0", "--yes"]).expect(0), &["nothing to remove"]);
}

#[test]
fn prune_leaves_a_run_that_another_process_holds() {
    let (tenant, ids) = macs(1);
    let bench = Bench::at(&tenant);
    bench
        .sortie(&["send", "lock", "--serial", &serial(0), "--confirm", "1", "--wait", "10s"])
        .expect(0);
    let run = bench.latest_run();
    let path = bench.path("state").join("runs").join(format!("{run}.lock"));
    let lock = std::fs::OpenOptions::new().write(true).open(path).expect("the lock file");
    lock.lock().expect("it can be locked");
    let ran = bench.sortie(&["prune", "--older-than", "0", "--yes"]).expect(0);
    says(&ran, &["not pruned", &run, "another process"]);
    assert!(stands_in(&bench.path("state"), &tenant.ledger().pins(&ids[0])[0]));
}

// Retry.

#[test]
fn a_retry_takes_over_the_rest_and_the_old_run_never_sends_it() {
    let (tenant, ids) = macs(6);
    let bench = Bench::at(&tenant);
    refuse(&tenant, "restart", &ids[0]);
    tenant.script(FaultMatcher::action_on("restart", &ids[1]), FaultKind::CloseAfter);
    tenant.script(
        FaultMatcher::action_on("restart", &ids[3]),
        canned(401, "", FaultMoment::BeforeApplying),
    );
    let job = job_of(&bench, "restart", 6);
    let run = ["run", &job, "--confirm", "6", "--wait", "0", "-j", "1", "--reason", "CHG-7"];
    bench.sortie(&run).expect(11);
    let old = bench.latest_run();
    assert_eq!(tenant.ledger().count_all("restart"), 2, "one lost its answer, one went well");
    // Held by a process: left alone.
    let path = bench.path("state").join("runs").join(format!("{old}.lock"));
    let lock = std::fs::OpenOptions::new().write(true).open(path).expect("the lock file");
    lock.lock().expect("it can be locked");
    says(&bench.sortie(&["retry", "--confirm", "3"]).expect(13), &[&old]);
    drop(lock);
    // Not confirmed, nothing is taken over.
    bench.sortie(&["retry", "--no-input"]).expect(8);
    bench.sortie(&["retry", "-n"]).expect(0);
    assert_eq!(bench.latest_run(), old);
    let ran = bench.sortie(&["retry", "--confirm", "3"]).expect(0);
    says(&ran, &["retrying 3 tasks", &old]);
    let new = bench.latest_run();
    assert_ne!(new, old);
    let status = json(&bench.sortie(&["status", "--format", "json"]).expect(0).stdout);
    assert_eq!((&status["job"], &status["tasks"]), (&"job".into(), &3.into()));
    assert_eq!(tenant.ledger().count_all("restart"), 5);
    assert!(tenant.ledger().duplicates().is_empty());
    let summary = std::fs::read_to_string(bench.report_dir().join("summary.json")).expect("it is");
    assert!(summary.contains("CHG-7"), "the reason goes on: {summary}");
    // The old run has nothing more to send; what was in doubt is settled by reading.
    bench.sortie(&["resume", &old]).expect(7);
    assert_eq!(tenant.seen("restart"), 1 + 1 + 1 + 1 + 3, "{:?}", tenant.ledger().by_kind);
    assert!(tenant.ledger().duplicates().is_empty());
    let report = bench.sortie(&["report", &old]).expect(0).stdout;
    let rows = read_csv(&PathBuf::from(report.trim()).join("report.csv"));
    let by_serial: BTreeMap<&str, (&str, &str)> = rows
        .iter()
        .map(|row| {
            (row["serial_number"].as_str(), (row["outcome"].as_str(), row["reason"].as_str()))
        })
        .collect();
    let taken = format!("taken over by run {new}");
    for at in 3..6 {
        assert_eq!(by_serial[serial(at).as_str()], ("not_attempted", taken.as_str()));
    }
    assert_eq!(read_csv(&PathBuf::from(report.trim()).join("unprocessed.csv")).len(), 0);
    // Nor does a second retry repeat it; what was refused is repeated when asked for, under the same name.
    says(&bench.sortie(&["retry", &old, "--yes"]).expect(0), &["nothing to retry", "--refused"]);
    bench.sortie(&["retry", &old, "--refused", "--confirm", "1"]).expect(0);
    let status = json(&bench.sortie(&["status", "--format", "json"]).expect(0).stdout);
    assert_eq!((&status["job"], &status["tasks"]), (&"job".into(), &1.into()));
    assert_eq!(tenant.ledger().count_all("restart"), 6);
    // A third time the run after it has done it.
    let ran = bench.sortie(&["retry", &old, "--refused", "--confirm", "1"]).expect(0);
    says(&ran, &["Already done, not sent again", "1  done by run"]);
    assert_eq!(tenant.ledger().count_all("restart"), 6);
    assert!(tenant.ledger().duplicates().is_empty());
}

#[test]
fn a_retry_takes_over_from_a_run_whose_process_died() {
    let (tenant, ids) = macs(3);
    let bench = Bench::at(&tenant);
    tenant.script(FaultMatcher::action_on("restart", &ids[1]), FaultKind::Hang);
    let job = job_of(&bench, "restart", 3);
    let mut child = bench.command();
    child.args(["run", &job, "--confirm", "3", "--wait", "0", "-j", "1", "-q"]);
    child.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = child.spawn().expect("the program starts");
    crate::harness::eventually("the second is sent", || tenant.seen("restart") == 2);
    child.kill().expect("it can be killed");
    child.wait().expect("it can be waited for");
    let old = bench.latest_run();
    let charged = || {
        let index = rusqlite::Connection::open(bench.path("state/sortie.db")).expect("it opens");
        let sum = "SELECT sum(devices) FROM charges";
        index.query_row(sum, [], |row| row.get::<_, u32>(0)).expect("a sum")
    };
    assert_eq!(charged(), 3);
    // What is under way may have been applied, and is not repeated; only the third is left.
    says(&bench.sortie(&["retry", "--confirm", "1"]).expect(0), &["retrying 1 task", &old]);
    assert_eq!(tenant.ledger().count(&ids[2], "restart"), 1);
    assert_eq!(charged(), 2 + 1, "what the dead process did not reach does not count twice");
    bench.sortie(&["resume", &old]).expect(7);
    assert_eq!(tenant.seen("restart"), 3);
    assert!(tenant.ledger().duplicates().is_empty());
}

#[test]
fn a_retry_keeps_steps_in_order_with_their_gates_and_parameters() {
    let (tenant, ids) = macs(1);
    let bench = Bench::at(&tenant);
    let job = "version: 1\nname: lab\nsteps:\n  - action: blank-push\n  - action: set-name\n    \
               with: { new_name: \"=Lab, 1\" }\n  - action: restart\n    after: accepted\n    \
               with: { NotifyUser: true }\nwait: 0\ntargets: { devices: [{ serial_number: SERIAL }] }\n";
    bench.write("job.yaml", &job.replace("SERIAL", &serial(0)));
    refuse(&tenant, "blank-push", &ids[0]);
    bench.sortie(&["run", "job.yaml", "--confirm", "1"]).expect(7);
    assert_eq!(tenant.ledger().accepted.len(), 0);
    bench.sortie(&["retry", "--refused", "--confirm", "1"]).expect(0);
    let sent: Vec<String> =
        tenant.ledger().accepted.iter().map(|accepted| accepted.action.clone()).collect();
    assert_eq!(sent, ["blank-push", "set-name", "restart"]);
    let bodies: String =
        tenant.ledger().accepted.iter().map(|accepted| accepted.body.clone()).collect();
    assert!(bodies.contains("=Lab, 1") && bodies.contains("NotifyUser"), "{bodies}");
}

#[test]
fn tasks_closed_for_a_run_that_never_began_go_to_the_next_retry() {
    let (tenant, _) = macs(2);
    let bench = Bench::at(&tenant);
    let job = job_of(&bench, "restart", 2);
    let unauthorized = canned(401, "", FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action("restart"), unauthorized);
    bench.sortie(&["run", &job, "--confirm", "2", "--wait", "0", "-j", "1"]).expect(3);
    let old = bench.latest_run();
    let close = |task| Entry {
        at: wall_clock(),
        event: Event::Settled {
            task: TaskIndex(task),
            outcome: Outcome::NotAttempted,
            reason: "taken over by run 20260101-000000-zzzzz".to_owned(),
        },
    };
    let state = StateDir::open(&bench.path("state")).expect("it is there");
    let mut journal = RunJournal::open(&state, &old).expect("it is there");
    journal.append(&[close(0), close(1)], &RequestCounts::new()).expect("it can be written");
    drop(journal);
    bench.sortie(&["resume", &old]).expect(7);
    assert_eq!(tenant.ledger().count_all("restart"), 0, "the old run does not send them");
    bench.sortie(&["retry", &old, "--confirm", "2"]).expect(0);
    assert_eq!(tenant.ledger().count_all("restart"), 2);
    assert!(tenant.ledger().duplicates().is_empty());
    bench.sortie(&["resume", &old]).expect(0);
    assert_eq!(tenant.ledger().count_all("restart"), 2);
}

#[test]
fn a_simulated_run_is_not_retried() {
    let bench = Bench::offline();
    let job = job_of(&bench, "blank-push", 2);
    bench.sortie(&["run", &job, "--simulate"]).expect(0);
    says(&bench.sortie(&["retry"]).expect(2), &["simulated tenant", "sortie simulate"]);
}

// What is done already.

#[test]
fn what_an_earlier_run_has_done_is_left_out_when_asked_for() {
    let (tenant, ids) = macs(4);
    let bench = Bench::at(&tenant);
    let job = job_of(&bench, "restart", 4);
    refuse(&tenant, "restart", &ids[0]);
    tenant.script(FaultMatcher::action_on("restart", &ids[1]), FaultKind::CloseBefore);
    bench.sortie(&["run", &job, "--confirm", "4", "--wait", "10s"]).expect(11);
    let first = bench.latest_run();
    let again = ["run", &job, "--confirm", "1", "--wait", "10s", "--skip-done"];
    let plan = bench.sortie(&["plan", &job, "--skip-done"]).expect(0).stdout;
    assert!(plan.contains(&format!("    2  done by run {first} on ")), "{plan}");
    assert!(plan.contains(&format!("      1  in doubt in run {first}")), "{plan}");
    bench.sortie(&again).expect(7);
    let reasons: BTreeMap<String, (String, String)> = bench
        .report()
        .into_iter()
        .map(|row| (row["serial_number"].clone(), (row["outcome"].clone(), row["reason"].clone())))
        .collect();
    assert_eq!(reasons[&serial(0)].0, "completed");
    assert_eq!(reasons[&serial(1)].0, "skipped");
    assert!(reasons[&serial(1)].1.contains("sortie resolve"), "{reasons:?}");
    assert_eq!(reasons[&serial(2)].0, "already_in_effect");
    assert!(reasons[&serial(2)].1.starts_with(&format!("done by run {first} on ")), "{reasons:?}");
    assert!(tenant.ledger().duplicates().is_empty());
    // A third run still names the one that did it.
    bench.sortie(&again).expect(7);
    let row = bench.report().into_iter().find(|row| row["serial_number"] == serial(2));
    assert!(row.expect("a row")["reason"].contains(&first));
    assert_eq!(tenant.ledger().count_all("restart"), 3);
    // Another action, other parameters, another tenant: none of that is done. Nor is it without the flag.
    let other = bench.sortie(&["send", "shutdown", "--serial", &serial(2), "--skip-done", "-n"]);
    assert!(!other.expect(0).stdout.contains("Already done"));
    let send = ["send", "restart", "--serial", &serial(2), "--skip-done", "-n"];
    let notify = bench.sortie(&[&send[..], &["--param", "NotifyUser=true"]].concat()).expect(0);
    assert!(!notify.stdout.contains("Already done"), "{}", notify.stdout);
    assert!(bench.sortie(&send).expect(0).stdout.contains("Already done"));
    bench.sortie(&["run", &job, "--confirm", "4", "--wait", "0"]).expect(0);
    assert_eq!(tenant.ledger().count_all("restart"), 7, "the control");
}

#[test]
fn a_migration_runs_the_same_file_until_everything_is_done() {
    let mut world = prompt_world(Faults::default());
    let ids: Vec<String> = (0..6)
        .map(|at| {
            let presence = if at == 5 { Presence::Offline } else { Presence::Online };
            let kind = DeviceKind::MacAppleSilicon;
            world.add_device(NewDevice {
                presence,
                serial_number: serial(at),
                ..NewDevice::new(kind)
            })
        })
        .collect();
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let devices: Vec<String> =
        (0..6).map(|at| format!("{{ serial_number: {} }}", serial(at))).collect();
    let job = format!(
        "version: 1\nname: migration\nsecrets: elsewhere\nsteps:\n  - action: blank-push\n  - action: delete-device\n    \
         after: accepted\nwait: 5s\ntargets: {{ devices: [{}] }}\n",
        devices.join(", ")
    );
    bench.write("migration.yaml", &job);
    let run = |phrase| ["run", "migration.yaml", "--confirm", phrase, "--skip-done"];
    // The first week: one cannot be woken, one cannot be deleted, of one the answer is lost.
    refuse(&tenant, "blank-push", &ids[2]);
    refuse(&tenant, "delete-device", &ids[3]);
    tenant.script(FaultMatcher::action_on("delete-device", &ids[4]), FaultKind::CloseAfter);
    bench.sortie(&run("DELETE 6 ON 127.0.0.1")).expect(7);
    assert_eq!(tenant.ledger().count_all("delete-device"), 4);
    // The second: one that was woken at last cannot be deleted.
    refuse(&tenant, "delete-device", &ids[2]);
    bench.sortie(&run("DELETE 2 ON 127.0.0.1")).expect(7);
    assert_eq!(tenant.ledger().count_all("delete-device"), 5);
    // Without the journal the devices that are gone would refuse the file.
    let nothing_known = bench.path("another-state");
    let nothing_known = nothing_known.to_str().expect("UTF-8");
    let ran = bench.sortie(&["run", "migration.yaml", "--yes", "--state-dir", nothing_known]);
    says(&ran.expect(4), &["not found"]);
    // The third: everything ends well.
    bench.sortie(&run("DELETE 1 ON 127.0.0.1")).expect(0);
    let outcomes: Vec<String> = bench.report().iter().map(|row| row["outcome"].clone()).collect();
    assert_eq!(outcomes.len(), 12);
    let well = ["completed", "accepted", "already_in_effect"];
    assert!(outcomes.iter().all(|outcome| well.contains(&outcome.as_str())), "{outcomes:?}");
    let ledger = tenant.ledger();
    assert!(ledger.duplicates().is_empty(), "{:?}", ledger.duplicates());
    assert_eq!((ledger.count_all("blank-push"), ledger.count_all("delete-device")), (6, 6));
    assert_eq!(writes(&ledger), 6 + 6 + 3, "the three that were refused were asked for again");
    // And once more: there is nothing left to send, and a device that we deleted is still not locked.
    bench.sortie(&run("DELETE 0 ON 127.0.0.1")).expect(0);
    assert_eq!(writes(&tenant.ledger()), 15);
    let lock = bench.sortie(&["send", "lock", "--serial", &serial(0), "--confirm", "1"]).expect(4);
    says(&lock, &["not found", "deleted by run"]);
}

#[test]
fn a_retry_keeps_the_window_of_a_break_glass_run() {
    let (tenant, ids) = macs(2);
    let bench = Bench::at(&tenant);
    refuse(&tenant, "restart", &ids[0]);
    let in_three_days = wall_clock().plus_ms(72 * 3_600_000);
    let timestamp = jiff::Timestamp::from_millisecond(in_three_days.0).expect("a moment");
    let day = jiff::tz::TimeZone::UTC.to_datetime(timestamp).strftime("%a").to_string();
    bench.write(
        "night.yaml",
        &format!(
            "version: 1\nname: night\naction: restart\n\
             targets: {{ devices: [{{ serial_number: {} }}, {{ serial_number: {} }}] }}\n\
             window: {{ days: [{}], from: \"10:00\", to: \"11:00\", timezone: UTC }}\n",
            serial(0),
            serial(1),
            day.to_lowercase()
        ),
    );
    let run = ["run", "night.yaml", "--confirm", "2", "--wait", "0", "-j", "1"];
    says(&bench.sortie(&run).expect(8), &["is closed"]);
    let glass = ["--break-glass", "INC-7", "--max-errors", "0"];
    bench.sortie(&[&run[..], &glass].concat()).expect(9);
    let old = bench.latest_run();
    assert_eq!(tenant.seen("restart"), 1);
    says(&bench.sortie(&["retry", "--confirm", "1"]).expect(8), &["is closed", "--break-glass"]);
    assert_eq!((tenant.seen("restart"), bench.latest_run()), (1, old));
    bench.sortie(&["retry", "--confirm", "1", "--break-glass", "INC-8"]).expect(0);
    assert_eq!(tenant.seen("restart"), 2);
    let audit = bench.sortie(&["audit"]).expect(0).stdout;
    assert!(audit.contains("INC-7") && audit.contains("INC-8"), "{audit}");
}

#[test]
fn a_retry_reads_the_list_again_that_its_job_required() {
    let (tenant, ids) = macs(3);
    let bench = Bench::at(&tenant);
    refuse(&tenant, "erase", &ids[0]);
    let list = |numbers: &[usize]| {
        let serials: Vec<String> = numbers.iter().map(|at| serial(*at)).collect();
        bench.write("enrolled.csv", &format!("serial_number\n{}\n", serials.join("\n")))
    };
    let path = list(&[0, 1, 2]);
    let serials = [0, 1, 2].map(|at| format!("{{ serial_number: {} }}", serial(at))).join(", ");
    bench.write(
        "leave.yaml",
        &format!(
            "version: 1\nname: leave\naction: erase\ntargets: {{ devices: [{serials}] }}\n\
             secrets: elsewhere\n\
             require: {{ file: enrolled.csv, on: serial_number, max_age: 24h }}\n"
        ),
    );
    let run = ["run", "leave.yaml", "--wait", "0", "-j", "1", "--max-errors", "0", "--confirm"];
    bench.sortie(&[&run[..], &["ERASE 3 ON 127.0.0.1"]].concat()).expect(9);
    assert_eq!(tenant.seen("erase"), 1);
    let retry = ["retry", "--confirm", "ERASE 2 ON 127.0.0.1"];
    std::fs::remove_file(&path).expect("it is ours");
    says(&bench.sortie(&retry).expect(8), &["required a list from another system", "enrolled.csv"]);
    list(&[0, 1, 2]);
    let yesterday_ms = wall_clock().0.unsigned_abs() - 25 * 3_600_000;
    let yesterday = std::time::UNIX_EPOCH + std::time::Duration::from_millis(yesterday_ms);
    let file = std::fs::File::options().write(true).open(&path).expect("it is there");
    file.set_modified(yesterday).expect("it is ours");
    says(&bench.sortie(&retry).expect(8), &[" old (written ", "the job allows"]);
    bench.write("enrolled.csv", "nothing,of,that\n");
    bench.sortie(&retry).expect(8);
    assert_eq!(tenant.seen("erase"), 1);
    // A device that is not on the list any more is left out.
    list(&[0, 1]);
    bench.sortie(&retry).expect(8);
    bench.sortie(&["retry", "--confirm", "ERASE 1 ON 127.0.0.1"]).expect(7);
    assert_eq!([0, 1, 2].map(|at| tenant.ledger().count(&ids[at], "erase")), [0, 1, 0]);
}

#[test]
fn the_job_of_a_retry_is_not_started_beside_it() {
    let (tenant, ids) = macs(3);
    let bench = Bench::at(&tenant);
    refuse(&tenant, "restart", &ids[0]);
    let job = job_of(&bench, "restart", 3);
    let run = ["run", &job, "--confirm", "3", "--wait", "0", "-j", "1"];
    bench.sortie(&[&run[..], &["--max-errors", "0"]].concat()).expect(9);
    tenant.script(FaultMatcher::action_on("restart", &ids[1]), FaultKind::Hang);
    let retry = crate::fleet::spawn(&bench, &["retry", "--confirm", "2"]);
    crate::harness::eventually("its first request", || tenant.seen("restart") == 2);
    // Another device stands in the file by now, as it does every night.
    bench.write(&job, &format!("serial_number,action\n{},restart\n", serial(0)));
    says(
        &bench.sortie(&["run", &job, "--confirm", "1"]).expect(13),
        &["of job job is still in progress"],
    );
    crate::fleet::end_of(retry);
}
