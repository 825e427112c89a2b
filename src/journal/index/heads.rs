//! How far the journals of runs have come.
//!
//! Owns the table of heads: what the host knows of a run apart from the run's own database, so that one cannot be
//! changed without the other. Invariant: a batch of entries is announced here before it is written, and confirmed before
//! anything that it allows is sent. So a journal always ends at the confirmed head or at the announced one. Must never
//! hold more than one row for a run.

use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::super::chain::AuditFault;
use super::super::database::open_to_write;
use super::super::error::{At, JournalError};
use super::super::run_chain::RunHead;
use super::super::state_dir::StateDir;
use super::Index;
use super::format::MIGRATIONS;

/// How far the host's record says that the journal of a run has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadRow {
    /// The hash of the header and the tasks with which the run began.
    pub genesis: String,
    /// The last entry that is known to be on disk.
    pub confirmed: RunHead,
    /// The last entry of the batch that was about to be written; `None` where none was.
    pub announced: Option<RunHead>,
}

impl HeadRow {
    /// Why a journal that ends at `end` is not the one that was written here; `None` where it is.
    #[must_use]
    pub fn end_fault(&self, end: &RunHead) -> Option<AuditFault> {
        if *end == self.confirmed || self.announced.as_ref() == Some(end) {
            return None;
        }
        let (has, known) = (end.entries, self.confirmed.entries);
        let what = if has < known {
            format!(
                "the journal ends here, but the host's record has {known} entries: some were removed, or an older copy was restored"
            )
        } else if has == known {
            "it differs from the entry in the host's record".to_owned()
        } else {
            format!(
                "the journal has {has} entries, but the host's record has {known}: some were added"
            )
        };
        Some(AuditFault { seq: if has < known { has + 1 } else { known.max(1) }, what })
    }
}

impl Index {
    /// How far a run has come; `None` where no program of this format has written to it yet.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn head_of(&self, run: &str) -> Result<Option<HeadRow>, JournalError> {
        if !self.has_table("heads")? {
            return Ok(None);
        }
        self.connection
            .query_row(&format!("SELECT {COLUMNS} FROM heads WHERE run = ?"), [run], row_of)
            .optional()
            .at(&self.path)
    }

    /// How far each run of the list has come, as far as that is known.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn heads(&self) -> Result<BTreeMap<String, HeadRow>, JournalError> {
        if !self.has_table("heads")? {
            return Ok(BTreeMap::new());
        }
        let mut select = self
            .connection
            .prepare(&format!("SELECT {COLUMNS}, run FROM heads JOIN runs ON runs.id = run"))
            .at(&self.path)?;
        let rows = select.query_map([], |row| Ok((row.get(5)?, row_of(row)?))).at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// Forgets a run that never began.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn forget_head(&self, run: &str) -> Result<(), JournalError> {
        self.connection.execute("DELETE FROM heads WHERE run = ?", [run]).at(&self.path).map(drop)
    }
}

const COLUMNS: &str = "genesis, entries, head, next_entries, next_head";

fn row_of(row: &Row<'_>) -> Result<HeadRow, rusqlite::Error> {
    let head = |entries: i64, head: String| RunHead { entries: entries.unsigned_abs(), head };
    let (next_entries, next_head): (Option<i64>, Option<String>) = (row.get(3)?, row.get(4)?);
    Ok(HeadRow {
        genesis: row.get(0)?,
        confirmed: head(row.get(1)?, row.get(2)?),
        announced: next_entries.zip(next_head).map(|(entries, hash)| head(entries, hash)),
    })
}

/// The row of one run, held by the process that writes the run's journal.
pub(in super::super) struct HeadBook {
    connection: Connection,
    path: PathBuf,
    run: String,
    genesis: String,
}

impl HeadBook {
    /// Opens the row of a run that begins with `genesis`. Nothing is written yet.
    pub(in super::super) fn open(
        state_dir: &StateDir,
        run: &str,
        genesis: &str,
    ) -> Result<Self, JournalError> {
        let path = state_dir.index_path();
        let connection = open_to_write(&path, &MIGRATIONS)?;
        Ok(Self { connection, path, run: run.to_owned(), genesis: genesis.to_owned() })
    }

    /// Hash of the header and the tasks with which the run began.
    pub(in super::super) fn genesis(&self) -> &str {
        &self.genesis
    }

    /// Notes that the journal is about to go from one head to the next.
    pub(in super::super) fn announce(
        &self,
        from: &RunHead,
        next: &RunHead,
    ) -> Result<(), JournalError> {
        self.write(from, Some(next))
    }

    /// Notes that the journal has come to this head.
    pub(in super::super) fn confirm(&self, head: &RunHead) -> Result<(), JournalError> {
        self.write(head, None)
    }

    fn write(&self, head: &RunHead, next: Option<&RunHead>) -> Result<(), JournalError> {
        let number = |entries: u64| i64::try_from(entries).unwrap_or(i64::MAX);
        let path: &Path = &self.path;
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO heads (run, genesis, entries, head, next_entries, next_head)
                 VALUES (?,?,?,?,?,?)",
            )
            .at(path)?
            .execute(params![
                self.run,
                self.genesis,
                number(head.entries),
                head.head,
                next.map(|next| number(next.entries)),
                next.map(|next| &next.head)
            ])
            .at(path)
            .map(drop)
    }
}
