//! The run machine, live: what follows from answers and looks.
//!
//! Owns the consequences of a reply for its task and for the run: pauses, stops, further looks. Must never
//! send anything: it puts tasks back into the queues.

use super::decide::Engine;
use super::task::{Consequence, Impossible, Phase, Wait, consequence};
use crate::model::{
    CommandSeen, CommandStatus, Entry, Event, Outcome, Refusal, Sighting, StopCause, TaskIndex,
    UnixMillis, Verdict,
};
use crate::pace::breaker_ms;

/// Rounds of pauses in which nothing could be sent before the run stops: with the default delays about
/// three minutes.
const UNREACHABLE_ROUNDS_MAX: u32 = 8;
/// Shortest pause after a refusal for haste that names no time, in milliseconds.
const THROTTLED_MS_MIN: u64 = 1_000;

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
        if self.state.task(task).phase == Phase::Following {
            self.looks.schedule(task, now, self.wait_ends(now));
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
        self.looks_under_way = self.looks_under_way.checked_sub(1).ok_or_else(|| Impossible {
            task: task.0,
            event: "a look",
            phase: "no look under way".to_owned(),
        })?;
        if self.state.task(task).phase != Phase::Following {
            return Ok(entries);
        }
        let latest = self.wait_ends(now);
        match sighting {
            Sighting::Command(command) => self.observe(now, task, command, &mut entries)?,
            Sighting::Proven { evidence: reason } => {
                let event = Event::Settled { task, outcome: Outcome::Completed, reason };
                self.record(now, event, &mut entries)?;
            }
            Sighting::Elsewhere { offset } => {
                self.looks.schedule_page(task, offset, now, latest);
                return Ok(entries);
            }
            Sighting::Throttled { retry_after_ms } => {
                self.pause_for_tenant(now, retry_after_ms, "HTTP 429 on a read", &mut entries)?;
            }
            Sighting::Unreadable { reason, .. } if self.looks.is_news(task, &reason) => {
                self.record(now, Event::Unseen { task, reason }, &mut entries)?;
            }
            Sighting::Nothing { .. } | Sighting::Unreadable { .. } => {}
        }
        match self.state.task(task).phase {
            Phase::Following => self.looks.schedule(task, now, latest),
            _ => self.looks.forget(task),
        }
        Ok(entries)
    }

    fn observe(
        &mut self,
        now: UnixMillis,
        task: TaskIndex,
        command: CommandSeen,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let among = match command.candidates {
            0 | 1 => String::new(),
            several => format!("ambiguous match: {several} commands fit by type and time"),
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
            Verdict::Refused { kind: Refusal::Forbidden, reason } => {
                self.record(now, Event::ActionStopped { action, reason: reason.clone() }, entries)
            }
            Verdict::Unknown { ends_run: true, reason, .. } => {
                entries.extend(self.stop(now, StopCause::NotTheApi, reason)?);
                Ok(())
            }
            Verdict::Unknown { retry_after_ms: Some(wait_ms), reason, .. } => {
                self.pause_for_tenant(now, Some(*wait_ms), reason, entries)
            }
            _ => Ok(()),
        }
    }

    /// Until when a task waits that goes back to the queue; pauses or stops the run where that is why.
    fn until(
        &mut self,
        now: UnixMillis,
        wait: &Wait,
        reason: &str,
        entries: &mut Vec<Entry>,
    ) -> Result<UnixMillis, Impossible> {
        match wait {
            Wait::Backoff(delay_ms) => return Ok(now.plus_ms(*delay_ms)),
            Wait::Tenant(retry_after_ms) => {
                self.pause_for_tenant(now, *retry_after_ms, reason, entries)?;
            }
            Wait::Reachable if now >= self.state.paused_until => {
                self.unreachable_rounds += 1;
                if self.unreachable_rounds > UNREACHABLE_ROUNDS_MAX {
                    entries.extend(self.stop(now, StopCause::Unreachable, reason)?);
                } else {
                    let pause_ms = breaker_ms(&self.state.policy.retries, self.unreachable_rounds);
                    entries.extend(self.pause(now, now.plus_ms(pause_ms), reason)?);
                }
            }
            Wait::Reachable => {}
            Wait::Resume(cause) => entries.extend(self.stop(now, *cause, reason)?),
        }
        Ok(now)
    }

    /// Pauses as long as the tenant asks, or by backoff where it does not say. Answers that were under way
    /// together make one round.
    fn pause_for_tenant(
        &mut self,
        now: UnixMillis,
        retry_after_ms: Option<u64>,
        reason: &str,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        if retry_after_ms.is_none() && now < self.state.paused_until {
            return Ok(());
        }
        self.throttled_rounds += 1;
        let wait_ms = retry_after_ms.unwrap_or_else(|| {
            breaker_ms(&self.state.policy.retries, self.throttled_rounds).max(THROTTLED_MS_MIN)
        });
        entries.extend(self.pause(now, now.plus_ms(wait_ms), reason)?);
        Ok(())
    }
}
