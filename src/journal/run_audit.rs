//! Whether the journal of a run is what was written.
//!
//! Owns the check of a run's header, tasks, entries and state column against each other, and what a look from outside
//! sees of a run that others may be driving. Must never show a secret, and never write.

use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;
use std::path::Path;

use super::chain::{AuditRecord, ChainAudit, HexHash, Leave, Walk, stored_json, without_secrets};
use super::database::version_of;
use super::error::{At, JournalError};
use super::run_chain::{
    Beginning, RunHead, TASK_BODY, TASK_OUTCOME, TASK_ROWS, TasksHash, has_hashes, last_hash,
    text_at,
};
use super::run_format::MIGRATIONS;
use super::run_reader::RunReader;
use super::stored_tasks::TaskPrints;
use super::stretches::{
    EntryReading, ReadEntry, StoredEntry, Stretch, TaskStretch, for_each_stretch,
};
use crate::model::{
    DeviceId, Event, KnownTasks, KnownTexts, Outcome, Params, SentRequest, Task, TaskIndex,
    TaskRecord, UnixMillis,
};

impl RunReader {
    /// Whether the journal is what was written: its entries in their order, the header and the tasks that they are
    /// tied to, and the state column, which has to follow from them.
    ///
    /// # Errors
    /// [`JournalError`] when it cannot be read; what does not fit is a fault and no error.
    pub fn audit(&self) -> Result<ChainAudit, JournalError> {
        self.for_each_audited(|_| {})
    }

    /// The same, and gives every entry to `take`, in order. The run may be written meanwhile: what is read is as it was at
    /// one moment.
    ///
    /// # Errors
    /// As [`Self::audit`].
    pub fn for_each_audited(
        &self,
        mut take: impl FnMut(&AuditedEntry<'_>),
    ) -> Result<ChainAudit, JournalError> {
        let snapshot = self.connection.unchecked_transaction().at(&self.path)?;
        let (begun, tasks) = self.begin()?;
        let format = begun.format;
        let (walk, _) = self.follow(begun, tasks.as_deref(), |seen| take(&seen))?;
        drop(snapshot);
        Ok(walk.end(format, MIGRATIONS.len()))
    }

    /// Before the first entry, with the tasks; `None` where one cannot be read, such as that of a newer program.
    pub(super) fn begin(&self) -> Result<(Begun, Option<Vec<Task>>), JournalError> {
        let (connection, path) = (&self.connection, &self.path);
        let mut select = connection.prepare(TASK_ROWS).at(path)?;
        let mut rows = select.query([]).at(path)?;
        let (mut hash, mut marks, mut prints) = (TasksHash::new(), Vec::new(), TaskPrints::new());
        let (mut tasks, mut known) = (Some(Vec::<Task>::new()), KnownTasks::default());
        for_each_stretch(
            |stretch: &mut TaskStretch| {
                let Some(row) = rows.next().at(path)? else { return Ok(false) };
                hash.take(row).at(path)?;
                marks.push(Outcome::parse(text_at(row, TASK_OUTCOME).at(path)?));
                prints.add(text_at(row, TASK_BODY).at(path)?);
                stretch.add(row, TASK_BODY).at(path)?;
                Ok(true)
            },
            |stretch| stretch.read(path).ok(),
            |_, read| match (&mut tasks, read) {
                (Some(tasks), Some(read)) => {
                    tasks.extend(read.into_iter().map(|it| known.shared(it)))
                }
                (tasks, _) => *tasks = None,
            },
        )?;
        let beginning = Beginning::with_tasks(connection, path, hash)?;
        let mut walk = Walk::new(beginning.genesis());
        if has_hashes(connection, path)? {
            compare_beginning(connection, path, &beginning, &mut walk)?;
        }
        let format = version_of(connection, path)?;
        Ok((Begun { format, beginning, marks, prints, walk }, tasks))
    }

    /// Follows the entries of these tasks in order, and gives each to `see`, in one pass over the file: each body is read
    /// once. Returns the walk and what is known of the tasks, where all entries can be read.
    pub(super) fn follow(
        &self,
        begun: Begun,
        tasks: Option<&[Task]>,
        mut see: impl FnMut(AuditedEntry<'_>),
    ) -> Result<(Walk, Option<Vec<TaskRecord>>), JournalError> {
        let (connection, path) = (&self.connection, &self.path);
        let Begun { format, marks, mut walk, .. } = begun;
        let is_newer = format as usize > MIGRATIONS.len();
        let mut fold = Fold::new(tasks);
        let hash = if has_hashes(connection, path)? { "hash" } else { "NULL" };
        let mut select = connection
            .prepare(&format!("SELECT seq, at, task, kind, body, {hash} FROM entries ORDER BY seq"))
            .at(path)?;
        let mut rows = select.query([]).at(path)?;
        let mut reading = EntryReading::new(walk.head());
        for_each_stretch(
            |stretch: &mut Stretch| {
                let Some(row) = rows.next().at(path)? else { return Ok(false) };
                stretch.add(row).at(path)?;
                Ok(true)
            },
            |stretch| reading.read(stretch),
            |stretch, read| {
                for (entry, ReadEntry { event, expected }) in stretch.entries().zip(read) {
                    let StoredEntry { seq, at, kind, body, hash, .. } = entry;
                    walk.step(seq, expected.as_ref().map(HexHash::as_str), hash);
                    let at = UnixMillis(at);
                    // Entries of a newer program cannot be folded here, and so the state column is not compared.
                    if let Err(what) = fold.take_in(at, event.as_ref())
                        && !is_newer
                    {
                        walk.fault(seq, what);
                    }
                    let (fits, seq) = (walk.found().is_none(), seq.unsigned_abs());
                    see(AuditedEntry { seq, at, kind, body, event, hash: walk.head(), fits });
                }
            },
        )?;
        if let Some(records) = &fold.records {
            compare_outcomes(connection, path, &marks, records, &mut walk)?;
        }
        Ok((walk, fold.records))
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
    /// What each task is marked with; `None` for a word that this program does not know.
    marks: Vec<Option<Outcome>>,
    pub prints: TaskPrints,
    pub walk: Walk,
}

/// One entry, as the audit reads it.
pub struct AuditedEntry<'a> {
    /// Its number, from 1.
    pub seq: u64,
    /// When it was formed.
    pub at: UnixMillis,
    /// Its kind, as stored.
    pub kind: &'a str,
    /// Its body, secrets included.
    body: &'a str,
    /// What it says, secrets included; `None` where this program cannot read it.
    pub event: Option<Event>,
    /// Its hash: of itself and of everything before it.
    pub hash: &'a str,
    /// Whether it and everything before it is what was written. Only then is the hash worth anything.
    pub fits: bool,
}

impl AuditedEntry<'_> {
    /// It for showing: without secrets, and with all that it says. This takes longer than to verify it.
    #[must_use]
    pub fn record(&self) -> AuditRecord {
        let body = stored_json(self.body).map(|body| without_secrets(body, Leave::Nothing));
        AuditRecord {
            seq: self.seq,
            at: self.at,
            kind: self.kind.to_owned(),
            run: None,
            body: body.unwrap_or_default(),
            hash: self.hash.to_owned(),
            fits: self.fits,
        }
    }
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

/// What is known of the tasks, from one entry to the next.
struct Fold<'a> {
    tasks: &'a [Task],
    /// `None` where a task or an entry cannot be read.
    records: Option<Vec<TaskRecord>>,
    reasons: KnownTexts,
    /// What the last parameters that were compared come to: most tasks of a run have the same.
    sent: Option<(&'a Params, SentRequest)>,
}

impl<'a> Fold<'a> {
    /// Before the first entry.
    fn new(tasks: Option<&'a [Task]>) -> Self {
        let records = tasks.map(|tasks| tasks.iter().map(TaskRecord::new).collect());
        Self {
            tasks: tasks.unwrap_or_default(),
            records,
            reasons: KnownTexts::default(),
            sent: None,
        }
    }

    /// Folds one entry into the record of its task. The error says what is wrong with it; from then on nothing is folded.
    fn take_in(&mut self, at: UnixMillis, event: Option<&Event>) -> Result<(), String> {
        let Some(records) = &mut self.records else { return Ok(()) };
        let taken = match event {
            None => Err("it cannot be read".to_owned()),
            Some(event) => match event.task() {
                None => Ok(()),
                Some(index) => match (self.tasks.get(index.at()), records.get_mut(index.at())) {
                    (Some(task), Some(record)) => {
                        record.apply(at, event);
                        self.reasons.share(&mut record.reason);
                        self.compare_sent(index, task, event)
                    }
                    _ => Err(format!("it names task {}, which the run does not have", index.0)),
                },
            },
        };
        if taken.is_err() {
            self.records = None;
        }
        taken
    }

    /// Compares what an intent says that it sends with the task.
    fn compare_sent(
        &mut self,
        index: TaskIndex,
        task: &'a Task,
        event: &Event,
    ) -> Result<(), String> {
        let Event::Intent { sends: Some(sends), lists, .. } = event else { return Ok(()) };
        let is_known =
            |(params, _): &(&Params, SentRequest)| lists.is_none() && **params == task.params;
        let (_, known) = match self.sent.take().filter(is_known) {
            Some(known) => self.sent.insert(known),
            None => self.sent.insert((&task.params, task.sends(lists.as_deref()))),
        };
        let is_it = sends.device == task.device.id
            && sends.action == task.action
            && sends.params == known.params;
        if is_it {
            return Ok(());
        }
        Err(format!(
            "it sent {} to device {}, but task {} is another request",
            sends.action,
            sends.device.as_str(),
            index.0
        ))
    }
}

fn compare_outcomes(
    snapshot: &Connection,
    path: &Path,
    marks: &[Option<Outcome>],
    records: &[TaskRecord],
    walk: &mut Walk,
) -> Result<(), JournalError> {
    let is_other =
        |(mark, record): (&Option<Outcome>, &TaskRecord)| *mark != Some(record.outcome());
    let Some(task) = marks.iter().zip(records).position(is_other) else { return Ok(()) };
    let select = "SELECT outcome FROM tasks ORDER BY task LIMIT 1 OFFSET ?";
    let word: String = snapshot.query_row(select, [task as i64], |row| row.get(0)).at(path)?;
    let follows = records[task].outcome().word();
    walk.fault(0, format!("task {task} is marked {word}, but its entries say {follows}"));
    Ok(())
}
