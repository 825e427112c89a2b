//! Reading the journal of a run, for looking.
//!
//! Owns what is read from a run's database without believing it: reports, listings, other runs' checks. A run is resumed
//! through [`super::Opening`] alone. Must never write.

use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::database::open_to_read;
use super::error::{At, JournalError};
use super::run_format::MIGRATIONS;
use super::run_header::{RequestCounts, RunHeader};
use super::state_dir::StateDir;
use crate::model::{Entry, Outcome, RunMeasures, TaskId, TaskIndex, UnixMillis};

/// The state of a task of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEnd {
    /// Its position in the run.
    pub task: TaskIndex,
    /// Id of the task.
    pub id: TaskId,
    /// Name of its action.
    pub action: String,
    /// Its outcome; `None` for a word of a newer program.
    pub outcome: Option<Outcome>,
    /// When something was last recorded of it; `None` when nothing ever was.
    pub last_at: Option<UnixMillis>,
}

/// The journal of one run, open for reading; it may be read while it is written.
pub struct RunReader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
}

impl RunReader {
    /// Opens the journal of a run.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(state_dir: &StateDir, run: &str) -> Result<Self, JournalError> {
        let path = state_dir.run_path(run);
        Ok(Self { connection: open_to_read(&path)?, path })
    }

    /// Keeps what is read from here on as it is at this moment, until the reader is dropped.
    pub(super) fn hold_view(&self) -> Result<(), JournalError> {
        self.connection.execute_batch("BEGIN").at(&self.path)
    }

    /// Refuses a format that only a newer program understands in full.
    pub(super) fn refuse_newer(&self, found: u32) -> Result<(), JournalError> {
        let known = u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX);
        if found > known {
            return Err(JournalError::Newer { path: self.path.clone(), found, known });
        }
        Ok(())
    }

    /// What the run is. `None` when the process died before it had written it down: nothing was sent.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn header(&self) -> Result<Option<RunHeader>, JournalError> {
        let body: Option<String> = self
            .connection
            .query_row("SELECT body FROM header", [], |row| row.get(0))
            .optional()
            .at(&self.path)?;
        body.map(|body| from_json(&body, &self.path)).transpose()
    }

    /// The names of the actions that occur: a glance that costs far less than the tasks.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn actions(&self) -> Result<Vec<String>, JournalError> {
        let mut select =
            self.connection.prepare("SELECT DISTINCT action FROM tasks").at(&self.path)?;
        let names = select.query_map([], |row| row.get(0)).at(&self.path)?;
        names.collect::<Result<_, _>>().at(&self.path)
    }

    /// Gives every entry to `take`, in order.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn for_each_entry(&self, take: impl FnMut(Entry)) -> Result<(), JournalError> {
        self.for_each_of("SELECT at, body FROM entries ORDER BY seq", take)
    }

    /// Gives the entries after number `after` to `take`, in order; 0 is before the first. Returns the number of the last
    /// one, for the next call: so a run is followed while another process writes it.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn for_each_entry_after(
        &self,
        after: i64,
        mut take: impl FnMut(Entry),
    ) -> Result<i64, JournalError> {
        let mut select = self
            .connection
            .prepare("SELECT seq, at, body FROM entries WHERE seq > ? ORDER BY seq")
            .at(&self.path)?;
        let mut rows = select.query([after]).at(&self.path)?;
        let mut last = after;
        while let Some(row) = rows.next().at(&self.path)? {
            last = row.get(0).at(&self.path)?;
            let at = UnixMillis(row.get(1).at(&self.path)?);
            let body: String = row.get(2).at(&self.path)?;
            take(Entry { at, event: from_json(&body, &self.path)? });
        }
        Ok(last)
    }

    /// Gives the entries of some tasks to `take`, in order.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn for_each_entry_of(
        &self,
        tasks: &BTreeSet<TaskIndex>,
        mut take: impl FnMut(TaskIndex, Entry),
    ) -> Result<(), JournalError> {
        let mut select = self
            .connection
            .prepare("SELECT task, at, body FROM entries WHERE task IS NOT NULL ORDER BY seq")
            .at(&self.path)?;
        let mut rows = select.query([]).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let task = TaskIndex(row.get(0).at(&self.path)?);
            if tasks.contains(&task) {
                let at = UnixMillis(row.get(1).at(&self.path)?);
                let body: String = row.get(2).at(&self.path)?;
                take(task, Entry { at, event: from_json(&body, &self.path)? });
            }
        }
        Ok(())
    }

    /// The state of each task, without its entries being read: for looking through many runs.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn ends(&self) -> Result<Vec<TaskEnd>, JournalError> {
        let mut select = self
            .connection
            .prepare(
                "SELECT task, id, action, outcome, last FROM tasks LEFT JOIN
                   (SELECT task, max(at) AS last FROM entries WHERE task IS NOT NULL GROUP BY task)
                   USING (task) ORDER BY task",
            )
            .at(&self.path)?;
        let rows = select
            .query_map([], |row| {
                Ok(TaskEnd {
                    task: TaskIndex(row.get(0)?),
                    id: read_id(&row.get::<_, String>(1)?)?,
                    action: row.get(2)?,
                    outcome: Outcome::parse(&row.get::<_, String>(3)?),
                    last_at: row.get::<_, Option<i64>>(4)?.map(UnixMillis),
                })
            })
            .at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// The state column, as it was written with the entries.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn outcomes(&self) -> Result<Vec<String>, JournalError> {
        let mut select =
            self.connection.prepare("SELECT outcome FROM tasks ORDER BY task").at(&self.path)?;
        let words = select.query_map([], |row| row.get(0)).at(&self.path)?;
        words.collect::<Result<_, _>>().at(&self.path)
    }

    /// How many requests of each kind were made.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn requests(&self) -> Result<RequestCounts, JournalError> {
        let mut select =
            self.connection.prepare("SELECT kind, count FROM requests").at(&self.path)?;
        let rows = select
            .query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))
            .at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// Gives the entries that name no task to `take`, in order.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn for_each_entry_of_run(&self, take: impl FnMut(Entry)) -> Result<(), JournalError> {
        self.for_each_of("SELECT at, body FROM entries WHERE task IS NULL ORDER BY seq", take)
    }

    /// Gives the entries that `select` picks to `take`: their moments and bodies.
    fn for_each_of(&self, select: &str, mut take: impl FnMut(Entry)) -> Result<(), JournalError> {
        let mut select = self.connection.prepare(select).at(&self.path)?;
        let mut rows = select.query([]).at(&self.path)?;
        while let Some(row) = rows.next().at(&self.path)? {
            let at = UnixMillis(row.get(0).at(&self.path)?);
            let body: String = row.get(1).at(&self.path)?;
            take(Entry { at, event: from_json(&body, &self.path)? });
        }
        Ok(())
    }

    /// How many devices have a task that was sent and has come to its end.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn settled_devices(&self) -> Result<u64, JournalError> {
        let ended: Vec<String> = Outcome::ALL
            .into_iter()
            .filter(|outcome| outcome.ends_a_request())
            .map(|outcome| format!("'{}'", outcome.word()))
            .collect();
        let select = format!(
            "SELECT count(DISTINCT device_id) FROM tasks WHERE outcome IN ({})",
            ended.join(",")
        );
        let count: i64 = self.connection.query_row(&select, [], |row| row.get(0)).at(&self.path)?;
        Ok(count.unsigned_abs())
    }

    /// What all processes of the run measured; nothing where a program wrote it that did not measure.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn measures(&self) -> Result<RunMeasures, JournalError> {
        let mut all = RunMeasures::default();
        let tables: i64 = self
            .connection
            .query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'measures'",
                [],
                |row| row.get(0),
            )
            .at(&self.path)?;
        if tables == 0 {
            return Ok(all);
        }
        let mut select =
            self.connection.prepare("SELECT body FROM measures ORDER BY process").at(&self.path)?;
        let bodies = select.query_map([], |row| row.get::<_, String>(0)).at(&self.path)?;
        for body in bodies {
            all.merge(&from_json(&body.at(&self.path)?, &self.path)?);
        }
        Ok(all)
    }

    /// How many requests that change something were answered with HTTP 429.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn rate_limited(&self) -> Result<u64, JournalError> {
        self.count_entries(
            "SELECT count(*) FROM entries
             WHERE kind = 'answered' AND json_extract(body, '$.http_status') = 429",
        )
    }

    /// How often sending was paused.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn pauses(&self) -> Result<u64, JournalError> {
        self.count_entries("SELECT count(*) FROM entries WHERE kind = 'paused'")
    }

    fn count_entries(&self, select: &str) -> Result<u64, JournalError> {
        let count: i64 = self.connection.query_row(select, [], |row| row.get(0)).at(&self.path)?;
        Ok(count.unsigned_abs())
    }
}

pub(super) fn no_such_task(path: &Path, task: TaskIndex) -> JournalError {
    let detail = format!("an entry names task {}, which the run does not have", task.0);
    JournalError::Content { path: path.to_owned(), detail }
}

pub(super) fn no_json(path: &Path) -> JournalError {
    let detail = "a record is not JSON".to_owned();
    JournalError::Content { path: path.to_owned(), detail }
}

pub(super) fn to_json<T: Serialize>(value: &T, path: &Path) -> Result<String, JournalError> {
    serde_json::to_string(value)
        .map_err(|error| JournalError::Content { path: path.to_owned(), detail: error.to_string() })
}

pub(super) fn from_json<T: for<'de> Deserialize<'de>>(
    body: &str,
    path: &Path,
) -> Result<T, JournalError> {
    serde_json::from_str(body).map_err(|error| {
        // The message of the JSON error could repeat a value, and a value could be a PIN.
        let detail =
            format!("a record cannot be read (line {}, column {})", error.line(), error.column());
        JournalError::Content { path: path.to_owned(), detail }
    })
}
/// Reads the id of a task. No version has written one in another form.
fn read_id(text: &str) -> rusqlite::Result<TaskId> {
    let column = || rusqlite::Error::InvalidColumnType(1, "id".to_owned(), Type::Text);
    TaskId::parse(text).ok_or_else(column)
}
