//! Repairing what a clock that was far ahead left behind.
//!
//! Owns the one cure: limits that count from a moment in the future count from now. Must never repair anything unasked: if the
//! clock of now is the wrong one, the repair would free what was spent.

use crate::app::Workspace;
use crate::app::consent::{Consent, Question};
use crate::app::operator::Operator;
use crate::app::refusal::Reason;
use crate::drive::{Clock, WallClock};
use crate::journal::Ahead;
use crate::model::UnixMillis;

/// Limits that count from a moment in the future.
#[derive(Clone, Debug)]
pub struct ClockRepair {
    /// What counts from a moment in the future.
    pub ahead: Ahead,
    /// When that was read: the moment from which on it would count.
    pub now: UnixMillis,
}

impl ClockRepair {
    /// What the repair needs.
    #[must_use]
    pub fn question(&self) -> Question {
        Question::of_yes("repairing the clock's limits")
    }
}

impl Workspace {
    /// What counts from a moment in the future; `None` where nothing does.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn prepare_clock_repair(&self) -> Result<Option<ClockRepair>, Reason> {
        let now = WallClock.now();
        let ahead = self.index().ahead_of(now, |run| self.dir.is_sending(run))?;
        Ok(ahead.latest.is_some().then_some(ClockRepair { ahead, now }))
    }

    /// Lets limits that count from a moment in the future count from now. Returns what was changed.
    ///
    /// # Errors
    /// The consent is not enough, or the index cannot be written.
    pub fn repair_clock(&self, repair: &ClockRepair, consent: &Consent) -> Result<Ahead, Reason> {
        repair.question().verify(consent)?;
        let (who, now) = (Operator::current().shown(), WallClock.now());
        let mut index = self.index();
        let ahead = index.bring_back(now, |run| self.dir.is_sending(run))?;
        let body = serde_json::json!({
            "who": who, "runs": ahead.runs, "leases": ahead.leases,
            "latest": ahead.latest.map(|at| at.to_string()),
        });
        index.note(now, "clock_repaired", None, &body)?;
        Ok(ahead)
    }
}
