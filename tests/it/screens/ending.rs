//! The screens of a run's end, of `status`, `report` and `pins`.

use sortie::model::UnixMillis;
use sortie::simulator::{DeviceKind, FaultKind, FaultMatcher, FaultMoment, Presence, SimUser};

use super::{compare_screen, screen};
use crate::fleet::Fleet;
use crate::harness::{canned, serial};
use crate::pseudo_terminal::Terminal;

/// Six locks: one is done, two are refused, one is lost, and two wait for Macs that sleep.
fn ended() -> Fleet {
    let fleet = Fleet::with(DeviceKind::MacAppleSilicon, 6, |at, device| {
        device.name = format!("Ada Lovelace's MacBook Pro with a long name {at}");
        let (email, name) = (format!("ada.lovelace{at}@design.example.com"), "Ada".to_owned());
        device.user = Some(SimUser { email, name });
        if at >= 4 {
            device.presence = Presence::Offline;
            device.last_check_in = UnixMillis::parse("2026-10-01T08:00:00Z");
        }
    });
    let script = |at: usize, kind| {
        fleet.tenant.script(FaultMatcher::action_on("lock", &fleet.ids[at]), kind);
    };
    let no = canned(400, r#"{"detail":"The device is in Lost Mode"}"#, FaultMoment::BeforeApplying);
    script(1, no);
    script(2, canned(404, "", FaultMoment::BeforeApplying));
    script(3, FaultKind::CloseBefore);
    let job = fleet.job("lock", 0..6);
    let settings = ["--timeout", "1s", "--quarantine", "2s", "--waves", "100%", "-j", "1"];
    let stops = ["--max-errors", "100%", "--errors-in-a-row", "9", "--wait", "5s"];
    let run = ["run", &job, "--confirm", "6", "--reason", "INC-1042, a Mac was stolen"];
    fleet.bench.sortie(&[&run[..], &settings, &stops].concat()).expect(11);
    fleet
}

#[test]
fn the_screens_of_an_ended_run_fit_the_terminal() {
    let fleet = ended();
    let time = [("no DeviceLock since \\S+", "no DeviceLock since [time]")];
    screen(&fleet.bench, "status", &["status"], &time);
    screen(&fleet.bench, "report", &["report"], &time);
    screen(&fleet.bench, "status_devices", &["status", "--devices"], &time);
    screen(&fleet.bench, "status_outcome", &["status", "--outcome", "pending"], &time);
    let reads = ("in \\d+ commands", "in [n] commands");
    screen(&fleet.bench, "pins", &["pins", "--all"], &time);
    screen(&fleet.bench, "resolve", &["resolve", "--no-input"], &[time[0], reads]);
    screen(&fleet.bench, "prune", &["prune", "--older-than", "0", "-n"], &[]);
    // Last, because it reads once more what is in doubt.
    let watch = ["watch", "--once", "--progress", "none"];
    screen(&fleet.bench, "run_end", &watch, &time);
}

/// The program on a terminal on which a person answers one prompt after the other.
fn dialog(fleet: &Fleet, name: &str, columns: u16, arguments: &[&str], answers: &[(&str, &str)]) {
    let mut terminal = Terminal::sized(&fleet.bench, columns, arguments);
    for (prompt, answer) in answers {
        terminal.shows(prompt);
        terminal.types(answer);
    }
    let ran = terminal.ends();
    let reads = [("in \\d+ commands", "in [n] commands")];
    compare_screen(&fleet.bench, name, arguments, columns, &ran, &reads);
}

#[test]
fn prompts_after_a_run_say_what_to_type() {
    let fleet = ended();
    let pins = [("2 more devices.", "\n"), ("1 more device.", "q\n")];
    dialog(&fleet, "pins_prompt", 80, &["pins"], &pins);
    dialog(&fleet, "resolve_prompt", 120, &["resolve"], &[("quit: ", "q\n")]);
    dialog(&fleet, "close_prompt", 80, &["close", "latest"], &[("to confirm: ", "n\n")]);
    dialog(&fleet, "resolve_prompt", 80, &["resolve"], &[("quit: ", "n\n")]);
}

#[test]
fn devices_of_a_run_are_listed_by_outcome() {
    let fleet = ended();
    let listed = fleet.bench.sortie(&["status", "--outcome", "refused", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed.expect(0).stdout).expect("JSON");
    let devices = listed["devices"].as_array().expect("a list");
    let serials: Vec<&str> =
        devices.iter().filter_map(|device| device["serial_number"].as_str()).collect();
    assert_eq!(serials, [serial(1), serial(2)]);
    assert_eq!(devices[1]["http_status"], 404);
    let all = fleet.bench.sortie(&["status", "--devices"]).expect(0).stdout;
    assert_eq!(all.lines().count(), 1 + 6, "{all}");
    let wrong = fleet.bench.sortie(&["status", "--outcome", "broken"]).expect(2).stderr;
    assert!(wrong.contains("broken") && wrong.contains("not_attempted"), "{wrong}");
}

#[test]
fn a_quiet_run_says_nothing_when_it_ends_well() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let job = fleet.job("blank-push", 0..2);
    let ran = fleet.bench.sortie(&["run", &job, "-q"]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let no = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action("blank-push"), no);
    let ran = fleet.bench.sortie(&["run", &job, "-q"]).expect(7);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("/report.csv"), "{}", ran.stderr);
}
