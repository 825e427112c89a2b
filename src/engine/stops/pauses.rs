//! Pauses of the whole tenant.
//!
//! Owns how long nothing leaves, and when that is too long for a process to wait. Invariant: a pause only ever moves
//! forward. Must never record anything: it proposes.
//!
//! A pause, an unreachable host and a 401 use up no retry. The task returns to the queue, and the run pauses or stops as a
//! whole, so that ten thousand rows never fail for one reason.

use crate::engine::proposal::Proposal;
use crate::engine::state::EngineState;
use crate::model::{Event, StopCause, THROTTLED_MS_MIN, UnixMillis};
use crate::pace::breaker_ms;

/// Rounds of pauses in which nothing could be sent before the run stops: with the default delays about three minutes.
const UNREACHABLE_ROUNDS_MAX: u32 = 8;
/// A pause in progress is only prolonged by more than this, in milliseconds: every answer of a crowd asks for a pause a
/// few milliseconds later than the one before.
const PAUSE_SLACK_MS: u64 = 1_000;
/// Longest pause that a process waits for, in milliseconds. The tenant's longest window is one hour; after a longer
/// pause the run is resumed by a new process.
const PAUSE_MS_MAX: u64 = 3_600_000;

/// How often in a row the tenant limited the rate or could not be reached. Volatile: a resume begins anew.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses {
    unreachable_rounds: u32,
    throttled_rounds: u32,
}

impl Pauses {
    /// The tenant was reached: the next failure to reach it is the first again.
    pub(super) fn reached(&mut self) {
        self.unreachable_rounds = 0;
    }

    /// The tenant did not limit the rate: the next time is the first again.
    pub(super) fn not_throttled(&mut self) {
        self.throttled_rounds = 0;
    }

    /// A pause as long as the tenant asks, or by backoff where it does not say. Answers that were in progress together
    /// make one round.
    pub(super) fn for_tenant(
        &mut self,
        now: UnixMillis,
        retry_after_ms: Option<u64>,
        reason: &str,
        state: &EngineState,
    ) -> Vec<Proposal> {
        if retry_after_ms.is_none() && now < state.paused_until {
            return Vec::new();
        }
        self.throttled_rounds += 1;
        let wait_ms = retry_after_ms.unwrap_or_else(|| {
            breaker_ms(&state.policy.retries, self.throttled_rounds).max(THROTTLED_MS_MIN)
        });
        let until = now.plus_ms(wait_ms);
        let pause = pause(now, until, reason, state);
        pause.into_iter().chain(too_long(now, until, reason)).collect()
    }

    /// A pause because the tenant's address cannot be reached, or a stop when that lasts.
    pub(super) fn until_reachable(
        &mut self,
        now: UnixMillis,
        reason: &str,
        state: &EngineState,
    ) -> Option<Proposal> {
        if now < state.paused_until {
            return None;
        }
        self.unreachable_rounds += 1;
        if self.unreachable_rounds > UNREACHABLE_ROUNDS_MAX {
            let (cause, reason) = (StopCause::Unreachable, reason.to_owned());
            return Some(Proposal::Stop { cause, reason });
        }
        let pause_ms = breaker_ms(&state.policy.retries, self.unreachable_rounds);
        pause(now, now.plus_ms(pause_ms), reason, state)
    }
}

/// A pause until a given moment, unless one that is about as long is in force.
pub(super) fn pause(
    now: UnixMillis,
    until: UnixMillis,
    reason: &str,
    state: &EngineState,
) -> Option<Proposal> {
    let slack_ms = if now < state.paused_until { PAUSE_SLACK_MS } else { 0 };
    let is_longer = until > state.paused_until.plus_ms(slack_ms);
    is_longer.then(|| Proposal::Record(Event::Paused { until, reason: reason.to_owned() }))
}

/// A stop where a pause is longer than a process waits.
pub(super) fn too_long(now: UnixMillis, until: UnixMillis, reason: &str) -> Option<Proposal> {
    let is_too_long = until.remaining_ms(now) > PAUSE_MS_MAX;
    is_too_long.then(|| {
        let reason = format!("{reason}; the tenant asks to wait until {until}, more than an hour");
        Proposal::Stop { cause: StopCause::Throttled, reason }
    })
}
