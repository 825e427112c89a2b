//! How the entries of a run are tied to each other, to its header and to its tasks.
//!
//! Owns what each of these hashes covers. Invariant: pruning changes none of them, and no later program computes
//! another one from the same stored text.
//!
//! Entries of the first format have no hashes; the first later entry covers them all. Runs of older formats have no
//! row in the table `heads`, and are verified as far as their hashes go.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::Value;
use std::path::Path;

use super::canonical::write_canonical;
use super::chain::{Leave, Link, stored_json, write_without_secrets};
use super::error::{At, JournalError};

/// The words that name what is hashed, and in which way.
const HEADER: &str = "sortie run header 1";
const TASKS: &str = "sortie run tasks 1";
const GENESIS: &str = "sortie run 1";

/// The last entry of a chain.
#[derive(Clone, Debug)]
pub(super) struct ChainEnd {
    /// Its number; 0 where there is none yet.
    pub seq: i64,
    /// Its hash; where there is none yet, what the first one is tied to.
    pub hash: String,
}

impl ChainEnd {
    /// It as others keep it.
    pub(super) fn head(&self) -> RunHead {
        RunHead { entries: self.seq.unsigned_abs(), head: self.hash.clone() }
    }
}

/// How far a run has come, as a hash over all of it: kept elsewhere, it shows later that nothing was removed
/// or changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunHead {
    /// How many entries there are.
    pub entries: u64,
    /// Hash of the last one; of header and tasks where there is none.
    pub head: String,
}

/// What the first entry is tied to, part by part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Beginning {
    /// Hash of who, when, which job and by which rules.
    pub header: String,
    /// Hash of the tasks.
    pub tasks: String,
}

impl Beginning {
    /// Computes it from what is in the database now.
    pub(super) fn of(connection: &Connection, path: &Path) -> Result<Self, JournalError> {
        Self::read(connection, path, |_| {})
    }

    /// The same, and gives the body of each task to `take`, in order; `None` where it is not JSON.
    pub(super) fn read(
        connection: &Connection,
        path: &Path,
        take: impl FnMut(Option<&Value>),
    ) -> Result<Self, JournalError> {
        let header: Option<String> = connection
            .query_row("SELECT body FROM header", [], |row| row.get(0))
            .optional()
            .at(path)?;
        let header = Link::new(HEADER).optional(header.as_deref()).hash();
        Ok(Self { header, tasks: tasks_hash(connection, path, take)? })
    }

    /// What the first entry is tied to.
    pub(super) fn genesis(&self) -> String {
        Link::new(GENESIS).text(&self.header).text(&self.tasks).hash()
    }

    /// Keeps it beside the entries, where that was not done yet: every entry from `first` on has a hash.
    pub(super) fn keep(
        &self,
        connection: &Connection,
        path: &Path,
        first: i64,
    ) -> Result<(), JournalError> {
        let is_kept = connection.query_row("SELECT 1 FROM chain", [], |_| Ok(())).optional();
        if is_kept.at(path)?.is_some() {
            return Ok(());
        }
        connection
            .execute(
                "INSERT INTO chain (header, tasks, first) VALUES (?,?,?)",
                params![self.header, self.tasks, first],
            )
            .at(path)
            .map(drop)
    }
}

/// Hashes the tasks, without secrets, and the columns by which they are found.
fn tasks_hash(
    connection: &Connection,
    path: &Path,
    mut take: impl FnMut(Option<&Value>),
) -> Result<String, JournalError> {
    let mut select = connection
        .prepare(
            "SELECT task, row, step, id, device_id, serial_number, device_name, action, body
             FROM tasks ORDER BY task",
        )
        .at(path)?;
    let mut rows = select.query([]).at(path)?;
    let mut link = Link::new(TASKS);
    let mut text = Vec::new();
    while let Some(row) = rows.next().at(path)? {
        for number in 0..3 {
            link = link.number(row.get(number).at(path)?);
        }
        for column in 3..8 {
            link = link.text(text_at(row, column).at(path)?);
        }
        let body = text_at(row, 8).at(path)?;
        let stored = stored_json(body);
        // What is not JSON is no task; its text is hashed as it is.
        link = match &stored {
            Some(stored) => link.bytes(write_without_secrets(stored, Leave::Keys, &mut text)),
            None => link.text(body),
        };
        take(stored.as_ref());
    }
    Ok(link.hash())
}

/// A text as it is in a row, without a copy.
pub(super) fn text_at<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, rusqlite::Error> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// The entry after `end`; `None` where its body is not JSON.
pub(super) fn link(
    end: &ChainEnd,
    at: i64,
    task: Option<u32>,
    kind: &str,
    body: &str,
) -> Option<ChainEnd> {
    let mut text = Vec::new();
    let text = write_canonical(body, Leave::Nothing, &mut text)?;
    let seq = end.seq + 1;
    Some(ChainEnd { seq, hash: entry_hash(&end.hash, seq, at, task, kind, text) })
}

/// The hash of an entry. `body` is without secrets.
pub(super) fn entry_hash(
    before: &str,
    seq: i64,
    at: i64,
    task: Option<u32>,
    kind: &str,
    body: &[u8],
) -> String {
    let task = task.map_or(-1, i64::from);
    Link::new(before).number(seq).number(at).number(task).text(kind).bytes(body).hash()
}

/// Begins the chain of a run whose header and tasks have just been written.
pub(super) fn begin_chain(connection: &Connection, path: &Path) -> Result<ChainEnd, JournalError> {
    let beginning = Beginning::of(connection, path)?;
    let end = ChainEnd { seq: 0, hash: beginning.genesis() };
    beginning.keep(connection, path, end.seq + 1)?;
    Ok(end)
}

/// The last entry, where it has a hash.
pub(super) fn last_hash(
    connection: &Connection,
    path: &Path,
) -> Result<Option<ChainEnd>, JournalError> {
    let last: Option<(i64, Option<String>)> = connection
        .query_row("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .at(path)?;
    Ok(last.and_then(|(seq, hash)| Some(ChainEnd { seq, hash: hash? })))
}
