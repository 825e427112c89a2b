//! What workflows, activities and clients tell each other.
//!
//! Owns these shapes. They are in the histories of runs in progress, so a field may be added with a default and none may change its
//! meaning. Must never hold a secret that is not encrypted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sortie::app::{CallPlace, CallTime, HostAnswer, PinPair};
use sortie::engine::{Call, OperatorAnswer};
use sortie::journal::RunHeader;
use sortie::model::{Entry, Policy, Sighting, StopCause, Task, TaskFacts, TaskIndex, UnixMillis};

/// A shard: up to 100 tasks of one tenant, all tasks of a device in one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShardInput {
    /// Id of the workflow of its section.
    pub section: String,
    /// Id of the workflow that keeps the tenant's quota.
    pub quota: String,
    /// Its number in the section.
    pub number: u32,
    /// The tenant, as people know it: fairness among tenants is by this name.
    pub tenant: String,
    /// What every call needs to know.
    pub place: CallPlace,
    /// The rules of the run.
    pub policy: Policy,
    /// Name and version of the program, for the records.
    pub program: String,
    /// Its tasks, in the order of the plan.
    pub tasks: Vec<Task>,
    /// The number of each task in the section.
    pub numbers: Vec<TaskIndex>,
    /// What the engine needs to know of each task, with the numbers of the section.
    pub facts: Vec<TaskFacts>,
    /// The names of actions that the facts' numbers mean.
    pub actions: Vec<String>,
    /// Public key of the workers, where a PIN is drawn for a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_key: Option<String>,
    /// The last wave of the section, from 0.
    pub last_wave: u16,
    /// Tasks of the whole section: the more there are, the less often each is polled.
    pub section_tasks: u32,
}

/// A section: the part of a run that is on one tenant.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SectionInput {
    /// What the run is.
    pub header: RunHeader,
    /// Ids of the workflows of its shards.
    pub shards: Vec<String>,
    /// Number of tasks.
    pub tasks: u32,
    /// The names of actions that the facts' numbers mean.
    pub actions: Vec<String>,
    /// Name and version of the program, for the records.
    pub program: String,
}

/// What a shard or a client tells a section.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionMessage {
    /// A shard is there.
    Joined {
        /// Its number.
        shard: u32,
        /// The numbers of its tasks.
        numbers: Vec<TaskIndex>,
        /// What the engine needs to know of them.
        facts: Vec<TaskFacts>,
    },
    /// What happened in a shard, with the numbers of the section.
    Told {
        /// The entries, in order.
        entries: Vec<Entry>,
    },
    /// Nothing more comes from a shard.
    Left {
        /// Its number.
        shard: u32,
    },
    /// The run is to stop.
    Stop {
        /// Why, for programs.
        cause: StopCause,
        /// Why, for people.
        reason: String,
    },
    /// What an operator said about the next wave.
    Said {
        /// The answer.
        answer: OperatorAnswer,
    },
}

/// What a section or the quota tells a shard.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShardOrder {
    /// All shards are there: sending may begin.
    Begin,
    /// Something holds for the whole run from now on.
    Overseen {
        /// The decisions, in order.
        entries: Vec<Entry>,
    },
    /// Requests are held back, or released.
    Hold {
        /// Whether they are.
        is_held: bool,
    },
    /// Requests may leave.
    Granted(Granted),
    /// Another shard was told by the tenant to wait.
    TenantPaused {
        /// Until when.
        until: UnixMillis,
        /// Why.
        reason: String,
    },
}

/// Places for requests in the tenant's seconds and hour.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// Number of requests.
    pub requests: u32,
    /// The moment of the first one.
    pub first_at: UnixMillis,
    /// From each to the next, in microseconds.
    pub every_us: u64,
    /// How many of them may be irreversible.
    pub irreversible: u32,
    /// They must have left by this moment.
    pub until: UnixMillis,
}

/// What a shard or a client tells the keeper of a tenant's quota.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaMessage {
    /// A run begins: these shards will ask.
    Register {
        /// Ids of their workflows.
        shards: Vec<String>,
        /// Requests an hour that the run may use.
        per_hour: u32,
        /// Requests a second.
        per_second: u32,
        /// Irreversible requests a minute; `None` for any number.
        irreversible_per_minute: Option<u32>,
    },
    /// A shard wants to send.
    Want {
        /// Id of its workflow.
        shard: String,
        /// Requests.
        requests: u32,
        /// Irreversible ones among them.
        irreversible: u32,
    },
    /// A shard polls without asking for each request.
    Polls {
        /// Id of its workflow.
        shard: String,
        /// Requests an hour that its polls take.
        per_hour: u32,
    },
    /// The tenant told a shard to wait.
    Pause {
        /// Id of its workflow.
        shard: String,
        /// Until when.
        until: UnixMillis,
        /// Why.
        reason: String,
    },
    /// A shard asks no more.
    Left {
        /// Id of its workflow.
        shard: String,
    },
}

/// A call, for the worker that makes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CallRequest {
    /// The tenant.
    pub place: CallPlace,
    /// The task that it is about.
    pub task: Task,
    /// The call. Its task's number means nothing to the worker.
    pub call: Call,
    /// When it may leave.
    pub time: CallTime,
    /// How far the tenant's clock is ahead, in milliseconds.
    pub skew_ms: i64,
}

/// What became of a call on its worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallResult {
    /// It was made, or the worker says why not.
    Ended(Box<HostAnswer>),
    /// It was not made: its place in the quota had passed.
    Late,
}

/// A look that is repeated until it shows something new.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PollRequest {
    /// The look.
    pub request: CallRequest,
    /// What the look before showed.
    pub known: Option<Sighting>,
    /// From one look to the next, in milliseconds.
    pub every_ms: u64,
}

/// PINs to be drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrawRequest {
    /// How many.
    pub count: u32,
    /// Public key of the workers.
    pub worker_key: String,
    /// Public keys of the run.
    pub encrypt_to: Vec<String>,
}

/// The PINs that were drawn.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DrawnPins {
    /// One for each request that takes one.
    pub pins: Vec<PinPair>,
}

/// How far a section is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SectionProgress {
    /// All tasks.
    pub tasks: u32,
    /// Tasks that have ended.
    pub settled: u32,
    /// Tasks whose command is followed.
    pub following: u32,
    /// Tasks in doubt.
    pub doubts: u32,
    /// Tasks that may still be sent.
    pub ready: u32,
    /// Failed, refused and in doubt.
    pub errors: u32,
    /// The wave that is sent, from 1, and how many there are.
    pub wave: Option<(u16, u16)>,
    /// An operator is asked about the next wave; what became of the one before.
    pub asks: Option<String>,
    /// Why nothing more is sent.
    pub stop: Option<(StopCause, String)>,
    /// Until when nothing is sent, and why.
    pub pause: Option<(UnixMillis, String)>,
    /// Tasks by outcome, as far as they have one.
    pub outcomes: BTreeMap<String, u32>,
    /// Number of entries so far.
    pub entries: u32,
}

/// Entries of a section, from a place on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EntryPage {
    /// The entries.
    pub entries: Vec<Entry>,
    /// Where the next page begins; `None` where there is nothing more yet.
    pub next: Option<u32>,
}

/// How a section ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SectionResult {
    /// How far it came.
    pub progress: SectionProgress,
    /// When it ended.
    pub ended_at: UnixMillis,
}
