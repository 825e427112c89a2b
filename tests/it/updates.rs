//! Changes of device records: what becomes of each, and that no list of tags is written that another tool has changed.
//!
//! Owns the fates of update-device in virtual time, the vendor's template, names, sample jobs, and a migration of
//! 2,000 devices that is interrupted. Must never wait for the wall clock where time can be virtual.

mod migration;
mod names;
mod samples;

use serde_json::{Value, json};
use sortie::model::{
    Event, ListChange, ListEdit, NamedValue, Outcome, ParamValue, Params, Task, UnixMillis,
};
use sortie::simulator::{
    BlueprintTypes, DeviceKind, FaultKind, FaultMatcher, Faults, NewDevice, ScriptedFault,
    SimReply, SimRequest, SimUser, Switches, UpdateAnswer, World,
};

use crate::rig::{
    Happening, MINUTE_MS, Ran, SECOND_MS, START, Scene, add_device, empty_world, play,
    policy_with_wait, task_with,
};

/// A device of the blueprint "Old" with two tags.
fn old_device() -> NewDevice {
    NewDevice {
        blueprint: "Old".to_owned(),
        user: Some(SimUser { email: "ada@example.com".to_owned(), name: "Ada".to_owned() }),
        asset_tag: "A1".to_owned(),
        tags: vec!["lab".to_owned(), "vip".to_owned()],
        ..NewDevice::new(DeviceKind::MacAppleSilicon)
    }
}

/// Asks the tenant for JSON at its start.
fn get(world: &mut World, at: UnixMillis, path: &str) -> Value {
    let request = SimRequest::get(path, world.token());
    serde_json::from_slice(&world.handle(at, &request).body).expect("JSON")
}

/// The id of a blueprint by its name.
fn blueprint(world: &mut World, name: &str) -> String {
    let listed = get(world, START, &format!("/api/v1/blueprints?name={name}"));
    listed["results"][0]["id"].as_str().expect("an id").to_owned()
}

/// Changes a record as another tool does.
fn patch(world: &mut World, at: UnixMillis, device: &str, body: &Value) -> SimReply {
    let path = format!("/api/v1/devices/{device}");
    let request = SimRequest {
        method: "PATCH".to_owned(),
        ..SimRequest::post(&path, world.token(), &body.to_string())
    };
    world.handle(at, &request)
}

fn edit(change: ListChange, texts: &[&str]) -> ParamValue {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    ParamValue::Edit(ListEdit { list: "tags".to_owned(), change, texts })
}

/// What one task asks for: another blueprint, a tag more and one less.
fn moved(id: &str) -> Params {
    let value = NamedValue { id: id.to_owned(), name: "New".to_owned() };
    Params::from([
        ("blueprint_id".to_owned(), ParamValue::Named(value)),
        ("add_tags".to_owned(), edit(ListChange::Add, &["moved"])),
        ("remove_tags".to_owned(), edit(ListChange::Remove, &["lab"])),
    ])
}

/// How a record stands at the end.
fn tags(world: &mut World, at: UnixMillis, device: &str) -> Vec<String> {
    let row = get(world, at, &format!("/api/v1/devices/{device}"));
    let tags = row["tags"].as_array().expect("tags").iter();
    tags.map(|tag| tag.as_str().expect("a name").to_owned()).collect()
}

struct Fate {
    switches: Switches,
    faults: Vec<FaultKind>,
    wait_ms: u64,
    happenings: Vec<Happening>,
}

impl Default for Fate {
    fn default() -> Self {
        Self {
            switches: Switches { background_commands_max: 0, ..Switches::default() },
            faults: Vec::new(),
            wait_ms: 0,
            happenings: Vec::new(),
        }
    }
}

/// One device that is moved to another blueprint and gets other tags; gives the run and the device's id.
fn play_move(fate: Fate) -> (Ran, String) {
    let mut world = empty_world(3, fate.switches, Faults::default());
    add_device(&mut world, NewDevice { blueprint: "New".to_owned(), ..old_device() });
    let device = add_device(&mut world, old_device());
    let id = device.id.to_string();
    let new = blueprint(&mut world, "New");
    for kind in fate.faults {
        let matcher = FaultMatcher::action("update-device");
        world.faults_mut().script.push(ScriptedFault { matcher, kind });
    }
    let mut task: Task = task_with("update-device", device, &[("asset_tag", "A1")]);
    task.params = moved(&new);
    let (tasks, happenings) = (vec![task], fate.happenings);
    (play(Scene { world, tasks, policy: policy_with_wait(fate.wait_ms), happenings }), id)
}

fn methods(ran: &Ran) -> String {
    ran.arrived.iter().map(|it| it.method).collect::<Vec<_>>().join(" ")
}

fn outcome(ran: &Ran) -> (Outcome, String) {
    (ran.records[0].outcome(), ran.records[0].reason.to_string())
}

#[track_caller]
fn assert_moved(ran: &Ran, id: &str) {
    let now = ran.ended_at;
    ran.with_world(|world| {
        assert_eq!(tags(world, now, id), ["vip", "moved"]);
        let row = get(world, now, &format!("/api/v1/devices/{id}"));
        assert_eq!((&row["blueprint_name"], &row["asset_tag"]), (&json!("New"), &json!("A1")));
    });
}

#[test]
fn an_answer_with_the_record_completes_the_change() {
    let (ran, id) = play_move(Fate::default());
    assert_eq!(methods(&ran), "GET PATCH");
    assert_eq!(outcome(&ran).0, Outcome::Completed, "{}", outcome(&ran).1);
    assert_moved(&ran, &id);
    let Some((_, Event::Intent { sends: Some(sends), lists: Some(lists), .. })) =
        ran.events(0).into_iter().find(|(_, event)| matches!(event, Event::Intent { .. }))
    else {
        panic!("the intent says what is sent, and which tags were read");
    };
    assert_eq!(lists.0["tags"], ["lab", "vip"]);
    let body = ran.with_world(|world| world.ledger().accepted.last().expect("one").body.clone());
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["tags"], json!(["vip", "moved"]));
    assert!(body.get("add_tags").is_none() && body.get("remove_tags").is_none(), "{body}");
    assert_eq!(sends.params.len(), 64);
}

#[test]
fn an_answer_without_the_record_is_settled_by_reading_it() {
    let empty = |wait_ms, record_visible_after_ms| Fate {
        switches: Switches {
            update_answer: UpdateAnswer::Empty,
            record_visible_after_ms,
            ..Fate::default().switches
        },
        wait_ms,
        ..Fate::default()
    };
    let (ran, id) = play_move(empty(0, 0));
    assert_eq!((outcome(&ran).0, methods(&ran).as_str()), (Outcome::Accepted, "GET PATCH"));
    assert_moved(&ran, &id);
    let (ran, id) = play_move(empty(5 * MINUTE_MS, 0));
    assert_eq!((outcome(&ran).0, methods(&ran).as_str()), (Outcome::Completed, "GET PATCH GET"));
    assert_moved(&ran, &id);
    // The record shows the change late.
    let (ran, _) = play_move(empty(30 * MINUTE_MS, 3 * MINUTE_MS));
    assert_eq!(outcome(&ran).0, Outcome::Completed, "{}", outcome(&ran).1);
    assert!(ran.settled_at(0).is_some_and(|at| at >= START.plus_ms(3 * MINUTE_MS)));
    assert_eq!(ran.with_world(|world| world.ledger().count_all("update-device")), 1);
}

#[test]
fn a_lost_answer_is_settled_by_reading_before_the_next_request() {
    // It was applied: the read shows that, and nothing is sent again.
    let (ran, id) = play_move(Fate { faults: vec![FaultKind::CloseAfter], ..Fate::default() });
    assert_eq!(methods(&ran), "GET PATCH GET");
    let (ended, reason) = outcome(&ran);
    assert_eq!(ended, Outcome::Completed);
    assert!(reason.contains("done by an earlier request of this run"), "{reason}");
    assert_moved(&ran, &id);
    // It was not: the next request builds on what was read anew.
    let (ran, id) = play_move(Fate { faults: vec![FaultKind::CloseBefore], ..Fate::default() });
    assert_eq!(
        (methods(&ran).as_str(), outcome(&ran).0),
        ("GET PATCH GET PATCH", Outcome::Completed)
    );
    assert_moved(&ran, &id);
}

#[test]
fn doubt_after_all_retries_is_settled_by_the_record() {
    let stale = Switches { record_visible_after_ms: 20 * SECOND_MS, ..Fate::default().switches };
    let faults = vec![FaultKind::CloseAfter; 9];
    let (ran, id) = play_move(Fate { switches: stale, faults, ..Fate::default() });
    let (ended, reason) = outcome(&ran);
    assert_eq!(ended, Outcome::Completed, "{reason}");
    assert_moved(&ran, &id);
}

#[test]
fn tags_that_change_between_two_requests_are_read_anew() {
    // The first request is lost before it is applied; another tool changes the tags before the second.
    let foreign = Happening::new(1, |world, at| {
        let rows = get(world, at, "/api/v1/devices");
        let row = rows.as_array().expect("rows").iter().find(|it| it["blueprint_name"] == "Old");
        let id = row.expect("not moved yet")["device_id"].as_str().expect("an id").to_owned();
        patch(world, at, &id, &json!({ "tags": ["lab", "vip", "theirs"] }));
    });
    let fate =
        Fate { faults: vec![FaultKind::CloseBefore], happenings: vec![foreign], ..Fate::default() };
    let (ran, id) = play_move(fate);
    assert_eq!(outcome(&ran).0, Outcome::Completed);
    ran.with_world(|world| {
        assert_eq!(tags(world, START.plus_ms(60_000), &id), ["vip", "theirs", "moved"]);
    });
}

#[test]
fn a_device_that_bears_everything_gets_no_request() {
    let mut world = empty_world(3, Fate::default().switches, Faults::default());
    let moved_device = NewDevice {
        blueprint: "New".to_owned(),
        tags: vec!["vip".to_owned(), "moved".to_owned()],
        ..old_device()
    };
    let device = add_device(&mut world, moved_device);
    let new = blueprint(&mut world, "New");
    let mut task = task_with("update-device", device, &[("asset_tag", "A1")]);
    task.params = moved(&new);
    let (tasks, policy) = (vec![task], policy_with_wait(0));
    let ran = play(Scene { world, tasks, policy, happenings: Vec::new() });
    assert_eq!((methods(&ran).as_str(), outcome(&ran).0), ("GET", Outcome::AlreadyInEffect));
    assert!(outcome(&ran).1.contains("'vip, moved'"), "{}", outcome(&ran).1);
}

#[test]
fn a_refusal_of_the_tenant_says_what_it_means() {
    let must_match = |seed_switch: BlueprintTypes| Switches {
        blueprint_types: seed_switch,
        ..Fate::default().switches
    };
    // Which of two blueprints are of one type follows from their names.
    let mut seen = Vec::new();
    for name in ["New", "Newer", "Newest", "Next"] {
        let mut world = empty_world(3, must_match(BlueprintTypes::MustMatch), Faults::default());
        add_device(&mut world, NewDevice { blueprint: name.to_owned(), ..old_device() });
        let device = add_device(&mut world, old_device());
        let id = blueprint(&mut world, name);
        let mut task = task_with("update-device", device, &[("asset_tag", "A1")]);
        let value = NamedValue { id, name: name.to_owned() };
        task.params = Params::from([("blueprint_id".to_owned(), ParamValue::Named(value))]);
        let (tasks, policy) = (vec![task], policy_with_wait(0));
        let ran = play(Scene { world, tasks, policy, happenings: Vec::new() });
        let (ended, reason) = outcome(&ran);
        let is_explained = reason.contains("classic or Assignment Map");
        assert_eq!(ended == Outcome::Refused, is_explained, "{ended} {reason}");
        assert_eq!(methods(&ran), "PATCH", "nothing is read before a first request without lists");
        seen.push(ended);
    }
    assert!(seen.contains(&Outcome::Refused) && seen.contains(&Outcome::Completed), "{seen:?}");
}

#[test]
fn a_missing_permission_stops_more_than_a_missing_device() {
    let denied =
        Switches { denied: ["update-device".to_owned()].into(), ..Fate::default().switches };
    let (ran, _) = play_move(Fate { switches: denied, ..Fate::default() });
    assert_eq!(outcome(&ran).0, Outcome::Refused);
    assert!(ran.entries.iter().any(|it| matches!(it.event, Event::ActionStopped { .. })));
    let mut world = empty_world(3, Fate::default().switches, Faults::default());
    let device = add_device(&mut world, old_device());
    let gone = SimRequest::delete(&format!("/api/v1/devices/{}", device.id), world.token());
    world.handle(START, &gone);
    let tasks = vec![task_with("update-device", device, &[("asset_tag", "A2")])];
    let policy = policy_with_wait(0);
    let ran = play(Scene { world, tasks, policy, happenings: Vec::new() });
    assert_eq!((methods(&ran).as_str(), outcome(&ran).0), ("PATCH", Outcome::Refused));
}

#[test]
fn values_are_cleared_with_null_and_an_empty_list() {
    let mut world = empty_world(3, Fate::default().switches, Faults::default());
    let device = add_device(&mut world, old_device());
    let id = device.id.to_string();
    let given = [("asset_tag", "null"), ("user", "null"), ("tags", "null")];
    let tasks = vec![task_with("update-device", device, &given)];
    let policy = policy_with_wait(0);
    let ran = play(Scene { world, tasks, policy, happenings: Vec::new() });
    assert_eq!(outcome(&ran).0, Outcome::Completed, "{}", outcome(&ran).1);
    ran.with_world(|world| {
        let row = get(world, START.plus_ms(MINUTE_MS), &format!("/api/v1/devices/{id}"));
        assert_eq!(
            (&row["asset_tag"], &row["user"], &row["tags"]),
            (&json!(""), &json!(""), &json!([]))
        );
    });
}
