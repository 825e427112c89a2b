//! Notes that a run adds to its devices: what they say, when they are written, and what happens when they are not.
//!
//! Owns whole runs, in virtual time and with the program. The cases of the machine are beside it. Must never let a note
//! decide how a run ends.

use serde_json::Value;
use sortie::model::{Event, Outcome, Policy};
use sortie::simulator::{
    DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, NewDevice, NoteAnswer, Presence,
    ScriptedFault, SimRequest, Switches, World,
};

use crate::fleet::{Fleet, says};
use crate::harness::{canned, canned_with, serial};
use crate::rig::{
    MINUTE_MS, Ran, START, Scene, add_device, empty_world, play, policy_with_wait, task_with,
};

const NOTE: &str = "{job} {reason}: {action} {outcome}";

/// The notes of a device, in the order in which they were written.
fn notes_of(world: &mut World, id: &str) -> Vec<String> {
    let path = format!("/api/v1/devices/{id}/notes");
    let request = SimRequest::get(&path, world.token());
    let notes = world.handle(START.plus_ms(1_000_000_000), &request).json();
    let text = |note: &Value| note["content"].as_str().unwrap_or_default().to_owned();
    notes.as_array().map(|notes| notes.iter().map(text).collect()).unwrap_or_default()
}

fn policy() -> Policy {
    Policy { note: Some(NOTE.to_owned()), ..policy_with_wait(10 * MINUTE_MS) }
}

/// Plays an action on devices, whose requests for a note meet these faults.
fn play_with(
    switches: Switches,
    action: &str,
    devices: Vec<NewDevice>,
    faults: Vec<(usize, FaultKind)>,
) -> (Ran, Vec<Vec<String>>) {
    let mut world = empty_world(3, switches, Faults::latency());
    let mut tasks = Vec::new();
    for device in devices {
        let facts = add_device(&mut world, device);
        tasks.push(task_with(action, facts, &[]));
    }
    for (at, kind) in faults {
        let matcher = FaultMatcher::action_on("create-note", tasks[at].device.id.as_str());
        world.faults_mut().script.push(ScriptedFault { matcher, kind });
    }
    let ids: Vec<String> = tasks.iter().map(|task| task.device.id.as_str().to_owned()).collect();
    let ran = play(Scene { world, tasks, policy: policy(), happenings: Vec::new() });
    let notes = ran.with_world(|world| ids.iter().map(|id| notes_of(world, id)).collect());
    (ran, notes)
}

fn mac() -> NewDevice {
    NewDevice::new(DeviceKind::MacAppleSilicon)
}

fn requests(ran: &Ran) -> usize {
    ran.arrived.iter().filter(|it| it.method == "POST" && it.path.ends_with("/notes")).count()
}

#[test]
fn each_device_gets_one_note_after_its_outcome() {
    for note_answer in [NoteAnswer::Created, NoteAnswer::Ok, NoteAnswer::NoContent] {
        let switches = Switches { note_answer, ..Switches::default() };
        let (ran, notes) = play_with(switches, "restart", vec![mac(), mac(), mac()], Vec::new());
        assert_eq!(notes, vec![vec!["rig INC-7: restart completed".to_owned()]; 3]);
        assert_eq!((requests(&ran), ran.count(&["note"])), (3, 3));
        println!("{note_answer:?}: {} requests for 3 devices", ran.arrived.len());
        assert_eq!(ran.ended.progress.notes.written, 3);
        for task in 0..3 {
            let words: Vec<&str> = ran.events(task).iter().map(|(_, it)| it.word()).collect();
            let last: Vec<&str> = words[words.len() - 3..].to_vec();
            assert_eq!(last, ["settled", "note_intended", "note_answered"], "{words:?}");
        }
    }
}

#[test]
fn a_failed_or_lost_note_changes_no_outcome_and_is_counted() {
    let moment = FaultMoment::BeforeApplying;
    let retry = vec![("Retry-After", "2".to_owned())];
    let throttled = canned_with(429, retry, br#"{"message":"API rate limit exceeded"}"#, moment);
    for (what, kind, tally, requested, written) in [
        ("refused", canned(400, r#"{"content":["no"]}"#, moment), (0, 1, 0), 1, 0),
        ("no permission", canned(403, r#"{"detail":"no"}"#, moment), (0, 1, 0), 1, 0),
        ("lost after", FaultKind::CloseAfter, (0, 0, 1), 1, 1),
        ("lost before", FaultKind::CloseBefore, (0, 0, 1), 1, 0),
        ("a page", FaultKind::LoginPage, (0, 0, 1), 1, 0),
        ("late", FaultKind::LateApply { after_ms: 20_000 }, (0, 0, 1), 1, 1),
        ("too soon", throttled, (1, 0, 0), 2, 1),
    ] {
        let (ran, notes) = play_with(Switches::default(), "restart", vec![mac()], vec![(0, kind)]);
        assert_eq!(ran.records[0].outcome(), Outcome::Completed, "{what}");
        assert_eq!(ran.ended.progress.stop, None, "{what}");
        let found = &ran.ended.progress.notes;
        assert_eq!((found.written, found.failed, found.unknown), tally, "{what}: {found:?}");
        assert_eq!((requests(&ran), notes[0].len()), (requested, written), "{what}");
    }
}

#[test]
fn a_tenant_without_notes_is_told_of_and_nothing_else() {
    let switches = Switches { note_answer: NoteAnswer::Missing, ..Switches::default() };
    let (ran, notes) = play_with(switches, "restart", vec![mac(), mac()], Vec::new());
    assert!(ran.records.iter().all(|record| record.outcome() == Outcome::Completed));
    assert_eq!((notes, ran.ended.progress.notes.failed), (vec![Vec::<String>::new(); 2], 2));
}

#[test]
fn pending_deleted_and_unsent_devices_get_no_note() {
    let away = NewDevice { presence: Presence::Offline, ..mac() };
    let (ran, notes) = play_with(Switches::default(), "restart", vec![away, mac()], Vec::new());
    assert_eq!(ran.records[0].outcome(), Outcome::Pending);
    assert_eq!((notes[0].len(), notes[1].len()), (0, 1));
    let (ran, _) = play_with(Switches::default(), "delete-device", vec![mac()], Vec::new());
    assert_eq!((ran.records[0].outcome(), requests(&ran)), (Outcome::Completed, 0));
}

#[test]
fn no_note_holds_a_pin() {
    let (ran, notes) = play_with(Switches::default(), "lock", vec![mac(), mac()], Vec::new());
    let pins = ran.with_world(|world| world.ledger().accepted.clone());
    let pins: Vec<String> = pins.into_iter().filter_map(|accepted| accepted.pin).collect();
    assert_eq!((pins.len(), notes.concat().len()), (2, 2));
    for text in notes.concat() {
        assert_eq!(text, "rig INC-7: lock completed");
        assert!(pins.iter().all(|pin| !text.contains(pin)));
    }
    // What the journal says of a note holds no text of it, and so no PIN.
    for entry in &ran.entries {
        if let Event::NoteIntended { .. } | Event::NoteAnswered { .. } = entry.event {
            let written = serde_json::to_string(entry).expect("JSON");
            assert!(pins.iter().all(|pin| !written.contains(pin)), "{written}");
        }
    }
}

#[test]
fn a_plan_shows_the_note_and_its_requests() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 3);
    let job = fleet.job("restart", 0..3);
    let note = ["--note", "{job}: {action} {outcome}"];
    let ran = fleet.bench.sortie(&[&["plan", &job][..], &note].concat()).expect(0);
    says(&ran, &["3 to add notes", "{job}: {action} {outcome}"]);
    assert_eq!(fleet.tenant.seen("create-note"), 0);
    let refused = fleet.bench.sortie(&["plan", &job, "--note", "PIN {pin}"]).expect(2);
    says(&refused, &["unknown part {pin}", "{outcome}"]);
    let ran = fleet.bench.sortie(&["plan", &job]).expect(0);
    assert!(!ran.stdout.contains("notes"), "{}", ran.stdout);
}

#[test]
fn a_job_with_a_note_writes_it_and_says_so() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 2);
    let rows: Vec<String> =
        (0..2).map(|at| format!("    - serial_number: {}\n", serial(at))).collect();
    let job = format!(
        "version: 1\nname: nudge\ntargets:\n  devices:\n{}action: blank-push\nreason: INC-9\n\
         note: \"{{job}} {{reason}}: {{action}} {{outcome}}\"\n",
        rows.concat()
    );
    fleet.bench.write("nudge.yaml", &job);
    let ran = fleet.bench.sortie(&["run", "nudge.yaml"]).expect(0);
    says(&ran, &["added 2 notes to devices"]);
    for id in &fleet.ids {
        let notes = fleet.tenant.with_world(|world| {
            let path = format!("/api/v1/devices/{id}/notes");
            let request = SimRequest::get(&path, world.token());
            world.handle(sortie::simulator::wall_clock(), &request).json()
        });
        assert_eq!(notes[0]["content"], "nudge INC-9: blank-push accepted", "{notes}");
        assert_eq!(notes.as_array().map(Vec::len), Some(1));
    }
    // A token that may not write notes fails no run.
    fleet.tenant.with_world(|world| {
        world.switches_mut().denied.insert("create-note".to_owned());
    });
    let ran = fleet.bench.sortie(&["run", "nudge.yaml"]).expect(0);
    says(&ran, &["added 0 notes", "HTTP 403", "the outcomes are not affected"]);
}
