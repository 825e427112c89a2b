//! Whether the journal of a run is what was written.
//!
//! Owns the check of a run's header, tasks, entries and state column against each other, and what a look from outside
//! sees of a run that others may be driving. Must never show a secret, and never write.

use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;
use std::path::Path;

use super::chain::{AuditRecord, ChainAudit, Walk, entry_without_secrets, stored_json};
use super::database::{At, JournalError, version_of};
use super::run::RunReader;
use super::run_chain::{Beginning, RunHead, entry_hash, last_hash};
use super::run_format::MIGRATIONS;
use crate::model::{DeviceId, Event, Outcome, Task, TaskRecord, UnixMillis};

impl RunReader {
    /// Whether the journal is what was written: its entries in their order, the header and the tasks that they are
    /// tied to, and the state column, which has to follow from them.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be read; what does not fit is a fault and no error.
    pub fn audit(&self) -> Result<ChainAudit, JournalError> {
        self.for_each_audited(|_| {})
    }

    /// The same, and gives every entry to `take`, in order and without secrets. The run may be written meanwhile: what
    /// is read is as it was at one moment.
    ///
    /// # Errors
    /// As [`Self::audit`].
    pub fn for_each_audited(
        &self,
        mut take: impl FnMut(AuditRecord),
    ) -> Result<ChainAudit, JournalError> {
        let path = &self.path;
        let snapshot = self.connection.unchecked_transaction().at(path)?;
        let format = version_of(&snapshot, path)?;
        let is_newer = format as usize > MIGRATIONS.len();
        let mut walk = begin(&snapshot, path)?;
        let mut records = records_of(&snapshot, path)?;
        let hash = if has_hashes(&snapshot, path)? { "hash" } else { "NULL" };
        let mut select = snapshot
            .prepare(&format!("SELECT seq, at, task, kind, body, {hash} FROM entries ORDER BY seq"))
            .at(path)?;
        let mut rows = select.query([]).at(path)?;
        while let Some(row) = rows.next().at(path)? {
            let (seq, at): (i64, i64) = (row.get(0).at(path)?, row.get(1).at(path)?);
            let task: Option<u32> = row.get(2).at(path)?;
            let (kind, text): (String, String) = (row.get(3).at(path)?, row.get(4).at(path)?);
            let body = entry_without_secrets(&text);
            let expected = body
                .as_ref()
                .map(|body| entry_hash(walk.head(), seq, at, task, &kind, &body.to_string()));
            let fits = walk.step(seq, expected, row.get(5).at(path)?);
            let at = UnixMillis(at);
            if !apply(&mut records, at, &text) {
                if !is_newer {
                    walk.fault(seq, "it cannot be read");
                }
                // Entries of a newer program cannot be folded here, and so the state column is not compared.
                records = None;
            }
            let body = body.unwrap_or_default();
            let hash = walk.head().to_owned();
            take(AuditRecord { seq: seq.unsigned_abs(), at, kind, run: None, body, hash, fits });
        }
        if let Some(records) = records {
            compare_outcomes(&snapshot, path, &records, &mut walk)?;
        }
        Ok(walk.end(format, MIGRATIONS.len()))
    }

    /// How far the run has come. It costs one look at the last entry; `audit` follows all of them.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn head(&self) -> Result<RunHead, JournalError> {
        let snapshot = self.connection.unchecked_transaction().at(&self.path)?;
        let last = match has_hashes(&snapshot, &self.path)? {
            true => last_hash(&snapshot, &self.path)?,
            false => None,
        };
        drop(snapshot);
        let (entries, head) = match last {
            Some(end) => (end.seq.unsigned_abs(), end.hash),
            // Nothing is recorded yet, or by an older program alone.
            None => self.audit().map(|audit| (audit.entries, audit.head))?,
        };
        Ok(RunHead { entries, head })
    }

    /// The header as it was written, with the fields that only a newer program knows.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn header_body(&self) -> Result<Option<serde_json::Value>, JournalError> {
        let body: Option<String> = self
            .connection
            .query_row("SELECT body FROM header", [], |row| row.get(0))
            .optional()
            .at(&self.path)?;
        Ok(body.and_then(|body| stored_json(&body)))
    }

    /// What is unsent, under way or in doubt on some devices, with the names of the actions, in the order of the tasks.
    /// It costs no look at the entries.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn unsent_on(
        &self,
        devices: &BTreeSet<DeviceId>,
    ) -> Result<Vec<(DeviceId, String)>, JournalError> {
        self.tasks_on(devices, &[Outcome::NotAttempted, Outcome::InDoubt])
    }

    /// The same of tasks in doubt alone.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn in_doubt_on(
        &self,
        devices: &BTreeSet<DeviceId>,
    ) -> Result<Vec<(DeviceId, String)>, JournalError> {
        self.tasks_on(devices, &[Outcome::InDoubt])
    }

    /// Device and action of the tasks of these devices that stand at one of these outcomes.
    fn tasks_on(
        &self,
        devices: &BTreeSet<DeviceId>,
        outcomes: &[Outcome],
    ) -> Result<Vec<(DeviceId, String)>, JournalError> {
        let mut select = self
            .connection
            .prepare("SELECT device_id, action, outcome FROM tasks ORDER BY task")
            .at(&self.path)?;
        let mut rows = select.query([]).at(&self.path)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().at(&self.path)? {
            let outcome = Outcome::parse(&row.get::<_, String>(2).at(&self.path)?);
            if !outcome.is_some_and(|outcome| outcomes.contains(&outcome)) {
                continue;
            }
            let device = DeviceId::from_api(&row.get::<_, String>(0).at(&self.path)?);
            if devices.contains(&device) {
                found.push((device, row.get(1).at(&self.path)?));
            }
        }
        Ok(found)
    }
}

/// Stands before the first entry, with what is known of header and tasks.
fn begin(snapshot: &Connection, path: &Path) -> Result<Walk, JournalError> {
    let beginning = Beginning::of(snapshot, path)?;
    let mut walk = Walk::new(beginning.genesis());
    if !has_hashes(snapshot, path)? {
        return Ok(walk);
    }
    let noted: Option<(Beginning, i64)> = snapshot
        .query_row("SELECT header, tasks, first FROM chain", [], |row| {
            Ok((Beginning { header: row.get(0)?, tasks: row.get(1)? }, row.get(2)?))
        })
        .optional()
        .at(path)?;
    let Some((noted, first)) = noted else { return Ok(walk) };
    walk.is_chained_from(first);
    if noted.header != beginning.header {
        walk.fault(0, "the header is not the one with which the run began");
    } else if noted.tasks != beginning.tasks {
        walk.fault(0, "the tasks are not those with which the run began");
    }
    Ok(walk)
}

/// Whether the entries have a place for hashes: those of an older program have none.
fn has_hashes(snapshot: &Connection, path: &Path) -> Result<bool, JournalError> {
    let select = "SELECT 1 FROM pragma_table_info('entries') WHERE name = 'hash'";
    let found: Option<i64> =
        snapshot.query_row(select, [], |row| row.get(0)).optional().at(path)?;
    Ok(found.is_some())
}

/// A record for each task; `None` where they cannot be read, such as those of a newer program.
fn records_of(snapshot: &Connection, path: &Path) -> Result<Option<Vec<TaskRecord>>, JournalError> {
    let mut select = snapshot.prepare("SELECT body FROM tasks ORDER BY task").at(path)?;
    let bodies = select.query_map([], |row| row.get::<_, String>(0)).at(path)?;
    let mut records = Vec::new();
    for body in bodies {
        let Ok(task) = serde_json::from_str::<Task>(&body.at(path)?) else { return Ok(None) };
        records.push(TaskRecord::new(&task));
    }
    Ok(Some(records))
}

/// Folds one entry. `false` where it cannot be read or speaks of no task of the run.
fn apply(records: &mut Option<Vec<TaskRecord>>, at: UnixMillis, body: &str) -> bool {
    let Some(records) = records else { return true };
    let Ok(event) = serde_json::from_str::<Event>(body) else { return false };
    let Some(task) = event.task() else { return true };
    let record = records.get_mut(task.at());
    record.map(|record| record.apply(at, &event)).is_some()
}

fn compare_outcomes(
    snapshot: &Connection,
    path: &Path,
    records: &[TaskRecord],
    walk: &mut Walk,
) -> Result<(), JournalError> {
    let mut select = snapshot.prepare("SELECT outcome FROM tasks ORDER BY task").at(path)?;
    let words = select.query_map([], |row| row.get::<_, String>(0)).at(path)?;
    for (task, (word, record)) in words.zip(records).enumerate() {
        let (word, follows) = (word.at(path)?, record.outcome().word());
        if word != follows {
            walk.fault(
                0,
                format!("task {task} is marked {word}, and by its entries it is {follows}"),
            );
            break;
        }
    }
    Ok(())
}
