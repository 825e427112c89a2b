//! The unit of work and its identity.
//!
//! Owns tasks, their parameters and ids. Must never know the names of actions or parameters.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

use super::{
    Device, DeviceId, End, Outcome, Platform, Random, Repeat, Risk, Sealed, SecretSource, Trace,
    UnixMillis, at_rest,
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

/// Value of one parameter of an action, with the type that the action table names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamValue {
    /// true or false
    Bool(bool),
    /// a whole number
    Number(u32),
    /// a text
    Text(String),
    /// a PIN
    Secret(#[serde(with = "at_rest")] Sealed),
}

impl ParamValue {
    /// The value as a job file writes it. Exposes a secret: only for requests and reports. One that only the
    /// holders of keys can read is empty.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(value) => value.clone(),
            Self::Secret(value) => value.expose().unwrap_or_default().to_owned(),
        }
    }
}

/// Parameters by API key; a nested key is written with a dot (`ReturnToService.Enabled`).
pub type Params = BTreeMap<String, ParamValue>;

/// The id of a task: a hash of what it does to which device, so that the same work has the same id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub String);

impl TaskId {
    /// Hashes device, step, action and parameters. Of a secret only its presence goes in: a PIN has six
    /// digits, and a hash of it could be turned back.
    #[must_use]
    pub fn new(device: &DeviceId, step: u16, action: &str, params: &Params) -> Self {
        let mut hash = Sha256::new();
        add_field(&mut hash, device.as_str());
        add_field(&mut hash, &step.to_string());
        add_field(&mut hash, action);
        add_params(&mut hash, params);
        let digest = hash.finalize();
        Self(super::hexadecimal(&digest[..8]))
    }
}

fn add_field(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text.as_bytes());
}

/// Of a secret only its presence goes in.
fn add_params(hash: &mut Sha256, params: &Params) {
    for (key, value) in params {
        add_field(hash, key);
        match value {
            ParamValue::Secret(_) => add_field(hash, "secret"),
            plain => add_field(hash, &plain.written()),
        }
    }
}

/// What a request is: recorded with the intent to send it, so that the journal by itself proves what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRequest {
    /// Id of the device.
    pub device: DeviceId,
    /// Name of the action.
    pub action: String,
    /// SHA-256 of the parameters, 64 hexadecimal digits. Of a secret only its presence goes in: pruning or encrypting one
    /// changes nothing.
    pub params: String,
}

impl Task {
    /// What the request of this task is, as the intent to send it records it.
    #[must_use]
    pub fn sends(&self) -> SentRequest {
        let mut hash = Sha256::new();
        add_params(&mut hash, &self.params);
        SentRequest {
            device: self.device.id.clone(),
            action: self.action.clone(),
            params: super::hexadecimal(&hash.finalize()),
        }
    }
}

/// The facts about a device that a plan froze.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceFacts {
    /// The API's id; empty for a skipped row whose device was not found.
    pub id: DeviceId,
    /// Serial number.
    pub serial_number: String,
    /// Device name.
    pub name: String,
    /// Address of the assigned user.
    pub user_email: String,
    /// Name of the assigned user; empty where the inventory does not tell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_name: String,
    /// Platform.
    pub platform: Platform,
    /// Name of its blueprint; empty where the inventory does not tell.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub blueprint: String,
    /// Names of its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its last check-in before the plan, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_check_in: Option<UnixMillis>,
}

impl DeviceFacts {
    /// What a plan freezes of a device.
    #[must_use]
    pub fn of(device: &Device) -> Self {
        Self {
            id: device.id.clone(),
            serial_number: device.serial_number.clone(),
            name: device.name.clone(),
            user_email: device.user_email.clone(),
            user_name: device.user_name.clone(),
            platform: device.platform,
            blueprint: device.blueprint_name.clone(),
            tags: device.tags.clone(),
            last_check_in: device.last_check_in,
        }
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
        reason: String,
        /// A flag asked for it; otherwise a filter had selected the device.
        asked: bool,
    },
    /// An earlier run has done it, or its effect is there already: nothing is sent, and that is well.
    Done {
        /// Which run did it, or what shows it, for people.
        reason: String,
    },
}

impl Turn {
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

/// One action on one device: the unit of work of a run, with an id that follows from its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Made from the content.
    pub id: TaskId,
    /// The row of the job, counted from 1 without the header; for a selection the position in it.
    pub row: u32,
    /// The step, from 1.
    pub step: u16,
    /// The device, with the facts that the plan checked.
    pub device: DeviceFacts,
    /// Name of the action.
    pub action: String,
    /// Parameters of the action.
    pub params: Params,
    /// Risk of the action.
    pub risk: Risk,
    /// Whether it may be repeated after doubt.
    pub repeat: Repeat,
    /// How its end is known on this device.
    pub end: End,
    /// The task before it on the same device, and which end of that lets this one begin.
    pub after: Option<(TaskIndex, Gate)>,
    /// Whether it is to be done.
    pub turn: Turn,
    /// Columns of the job that the report carries on, in the order of the file.
    pub carried: Vec<(String, String)>,
    /// Secrets of the device to read and keep before the request that takes them away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capture: Vec<SecretSource>,
    /// The wave in which its device is reached, from 0. All steps of a device are in one wave.
    #[serde(default, skip_serializing_if = "is_first")]
    pub wave: u16,
}

fn is_first(wave: &u16) -> bool {
    *wave == 0
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
}
