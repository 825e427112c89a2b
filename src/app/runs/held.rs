//! A run that this process has locked.
//!
//! Owns the order in which a run is taken: first its lock, then the verification of its database. Must never let a run be used
//! that another process writes.

use crate::app::Workspace;
use crate::app::refusal::Reason;
use crate::journal::{HeldLock, Opening, RunRow};

/// A run that no other process can write, with its database verified as far as its header and tasks.
pub(crate) struct HeldRun {
    /// Its row in the index, as it was when the run was taken.
    pub row: RunRow,
    /// The way to its entries.
    pub opening: Opening,
    /// The lock; it is released when this is dropped.
    pub hold: HeldLock,
}

impl HeldRun {
    /// Takes a run. `name` is its id, a unique beginning of it, or `latest`.
    ///
    /// # Errors
    /// The run does not exist, another process uses it, or its database is not what sortie wrote.
    pub(crate) fn take(workspace: &Workspace, name: &str) -> Result<Self, Reason> {
        let row = workspace.index().find_run(name)?;
        Self::take_row(workspace, row)
    }

    /// Takes a run of the index.
    ///
    /// # Errors
    /// Another process uses it, or its database is not what sortie wrote.
    pub(crate) fn take_row(workspace: &Workspace, row: RunRow) -> Result<Self, Reason> {
        let hold = workspace.dir.hold_run(&row.id)?;
        let opening = Opening::of(&workspace.dir, &workspace.index(), &row.id)?;
        Ok(Self { row, opening, hold })
    }
}
