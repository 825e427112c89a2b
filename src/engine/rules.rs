//! The rules that stop a run, judged before anything is sent.
//!
//! Owns their limits and their words. Must never send; what a stop leaves undone is not its affair.

use super::calls::Ask;
use super::decide::Engine;
use super::task::{Impossible, Phase};
use super::waves::{Judgement, Overrun, Standing};
use crate::model::{
    Entry, Event, Outcome, OutsideWindow, Policy, StopCause, TaskIndex, UnixMillis, WindowState,
};

/// Runs of more tasks than this stop at the first lock without a PIN: whoever locks so many has to have them.
const TASKS_WITHOUT_PIN_RULE: u32 = 10;
/// Answers that say "no such device" from which on a wrong tenant is suspected; they also have to be more than
/// half of all.
const NOT_FOUND_MIN: u32 = 3;

impl Engine {
    /// Records a stop where a rule asks for one.
    pub(super) fn check_stop_rules(
        &mut self,
        now: UnixMillis,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        self.is_waiting_for_doubt = false;
        if !self.may_send() || self.state.sendable() == 0 {
            return Ok(());
        }
        if let Some((cause, reason)) = self.broken_rule(now) {
            entries.extend(self.stop(now, cause, &reason)?);
        }
        Ok(())
    }

    fn broken_rule(&mut self, now: UnixMillis) -> Option<(StopCause, String)> {
        let state = &self.state;
        let Policy { max_errors, send_until, errors_in_a_row, outside_window, .. } = &state.policy;
        let tally = &state.tally;
        if tally.locks_without_pin > 0 && state.planned > TASKS_WITHOUT_PIN_RULE {
            let reason =
                "a Mac was locked and the answer brought no PIN of six digits; the rest is not locked"
                    .to_owned();
            return Some((StopCause::PinMissing, reason));
        }
        if tally.not_found >= NOT_FOUND_MIN && tally.not_found * 2 > tally.answers {
            let reason = format!(
                "the tenant does not know {} of the {} devices that were sent to; is it the right tenant?",
                tally.not_found, tally.answers
            );
            return Some((StopCause::WrongTenant, reason));
        }
        match state.waves.standing(*max_errors) {
            Standing::Overrun(Overrun::First, reason) => return Some((StopCause::Canary, reason)),
            Standing::Overrun(Overrun::Later, reason) => return Some((StopCause::Wave, reason)),
            // Nothing is sent until it is settled, so there is nothing that the other errors could stop.
            Standing::InDoubt => self.is_waiting_for_doubt = true,
            Standing::Fine => {
                if let Some(most) = errors_in_a_row.filter(|most| tally.errors_in_a_row >= *most) {
                    let errors = tally.errors_in_a_row;
                    let reason = format!("{errors} errors in a row, and {most} stop the run");
                    return Some((StopCause::ErrorsInARow, reason));
                }
                let tolerated = max_errors.tolerated(state.planned);
                let errors = state.errors_unforgiven();
                if errors > tolerated {
                    let reason = format!("{errors} errors, and at most {tolerated} are tolerated");
                    return Some((StopCause::Errors, reason));
                }
            }
        }
        if now >= *send_until {
            let reason = format!("the time for sending ended at {send_until}");
            return Some((StopCause::Deadline, reason));
        }
        if let Some((until, why)) = state.pause(now).filter(|(until, _)| until >= send_until) {
            let reason = format!("{why}; paused until {until}, and sending ends at {send_until}");
            return Some((StopCause::Deadline, reason));
        }
        if *outside_window == OutsideWindow::Refuse
            && let Some(opens_at) = self.window_opens(now)
        {
            let reason = format!("the window for sending is closed; it opens at {opens_at}");
            return Some((StopCause::Window, reason));
        }
        None
    }

    /// When the windows of the run are all open again; `None` while they are.
    pub(super) fn window_opens(&mut self, now: UnixMillis) -> Option<UnixMillis> {
        let is_known =
            self.window.is_some_and(|(since, state)| since <= now && now < state.changes_at());
        if !is_known {
            self.window = self.state.policy.window_at(now).map(|state| (now, state));
        }
        match self.window {
            Some((_, WindowState::Closed { opens_at })) => Some(opens_at),
            _ => None,
        }
    }

    /// Begins the next wave, or asks, or stops the run, where the one that is open says so. Returns when to look
    /// again.
    pub(super) fn check_waves(
        &mut self,
        now: UnixMillis,
        entries: &mut Vec<Entry>,
    ) -> Result<Option<UnixMillis>, Impossible> {
        while self.may_send() && !self.is_waiting_for_doubt && !self.state.waves.is_last() {
            let Some(rollout) = self.state.policy.rollout.clone() else { return Ok(None) };
            match self.state.waves.judge(&rollout, &self.state.action_stopped, now) {
                Judgement::Hold(until) => return Ok(until.filter(|at| *at > now)),
                Judgement::Ask(reason) => {
                    let wave = self.state.waves.open() + 1;
                    if self.asked_about < wave {
                        self.asked_about = wave;
                        self.ask = Some(Ask { wave, reason });
                    }
                    return Ok(None);
                }
                Judgement::Open(reason) => {
                    self.begin_wave(now, now.plus_ms(rollout.pause_ms), reason, entries)?;
                }
                Judgement::Replace(reason) => self.add_canary(now, reason, entries)?,
                Judgement::Fail(reason) => {
                    entries.extend(self.stop(now, StopCause::Canary, &reason)?);
                }
            }
        }
        Ok(None)
    }

    /// Takes in what a person said about the next wave.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn operator_said(
        &mut self,
        now: UnixMillis,
        answer: OperatorAnswer,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        match answer {
            OperatorAnswer::GoOn => {
                let pause_ms = self.state.policy.rollout.as_ref().map_or(0, |it| it.pause_ms);
                let reason = "a person said so".to_owned();
                self.begin_wave(now, now.plus_ms(pause_ms), reason, &mut entries)?;
            }
            OperatorAnswer::Stop => {
                let reason = "the next wave was not agreed to";
                entries.extend(self.stop(now, StopCause::Operator, reason)?);
            }
        }
        Ok(entries)
    }

    /// Leaves out tasks whose devices are protected: those that could be sent now, and all others when their turn
    /// comes. `tasks` are all of them. What is sent already is not touched.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn protect(
        &mut self,
        now: UnixMillis,
        tasks: &[(TaskIndex, String)],
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.protected = tasks.iter().cloned().collect();
        for (task, _) in tasks {
            if self.state.task(*task).phase == Phase::Ready {
                self.drop_from_queue(*task);
                self.skip_protected(now, *task, &mut entries)?;
            }
        }
        Ok(entries)
    }

    /// Leaves a task out if its device is protected. Says whether it did.
    pub(super) fn skip_protected(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        entries: &mut Vec<Entry>,
    ) -> Result<bool, Impossible> {
        let Some(reason) = self.protected.get(&task) else { return Ok(false) };
        let reason = format!("not sent: {reason}");
        self.slow.give_back(task);
        self.record(now, Event::Settled { task, outcome: Outcome::Skipped, reason }, entries)?;
        Ok(true)
    }

    /// The machine slept. Targets that were read before are read again; windows and deadlines are looked at
    /// before everything that is sent anyway.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn woke(&mut self, now: UnixMillis, slept_ms: u64) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.record(now, Event::Woke { slept_ms }, &mut entries)?;
        Ok(entries)
    }

    fn begin_wave(
        &mut self,
        now: UnixMillis,
        not_before: UnixMillis,
        reason: String,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let wave = self.state.waves.open() + 1;
        self.record(now, Event::WaveBegun { wave, not_before, reason }, entries)?;
        self.queue_reached(not_before);
        Ok(())
    }

    fn add_canary(
        &mut self,
        now: UnixMillis,
        reason: String,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let state = &self.state;
        let is_sendable = |(task, facts): &(TaskIndex, &crate::model::TaskFacts)| {
            state.task(*task).phase == Phase::Ready
                && !state.action_stopped[usize::from(facts.action)]
        };
        let ready = (0..).map(TaskIndex).zip(state.facts.iter()).filter(is_sendable);
        let Some(device) = state.waves.next_canary(ready) else {
            let reason = format!("{reason}; there is no other device to try");
            entries.extend(self.stop(now, StopCause::Canary, &reason)?);
            return Ok(());
        };
        self.record(now, Event::CanaryAdded { device, reason }, entries)?;
        self.queue_reached(now);
        Ok(())
    }
}

/// What a person says about the next wave.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum OperatorAnswer {
    /// It may begin.
    GoOn,
    /// The run ends here.
    Stop,
}
