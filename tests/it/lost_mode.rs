//! Lost Mode: its second witness, its odd answers, and locations, which are personal data.
//!
//! Owns what the tests over all actions do not cover. Must never wait for the wall clock to follow a device.

use sortie::model::{Event, Outcome, Risk};
use sortie::simulator::{
    DeviceKind, Faults, LostModeAgain, LostModeCanceled, LostModeOff, NewDevice, Presence, Switches,
};
use std::path::{Path, PathBuf};

use crate::fleet::Fleet;
use crate::harness::serial;
use crate::rig::{
    HOUR_MS, MINUTE_MS, Ran, START, Scene, add_device, empty_world, play, policy_with_wait,
    task_with,
};

/// Plays one action on an iPad, which is in Lost Mode or not.
fn play_on(switches: Switches, action: &str, device: NewDevice) -> Ran {
    let mut world = empty_world(3, switches, Faults::latency());
    let facts = add_device(&mut world, device);
    let tasks = vec![task_with(action, facts, &[])];
    play(Scene { world, tasks, policy: policy_with_wait(HOUR_MS), happenings: Vec::new() })
}

fn ipad(is_in_lost_mode: bool) -> NewDevice {
    NewDevice { is_in_lost_mode, ..NewDevice::new(DeviceKind::IPad) }
}

/// A tenant whose command history never shows our commands.
fn without_history() -> Switches {
    Switches {
        command_visible_after_ms: 10 * HOUR_MS,
        background_commands_max: 5,
        ..Switches::default()
    }
}

#[test]
fn lost_mode_is_seen_where_the_history_shows_nothing() {
    for (action, was_on, reason) in [
        ("enable-lost-mode", false, "lost_mode_status is ENABLED since "),
        ("disable-lost-mode", true, "Device is not in lost mode."),
    ] {
        let ran = play_on(without_history(), action, ipad(was_on));
        let record = &ran.records[0];
        assert_eq!(record.outcome(), Outcome::Completed, "{action}: {record:?}");
        assert!(record.reason.starts_with(reason), "{action}: {}", record.reason);
        let away = Presence::OfflineUntil(START.plus_ms(2 * HOUR_MS));
        let ran = play_on(without_history(), action, NewDevice { presence: away, ..ipad(was_on) });
        assert_eq!(ran.records[0].outcome(), Outcome::Pending, "{action}: the control");
    }
}

#[test]
fn a_lost_mode_from_before_the_request_proves_nothing() {
    let away = Presence::OfflineUntil(START.plus_ms(2 * HOUR_MS));
    let lost = NewDevice { presence: away, ..ipad(true) };
    let ran = play_on(without_history(), "enable-lost-mode", lost);
    assert_eq!(ran.records[0].outcome(), Outcome::Pending, "{:?}", ran.records[0]);
}

#[test]
fn the_history_settles_it_without_a_look_at_lost_mode() {
    for action in ["enable-lost-mode", "disable-lost-mode"] {
        let is_on = action == "disable-lost-mode";
        let ran = play_on(Switches::default(), action, ipad(is_on));
        assert_eq!(ran.records[0].outcome(), Outcome::Completed);
        let reads = |part: &str| ran.arrived.iter().filter(|it| it.path.contains(part)).count();
        println!("{action}: {} requests for one device", ran.arrived.len());
        assert!(ran.arrived.len() <= 4, "{action}: {}", ran.arrived.len());
        assert!(reads("/details/lostmode") <= 1, "{action}");
    }
}

#[test]
fn a_token_without_the_permission_still_follows_the_history() {
    let denied = || ["get-location".to_owned()].into();
    let late = Switches {
        command_visible_after_ms: 5 * MINUTE_MS,
        denied: denied(),
        ..Switches::default()
    };
    let ran = play_on(late, "enable-lost-mode", ipad(false));
    assert_eq!(ran.records[0].outcome(), Outcome::Completed, "{:?}", ran.records[0]);
    assert!(ran.arrived.iter().any(|it| it.path.contains("/details/lostmode")));
    let hidden = Switches { denied: denied(), ..without_history() };
    let ran = play_on(hidden, "enable-lost-mode", ipad(false));
    assert_eq!(ran.records[0].outcome(), Outcome::Pending, "{:?}", ran.records[0]);
}

#[test]
fn answers_that_say_already_so_are_no_errors() {
    let off = |lost_mode_off| Switches { lost_mode_off, ..Switches::default() };
    let already = Outcome::AlreadyInEffect;
    for (what, action, is_on, switches, expected) in [
        ("off already", "disable-lost-mode", false, off(LostModeOff::Refused), already),
        ("not allowed", "disable-lost-mode", false, off(LostModeOff::NotAllowed), Outcome::Refused),
        ("no sound", "play-lost-mode-sound", false, off(LostModeOff::Refused), Outcome::Refused),
        ("no location", "update-location", false, off(LostModeOff::Refused), Outcome::Refused),
        ("sound fails", "play-lost-mode-sound", false, off(LostModeOff::Accepted), Outcome::Failed),
        ("nothing to cancel", "cancel-lost-mode", false, Switches::default(), already),
        (
            "on already",
            "enable-lost-mode",
            true,
            Switches { lost_mode_again: LostModeAgain::AlreadyOn, ..Switches::default() },
            already,
        ),
        ("a new message", "enable-lost-mode", true, Switches::default(), Outcome::Completed),
        (
            "canceled with a text",
            "cancel-lost-mode",
            true,
            Switches { lost_mode_canceled: LostModeCanceled::Message, ..Switches::default() },
            Outcome::Completed,
        ),
    ] {
        let ran = play_on(switches, action, ipad(is_on));
        assert_eq!(ran.records[0].outcome(), expected, "{what}: {:?}", ran.records[0]);
    }
}

#[test]
fn a_pending_end_of_lost_mode_is_recognized_under_any_status() {
    for disable_pending_status in [200, 400, 409] {
        let switches = Switches { disable_pending_status, ..Switches::default() };
        let mut world = empty_world(3, switches, Faults::latency());
        let facts = add_device(&mut world, NewDevice { presence: Presence::Offline, ..ipad(true) });
        let path = format!("/api/v1/devices/{}/action/disablelostmode", facts.id);
        assert_eq!(crate::rig::by_another_tool(&mut world, START, &path, "").status, 200);
        let tasks = vec![task_with("disable-lost-mode", facts, &[])];
        let scene =
            Scene { world, tasks, policy: policy_with_wait(HOUR_MS), happenings: Vec::new() };
        let record = &play(scene).records[0];
        assert_eq!(record.outcome(), Outcome::AlreadyInEffect, "{disable_pending_status}");
        assert!(record.reason.contains("already pending"), "{}", record.reason);
    }
}

#[test]
fn only_supervised_devices_take_lost_mode() {
    for kind in [DeviceKind::IPadUnsupervised, DeviceKind::IPhoneUserEnrolled] {
        let ran = play_on(Switches::default(), "enable-lost-mode", NewDevice::new(kind));
        assert_eq!(ran.records[0].outcome(), Outcome::Refused, "{kind:?}");
    }
}

#[test]
fn a_read_of_lost_mode_is_a_result_while_it_is_off() {
    let ran = play_on(Switches::default(), "get-location", ipad(false));
    let record = &ran.records[0];
    assert_eq!((record.outcome(), record.attempts), (Outcome::Completed, 1), "{record:?}");
    assert_eq!(record.reason, "Device is not in lost mode.");
    assert_eq!(record.result.as_deref(), Some(r#"["Device is not in lost mode."]"#));
    assert!(ran.events(0).iter().all(|(_, event)| !matches!(event, Event::Doubted { .. })));
}

/// The files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_location_is_in_the_report_and_the_journal_only() {
    let fleet = Fleet::with(DeviceKind::IPad, 2, |_, device| device.is_in_lost_mode = true);
    let bench = &fleet.bench;
    let job = "version: 1\nname: find\ntargets: { all: true }\nsteps:\n  - action: update-location\n  \
               - action: get-location\n    after: completed\nwait: 30s\n";
    bench.write("find.yaml", job);
    let mut said = Vec::new();
    let mut run = |args: &[&str]| {
        let ran = bench.sortie(args).expect(0);
        said.push(format!("{}{}", ran.stdout, ran.stderr));
    };
    let log = ["--log-file", "run.log", "--log-level", "trace"];
    run(&[
        &["run", "find.yaml", "--confirm", "2", "-v", "--report-format", "csv,jsonl,html"],
        &log[..],
    ]
    .concat());
    run(&["status", "--format", "json"]);
    run(&["history", &serial(0), "--format", "json"]);
    run(&["actions", "get-location"]);
    let report = std::fs::read_to_string(bench.report_dir().join("report.jsonl"));
    let rows: Vec<serde_json::Value> = report
        .expect("a report")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let locations: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            row["result"]["lost_mode"]["last_location"]["latitude"].as_str().map(str::to_owned)
        })
        .collect();
    assert_eq!(locations.len(), 2, "{rows:?}");
    let is_home = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name == "report.jsonl" || path.parent().is_some_and(|it| it.ends_with("runs"))
    };
    let all = files(&bench.path("."));
    for location in &locations {
        assert!(said.iter().all(|text| !text.contains(location)), "{location} was shown");
        let holds = |path: &&PathBuf| {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(location.len()).any(|part| part == location.as_bytes())
        };
        let found: Vec<&PathBuf> = all.iter().filter(holds).collect();
        assert!(found.iter().any(|path| is_home(path)), "the search finds what is there");
        let strays: Vec<&&PathBuf> = found.iter().filter(|path| !is_home(path)).collect();
        assert!(strays.is_empty(), "{strays:?}");
    }
}

#[test]
fn lost_mode_asks_for_consent_and_its_sound_does_not() {
    let risk = |name: &str| sortie::kandji::find_action(name).expect("an action").risk;
    for name in ["enable-lost-mode", "disable-lost-mode", "cancel-lost-mode"] {
        assert_eq!(risk(name), Risk::Disruptive, "{name}");
    }
    for name in ["play-lost-mode-sound", "update-location"] {
        assert_eq!(risk(name), Risk::Benign, "{name}");
    }
}
