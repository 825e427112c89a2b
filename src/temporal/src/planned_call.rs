//! Calls of a shard, and what becomes of them.
//!
//! Owns what is known after a call that was lost. Must never take a lost request for one that was not made.

use sortie::app::{CallTime, HostAnswer};
use sortie::drive::CallReply;
use sortie::engine::Call;
use sortie::model::{SecretSource, Sighting, UnixMillis, Unreadable, Verdict};

/// How long after its moment a place is of use, in milliseconds: a second that holds the moments of 1.1 seconds at 90 % of the rate still keeps
/// the rate.
pub const STALE_MS: u64 = 100;
/// A call that may be made now.
#[derive(Clone, Debug)]
pub struct PlannedCall {
    /// When the engine decided it.
    pub decided_at: UnixMillis,
    /// The place of its task in the shard.
    pub task: usize,
    /// The call.
    pub call: Call,
    /// How it is made.
    pub way: CallWay,
}

/// How a call is made.
#[derive(Clone, Debug)]
pub enum CallWay {
    /// Once, at this moment.
    Once(CallTime),
    /// Again and again, until it shows something else than before.
    Polled {
        /// What the look before showed.
        known: Option<Sighting>,
        /// From one look to the next, in milliseconds.
        every_ms: u64,
        /// When it ends at the latest.
        until: UnixMillis,
    },
}

/// What a shard wants of the keeper of the quota.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Want {
    /// Requests.
    pub requests: u32,
    /// Irreversible ones among them.
    pub irreversible: u32,
}

/// What is to be done now.
#[derive(Debug, Default)]
pub struct ShardStep {
    /// Calls to make.
    pub calls: Vec<PlannedCall>,
    /// What to ask the keeper of the quota for.
    pub want: Option<Want>,
    /// Polls are no longer of use.
    pub ends_polls: bool,
    /// The next moment at which something may become due.
    pub wake_at: Option<UnixMillis>,
    /// Nothing is in progress, and nothing more will be.
    pub is_done: bool,
}

/// What became of a call.
#[derive(Debug)]
pub enum CallEnd {
    /// A worker reported back.
    Answered(Box<HostAnswer>),
    /// No worker reported back: the request may have been made.
    Lost(String),
    /// A worker was too late for its place in the quota, and did not make it.
    Late,
    /// It was never made, or showed nothing new until its time was over.
    Nothing,
}

/// What is known after a call that no worker reported back from.
pub(crate) fn lost(call: &Call, reason: String) -> CallReply {
    let failed = || Unreadable::Failed { reason: reason.clone() };
    match call {
        Call::Send { .. } => CallReply::Sent {
            http_status: None,
            verdict: Verdict::Unknown { reason, ends_run: false, retry_after_ms: None },
        },
        Call::Look { .. } | Call::List { .. } | Call::Note { .. } => {
            CallReply::Looked(Sighting::Unreadable { reason, is_forbidden: false })
        }
        Call::Pin { .. } => CallReply::Pin(Err(failed())),
        Call::Secrets { .. } => {
            CallReply::Secrets { source: SecretSource::FilevaultKey, result: Err(failed()) }
        }
        Call::Recheck { .. } => CallReply::Rechecked(Err(failed())),
    }
}

/// What is known after a look that showed nothing new.
pub(crate) fn nothing(call: &Call) -> CallReply {
    match call {
        Call::Look { .. } => CallReply::Looked(Sighting::Nothing { evidence: String::new() }),
        other => lost(other, "it was not made".to_owned()),
    }
}
