//! Why a command ends without having done its work.
//!
//! Owns the form of such a message: what happened, what state things are in, what to do next. Errors of
//! other modules become failures here, with the exit code that belongs to them.

use super::exit::Exit;
use crate::drive::{DriveError, InventoryError, QuotaError, ReadError};
use crate::engine::Impossible;
use crate::journal::JournalError;

/// A message with its exit code.
#[derive(Debug)]
pub(super) struct Failure {
    pub exit: Exit,
    /// What happened.
    pub what: String,
    /// What state things are in.
    pub state: String,
    /// What to do next; empty where the rest says it.
    pub next: String,
}

/// The state of things before anything was sent.
pub(super) const NOTHING_SENT: &str = "nothing was sent";

impl Failure {
    pub(super) fn new(exit: Exit, what: impl Into<String>) -> Self {
        Self { exit, what: what.into(), state: NOTHING_SENT.to_owned(), next: String::new() }
    }

    pub(super) fn usage(what: impl Into<String>) -> Self {
        Self::new(Exit::Usage, what)
    }

    pub(super) fn state(mut self, state: impl Into<String>) -> Self {
        self.state = state.into();
        self
    }

    pub(super) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = next.into();
        self
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let (exit, next) = match &error {
            JournalError::Busy { run } => (
                Exit::Busy,
                format!("wait for the other process, or look with: sortie status {run}"),
            ),
            JournalError::Starting { .. } => {
                (Exit::Busy, "see what the other process waits for, then try again".to_owned())
            }
            JournalError::NoSuchRun(_) => {
                (Exit::Usage, "list the runs with: sortie runs".to_owned())
            }
            _ => {
                (Exit::Journal, "check the disk and the state directory, then try again".to_owned())
            }
        };
        Self::new(exit, error.to_string()).next(next)
    }
}

impl From<QuotaError> for Failure {
    fn from(error: QuotaError) -> Self {
        let QuotaError::Ledger(error) = error;
        error.into()
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let (exit, next) = match &error {
            ReadError::Unauthorized(_) => (
                Exit::Authentication,
                "make a token under Settings > Access, or grant it 'Device list'",
            ),
            ReadError::Forbidden(_) => {
                (Exit::Permission, "grant the token the permission 'Device list'")
            }
            ReadError::QuotaSpent(_) => (Exit::Quota, "try again then, or raise --per-hour"),
            ReadError::Quota(_) => (Exit::Journal, "check the disk and the state directory"),
            ReadError::Unreachable(_) => (Exit::Unexpected, "check the address and the network"),
            ReadError::Unusable(_) => (Exit::Unexpected, "check the base URL, and try again later"),
        };
        Self::new(exit, error.to_string()).next(next)
    }
}

impl From<InventoryError> for Failure {
    fn from(error: InventoryError) -> Self {
        match error {
            InventoryError::Read(error) => error.into(),
            other => Self::new(Exit::Unexpected, format!("the inventory cannot be read: {other}"))
                .next("check the base URL"),
        }
    }
}

impl From<Impossible> for Failure {
    fn from(error: Impossible) -> Self {
        DriveError::from(error).into()
    }
}

impl From<DriveError> for Failure {
    fn from(error: DriveError) -> Self {
        let exit = match &error {
            DriveError::Journal(_) | DriveError::Quota(_) => Exit::Journal,
            DriveError::Impossible(_) => Exit::Unexpected,
        };
        Self::new(exit, error.to_string())
    }
}
