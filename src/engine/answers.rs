//! The run machine, live: what follows from answers and looks.
//!
//! Owns the consequences of a reply for its task and for the run: pauses, stops, further looks. Must never
//! send anything: it puts tasks back into the queues.

use super::decide::Engine;
use super::task::{Consequence, Impossible, Phase, Wait, consequence};
use crate::model::{
    ApiRefusal, CommandSeen, CommandStatus, Entry, Event, Outcome, Sighting, StopCause, TaskIndex,
    UnixMillis, Verdict,
};

impl Engine {
    /// Takes in what is known after a request.
    ///
    /// # Errors
    /// [`Impossible`] when no such request is under way.
    pub fn answered(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        attempt: u16,
        http_status: Option<u16>,
        verdict: Verdict,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        let event = Event::Answered { task, attempt, http_status, verdict: verdict.clone() };
        self.record(now, event, &mut entries)?;
        if !matches!(verdict, Verdict::NotSent { .. }) {
            self.unreachable_rounds = 0;
        }
        if !matches!(verdict, Verdict::Throttled { .. }) {
            self.throttled_rounds = 0;
        }
        self.conclude(now, task, &verdict, &mut entries)?;
        match self.state.task(task).phase {
            Phase::Following => self.await_end(now, task),
            Phase::Custody(_) => self.take_custody(now, task, &mut entries)?,
            Phase::Doubt => self.seek(now, task),
            _ => {}
        }
        Ok(entries)
    }

    /// Takes in what a look showed.
    ///
    /// # Errors
    /// [`Impossible`] when no look is under way.
    pub fn looked(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        sighting: Sighting,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        self.read_came_back("a look")?;
        self.note_reached(!matches!(sighting, Sighting::Unreachable { .. }));
        if let Sighting::OtherDevice { reason } = &sighting {
            return self.stop(now, StopCause::WrongDevice, reason);
        }
        match self.state.task(task).phase {
            Phase::Following => self.followed(now, task, sighting, &mut entries)?,
            Phase::Doubt => self.sought(now, task, sighting, &mut entries)?,
            _ => {}
        }
        Ok(entries)
    }

    /// Something answered: the next failure to reach it is the first again.
    pub(super) fn note_reached(&mut self, is_reached: bool) {
        if is_reached {
            self.unreachable_rounds = 0;
        }
    }

    pub(super) fn read_came_back(&mut self, what: &'static str) -> Result<(), Impossible> {
        self.reads_under_way = self.reads_under_way.checked_sub(1).ok_or_else(|| Impossible {
            task: u32::MAX,
            event: what,
            phase: "no read under way".to_owned(),
        })?;
        Ok(())
    }

    /// Takes in what a look at a task showed whose device's report is awaited.
    fn followed(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        sighting: Sighting,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let sent_at = self.state.task(task).sent_at;
        match sighting {
            Sighting::Command(command) => {
                let ended_at = command.completed_at;
                // An erased device may never report, and then only its record shows the end.
                if command.status == CommandStatus::Running {
                    self.pages.take_turns(task, self.state.facts[task.at()].trace);
                }
                self.observe(now, task, command, entries)?;
                if self.state.task(task).phase != Phase::Following {
                    self.follow.learn(task, sent_at, ended_at, now);
                }
            }
            Sighting::Proven { evidence: reason } => {
                let event = Event::Settled { task, outcome: Outcome::Completed, reason };
                self.record(now, event, entries)?;
                self.follow.learn(task, sent_at, None, now);
            }
            Sighting::Elsewhere { offset } if self.pages.turn_to(task, offset) => {
                self.await_end_at(now, task);
                return Ok(());
            }
            Sighting::Throttled { retry_after_ms } => {
                self.pause_for_tenant(now, retry_after_ms, "HTTP 429 on a read", entries)?;
                self.await_end_at(now, task);
                return Ok(());
            }
            Sighting::Unreachable { reason } => {
                self.until(now, &Wait::Reachable, &reason, entries)?;
                self.await_end_at(now, task);
                return Ok(());
            }
            Sighting::Unreadable { reason, is_forbidden } => {
                if is_forbidden {
                    self.follow.slow_down(task);
                }
                if self.pages.is_news(task, &reason) {
                    self.record(now, Event::Unseen { task, reason }, entries)?;
                }
            }
            Sighting::Nothing { .. } => {
                let trace = self.state.facts[task.at()].trace;
                if self.pages.take_turns(task, trace) && self.follow.is_one_pass {
                    // Nobody comes back for the other half of this look.
                    self.follow.put(task, now);
                    return Ok(());
                }
            }
            Sighting::Elsewhere { .. } | Sighting::OtherDevice { .. } => {}
        }
        self.pages.rest(task);
        match self.state.task(task).phase {
            Phase::Following => self.await_end(now, task),
            Phase::Custody(_) => self.take_custody(now, task, entries)?,
            _ => self.forget(task),
        }
        Ok(())
    }

    /// Puts the next look at a task into a queue: the urgent one while a PIN depends on it.
    pub(super) fn await_end(&mut self, now: UnixMillis, task: TaskIndex) {
        let lacks_pin = self.state.task(task).lacks_pin(&self.state.facts[task.at()]);
        if !(lacks_pin && self.safety.look_urgently(task, now)) {
            let latest = self.wait_ends(now);
            self.follow.schedule(task, now, latest);
        }
    }

    /// The same for a look at once.
    pub(super) fn await_end_at(&mut self, now: UnixMillis, task: TaskIndex) {
        if self.state.task(task).lacks_pin(&self.state.facts[task.at()]) {
            self.safety.put(task, now);
        } else {
            self.follow.put(task, now);
        }
    }

    /// Forgets a task in all queues.
    pub(super) fn forget(&mut self, task: TaskIndex) {
        self.follow.forget(task);
        self.pages.forget(task);
        self.safety.forget(task);
    }

    /// Records what the history shows of a task, and its end where that follows.
    pub(super) fn observe(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        command: CommandSeen,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let among = match command.candidates {
            0 | 1 => String::new(),
            several => ambiguous(several),
        };
        let settled = match command.status {
            CommandStatus::Completed => Some((Outcome::Completed, among)),
            CommandStatus::Failed if among.is_empty() => {
                Some((Outcome::Failed, command.reason.clone()))
            }
            CommandStatus::Failed => {
                Some((Outcome::Failed, format!("{} ({among})", command.reason)))
            }
            CommandStatus::Pending | CommandStatus::Running | CommandStatus::NotNow => None,
        };
        if self.state.task(task).seen != Some(command.status) {
            self.record(now, Event::Observed { task, command }, entries)?;
        }
        if matches!(self.state.task(task).phase, Phase::Custody(_)) {
            return Ok(());
        }
        if let Some((outcome, reason)) = settled {
            self.record(now, Event::Settled { task, outcome, reason }, entries)?;
        }
        Ok(())
    }

    /// Records what follows from a verdict for its task and for the run.
    pub(super) fn conclude(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        verdict: &Verdict,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let facts = &self.state.facts[task.at()];
        let action = self.state.actions[usize::from(facts.action)].clone();
        let state = self.state.task(task);
        let Some(consequence) = consequence(state, facts, verdict, task, &self.state.policy) else {
            return Ok(());
        };
        let event = match consequence {
            Consequence::Settle(outcome, reason) => Event::Settled { task, outcome, reason },
            Consequence::Doubt(reason) => Event::Doubted { task, reason },
            Consequence::Requeue(wait, reason) => {
                let until = self.until(now, &wait, &reason, entries)?;
                let counted = matches!(wait, Wait::Backoff(_));
                Event::Postponed { task, until, counted, reason }
            }
        };
        self.record(now, event, entries)?;
        match verdict {
            Verdict::Refused { kind: ApiRefusal::Forbidden, reason } => {
                self.record(now, Event::ActionStopped { action, reason: reason.clone() }, entries)
            }
            Verdict::Unknown { ends_run: true, reason, .. } => {
                entries.extend(self.stop(now, StopCause::NotTheApi, reason)?);
                Ok(())
            }
            Verdict::OtherDevice { reason } => {
                entries.extend(self.stop(now, StopCause::WrongDevice, reason)?);
                Ok(())
            }
            Verdict::Unknown { retry_after_ms: Some(wait_ms), reason, .. } => {
                self.pause_for_tenant(now, Some(*wait_ms), reason, entries)
            }
            _ => Ok(()),
        }
    }
}

/// Why nobody can tell which of several commands is the task's.
pub(super) fn ambiguous(candidates: u16) -> String {
    format!("ambiguous match: {candidates} commands fit by type and time")
}
