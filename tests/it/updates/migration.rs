//! A migration of 2,000 devices that breaks off three times.
//!
//! Owns the proof that every device arrives with the right tags, and that no request builds on tags that another tool
//! had changed since. Must never accept a check that cannot fail.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use sortie::drive::{
    Clock, Control, NoWatchdog, Quiet, Quota, RunParts, VirtualClock, facts_of, run, system_pins,
};
use sortie::engine::{Engine, EngineState};
use sortie::journal::{Batch, Commit, Committed, Index, RequestCounts, StateDir};
use sortie::model::{
    Entry, ListChange, MaxErrors, NamedValue, Outcome, ParamValue, Params, Policy, Random,
    RunTasks, Task, TaskRecord,
};
use sortie::simulator::{FaultScope, Faults, InProcess, NewDevice, Switches};

use super::{blueprint, edit, get, old_device, patch};
use crate::rig::{START, add_device, empty_world, in_virtual_time, task_with};

const DEVICES: usize = 2_000;
/// Devices whose tags another tool changes while the run is interrupted, each time.
const FOREIGN: u64 = 60;
const SEED: u64 = 20_261_130;

/// A write of a record, in the order in which the tenant applied them.
struct Write {
    device: String,
    body: Value,
}

/// Writes of ours that do not say what the record bore at that moment, and our tag.
fn stale_writes(before: &BTreeMap<String, Vec<String>>, writes: &[Write]) -> Vec<String> {
    let mut tags = before.clone();
    let mut stale = Vec::new();
    for (at, write) in writes.iter().enumerate() {
        let Some(written) = write.body["tags"].as_array() else { continue };
        let written: Vec<String> =
            written.iter().map(|tag| tag.as_str().expect("a name").to_owned()).collect();
        let known = tags.get_mut(&write.device).expect("a device of the tenant");
        let is_ours = write.body.get("blueprint_id").is_some();
        let mut expected = known.clone();
        if !expected.contains(&"moved".to_owned()) {
            expected.push("moved".to_owned());
        }
        if is_ours && written != expected {
            stale.push(format!("write {at} to {}: {written:?}, not {expected:?}", write.device));
        }
        *known = written;
    }
    stale
}

/// A journal in memory that breaks after so many entries, as a process that is killed.
struct Breaking {
    entries: Arc<Mutex<Vec<Entry>>>,
    requests: Arc<Mutex<RequestCounts>>,
    entries_max: usize,
}

impl Commit for Breaking {
    fn submit(&mut self, batch: Batch, committed: Committed) {
        let mut entries = self.entries.lock().expect("the entries");
        if entries.len() + batch.entries.len() > self.entries_max {
            self.entries_max = 0;
            drop(entries);
            return committed(Err("the process was killed".to_owned()));
        }
        entries.extend(batch.entries);
        drop(entries);
        let mut requests = self.requests.lock().expect("the counts");
        for (word, count) in batch.requests {
            *requests.entry(word).or_default() += count;
        }
        drop(requests);
        committed(Ok(()));
    }
}

fn faults() -> Faults {
    Faults {
        latency_ms: 40..=400,
        scope: FaultScope::Everything,
        close_after_percent: 2.0,
        close_before_percent: 2.0,
        unavailable_percent: 1.0,
        not_connected_percent: 1.0,
        ..Faults::default()
    }
}

fn policy() -> Policy {
    let max_errors = MaxErrors::Count(100);
    Policy { wait_ms: 600_000, max_errors, ..Policy::default_at(START, SEED) }
}

fn tasks_of(devices: Vec<sortie::model::DeviceFacts>, new: &str) -> Arc<[Task]> {
    let value = NamedValue { id: new.to_owned(), name: "New".to_owned() };
    let params = Params::from([
        ("blueprint_id".to_owned(), ParamValue::Named(value)),
        ("add_tags".to_owned(), edit(ListChange::Add, &["moved"])),
    ]);
    let task = |device| {
        let mut task = task_with("update-device", device, &[("asset_tag", "A1")]);
        task.params = params.clone();
        task
    };
    devices.into_iter().map(task).collect()
}

struct Migrated {
    before: BTreeMap<String, Vec<String>>,
    writes: Vec<Write>,
    records: Vec<TaskRecord>,
    rows: BTreeMap<String, Value>,
    requests: RequestCounts,
    foreign: BTreeMap<String, Vec<String>>,
}

async fn migrate() -> Migrated {
    let switches = Switches { background_commands_max: 0, ..Switches::default() };
    let mut world = empty_world(SEED, switches, Faults::default());
    add_device(&mut world, NewDevice { blueprint: "New".to_owned(), ..old_device() });
    let mut before = BTreeMap::new();
    let devices: Vec<_> = (0..DEVICES)
        .map(|number| {
            let tags = vec![format!("floor-{}", number % 7), "vip".to_owned()];
            let device = add_device(&mut world, NewDevice { tags: tags.clone(), ..old_device() });
            before.insert(device.id.to_string(), tags);
            device
        })
        .collect();
    let ids: Vec<String> = devices.iter().map(|device| device.id.to_string()).collect();
    let tasks = tasks_of(devices, &blueprint(&mut world, "New"));
    *world.faults_mut() = faults();
    let policy = policy();
    let directory = tempfile::tempdir().expect("a temporary directory");
    let state = StateDir::open(&directory.path().join("state")).expect("a state directory");
    let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
    let quota = Quota::new(index, "tenant", policy.per_hour);
    let door = InProcess::new(Arc::new(Mutex::new(world)), START);
    let clock = VirtualClock::starting_at(START);
    let (entries, requests) = (Arc::<Mutex<Vec<Entry>>>::default(), Arc::default());
    let mut random = Random::new(SEED);
    let mut foreign: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut written = 0;
    for life in 0..4 {
        let cut = written + 400 + random.below(2_200) as usize;
        let entries_max = if life < 3 { cut } else { usize::MAX };
        let so_far = entries.lock().expect("the entries").clone();
        let (facts, actions) = facts_of(&tasks, &policy);
        let mut state = EngineState::new(facts, actions, policy.clone());
        for entry in &so_far {
            state.apply(entry).expect("the journal makes sense");
        }
        let journal = Breaking {
            entries: Arc::clone(&entries),
            requests: Arc::clone(&requests),
            entries_max,
        };
        let parts = RunParts {
            transport: Arc::new(door.clone()),
            clock,
            journal,
            quota: quota.clone(),
            engine: Engine::new(state),
            tasks: RunTasks::from(Arc::clone(&tasks)),
            requests: RequestCounts::new(),
            program: "test".to_owned(),
            renew_token: None,
            sealer: None,
            notes: None,
            draw_pin: system_pins(),
            watchdog: Box::new(NoWatchdog),
        };
        let (_sender, mut control) = tokio::sync::watch::channel(Control::Go);
        let ended = run(parts, &mut control, &mut Quiet).await;
        assert_eq!(ended.is_ok(), life == 3, "life {life}: {ended:?}");
        clock.sleep_until(clock.now().plus_ms(60_000)).await;
        written = entries.lock().expect("the entries").len();
        println!("life {life}: {written} entries");
        if life < 3 {
            {
                let mut world = door.world().lock().expect("the world");
                let faults = std::mem::take(world.faults_mut());
                for number in 0..FOREIGN {
                    let id = &ids[random.below(DEVICES as u64) as usize];
                    let now = clock.now().plus_ms(number * 100);
                    let row = get(&mut world, now, &format!("/api/v1/devices/{id}"));
                    let tags = row["tags"].as_array().expect("tags");
                    let tag = format!("theirs-{life}-{number}");
                    let tags: Vec<&str> =
                        tags.iter().filter_map(Value::as_str).chain([tag.as_str()]).collect();
                    let reply = patch(&mut world, now, id, &json!({ "tags": tags }));
                    assert_eq!(reply.status, 200);
                    foreign.entry(id.clone()).or_default().push(tag);
                }
                *world.faults_mut() = faults;
            }
            clock.sleep_until(clock.now().plus_ms(30_000)).await;
        }
    }
    let mut records: Vec<TaskRecord> = tasks.iter().map(TaskRecord::new).collect();
    for entry in entries.lock().expect("the entries").iter() {
        if let Some(task) = entry.event.task() {
            records[task.at()].apply(entry.at, &entry.event);
        }
    }
    let mut world = door.world().lock().expect("the world");
    *world.faults_mut() = Faults::default();
    let now = clock.now().plus_ms(10_000);
    let rows = ids
        .iter()
        .enumerate()
        .map(|(at, id)| {
            let at = now.plus_ms(at as u64 * 1_000);
            (id.clone(), get(&mut world, at, &format!("/api/v1/devices/{id}")))
        })
        .collect();
    let accepted = world.ledger().accepted.iter();
    let writes = accepted
        .map(|it| Write {
            device: it.device_id.clone(),
            body: serde_json::from_str(&it.body).expect("JSON"),
        })
        .collect();
    let requests = requests.lock().expect("the counts").clone();
    Migrated { before, writes, records, rows, requests, foreign }
}

#[test]
fn a_migration_that_breaks_off_writes_no_stale_tags() {
    let migrated = in_virtual_time(migrate());
    let Migrated { before, mut writes, records, rows, requests, foreign } = migrated;
    for record in &records {
        let is_done = matches!(record.outcome(), Outcome::Completed | Outcome::AlreadyInEffect);
        assert!(is_done, "{} {}", record.outcome(), record.reason);
    }
    for (id, row) in &rows {
        assert_eq!(row["blueprint_name"], "New", "{id}");
        let tags: Vec<&str> =
            row["tags"].as_array().expect("tags").iter().filter_map(Value::as_str).collect();
        let theirs = foreign.get(id).into_iter().flatten().map(String::as_str);
        let own = before[id].iter().map(String::as_str).chain(["moved"]);
        for tag in own.chain(theirs) {
            assert!(tags.contains(&tag), "{id} lost '{tag}': {tags:?} (seed {SEED})");
        }
    }
    assert_eq!(stale_writes(&before, &writes), Vec::<String>::new(), "seed {SEED}");
    let made: u64 = requests.values().sum();
    let per_device = made as f64 / DEVICES as f64;
    println!("{DEVICES} devices, {made} requests ({requests:?}): {per_device:.2} a device");
    println!("{} devices were changed by another tool meanwhile", foreign.len());
    assert!((2.0..2.6).contains(&per_device), "{per_device}");
    assert!(foreign.len() as u64 > FOREIGN, "{} devices", foreign.len());
    // The check can fail: a write of ours behind one that it does not know of.
    let ours = writes.iter().rposition(|it| it.body.get("blueprint_id").is_some());
    let ours = ours.expect("one of ours");
    let device = writes[ours].device.clone();
    writes.insert(ours, Write { device, body: json!({ "tags": ["unseen"] }) });
    assert_eq!(stale_writes(&before, &writes).len(), 1);
}
