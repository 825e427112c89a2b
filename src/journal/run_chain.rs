//! How the entries of a run are tied to each other, to its header and to its tasks.
//!
//! Owns what each of these hashes covers. Invariant: pruning changes none of them, and no later program computes
//! another one from the same stored text.
//!
//! Entries of the first format have no hashes; the first later entry covers them all. Runs of older formats have no
//! row in the table `heads`, and are verified as far as their hashes go.

use rusqlite::{Connection, OptionalExtension, Row, params};
use std::path::Path;

use super::canonical::CanonicalWriter;
use super::chain::{HexHash, Leave, Link};
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
        let mut hash = TasksHash::new();
        let mut select = connection.prepare(TASK_ROWS).at(path)?;
        let mut rows = select.query([]).at(path)?;
        while let Some(row) = rows.next().at(path)? {
            hash.take(row).at(path)?;
        }
        Self::with_tasks(connection, path, hash)
    }

    /// The beginning of a run whose tasks were hashed, in order.
    pub(super) fn with_tasks(
        connection: &Connection,
        path: &Path,
        tasks: TasksHash,
    ) -> Result<Self, JournalError> {
        let header: Option<String> = connection
            .query_row("SELECT body FROM header", [], |row| row.get(0))
            .optional()
            .at(path)?;
        let header = Link::new(HEADER).optional(header.as_deref()).hash();
        Ok(Self { header, tasks: tasks.link.hash() })
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

/// The rows of the tasks, as [`TasksHash`] takes them. What is hashed comes first, then the state of the task.
pub(super) const TASK_ROWS: &str =
    "SELECT task, row, step, id, device_id, serial_number, device_name, action, body, outcome
 FROM tasks ORDER BY task";
/// Columns of numbers, of texts, and the body of a task in these rows.
const TASK_NUMBERS: std::ops::Range<usize> = 0..3;
const TASK_TEXTS: std::ops::Range<usize> = 3..8;
pub(super) const TASK_BODY: usize = 8;
/// The state of the task, which is not hashed: it follows from the entries.
pub(super) const TASK_OUTCOME: usize = 9;

/// A hash over the tasks, without secrets, and over the columns by which they are found.
pub(super) struct TasksHash {
    link: Link,
    canonical: CanonicalWriter,
}

impl TasksHash {
    /// The hash of no task yet.
    pub(super) fn new() -> Self {
        Self { link: Link::new(TASKS), canonical: CanonicalWriter::default() }
    }

    /// Takes in the next row of [`TASK_ROWS`].
    pub(super) fn take(&mut self, row: &Row<'_>) -> Result<(), rusqlite::Error> {
        for number in TASK_NUMBERS {
            self.link.add_number(row.get(number)?);
        }
        for column in TASK_TEXTS {
            self.link.add_bytes(text_at(row, column)?.as_bytes());
        }
        let body = text_at(row, TASK_BODY)?;
        // What is not JSON is no task; its text is hashed as it is.
        let hashed = self.canonical.write(body, Leave::Keys);
        self.link.add_bytes(hashed.unwrap_or(body.as_bytes()));
        Ok(())
    }
}

/// A text as it is in a row, without a copy.
pub(super) fn text_at<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, rusqlite::Error> {
    Ok(row.get_ref(column)?.as_str()?)
}

/// Hashes entries, one after the other in the same memory.
#[derive(Default)]
pub(super) struct EntryHasher {
    canonical: CanonicalWriter,
    /// What is hashed of one entry: all of it together is faster than part by part.
    linked: Vec<u8>,
}

/// What is hashed of an entry besides its body and what comes before.
#[derive(Copy, Clone)]
pub(super) struct EntryKey<'a> {
    pub seq: i64,
    pub at: i64,
    pub task: Option<u32>,
    pub kind: &'a str,
}

impl EntryHasher {
    /// The hash of an entry behind the one with the hash `before`; `None` where its body is not JSON.
    pub(super) fn hash(&mut self, before: &str, key: EntryKey<'_>, body: &str) -> Option<HexHash> {
        let body = self.canonical.write(body, Leave::Nothing)?;
        let linked = &mut self.linked;
        linked.clear();
        let add = |linked: &mut Vec<u8>, bytes: &[u8]| {
            linked.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            linked.extend_from_slice(bytes);
        };
        add(linked, before.as_bytes());
        for number in [key.seq, key.at, key.task.map_or(-1, i64::from)] {
            linked.extend_from_slice(&number.to_be_bytes());
        }
        add(linked, key.kind.as_bytes());
        add(linked, body);
        Some(HexHash::of(linked))
    }

    /// The entry after `end`; `None` where its body is not JSON.
    pub(super) fn link(
        &mut self,
        end: &ChainEnd,
        at: i64,
        task: Option<u32>,
        kind: &str,
        body: &str,
    ) -> Option<ChainEnd> {
        let seq = end.seq + 1;
        let hash = self.hash(&end.hash, EntryKey { seq, at, task, kind }, body)?;
        Some(ChainEnd { seq, hash: hash.as_str().to_owned() })
    }
}

/// Begins the chain of a run whose header and tasks have just been written.
pub(super) fn begin_chain(connection: &Connection, path: &Path) -> Result<ChainEnd, JournalError> {
    let beginning = Beginning::of(connection, path)?;
    let end = ChainEnd { seq: 0, hash: beginning.genesis() };
    beginning.keep(connection, path, end.seq + 1)?;
    Ok(end)
}

/// Whether the entries have a place for hashes: those of an older program have none.
pub(super) fn has_hashes(connection: &Connection, path: &Path) -> Result<bool, JournalError> {
    let select = "SELECT 1 FROM pragma_table_info('entries') WHERE name = 'hash'";
    let found: Option<i64> =
        connection.query_row(select, [], |row| row.get(0)).optional().at(path)?;
    Ok(found.is_some())
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
