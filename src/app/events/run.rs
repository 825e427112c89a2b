//! Events of a run in progress.
//!
//! Owns what observers see of it: what its journal holds, and nothing else. Must never carry a secret: of a PIN only that there is
//! one.

use std::path::PathBuf;

use crate::engine::Progress;
use crate::model::{OutcomeCounts, StopCause, UnixMillis};

/// Runs of several tenants are driven side by side from now on. Their events follow, each with the id of its run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupBegins {
    /// Id of the group.
    pub group: String,
    /// Name of its job.
    pub job: String,
    /// Its tenants, by the names of their profiles.
    pub tenants: Vec<String>,
    /// Where its reports are written at its end.
    pub report_dir: PathBuf,
}

/// A run is driven from now on.
#[derive(Clone, Debug)]
pub struct RunBegins {
    /// Id of the run.
    pub run: String,
    /// Name of its job.
    pub job: String,
    /// Its tenant, as people know it.
    pub tenant: String,
    /// Requests an hour that it may use.
    pub per_hour: u32,
    /// How long a request without an answer may still be applied, in milliseconds.
    pub quarantine_ms: u64,
    /// It spreads in waves.
    pub has_waves: bool,
    /// Its tasks by outcome, before anything is done.
    pub counts: OutcomeCounts,
    /// The file of metrics that its job names.
    pub metrics_file: Option<PathBuf>,
    /// The last failures and doubts before, oldest first, where an observer looks on from the middle of a run.
    pub failures: Vec<SeenEntry>,
}

/// Entries of a run are on disk.
#[derive(Clone, Debug)]
pub struct RunAdvanced {
    /// Id of the run.
    pub run: String,
    /// The entries, in order.
    pub entries: Vec<SeenEntry>,
    /// How far the run is.
    pub progress: Progress,
    /// Its tasks by outcome.
    pub counts: OutcomeCounts,
    /// Requests of this hour that are spent on the tenant, as they were counted some seconds ago at most.
    pub spent: u32,
}

/// An entry, without its secrets.
#[derive(Clone, Debug)]
pub struct SeenEntry {
    /// When it was recorded.
    pub at: UnixMillis,
    /// Its kind, as the journal calls it.
    pub kind: &'static str,
    /// The task that it is about, as the batch left it.
    pub task: Option<SeenTask>,
    /// What people may want to know.
    pub news: Option<RunNews>,
    /// What it says of a PIN.
    pub pins: Vec<PinFact>,
}

/// A task of a run.
#[derive(Clone, Debug)]
pub struct SeenTask {
    /// Its position in the plan.
    pub index: u32,
    /// Id of the task.
    pub id: String,
    /// Number of its row.
    pub row: u32,
    /// Its wave, counted from 0.
    pub wave: u16,
    /// Action of the task.
    pub action: String,
    /// Its device, by id.
    pub device_id: String,
    /// Its device, by serial number.
    pub serial_number: String,
    /// Its state; `None` while its request is on the way.
    pub outcome: Option<&'static str>,
    /// Why it is in this state.
    pub reason: String,
    /// Status of the last answer.
    pub http_status: Option<u16>,
    /// A lost answer can be found out by reading.
    pub is_sought: bool,
}

/// What people may want to know of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunNews {
    /// Nothing is sent for a while.
    Paused {
        /// Until when.
        until: UnixMillis,
        /// Why.
        reason: String,
    },
    /// An answer was lost.
    Doubted,
    /// Nothing more is sent.
    Stopped {
        /// Why, for programs.
        cause: StopCause,
        /// Why.
        reason: String,
    },
    /// The first wave is silent, and one more device tries.
    CanaryAdded {
        /// Why.
        reason: String,
    },
    /// This host slept.
    Woke {
        /// How long, in milliseconds.
        slept_ms: u64,
    },
    /// An action is no longer sent.
    ActionStopped {
        /// The action.
        action: String,
        /// Why.
        reason: String,
    },
    /// A wave begins.
    WaveBegun {
        /// The wave, counted from 0.
        wave: u16,
        /// Nothing of it is sent before.
        not_before: UnixMillis,
        /// How the one before ended.
        reason: String,
    },
}

/// What an entry says of a PIN. Never the PIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PinFact {
    /// One that was not known before is kept.
    Kept,
    /// It differs from the one that was known; both are kept.
    Differs,
    /// The answer has no valid PIN; its text is kept unchanged.
    Odd {
        /// What is wrong with it.
        flaw: String,
    },
    /// A lock was answered without one, and it is looked for.
    Missing,
}
