//! What the parts of the engine propose, and what they learn from each other through `decide`.
//!
//! Owns these words only. Must never change the state of the run: `decide` does, by recording entries.

use crate::model::{Event, Outcome, StopCause, TaskIndex};

/// Something that a part of the engine wants to happen. Proposals of one list are carried out in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Proposal {
    /// Record an event.
    Record(Event),
    /// Record the end of a task, and remove the task from the queues of all parts.
    End {
        /// The task.
        task: TaskIndex,
        /// How it ended.
        outcome: Outcome,
        /// Why, as the report shows it.
        reason: String,
    },
    /// Stop sending. A stop that is in force already may make this one void.
    Stop {
        /// The cause, which decides what is still read.
        cause: StopCause,
        /// Why, as the report shows it.
        reason: String,
    },
    /// Pause the tenant because it limits the rate.
    PauseForTenant {
        /// How long the tenant asks to wait, in milliseconds; `None` where it does not say.
        retry_after_ms: Option<u64>,
        /// Why, as the report shows it.
        reason: String,
    },
    /// Pause because the tenant's address cannot be reached.
    PauseUntilReachable {
        /// Why, as the report shows it.
        reason: String,
    },
}

impl Proposal {
    /// A pause because a read was answered with HTTP 429.
    pub(super) fn read_throttled(retry_after_ms: Option<u64>) -> Self {
        Self::PauseForTenant { retry_after_ms, reason: "HTTP 429 on a read".to_owned() }
    }
}

/// What is left to read after a read of a task in doubt.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum PageTurn {
    /// Another page of the history, at once.
    NextPage,
    /// The device's record, which shows what the history may not.
    Record,
    /// Nothing.
    Complete,
}
