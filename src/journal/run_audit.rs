//! Whether the journal of a run is what was written.
//!
//! Owns the check of a run's header, tasks, entries and state column against each other, and what a look from outside
//! sees of a run that others may be driving. Must never show a secret, and never write.

use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

use super::canonical::write_canonical;
use super::chain::{AuditRecord, ChainAudit, Leave, Walk, stored_json, without_secrets};
use super::database::version_of;
use super::error::{At, JournalError};
use super::run_chain::{Beginning, RunHead, entry_hash, last_hash};
use super::run_format::MIGRATIONS;
use super::run_reader::RunReader;
use super::stretches::{StoredEntry, for_each_stored};
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
        let snapshot = self.connection.unchecked_transaction().at(&self.path)?;
        let begun = self.begin()?;
        let format = begun.format;
        let (walk, _) = self.follow(begun, |seen| {
            take(AuditRecord {
                seq: seen.seq.unsigned_abs(),
                at: seen.at,
                kind: seen.kind.to_owned(),
                run: None,
                body: stored_json(seen.body)
                    .map_or(Value::Null, |body| without_secrets(body, Leave::Nothing)),
                hash: seen.hash.to_owned(),
                fits: seen.fits,
            });
        })?;
        drop(snapshot);
        Ok(walk.end(format, MIGRATIONS.len()))
    }

    /// Before the first entry, with what is known of header and tasks.
    pub(super) fn begin(&self) -> Result<Begun, JournalError> {
        let (connection, path) = (&self.connection, &self.path);
        let mut tasks = Some(Vec::new());
        let beginning = Beginning::read(connection, path, |body| {
            let task = body.and_then(|body| Task::deserialize(body).ok());
            match (&mut tasks, task) {
                (Some(tasks), Some(task)) => tasks.push(task),
                (tasks, _) => *tasks = None,
            }
        })?;
        let mut walk = Walk::new(beginning.genesis());
        if has_hashes(connection, path)? {
            compare_beginning(connection, path, &beginning, &mut walk)?;
        }
        let format = version_of(connection, path)?;
        Ok(Begun { format, beginning, tasks, walk })
    }

    /// Follows the entries in order, and gives each to `see`, in one pass over the file: each body is read once. Returns
    /// the walk and what is known of the tasks, where all entries can be read.
    pub(super) fn follow(
        &self,
        begun: Begun,
        mut see: impl FnMut(AuditedEntry<'_>),
    ) -> Result<(Walk, Option<Vec<TaskRecord>>), JournalError> {
        let (connection, path) = (&self.connection, &self.path);
        let Begun { format, tasks, mut walk, .. } = begun;
        let is_newer = format as usize > MIGRATIONS.len();
        let mut records: Option<Vec<TaskRecord>> =
            tasks.as_ref().map(|tasks| tasks.iter().map(TaskRecord::new).collect());
        let hash = if has_hashes(connection, path)? { "hash" } else { "NULL" };
        let mut select = connection
            .prepare(&format!("SELECT seq, at, task, kind, body, {hash} FROM entries ORDER BY seq"))
            .at(path)?;
        let rows = select.query([]).at(path)?;
        let mut text = Vec::new();
        for_each_stored(rows, path, |entry, event| {
            let StoredEntry { seq, at, task, kind, body, hash } = entry;
            let expected = write_canonical(&body, Leave::Nothing, &mut text)
                .map(|text| entry_hash(walk.head(), seq, at, task, &kind, text));
            walk.step(seq, expected, hash);
            let at = UnixMillis(at);
            match take_in(event.as_ref(), at, tasks.as_deref(), records.as_deref_mut()) {
                Ok(()) => {}
                Err(what) => {
                    // Entries of a newer program cannot be folded here, and so the state column is not compared.
                    records = None;
                    if !is_newer {
                        walk.fault(seq, what);
                    }
                }
            }
            let fits = walk.found().is_none();
            see(AuditedEntry { seq, at, kind: &kind, body: &body, event, hash: walk.head(), fits });
        })?;
        if let Some(records) = &records {
            compare_outcomes(connection, path, records, &mut walk)?;
        }
        Ok((walk, records))
    }

    /// How far the run has come. It reads only the last entry; `audit` follows all of them.
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

    /// What is unsent, in progress or in doubt on some devices, with the names of the actions, in the order of the tasks.
    /// It reads no entries.
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

    /// Device and action of the tasks of these devices that the tenant has taken and whose devices have not reported.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn pending_on(
        &self,
        devices: &BTreeSet<DeviceId>,
    ) -> Result<Vec<(DeviceId, String)>, JournalError> {
        self.tasks_on(devices, &[Outcome::Pending, Outcome::NotNow])
    }

    /// Device and action of the tasks of these devices with one of these outcomes.
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

/// What the first entry follows from.
pub(super) struct Begun {
    pub format: u32,
    pub beginning: Beginning,
    /// The tasks; `None` where one cannot be read, such as that of a newer program.
    pub tasks: Option<Vec<Task>>,
    pub walk: Walk,
}

/// One entry, as the audit reads it.
pub(super) struct AuditedEntry<'a> {
    pub seq: i64,
    pub at: UnixMillis,
    pub kind: &'a str,
    /// Its body, secrets included.
    pub body: &'a str,
    /// What it says; `None` where this program cannot read it.
    pub event: Option<Event>,
    pub hash: &'a str,
    /// Whether everything so far is what was written.
    pub fits: bool,
}

/// Compares header and tasks with what was noted of them when the run began.
fn compare_beginning(
    connection: &Connection,
    path: &Path,
    beginning: &Beginning,
    walk: &mut Walk,
) -> Result<(), JournalError> {
    let noted: Option<(Beginning, i64)> = connection
        .query_row("SELECT header, tasks, first FROM chain", [], |row| {
            Ok((Beginning { header: row.get(0)?, tasks: row.get(1)? }, row.get(2)?))
        })
        .optional()
        .at(path)?;
    let Some((noted, first)) = noted else { return Ok(()) };
    walk.is_chained_from(first);
    if noted.header != beginning.header {
        walk.fault(0, "the header is not the one that the run began with");
    } else if noted.tasks != beginning.tasks {
        walk.fault(0, "the tasks are not the ones that the run began with");
    }
    Ok(())
}

/// Whether the entries have a place for hashes: those of an older program have none.
fn has_hashes(snapshot: &Connection, path: &Path) -> Result<bool, JournalError> {
    let select = "SELECT 1 FROM pragma_table_info('entries') WHERE name = 'hash'";
    let found: Option<i64> =
        snapshot.query_row(select, [], |row| row.get(0)).optional().at(path)?;
    Ok(found.is_some())
}

/// Folds one entry into the record of its task. The error says what is wrong with it.
fn take_in(
    event: Option<&Event>,
    at: UnixMillis,
    tasks: Option<&[Task]>,
    records: Option<&mut [TaskRecord]>,
) -> Result<(), String> {
    let (Some(tasks), Some(records)) = (tasks, records) else { return Ok(()) };
    let Some(event) = event else { return Err("it cannot be read".to_owned()) };
    let Some(index) = event.task() else { return Ok(()) };
    let (Some(task), Some(record)) = (tasks.get(index.at()), records.get_mut(index.at())) else {
        return Err(format!("it names task {}, which the run does not have", index.0));
    };
    record.apply(at, event);
    match event {
        Event::Intent { sends: Some(sends), .. } if **sends != task.sends() => Err(format!(
            "it sent {} to device {}, but task {} is another request",
            sends.action,
            sends.device.as_str(),
            index.0
        )),
        _ => Ok(()),
    }
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
            walk.fault(0, format!("task {task} is marked {word}, but its entries say {follows}"));
            break;
        }
    }
    Ok(())
}
