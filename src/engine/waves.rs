//! Waves: how far a run has spread, and what each wave has come to.
//!
//! Owns the counts of each wave and the judgement whether the next one may begin. Volatile parts are none: all of
//! it follows from entries. Must never send, and never know why a task is in its state.

use super::phase::Phase;
use super::progress::WaveWait;
use super::task::TaskState;
use super::wave_counts::{DeviceCount, WaveCount};
use crate::model::{
    CommandStatus, MaxErrors, Outcome, Rollout, TaskFacts, TaskIndex, UnixMillis, WaveGate,
};

/// Devices that may take the place of a silent one in the first wave. A fleet of which four devices in a row do
/// not answer is asleep, and what is sent to it would act unseen.
const CANARIES_ADDED_MAX: u8 = 3;

/// How far a run has spread.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Waves {
    /// The wave of each device.
    of_device: Vec<u16>,
    /// What the tasks of each device have come to.
    devices: Vec<DeviceCount>,
    counts: Vec<WaveCount>,
    /// The first wave in which anything is to be done.
    first: u16,
    open: u16,
    /// Nothing of the open wave is sent before this moment.
    from: UnixMillis,
    /// When the last request of the open wave was sent.
    sent_at: Option<UnixMillis>,
    canaries_added: u8,
    /// These are the waves of a part of a run: one that is empty here is not empty elsewhere.
    is_part: bool,
}

/// Which wave has too many errors.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Overrun {
    First,
    Later,
}

/// The verdict on the errors of the waves that have begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// They are below their limits.
    Fine,
    /// One has too many errors if what is in doubt is one: that is waited for.
    InDoubt,
    /// One has too many errors.
    Overrun(Overrun, String),
}

/// What is to be done about the next wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// Nothing now. Something may change at this moment without anything happening before.
    Hold(Option<UnixMillis>),
    /// It may begin; the text says what became of the one before.
    Open(String),
    /// A person has to say so first.
    Ask(String),
    /// The first wave is silent: one more device has to try.
    Replace(String),
    /// The first wave did not end well.
    Fail(String),
}

impl Waves {
    /// The waves of a run of which nothing has happened yet.
    pub(super) fn new(facts: &[TaskFacts]) -> Self {
        let last = facts.iter().map(|task| task.wave).max().unwrap_or(0);
        let mut waves = Self::up_to(last, facts);
        waves.skip_empty();
        waves.first = waves.open;
        waves
    }

    /// The waves of a part of a run that has waves up to `last`.
    pub(super) fn of_part(last: u16, facts: &[TaskFacts]) -> Self {
        Self { is_part: true, ..Self::up_to(last, facts) }
    }

    fn up_to(last: u16, facts: &[TaskFacts]) -> Self {
        let devices = facts.iter().map(|task| task.device as usize + 1).max().unwrap_or(0);
        let actions = facts.iter().map(|task| usize::from(task.action) + 1).max().unwrap_or(0);
        let empty = WaveCount { ready: vec![0; actions], ..WaveCount::default() };
        let mut waves = Self {
            of_device: vec![0; devices],
            devices: vec![DeviceCount::default(); devices],
            counts: vec![empty; usize::from(last) + 1],
            first: 0,
            open: 0,
            from: UnixMillis(0),
            sent_at: None,
            canaries_added: 0,
            is_part: false,
        };
        for task in facts {
            waves.of_device[task.device as usize] = task.wave;
        }
        for task in facts.iter().filter(|task| task.ended.is_none()) {
            waves.counts[usize::from(task.wave)].planned += 1;
            waves.devices[task.device as usize].planned += 1;
        }
        waves
    }

    /// Waves in which nothing is to be done are over before they begin.
    fn skip_empty(&mut self) {
        let is_empty = |wave: &Self| wave.counts[usize::from(wave.open)].planned == 0;
        while !self.is_part && is_empty(self) && !self.is_last() {
            self.open += 1;
        }
    }

    /// The wave that is open: it and all before it are sent.
    pub(super) fn open(&self) -> u16 {
        self.open
    }

    /// How many there are.
    pub(super) fn count(&self) -> u16 {
        u16::try_from(self.counts.len()).unwrap_or(u16::MAX)
    }

    /// Whether no wave follows the open one.
    pub(super) fn is_last(&self) -> bool {
        usize::from(self.open) + 1 >= self.counts.len()
    }

    /// The wave of a task's device, from 0.
    pub(super) fn of(&self, task: &TaskFacts) -> u16 {
        self.of_device[task.device as usize]
    }

    /// Whether a task's turn has come, as far as waves go.
    pub(super) fn has_reached(&self, task: &TaskFacts) -> bool {
        self.of(task) <= self.open
    }

    /// Nothing of a task is sent before this moment, as far as waves go.
    pub(super) fn not_before(&self, task: &TaskFacts) -> UnixMillis {
        if self.of(task) == self.open { self.from } else { UnixMillis(0) }
    }

    /// Adds or takes off what a task contributes.
    pub(super) fn count_task(&mut self, facts: &TaskFacts, state: &TaskState, is_added: bool) {
        if facts.ended.is_some() {
            return;
        }
        self.count_device(facts, state, is_added);
        let count = &mut self.counts[usize::from(self.of_device[facts.device as usize])];
        let counter = match &state.phase {
            Phase::Ready => &mut count.ready[usize::from(facts.action)],
            Phase::InFlight | Phase::Judged(_) => &mut count.in_flight,
            Phase::Following | Phase::Custody(_) => {
                let is_asleep = !facts.is_awake || state.seen == Some(CommandStatus::NotNow);
                if is_asleep { &mut count.asleep } else { &mut count.awaited }
            }
            Phase::Doubt => &mut count.errors,
            Phase::Settled(outcome) if outcome.is_error() => &mut count.errors,
            Phase::Blocked | Phase::Settled(_) => return,
        };
        let change = |counter: &mut u32| {
            *counter = if is_added { *counter + 1 } else { counter.saturating_sub(1) };
        };
        change(counter);
        if state.phase == Phase::Doubt {
            change(&mut count.doubts);
        }
        if state.is_sought(facts) {
            change(&mut count.sought);
        }
    }

    /// The same for its device.
    fn count_device(&mut self, facts: &TaskFacts, state: &TaskState, is_added: bool) {
        let wave = self.of_device[facts.device as usize];
        let is_good = match &state.phase {
            Phase::Settled(Outcome::Completed | Outcome::Accepted) => true,
            // That the same is pending already, perhaps on a device that sleeps, proves nothing about this run.
            Phase::Settled(Outcome::AlreadyInEffect) => wave != self.first,
            _ => false,
        };
        let is_taken = is_good || matches!(state.phase, Phase::Following | Phase::Custody(_));
        let device = &mut self.devices[facts.device as usize];
        let count = &mut self.counts[usize::from(wave)];
        for (is_so, of_device, of_wave) in [
            (is_good, &mut device.good, &mut count.good),
            (is_taken, &mut device.taken, &mut count.taken),
        ] {
            if !is_so {
                continue;
            }
            // The last task of the device makes it whole, and the first one that goes unmakes it.
            if is_added {
                *of_device += 1;
                *of_wave += u32::from(*of_device == device.planned);
            } else {
                *of_wave -= u32::from(*of_device == device.planned);
                *of_device -= 1;
            }
        }
    }

    /// The run was opened again, or the machine slept: no device was read meanwhile, so the time of the gate begins
    /// anew.
    pub(super) fn wait_anew(&mut self, at: UnixMillis) {
        self.sent_at = self.sent_at.map(|sent_at| sent_at.max(at));
    }

    /// A task is an error no more.
    pub(super) fn note_mended(&mut self, facts: &TaskFacts) {
        let count = &mut self.counts[usize::from(self.of_device[facts.device as usize])];
        count.forgiven = count.forgiven.saturating_sub(1);
    }

    /// A request of a task was sent.
    pub(super) fn note_send(&mut self, facts: &TaskFacts, at: UnixMillis) {
        if self.of(facts) == self.open {
            self.sent_at = self.sent_at.max(Some(at));
        }
    }

    /// The run was opened again in spite of the errors so far. `lost` are tasks that come into doubt by that.
    pub(super) fn forgive<'a>(&mut self, lost: impl Iterator<Item = &'a TaskFacts>) {
        for count in &mut self.counts {
            count.forgiven = count.errors;
        }
        for facts in lost {
            self.counts[usize::from(self.of_device[facts.device as usize])].forgiven += 1;
        }
    }

    /// The next wave begins.
    pub(super) fn begin(&mut self, wave: u16, not_before: UnixMillis) {
        if usize::from(wave) < self.counts.len() {
            self.from = not_before;
            self.open = self.open.max(wave);
            self.sent_at = None;
            self.skip_empty();
        }
    }

    /// A device joins the first wave. Its tasks are counted there by the caller, after this.
    pub(super) fn add_canary(&mut self, device: u32, planned: u32) {
        let Some(wave) = self.of_device.get_mut(device as usize) else { return };
        let from = usize::from(std::mem::replace(wave, self.open));
        self.counts[from].planned = self.counts[from].planned.saturating_sub(planned);
        self.counts[usize::from(self.open)].planned += planned;
        self.canaries_added = self.canaries_added.saturating_add(1);
        self.sent_at = None;
    }

    /// The verdict on the waves that have begun: whether one has too many errors.
    pub(super) fn standing(&self, max_errors: MaxErrors) -> Standing {
        if self.counts.len() < 2 {
            return Standing::Fine;
        }
        let mut standing = Standing::Fine;
        for wave in 0..=self.open {
            let count = &self.counts[usize::from(wave)];
            let errors = count.errors.saturating_sub(count.forgiven);
            let (overrun, tolerated) = if wave == self.first {
                (Overrun::First, 0)
            } else {
                (Overrun::Later, max_errors.tolerated_in_wave(count.planned))
            };
            if errors <= tolerated {
                continue;
            }
            if errors.saturating_sub(count.sought) <= tolerated {
                standing = Standing::InDoubt;
                continue;
            }
            return Standing::Overrun(overrun, self.overrun_text(wave, errors, tolerated));
        }
        standing
    }

    fn overrun_text(&self, wave: u16, errors: u32, tolerated: u32) -> String {
        let count = &self.counts[usize::from(wave)];
        let doubts = count.doubts.min(errors);
        let (errors, all) = (errors - doubts, count.planned);
        let what = match (errors, doubts) {
            (_, 0) => format!("{errors} of {all} tasks failed (at most {tolerated} may fail)"),
            (0, _) => format!(
                "{doubts} of {all} tasks are in doubt and cannot be settled by reading (at most {tolerated} may fail)"
            ),
            _ => format!(
                "{errors} of {all} tasks failed and {doubts} are in doubt (at most {tolerated} may fail)"
            ),
        };
        format!("wave {}/{}: {what}", wave + 1, self.counts.len())
    }

    /// Whether the next wave may begin. What is left of an action that was stopped delays nothing: it is no longer
    /// sent.
    pub(super) fn judge(
        &self,
        rollout: &Rollout,
        action_stopped: &[bool],
        now: UnixMillis,
    ) -> Judgement {
        let count = &self.counts[usize::from(self.open)];
        let is_canary = self.open == self.first;
        if count.sendable(action_stopped) + count.in_flight > 0 {
            return Judgement::Hold(None);
        }
        let timeout = self.sent_at.map(|at| at.plus_ms(rollout.gate_timeout_ms));
        let is_over = timeout.is_none_or(|at| now >= at);
        let is_taken = rollout.gate == WaveGate::Accepted;
        let good = if is_taken { count.taken } else { count.good };
        // Devices that others have taken the place of have had their time.
        let is_replaced = is_canary && self.canaries_added > 0;
        let is_settled = is_taken || is_replaced || count.awaited == 0;
        if is_canary && good == 0 {
            // A device that is asleep may still wake, and doubt be settled, until the time is over.
            let is_silent = count.awaited + count.asleep + count.doubts > 0;
            return match (is_silent && !is_over, self.canaries_added < CANARIES_ADDED_MAX) {
                (true, _) => Judgement::Hold(timeout),
                (false, true) => Judgement::Replace(self.shown(count)),
                (false, false) => Judgement::Fail(format!(
                    "no device of the first wave succeeded, nor did {CANARIES_ADDED_MAX} replacements ({})",
                    self.shown(count)
                )),
            };
        }
        if !is_settled && !is_over {
            return Judgement::Hold(timeout);
        }
        match rollout.gate {
            WaveGate::Operator => Judgement::Ask(self.shown(count)),
            WaveGate::Settled | WaveGate::Accepted => Judgement::Open(self.shown(count)),
        }
    }

    /// Tasks of the open wave, and of those before it, that may still be sent.
    pub(super) fn sendable(&self, action_stopped: &[bool]) -> u32 {
        let begun = &self.counts[..=usize::from(self.open)];
        begun.iter().map(|count| count.sendable(action_stopped)).sum()
    }

    /// Tasks of the next wave that has any.
    pub(super) fn sendable_next(&self, action_stopped: &[bool]) -> u32 {
        let next = &self.counts[usize::from(self.open) + 1..];
        next.iter()
            .map(|count| count.sendable(action_stopped))
            .find(|tasks| *tasks > 0)
            .unwrap_or(0)
    }

    /// What holds up the open wave or the next one; `None` while the open one is sent.
    pub(super) fn wait(&self, gate_timeout_ms: u64, action_stopped: &[bool]) -> Option<WaveWait> {
        let count = &self.counts[usize::from(self.open)];
        if count.sendable(action_stopped) > 0 {
            return (self.from.0 > 0).then_some(WaveWait::Pause { until: self.from });
        }
        if self.is_last() || count.in_flight > 0 {
            return None;
        }
        let is_silent_canary = self.open == self.first && count.good == 0;
        let silent = if is_silent_canary { count.asleep + count.doubts } else { 0 };
        Some(WaveWait::Devices {
            waiting: count.awaited + silent,
            until: self.sent_at.map(|at| at.plus_ms(gate_timeout_ms)),
        })
    }

    fn shown(&self, count: &WaveCount) -> String {
        let waiting = count.awaited + count.asleep;
        let in_doubt = match count.doubts {
            0 => String::new(),
            doubts => format!(", {doubts} in doubt"),
        };
        format!(
            "wave {}/{}: {} ok, {} failed{in_doubt}, {waiting} pending",
            self.open + 1,
            self.counts.len(),
            count.good,
            count.errors.saturating_sub(count.doubts)
        )
    }

    /// The device of a later wave that may join the first one: one that is awake before one that is not, then of
    /// the earliest wave, then the first. `ready` are the tasks that could be sent.
    pub(super) fn next_canary<'a>(
        &self,
        ready: impl Iterator<Item = (TaskIndex, &'a TaskFacts)>,
    ) -> Option<u32> {
        ready
            .filter(|(_, facts)| !self.has_reached(facts))
            .min_by_key(|(task, facts)| (!facts.is_awake, self.of(facts), *task))
            .map(|(_, facts)| facts.device)
    }
}
