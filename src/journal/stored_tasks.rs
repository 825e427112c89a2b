//! The tasks of a run, read from its database when they are needed.
//!
//! Owns the prints of the tasks that were written or verified, and the few tasks that are in memory. Invariant: a task is given
//! out only if its text has the print that was kept when the run was opened. The file may have changed since. Must never
//! write.

use rusqlite::{Connection, Row, Rows};
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::database::open_beside_writer;
use super::error::{At, JournalError};
use super::run_chain::text_at;
use super::run_reader::from_json;
use super::stretches::{TaskStretch, for_each_stretch};
use crate::model::{Task, TaskFault, TaskIndex, TaskSource};

/// Tasks that are kept in memory, each in the place that its number leaves.
const KEPT: usize = 1_024;
/// Tasks that are read together where they are asked for in order, as sends are.
const AHEAD: u32 = 256;

/// The column of the text in what is selected.
const BODY: usize = 1;

/// Why a task cannot be used whose row is gone.
const NOT_THERE: &str = "it is not in the database";

/// A print of the text of each task, in eight bytes. The key is drawn for this process: no text can be made to fit.
#[derive(Default)]
pub(super) struct TaskPrints {
    key: RandomState,
    prints: Vec<u64>,
}

impl TaskPrints {
    /// The prints of no task yet.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Takes in the text of the next task.
    pub(super) fn add(&mut self, body: &str) {
        self.prints.push(self.key.hash_one(body));
    }

    fn fits(&self, index: TaskIndex, body: &str) -> bool {
        self.prints.get(index.at()) == Some(&self.key.hash_one(body))
    }
}

/// The tasks of one run, for its own process: it holds the run, so no other program of ours writes them.
pub(super) struct StoredTasks {
    shelf: Mutex<Shelf>,
    path: PathBuf,
    prints: Arc<TaskPrints>,
}

/// The database, and the tasks that are in memory.
struct Shelf {
    connection: Connection,
    kept: Vec<Option<(TaskIndex, Task)>>,
}

impl StoredTasks {
    /// The tasks with these prints in the database at `path`.
    pub(super) fn open(path: &Path, prints: Arc<TaskPrints>) -> Result<Self, JournalError> {
        let shelf = Shelf { connection: open_beside_writer(path)?, kept: vec![None; KEPT] };
        Ok(Self { shelf: Mutex::new(shelf), path: path.to_owned(), prints })
    }

    /// Gives the tasks from `first` up to and without `end` to `take`, in order.
    fn read(
        &self,
        connection: &Connection,
        (first, end): (TaskIndex, u32),
        mut take: impl FnMut(TaskIndex, Task),
    ) -> Result<(), TaskFault> {
        let mut select = connection
            .prepare_cached(
                "SELECT task, body FROM tasks WHERE task >= ?1 AND task < ?2 ORDER BY task",
            )
            .at(&self.path)
            .map_err(of_journal(first))?;
        let rows = select.query([first.0, end]).at(&self.path);
        let mut rows = rows.map_err(of_journal(first))?;
        for next in (first.0..end).map(TaskIndex) {
            let row = self.next_row(&mut rows, next)?;
            take(next, self.verified(next, text_at(row, BODY).map_err(of_row(next))?)?);
        }
        Ok(())
    }

    /// The next row, if it is that of the task `next`.
    fn next_row<'r>(
        &self,
        rows: &'r mut Rows<'_>,
        next: TaskIndex,
    ) -> Result<&'r Row<'r>, TaskFault> {
        let row = rows.next().at(&self.path).map_err(of_journal(next))?;
        let row = row.ok_or_else(|| fault(next, NOT_THERE))?;
        let number: u32 = row.get(0).map_err(of_row(next))?;
        if number == next.0 { Ok(row) } else { Err(fault(next, NOT_THERE)) }
    }

    /// The task with this text, if it is the one that was verified.
    fn verified(&self, index: TaskIndex, body: &str) -> Result<Task, TaskFault> {
        if !self.prints.fits(index, body) {
            let changed = "its text in the database changed after the run was opened";
            return Err(fault(index, changed));
        }
        from_json(body, &self.path).map_err(of_journal(index))
    }
}

fn of_journal(task: TaskIndex) -> impl Fn(JournalError) -> TaskFault {
    move |error| fault(task, error.to_string())
}

fn of_row(task: TaskIndex) -> impl Fn(rusqlite::Error) -> TaskFault {
    move |error| fault(task, error.to_string())
}

fn fault(task: TaskIndex, reason: impl Into<String>) -> TaskFault {
    TaskFault { task: task.0, reason: reason.into() }
}

/// The place of a task among those in memory.
fn place(index: TaskIndex) -> usize {
    index.at() % KEPT
}

impl TaskSource for StoredTasks {
    fn count(&self) -> usize {
        self.prints.prints.len()
    }

    fn task(&self, index: TaskIndex) -> Result<Task, TaskFault> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let Shelf { connection, kept } = &mut *shelf;
        let known = |kept: &[Option<(TaskIndex, Task)>], wanted: TaskIndex| {
            let found = kept[place(wanted)].as_ref().filter(|(index, _)| *index == wanted);
            found.map(|(_, task)| task.clone())
        };
        if let Some(task) = known(kept, index) {
            return Ok(task);
        }
        if index.at() >= self.count() {
            return Err(fault(index, "the run has no such task"));
        }
        let before = TaskIndex(index.0.wrapping_sub(1));
        let is_in_order = index.0 == 0 || known(kept, before).is_some();
        let ahead = if is_in_order { AHEAD } else { 1 };
        let count = u32::try_from(self.count()).unwrap_or(u32::MAX);
        let end = index.0.saturating_add(ahead).min(count);
        let mut found = None;
        let read = self.read(connection, (index, end), |at, task| {
            if at == index {
                found = Some(task.clone());
            }
            kept[place(at)] = Some((at, task));
        });
        // A fault of a later task counts when that one is asked for.
        match (found, read) {
            (Some(task), _) => Ok(task),
            (None, Err(fault)) => Err(fault),
            (None, Ok(())) => Err(fault(index, NOT_THERE)),
        }
    }

    fn for_each(&self, take: &mut dyn FnMut(TaskIndex, Task)) -> Result<(), TaskFault> {
        let (first, count) = (TaskIndex(0), u32::try_from(self.count()).unwrap_or(u32::MAX));
        // On a connection of its own, so that sends do not wait for it.
        let connection = open_beside_writer(&self.path).map_err(of_journal(first))?;
        let select = connection.prepare("SELECT task, body FROM tasks ORDER BY task");
        let mut select = select.at(&self.path).map_err(of_journal(first))?;
        let mut rows = select.query([]).at(&self.path).map_err(of_journal(first))?;
        let (mut added, mut numbers) = ((0..count).map(TaskIndex), (0..count).map(TaskIndex));
        let (mut given, mut failed) = ((0..count).map(TaskIndex), None);
        for_each_stretch(
            |stretch: &mut TaskStretch| {
                let Some(next) = added.next() else { return Ok(false) };
                let row = self.next_row(&mut rows, next)?;
                stretch.add(row, BODY).map_err(of_row(next))?;
                Ok(true)
            },
            |stretch| {
                // The bodies end first: a number that was taken is used.
                let numbered = stretch.bodies().zip(numbers.by_ref());
                numbered.map(|(body, index)| self.verified(index, body)).collect()
            },
            |_, read: Result<Vec<Task>, TaskFault>| match read {
                Ok(tasks) if failed.is_none() => {
                    tasks
                        .into_iter()
                        .zip(given.by_ref())
                        .for_each(|(task, index)| take(index, task));
                }
                Ok(_) => {}
                Err(fault) => drop(failed.get_or_insert(fault)),
            },
        )?;
        failed.map_or(Ok(()), Err)
    }
}
