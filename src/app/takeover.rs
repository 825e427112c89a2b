//! Tasks that a newer run took over.
//!
//! Owns how the journal of the older run records it. Must never let both send the same.

use crate::model::{Outcome, TaskRecord, Turn};

/// Whether a task was to be done when its plan was made, and another run has taken it over since.
pub(crate) fn taken_over_by<'a>(record: &'a TaskRecord, turn: &Turn) -> Option<&'a str> {
    let is_taken =
        *turn == Turn::Do && record.is_settled() && record.outcome() == Outcome::NotAttempted;
    record.reason.strip_prefix(TAKEN_OVER).filter(|_| is_taken)
}

/// How the reason of a task begins that another run has taken over and this one no longer sends.
pub(crate) const TAKEN_OVER: &str = "taken over by run ";
