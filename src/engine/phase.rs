//! The phases of a task.
//!
//! Owns what they are called, and which of them are errors or go well. Must never know what leads from one to the next.

use crate::model::{Outcome, Verdict};

/// The state of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// It waits for the step before it.
    Blocked,
    /// It may be sent from `due` on.
    Ready,
    /// Its intent is recorded, its answer is not.
    InFlight,
    /// Its answer is recorded, what follows from it is not. Never survives a whole batch.
    Judged(Box<Verdict>),
    /// Its request may have been applied, and no answer says so. Reading what it would have left behind settles it,
    /// or an operator does.
    Doubt,
    /// The API accepted it; the device's report is awaited.
    Following,
    /// Its end is known; the PIN of the locked Mac is still to be read.
    Custody(Outcome),
    /// It has ended.
    Settled(Outcome),
}

impl Phase {
    /// Failed, refused and in doubt.
    pub(super) fn is_error(&self) -> bool {
        match self {
            Self::Doubt => true,
            Self::Settled(outcome) => outcome.is_error(),
            _ => false,
        }
    }

    /// The API has taken it, or it has ended well.
    pub(super) fn is_well(&self) -> bool {
        match self {
            Self::Following | Self::Custody(_) => true,
            Self::Settled(outcome) => {
                matches!(outcome, Outcome::Completed | Outcome::Accepted | Outcome::AlreadyInEffect)
            }
            _ => false,
        }
    }
}
