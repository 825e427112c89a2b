//! How long a run goes on.
//!
//! Owns the ends: of sending, of following, of the safety reads. Invariant: a pause moves none of them. Must never
//! record anything.

use crate::engine::calls::Scope;
use crate::engine::state::EngineState;
use crate::model::{StopCause, UnixMillis};

/// How long after the end of the wait looks may leave that were due by then, in milliseconds: timers wake late, and
/// every task that is still followed has its last look then.
const LAST_LOOKS_MS: u64 = 60_000;
/// Longest pause after the end of the wait that these last looks are worth, in milliseconds: a limit that is per second
/// is over by then.
const LAST_PAUSE_MS: u64 = 5_000;
/// How much longer a pause may make the safety reads, in milliseconds: about as long as settling a doubt takes anyway.
/// What a longer one delays is left to a resume.
const SAFETY_PAUSE_MS: u64 = 300_000;

/// The ends of a run, for one moment.
#[derive(Copy, Clone)]
pub(in crate::engine) struct Ends<'a> {
    /// The state of the run.
    pub(in crate::engine) state: &'a EngineState,
    /// What this process does with it.
    pub(in crate::engine) scope: Scope,
    /// When the first look in the queue is due.
    pub(in crate::engine) look_due: Option<UnixMillis>,
    /// When the first safety read in the queue is due.
    pub(in crate::engine) safety_due: Option<UnixMillis>,
    /// When the first note may leave.
    pub(in crate::engine) note_due: Option<UnixMillis>,
}

impl Ends<'_> {
    /// Whether this process may send, as far as stops go.
    pub(in crate::engine) fn may_send(&self) -> bool {
        self.state.stop.is_none() && self.scope == Scope::Whole
    }

    /// Whether anything may still be sent.
    pub(in crate::engine) fn is_sending(&self) -> bool {
        self.may_send() && self.state.sendable() > 0
    }

    /// Whether doubt is settled and PINs are read, in spite of errors and deadlines. Only a stop that ends reading,
    /// or a long pause, leaves them for later.
    pub(in crate::engine) fn may_settle(&self, now: UnixMillis) -> bool {
        let is_open = self.state.stop.as_ref().is_none_or(|(cause, _)| !cause.ends_reading());
        is_open && !self.is_held_up(now)
    }

    /// Whether a pause would keep the process alive for nothing but safety reads, long after everything else has ended.
    fn is_held_up(&self, now: UnixMillis) -> bool {
        let paused_until = self.state.paused_until;
        if now >= paused_until || self.is_sending() {
            return false;
        }
        let due = self.safety_due.unwrap_or(now);
        paused_until > self.wait_ends(now).max(due).plus_ms(SAFETY_PAUSE_MS)
    }

    /// When the next safety read is due, if it still may leave.
    pub(in crate::engine) fn next_safety(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.safety_due.filter(|_| self.may_settle(now))
    }

    /// When the next look is due, if it still may leave.
    pub(in crate::engine) fn next_look(&self, now: UnixMillis) -> Option<UnixMillis> {
        let wait_ends = self.wait_ends(now);
        self.look_due.filter(|at| *at <= wait_ends && self.may_look(now))
    }

    /// Whether looks go on: until the wait is over, and not after a stop other than the end of the time for sending.
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
            && self.look_due.is_some_and(|at| at <= wait_ends)
    }

    /// When following ends: the wait after the last send or after a resume, pauses included.
    pub(in crate::engine) fn wait_ends(&self, now: UnixMillis) -> UnixMillis {
        let wait_ms = self.state.policy.wait_ms;
        match self.gate_ms() {
            Some(gate_ms) => now.plus_ms(wait_ms.max(gate_ms)),
            None => self.state.followed_from.unwrap_or(now).plus_ms(wait_ms),
        }
    }

    /// How long a wave that is judged may wait for its devices, in milliseconds. While another wave is to follow, looks
    /// continue regardless of the wait; the wait begins after the last wave.
    fn gate_ms(&self) -> Option<u64> {
        let rollout = self.state.policy.rollout.as_ref()?;
        (self.may_send() && !self.state.waves.is_last()).then_some(rollout.gate_timeout_ms)
    }

    /// The next moment after `now` at which something may become due. `send` is when the next task is due, `window`
    /// when a window opens or closes.
    pub(in crate::engine) fn next_moment(
        &self,
        now: UnixMillis,
        send: Option<UnixMillis>,
        window: Option<UnixMillis>,
    ) -> Option<UnixMillis> {
        let (look, safety) = (self.next_look(now), self.next_safety(now));
        let deadline = self.is_sending().then_some(self.state.policy.send_until);
        let is_waiting = self.state.following > 0 || self.safety_due.is_some();
        let wait = is_waiting.then(|| self.wait_ends(now).plus_ms(1));
        let last_looks = wait.map(|at| at.plus_ms(LAST_LOOKS_MS));
        [send, look, safety, self.note_due, deadline, wait, last_looks, window]
            .into_iter()
            .flatten()
            .filter(|at| *at > now)
            .min()
    }

    /// Whether nothing is in progress and nothing more will be. `under_way` counts requests without an answer.
    pub(in crate::engine) fn is_done(&self, now: UnixMillis, under_way: u32) -> bool {
        let is_following = match self.scope {
            Scope::OnePass => self.next_look(now).is_some(),
            _ => self.state.following > 0 && self.may_look(now),
        };
        let is_settling = self.next_safety(now).is_some();
        let is_noting = self.note_due.is_some();
        under_way == 0 && !self.is_sending() && !is_following && !is_settling && !is_noting
    }
}
