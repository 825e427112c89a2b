//! The state of a run: all its tasks and what holds for all of them.
//!
//! Owns the counts, pauses, stops and the order of steps. Invariant: [`EngineState::apply`] is the only way
//! to change it. Must never decide anything.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::phase::Phase;
use super::progress::Progress;
use super::tally::Tally;
use super::task::{Impossible, TaskState};
use super::waves::Waves;
use crate::model::{
    Decision, Entry, Event, NoteTally, Outcome, PinReading, Policy, Repeat, Sealed, StopCause,
    TaskFacts, TaskIndex, UnixMillis, Verdict,
};

/// The state of a run: what all of its entries add up to. Two programs that apply the same entries have the same state.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineState {
    pub(super) facts: Arc<[TaskFacts]>,
    pub(super) actions: Arc<[String]>,
    pub(super) policy: Policy,
    pub(super) tasks: Vec<TaskState>,
    /// The next step of a device, by the step before it.
    successors: Arc<BTreeMap<TaskIndex, TaskIndex>>,
    /// Tasks that the plan did not leave out. Every decision asks for it, so it is counted once.
    pub(super) planned: u32,
    /// Tasks of each action that are ready.
    pub(super) ready_by_action: Vec<u32>,
    pub(super) action_stopped: Vec<bool>,
    pub(super) in_flight: u32,
    pub(super) following: u32,
    doubts: u32,
    custody: u32,
    settled: u32,
    requests: u64,
    errors: u32,
    /// Errors before the run was last opened, the requests included whose answers were lost with the
    /// process before: resuming is a decision to go on in spite of them.
    errors_forgiven: u32,
    pub(super) tally: Tally,
    /// The notes that were asked of the tenant.
    notes: NoteTally,
    pub(super) waves: Waves,
    pub(super) paused_until: UnixMillis,
    pub(super) paused_because: String,
    pub(super) stop: Option<(StopCause, String)>,
    /// The newest PIN of each lock, to compare what the tenant shows with.
    pub(super) pins: BTreeMap<TaskIndex, Sealed>,
    /// The runs whose locks are in force, where this run found a Mac locked and the state directory knew by whom.
    pub(super) known_from: BTreeMap<TaskIndex, String>,
    /// When the last request was sent or the run was last opened, the later of the two: after a resume, commands are
    /// followed from then on.
    pub(super) followed_from: Option<UnixMillis>,
}

impl EngineState {
    /// A run of which nothing has happened yet. `actions` are the names that the facts' numbers mean.
    #[must_use]
    pub fn new(facts: Arc<[TaskFacts]>, actions: Arc<[String]>, policy: Policy) -> Self {
        let planned = facts.iter().filter(|facts| facts.ended.is_none()).count();
        let mut state = Self {
            planned: u32::try_from(planned).unwrap_or(u32::MAX),
            tasks: facts.iter().map(TaskState::new).collect(),
            successors: Arc::new(
                (0..)
                    .zip(facts.iter())
                    .filter_map(|(at, task)| Some((task.after?.0, TaskIndex(at))))
                    .collect(),
            ),
            tally: Tally::default(),
            notes: NoteTally::default(),
            waves: Waves::new(&facts),
            ready_by_action: vec![0; actions.len()],
            action_stopped: vec![false; actions.len()],
            facts,
            actions,
            policy,
            in_flight: 0,
            following: 0,
            doubts: 0,
            custody: 0,
            settled: 0,
            requests: 0,
            errors: 0,
            errors_forgiven: 0,
            paused_until: UnixMillis(0),
            paused_because: String::new(),
            stop: None,
            pins: BTreeMap::new(),
            known_from: BTreeMap::new(),
            followed_from: None,
        };
        for at in 0..state.tasks.len() {
            state.count(at, true);
        }
        state
    }

    /// A part of a run that has waves up to `last_wave`. Nothing of a wave is sent before the overseer says so, even where
    /// this part has no tasks in the waves before.
    #[must_use]
    pub fn of_part(
        facts: Arc<[TaskFacts]>,
        actions: Arc<[String]>,
        policy: Policy,
        last_wave: u16,
    ) -> Self {
        let mut state = Self::new(Arc::clone(&facts), actions, policy);
        state.waves = Waves::of_part(last_wave, &facts);
        for at in 0..state.tasks.len() {
            state.waves.count_task(&facts[at], &state.tasks[at], true);
        }
        state
    }

    /// Applies one entry. Returns the task that became ready by it, if one did.
    ///
    /// # Errors
    /// [`Impossible`] when it cannot follow the entries before it; the state is unchanged then.
    pub fn apply(&mut self, entry: &Entry) -> Result<Option<TaskIndex>, Impossible> {
        if let Some(task) = entry.event.task() {
            return self.apply_to_task(task, entry);
        }
        match &entry.event {
            Event::Opened { .. } => {
                self.stop = None;
                self.errors_forgiven = self.errors + self.lost_once();
                self.action_stopped.fill(false);
                self.tally = Tally { lost: self.lost_once(), ..Tally::default() };
                let lost = self.tasks.iter().zip(self.facts.iter()).filter(is_lost);
                self.waves.forgive(lost.map(|(_, facts)| facts));
                self.waves.wait_anew(entry.at);
                self.followed_from = self.followed_from.max(Some(entry.at));
            }
            Event::ActionStopped { action, .. } => {
                if let Some(at) = self.actions.iter().position(|name| name == action) {
                    self.action_stopped[at] = true;
                }
            }
            Event::WaveBegun { wave, not_before, .. } => self.waves.begin(*wave, *not_before),
            Event::CanaryAdded { device, .. } => self.add_canary(*device),
            Event::Woke { .. } => {
                for task in &mut self.tasks {
                    task.forget_recheck();
                }
                self.waves.wait_anew(entry.at);
            }
            Event::Paused { until, reason } if *until > self.paused_until => {
                self.paused_until = *until;
                self.paused_because.clone_from(reason);
            }
            Event::Stopped { cause, reason } => self.stop = Some((*cause, reason.clone())),
            _ => {}
        }
        Ok(None)
    }

    fn apply_to_task(
        &mut self,
        task: TaskIndex,
        entry: &Entry,
    ) -> Result<Option<TaskIndex>, Impossible> {
        let at = task.at();
        let (Some(state), Some(facts)) = (self.tasks.get(at), self.facts.get(at)) else {
            return Err(Impossible {
                task: task.0,
                event: "an entry",
                phase: "no such task".to_owned(),
            });
        };
        let was_error = state.phase.is_error();
        let was_taken = state.phase.is_well();
        let mut next = state.clone();
        next.apply(facts, entry.at, &entry.event)?;
        self.count(at, false);
        self.tasks[at] = next;
        self.count(at, true);
        match (was_error, self.tasks[at].phase.is_error()) {
            (false, true) => {
                self.errors += 1;
                self.tally.count_error(&entry.event);
            }
            (true, false) => {
                // It is an error no more, neither of this process nor of those before.
                self.errors -= 1;
                self.waves.note_mended(&self.facts[at]);
                self.errors_forgiven = self.errors_forgiven.saturating_sub(1);
            }
            _ => {}
        }
        if !was_taken && self.tasks[at].phase.is_well() {
            self.tally.errors_in_a_row = 0;
        }
        self.tally.count(&self.facts[at], &entry.event);
        if let Event::NoteAnswered { result, .. } = &entry.event {
            self.notes.count(result);
        }
        if let Event::Intent { .. } = &entry.event {
            self.requests += 1;
            self.followed_from = self.followed_from.max(Some(entry.at));
            self.waves.note_send(&self.facts[at], entry.at);
        }
        if let Some(pin) = pin_of(&entry.event).filter(|_| self.facts[at].has_custody) {
            self.pins.insert(task, pin.clone());
        }
        if let Event::PinRead { reading: PinReading::Known { run, .. }, .. } = &entry.event {
            self.known_from.insert(task, run.clone());
        }
        match &entry.event {
            Event::Postponed { .. } | Event::Resolved { decision: Decision::SendAgain, .. } => {
                Ok(Some(task))
            }
            _ => Ok(self.release_successor(task)),
        }
    }

    /// Puts a device of a later wave into the first one.
    fn add_canary(&mut self, device: u32) {
        let facts = Arc::clone(&self.facts);
        let its = |(_, facts): &(usize, &TaskFacts)| facts.device == device;
        let tasks: Vec<usize> = facts.iter().enumerate().filter(its).map(|(at, _)| at).collect();
        tasks.iter().for_each(|at| self.count(*at, false));
        let planned = tasks.iter().filter(|at| facts[**at].ended.is_none()).count();
        self.waves.add_canary(device, u32::try_from(planned).unwrap_or(u32::MAX));
        tasks.iter().for_each(|at| self.count(*at, true));
    }

    /// Adds or takes off what task `at` contributes to the counts.
    fn count(&mut self, at: usize, is_added: bool) {
        self.waves.count_task(&self.facts[at], &self.tasks[at], is_added);
        let counter = match self.tasks[at].phase {
            Phase::Ready => &mut self.ready_by_action[usize::from(self.facts[at].action)],
            Phase::InFlight => &mut self.in_flight,
            Phase::Following => &mut self.following,
            Phase::Doubt => &mut self.doubts,
            Phase::Custody(_) => &mut self.custody,
            Phase::Settled(_) => &mut self.settled,
            Phase::Blocked | Phase::Judged(_) => return,
        };
        *counter = if is_added { *counter + 1 } else { *counter - 1 };
    }

    /// Makes the next step of the device ready when the end of this one allows it.
    fn release_successor(&mut self, task: TaskIndex) -> Option<TaskIndex> {
        let next = *self.successors.get(&task)?;
        let (_, gate) = self.facts[next.at()].after?;
        let is_open = match &self.tasks[task.at()].phase {
            Phase::Following | Phase::Custody(_) => gate.opens(Outcome::Pending),
            Phase::Settled(outcome) => gate.opens(*outcome),
            _ => false,
        };
        if !is_open || self.tasks[next.at()].phase != Phase::Blocked {
            return None;
        }
        self.count(next.at(), false);
        self.tasks[next.at()].phase = Phase::Ready;
        self.count(next.at(), true);
        Some(next)
    }

    /// Tasks that may still be sent in this run.
    pub(super) fn sendable(&self) -> u32 {
        let stopped = |at: &usize| self.action_stopped[*at];
        (0..self.actions.len()).filter(|at| !stopped(at)).map(|at| self.ready_by_action[at]).sum()
    }

    /// Tasks that come into doubt by the opening of the run, because their answers are lost.
    fn lost_once(&self) -> u32 {
        let lost = self.tasks.iter().zip(self.facts.iter()).filter(is_lost).count();
        u32::try_from(lost).unwrap_or(u32::MAX)
    }

    /// Errors since the run was last opened.
    pub(super) fn errors_unforgiven(&self) -> u32 {
        self.errors.saturating_sub(self.errors_forgiven)
    }

    /// The state of one task.
    #[must_use]
    pub fn task(&self, task: TaskIndex) -> &TaskState {
        &self.tasks[task.at()]
    }

    /// The facts of all tasks, in the order of the plan.
    #[must_use]
    pub fn facts(&self) -> &[TaskFacts] {
        &self.facts
    }

    /// Whether any task may be followed: to its end, to its PIN, or out of a doubt.
    #[must_use]
    pub fn can_follow(&self) -> bool {
        let may_be =
            |facts: &TaskFacts| facts.followed || facts.has_custody || facts.trace.exists();
        self.facts.iter().any(may_be)
    }

    /// The facts of one task.
    pub(super) fn facts_of(&self, task: TaskIndex) -> &TaskFacts {
        &self.facts[task.at()]
    }

    /// Name of the action of a task.
    pub(super) fn action_of(&self, task: TaskIndex) -> &str {
        &self.actions[usize::from(self.facts_of(task).action)]
    }

    /// All tasks, in the order of the plan.
    pub(super) fn indexes(&self) -> impl Iterator<Item = TaskIndex> + use<> {
        (0..).map(TaskIndex).take(self.tasks.len())
    }

    /// Whether a task is a lock of a Mac whose PIN is not known.
    pub(super) fn lacks_pin(&self, task: TaskIndex) -> bool {
        self.task(task).lacks_pin(self.facts_of(task))
    }

    /// The moment from which on a request that put the task in doubt can no longer take effect.
    #[must_use]
    pub fn quarantine_ends(&self, task: TaskIndex) -> UnixMillis {
        self.task(task).doubted_at().plus_ms(self.policy.quarantine_ms)
    }

    /// The rules of the run.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Until when nothing is sent or read, and why; `None` when that is over by `now`.
    #[must_use]
    pub fn pause(&self, now: UnixMillis) -> Option<(UnixMillis, &str)> {
        (now < self.paused_until).then_some((self.paused_until, self.paused_because.as_str()))
    }

    /// How far the run is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        Progress {
            tasks: u32::try_from(self.tasks.len()).unwrap_or(u32::MAX),
            settled: self.settled,
            in_flight: self.in_flight,
            following: self.following + self.custody,
            doubts: self.doubts,
            ready: self.ready_by_action.iter().sum(),
            requests: self.requests,
            errors: self.errors,
            paused_until: Some(self.paused_until).filter(|until| until.0 > 0),
            stop: self.stop.clone(),
            wave: (self.waves.count() > 1).then(|| (self.waves.open() + 1, self.waves.count())),
            paused_because: self.paused_because.clone(),
            wave_wait: self
                .policy
                .rollout
                .as_ref()
                .filter(|_| self.stop.is_none())
                .and_then(|rollout| self.waves.wait(rollout.gate_timeout_ms, &self.action_stopped)),
            ready_in_wave: self.waves.sendable(&self.action_stopped),
            reduced_rate: None,
            follow_until: self.follow_until(),
            notes: self.notes.clone(),
        }
    }

    /// When following ends; `None` where nothing is followed, or where that depends on waves to come.
    fn follow_until(&self) -> Option<UnixMillis> {
        let wait_ms = self.policy.wait_ms;
        let is_known = self.waves.is_last() || self.stop.is_some();
        self.followed_from.filter(|_| wait_ms > 0 && is_known).map(|from| from.plus_ms(wait_ms))
    }
}

/// It comes into doubt by the opening of the run, because its answer is lost.
fn is_lost((task, facts): &(&TaskState, &TaskFacts)) -> bool {
    task.phase == Phase::InFlight && facts.repeat == Repeat::Once
}

/// The PIN in an entry.
fn pin_of(event: &Event) -> Option<&Sealed> {
    match event {
        Event::Answered { verdict: Verdict::Accepted(answer), .. } => answer.usable_pin(),
        Event::PinRead {
            reading: PinReading::Found { pin, .. } | PinReading::Known { pin, .. },
            ..
        } => Some(pin),
        _ => None,
    }
}
