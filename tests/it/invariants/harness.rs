//! Two processes, one ledger, a disk that takes its time, and a tenant: the world around the engine.
//!
//! Owns virtual time and the order of writing and sending, as `drive` has it. Must never judge: it tells
//! the checker what happens. Sabotage breaks the harness on purpose, to see that the checker notices.

use sortie::drive::facts_of;
use sortie::engine::{Call, Effects, Engine, EngineState, Impossible, Phase};
use sortie::model::{
    Entry, Event, Listing, NoteResult, Random, Recheck, Repeat, Sealed, Secret, SecretSource,
    Sighting, Task, TaskFacts, TaskIndex, UnixMillis, Unreadable, Verdict,
};
use sortie::pace::{Lease, grant};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::checker::{Rule, RunChecker, Violation, check_hour};
use super::scenario::{MishapKind, RunSpec, START, Scenario};
use super::server::Server;

/// More happenings than any scenario needs.
const HAPPENINGS_MAX: usize = 60_000;
/// How often a run that left before its end is begun again.
const STARTS_MAX: u32 = 12;

/// A harness that is broken on purpose.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// None: the harness as it should be.
    None,
    /// The engine takes every task for safe to repeat.
    EverythingIsSafe,
    /// Calls leave before their batch is on disk.
    ReleaseBeforeCommit,
    /// Nobody asks the ledger.
    NoLedger,
    /// A block is given back whole, whatever was used of it.
    GiveBackTooMuch,
    /// A request is made twice.
    SendTwice,
    /// The disk loses every fifth entry.
    LoseEntries,
    /// The engine is allowed more at once and more a second than the rules say.
    LooserPolicy,
    /// The engine is told that pauses are over.
    PausesAreOver,
    /// The moment to wake at is forgotten.
    SleepThrough,
    /// Entries of the state are not replayed at a restart.
    ForgetAtRestart,
    /// The engine concludes from the absence of a command while its request may still be applied.
    NoQuarantine,
    /// The engine takes all devices for those of the first wave.
    AllAtOnce,
    /// The engine begins waves without a pause.
    NoPause,
    /// The engine knows of no windows.
    NoWindows,
    /// The engine reads no target again.
    NoRecheck,
    /// The engine lets irreversible requests leave as fast as others.
    NoSlowness,
    /// The engine counts no errors in a row.
    NoRow,
}

enum Happening {
    /// The disk has the oldest batch.
    Commit {
        run: usize,
        life: u32,
    },
    /// An answer arrives.
    Sent {
        run: usize,
        life: u32,
        task: TaskIndex,
        attempt: u16,
        verdict: Box<Verdict>,
    },
    /// A look brings something.
    Looked {
        run: usize,
        life: u32,
        task: TaskIndex,
        sighting: Sighting,
    },
    /// Another read brings something.
    Read {
        run: usize,
        life: u32,
        read: Box<Read>,
    },
    /// The moment that the engine asked to be woken at, unless it has asked for another since.
    Wake {
        run: usize,
        life: u32,
        turn: u64,
    },
    Start {
        run: usize,
    },
    Mishap(usize),
}

/// What a read that is no look brings.
enum Read {
    Pin(TaskIndex, Result<Option<Sealed>, Unreadable>),
    Secrets(TaskIndex, SecretSource, Result<Vec<Secret>, Unreadable>),
    List(Listing),
    Recheck(TaskIndex, Result<Recheck, Unreadable>),
    Note(TaskIndex, NoteResult),
}

struct Waiting {
    entries: Vec<Entry>,
    calls: Vec<Call>,
    live: EngineState,
}

struct Block {
    lease: usize,
    left: u32,
    expires_at: UnixMillis,
}

struct Process {
    facts: Arc<[TaskFacts]>,
    actions: Arc<[String]>,
    spec: RunSpec,
    engine: Option<Engine>,
    life: u32,
    starts: u32,
    opened_at: UnixMillis,
    was_paused: bool,
    waiting: VecDeque<Waiting>,
    committed_at: UnixMillis,
    under_way: usize,
    block: Option<Block>,
    turn: u64,
    journal: Vec<Entry>,
    /// Entries by what they tell.
    happened: BTreeMap<String, u32>,
    replica: EngineState,
    checker: RunChecker,
}

/// The world of one scenario.
pub struct World {
    scenario: Scenario,
    sabotage: Sabotage,
    now: UnixMillis,
    happenings: BTreeMap<(UnixMillis, u64), Happening>,
    number: u64,
    random: Random,
    processes: Vec<Process>,
    leases: Vec<Lease>,
    server: Server,
    decided: Vec<UnixMillis>,
    released: Vec<UnixMillis>,
}

/// What came of a scenario.
pub struct Report {
    pub violations: Vec<Violation>,
    pub restarts: u32,
    pub requests: usize,
    pub most_applied: u32,
    /// Entries by what they tell.
    pub happened: BTreeMap<String, u32>,
}

impl Process {
    fn new(spec: &RunSpec, sabotage: Sabotage) -> Self {
        let tasks: Vec<Task> = spec.tasks();
        let mut engines = spec.clone();
        if sabotage == Sabotage::LooserPolicy {
            engines.policy.concurrency *= 4;
            engines.policy.per_second *= 4;
        }
        if sabotage == Sabotage::NoQuarantine {
            engines.policy.quarantine_ms = 0;
        }
        let policy = &mut engines.policy;
        match sabotage {
            Sabotage::NoWindows => policy.windows.clear(),
            Sabotage::NoRecheck => policy.is_rechecking = false,
            Sabotage::NoSlowness => policy.irreversible_per_minute = None,
            Sabotage::NoRow => policy.errors_in_a_row = None,
            Sabotage::NoPause => policy.rollout.iter_mut().for_each(|it| it.pause_ms = 0),
            _ => {}
        }
        let (facts, actions) = facts_of(&tasks, &engines.policy);
        let facts: Arc<[TaskFacts]> = match sabotage {
            Sabotage::AllAtOnce => {
                facts.iter().map(|it| TaskFacts { wave: 0, ..it.clone() }).collect()
            }
            Sabotage::EverythingIsSafe => {
                facts.iter().map(|it| TaskFacts { repeat: Repeat::Safe, ..it.clone() }).collect()
            }
            _ => facts,
        };
        Self {
            replica: EngineState::new(facts.clone(), actions.clone(), engines.policy.clone()),
            checker: RunChecker::new(tasks, spec.policy.clone()),
            facts,
            actions,
            spec: engines,
            engine: None,
            life: 0,
            starts: 0,
            opened_at: START,
            was_paused: false,
            waiting: VecDeque::new(),
            committed_at: START,
            under_way: 0,
            block: None,
            turn: 0,
            journal: Vec::new(),
            happened: BTreeMap::new(),
        }
    }

    fn fresh_state(&self) -> EngineState {
        EngineState::new(self.facts.clone(), self.actions.clone(), self.spec.policy.clone())
    }

    /// The first batch that waits reaches the disk.
    fn write(&mut self, sabotage: Sabotage) -> Option<Vec<Call>> {
        let batch = self.waiting.pop_front()?;
        for entry in batch.entries {
            self.journal.push(entry.clone());
            let word = match &entry.event {
                Event::Stopped { cause, .. } => format!("stopped: {cause:?}"),
                event => event.word().to_owned(),
            };
            *self.happened.entry(word).or_default() += 1;
            if sabotage == Sabotage::LoseEntries && self.journal.len().is_multiple_of(5) {
                continue;
            }
            self.checker.commits(&entry);
            if let Err(error) = self.replica.apply(&entry) {
                self.checker.broken(Rule::Replay, error.to_string());
            }
        }
        self.checker.compares(&self.replica, &batch.live);
        Some(batch.calls)
    }
}

impl World {
    pub fn new(scenario: &Scenario, sabotage: Sabotage) -> Self {
        let processes =
            scenario.runs.iter().map(|spec| Process::new(spec, sabotage)).collect::<Vec<_>>();
        let mut world = Self {
            now: START,
            happenings: BTreeMap::new(),
            number: 0,
            random: Random::new(scenario.seed),
            processes,
            leases: Vec::new(),
            server: Server::default(),
            decided: Vec::new(),
            released: Vec::new(),
            sabotage,
            scenario: scenario.clone(),
        };
        for (at, mishap) in scenario.mishaps.iter().enumerate() {
            world.add(START.plus_ms(mishap.after_ms), Happening::Mishap(at));
        }
        for run in 0..world.processes.len() {
            world.add(START, Happening::Start { run });
        }
        world
    }

    fn add(&mut self, at: UnixMillis, happening: Happening) {
        self.number += 1;
        self.happenings.insert((at.max(self.now), self.number), happening);
    }

    fn calm_at(&self) -> UnixMillis {
        START.plus_ms(self.scenario.calm_after_ms)
    }

    fn trouble(&self) -> u8 {
        if self.now < self.calm_at() { self.scenario.trouble_percent } else { 0 }
    }

    /// Lets everything happen, to the end.
    pub fn run(mut self) -> Report {
        for _ in 0..HAPPENINGS_MAX {
            let Some(((at, _), happening)) = self.happenings.pop_first() else {
                return self.report();
            };
            self.now = at;
            self.happen(happening);
        }
        self.processes[0].checker.broken(Rule::Finish, "it does not come to an end");
        self.report()
    }

    fn report(mut self) -> Report {
        let mut violations: Vec<Violation> = Vec::new();
        for process in &mut self.processes {
            if process.engine.is_some() {
                process.checker.broken(Rule::Finish, "nothing happens any more, and it goes on");
            }
            violations.append(&mut process.checker.violations);
        }
        let budget = self.scenario.runs[0].policy.per_hour;
        let commit_ms_max = self.scenario.commit_ms_max;
        violations.extend(check_hour(&mut self.decided, &mut self.released, commit_ms_max, budget));
        let mut most_applied = 0;
        for ((run, task), tally) in &self.server.tasks {
            let spec = &self.scenario.runs[*run].tasks[task.at()];
            most_applied = most_applied.max(tally.applied);
            if spec.is_once && tally.applied > 1 {
                let what = format!("run {run}: {task:?}: {tally:?}");
                violations.push(Violation { rule: Rule::Once, what });
            }
        }
        let mut happened = BTreeMap::new();
        for process in &self.processes {
            for (word, count) in &process.happened {
                *happened.entry(word.clone()).or_default() += count;
            }
        }
        Report {
            violations,
            happened,
            restarts: self.processes.iter().map(|process| process.starts - 1).sum(),
            requests: self.released.len(),
            most_applied,
        }
    }

    fn happen(&mut self, happening: Happening) {
        let lives: Vec<u32> = self.processes.iter().map(|process| process.life).collect();
        let is_alive = |run: usize, life: u32| lives[run] == life;
        match happening {
            Happening::Commit { run, life } if is_alive(run, life) => {
                let calls = self.processes[run].write(self.sabotage).unwrap_or_default();
                if self.sabotage != Sabotage::ReleaseBeforeCommit {
                    self.release(run, calls);
                }
                self.turn(run);
            }
            Happening::Sent { run, life, task, attempt, verdict } if is_alive(run, life) => {
                let now = self.now;
                self.processes[run].under_way -= 1;
                let took =
                    self.engine(run).map(|it| it.answered(now, task, attempt, None, *verdict));
                self.take(run, took);
            }
            Happening::Looked { run, life, task, sighting } if is_alive(run, life) => {
                let now = self.now;
                self.processes[run].under_way -= 1;
                let took = self.engine(run).map(|it| it.looked(now, task, sighting));
                self.take(run, took);
            }
            Happening::Read { run, life, read } if is_alive(run, life) => {
                let now = self.now;
                self.processes[run].under_way -= 1;
                let took = self.engine(run).map(|it| match *read {
                    Read::Pin(task, result) => it.pin_read(now, task, result),
                    Read::Secrets(task, source, result) => {
                        it.secrets_read(now, task, source, result)
                    }
                    Read::List(listing) => it.listed(now, listing),
                    Read::Recheck(task, result) => it.rechecked(now, task, result),
                    Read::Note(task, result) => it.noted(now, task, result),
                });
                self.take(run, took);
            }
            Happening::Wake { run, life, turn }
                if is_alive(run, life) && self.processes[run].turn == turn =>
            {
                self.turn(run);
            }
            Happening::Start { run } => self.start(run),
            Happening::Mishap(at) => self.suffer(at),
            _ => {}
        }
    }

    fn engine(&mut self, run: usize) -> Option<&mut Engine> {
        self.processes[run].engine.as_mut()
    }

    /// Takes in the entries of an answer, a stop or a pause, and goes on.
    fn take(&mut self, run: usize, took: Option<Result<Vec<Entry>, Impossible>>) {
        match took {
            Some(Ok(entries)) => self.submit(run, entries, Vec::new()),
            Some(Err(error)) => self.broken(run, Rule::Possible, &error.to_string()),
            None => {}
        }
        self.turn(run);
    }

    fn broken(&mut self, run: usize, rule: Rule, what: &str) {
        self.processes[run].checker.broken(rule, what);
    }

    /// A process begins, from the journal alone.
    fn start(&mut self, run: usize) {
        let (now, sabotage) = (self.now, self.sabotage);
        let process = &mut self.processes[run];
        if process.engine.is_some() {
            return;
        }
        let mut state = process.fresh_state();
        for (at, entry) in process.journal.iter().enumerate() {
            let is_forgotten = sabotage == Sabotage::ForgetAtRestart && at % 3 == 2;
            if !is_forgotten && let Err(error) = state.apply(entry) {
                process.checker.broken(Rule::Replay, error.to_string());
            }
        }
        if state != process.replica {
            process.checker.broken(Rule::Replay, "a restart comes to another state");
        }
        process.was_paused = state.progress().paused_until.is_some_and(|until| until > now);
        let mut engine = Engine::new(state);
        engine.write_notes();
        process.starts += 1;
        process.opened_at = now;
        process.checker.begins();
        let opened = engine.open(now, "harness");
        process.engine = Some(engine);
        self.take(run, Some(opened));
    }

    fn die(&mut self, run: usize, batches_kept: usize) {
        let sabotage = self.sabotage;
        let process = &mut self.processes[run];
        if process.engine.take().is_none() {
            return;
        }
        for _ in 0..batches_kept {
            process.write(sabotage);
        }
        process.waiting.clear();
        process.life += 1;
        process.under_way = 0;
        // What was leased and not used stays spent.
        process.block = None;
    }

    fn suffer(&mut self, at: usize) {
        let (now, is_calm) = (self.now, self.now >= self.calm_at());
        let mishap = self.scenario.mishaps[at].clone();
        let run = mishap.run;
        if is_calm || self.processes[run].engine.is_none() {
            return;
        }
        match mishap.kind {
            MishapKind::Death { batches_kept, restart_after_ms } => {
                self.die(run, batches_kept);
                self.add(now.plus_ms(restart_after_ms), Happening::Start { run });
            }
            MishapKind::Stop(cause) => {
                self.processes[run].checker.is_told_to_stop(cause);
                let took = self.engine(run).map(|it| it.stop(now, cause, "a test stops it"));
                self.take(run, took);
            }
            MishapKind::Pause { wait_ms } => {
                let until = now.plus_ms(wait_ms);
                let took = self.engine(run).map(|it| it.pause(now, until, "a test pauses it"));
                self.take(run, took);
            }
        }
    }

    /// One round of the loop of `drive`.
    fn turn(&mut self, run: usize) {
        if self.processes[run].engine.is_none() {
            return;
        }
        let step = match self.next_step(run) {
            Ok(step) => step,
            Err(error) => {
                self.broken(run, Rule::Possible, &error.to_string());
                self.die(run, 0);
                return;
            }
        };
        self.submit(run, step.entries, step.calls);
        let process = &mut self.processes[run];
        let is_idle = process.waiting.is_empty() && process.under_way == 0;
        if step.is_done && is_idle {
            self.leave(run);
            return;
        }
        process.turn += 1;
        let (life, turn) = (process.life, process.turn);
        match step.wake_at.filter(|_| self.sabotage != Sabotage::SleepThrough) {
            Some(at) => self.add(at, Happening::Wake { run, life, turn }),
            None if is_idle => {
                let what = "nothing is under way, it is not done, and nothing will wake it";
                self.broken(run, Rule::Finish, what);
                self.die(run, 0);
            }
            None => {}
        }
    }

    fn next_step(&mut self, run: usize) -> Result<Effects, Impossible> {
        let mut step = self.decide(run)?;
        if step.want == 0 {
            return Ok(step);
        }
        self.return_block(run);
        let now = self.now;
        let budget = self.scenario.runs[run].policy.per_hour;
        let leases = match self.sabotage {
            Sabotage::NoLedger => &[],
            _ => self.leases.as_slice(),
        };
        let given = grant(leases, now, step.want, budget);
        let process = &mut self.processes[run];
        let Some(engine) = &mut process.engine else { return Ok(step) };
        engine.grant(given.count, given.expires_at);
        if given.count == 0 {
            // Following ends after the wait all the same, and what is not looked at by then is left to a resume.
            process.was_paused = true;
            let more_at = given.more_at.unwrap_or_else(|| now.plus_ms(1_000));
            step.wake_at = Some(step.wake_at.map_or(more_at, |at| at.min(more_at)));
            return Ok(step);
        }
        let (left, expires_at) = (given.count, given.expires_at);
        process.block = Some(Block { lease: self.leases.len(), left, expires_at });
        self.leases.push(Lease { count: given.count, expires_at });
        let next = self.decide(run)?;
        step.entries.extend(next.entries);
        step.calls.extend(next.calls);
        let wake_at = if next.want > 0 { Some(now) } else { next.wake_at };
        Ok(Effects { wake_at, is_done: next.is_done, ..step })
    }

    fn decide(&mut self, run: usize) -> Result<Effects, Impossible> {
        let now = self.now;
        let process = &mut self.processes[run];
        let Some(engine) = &mut process.engine else { return Ok(Effects::default()) };
        let told = match self.sabotage {
            Sabotage::PausesAreOver => engine.progress().paused_until.map_or(now, |at| at.max(now)),
            _ => now,
        };
        let step = engine.decide(told)?;
        process.under_way += step.calls.len();
        let progress = engine.progress();
        process.checker.decides(now, &step.calls, &progress, process.under_way);
        let calls = u32::try_from(step.calls.len()).expect("few");
        if calls > 0 {
            match &mut process.block {
                Some(block) if block.left >= calls && now < block.expires_at => block.left -= calls,
                _ => process.checker.broken(Rule::Grant, format!("{calls} calls ungranted")),
            }
        }
        self.decided.extend((0..calls).map(|_| now));
        Ok(step)
    }

    fn return_block(&mut self, run: usize) {
        let process = &mut self.processes[run];
        let unused = process.engine.as_mut().map_or(0, Engine::surrender);
        let Some(block) = process.block.take() else { return };
        if unused != block.left {
            let what = format!("{unused} are given back of {} that were not used", block.left);
            process.checker.broken(Rule::Grant, what);
        }
        let lease = &mut self.leases[block.lease];
        lease.count = match self.sabotage {
            Sabotage::GiveBackTooMuch => 0,
            _ => lease.count.saturating_sub(unused),
        };
    }

    fn submit(&mut self, run: usize, entries: Vec<Entry>, calls: Vec<Call>) {
        if entries.is_empty() && calls.is_empty() {
            return;
        }
        let wait_ms = self.random.below(self.scenario.commit_ms_max + 1);
        let process = &mut self.processes[run];
        let Some(engine) = &process.engine else { return };
        let live = engine.state().clone();
        let judged = |index: u32| matches!(live.task(TaskIndex(index)).phase, Phase::Judged(_));
        if (0..process.facts.len() as u32).any(judged) {
            process.checker.broken(Rule::Possible, "a judged task outlives its batch");
        }
        process.committed_at = process.committed_at.max(self.now.plus_ms(wait_ms));
        process.waiting.push_back(Waiting { entries, calls: calls.clone(), live });
        let (at, life) = (process.committed_at, process.life);
        self.add(at, Happening::Commit { run, life });
        if self.sabotage == Sabotage::ReleaseBeforeCommit {
            self.release(run, calls);
        }
    }

    /// Makes the calls of a batch.
    fn release(&mut self, run: usize, calls: Vec<Call>) {
        for call in calls {
            let (seed, trouble) = (self.scenario.seed, self.trouble());
            let answer_ms_max = if trouble == 0 {
                400.min(self.scenario.answer_ms_max)
            } else {
                self.scenario.answer_ms_max
            };
            let at = self.now.plus_ms(self.random.below(answer_ms_max + 1));
            let life = self.processes[run].life;
            self.released.push(self.now);
            match call {
                Call::Send { task, attempt, .. } => {
                    let times = if self.sabotage == Sabotage::SendTwice { 2 } else { 1 };
                    let mut verdict = None;
                    for _ in 0..times {
                        self.processes[run].checker.sends(task, attempt);
                        verdict = Some(self.server.act(seed, run, task, attempt, trouble));
                    }
                    let verdict = Box::new(verdict.expect("at least one"));
                    self.add(at, Happening::Sent { run, life, task, attempt, verdict });
                }
                Call::Pin { task } => {
                    let result = self.server.show_pin(seed, run, task, trouble);
                    self.add(at, read(run, life, Read::Pin(task, result)));
                }
                Call::Secrets { task, place } => {
                    let source = SecretSource::ALL[usize::from(place)];
                    let result = self.server.show_secrets(seed, run, task, trouble);
                    self.add(at, read(run, life, Read::Secrets(task, source, result)));
                }
                Call::Recheck { task } => {
                    let result = self.server.show_target(seed, run, task, trouble);
                    self.add(at, read(run, life, Read::Recheck(task, result)));
                }
                Call::Note { task, .. } => {
                    let result = self.server.take_note(seed, run, task, trouble);
                    let times = if self.sabotage == Sabotage::SendTwice { 2 } else { 1 };
                    (0..times).for_each(|_| self.processes[run].checker.notes(task, &result));
                    self.add(at, read(run, life, Read::Note(task, result)));
                }
                Call::List { .. } => {
                    let tasks = self.processes[run].facts.len() as u32;
                    let listing = self.server.list(seed, run, tasks, trouble);
                    self.add(at, read(run, life, Read::List(listing)));
                }
                Call::Look { task, .. } => {
                    let now = self.now;
                    self.processes[run].checker.looks(now, task);
                    let sighting = self.server.show(seed, run, task, trouble);
                    self.add(at, Happening::Looked { run, life, task, sighting });
                }
            }
        }
    }

    /// The process leaves in order; somebody resumes the run if that may help.
    fn leave(&mut self, run: usize) {
        let (now, calm_at, sabotage) = (self.now, self.calm_at(), self.sabotage);
        self.return_block(run);
        let process = &mut self.processes[run];
        let Some(engine) = process.engine.take() else { return };
        let live = engine.state().clone();
        let closed = Entry { at: now, event: Event::Closed };
        process.waiting.push_back(Waiting { entries: vec![closed], calls: Vec::new(), live });
        process.write(sabotage);
        process.life += 1;
        process.checker.leaves(&process.replica);
        let is_calm = process.opened_at >= calm_at;
        if is_calm {
            // A pause moves no end.
            let paused_until = process.replica.progress().paused_until;
            let was_paused =
                process.was_paused || paused_until.is_some_and(|until| until > process.opened_at);
            process.checker.leaves_in_calm(&process.replica, was_paused);
        }
        if !is_calm && process.starts < STARTS_MAX {
            let rest_ms = self.random.below(900_000);
            self.add(now.plus_ms(rest_ms), Happening::Start { run });
        } else if !is_calm {
            self.add(now.max(calm_at), Happening::Start { run });
        }
    }
}

fn read(run: usize, life: u32, read: Read) -> Happening {
    Happening::Read { run, life, read: Box::new(read) }
}
