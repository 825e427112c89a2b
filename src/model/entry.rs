//! The records of the journal.
//!
//! Owns the events of a run. Invariant: they are enough to rebuild the run's state, and the only way to
//! change it. They are a compatibility surface: a kind may be added, none may change its meaning.

use serde::{Deserialize, Serialize};

use super::{
    CommandSeen, NoteResult, Outcome, PinReading, RecordLists, Sealed, Secret, SecretSource,
    SentRequest, TaskIndex, UnixMillis, Verdict, at_rest,
};

/// One record of a run's journal: what happened, and when. Entries are only ever added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was formed.
    pub at: UnixMillis,
    /// What happened.
    pub event: Event,
}

/// What happened in a run. Its serialized form is a compatibility surface; kinds are added, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Event {
    /// A process began to drive the run: its start or a resume. A request that was in progress then has lost
    /// its answer.
    Opened {
        /// Name and version of the program.
        program: String,
    },
    /// A request is about to leave. Committed before it does.
    Intent {
        /// The task.
        task: TaskIndex,
        /// Its how-manyeth request, from 1.
        attempt: u16,
        /// The PIN that was drawn for this request.
        #[serde(default, with = "at_rest::option", skip_serializing_if = "Option::is_none")]
        pin: Option<Sealed>,
        /// What it is; `None` where an older program wrote the entry.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sends: Option<Box<SentRequest>>,
        /// The lists of the record that it builds on, as they were read just before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lists: Option<Box<RecordLists>>,
    },
    /// The request's answer, or its absence, and what it means.
    Answered {
        /// The task.
        task: TaskIndex,
        /// The request.
        attempt: u16,
        /// HTTP status, where there was one.
        http_status: Option<u16>,
        /// What is known.
        verdict: Verdict,
    },
    /// The task goes back to the queue: nothing was applied, or a repetition does no harm.
    Postponed {
        /// The task.
        task: TaskIndex,
        /// Not before this moment.
        until: UnixMillis,
        /// Whether it used up one of the task's retries; waiting for the tenant does not.
        counted: bool,
        /// Why.
        reason: String,
    },
    /// The request may have been applied, and must not be sent again by itself.
    Doubted {
        /// The task.
        task: TaskIndex,
        /// Why.
        reason: String,
    },
    /// A read that was to settle doubt did not show what the request would have left.
    Absent {
        /// The task.
        task: TaskIndex,
        /// What it showed instead.
        evidence: String,
    },
    /// A read showed that the request in doubt was applied.
    Adopted {
        /// The task.
        task: TaskIndex,
        /// What shows it.
        evidence: String,
    },
    /// A person decided about a task in doubt.
    Resolved {
        /// The task.
        task: TaskIndex,
        /// What was decided.
        decision: Decision,
        /// Who decided, and how.
        by: String,
    },
    /// The PIN of a lock was read from the tenant.
    PinRead {
        /// The task.
        task: TaskIndex,
        /// What the read showed.
        reading: PinReading,
    },
    /// Secrets of the device were read before the request that takes them away.
    SecretsRead {
        /// The task.
        task: TaskIndex,
        /// Where they came from.
        source: SecretSource,
        /// What there was; may be nothing.
        secrets: Vec<Secret>,
    },
    /// The device's record was read just before the request, and is what the plan froze.
    Rechecked {
        /// The task.
        task: TaskIndex,
    },
    /// The device's command history showed the command.
    Observed {
        /// The task.
        task: TaskIndex,
        /// What was seen.
        command: CommandSeen,
    },
    /// A read of the device's command history could not be used.
    Unseen {
        /// The task.
        task: TaskIndex,
        /// Why, in the API's words.
        reason: String,
    },
    /// The task has ended. Happens once, but for a lock without PIN whose PIN was recovered later.
    Settled {
        /// The task.
        task: TaskIndex,
        /// How.
        outcome: Outcome,
        /// Why, empty where the outcome says all.
        reason: String,
    },
    /// A note about the device is about to be written. Committed before its request leaves.
    NoteIntended {
        /// The last task of the device that was sent.
        task: TaskIndex,
    },
    /// What came of the request for that note.
    NoteAnswered {
        /// The task.
        task: TaskIndex,
        /// What is known.
        result: NoteResult,
    },
    /// The rest of an action is not sent: the token lacks the permission.
    ActionStopped {
        /// Name of the action.
        action: String,
        /// The API's words.
        reason: String,
    },
    /// Nothing is sent to the tenant before this moment.
    Paused {
        /// The moment.
        until: UnixMillis,
        /// Why.
        reason: String,
    },
    /// The next wave begins.
    WaveBegun {
        /// Its number, from 0.
        wave: u16,
        /// Nothing of it is sent before this moment.
        not_before: UnixMillis,
        /// What became of the wave before.
        reason: String,
    },
    /// A device of a later wave joins the first one, whose devices are silent.
    CanaryAdded {
        /// Number of the device in the run.
        device: u32,
        /// Why.
        reason: String,
    },
    /// The machine slept: targets that were read before are read again.
    Woke {
        /// For how long, in milliseconds.
        slept_ms: u64,
    },
    /// Nothing more is sent in this run; what is in progress is waited for.
    Stopped {
        /// The rule that stopped it.
        cause: StopCause,
        /// For people.
        reason: String,
    },
    /// The process left in order, with nothing in progress.
    Closed,
    /// A person ended the run: nothing more is sent or followed, and outcomes stay as they are.
    Ended {
        /// Who.
        by: String,
    },
}

impl Event {
    /// The word for its kind, the same as in the journal.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Intent { .. } => "intent",
            Self::Answered { .. } => "answered",
            Self::Postponed { .. } => "postponed",
            Self::Doubted { .. } => "doubted",
            Self::Absent { .. } => "absent",
            Self::Adopted { .. } => "adopted",
            Self::Resolved { .. } => "resolved",
            Self::PinRead { .. } => "pin_read",
            Self::SecretsRead { .. } => "secrets_read",
            Self::Rechecked { .. } => "rechecked",
            Self::Observed { .. } => "observed",
            Self::Unseen { .. } => "unseen",
            Self::Settled { .. } => "settled",
            Self::NoteIntended { .. } => "note_intended",
            Self::NoteAnswered { .. } => "note_answered",
            Self::ActionStopped { .. } => "action_stopped",
            Self::WaveBegun { .. } => "wave_begun",
            Self::CanaryAdded { .. } => "canary_added",
            Self::Woke { .. } => "woke",
            Self::Paused { .. } => "paused",
            Self::Stopped { .. } => "stopped",
            Self::Closed => "closed",
            Self::Ended { .. } => "ended",
        }
    }

    /// The same event, with another number for its task: that of a run of which the first one was a part, or the other way
    /// round.
    #[must_use]
    pub fn renumbered(mut self, number: TaskIndex) -> Self {
        match &mut self {
            Self::Intent { task, .. }
            | Self::Answered { task, .. }
            | Self::Postponed { task, .. }
            | Self::Doubted { task, .. }
            | Self::Absent { task, .. }
            | Self::Adopted { task, .. }
            | Self::Resolved { task, .. }
            | Self::PinRead { task, .. }
            | Self::SecretsRead { task, .. }
            | Self::Rechecked { task }
            | Self::Observed { task, .. }
            | Self::Unseen { task, .. }
            | Self::NoteIntended { task }
            | Self::NoteAnswered { task, .. }
            | Self::Settled { task, .. } => *task = number,
            Self::Opened { .. }
            | Self::ActionStopped { .. }
            | Self::WaveBegun { .. }
            | Self::CanaryAdded { .. }
            | Self::Woke { .. }
            | Self::Paused { .. }
            | Self::Stopped { .. }
            | Self::Closed
            | Self::Ended { .. } => {}
        }
        self
    }

    /// The task that the event is about; `None` for those of the whole run.
    #[must_use]
    pub fn task(&self) -> Option<TaskIndex> {
        match self {
            Self::Intent { task, .. }
            | Self::Answered { task, .. }
            | Self::Postponed { task, .. }
            | Self::Doubted { task, .. }
            | Self::Absent { task, .. }
            | Self::Adopted { task, .. }
            | Self::Resolved { task, .. }
            | Self::PinRead { task, .. }
            | Self::SecretsRead { task, .. }
            | Self::Rechecked { task }
            | Self::Observed { task, .. }
            | Self::Unseen { task, .. }
            | Self::NoteIntended { task }
            | Self::NoteAnswered { task, .. }
            | Self::Settled { task, .. } => Some(*task),
            Self::Opened { .. }
            | Self::ActionStopped { .. }
            | Self::WaveBegun { .. }
            | Self::CanaryAdded { .. }
            | Self::Woke { .. }
            | Self::Paused { .. }
            | Self::Stopped { .. }
            | Self::Closed
            | Self::Ended { .. } => None,
        }
    }
}

/// What a person decided about a task in doubt.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// It was applied.
    Done,
    /// It was not applied, and is not to be sent.
    NotDone,
    /// It is to be sent again.
    SendAgain,
}

impl Decision {
    /// The words for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "marked as done",
            Self::NotDone => "marked as not done",
            Self::SendAgain => "marked to be sent again",
        }
    }
}

/// Why a run stopped before its end.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// Ctrl-C.
    Operator,
    /// More errors than tolerated.
    Errors,
    /// 401 on a send.
    Unauthorized,
    /// The address cannot be reached, or does not verify.
    Unreachable,
    /// What answers is not the API: a redirect, a login page.
    NotTheApi,
    /// The time for sending is over.
    Deadline,
    /// The clock of this machine jumped back: deadlines and the hour's log no longer mean anything.
    Clock,
    /// A file `STOP` appeared.
    StopFile,
    /// Too many errors in a row.
    ErrorsInARow,
    /// A Mac was locked and no PIN came with the answer.
    PinMissing,
    /// An answer spoke of another device than was asked for.
    WrongDevice,
    /// The tenant does not know most of the devices that things are sent to.
    WrongTenant,
    /// The first wave did not end well.
    Canary,
    /// A later wave had too many errors of its own.
    Wave,
    /// The window for sending has closed.
    Window,
    /// The policy file was changed into something that cannot be obeyed.
    Policy,
    /// The tenant asks to wait for longer than a process waits.
    Throttled,
}

impl StopCause {
    /// Whether reading ends too: the operator leaves, or what answers cannot be trusted or reached. After
    /// other causes doubt is still settled and PINs are still read.
    #[must_use]
    pub fn ends_reading(self) -> bool {
        matches!(
            self,
            Self::Operator
                | Self::StopFile
                | Self::Unauthorized
                | Self::Unreachable
                | Self::NotTheApi
                | Self::Clock
                | Self::WrongDevice
                | Self::Throttled
        )
    }
}

#[cfg(test)]
mod tests;
