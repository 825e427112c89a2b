//! The database of the host: runs, the quota ledger, what each device got, how large fleets were.
//!
//! Owns what several runs and processes share. Must never hold what only one run needs, nor a secret.

mod devices;
mod format;
mod leases;
mod runs;

use rusqlite::Connection;
use std::path::PathBuf;

use super::database::{JournalError, open_to_read, open_to_write};
use super::state_dir::StateDir;
use format::MIGRATIONS;

pub use devices::{DeviceEvent, DeviceTask, Pruning};
pub use leases::LeaseRow;
pub use runs::{RunRow, RunState};

/// The database of the host.
pub struct Index {
    connection: Connection,
    path: PathBuf,
}

impl Index {
    /// Opens the database of a state directory.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(state_dir: &StateDir) -> Result<Self, JournalError> {
        let path = state_dir.index_path();
        Ok(Self { connection: open_to_write(&path, &MIGRATIONS)?, path })
    }

    /// Opens the database for looking only, whatever version of the program wrote it. `None` when the
    /// state directory holds none yet.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open_to_read(state_dir: &StateDir) -> Result<Option<Self>, JournalError> {
        let path = state_dir.index_path();
        if !path.exists() {
            return Ok(None);
        }
        Ok(Some(Self { connection: open_to_read(&path)?, path }))
    }
}
