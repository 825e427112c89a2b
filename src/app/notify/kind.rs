//! The kinds of notices.
//!
//! Owns their words, which profiles, payloads and the outbox share. Must never know how one is worded for people.

use serde::{Deserialize, Serialize};

/// What a notice is about.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// A process left the run: it ended, well or not.
    Finished,
    /// More tasks failed than the channel tolerates.
    Failed,
    /// A task is in doubt, and reading did not settle it.
    Doubt,
    /// A Mac was locked, and no PIN came with the answer.
    PinMissing,
    /// The next wave waits for a person.
    Gate,
    /// The run stopped, and sends nothing more.
    Stopped,
}

impl NoticeKind {
    /// All kinds, in the order of the documents.
    pub const ALL: [Self; 6] =
        [Self::Finished, Self::Failed, Self::Doubt, Self::PinMissing, Self::Gate, Self::Stopped];

    /// The word in profiles, payloads and listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Failed => "failed",
            Self::Doubt => "doubt",
            Self::PinMissing => "pin_missing",
            Self::Gate => "gate",
            Self::Stopped => "stopped",
        }
    }
}
