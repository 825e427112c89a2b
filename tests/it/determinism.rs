//! Whole runs in virtual time on one thread: the loop, the journal and the ledger against a simulated tenant.
//!
//! Owns the proof that a run is a function of its seed, that hours pass in seconds, and that a run may
//! break off after any entry. Must never wait for the wall clock.

use sortie::drive::{
    Clock, Control, DriveError, Ended, NoWatchdog, Quiet, Quota, RunParts, VirtualClock, facts_of,
    run, system_pins,
};
use sortie::engine::{Engine, EngineState};
use sortie::journal::{
    Batch, Commit, Committed, Index, Inline, Provenance, RequestCounts, RunHeader, RunJournal,
    RunReader, StateDir,
};
use sortie::kandji::find_action;
use sortie::model::wire::{Fault, Reply, Request};
use sortie::model::{
    Carried, DeviceFacts, DeviceGroup, DeviceId, Entry, Event, Gate, Outcome, OutcomeCounts,
    Params, Policy, Repeat, RunId, StopCause, Task, TaskId, TaskIndex, TaskRecord, TaskWork, Turn,
    UnixMillis,
};
use sortie::simulator::{
    DeviceKind, FaultScope, Faults, FleetSpec, InProcess, NewDevice, Oddities, Switches, World,
};
use sortie::transport::Transport;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::rig::in_virtual_time;

const START: UnixMillis = crate::harness::VIRTUAL_START;
const HOUR_MS: i64 = 3_600_000;

/// Single actions, and pairs of which the second waits for the first.
const PROGRAMS: [&[&str]; 6] = [
    &["lock"],
    &["restart"],
    &["set-name"],
    &["blank-push"],
    &["update-inventory", "restart"],
    &["get-commands", "lock"],
];

fn rough() -> Faults {
    Faults {
        latency_ms: 40..=900,
        scope: FaultScope::Everything,
        unavailable_percent: 4.0,
        unavailable_silent_percent: 2.0,
        close_after_percent: 3.0,
        close_before_percent: 2.0,
        not_connected_percent: 2.0,
        hang_percent: 1.0,
        late_percent: 1.0,
        storm_percent: 1.0,
        storm_requests: 1_500,
        ..Faults::default()
    }
}

fn policy(seed: u64) -> Policy {
    Policy {
        wait_ms: 1_200_000,
        max_errors: sortie::model::MaxErrors::Count(10_000),
        ..Policy::default_at(START, seed)
    }
}

/// A tenant, and tasks for its devices.
struct Tenant {
    door: InProcess,
    tasks: Arc<[Task]>,
}

impl Tenant {
    fn new(count: usize, seed: u64, switches: Switches, faults: Faults) -> Self {
        let fleet =
            FleetSpec { devices: 0, seed, oddities: Oddities::None, ..FleetSpec::default() };
        let mut world = World::new(&fleet, switches, faults, START);
        let mut tasks = Vec::new();
        for number in 0.. {
            let program = PROGRAMS[number % PROGRAMS.len()];
            if tasks.len() + program.len() > count {
                break;
            }
            let kind = DeviceKind::MacAppleSilicon;
            let device = DeviceFacts {
                id: DeviceId::from_api(&world.add_device(NewDevice::new(kind))),
                group: DeviceGroup::on(kind.platform()),
                ..DeviceFacts::default()
            };
            for (step, name) in program.iter().enumerate() {
                let before = u32::try_from(tasks.len()).expect("few").checked_sub(1);
                let after = before.map(TaskIndex).filter(|_| step > 0);
                let gate = after.map(|before| (before, Gate::GoodEnd));
                tasks.push(task(name, step as u16 + 1, device.clone(), gate));
            }
        }
        let door = InProcess::new(Arc::new(Mutex::new(world)), START);
        Self { door, tasks: tasks.into() }
    }

    /// Fails when a `Once` action was carried out twice on a device.
    fn assert_nothing_happened_twice(&self, what: &str) {
        let twice = self.door.world().lock().expect("the world").ledger().duplicates();
        let once = |(_, action, _): &&(String, String, u32)| {
            find_action(action).is_ok_and(|action| action.repeat == Repeat::Once)
        };
        let twice: Vec<_> = twice.iter().filter(once).collect();
        assert!(twice.is_empty(), "{what}: {twice:?}");
    }
}

fn task(name: &str, step: u16, device: DeviceFacts, after: Option<(TaskIndex, Gate)>) -> Task {
    let action = find_action(name).expect("an action");
    let mut params = Params::new();
    for (key, text) in action.example {
        let param = action.param(key).expect("its own parameter");
        params.insert(param.key.to_owned(), param.read(text).expect("a valid example"));
    }
    Task {
        id: TaskId::new(&device.id, step, name, &params),
        work: Arc::new(TaskWork {
            action: name.to_owned(),
            risk: action.risk,
            repeat: action.repeat,
            end: action.end(device.platform, &params),
            params,
            capture: Vec::new(),
        }),
        row: 1,
        step,
        after,
        device: Arc::new(device),
        turn: Turn::Do,
        carried: Carried::default(),
        wave: 0,
    }
}

/// A state directory that costs no disk where the system has one in memory.
fn state_dir() -> (tempfile::TempDir, StateDir) {
    let shared_memory = std::path::Path::new("/dev/shm");
    let directory = match tempfile::tempdir_in(shared_memory) {
        Ok(directory) => directory,
        Err(_) => tempfile::tempdir().expect("a temporary directory"),
    };
    let state = StateDir::open(&directory.path().join("state")).expect("a state directory");
    (directory, state)
}

pub fn header(policy: &Policy) -> RunHeader {
    RunHeader {
        run: RunId("20270115-080000-aaaaa".to_owned()),
        job: "job".to_owned(),
        job_digest: String::new(),
        reason: None,
        tenant: "tenant".to_owned(),
        base_url: String::new(),
        simulated: true,
        started_at: START,
        policy: policy.clone(),
        report_dir: "reports".into(),
        report_formats: Vec::new(),
        report_options: sortie::model::ReportOptions::default(),
        metrics_file: None,
        confirmation: String::new(),
        pending_ok: false,
        encrypt_to: Vec::new(),
        provenance: Provenance::default(),
    }
}

/// Drives a run from its entries so far to its end.
async fn drive<J: Commit, T: Transport>(
    transport: T,
    tasks: &Arc<[Task]>,
    policy: &Policy,
    so_far: &[Entry],
    journal: J,
    quota: &Quota,
    clock: VirtualClock,
) -> Result<Ended, sortie::drive::DriveError> {
    let (facts, actions) = facts_of(tasks, policy);
    let mut state = EngineState::new(facts, actions, policy.clone());
    for entry in so_far {
        state.apply(entry).expect("the journal makes sense");
    }
    let parts = RunParts {
        transport: Arc::new(transport),
        clock,
        journal,
        quota: quota.clone(),
        engine: Engine::new(state),
        tasks: Arc::clone(tasks).into(),
        requests: RequestCounts::new(),
        program: "test".to_owned(),
        renew_token: None,
        sealer: None,
        notes: None,
        draw_pin: system_pins(),
        watchdog: Box::new(NoWatchdog),
    };
    let (_sender, mut control) = tokio::sync::watch::channel(Control::Go);
    run(parts, &mut control, &mut Quiet).await
}

/// A whole run with a journal on disk: its entries, and how long it took.
fn whole_run(count: usize, policy: &Policy, faults: Faults) -> (Vec<Entry>, i64) {
    in_virtual_time(async {
        let (_directory, state) = state_dir();
        let tenant = Tenant::new(count, policy.seed, Switches::lively(), faults);
        let header = header(policy);
        let journal = RunJournal::create(&state, &header, tenant.tasks.iter()).expect("a journal");
        let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
        let quota = Quota::new(index, "tenant", policy.per_hour);
        let clock = VirtualClock::starting_at(START);
        let (door, inline) = (tenant.door.clone(), Inline::new(journal));
        let ended = drive(door, &tenant.tasks, policy, &[], inline, &quota, clock).await;
        let ended = ended.expect("the run ends");
        let took_ms = clock.now().since(START);
        let reader = RunReader::open(&state, &header.run.0).expect("the journal is there");
        let mut entries = Vec::new();
        reader.for_each_entry(|entry| entries.push(entry)).expect("it can be read");
        let records = reader.records().expect("it can be read");
        assert_accounted_for(&tenant.tasks, &records, "a whole run");
        assert_eq!(ended.progress.stop, None);
        let words: Vec<&str> = records.iter().map(|record| record.outcome().word()).collect();
        assert_eq!(reader.outcomes().expect("it can be read"), words);
        tenant.assert_nothing_happened_twice("a whole run");
        (entries, took_ms)
    })
}

/// Every task has come as far as it can: sent, or behind one that did not end well.
fn assert_accounted_for(tasks: &[Task], records: &[TaskRecord], what: &str) {
    let mut counts = OutcomeCounts::default();
    for (task, record) in tasks.iter().zip(records) {
        counts.add(record.outcome());
        if record.outcome() == Outcome::NotAttempted {
            let (before, _) = task.after.unwrap_or_else(|| panic!("{what}: {} left out", task.id));
            let before = records[before.at()].outcome();
            let is_good =
                matches!(before, Outcome::Completed | Outcome::Accepted | Outcome::AlreadyInEffect);
            assert!(!is_good, "{what}: {} left out after {before}", task.id);
        }
    }
    assert_eq!(counts.total() as usize, tasks.len(), "{what}");
}

fn as_json(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| serde_json::to_string(entry).expect("JSON")).collect()
}

#[test]
fn the_same_seed_makes_the_same_run_and_another_seed_another() {
    let (first, took_ms) = whole_run(300, &policy(7), rough());
    let (again, took_again_ms) = whole_run(300, &policy(7), rough());
    let difference = as_json(&first).into_iter().zip(as_json(&again)).find(|(one, two)| one != two);
    assert_eq!(difference, None);
    assert_eq!((first.len(), took_ms), (again.len(), took_again_ms));
    let (other, _) = whole_run(300, &policy(8), rough());
    assert_ne!(as_json(&first), as_json(&other));
    let has = |wanted: fn(&Event) -> bool| first.iter().any(|entry| wanted(&entry.event));
    assert!(has(|event| matches!(event, Event::Doubted { .. })), "no answer was lost");
    assert!(has(|event| matches!(event, Event::Paused { .. })), "nobody asked to wait");
    assert!(has(|event| matches!(event, Event::Observed { .. })), "nothing was followed");
}

#[test]
fn eight_hours_of_a_spent_budget_pass_in_seconds() {
    let slow = Policy { per_hour: 60, ..policy(3) };
    let slow = Policy { wait_ms: 0, ..slow };
    let (entries, took_ms) = whole_run(480, &slow, Faults::latency());
    assert!((7 * HOUR_MS..9 * HOUR_MS).contains(&took_ms), "{took_ms} ms");
    let mut sent: Vec<UnixMillis> = entries
        .iter()
        .filter(|entry| matches!(entry.event, Event::Intent { .. }))
        .map(|entry| entry.at)
        .collect();
    sent.sort_unstable();
    for (at, moment) in sent.iter().enumerate() {
        let hour = sent[at..].iter().take_while(|later| later.since(*moment) < HOUR_MS).count();
        assert!(hour <= 60, "{hour} in the hour from {moment}");
    }
    assert!(sent.len() >= 470, "only {} were sent", sent.len());
}

/// A journal in memory that breaks after a number of entries, as a full disk or a power cut does. A batch
/// is there whole or not at all.
struct Breaking {
    entries: Arc<Mutex<Vec<Entry>>>,
    entries_max: usize,
}

impl Commit for Breaking {
    fn submit(&mut self, batch: Batch, committed: Committed) {
        let mut entries = self.entries.lock().expect("the entries");
        let is_full = entries.len() + batch.entries.len() > self.entries_max;
        if is_full {
            self.entries_max = 0;
            drop(entries);
            return committed(Err("the disk is full".to_owned()));
        }
        entries.extend(batch.entries);
        drop(entries);
        committed(Ok(()));
    }
}

/// Breaks a run after so many entries, resumes it until it has come to its end, and looks at what the tenant
/// did. Returns the number of entries of the whole.
async fn broken_and_resumed(cuts: &[usize], index: &Arc<Mutex<Index>>) -> usize {
    let policy = policy(11);
    // Long histories of other commands only cost time here.
    let switches = Switches { background_commands_max: 0, ..Switches::lively() };
    let tenant = Tenant::new(24, policy.seed, switches, rough());
    let quota = Quota::new(Arc::clone(index), &format!("{cuts:?}"), policy.per_hour);
    let clock = VirtualClock::starting_at(START);
    let entries = Arc::new(Mutex::new(Vec::new()));
    let what = format!("broken after {cuts:?}");
    for (life, cut) in cuts.iter().copied().chain([usize::MAX, usize::MAX]).enumerate() {
        let so_far = entries.lock().expect("the entries").clone();
        let journal = Breaking { entries: Arc::clone(&entries), entries_max: cut };
        let door = tenant.door.clone();
        let ended = drive(door, &tenant.tasks, &policy, &so_far, journal, &quota, clock).await;
        if let Ok(ended) = &ended {
            assert_eq!(ended.progress.in_flight, 0, "{what}");
        }
        assert!(life < cuts.len() || ended.is_ok(), "{what}: {ended:?}");
        clock.sleep_until(clock.now().plus_ms(30_000)).await;
    }
    let entries = entries.lock().expect("the entries").clone();
    let mut records: Vec<TaskRecord> = tenant.tasks.iter().map(TaskRecord::new).collect();
    let mut intents: BTreeMap<(TaskIndex, u16), u32> = BTreeMap::new();
    for entry in &entries {
        if let Some(task) = entry.event.task() {
            assert!(!records[task.at()].is_settled(), "{what}: {entry:?} after the end");
            records[task.at()].apply(entry.at, &entry.event);
        }
        if let Event::Intent { task, attempt, .. } = &entry.event {
            *intents.entry((*task, *attempt)).or_default() += 1;
        }
    }
    assert!(intents.values().all(|count| *count == 1), "{what}: an intent is there twice");
    assert_accounted_for(&tenant.tasks, &records, &what);
    tenant.assert_nothing_happened_twice(&what);
    entries.len()
}

#[tokio::test(start_paused = true)]
async fn a_run_may_break_off_after_any_entry() {
    let (_directory, state) = state_dir();
    let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
    let whole = broken_and_resumed(&[], &index).await;
    assert!(whole > 70, "{whole} entries");
    for cut in (0..whole).step_by(3) {
        broken_and_resumed(&[cut], &index).await;
    }
    for cut in (0..whole).step_by(17) {
        broken_and_resumed(&[cut, cut + 5, cut + 40], &index).await;
    }
}

/// A door whose token has expired: requests that leave before it is renewed are answered 401, and take
/// their time.
#[derive(Clone)]
struct Expired {
    door: InProcess,
    is_fresh: Arc<std::sync::atomic::AtomicBool>,
}

impl Transport for Expired {
    async fn send(&self, request: Request) -> Result<Reply, Fault> {
        let is_fresh = self.is_fresh.load(std::sync::atomic::Ordering::SeqCst);
        let door = if is_fresh { self.door.clone() } else { self.door.clone().with_token("old") };
        door.send(request).await
    }
}

/// Drives 40 tasks with an expired token of which a fresh one is to be had, or is not accepted either.
async fn expired_run(renewed_token_works: bool) -> Ended {
    let (_directory, state) = state_dir();
    let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
    let policy = policy(5);
    let tenant = Tenant::new(40, 5, Switches::default(), Faults::latency());
    let is_fresh = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let transport = Expired { door: tenant.door.clone(), is_fresh: Arc::clone(&is_fresh) };
    let (facts, actions) = facts_of(&tenant.tasks, &policy);
    let entries = Arc::new(Mutex::new(Vec::new()));
    let parts = RunParts {
        transport: Arc::new(transport),
        clock: VirtualClock::starting_at(START),
        journal: Breaking { entries, entries_max: usize::MAX },
        quota: Quota::new(index, "tenant", policy.per_hour),
        engine: Engine::new(EngineState::new(facts, actions, policy)),
        tasks: Arc::clone(&tenant.tasks).into(),
        requests: RequestCounts::new(),
        program: "test".to_owned(),
        renew_token: Some(Arc::new(move || {
            is_fresh.store(renewed_token_works, std::sync::atomic::Ordering::SeqCst);
            Box::pin(async { Ok(()) })
        })),
        sealer: None,
        notes: None,
        draw_pin: system_pins(),
        watchdog: Box::new(NoWatchdog),
    };
    let (_sender, mut control) = tokio::sync::watch::channel(Control::Go);
    let ended = run(parts, &mut control, &mut Quiet).await.expect("the run ends");
    tenant.assert_nothing_happened_twice("with a fresh token");
    ended
}

#[tokio::test(start_paused = true)]
async fn one_fresh_token_serves_all_requests_sent_with_the_old_one() {
    let ended = expired_run(true).await;
    assert_eq!(ended.progress.stop, None);
    assert_eq!(ended.progress.settled, 40);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_that_is_not_accepted_either_stops_the_run() {
    let ended = expired_run(false).await;
    let cause = ended.progress.stop.map(|(cause, _)| cause);
    assert_eq!(cause, Some(StopCause::Unauthorized));
}

/// A door at which four requests that change something are answered after a while, and all later ones at once with a 401.
struct Dying {
    door: InProcess,
    writes: std::sync::atomic::AtomicU32,
}

impl Transport for Dying {
    async fn send(&self, request: Request) -> Result<Reply, Fault> {
        if request.method == sortie::model::wire::Method::Get {
            return self.door.send(request).await;
        }
        if self.writes.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 4 {
            tokio::time::sleep(std::time::Duration::from_secs(5)).await;
            return self.door.send(request).await;
        }
        self.door.clone().with_token("old").send(request).await
    }
}

/// Drives twelve locks with a token that dies and a command for a fresh one that hangs. The operator leaves after so many
/// seconds. Says how many tasks that change something were accepted, too.
async fn hanging_renewal(leaves_after_s: Option<u64>) -> (Ended, usize) {
    let (_directory, state) = state_dir();
    let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
    let policy = Policy { concurrency: 12, rollout: None, ..policy(5) };
    let tenant = Tenant::new(12, 5, Switches::default(), Faults::latency());
    let (facts, actions) = facts_of(&tenant.tasks, &policy);
    let entries = Arc::new(Mutex::new(Vec::new()));
    let parts = RunParts {
        transport: Arc::new(Dying { door: tenant.door.clone(), writes: 0.into() }),
        clock: VirtualClock::starting_at(START),
        journal: Breaking { entries: Arc::clone(&entries), entries_max: usize::MAX },
        quota: Quota::new(index, "tenant", policy.per_hour),
        engine: Engine::new(EngineState::new(facts, actions, policy)),
        tasks: Arc::clone(&tenant.tasks).into(),
        requests: RequestCounts::new(),
        program: "test".to_owned(),
        renew_token: Some(Arc::new(|| Box::pin(std::future::pending()))),
        sealer: None,
        notes: None,
        draw_pin: system_pins(),
        watchdog: Box::new(NoWatchdog),
    };
    let (sender, mut control) = tokio::sync::watch::channel(Control::Go);
    let left = async {
        match leaves_after_s {
            Some(seconds) => tokio::time::sleep(std::time::Duration::from_secs(seconds)).await,
            None => std::future::pending().await,
        }
        sender.send(Control::Abort).expect("the run listens");
        std::future::pending::<()>().await;
    };
    let mut quiet = Quiet;
    let all = async {
        tokio::select! {
            ended = run(parts, &mut control, &mut quiet) => ended,
            () = left => unreachable!("it waits for ever"),
        }
    };
    let ended = tokio::time::timeout(std::time::Duration::from_secs(600), all).await;
    let ended = ended.expect("a hanging command does not hold the run").expect("no fault");
    tenant.assert_nothing_happened_twice("with a hanging renewal");
    let entries = entries.lock().expect("the entries").clone();
    let is_accepted = |entry: &&Entry| match &entry.event {
        Event::Answered { task, verdict: sortie::model::Verdict::Accepted(_), .. } => {
            tenant.tasks[task.at()].risk > sortie::model::Risk::Read
        }
        _ => false,
    };
    let accepted = entries.iter().filter(is_accepted).count();
    (ended, accepted)
}

#[tokio::test(start_paused = true)]
async fn answers_are_kept_while_a_renewal_hangs_and_stop_still_works() {
    let (ended, accepted) = hanging_renewal(Some(20)).await;
    assert!(ended.is_aborted);
    assert_eq!(accepted, 4);
    // What was refused is answered, too, and so is not in doubt.
    assert_eq!(ended.progress.in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_hangs_is_given_up_and_stops_the_run() {
    let (ended, accepted) = hanging_renewal(None).await;
    let (cause, reason) = ended.progress.stop.expect("it stopped");
    assert_eq!(cause, StopCause::Unauthorized);
    assert!(reason.contains("no fresh token either: no token within 60 s"), "{reason}");
    assert_eq!(accepted, 4);
}

/// Writes the text of the first task over all after number 300, once the first intent of the run is on disk.
struct Tampering {
    inner: Inline,
    database: std::path::PathBuf,
    is_done: bool,
}

impl Commit for Tampering {
    fn submit(&mut self, batch: Batch, committed: Committed) {
        let has_intent =
            batch.entries.iter().any(|entry| matches!(entry.event, Event::Intent { .. }));
        if has_intent && !std::mem::replace(&mut self.is_done, true) {
            let database = rusqlite::Connection::open(&self.database).expect("a database");
            let target =
                "UPDATE tasks SET body = (SELECT body FROM tasks WHERE task = 0) WHERE task > 300";
            database.execute_batch(target).expect("its owner");
        }
        self.inner.submit(batch, committed);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_for_a_task_that_changed_on_disk() {
    let (_directory, state) = state_dir();
    let policy = Policy { concurrency: 1, ..policy(5) };
    let tenant = Tenant::new(400, 5, Switches::default(), Faults::latency());
    let header = header(&policy);
    let journal = RunJournal::create(&state, &header, tenant.tasks.iter()).expect("a journal");
    let tasks = journal.tasks().expect("a database");
    let (facts, actions) = facts_of(&tenant.tasks, &policy);
    let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
    let database = state.run_path(&header.run.0);
    let parts = RunParts {
        transport: Arc::new(tenant.door.clone()),
        clock: VirtualClock::starting_at(START),
        journal: Tampering { inner: Inline::new(journal), database, is_done: false },
        quota: Quota::new(index, "tenant", policy.per_hour),
        engine: Engine::new(EngineState::new(facts, actions, policy)),
        tasks,
        requests: RequestCounts::new(),
        program: "test".to_owned(),
        renew_token: None,
        sealer: None,
        notes: None,
        draw_pin: system_pins(),
        watchdog: Box::new(NoWatchdog),
    };
    let (_sender, mut control) = tokio::sync::watch::channel(Control::Go);
    let error = run(parts, &mut control, &mut Quiet).await.expect_err("a task was changed");
    let DriveError::Task(fault) = &error else { panic!("{error}") };
    assert!(fault.task > 300, "{error}");
    tenant.assert_nothing_happened_twice("with a changed task");
    let reader = RunReader::open(&state, &header.run.0).expect("the journal is there");
    reader
        .for_each_entry(|entry| {
            let task = entry.event.task();
            assert!(task.is_none_or(|task| task.0 < fault.task), "{entry:?} after {error}");
        })
        .expect("it can be read");
}
