//! What the run machine asks its shell to do.
//!
//! Owns the shapes of calls and decisions. Must never decide which of them is due.

use serde::{Deserialize, Serialize};

use crate::model::{
    Entry, KnownPin, Outcome, RecordLists, Sealed, TaskIndex, UnixMillis, View, at_rest,
};

/// A request that may leave once the entries of its step are committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// The task's action.
    Send {
        /// The task.
        task: TaskIndex,
        /// Which request of the task this is, from 1.
        attempt: u16,
        /// The PIN that was drawn for it: unencrypted, or encrypted to those who make the request.
        #[serde(default, with = "at_rest::option", skip_serializing_if = "Option::is_none")]
        pin: Option<Sealed>,
        /// The lists of the record that it builds on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lists: Option<Box<RecordLists>>,
    },
    /// A look for its end, or for what it left behind.
    Look {
        /// The task.
        task: TaskIndex,
        /// What is read.
        view: View,
        /// Commands that were queued from this moment on may be its own.
        since: UnixMillis,
        /// The lists that the last request was built on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        lists: Option<Box<RecordLists>>,
    },
    /// A read of the PIN of a lock.
    Pin {
        /// The task.
        task: TaskIndex,
    },
    /// A read of secrets before the request that takes them away.
    Secrets {
        /// The task.
        task: TaskIndex,
        /// Which of the places that the task names.
        place: u8,
    },
    /// A read of the device's record just before a request that depends on it.
    Recheck {
        /// The task.
        task: TaskIndex,
    },
    /// A note about a device whose tasks have ended.
    Note {
        /// The task that the note is recorded with.
        task: TaskIndex,
        /// The actions that were sent to the device, with their ends, in the order of the steps.
        ended: Vec<(String, Outcome)>,
    },
    /// A page of the device list.
    List {
        /// Row to start at.
        offset: u32,
    },
}

impl Call {
    /// The task that the call is made for; `None` for a page of the device list.
    #[must_use]
    pub fn task(&self) -> Option<TaskIndex> {
        match self {
            Self::Send { task, .. }
            | Self::Look { task, .. }
            | Self::Pin { task }
            | Self::Secrets { task, .. }
            | Self::Recheck { task }
            | Self::Note { task, .. } => Some(*task),
            Self::List { .. } => None,
        }
    }

    /// The word that requests are counted under.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Send { .. } => "action",
            Self::Look { .. } => "look",
            Self::Pin { .. } => "pin",
            Self::Secrets { .. } => "secrets",
            Self::Recheck { .. } => "recheck",
            Self::Note { .. } => "note",
            Self::List { .. } => "list",
        }
    }
}

/// A PIN for a request that takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnPin {
    /// The PIN to send, readable in memory only.
    pub clear: Sealed,
    /// To be kept: the same, or encrypted to those who may read it.
    pub kept: Sealed,
}

/// Where PINs are drawn from: never from the run's own randomness, which is in the journal.
pub type PinSource = Box<dyn FnMut() -> DrawnPin + Send>;

/// What the state directory knows of the PIN of a Mac that is locked already. Asked once, when the API has said so; the
/// answer is recorded.
pub type KnownPins = Box<dyn FnMut(TaskIndex) -> Option<KnownPin> + Send>;

/// Takes one of so many places a minute for an irreversible request, over all runs of the host, or says when to try
/// again.
pub type PlaceSource = Box<dyn FnMut(UnixMillis, u32) -> Result<(), UnixMillis> + Send>;

/// What a process does with a run.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Whole,
    /// It follows what was sent, and sends nothing.
    Follow,
    /// It reads each followed task once.
    OnePass,
}

/// A question to an operator before the next wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The wave that would begin, from 0.
    pub wave: u16,
    /// How many tasks it has to send.
    pub tasks: u32,
    /// What became of the one before.
    pub reason: String,
}

/// What a decision leads to: entries to commit, then calls to make.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Effects {
    /// To be committed first, in this order.
    pub entries: Vec<Entry>,
    /// To be made after the commit.
    pub calls: Vec<Call>,
    /// Nothing more becomes due before this moment; `None` where only an answer changes anything.
    pub wake_at: Option<UnixMillis>,
    /// Requests that would leave at once if the hour had them.
    pub want: u32,
    /// To be asked of an operator; the answer goes to [`Engine::operator_said`](super::Engine::operator_said).
    pub ask: Option<Ask>,
    /// Nothing is in progress and nothing more will be.
    pub is_done: bool,
}

/// What an operator says about the next wave.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorAnswer {
    /// The wave may begin.
    GoOn,
    /// The run stops.
    Stop,
}
