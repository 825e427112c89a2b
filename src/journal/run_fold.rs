//! All of a run, for looking.
//!
//! Owns the reading of tasks and entries side by side with their being taken in. Nothing is verified: a run is resumed through
//! [`super::Opening`] alone. Must never write.

use super::error::{At, JournalError};
use super::run_reader::{RunReader, no_such_task};
use super::stretches::{Stretch, TaskStretch, for_each_stretch};
use crate::model::{
    Entry, KnownTasks, KnownTexts, RunRecord, Task, TaskIndex, TaskRecord, UnixMillis,
};

impl RunReader {
    /// All tasks, in order.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn tasks(&self) -> Result<Vec<Task>, JournalError> {
        let path = &self.path;
        let mut select =
            self.connection.prepare("SELECT body FROM tasks ORDER BY task").at(path)?;
        let mut rows = select.query([]).at(path)?;
        let (mut tasks, mut failed) = (Vec::new(), None);
        let mut known = KnownTasks::default();
        for_each_stretch(
            |stretch: &mut TaskStretch| {
                let Some(row) = rows.next().at(path)? else { return Ok(false) };
                stretch.add(row, 0).at(path)?;
                Ok(true)
            },
            |stretch| stretch.read(path),
            |_, read| match read {
                Ok(read) => tasks.extend(read.into_iter().map(|task| known.shared(task))),
                Err(error) => {
                    failed.get_or_insert(error);
                }
            },
        )?;
        failed.map_or(Ok(tasks), Err)
    }

    /// What is known of each task, folded from the entries.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn records(&self) -> Result<Vec<TaskRecord>, JournalError> {
        self.fold(&self.tasks()?).map(|(_, records)| records)
    }

    /// What is known of the run and of each of its tasks, folded from the entries.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn fold(&self, tasks: &[Task]) -> Result<(RunRecord, Vec<TaskRecord>), JournalError> {
        self.fold_from(tasks.iter().map(TaskRecord::new).collect())
    }

    /// The same from the records of a run of which nothing has happened yet: the tasks themselves are not needed.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn fold_from(
        &self,
        mut records: Vec<TaskRecord>,
    ) -> Result<(RunRecord, Vec<TaskRecord>), JournalError> {
        let path = &self.path;
        let mut run = RunRecord::default();
        let mut stranger: Option<TaskIndex> = None;
        let (mut failed, mut reasons) = (None, KnownTexts::default());
        let mut select = self
            .connection
            .prepare("SELECT seq, at, task, kind, body, NULL FROM entries ORDER BY seq")
            .at(path)?;
        let mut rows = select.query([]).at(path)?;
        for_each_stretch(
            |stretch: &mut Stretch| {
                let Some(row) = rows.next().at(path)? else { return Ok(false) };
                stretch.add(row).at(path)?;
                Ok(true)
            },
            |stretch| stretch.events(path),
            |stretch, read| {
                let events = match read {
                    Ok(events) => events,
                    Err(error) => {
                        failed.get_or_insert(error);
                        return;
                    }
                };
                for (stored, event) in stretch.entries().zip(events) {
                    let entry = Entry { at: UnixMillis(stored.at), event };
                    run.apply(&entry);
                    let Some(task) = entry.event.task() else { continue };
                    match records.get_mut(task.at()) {
                        Some(record) => {
                            record.apply(entry.at, &entry.event);
                            reasons.share(&mut record.reason);
                        }
                        None => stranger = stranger.min(Some(task)).or(Some(task)),
                    }
                }
            },
        )?;
        match (failed, stranger) {
            (Some(error), _) => Err(error),
            (None, Some(task)) => Err(no_such_task(path, task)),
            (None, None) => Ok((run, records)),
        }
    }
}
