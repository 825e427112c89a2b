//! Runs whose machine sleeps, whose clock is set back, and whose operator wants them to stop.
//!
//! Owns the ways of time and of people around a run, in virtual time. Must never wait for the wall clock.

use futures::FutureExt;
use futures::future::BoxFuture;
use sortie::drive::{
    Alarm, Clock, Control, Ended, NoWatchdog, Quiet, Quota, RunParts, Watchdog, facts_of, run,
    system_pins,
};
use sortie::engine::{Ask, Engine, EngineState, OperatorAnswer};
use sortie::journal::{Batch, Commit, Committed, Index, RequestCounts, StateDir};
use sortie::model::wire::{Fault, Reply, Request};
use sortie::model::{Device, Entry, Event, Policy, Recheck, StopCause, Task, UnixMillis};
use sortie::simulator::{DeviceKind, Faults, InProcess, NewDevice, Switches, World};
use sortie::transport::Transport;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use crate::rig::{
    HOUR_MS, MINUTE_MS, START, add_device, empty_world, in_virtual_time, policy_with_wait,
    task_with,
};

/// The runtime's time, and what the clock of the machine has jumped by besides.
#[derive(Clone)]
struct JumpingClock {
    started: tokio::time::Instant,
    jumped_ms: Arc<AtomicI64>,
}

impl Clock for JumpingClock {
    fn now(&self) -> UnixMillis {
        let passed = i64::try_from(self.started.elapsed().as_millis()).expect("a short test");
        UnixMillis(START.0 + passed + self.jumped_ms.load(Ordering::SeqCst))
    }
}

/// A journal in memory, on which the clock jumps while a certain batch is written.
#[derive(Clone)]
struct Journal {
    entries: Arc<Mutex<Vec<Entry>>>,
    jump: Arc<Mutex<Option<(Jump, i64)>>>,
    jumped_ms: Arc<AtomicI64>,
}

/// When the clock jumps.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Jump {
    /// While the first intent is written.
    BeforeTheRequest,
    /// While its answer is written.
    AfterTheAnswer,
}

impl Commit for Journal {
    fn submit(&mut self, batch: Batch, committed: Committed) {
        let has = |word: &str| batch.entries.iter().any(|entry| entry.event.word() == word);
        let mut jump = self.jump.lock().expect("the jump");
        let is_now = jump.is_some_and(|(when, _)| match when {
            Jump::BeforeTheRequest => has("intent"),
            Jump::AfterTheAnswer => has("answered"),
        });
        if is_now && let Some((_, by_ms)) = jump.take() {
            self.jumped_ms.fetch_add(by_ms, Ordering::SeqCst);
        }
        drop(jump);
        self.entries.lock().expect("the entries").extend(batch.entries);
        committed(Ok(()));
    }
}

/// The door, and a count of connections that were dropped.
struct Counting {
    door: InProcess,
    forgotten: Arc<AtomicU32>,
}

impl Transport for Counting {
    async fn send(&self, request: Request) -> Result<Reply, Fault> {
        self.door.send(request).await
    }

    fn forget_connections(&self) {
        self.forgotten.fetch_add(1, Ordering::SeqCst);
    }
}

/// A watchdog that reports a stop at a given check.
struct StopsAt {
    looks_left: u32,
    sent: Arc<Mutex<Vec<Entry>>>,
    sent_then: Arc<AtomicU32>,
}

impl Watchdog for StopsAt {
    fn check(&mut self, _now: UnixMillis) -> Alarm {
        if self.looks_left > 0 {
            self.looks_left -= 1;
            return Alarm::default();
        }
        let intents = count(&self.sent.lock().expect("the entries"), "intent");
        let _ = self.sent_then.compare_exchange(
            u32::MAX,
            u32::try_from(intents).expect("few"),
            Ordering::SeqCst,
            Ordering::SeqCst,
        );
        let stop = Some((StopCause::StopFile, "the file STOP appeared".to_owned()));
        Alarm { stop, protected: Vec::new() }
    }

    fn recheck(&mut self, task: &Task, device: &Device) -> Recheck {
        NoWatchdog.recheck(task, device)
    }

    fn ask(&mut self, _ask: Ask) -> BoxFuture<'static, OperatorAnswer> {
        std::future::ready(OperatorAnswer::Stop).boxed()
    }
}

fn count(entries: &[Entry], word: &str) -> usize {
    entries.iter().filter(|entry| entry.event.word() == word).count()
}

struct Scene {
    action: &'static str,
    devices: usize,
    policy: Policy,
    jump: Option<(Jump, i64)>,
    stop_at_look: Option<u32>,
}

struct Played {
    entries: Vec<Entry>,
    ended: Ended,
    forgotten: u32,
    accepted: usize,
    sent_then: u32,
}

fn play(scene: Scene) -> Played {
    in_virtual_time(play_in_virtual_time(scene))
}

async fn play_in_virtual_time(scene: Scene) -> Played {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let state = StateDir::open(directory.path()).expect("a state directory");
    let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
    let mut world: World = empty_world(5, Switches::default(), Faults::default());
    let mut tasks = Vec::new();
    for _ in 0..scene.devices {
        let device = add_device(&mut world, NewDevice::new(DeviceKind::IPad));
        tasks.push(task_with(scene.action, device, &[]));
    }
    let tasks: Arc<[Task]> = tasks.into();
    let world = Arc::new(Mutex::new(world));
    let jumped_ms = Arc::new(AtomicI64::new(0));
    let entries = Arc::new(Mutex::new(Vec::new()));
    let journal = Journal {
        entries: Arc::clone(&entries),
        jump: Arc::new(Mutex::new(scene.jump)),
        jumped_ms: Arc::clone(&jumped_ms),
    };
    let (forgotten, sent_then) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(u32::MAX)));
    let watchdog: Box<dyn Watchdog> = match scene.stop_at_look {
        None => Box::new(NoWatchdog),
        Some(looks_left) => Box::new(StopsAt {
            looks_left,
            sent: Arc::clone(&entries),
            sent_then: Arc::clone(&sent_then),
        }),
    };
    let (facts, actions) = facts_of(&tasks, &scene.policy);
    let parts = RunParts {
        transport: Arc::new(Counting {
            door: InProcess::new(Arc::clone(&world), START),
            forgotten: Arc::clone(&forgotten),
        }),
        clock: JumpingClock { started: tokio::time::Instant::now(), jumped_ms },
        journal,
        quota: Quota::new(index, "tenant", scene.policy.per_hour),
        engine: Engine::new(EngineState::new(facts, actions, scene.policy)),
        tasks: tasks.into(),
        requests: RequestCounts::new(),
        program: "test".to_owned(),
        renew_token: None,
        sealer: None,
        notes: None,
        draw_pin: system_pins(),
        watchdog,
    };
    let (_sender, mut control) = tokio::sync::watch::channel(Control::Go);
    let ended = run(parts, &mut control, &mut Quiet).await.expect("the run ends");
    let accepted = world.lock().expect("the world").ledger().accepted.len();
    let entries = std::mem::take(&mut *entries.lock().expect("the entries"));
    let forgotten = forgotten.load(Ordering::SeqCst);
    Played { entries, ended, forgotten, accepted, sent_then: sent_then.load(Ordering::SeqCst) }
}

fn one_at_a_time(wait_ms: u64) -> Policy {
    Policy { concurrency: 1, ..policy_with_wait(wait_ms) }
}

#[test]
fn a_sleep_between_decision_and_request_sends_nothing_stale() {
    let slept_ms = i64::try_from(2 * HOUR_MS).expect("two hours");
    let played = play(Scene {
        action: "erase",
        devices: 2,
        policy: one_at_a_time(0),
        jump: Some((Jump::BeforeTheRequest, slept_ms)),
        stop_at_look: None,
    });
    assert_eq!(count(&played.entries, "woke"), 1);
    assert_eq!(played.forgotten, 1, "connections of before lead nowhere");
    // The intent that was on its way is given up, its target is read again, and then it is sent.
    assert_eq!(count(&played.entries, "intent"), 3);
    assert_eq!(count(&played.entries, "rechecked"), 3);
    assert_eq!(count(&played.entries, "postponed"), 1);
    assert_eq!(played.accepted, 2);
    assert!(played.ended.progress.stop.is_none());
}

#[test]
fn a_sleep_past_the_end_of_sending_sends_nothing_more() {
    let policy = Policy { send_until: START.plus_ms(HOUR_MS), ..one_at_a_time(0) };
    let slept_ms = i64::try_from(2 * HOUR_MS).expect("two hours");
    let played = play(Scene {
        action: "restart",
        devices: 3,
        policy,
        jump: Some((Jump::AfterTheAnswer, slept_ms)),
        stop_at_look: None,
    });
    assert_eq!(played.accepted, 1);
    let stop = played.ended.progress.stop.map(|(cause, _)| cause);
    assert_eq!(stop, Some(StopCause::Deadline));
}

#[test]
fn a_clock_that_is_set_back_stops_the_run() {
    let back_ms = -i64::try_from(MINUTE_MS).expect("a minute");
    let played = play(Scene {
        action: "restart",
        devices: 3,
        policy: one_at_a_time(0),
        jump: Some((Jump::AfterTheAnswer, back_ms)),
        stop_at_look: None,
    });
    assert_eq!(played.accepted, 1);
    let stop = played.ended.progress.stop.map(|(cause, _)| cause);
    assert_eq!(stop, Some(StopCause::Clock));
}

#[test]
fn what_is_sent_after_a_stop_is_at_most_what_was_in_flight() {
    for concurrency in [1, 4, 16] {
        let policy = Policy { concurrency, ..policy_with_wait(0) };
        let played = play(Scene {
            action: "restart",
            devices: 60,
            policy,
            jump: None,
            stop_at_look: Some(12),
        });
        let stop = played.ended.progress.stop.map(|(cause, _)| cause);
        assert_eq!(stop, Some(StopCause::StopFile));
        let (sent_then, sent) = (played.sent_then as usize, count(&played.entries, "intent"));
        assert!(sent < 60 && sent - sent_then <= concurrency as usize, "{sent_then} then {sent}");
        let is_answered = |entry: &Entry| matches!(entry.event, Event::Answered { .. });
        let answered = played.entries.iter().filter(|entry| is_answered(entry)).count();
        assert_eq!((answered, played.accepted), (sent, sent), "all of them are waited for");
        let first_stop = played.entries.iter().position(|entry| entry.event.word() == "stopped");
        let after = &played.entries[first_stop.expect("it stopped")..];
        assert_eq!(count(after, "intent"), 0);
    }
}
