//! How many requests may leave now, and from which queue the next one comes.
//!
//! Owns the grant out of the hour, the rate per second, and the share of looks. It serves sends, looks and safety reads
//! alike, so it belongs to none of these parts. Must never know which task a request is for.

use super::task::Impossible;
use crate::model::UnixMillis;
use crate::pace::PerSecond;

/// One of so many calls is a look when sends and looks are both due: following keeps a fifth.
const CALLS_PER_LOOK: u32 = 5;

/// The queues, the most urgent first.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// Reads that settle doubt and find PINs.
    Safety,
    /// Requests of tasks, and the reads that these need before.
    Send,
    /// Looks for the ends of commands.
    Look,
}

/// Why no request may leave now.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// The grant is used up or has expired.
    NoGrant,
    /// The rate per second is reached until this moment.
    Until(UnixMillis),
}

/// The requests that may leave.
pub(super) struct Allowance {
    pace: PerSecond,
    granted: u32,
    granted_until: UnixMillis,
    calls_since_look: u32,
    reads_under_way: u32,
}

impl Allowance {
    /// No grant yet, and at most `per_second` requests a second.
    pub(super) fn new(per_second: u32) -> Self {
        Self {
            pace: PerSecond::new(per_second),
            granted: 0,
            granted_until: UnixMillis(0),
            calls_since_look: 0,
            reads_under_way: 0,
        }
    }

    /// Replaces the grant.
    pub(super) fn grant(&mut self, count: u32, until: UnixMillis) {
        self.granted = count;
        self.granted_until = until;
    }

    /// Takes what is left of the grant away.
    pub(super) fn surrender(&mut self) -> u32 {
        std::mem::take(&mut self.granted)
    }

    /// Takes one request out of the grant and the second.
    ///
    /// # Errors
    /// [`Denied`] says what to wait for.
    pub(super) fn take(&mut self, now: UnixMillis) -> Result<(), Denied> {
        if self.granted == 0 || now >= self.granted_until {
            return Err(Denied::NoGrant);
        }
        self.pace.take(now).map_err(Denied::Until)?;
        self.granted -= 1;
        Ok(())
    }

    /// Which of the two queues the next call comes from; `None` when nothing is due.
    pub(super) fn lane(&self, is_send_due: bool, is_look_due: bool) -> Option<Lane> {
        match (is_send_due, is_look_due) {
            (true, true) if self.calls_since_look + 1 >= CALLS_PER_LOOK => Some(Lane::Look),
            (true, _) => Some(Lane::Send),
            (false, true) => Some(Lane::Look),
            (false, false) => None,
        }
    }

    /// Counts a call of the queue of sends.
    pub(super) fn count_send(&mut self) {
        self.calls_since_look += 1;
    }

    /// Counts a look or a safety read.
    pub(super) fn count_look(&mut self) {
        self.calls_since_look = 0;
        self.reads_under_way += 1;
    }

    /// Counts a read that a request needs before it is sent.
    pub(super) fn count_preparation(&mut self) {
        self.reads_under_way += 1;
    }

    /// Reads whose answers have not come yet.
    pub(super) fn reads_under_way(&self) -> u32 {
        self.reads_under_way
    }

    /// Counts the answer of a read; `what` names it in the error.
    ///
    /// # Errors
    /// [`Impossible`] when no read is in progress.
    pub(super) fn read_came_back(&mut self, what: &'static str) -> Result<(), Impossible> {
        self.reads_under_way = self.reads_under_way.checked_sub(1).ok_or_else(|| Impossible {
            task: u32::MAX,
            event: what,
            phase: "no read in progress".to_owned(),
        })?;
        Ok(())
    }
}
