//! The run machine, live: how long a run goes on.
//!
//! Owns the ends: of sending, of following, of the reads for safety. Invariant: a pause moves none of them. Must
//! never record anything.

use super::calls::Scope;
use super::decide::Engine;
use crate::model::{StopCause, UnixMillis};

/// How long after the end of the wait looks may leave that were due by then, in milliseconds: timers wake
/// late, and every task that is still followed has its last look at that moment.
const LAST_LOOKS_MS: u64 = 60_000;
/// Longest pause after the end of the wait that these last looks are worth, in milliseconds: a limit that is per
/// second is over by then.
const LAST_PAUSE_MS: u64 = 5_000;
/// How much longer a pause may make the reads for doubt and PINs, in milliseconds: about as long as settling a doubt
/// takes anyway. What a longer one holds up is left to a resume.
const SAFETY_PAUSE_MS: u64 = 300_000;

impl Engine {
    pub(super) fn may_send(&self) -> bool {
        self.state.stop.is_none() && self.scope == Scope::Whole
    }

    /// Doubt is settled and PINs are read in spite of errors and deadlines: only who leaves, or cannot reach
    /// the tenant, leaves them for later.
    pub(super) fn may_settle(&self, now: UnixMillis) -> bool {
        let is_open = self.state.stop.as_ref().is_none_or(|(cause, _)| !cause.ends_reading());
        is_open && !self.is_held_up(now)
    }

    /// Whether a pause would keep the process alive for nothing but these reads, long after everything else has
    /// ended.
    fn is_held_up(&self, now: UnixMillis) -> bool {
        let paused_until = self.state.paused_until;
        if now >= paused_until || self.is_sending() {
            return false;
        }
        let due = self.safety.next().unwrap_or(now);
        paused_until > self.wait_ends(now).max(due).plus_ms(SAFETY_PAUSE_MS)
    }

    /// Whether anything may still be sent.
    fn is_sending(&self) -> bool {
        self.may_send() && self.state.sendable() > 0
    }

    /// When the next read for safety is due, if it still may leave.
    pub(super) fn next_safety(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.safety.next().filter(|_| self.may_settle(now))
    }

    /// Looks go on until the wait is over, and not after a stop other than the deadline for sending.
    fn may_look(&self, now: UnixMillis) -> bool {
        let is_stopped =
            self.state.stop.as_ref().is_some_and(|(cause, _)| *cause != StopCause::Deadline);
        !is_stopped && (now <= self.wait_ends(now) || self.has_last_look(now))
    }

    /// Whether a look that was due before the wait ended has not left yet.
    fn has_last_look(&self, now: UnixMillis) -> bool {
        let wait_ends = self.wait_ends(now);
        let until = wait_ends.plus_ms(LAST_LOOKS_MS);
        now <= until
            && self.state.paused_until <= wait_ends.plus_ms(LAST_PAUSE_MS)
            && self.follow.next().is_some_and(|at| at <= wait_ends)
    }

    /// When the next look is due, if it still may leave.
    pub(super) fn next_look(&self, now: UnixMillis) -> Option<UnixMillis> {
        let wait_ends = self.wait_ends(now);
        self.follow.next().filter(|at| *at <= wait_ends && self.may_look(now))
    }

    /// When following ends: so long after the last send, or after a resume, whatever is paused meanwhile.
    pub(super) fn wait_ends(&self, now: UnixMillis) -> UnixMillis {
        if let Some(gate_ms) = self.gate_ms() {
            return now.plus_ms(self.state.policy.wait_ms.max(gate_ms));
        }
        self.state.followed_from.unwrap_or(now).plus_ms(self.state.policy.wait_ms)
    }

    /// How long a wave that is judged may wait for its devices: as long as another one is to follow, looks go on,
    /// whatever the wait is; that begins after the last wave.
    fn gate_ms(&self) -> Option<u64> {
        let rollout = self.state.policy.rollout.as_ref()?;
        (self.may_send() && !self.state.waves.is_last()).then_some(rollout.gate_timeout_ms)
    }

    /// The next moment at which something may become due.
    pub(super) fn next_moment(&mut self, now: UnixMillis) -> Option<UnixMillis> {
        let opens_at = self.window_opens(now);
        let send = if self.may_send() { self.next_send(now) } else { None };
        let send = send.map(|at| opens_at.map_or(at, |opens_at| at.max(opens_at)));
        // A window that closes is noticed when it does, even if nothing else happens.
        let window = self.window.filter(|_| self.may_send()).map(|(_, state)| state.changes_at());
        let look = self.next_look(now);
        let safety = self.next_safety(now);
        let deadline = self.is_sending().then_some(self.state.policy.send_until);
        let is_waiting = self.state.following > 0 || !self.safety.is_empty();
        let wait = is_waiting.then(|| self.wait_ends(now).plus_ms(1));
        let last_looks = wait.map(|at| at.plus_ms(LAST_LOOKS_MS));
        [send, look, safety, deadline, wait, last_looks, window]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }

    pub(super) fn is_done(&self, now: UnixMillis) -> bool {
        let is_idle = self.state.in_flight + self.reads_under_way == 0;
        let is_following = match self.scope {
            Scope::OnePass => self.next_look(now).is_some(),
            _ => self.state.following > 0 && self.may_look(now),
        };
        let is_settling = self.may_settle(now) && !self.safety.is_empty();
        is_idle && !self.is_sending() && !is_following && !is_settling
    }
}
