//! What is judged over a whole run whose parts are driven elsewhere.
//!
//! Owns the waves and the rules of errors of that run: it applies the entries of all parts, and judges them by the same
//! code that a run in one place is judged by. Must never send, and never decide about a single task.

use super::calls::{Ask, OperatorAnswer};
use super::decide::Coordinator;
use super::progress::Progress;
use super::proposal::Proposal;
use super::sends::Sends;
use super::state::EngineState;
use super::task::Impossible;
use crate::model::{Entry, Event, StopCause, UnixMillis};

/// What was judged at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Oversight {
    /// Steps of the waves, and a stop: to be recorded, and to be passed on to every part.
    pub entries: Vec<Entry>,
    /// Whether the parts have to hold their requests back until doubt is settled.
    pub is_held: bool,
    /// To be asked of an operator; the answer goes to [`Overseer::operator_said`].
    pub ask: Option<Ask>,
    /// The judgement may change at this moment without any entry before; `None` where only an entry changes it.
    pub wake_at: Option<UnixMillis>,
}

/// The judge of a run whose parts are driven by engines that are overseen ([`super::Engine::set_overseen`]).
pub struct Overseer {
    run: Coordinator,
}

impl Overseer {
    /// The judge of a run in this `state`, which has all tasks of all parts.
    #[must_use]
    pub fn new(state: EngineState) -> Self {
        Self { run: Coordinator::new(state) }
    }

    /// The state of the whole run, as far as its parts have told.
    #[must_use]
    pub fn state(&self) -> &EngineState {
        &self.run.state
    }

    /// How far the whole run is, as far as its parts have told.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.run.state.progress()
    }

    /// Opens the run.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn open(&mut self, now: UnixMillis, program: &str) -> Result<Vec<Entry>, Impossible> {
        self.run.record(now, Event::Opened { program: program.to_owned() })?;
        Ok(self.run.take_entries())
    }

    /// Takes in an entry of a part, whose task has its number in the whole run.
    ///
    /// # Errors
    /// [`Impossible`] when it cannot follow the entries before it.
    pub fn take(&mut self, entry: &Entry) -> Result<(), Impossible> {
        self.run.state.apply(entry).map(drop)
    }

    /// Judges the whole run at `now`.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn judge(&mut self, now: UnixMillis) -> Result<Oversight, Impossible> {
        let is_sending = self.run.ends(now).is_sending();
        let stop = self.run.stops.check_rules(now, is_sending, &self.run.state);
        self.run.dispose(now, stop)?;
        let gate_at = self.run.check_waves(now)?;
        let deadline = is_sending.then_some(self.run.state.policy.send_until);
        Ok(Oversight {
            is_held: self.run.stops.is_waiting_for_doubt(),
            ask: self.run.sends.take_question(),
            wake_at: [gate_at, deadline].into_iter().flatten().filter(|at| *at > now).min(),
            entries: self.run.take_entries(),
        })
    }

    /// Stops the whole run. What holds for a stop of one engine holds here.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn stop(
        &mut self,
        now: UnixMillis,
        cause: StopCause,
        reason: &str,
    ) -> Result<Vec<Entry>, Impossible> {
        self.run.dispose(now, [Proposal::Stop { cause, reason: reason.to_owned() }])?;
        Ok(self.run.take_entries())
    }

    /// Takes in what an operator said about the next wave.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn operator_said(
        &mut self,
        now: UnixMillis,
        answer: OperatorAnswer,
    ) -> Result<Vec<Entry>, Impossible> {
        if answer == OperatorAnswer::Stop {
            return self.stop(now, StopCause::Operator, "the next wave was not confirmed");
        }
        let step = Sends::confirmed_wave(now, &self.run.state);
        self.run.take_wave_step(now, step)?;
        Ok(self.run.take_entries())
    }
}
