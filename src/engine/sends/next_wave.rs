//! The step from one wave to the next.
//!
//! Owns the question to an operator. What the waves have come to is counted in the state of the run (`waves.rs`). Must
//! never record anything.

use crate::engine::calls::Ask;
use crate::engine::phase::Phase;
use crate::engine::state::EngineState;
use crate::engine::waves::Judgement;
use crate::model::{Event, TaskFacts, TaskIndex, UnixMillis};

/// What has to happen to the waves of a run now.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::engine) enum WaveStep {
    /// Nothing. At this moment that may change without any event before.
    Hold(Option<UnixMillis>),
    /// More tasks are reached.
    Spread {
        /// To be recorded.
        event: Event,
        /// The tasks may be sent from this moment on.
        from: UnixMillis,
    },
    /// The first wave did not end well, for this reason.
    Fail(String),
}

/// The question about the next wave. Volatile: a resume asks again.
#[derive(Clone, Debug, Default)]
pub(super) struct NextWave {
    /// A question that was not passed on yet.
    question: Option<Ask>,
    /// The last wave that was asked about.
    asked_about: u16,
}

impl NextWave {
    /// Takes the question that is to be passed on.
    pub(super) fn take_question(&mut self) -> Option<Ask> {
        self.question.take()
    }

    /// What has to happen at `now`.
    pub(super) fn step(&mut self, now: UnixMillis, state: &EngineState) -> WaveStep {
        let rollout = match &state.policy.rollout {
            Some(rollout) if !state.waves.is_last() => rollout,
            _ => return WaveStep::Hold(None),
        };
        match state.waves.judge(rollout, &state.action_stopped, now) {
            Judgement::Hold(until) => WaveStep::Hold(until.filter(|at| *at > now)),
            Judgement::Open(reason) => begin(now, reason, state),
            Judgement::Replace(reason) => add_canary(now, reason, state),
            Judgement::Fail(reason) => WaveStep::Fail(reason),
            Judgement::Ask(reason) => {
                let wave = state.waves.open() + 1;
                if self.asked_about < wave {
                    self.asked_about = wave;
                    let tasks = state.waves.sendable_next(&state.action_stopped);
                    self.question = Some(Ask { wave, tasks, reason });
                }
                WaveStep::Hold(None)
            }
        }
    }
}

/// Begins the next wave, after the pause between waves.
pub(super) fn begin(now: UnixMillis, reason: String, state: &EngineState) -> WaveStep {
    let pause_ms = state.policy.rollout.as_ref().map_or(0, |rollout| rollout.pause_ms);
    let (wave, not_before) = (state.waves.open() + 1, now.plus_ms(pause_ms));
    WaveStep::Spread { event: Event::WaveBegun { wave, not_before, reason }, from: not_before }
}

/// Puts another device into the first wave, because its devices are silent.
fn add_canary(now: UnixMillis, reason: String, state: &EngineState) -> WaveStep {
    let is_sendable = |(task, facts): &(TaskIndex, &TaskFacts)| {
        state.task(*task).phase == Phase::Ready && !state.action_stopped[usize::from(facts.action)]
    };
    let ready = (0..).map(TaskIndex).zip(state.facts.iter()).filter(is_sendable);
    match state.waves.next_canary(ready) {
        Some(device) => {
            WaveStep::Spread { event: Event::CanaryAdded { device, reason }, from: now }
        }
        None => WaveStep::Fail(format!("{reason}; no other device is left to try")),
    }
}
