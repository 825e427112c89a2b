//! What must hold of any run, judged from outside the engine.
//!
//! Owns the rules. It reads the journal, the calls and the clock, and never the engine's own decisions, so
//! that an engine cannot agree with itself. It goes on after a violation: a control asks for a certain one.

use sortie::engine::{Call, EngineState, Phase, Progress};
use sortie::model::{
    Entry, Event, Gate, NoteResult, Outcome, OutcomeCounts, Policy, Repeat, Risk, StopCause, Task,
    TaskIndex, TaskRecord, Turn, UnixMillis, Verdict,
};
use sortie::pace::HOUR_MS;
use std::collections::{BTreeMap, BTreeSet};

/// The rules, by name.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// One request for one committed intent.
    IntentFirst,
    /// No more calls than were granted, and none after the grant's end.
    Grant,
    /// No 60 minutes hold more calls than the budget.
    Hour,
    /// No second holds more than the rate and its burst.
    Second,
    /// What may have been applied is not sent again, and not applied twice.
    Once,
    /// A task ends once, and nothing happens to it afterwards.
    EndsOnce,
    /// The journal rebuilds the state.
    Replay,
    /// The fold that reports are made from agrees with the state.
    Record,
    /// Outcomes and counts add up to the tasks.
    Sums,
    /// No more requests under way than allowed.
    Concurrency,
    /// Nothing leaves during a pause.
    Pause,
    /// Nothing is sent after a stop, and nothing of a stopped action.
    Stop,
    /// A step waits for the end of the one before that its gate asks for.
    Gate,
    /// The run comes to its end and leaves nothing undone that it could do.
    Finish,
    /// A device gets one note at most, after its end and its intent.
    Note,
    /// Nothing is read for a task in doubt while its request may still be applied.
    Quarantine,
    /// The engine takes everything that really happened.
    Possible,
    /// Nothing of a wave is sent before it was begun, nor before the pause after that is over.
    Wave,
    /// Nothing is sent while a window is closed.
    Window,
    /// What cannot be undone is sent only after its target was read, at most a minute before.
    Recheck,
    /// No minute holds more irreversible requests than allowed.
    Minute,
    /// Nothing is sent after too many errors in a row.
    Row,
}

/// A broken rule.
#[derive(Clone, Debug)]
pub struct Violation {
    pub rule: Rule,
    #[allow(dead_code, reason = "read through Debug, by whoever reads the failed test")]
    pub what: String,
}

/// What is checked of one run.
pub struct RunChecker {
    tasks: Vec<Task>,
    policy: Policy,
    records: Vec<TaskRecord>,
    /// The outcomes that a task has shown: one that the API took may fail at the device later,
    /// after the next step has begun.
    shown: Vec<BTreeSet<Outcome>>,
    doubted_at: Vec<UnixMillis>,
    last_answers: Vec<Option<(u16, Verdict)>>,
    intents: BTreeSet<(TaskIndex, u16)>,
    sent: BTreeSet<(TaskIndex, u16)>,
    note_intents: BTreeSet<TaskIndex>,
    /// Devices that have a note, or may have one.
    noted: BTreeSet<String>,
    paused_until: UnixMillis,
    is_stopped: bool,
    /// Somebody stopped this process, not the time for sending.
    told_to_stop: Option<StopCause>,
    stopped_actions: BTreeSet<String>,
    decided_in_life: Vec<UnixMillis>,
    /// The wave of each device, by its id.
    waves: BTreeMap<String, u16>,
    /// This wave and all before it were begun.
    begun: u16,
    /// Nothing of the wave that was begun last is sent before this moment.
    begun_from: UnixMillis,
    rechecked_at: Vec<Option<UnixMillis>>,
    irreversible_in_life: Vec<UnixMillis>,
    errors_in_a_row: u32,
    /// Their requests left in an earlier life, and their answers are lost.
    lost: BTreeSet<TaskIndex>,
    pub violations: Vec<Violation>,
}

/// How long what was read of a target is good for, and the time in which irreversible requests are counted.
const MINUTE_MS: u64 = 60_000;

impl RunChecker {
    pub fn new(tasks: Vec<Task>, policy: Policy) -> Self {
        let waves =
            tasks.iter().map(|task| (task.device.id.as_str().to_owned(), task.wave)).collect();
        let mut checker = Self {
            records: tasks.iter().map(TaskRecord::new).collect(),
            shown: vec![BTreeSet::new(); tasks.len()],
            doubted_at: vec![UnixMillis(0); tasks.len()],
            last_answers: vec![None; tasks.len()],
            rechecked_at: vec![None; tasks.len()],
            tasks,
            policy,
            intents: BTreeSet::new(),
            sent: BTreeSet::new(),
            note_intents: BTreeSet::new(),
            noted: BTreeSet::new(),
            paused_until: UnixMillis(0),
            is_stopped: false,
            told_to_stop: None,
            stopped_actions: BTreeSet::new(),
            decided_in_life: Vec::new(),
            waves,
            begun: 0,
            begun_from: UnixMillis(0),
            irreversible_in_life: Vec::new(),
            errors_in_a_row: 0,
            lost: BTreeSet::new(),
            violations: Vec::new(),
        };
        checker.pass_empty_waves();
        checker
    }

    /// Waves in which nothing is to be done are over before they begin.
    fn pass_empty_waves(&mut self) {
        let to_do = self.tasks.iter().filter(|task| task.turn == Turn::Do);
        let waves: BTreeSet<u16> = to_do.map(|task| self.wave_of(task)).collect();
        let last = self.tasks.iter().map(|task| task.wave).max().unwrap_or(0);
        while self.begun < last && !waves.contains(&self.begun) {
            self.begun += 1;
        }
    }

    fn wave_of(&self, task: &Task) -> u16 {
        self.waves[task.device.id.as_str()]
    }

    pub fn broken(&mut self, rule: Rule, what: impl Into<String>) {
        self.violations.push(Violation { rule, what: what.into() });
    }

    fn check(&mut self, holds: bool, rule: Rule, what: impl FnOnce() -> String) {
        if !holds {
            self.broken(rule, what());
        }
    }

    /// The process is a new one; its rate per second begins anew.
    pub fn begins(&mut self) {
        self.decided_in_life.clear();
        self.irreversible_in_life.clear();
        self.told_to_stop = None;
    }

    /// Somebody stops the run.
    pub fn is_told_to_stop(&mut self, cause: StopCause) {
        if cause != StopCause::Deadline {
            self.told_to_stop = Some(cause);
        }
    }

    /// The engine wants to make calls. `under_way` counts them all, these included.
    pub fn decides(
        &mut self,
        now: UnixMillis,
        calls: &[Call],
        progress: &Progress,
        under_way: usize,
    ) {
        if calls.is_empty() {
            return;
        }
        let is_send = |call: &Call| matches!(call, Call::Send { .. });
        // Reads for safety go on after too many errors.
        let is_read_only = !calls.iter().any(is_send);
        if let Some(cause) = self.told_to_stop
            && !(cause == StopCause::Errors && is_read_only)
        {
            self.broken(Rule::Stop, format!("a call, though it was told to stop: {cause:?}"));
        }
        let limit = self.policy.concurrency as usize;
        self.check(under_way <= limit, Rule::Concurrency, || format!("{under_way} under way"));
        let paused_until = progress.paused_until.unwrap_or(UnixMillis(0));
        self.check(now >= paused_until, Rule::Pause, || format!("a call at {now} in a pause"));
        match &progress.stop {
            None => {}
            Some((
                StopCause::Deadline
                | StopCause::Errors
                | StopCause::ErrorsInARow
                | StopCause::PinMissing
                | StopCause::WrongTenant
                | StopCause::Canary
                | StopCause::Wave
                | StopCause::Window
                | StopCause::Policy,
                _,
            )) => {
                self.check(!calls.iter().any(is_send), Rule::Stop, || "sent late".to_owned());
            }
            Some((cause, _)) => self.broken(Rule::Stop, format!("a call after a stop: {cause:?}")),
        }
        self.decided_in_life.extend(calls.iter().map(|_| now));
        let since = UnixMillis(now.0 - 999);
        let held = self.decided_in_life.iter().rev().take_while(|at| **at >= since).count();
        let per_second = self.policy.per_second as usize;
        let held_max = per_second + (per_second / 5).max(1);
        self.check(held <= held_max, Rule::Second, || format!("{held} in a second"));
    }

    /// An entry is on disk.
    pub fn commits(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Opened { .. } => {
                self.is_stopped = false;
                self.stopped_actions.clear();
                self.errors_in_a_row = 0;
                let records = (0..).map(TaskIndex).zip(&self.records);
                let lost = records.filter(|(_, record)| record.is_sent_without_answer());
                self.lost = lost.map(|(task, _)| task).collect();
            }
            Event::WaveBegun { wave, .. } => {
                let pause_ms = self.policy.rollout.as_ref().map_or(0, |it| it.pause_ms);
                self.begun = self.begun.max(*wave);
                self.begun_from = entry.at.plus_ms(pause_ms);
                self.pass_empty_waves();
            }
            Event::CanaryAdded { device, .. } => self.adds_canary(*device),
            Event::Stopped { .. } => self.is_stopped = true,
            Event::Paused { until, .. } => self.paused_until = self.paused_until.max(*until),
            Event::ActionStopped { action, .. } => {
                self.stopped_actions.insert(action.clone());
            }
            _ => {}
        }
        let Some(task) = entry.event.task() else { return };
        let is_settled = self.records[task.at()].is_settled();
        // A note about its device follows the end of a task, and is no part of it.
        if let Event::NoteIntended { .. } | Event::NoteAnswered { .. } = entry.event {
            self.check(is_settled, Rule::Note, || format!("{entry:?} before the end"));
            self.note_intents.insert(task);
            return;
        }
        self.check(!is_settled, Rule::EndsOnce, || format!("{entry:?} after the end"));
        match &entry.event {
            Event::Doubted { .. } => self.doubted_at[task.at()] = entry.at,
            Event::Intent { attempt, .. } => self.intends(entry.at, task, *attempt),
            Event::Rechecked { .. } => self.rechecked_at[task.at()] = Some(entry.at),
            Event::Answered { attempt, verdict, .. } => {
                self.last_answers[task.at()] = Some((*attempt, verdict.clone()));
            }
            _ => {}
        }
        let before = self.records[task.at()].clone();
        self.records[task.at()].apply(entry.at, &entry.event);
        self.shown[task.at()].insert(self.records[task.at()].outcome());
        self.counts_errors(task, &before);
    }

    /// A device of a later wave is reached with the first ones.
    fn adds_canary(&mut self, device: u32) {
        // Devices are numbered in the order of their tasks.
        let mut devices: Vec<&str> = Vec::new();
        for task in &self.tasks {
            let id = task.device.id.as_str();
            if !devices.contains(&id) {
                devices.push(id);
            }
        }
        let device = devices[device as usize].to_owned();
        self.waves.insert(device, self.begun);
    }

    /// Counts errors in a row; an answer that was lost with an earlier life is none of this one's.
    fn counts_errors(&mut self, task: TaskIndex, before: &TaskRecord) {
        use Outcome::{Accepted, AlreadyInEffect, Completed, NotNow, Pending};
        let record = &self.records[task.at()];
        let is_error =
            |record: &TaskRecord| record.outcome().is_error() && !record.is_sent_without_answer();
        let is_well = |record: &TaskRecord| {
            matches!(record.outcome(), Completed | Accepted | AlreadyInEffect | Pending | NotNow)
        };
        if is_error(record) && !is_error(before) && !self.lost.remove(&task) {
            self.errors_in_a_row += 1;
        }
        if is_well(record) && !is_well(before) {
            self.errors_in_a_row = 0;
        }
    }

    /// What guards the sending of a task besides its own state.
    fn passes_guards(&mut self, at: UnixMillis, task: TaskIndex, facts: &Task) {
        self.lost.remove(&task);
        let (wave, begun, begun_from) = (self.wave_of(facts), self.begun, self.begun_from);
        self.check(wave <= begun, Rule::Wave, || format!("{task:?} of {wave} in wave {begun}"));
        let is_rested = wave < begun || at >= begun_from;
        self.check(is_rested, Rule::Wave, || format!("{task:?} at {at}, before {begun_from}"));
        let closed = self.policy.windows.iter().find(|window| !is_open(window, at));
        let closed = closed.map(sortie::model::Window::shown);
        self.check(closed.is_none(), Rule::Window, || format!("{task:?} at {at}: {closed:?}"));
        if let Some(most) = self.policy.errors_in_a_row {
            let errors = self.errors_in_a_row;
            self.check(errors < most, Rule::Row, || format!("{task:?} after {errors} errors"));
        }
        if facts.risk != Risk::Irreversible {
            return;
        }
        let read_at = self.rechecked_at[task.at()].take();
        let is_fresh =
            read_at.is_some_and(|read_at| (0..=MINUTE_MS as i64).contains(&at.since(read_at)));
        self.check(is_fresh, Rule::Recheck, || format!("{task:?} at {at}, read at {read_at:?}"));
        self.irreversible_in_life.push(at);
        let most = most_within(&mut self.irreversible_in_life, MINUTE_MS);
        let allowed = self.policy.irreversible_per_minute.unwrap_or(u32::MAX) as usize;
        self.check(most <= allowed, Rule::Minute, || format!("{most} in a minute of {allowed}"));
    }

    fn intends(&mut self, at: UnixMillis, task: TaskIndex, attempt: u16) {
        let facts = self.tasks[task.at()].clone();
        self.check(!self.is_stopped, Rule::Stop, || format!("intent of {task:?} after a stop"));
        let is_action_stopped = self.stopped_actions.contains(&facts.action);
        self.check(!is_action_stopped, Rule::Stop, || format!("{task:?}: its action was stopped"));
        let is_paused = at < self.paused_until;
        self.check(!is_paused, Rule::Pause, || format!("intent of {task:?} in a pause"));
        self.passes_guards(at, task, &facts);
        self.check(facts.turn == Turn::Do, Rule::Gate, || format!("{task:?} was left out"));
        if let Some((before, gate)) = facts.after {
            let shown = self.shown[before.at()].clone();
            let is_open = shown.iter().any(|outcome| opens(gate, *outcome));
            self.check(is_open, Rule::Gate, || format!("{task:?} after {shown:?} at {gate:?}"));
        }
        let is_new = self.intents.insert((task, attempt));
        self.check(is_new, Rule::IntentFirst, || format!("{task:?} intends {attempt} twice"));
        if facts.repeat == Repeat::Once && attempt > 1 {
            let is_known_as_not_applied = match &self.last_answers[task.at()] {
                Some((answered, verdict)) if answered + 1 == attempt => matches!(
                    verdict,
                    Verdict::Refused { .. } | Verdict::Throttled { .. } | Verdict::NotSent { .. }
                ),
                _ => false,
            };
            self.check(is_known_as_not_applied, Rule::Once, || {
                format!("{task:?} is sent again ({attempt}), and the last one may be applied")
            });
        }
    }

    /// A request leaves.
    pub fn sends(&mut self, task: TaskIndex, attempt: u16) {
        let is_committed = self.intents.contains(&(task, attempt));
        self.check(is_committed, Rule::IntentFirst, || {
            format!("{task:?} request {attempt} without an intent on disk")
        });
        let is_first = self.sent.insert((task, attempt));
        self.check(is_first, Rule::IntentFirst, || format!("{task:?} request {attempt} twice"));
    }

    /// The request for a note leaves, and this comes of it.
    pub fn notes(&mut self, task: TaskIndex, result: &NoteResult) {
        let is_committed = self.note_intents.contains(&task);
        self.check(is_committed, Rule::Note, || format!("{task:?} without an intent on disk"));
        let device = self.tasks[task.at()].device.id.as_str().to_owned();
        let is_first = !self.noted.contains(&device);
        self.check(is_first, Rule::Note, || format!("device {device} a second time"));
        if !matches!(result, NoteResult::Later { .. }) {
            self.noted.insert(device);
        }
    }

    /// A look leaves.
    pub fn looks(&mut self, now: UnixMillis, task: TaskIndex) {
        let is_in_doubt = self.records[task.at()].outcome() == Outcome::InDoubt;
        let quarantine_ms = self.policy.quarantine_ms;
        let is_over = now >= self.doubted_at[task.at()].plus_ms(quarantine_ms);
        self.check(!is_in_doubt || is_over, Rule::Quarantine, || format!("{task:?} at {now}"));
    }

    /// A batch is on disk: the state that it leads to, by the journal and as the engine had it.
    pub fn compares(&mut self, replayed: &EngineState, live: &EngineState) {
        self.check(replayed == live, Rule::Replay, || "the journal tells another state".to_owned());
        let mut counts = OutcomeCounts::default();
        let (mut blocked, mut problems) = (0, Vec::new());
        for (index, record) in (0..).map(TaskIndex).zip(&self.records) {
            let outcome = record.outcome();
            counts.add(outcome);
            let state = replayed.task(index);
            let is_same = match &state.phase {
                Phase::Blocked => {
                    blocked += 1;
                    outcome == Outcome::NotAttempted
                }
                Phase::Ready => outcome == Outcome::NotAttempted,
                Phase::InFlight => record.is_sent_without_answer(),
                Phase::Judged(_) => false,
                Phase::Doubt => outcome == Outcome::InDoubt && !record.is_sent_without_answer(),
                Phase::Following | Phase::Custody(_) => {
                    matches!(outcome, Outcome::Pending | Outcome::NotNow)
                }
                Phase::Settled(settled) => outcome == *settled && record.is_settled(),
            };
            if !is_same || record.attempts != state.attempts {
                problems.push(format!("{index:?}: {outcome} in phase {:?}", state.phase));
            }
        }
        self.check(problems.is_empty(), Rule::Record, || problems.join(", "));
        let progress = replayed.progress();
        let told = progress.settled
            + progress.in_flight
            + progress.following
            + progress.doubts
            + progress.ready;
        let tasks = self.tasks.len() as u32;
        let adds_up = told + blocked == tasks && counts.total() == tasks;
        self.check(adds_up && progress.tasks == tasks, Rule::Sums, || format!("{progress:?}"));
        let requests = self.intents.len() as u64;
        self.check(progress.requests == requests, Rule::Sums, || format!("{requests} intents"));
        let errors = counts.iter().filter(|(outcome, _)| outcome.is_error());
        let errors: u32 = errors.map(|(_, count)| count).sum();
        // A request under way counts as doubt only once the process that sent it has ended.
        let is_same = errors == progress.errors + progress.in_flight;
        self.check(is_same, Rule::Sums, || format!("{errors} errors, {progress:?}"));
    }

    /// The process left in order.
    pub fn leaves(&mut self, state: &EngineState) {
        let progress = state.progress();
        self.check(progress.in_flight == 0, Rule::Finish, || "left with requests".to_owned());
        if progress.stop.is_none() {
            for (index, task) in (0..).map(TaskIndex).zip(self.tasks.clone()) {
                let could_be_sent = state.task(index).phase == Phase::Ready
                    && !self.stopped_actions.contains(&task.action);
                self.check(!could_be_sent, Rule::Finish, || format!("{index:?} was left ready"));
            }
        }
    }

    /// The server has answered normally since the run was last begun, at `opened_at`, and it has left.
    pub fn leaves_in_calm(&mut self, state: &EngineState, was_paused: bool) {
        let progress = state.progress();
        let cause = progress.stop.as_ref().map(|(cause, _)| *cause);
        let (has_waves, has_windows) =
            (self.policy.rollout.is_some(), !self.policy.windows.is_empty());
        let is_fine = match cause {
            // A lock without PIN stops a larger run however calm it is.
            None | Some(StopCause::Deadline | StopCause::PinMissing) => true,
            // What failed before may have been all of the first wave.
            Some(StopCause::Canary | StopCause::Wave) => has_waves,
            Some(StopCause::Window) => has_windows,
            Some(_) => false,
        };
        self.check(is_fine, Rule::Finish, || format!("stopped without a cause: {progress:?}"));
        let is_cut_short = matches!(
            cause,
            Some(StopCause::PinMissing | StopCause::Canary | StopCause::Wave | StopCause::Window)
        );
        let may_follow = self.policy.wait_ms >= 60_000 && !was_paused && !is_cut_short;
        let is_followed = !may_follow || progress.following == 0;
        self.check(is_followed, Rule::Finish, || {
            format!("{} commands were never looked at, though all are done", progress.following)
        });
    }
}

fn opens(gate: Gate, outcome: Outcome) -> bool {
    use Outcome::{Accepted, AlreadyInEffect, Completed, NotNow, Pending};
    match gate {
        Gate::Completed => outcome == Completed,
        Gate::GoodEnd => matches!(outcome, Completed | Accepted | AlreadyInEffect),
        Gate::Accepted => {
            matches!(outcome, Completed | Accepted | AlreadyInEffect | Pending | NotNow)
        }
    }
}

/// Whether a window of every day is open, by the clock of UTC.
fn is_open(window: &sortie::model::Window, at: UnixMillis) -> bool {
    let ms = |hour: &str| {
        let (hours, minutes) = hour.split_once(':').expect("HH:MM");
        let number = |text: &str| text.parse::<i64>().expect("digits");
        (number(hours) * 60 + number(minutes)) * 60_000
    };
    let now = at.0.rem_euclid(24 * 3_600_000);
    let shown = window.shown();
    let hours = shown.split(' ').rev().nth(1).and_then(|hours| hours.split_once('-'));
    let (from, to) = hours.expect("FROM-TO before the time zone");
    (ms(from)..ms(to)).contains(&now)
}

/// The most calls that any `window_ms` of these moments holds.
pub fn most_within(moments: &mut [UnixMillis], window_ms: u64) -> usize {
    moments.sort_unstable();
    let mut from = 0;
    let mut most = 0;
    for (at, moment) in moments.iter().enumerate() {
        while moments[from].plus_ms(window_ms) <= *moment {
            from += 1;
        }
        most = most.max(at + 1 - from);
    }
    most
}

/// Judges the hour over all processes. By the moments at which the engines decided, no 60 minutes hold more
/// than the budget. A call leaves when its batch is committed, which no engine can foresee: by the moments
/// of leaving the window is shorter by the longest commit.
pub fn check_hour(
    decided: &mut [UnixMillis],
    released: &mut [UnixMillis],
    commit_ms_max: u64,
    budget: u32,
) -> Option<Violation> {
    let by_decision = most_within(decided, HOUR_MS);
    let by_release = most_within(released, HOUR_MS - commit_ms_max);
    let most = by_decision.max(by_release);
    let what = format!("{most} in an hour of {budget}");
    (most > budget as usize).then_some(Violation { rule: Rule::Hour, what })
}
