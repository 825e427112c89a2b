//! The database of the host: runs, the quota ledger, budgets of devices, plans, what each device got, how large
//! fleets were, and the record of what people did here.
//!
//! Owns what several runs and processes share, and which runs are a group. Must never hold what only one run needs, nor a secret.
//!
//! Charges, plans in files and the hour are each decided in one immediate transaction.

mod account;
mod budget;
mod clock;
mod devices;
mod format;
mod groups;
mod hand_overs;
mod heads;
mod leases;
mod notes;
mod outbox;
mod plans;
mod runs;

use rusqlite::{Connection, OptionalExtension};
use std::path::PathBuf;

use super::database::{open_to_read, open_to_write};
use super::error::{At, JournalError};
use super::state_dir::{StateDir, refuse_files};
use format::MIGRATIONS;

pub use account::RunAccount;
pub use budget::{Charge, SentDevices};
pub use clock::Ahead;
pub use devices::{DeviceEvent, DeviceTask, Pruning};
pub use groups::{GroupMember, GroupPlace, GroupRow};
pub use hand_overs::HandOver;
pub(super) use heads::HeadBook;
pub use heads::HeadRow;
pub use leases::LeaseRow;
pub use outbox::{OutboxNotice, OutboxState};
pub use plans::PlanRow;
pub use runs::{RunRow, RunState};

/// The database of the host, `sortie.db`: list of runs, quota ledger, charges, plans and audit chain.
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

    /// Opens the database for reading only, written by any version of the program. `None` when the
    /// state directory holds none yet.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open_to_read(state_dir: &StateDir) -> Result<Option<Self>, JournalError> {
        let path = state_dir.index_path();
        if !path.exists() {
            refuse_files(state_dir.path())?;
            return Ok(None);
        }
        Ok(Some(Self { connection: open_to_read(&path)?, path }))
    }

    /// The name that this database drew when it was made: two that have the same one are copies of each other. Empty
    /// where an older program wrote it.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn database_id(&self) -> Result<String, JournalError> {
        if !self.has_table("meta")? {
            return Ok(String::new());
        }
        self.connection
            .query_row("SELECT value FROM meta WHERE key = 'database_id'", [], |row| row.get(0))
            .at(&self.path)
    }

    /// Whether the database has a table: one that is only looked into may be of an older format.
    fn has_table(&self, name: &str) -> Result<bool, JournalError> {
        let mut select = self
            .connection
            .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?")
            .at(&self.path)?;
        let found: Option<i64> =
            select.query_row([name], |row| row.get(0)).optional().at(&self.path)?;
        Ok(found.is_some())
    }
}
