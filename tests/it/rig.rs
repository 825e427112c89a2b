//! A rig for whole runs in virtual time: the loop with its engine, a tenant behind the in-process door, and
//! a journal in memory.
//!
//! Owns the set-up that tests of following and of command outcomes share, and a record of what reached the tenant.
//! Must never assert anything about the product, and never wait for the wall clock.

use sortie::drive::{
    Control, Ended, NoWatchdog, Quiet, Quota, RunParts, VirtualClock, facts_of, run, system_pins,
};
use sortie::engine::{Engine, EngineState};
use sortie::journal::{Batch, Commit, Committed, Index, RequestCounts, StateDir};
use sortie::kandji::find_action;
use sortie::model::wire::{Fault, Reply, Request};
use sortie::model::{
    Carried, DeviceFacts, DeviceGroup, DeviceId, Entry, Event, NoteWords, Params, Policy, Task,
    TaskId, TaskIndex, TaskRecord, TaskWork, Turn, UnixMillis,
};
use sortie::simulator::{
    DeviceKind, Faults, FleetSpec, InProcess, NewDevice, Oddities, SimReply, SimRequest, Switches,
    World,
};
use sortie::transport::Transport;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// When runs of the rig begin.
pub const START: UnixMillis = crate::harness::VIRTUAL_START;
pub const SECOND_MS: u64 = 1_000;
pub const MINUTE_MS: u64 = 60 * SECOND_MS;
pub const HOUR_MS: u64 = 60 * MINUTE_MS;

/// What happens, and when.
type What = Box<dyn FnOnce(&mut World, UnixMillis)>;

/// Something that happens to the tenant so long after the start.
pub struct Happening {
    pub after_ms: u64,
    pub what: What,
}

impl Happening {
    pub fn new(after_ms: u64, what: impl FnOnce(&mut World, UnixMillis) + 'static) -> Self {
        Self { after_ms, what: Box::new(what) }
    }
}

/// What is about to be run.
pub struct Scene {
    pub world: World,
    pub tasks: Vec<Task>,
    pub policy: Policy,
    pub happenings: Vec<Happening>,
}

/// A request as it reached the tenant.
pub struct Arrived {
    pub at: UnixMillis,
    pub method: &'static str,
    pub path: String,
}

/// What a run left behind.
pub struct Ran {
    pub entries: Vec<Entry>,
    pub records: Vec<TaskRecord>,
    pub counts: RequestCounts,
    pub arrived: Vec<Arrived>,
    pub ended: Ended,
    pub ended_at: UnixMillis,
    world: Arc<Mutex<World>>,
}

impl Ran {
    /// Looks at the tenant.
    pub fn with_world<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.world.lock().expect("the world"))
    }

    /// The events of one task, with their moments.
    pub fn events(&self, task: usize) -> Vec<(UnixMillis, &Event)> {
        let is_its = |entry: &&Entry| entry.event.task().is_some_and(|its| its.at() == task);
        self.entries.iter().filter(is_its).map(|entry| (entry.at, &entry.event)).collect()
    }

    /// When a task was settled.
    pub fn settled_at(&self, task: usize) -> Option<UnixMillis> {
        let events = self.events(task).into_iter();
        events.rev().find(|(_, event)| matches!(event, Event::Settled { .. })).map(|(at, _)| at)
    }

    /// How many requests of these kinds were made.
    pub fn count(&self, words: &[&str]) -> u64 {
        words.iter().filter_map(|word| self.counts.get(*word)).sum()
    }
}

/// A tenant without any devices yet.
pub fn empty_world(seed: u64, switches: Switches, faults: Faults) -> World {
    let fleet = FleetSpec { devices: 0, seed, oddities: Oddities::None, ..FleetSpec::default() };
    World::new(&fleet, switches, faults, START)
}

/// Puts a device into the tenant and returns what a plan knows of it.
pub fn add_device(world: &mut World, device: NewDevice) -> DeviceFacts {
    let kind: DeviceKind = device.kind;
    let id = world.add_device(device);
    let (serial_number, name) = world
        .device(&id)
        .map(|facts| (facts.serial_number.clone(), facts.name.clone()))
        .expect("it was just added");
    DeviceFacts {
        id: DeviceId::from_api(&id),
        serial_number: serial_number.into(),
        name: name.into(),
        group: DeviceGroup::on(kind.platform()),
        ..DeviceFacts::default()
    }
}

/// The task of one action on one device, with these parameters by their API keys.
pub fn task_with(action: &str, device: DeviceFacts, given: &[(&str, &str)]) -> Task {
    let action = find_action(action).expect("an action");
    let mut params = Params::new();
    for (key, text) in given {
        let param = action.param(key).expect("its own parameter");
        params.insert(param.key.to_owned(), param.read(text).expect("a valid value"));
    }
    Task {
        id: TaskId::new(&device.id, 1, action.name, &params),
        work: Arc::new(TaskWork {
            action: action.name.to_owned(),
            risk: action.risk,
            repeat: action.repeat,
            end: action.end(device.platform, &params),
            params,
            capture: Vec::new(),
        }),
        row: 1,
        step: 1,
        after: None,
        device: Arc::new(device),
        turn: Turn::Do,
        carried: Carried::default(),
        wave: 0,
    }
}

/// The default rules, with so long a wait.
pub fn policy_with_wait(wait_ms: u64) -> Policy {
    Policy { wait_ms, ..Policy::default_at(START, 7) }
}

/// Sends a request to the tenant that is not the run's.
pub fn by_another_tool(world: &mut World, now: UnixMillis, path: &str, body: &str) -> SimReply {
    let request = SimRequest::post(path, world.token(), body);
    world.handle(now, &request)
}

/// A journal in memory.
#[derive(Clone, Default)]
struct Memory {
    entries: Arc<Mutex<Vec<Entry>>>,
    counts: Arc<Mutex<RequestCounts>>,
}

impl Commit for Memory {
    fn submit(&mut self, batch: Batch, committed: Committed) {
        self.entries.lock().expect("the entries").extend(batch.entries);
        let mut counts = self.counts.lock().expect("the counts");
        for (word, count) in batch.requests {
            *counts.entry(word).or_default() += count;
        }
        drop(counts);
        committed(Ok(()));
    }
}

/// The door, with somebody who writes down who comes in.
#[derive(Clone)]
struct Watched {
    door: InProcess,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl Transport for Watched {
    async fn send(&self, request: Request) -> Result<Reply, Fault> {
        self.arrived.lock().expect("the list").push(Arrived {
            at: self.door.now(),
            method: request.method.word(),
            path: request.path_and_query.clone(),
        });
        self.door.send(request).await
    }
}

/// Runs what is to be played in virtual time: a wait passes as soon as there is nothing else to do.
pub fn in_virtual_time<T>(played: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(played)
}

/// Plays a scene to its end.
pub fn play(scene: Scene) -> Ran {
    in_virtual_time(play_in_virtual_time(scene))
}

async fn play_in_virtual_time(scene: Scene) -> Ran {
    let Scene { world, tasks, policy, mut happenings } = scene;
    let directory = state_directory();
    let state = StateDir::open(&directory.path().join("state")).expect("a state directory");
    let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
    let tasks: Arc<[Task]> = tasks.into();
    let world = Arc::new(Mutex::new(world));
    let door = InProcess::new(Arc::clone(&world), START);
    let transport = Watched { door: door.clone(), arrived: Arc::default() };
    let journal = Memory::default();
    let notes = policy.note.clone().map(|template| NoteWords {
        template,
        job: "rig".to_owned(),
        run: "run-1".to_owned(),
        reason: "INC-7".to_owned(),
    });
    let (facts, actions) = facts_of(&tasks, &policy);
    let parts = RunParts {
        transport: Arc::new(transport.clone()),
        clock: VirtualClock::starting_at(START),
        journal: journal.clone(),
        quota: Quota::new(index, "tenant", policy.per_hour),
        engine: Engine::new(EngineState::new(facts, actions, policy)),
        tasks: Arc::clone(&tasks).into(),
        requests: RequestCounts::new(),
        program: "test".to_owned(),
        renew_token: None,
        sealer: None,
        notes,
        draw_pin: system_pins(),
        watchdog: Box::new(NoWatchdog),
    };
    let (_sender, mut control) = tokio::sync::watch::channel(Control::Go);
    happenings.sort_by_key(|happening| happening.after_ms);
    let let_happen = async {
        for Happening { after_ms, what } in happenings {
            let at = START.plus_ms(after_ms);
            tokio::time::sleep(Duration::from_millis(at.remaining_ms(door.now()))).await;
            let mut world = door.world().lock().expect("the world");
            world.advance(at);
            what(&mut world, at);
        }
        std::future::pending().await
    };
    let mut observer = Quiet;
    let ended = tokio::select! {
        biased;
        () = let_happen => unreachable!("it goes on waiting"),
        ended = run(parts, &mut control, &mut observer) => ended.expect("the run ends"),
    };
    let entries = std::mem::take(&mut *journal.entries.lock().expect("the entries"));
    let counts = std::mem::take(&mut *journal.counts.lock().expect("the counts"));
    let arrived = std::mem::take(&mut *transport.arrived.lock().expect("the list"));
    let mut records: Vec<TaskRecord> = tasks.iter().map(TaskRecord::new).collect();
    for entry in &entries {
        if let Some(TaskIndex(task)) = entry.event.task() {
            records[task as usize].apply(entry.at, &entry.event);
        }
    }
    let ended_at = door.now();
    Ran { entries, records, counts, arrived, ended, ended_at, world }
}

/// A directory that costs no disk where the system has one in memory.
fn state_directory() -> tempfile::TempDir {
    let in_memory = tempfile::tempdir_in("/dev/shm");
    in_memory.or_else(|_| tempfile::tempdir()).expect("a temporary directory")
}
