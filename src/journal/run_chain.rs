//! How the entries of a run are tied to each other, to its header and to its tasks.
//!
//! Owns what each of these hashes covers. Invariant: pruning changes none of them, and no later program computes
//! another one from the same stored text.

use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;

use super::chain::{Link, entry_without_secrets, without_sealed};
use super::database::{At, JournalError};
use super::run::no_json;

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

/// How far a run has come, as a hash that stands for all of it: kept elsewhere, it shows later that nothing was taken
/// away or changed.
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
    /// Computes it from what stands in the database now.
    pub(super) fn of(connection: &Connection, path: &Path) -> Result<Self, JournalError> {
        let header: Option<String> = connection
            .query_row("SELECT body FROM header", [], |row| row.get(0))
            .optional()
            .at(path)?;
        let header = Link::new(HEADER).optional(header.as_deref()).hash();
        Ok(Self { header, tasks: tasks_hash(connection, path)? })
    }

    /// What the first entry is tied to.
    pub(super) fn genesis(&self) -> String {
        Link::new(GENESIS).text(&self.header).text(&self.tasks).hash()
    }
}

/// Hashes the tasks, without secrets, and the columns by which they are found.
fn tasks_hash(connection: &Connection, path: &Path) -> Result<String, JournalError> {
    let mut select = connection
        .prepare(
            "SELECT task, row, step, id, device_id, serial_number, device_name, action, body
             FROM tasks ORDER BY task",
        )
        .at(path)?;
    let mut rows = select.query([]).at(path)?;
    let mut link = Link::new(TASKS);
    while let Some(row) = rows.next().at(path)? {
        for number in 0..3 {
            link = link.number(row.get(number).at(path)?);
        }
        for text in 3..8 {
            link = link.text(&row.get::<_, String>(text).at(path)?);
        }
        let body: String = row.get(8).at(path)?;
        // What is not JSON is no task; its text stands for itself.
        let body = without_sealed(&body).map_or(body, |body| body.to_string());
        link = link.text(&body);
    }
    Ok(link.hash())
}

/// The entry after `end`; `None` where its body is not JSON.
pub(super) fn link(
    end: &ChainEnd,
    at: i64,
    task: Option<u32>,
    kind: &str,
    body: &str,
) -> Option<ChainEnd> {
    let body = entry_without_secrets(body)?.to_string();
    let seq = end.seq + 1;
    Some(ChainEnd { seq, hash: entry_hash(&end.hash, seq, at, task, kind, &body) })
}

/// The hash of an entry. `body` is without secrets.
pub(super) fn entry_hash(
    before: &str,
    seq: i64,
    at: i64,
    task: Option<u32>,
    kind: &str,
    body: &str,
) -> String {
    let task = task.map_or(-1, i64::from);
    Link::new(before).number(seq).number(at).number(task).text(kind).text(body).hash()
}

/// Begins the chain of a run whose header and tasks have just been written.
pub(super) fn begin_chain(connection: &Connection, path: &Path) -> Result<ChainEnd, JournalError> {
    let beginning = Beginning::of(connection, path)?;
    let end = ChainEnd { seq: 0, hash: beginning.genesis() };
    note_beginning(connection, path, &beginning, end.seq + 1)?;
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

/// Finds the end of a chain that is to be gone on with. The entries that an older program wrote have no hashes: those
/// are computed now, so that the first one that is written covers them all.
pub(super) fn find_chain_end(
    connection: &Connection,
    path: &Path,
) -> Result<ChainEnd, JournalError> {
    if let Some(end) = last_hash(connection, path)? {
        return Ok(end);
    }
    let beginning = Beginning::of(connection, path)?;
    let mut end = ChainEnd { seq: 0, hash: beginning.genesis() };
    let mut select = connection
        .prepare("SELECT seq, at, task, kind, body FROM entries ORDER BY seq")
        .at(path)?;
    let mut rows = select.query([]).at(path)?;
    while let Some(row) = rows.next().at(path)? {
        let (seq, at, task): (i64, i64, Option<u32>) =
            (row.get(0).at(path)?, row.get(1).at(path)?, row.get(2).at(path)?);
        let (kind, body): (String, String) = (row.get(3).at(path)?, row.get(4).at(path)?);
        end = ChainEnd { seq: seq - 1, hash: end.hash };
        end = link(&end, at, task, &kind, &body).ok_or_else(|| no_json(path))?;
    }
    let is_noted = connection.query_row("SELECT 1 FROM chain", [], |_| Ok(())).optional();
    if is_noted.at(path)?.is_none() {
        note_beginning(connection, path, &beginning, end.seq + 1)?;
    }
    Ok(end)
}

fn note_beginning(
    connection: &Connection,
    path: &Path,
    beginning: &Beginning,
    first: i64,
) -> Result<(), JournalError> {
    connection
        .execute(
            "INSERT INTO chain (header, tasks, first) VALUES (?,?,?)",
            params![beginning.header, beginning.tasks, first],
        )
        .at(path)
        .map(drop)
}
