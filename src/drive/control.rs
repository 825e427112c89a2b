//! What the caller of a run gives and gets: an operator's wish, an observer, and how the run was left.
//!
//! Owns these shapes only. Must never know how a run is driven.

use super::quota::QuotaError;
use crate::engine::{Impossible, Progress};
use crate::model::{Entry, TaskFault};

/// What an operator wants of a run in progress.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Control {
    /// Continue.
    Go,
    /// Send nothing more, and wait for the requests in progress.
    Drain {
        /// Who or what asked for it, as the journal keeps it.
        why: &'static str,
    },
    /// Leave at once. Answers that are in progress are lost, and a resume finds their tasks in doubt.
    Abort,
}

/// Sees what happens in a run, after it is on disk.
pub trait Observer: Send {
    /// Called with the entries of each batch right after its commit, in order, and with how far the run is.
    fn committed(&mut self, entries: &[Entry], progress: &Progress);
}

/// An observer that ignores everything.
#[derive(Copy, Clone, Debug, Default)]
pub struct Quiet;

impl Observer for Quiet {
    fn committed(&mut self, _entries: &[Entry], _progress: &Progress) {}
}

/// How a run was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// How far the run is.
    pub progress: Progress,
    /// The operator left at once; answers may be lost.
    pub is_aborted: bool,
}

/// Why a run broke off. What happened until then is in the journal, and the run can be resumed.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The journal cannot be written. Nothing more was sent; answers in progress at that moment are lost.
    #[error("cannot write the journal: {0}")]
    Journal(String),
    /// The ledger of the hour cannot be written.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// A task is no longer what the run began with, or cannot be read. Nothing was sent for it.
    #[error(transparent)]
    Task(#[from] TaskFault),
    /// A fault of this program.
    #[error("internal fault: {0}")]
    Impossible(#[from] Impossible),
}
