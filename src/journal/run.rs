//! The journal of one run: the frozen tasks and everything that happened to them.
//!
//! Owns the run's database. Invariant: entries are only ever added, each tied to the one before it; `prune` alone takes
//! secrets out of old ones, and no outcome with them. Invariant: the state column is written
//! in the transaction of the entries that it follows from, and can be rebuilt from them.

use rusqlite::{Connection, Transaction, params};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::batch::Batch;
use super::database::open_to_write;
use super::error::{At, JournalError};
use super::index::{HeadBook, Index};
use super::measures::MeasureBook;
use super::run_chain::{ChainEnd, EntryHasher, RunHead, begin_chain};
use super::run_format::MIGRATIONS;
use super::run_header::{RequestCounts, RunHeader};
use super::run_reader::{no_json, no_such_task, to_json};
use super::state_dir::StateDir;
use super::stored_tasks::{StoredTasks, TaskPrints};
use super::trust::{Distrust, Opening, TrustedRun};
use crate::model::{Entry, RunTasks, Task, TaskIndex, TaskRecord, TaskStanding};

/// The journal of one run, open for writing.
pub struct RunJournal {
    connection: Connection,
    path: PathBuf,
    /// Where each task stands: the state column follows from it.
    standings: Vec<TaskStanding>,
    /// What tells whether a task is read again as it was written or verified.
    prints: Arc<TaskPrints>,
    /// The entry that the next one is tied to.
    end: ChainEnd,
    hasher: EntryHasher,
    /// What the host knows of it.
    book: HeadBook,
    /// Whether the host knows that the journal has come to `end`.
    is_confirmed: bool,
    /// What this process measured.
    measures: MeasureBook,
}

impl RunJournal {
    /// Creates the journal of a new run. The tasks may come one by one: they need not be in memory together.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn create<T: Borrow<Task>>(
        state_dir: &StateDir,
        header: &RunHeader,
        tasks: impl IntoIterator<Item = T>,
    ) -> Result<Self, JournalError> {
        let path = state_dir.run_path(&header.run.0);
        let mut connection = open_to_write(&path, &MIGRATIONS)?;
        let transaction = connection.transaction().at(&path)?;
        transaction
            .execute("INSERT INTO header VALUES (?)", [to_json(header, &path)?])
            .at(&path)?;
        let (standings, prints) = insert_tasks(&transaction, tasks, &path)?;
        let end = begin_chain(&transaction, &path)?;
        transaction.commit().at(&path)?;
        let measures = MeasureBook::open(&connection, &path)?;
        let book = HeadBook::open(state_dir, &header.run.0, &end.hash)?;
        book.confirm(&end.head())?;
        let hasher = EntryHasher::default();
        let (prints, is_confirmed) = (Arc::new(prints), true);
        Ok(Self { connection, path, standings, prints, end, hasher, book, is_confirmed, measures })
    }

    /// Continues the journal of a verified run, from where it ended.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn go_on(state_dir: &StateDir, run: &TrustedRun) -> Result<Self, JournalError> {
        let path = run.path.clone();
        let mut connection = open_to_write(&path, &MIGRATIONS)?;
        let transaction = connection.transaction().at(&path)?;
        run.beginning.keep(&transaction, &path, run.end.seq + 1)?;
        transaction.commit().at(&path)?;
        let book = HeadBook::open(state_dir, &run.header.run.0, &run.beginning.genesis())?;
        let measures = MeasureBook::open(&connection, &path)?;
        let standings = run.records.iter().map(TaskRecord::standing).collect();
        let end = run.end.clone();
        let (prints, hasher, is_confirmed) =
            (Arc::clone(&run.prints), EntryHasher::default(), true);
        Ok(Self { connection, path, standings, prints, end, hasher, book, is_confirmed, measures })
    }

    /// Verifies the journal of a run and continues it.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn open(state_dir: &StateDir, run: &str) -> Result<Self, Distrust> {
        let index = Index::open(state_dir)?;
        let run = Opening::of(state_dir, &index, run)?.follow(|_| {})?;
        Ok(Self::go_on(state_dir, &run)?)
    }

    /// The tasks of the run, read from its database as they are needed. One that was changed there since the run was opened is
    /// a fault.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn tasks(&self) -> Result<RunTasks, JournalError> {
        Ok(RunTasks::new(StoredTasks::open(&self.path, Arc::clone(&self.prints))?))
    }

    /// Hash of the header and the tasks with which the run began.
    #[must_use]
    pub fn beginning(&self) -> &str {
        self.book.genesis()
    }

    /// The hash of the last entry: with the number of entries it covers everything that was recorded so far.
    #[must_use]
    pub fn head(&self) -> &str {
        &self.end.hash
    }

    /// How far it has come.
    #[must_use]
    pub fn run_head(&self) -> RunHead {
        self.end.head()
    }

    /// Appends entries and the requests that were made. When it returns, they survive a power cut, and the host's record
    /// knows of them.
    ///
    /// # Errors
    /// [`JournalError`]; nothing may be sent then that follows from them.
    pub fn append(
        &mut self,
        entries: &[Entry],
        requests: &RequestCounts,
    ) -> Result<(), JournalError> {
        let at = entries.last().map(|entry| entry.at).unwrap_or_default();
        let (entries, requests) = (entries.to_vec(), requests.clone());
        self.write(&Batch { at, entries, requests, ..Batch::default() })?;
        self.confirm()
    }

    /// Whether the host's record knows how far the journal has come.
    pub(super) fn is_confirmed(&self) -> bool {
        self.is_confirmed
    }

    /// Tells the host's record how far the journal has come, where it does not know yet.
    pub(super) fn confirm(&mut self) -> Result<(), JournalError> {
        if !self.is_confirmed {
            self.book.confirm(&self.end.head())?;
            self.is_confirmed = true;
        }
        Ok(())
    }

    /// Writes entries in one transaction, after the host's record has where they will end; after an error nothing
    /// of them is there.
    pub(super) fn write(&mut self, batch: &Batch) -> Result<(), JournalError> {
        let Batch { entries, requests, .. } = batch;
        let path = &self.path;
        let transaction = self.connection.transaction().at(path)?;
        let mut touched: BTreeMap<TaskIndex, TaskStanding> = BTreeMap::new();
        let mut end = self.end.clone();
        {
            let mut insert = transaction
                .prepare_cached(
                    "INSERT INTO entries (seq, at, task, kind, body, hash) VALUES (?,?,?,?,?,?)",
                )
                .at(path)?;
            for entry in entries {
                let body = to_json(&entry.event, path)?;
                let task = entry.event.task();
                let (index, kind) = (task.map(|task| task.0), entry.event.word());
                end = self
                    .hasher
                    .link(&end, entry.at.0, index, kind, &body)
                    .ok_or_else(|| no_json(path))?;
                insert
                    .execute(params![end.seq, entry.at.0, index, kind, body, end.hash])
                    .at(path)?;
                if let Some(task) = task {
                    let known =
                        self.standings.get(task.at()).ok_or_else(|| no_such_task(path, task))?;
                    touched.entry(task).or_insert(*known).apply(&entry.event);
                }
            }
            let mut update = transaction
                .prepare_cached("UPDATE tasks SET outcome = ?2 WHERE task = ?1 AND outcome <> ?2")
                .at(path)?;
            for (task, standing) in &touched {
                update.execute(params![task.0, standing.outcome().word()]).at(path)?;
            }
            let mut add = transaction
                .prepare_cached(
                    "INSERT INTO requests VALUES (?1, ?2)
                     ON CONFLICT (kind) DO UPDATE SET count = count + ?2",
                )
                .at(path)?;
            for (kind, count) in requests {
                add.execute(params![kind, i64::try_from(*count).unwrap_or(i64::MAX)]).at(path)?;
            }
        }
        self.measures.keep(&transaction, path, batch)?;
        if !entries.is_empty() {
            self.book.announce(&self.end.head(), &end.head())?;
        }
        transaction.commit().at(path)?;
        self.measures.committed(batch);
        self.is_confirmed &= entries.is_empty();
        self.end = end;
        for (task, standing) in touched {
            self.standings[task.at()] = standing;
        }
        Ok(())
    }
}

/// Writes the tasks of a new run, and returns where each stands and the prints of their texts.
fn insert_tasks<T: Borrow<Task>>(
    transaction: &Transaction<'_>,
    tasks: impl IntoIterator<Item = T>,
    path: &Path,
) -> Result<(Vec<TaskStanding>, TaskPrints), JournalError> {
    let (mut standings, mut prints) = (Vec::new(), TaskPrints::new());
    let mut insert =
        transaction.prepare("INSERT INTO tasks VALUES (?,?,?,?,?,?,?,?,?,?)").at(path)?;
    for (index, task) in tasks.into_iter().enumerate() {
        let task: &Task = task.borrow();
        let (body, device) = (to_json(task, path)?, &task.device);
        let standing = TaskStanding::new(task);
        prints.add(&body);
        insert
            .execute(params![
                index as i64,
                task.id.to_string(),
                task.row,
                task.step,
                device.id.as_str(),
                device.serial_number.as_str(),
                device.name.as_str(),
                task.action,
                standing.outcome().word(),
                body
            ])
            .at(path)?;
        standings.push(standing);
    }
    Ok((standings, prints))
}
