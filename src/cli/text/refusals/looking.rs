//! What is refused about history and audits, in words.
//!
//! Owns the texts. Must never decide anything.

use super::Words;
use crate::app::HistoryReason;
use crate::cli::text::history::covered;

pub(super) fn history(reason: &HistoryReason) -> Words {
    match reason {
        HistoryReason::NoTask { device, coverage } => Words::new(
            format!("no run ever had a task for '{device}'"),
            "give an id, a serial number, a name or a user's address in full",
        )
        .state(format!("searched {}", covered(coverage))),
        HistoryReason::Incomplete { unreadable } => Words::new(
            format!("the history is not complete: {}", unreadable.join("; ")),
            "check the files, or use the sortie that wrote them",
        ),
    }
}
