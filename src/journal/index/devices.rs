//! What each device got, over all runs.
//!
//! Owns the finding of tasks by what a device was called when they were planned, and what was dropped from
//! journals since. Must never hold a secret.

use rusqlite::params;

use super::super::error::{At, JournalError};
use super::Index;
use crate::model::{DeviceId, TaskIndex, UnixMillis};

/// A task that some run had for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEvent {
    /// Id of the run.
    pub run: String,
    /// Position of the task in it.
    pub task: u32,
}

/// A task of any run with what its device was called then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceTask {
    /// Id of the run.
    pub run: String,
    /// Position of the task in it.
    pub task: u32,
    /// The device's id.
    pub device_id: String,
    /// Its serial number.
    pub serial_number: String,
    /// Its name.
    pub device_name: String,
    /// Address of its user.
    pub user_email: String,
}

/// What was dropped from a task when its run was pruned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruning {
    /// Id of the run.
    pub run: String,
    /// Position of the task in it.
    pub task: u32,
    /// When the secrets were dropped.
    pub at: UnixMillis,
    /// Number of dropped PINs.
    pub pins: u32,
    /// Number of dropped secrets other than PINs.
    pub secrets: u32,
    /// Number of dropped answers to reads.
    pub replies: u32,
}

impl Index {
    /// The tasks that any run had for a device, by its id, serial number, name or user, oldest run first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn device_tasks(&self, device: &str) -> Result<Vec<DeviceEvent>, JournalError> {
        let mut select = self
            .connection
            .prepare(
                "SELECT run, task FROM device_tasks JOIN runs ON runs.id = run
                 WHERE device_id = lower(?1) OR serial_number = ?1 COLLATE NOCASE
                    OR device_name = ?1 COLLATE NOCASE OR user_email = ?1 COLLATE NOCASE
                 ORDER BY started_at, run, task",
            )
            .at(&self.path)?;
        let rows = select
            .query_map([device], |row| Ok(DeviceEvent { run: row.get(0)?, task: row.get(1)? }))
            .at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// The tasks of one action in all runs, newest run first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn tasks_of_action(&self, action: &str) -> Result<Vec<DeviceTask>, JournalError> {
        let mut select = self
            .connection
            .prepare(
                "SELECT run, task, device_id, serial_number, device_name, user_email
                 FROM device_tasks JOIN runs ON runs.id = run WHERE action = ?
                 ORDER BY started_at DESC, run DESC, task",
            )
            .at(&self.path)?;
        let rows = select
            .query_map([action], |row| {
                Ok(DeviceTask {
                    run: row.get(0)?,
                    task: row.get(1)?,
                    device_id: row.get(2)?,
                    serial_number: row.get(3)?,
                    device_name: row.get(4)?,
                    user_email: row.get(5)?,
                })
            })
            .at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// Remembers what was dropped from journals. What was dropped of the same task before stays counted.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn add_prunings(&mut self, prunings: &[Pruning]) -> Result<(), JournalError> {
        let path = &self.path;
        let transaction = self.connection.transaction().at(path)?;
        {
            let mut insert = transaction
                .prepare(
                    "INSERT INTO prunings (run, task, at, pins, secrets, replies)
                     VALUES (?1,?2,?3,?4,?5,?6)
                     ON CONFLICT (run, task) DO UPDATE SET at = ?3, pins = pins + ?4,
                       secrets = secrets + ?5, replies = replies + ?6",
                )
                .at(path)?;
            for dropped in prunings {
                insert
                    .execute(params![
                        dropped.run,
                        dropped.task,
                        dropped.at.0,
                        dropped.pins,
                        dropped.secrets,
                        dropped.replies
                    ])
                    .at(path)?;
            }
        }
        transaction.commit().at(path)
    }

    /// What was dropped from the journal of a run, by task; nothing where an older program wrote the index.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn prunings(&self, run: &str) -> Result<Vec<Pruning>, JournalError> {
        if !self.has_table("prunings")? {
            return Ok(Vec::new());
        }
        let mut select = self
            .connection
            .prepare(
                "SELECT run, task, at, pins, secrets, replies FROM prunings WHERE run = ?
                 ORDER BY task",
            )
            .at(&self.path)?;
        let rows = select
            .query_map([run], |row| {
                Ok(Pruning {
                    run: row.get(0)?,
                    task: row.get(1)?,
                    at: UnixMillis(row.get(2)?),
                    pins: row.get(3)?,
                    secrets: row.get(4)?,
                    replies: row.get(5)?,
                })
            })
            .at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// Records that the PINs of a task were shown, and to whom.
    ///
    /// # Errors
    /// [`JournalError`]; where the database is older and was not opened by a program that knows the table,
    /// or may only be read.
    pub fn note_shown(
        &self,
        run: &str,
        task: TaskIndex,
        device_id: &DeviceId,
        shown_by: &str,
        at: UnixMillis,
    ) -> Result<(), JournalError> {
        self.connection
            .execute(
                "INSERT INTO pin_shown (at, run, task, device_id, shown_by) VALUES (?,?,?,?,?)",
                params![at.0, run, task.0, device_id.as_str(), shown_by],
            )
            .at(&self.path)
            .map(drop)
    }
}
