//! The run machine, live: pauses of the whole tenant.
//!
//! Owns how long nothing leaves, and when that is too long for a process to wait. Invariant: a pause only ever moves
//! forward. Must never send anything.

use super::decide::Engine;
use super::task::{Impossible, Wait};
use crate::model::{Entry, Event, StopCause, THROTTLED_MS_MIN, UnixMillis};
use crate::pace::breaker_ms;

/// Rounds of pauses in which nothing could be sent before the run stops: with the default delays about
/// three minutes.
const UNREACHABLE_ROUNDS_MAX: u32 = 8;
/// A pause under way is only prolonged by more than this: every answer of a crowd asks for a pause of
/// its own, a few milliseconds later than the one before.
const PAUSE_SLACK_MS: u64 = 1_000;
/// Longest pause that a process waits for, in milliseconds: the tenant's longest window is one hour, and who is told
/// to come back later than that does better to come back.
const PAUSE_MS_MAX: u64 = 3_600_000;

impl Engine {
    /// Pauses the whole tenant. A pause only ever moves forward.
    ///
    /// # Errors
    /// [`Impossible`] is a fault of this program.
    pub fn pause(
        &mut self,
        now: UnixMillis,
        until: UnixMillis,
        reason: &str,
    ) -> Result<Vec<Entry>, Impossible> {
        let mut entries = Vec::new();
        let is_pausing = now < self.state.paused_until;
        let slack_ms = if is_pausing { PAUSE_SLACK_MS } else { 0 };
        if until > self.state.paused_until.plus_ms(slack_ms) {
            let event = Event::Paused { until, reason: reason.to_owned() };
            self.record(now, event, &mut entries)?;
        }
        Ok(entries)
    }

    /// Until when a task waits that goes back to the queue; pauses or stops the run where that is why.
    pub(super) fn until(
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
    pub(super) fn pause_for_tenant(
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
        self.check_length(now, now.plus_ms(wait_ms), reason, entries)
    }

    /// Stops a run that was left under a pause which nobody waits for.
    pub(super) fn check_old_pause(
        &mut self,
        now: UnixMillis,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        let (until, reason) = (self.state.paused_until, self.state.paused_because.clone());
        self.check_length(now, until, &reason, entries)
    }

    fn check_length(
        &mut self,
        now: UnixMillis,
        until: UnixMillis,
        reason: &str,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Impossible> {
        if until.remaining_ms(now) > PAUSE_MS_MAX {
            let reason = format!(
                "{reason}; the tenant asks to wait until {until}, which is more than an hour"
            );
            entries.extend(self.stop(now, StopCause::Throttled, &reason)?);
        }
        Ok(())
    }
}
