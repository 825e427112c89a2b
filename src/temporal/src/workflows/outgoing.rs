//! Messages on their way to another workflow, one at a time.
//!
//! Owns their order: the server may deliver two signals in another order than they were sent, so the next one waits for the one before.
//! Must never lose a message: one that was not taken is sent again.

use sortie::model::UnixMillis;

/// How long to wait before a message is sent again, in milliseconds.
const AGAIN_MS: u64 = 5_000;

/// Messages to one workflow.
#[derive(Debug)]
pub(super) struct Outgoing<M> {
    /// Not sent yet.
    waiting: Vec<M>,
    /// Sent, and not known to be taken.
    sent: Vec<M>,
    again_at: Option<UnixMillis>,
}

impl<M: Clone> Outgoing<M> {
    /// Nothing to send.
    pub(super) fn new() -> Self {
        Self { waiting: Vec::new(), sent: Vec::new(), again_at: None }
    }

    /// Adds a message.
    pub(super) fn push(&mut self, message: M) {
        self.waiting.push(message);
    }

    /// The messages to send now, together; `None` while others are on their way or there are none.
    pub(super) fn take(&mut self, now: UnixMillis) -> Option<Vec<M>> {
        let is_waiting = self.again_at.is_some_and(|at| now < at);
        if !self.sent.is_empty() || self.waiting.is_empty() || is_waiting {
            return None;
        }
        self.again_at = None;
        self.sent = std::mem::take(&mut self.waiting);
        Some(self.sent.clone())
    }

    /// The messages that were sent last were taken, or not.
    pub(super) fn ended(&mut self, now: UnixMillis, is_taken: bool) {
        let sent = std::mem::take(&mut self.sent);
        if !is_taken {
            self.waiting.splice(0..0, sent);
            self.again_at = Some(now.plus_ms(AGAIN_MS));
        }
    }

    /// When to send again what was not taken.
    pub(super) fn again_at(&self) -> Option<UnixMillis> {
        self.again_at
    }

    /// Whether everything was taken.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.sent.is_empty()
    }
}
