//! Plans that this host handed over to an engine elsewhere.
//!
//! Owns which plan was handed over as which run, where it was submitted, and which devices that run may still reach.
//! Invariants: a plan is handed over once, by one transaction that also takes it; and a run is submitted to one place.
//! Must never hold a task, an answer or a secret.

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::collections::BTreeSet;
use std::path::Path;

use super::super::error::{At, JournalError};
use super::super::run_header::RunHeader;
use super::super::run_reader::{from_json, to_json};
use super::Index;
use crate::model::{DeviceId, Task, Turn, UnixMillis};

/// A plan that was handed over, and how far its submission has come.
#[derive(Clone, Debug, PartialEq)]
pub struct HandOver {
    /// Digest of the plan.
    pub plan: String,
    /// The key of its tenant.
    pub tenant: String,
    /// What the run is.
    pub header: RunHeader,
    /// When it was handed over.
    pub at: UnixMillis,
    /// Where it is submitted; `None` while that has not begun.
    pub place: Option<String>,
    /// When it was submitted in full.
    pub submitted_at: Option<UnixMillis>,
    /// When its end was recorded here.
    pub ended_at: Option<UnixMillis>,
}

const COLUMNS: &str = "plan, tenant, header, at, place, submitted_at, ended_at";

impl Index {
    /// Hands a plan over as a run, with the devices that the run may reach. Where the plan comes from a file, it is taken too.
    /// `false` when the plan was handed over before, or another run took it; nothing has changed then.
    ///
    /// # Errors
    /// [`JournalError`]; nothing has changed then.
    pub fn add_hand_over(
        &mut self,
        hand_over: &HandOver,
        tasks: &[Task],
        is_from_file: bool,
    ) -> Result<bool, JournalError> {
        let path = &self.path;
        let HandOver { plan, tenant, header, at, .. } = hand_over;
        let (run, body) = (&header.run.0, to_json(header, path)?);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        let added = transaction
            .execute(
                "INSERT INTO hand_overs (plan, run, tenant, header, at) VALUES (?,?,?,?,?)
                 ON CONFLICT DO NOTHING",
                params![plan, run, tenant, body, at.0],
            )
            .at(path)?;
        let taken = match is_from_file {
            true => transaction
                .execute(
                    "UPDATE plans SET run = ?2 WHERE digest = ?1 AND run IS NULL",
                    params![plan, run],
                )
                .at(path)?,
            false => 1,
        };
        if (added, taken) != (1, 1) {
            return Ok(false);
        }
        add_devices(&transaction, path, run, tasks)?;
        transaction.commit().at(path)?;
        Ok(true)
    }

    /// The plan with a digest, if it was handed over; `None` where an older program wrote the index.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn find_hand_over(&self, plan: &str) -> Result<Option<HandOver>, JournalError> {
        if !self.has_table("hand_overs")? {
            return Ok(None);
        }
        let found = self.connection.query_row(
            &format!("SELECT {COLUMNS} FROM hand_overs WHERE plan = ?"),
            [plan],
            |row| hand_over_of(row, &self.path),
        );
        found.optional().at(&self.path)?.transpose()
    }

    /// All plans that were handed over, newest first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn hand_overs(&self) -> Result<Vec<HandOver>, JournalError> {
        if !self.has_table("hand_overs")? {
            return Ok(Vec::new());
        }
        let mut select = self
            .connection
            .prepare(&format!("SELECT {COLUMNS} FROM hand_overs ORDER BY at DESC, run DESC"))
            .at(&self.path)?;
        let rows = select.query_map([], |row| hand_over_of(row, &self.path)).at(&self.path)?;
        rows.map(|row| row.at(&self.path)?).collect()
    }

    /// Notes where a run is about to be submitted. `false` where another place is noted already: it may have the run.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn begin_submission(&self, run: &str, place: &str) -> Result<bool, JournalError> {
        self.connection
            .execute(
                "UPDATE hand_overs SET place = ?2 WHERE run = ?1 AND (place IS NULL OR place = ?2)",
                params![run, place],
            )
            .at(&self.path)
            .map(|changed| changed == 1)
    }

    /// Notes that a run was submitted in full.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn end_submission(&self, run: &str, at: UnixMillis) -> Result<(), JournalError> {
        self.connection
            .execute(
                "UPDATE hand_overs SET submitted_at = ?2 WHERE run = ?1 AND submitted_at IS NULL",
                params![run, at.0],
            )
            .at(&self.path)
            .map(drop)
    }

    /// Notes that a run has ended: from here on it keeps no device from other runs. `false` where that was noted before, or
    /// the run was not handed over here.
    ///
    /// # Errors
    /// [`JournalError`]; nothing has changed then.
    pub fn end_hand_over(&mut self, run: &str, at: UnixMillis) -> Result<bool, JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        let ended = transaction
            .execute(
                "UPDATE hand_overs SET ended_at = ?2 WHERE run = ?1 AND ended_at IS NULL",
                params![run, at.0],
            )
            .at(path)?;
        transaction.execute("DELETE FROM hand_over_devices WHERE run = ?", [run]).at(path)?;
        transaction.commit().at(path)?;
        Ok(ended == 1)
    }

    /// What a run that was handed over may still send to some of these devices: device and action.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn handed_over_for(
        &self,
        run: &str,
        devices: &BTreeSet<DeviceId>,
    ) -> Result<Vec<(DeviceId, String)>, JournalError> {
        let mut select = self
            .connection
            .prepare("SELECT device_id, action FROM hand_over_devices WHERE run = ?")
            .at(&self.path)?;
        let mut rows = select.query([run]).at(&self.path)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().at(&self.path)? {
            let id: String = row.get(0).at(&self.path)?;
            let device = DeviceId::from_api(&id);
            if devices.contains(&device) {
                found.push((device, row.get(1).at(&self.path)?));
            }
        }
        Ok(found)
    }
}

fn add_devices(
    connection: &Connection,
    path: &Path,
    run: &str,
    tasks: &[Task],
) -> Result<(), JournalError> {
    let mut insert = connection
        .prepare(
            "INSERT INTO hand_over_devices (run, device_id, action) VALUES (?,?,?)
             ON CONFLICT DO NOTHING",
        )
        .at(path)?;
    for task in tasks.iter().filter(|task| task.turn == Turn::Do) {
        insert.execute(params![run, task.device.id.as_str(), task.action]).at(path)?;
    }
    Ok(())
}

fn hand_over_of(row: &Row<'_>, path: &Path) -> rusqlite::Result<Result<HandOver, JournalError>> {
    let (plan, tenant, header): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (at, place) = (UnixMillis(row.get(3)?), row.get(4)?);
    let (submitted_at, ended_at): (Option<i64>, Option<i64>) = (row.get(5)?, row.get(6)?);
    Ok(from_json(&header, path).map(|header| HandOver {
        plan,
        tenant,
        header,
        at,
        place,
        submitted_at: submitted_at.map(UnixMillis),
        ended_at: ended_at.map(UnixMillis),
    }))
}
