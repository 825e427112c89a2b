//! Why a journal cannot be used.
//!
//! Owns the errors of databases, files and locks of the state directory, in words for people. Must never show what a
//! database holds: it could be a PIN.

use rusqlite::ErrorCode;
use std::path::{Path, PathBuf};

/// Why the journal cannot be used. The run stops: what cannot be recorded must not be sent.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The database refused.
    #[error("{path}: {}", explain(source))]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file system refused.
    #[error("{path}: {source}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file where a directory must be.
    #[error("{path} is a file, not a state directory")]
    NotADirectory {
        /// The file.
        path: PathBuf,
    },
    /// The database was written by a newer version of the program.
    #[error(
        "{path} has format {found}, but this version of sortie reads up to {known}; use a newer version"
    )]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// Every user of the host may change the file or directory.
    #[error("{path} is writable by every user of this host (mode {mode:04o})")]
    Public {
        /// The file or directory.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The content does not make sense.
    #[error("{path}: {detail}")]
    Content {
        /// The database.
        path: PathBuf,
        /// What does not make sense.
        detail: String,
    },
    /// Another process holds the run.
    #[error("run {run} is in use by another sortie process")]
    Busy {
        /// The run.
        run: String,
    },
    /// Another process is about to start a run, for longer than that takes.
    #[error("{path}: another sortie process has been starting a run here for 10 seconds")]
    Starting {
        /// The lock that it holds.
        path: PathBuf,
    },
    /// There is no such run, or the prefix fits several.
    #[error("{0}")]
    NoSuchRun(String),
    /// The name means a group of runs, and one run is needed.
    #[error("{group} is a group of {} runs", runs.len())]
    IsGroup {
        /// Id of the group.
        group: String,
        /// Ids of its runs.
        runs: Vec<String>,
    },
    /// No run was started yet.
    #[error("there are no runs yet")]
    NoRuns,
}

impl JournalError {
    /// Whether the system denied the access to a file.
    pub(super) fn is_denied(&self) -> bool {
        matches!(self, Self::File { source, .. }
            if source.kind() == std::io::ErrorKind::PermissionDenied)
    }

    /// Whether the same may succeed a little later: space is freed, or another process releases the database.
    pub(super) fn may_pass(&self) -> bool {
        let Self::Database { source, .. } = self else { return false };
        matches!(
            source.sqlite_error_code(),
            Some(
                ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::DiskFull
                    | ErrorCode::SystemIoFailure
            )
        )
    }
}

fn explain(source: &rusqlite::Error) -> String {
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("another process has locked the database ({source})")
        }
        Some(ErrorCode::DiskFull) => format!("the disk is full ({source})"),
        Some(ErrorCode::SystemIoFailure) => format!("cannot write to the disk ({source})"),
        Some(ErrorCode::ReadOnly) => format!("the database is read-only ({source})"),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            format!("the file is damaged or not a database ({source})")
        }
        _ => source.to_string(),
    }
}

/// Turns errors of one database into errors that name it.
pub(super) trait At<T> {
    fn at(self, path: &Path) -> Result<T, JournalError>;
}

impl<T> At<T> for Result<T, rusqlite::Error> {
    fn at(self, path: &Path) -> Result<T, JournalError> {
        self.map_err(|source| JournalError::Database { path: path.to_owned(), source })
    }
}

impl<T> At<T> for Result<T, std::io::Error> {
    fn at(self, path: &Path) -> Result<T, JournalError> {
        self.map_err(|source| JournalError::File { path: path.to_owned(), source })
    }
}
