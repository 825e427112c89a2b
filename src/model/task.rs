//! The unit of work and its identity.
//!
//! Owns tasks and their ids. Must never know the names of actions or parameters. How a task is written is in `task_form`.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::task_work::{add_field, add_params};
use super::{
    Carried, DeviceFacts, DeviceId, Outcome, Params, Random, RecordLists, Repeat, SentRequest,
    SharedReason, TaskWork, Trace, UnixMillis,
};

/// The id of a run: its start in UTC and five random letters, so that ids sort by time and a short prefix
/// is enough to name one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl RunId {
    /// The id of the run that starts at `now`, with randomness from `random`.
    #[must_use]
    pub fn new(now: UnixMillis, random: &mut Random) -> Self {
        const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
        let digits: String =
            now.to_string().chars().filter(char::is_ascii_digit).take(14).collect();
        let (day, time) = digits.split_at(digits.len().min(8));
        let tail: String = (0..5)
            .map(|_| char::from(LETTERS[random.below(LETTERS.len() as u64) as usize]))
            .collect();
        Self(format!("{day}-{time}-{tail}"))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The position of a task in its run.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskIndex(pub u32);

impl TaskIndex {
    /// The position as an index into a slice.
    #[must_use]
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// The id of a task: a hash of what it does to which device, so that the same work has the same id. Written as 16
/// hexadecimal digits.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskId(pub u64);

impl TaskId {
    /// Digits of a written id.
    const DIGITS: usize = 16;

    /// Hashes device, step, action and parameters. Of a secret only its presence goes in: a PIN has six
    /// digits, and a hash of it could be turned back.
    #[must_use]
    pub fn new(device: &DeviceId, step: u16, action: &str, params: &Params) -> Self {
        let mut hash = Sha256::new();
        add_field(&mut hash, device.as_str());
        add_field(&mut hash, &step.to_string());
        add_field(&mut hash, action);
        add_params(&mut hash, params);
        let first = hash.finalize().iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte));
        Self(first)
    }

    /// Reads a written id. `None` where it is not what [`TaskId`] writes: 16 digits, letters in lower case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let is_written = text.len() == Self::DIGITS && text.bytes().all(is_digit);
        is_written.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Which end of the step before lets the next step begin.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// The device has reported it done.
    Completed,
    /// The API has taken it.
    Accepted,
    /// It has reached a good end of any kind.
    GoodEnd,
}

impl Gate {
    /// Whether a step with this `outcome` lets the next one begin.
    #[must_use]
    pub fn opens(self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Completed => true,
            Outcome::Accepted | Outcome::AlreadyInEffect => self != Self::Completed,
            // What the API has taken is enough for this gate, finished or not.
            Outcome::Pending | Outcome::NotNow => self == Self::Accepted,
            _ => false,
        }
    }
}

/// Whether a task is to be done at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// It is to be done.
    Do,
    /// The plan left it out.
    Skip {
        /// Which rule did, for people.
        reason: SharedReason,
        /// A flag asked for it; otherwise a filter had selected the device.
        asked: bool,
    },
    /// An earlier run has done it, or its effect is there already: nothing is sent, and that is well.
    Done {
        /// Which run did it, or what shows it, for people.
        reason: SharedReason,
    },
}

impl Turn {
    /// Why it is not to be done; `None` for one that is.
    pub(super) fn reason_mut(&mut self) -> Option<&mut SharedReason> {
        match self {
            Self::Do => None,
            Self::Skip { reason, .. } | Self::Done { reason } => Some(reason),
        }
    }

    /// How a task ended that is not to be done; `None` for one that is.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Do => None,
            Self::Skip { .. } => Some(Outcome::Skipped),
            Self::Done { .. } => Some(Outcome::AlreadyInEffect),
        }
    }
}

/// One action on one device: the unit of work of a run, with an id that follows from its content. Small, so that a million
/// fit: what several tasks have in common they share.
///
/// What it does is read like fields of its own; to change that gives this task work of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// Made from the content.
    pub id: TaskId,
    /// The row of the job, counted from 1 without the header; for a selection the position in it.
    pub row: u32,
    /// The step, from 1.
    pub step: u16,
    /// The wave in which its device is reached, from 0. All steps of a device are in one wave.
    pub wave: u16,
    /// The device, with the facts that the plan checked.
    pub device: Arc<DeviceFacts>,
    /// What is done to it.
    pub work: Arc<TaskWork>,
    /// The task before it on the same device, and which end of that lets this one begin.
    pub after: Option<(TaskIndex, Gate)>,
    /// Whether it is to be done.
    pub turn: Turn,
    /// Columns of the job that the report carries on, in the order of the file.
    pub carried: Carried,
}

impl Deref for Task {
    type Target = TaskWork;

    fn deref(&self) -> &TaskWork {
        &self.work
    }
}

impl DerefMut for Task {
    fn deref_mut(&mut self) -> &mut TaskWork {
        Arc::make_mut(&mut self.work)
    }
}

impl Task {
    /// The facts of its device, to change them: other tasks of the device keep theirs.
    pub fn device_mut(&mut self) -> &mut DeviceFacts {
        Arc::make_mut(&mut self.device)
    }

    /// What the request of this task is, as the intent to send it records it. `lists` are those of the record that it
    /// builds on, where it does.
    #[must_use]
    pub fn sends(&self, lists: Option<&RecordLists>) -> SentRequest {
        self.work.sends(&self.device.id, lists)
    }
}

/// What the engine needs to know of a task; small, so that a million fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFacts {
    /// Number of its action among those of the run.
    pub action: u16,
    /// Whether it may be repeated after doubt.
    pub repeat: Repeat,
    /// Whether its acceptance is followed until the device reports.
    pub followed: bool,
    /// The task before it on the same device.
    pub after: Option<(TaskIndex, Gate)>,
    /// It is done by the answer to a read.
    pub ends_with_answer: bool,
    /// How it ended in the plan already, where it is not to be done.
    pub ended: Option<Outcome>,
    /// Its PIN has to be kept and verified: the lock of a Mac.
    pub has_custody: bool,
    /// A PIN is drawn for each of its requests.
    pub draws_pin: bool,
    /// How many secrets are to be read before it is sent.
    pub captures: u8,
    /// What reading can show whether a request without answer was applied.
    pub trace: Trace,
    /// The wave in which its device is reached.
    pub wave: u16,
    /// Number of its device among those of the run.
    pub device: u32,
    /// The device had checked in not long before the plan: its answer is worth waiting for.
    pub is_awake: bool,
    /// It cannot be undone: these requests leave slowly.
    pub is_irreversible: bool,
    /// Its target is read again just before each send.
    pub is_rechecked: bool,
    /// Its request builds on lists of the record, which are read anew for each send.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub builds_on_lists: bool,
    /// The record shows whether it is done: it is read before a request that may be a repetition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_recorded: bool,
}
