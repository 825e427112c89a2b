//! Dropping secrets from the journal of a run that is long over.
//!
//! Owns the one exception from "entries are only ever added": PINs, kept secrets and the results of reads are taken
//! out of their bodies. Invariant: no outcome and no hash changes by it, and the bytes are gone from the files. Must never touch
//! a run that is not held by the caller, nor a task of which something is newer than the limit.

use rusqlite::{Connection, TransactionBehavior, params};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use super::chain::{stored_json, with_secrets_of};
use super::database::{open_to_read, open_to_write};
use super::error::{At, JournalError};
use super::run_format::MIGRATIONS;
use super::run_reader::{from_json, no_json};
use super::state_dir::StateDir;
use crate::model::{
    DeviceFacts, Event, ParamValue, PinReading, Sealed, Task, TaskIndex, UnixMillis, Verdict,
};

/// What is, or would be, dropped from one task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PruneShare {
    /// The task whose secrets were dropped.
    pub task: TaskIndex,
    /// The device of the task.
    pub device: Arc<DeviceFacts>,
    /// Name of its action.
    pub action: String,
    /// Number of dropped PINs.
    pub pins: u32,
    /// Other secrets of the device.
    pub secrets: u32,
    /// Number of dropped answers to reads.
    pub replies: u32,
}

/// What is, or would be, dropped from a run.
#[derive(Clone, Debug, Default)]
pub struct Pruned {
    /// Tasks that have something to drop.
    pub shares: Vec<PruneShare>,
    /// Tasks that would have, but of which something is newer than the limit.
    pub spared: u32,
    /// The secrets themselves, for finding the reports that contain them.
    pub dropped: Vec<Sealed>,
}

/// Says what pruning a run would drop: of tasks of which nothing was recorded since `before`.
///
/// # Errors
/// [`JournalError`].
pub fn prune_share(
    state_dir: &StateDir,
    run: &str,
    before: UnixMillis,
) -> Result<Pruned, JournalError> {
    let path = state_dir.run_path(run);
    let connection = open_to_read(&path)?;
    Ok(Rewriting::of(&connection, &path, before)?.pruned)
}

/// Drops it. The caller holds the run.
///
/// # Errors
/// [`JournalError`]. When it fails before the commit, nothing is dropped. When it fails later, old bytes may remain in
/// the files until the next program opens them.
pub fn prune_run(
    state_dir: &StateDir,
    run: &str,
    before: UnixMillis,
) -> Result<Pruned, JournalError> {
    let path = state_dir.run_path(run);
    let mut connection = open_to_write(&path, &MIGRATIONS)?;
    // Overwritten with zeroes, and no temporary file.
    connection.execute_batch("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;").at(&path)?;
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).at(&path)?;
    let rewriting = Rewriting::of(&transaction, &path, before)?;
    for (table, key, rows) in
        [("entries", "seq", &rewriting.entries), ("tasks", "task", &rewriting.tasks)]
    {
        let statement = format!("UPDATE {table} SET body = ?2 WHERE {key} = ?1");
        let mut update = transaction.prepare(&statement).at(&path)?;
        for (row, body) in rows {
            update.execute(params![row, body]).at(&path)?;
        }
    }
    transaction.commit().at(&path)?;
    connection.execute_batch("VACUUM").at(&path)?;
    empty_the_log(&connection, &path)?;
    Ok(rewriting.pruned)
}

/// Moves the log into the database and cuts it to nothing: it has the old pages too.
fn empty_the_log(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let is_busy: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).at(path)?;
    if is_busy == 0 {
        return Ok(());
    }
    let detail = "the secrets are dropped, but another process reads the database, so its log still has the old bytes; prune again when that process has ended";
    Err(JournalError::Content { path: path.to_owned(), detail: detail.to_owned() })
}

/// The bodies that change.
#[derive(Default)]
struct Rewriting {
    entries: Vec<(i64, String)>,
    tasks: Vec<(i64, String)>,
    pruned: Pruned,
}

impl Rewriting {
    fn of(connection: &Connection, path: &Path, before: UnixMillis) -> Result<Self, JournalError> {
        let newer = newer_tasks(connection, path, before)?;
        let mut rewriting = Self::default();
        let mut shares = rewriting.take_tasks(connection, path, &newer)?;
        let mut select = connection
            .prepare("SELECT seq, body FROM entries WHERE task IS NOT NULL ORDER BY seq")
            .at(path)?;
        let mut rows = select.query([]).at(path)?;
        let mut spared = BTreeSet::new();
        while let Some(row) = rows.next().at(path)? {
            let body: String = row.get(1).at(path)?;
            let mut event: Event = from_json(&body, path)?;
            let Some(task) = event.task() else { continue };
            let Some(share) = shares.get_mut(task.at()) else { continue };
            let mut found = share.clone();
            let dropped = drop_secrets(&mut event, &mut found);
            if found == *share {
                continue;
            }
            if newer.contains(&task) {
                spared.insert(task);
                continue;
            }
            *share = found;
            rewriting.pruned.dropped.extend(dropped);
            rewriting.entries.push((row.get(0).at(path)?, rewritten(&body, &event, path)?));
        }
        rewriting.pruned.spared = u32::try_from(spared.len()).unwrap_or(u32::MAX);
        shares.retain(|share| share.pins + share.secrets + share.replies > 0);
        rewriting.pruned.shares = shares;
        Ok(rewriting)
    }

    /// Goes through the tasks; returns an account for each.
    fn take_tasks(
        &mut self,
        connection: &Connection,
        path: &Path,
        newer: &BTreeSet<TaskIndex>,
    ) -> Result<Vec<PruneShare>, JournalError> {
        let mut select =
            connection.prepare("SELECT task, body FROM tasks ORDER BY task").at(path)?;
        let mut rows = select.query([]).at(path)?;
        let mut shares = Vec::new();
        while let Some(row) = rows.next().at(path)? {
            let index: u32 = row.get(0).at(path)?;
            let body: String = row.get(1).at(path)?;
            let mut task: Task = from_json(&body, path)?;
            let mut pins = 0;
            for value in task.params.values_mut() {
                let ParamValue::Secret(secret) = value else { continue };
                if is_dropped(secret) || newer.contains(&TaskIndex(index)) {
                    continue;
                }
                // The parameter stays, without its value: the task is still the same task.
                let nothing = Sealed::clear(String::new());
                self.pruned.dropped.push(std::mem::replace(secret, nothing));
                pins += 1;
            }
            if pins > 0 {
                self.tasks.push((i64::from(index), rewritten(&body, &task, path)?));
            }
            shares.push(PruneShare {
                task: TaskIndex(index),
                device: Arc::clone(&task.device),
                action: task.action.clone(),
                pins,
                secrets: 0,
                replies: 0,
            });
        }
        Ok(shares)
    }
}

/// A stored body with the secrets that `value` still has. All else stays as it was written, fields that this program
/// does not know included: it is what the hashes of the entries cover.
fn rewritten<T: Serialize>(body: &str, value: &T, path: &Path) -> Result<String, JournalError> {
    let mut stored = stored_json(body).ok_or_else(|| no_json(path))?;
    let value = serde_json::to_value(value).map_err(|_| no_json(path))?;
    with_secrets_of(&mut stored, &value);
    Ok(stored.to_string())
}

/// Whether a secret was dropped before.
fn is_dropped(secret: &Sealed) -> bool {
    secret.expose() == Some("")
}

/// Tasks of which something was recorded at `before` or later.
fn newer_tasks(
    connection: &Connection,
    path: &Path,
    before: UnixMillis,
) -> Result<BTreeSet<TaskIndex>, JournalError> {
    let mut select = connection
        .prepare("SELECT DISTINCT task FROM entries WHERE task IS NOT NULL AND at >= ?")
        .at(path)?;
    let rows = select.query_map([before.0], |row| Ok(TaskIndex(row.get(0)?))).at(path)?;
    rows.collect::<Result<_, _>>().at(path)
}

/// Takes a PIN away and leaves an empty one: that there was one decides how the task ended.
fn empty(pin: &mut Sealed) -> Option<Sealed> {
    let is_new = !is_dropped(pin);
    is_new.then(|| std::mem::replace(pin, Sealed::clear(String::new())))
}

/// Takes the secrets out of an event and counts them. What is left says the same about the outcome.
fn drop_secrets(event: &mut Event, share: &mut PruneShare) -> Vec<Sealed> {
    let mut dropped = Vec::new();
    match event {
        Event::Intent { pin: Some(pin), .. } => dropped.extend(empty(pin)),
        Event::Answered { verdict: Verdict::Accepted(answer), .. } => {
            dropped.extend(answer.pin.as_mut().and_then(empty));
            share.replies += u32::from(answer.result.take().is_some());
        }
        Event::PinRead {
            reading:
                PinReading::Found { pin, .. }
                | PinReading::Odd { pin, .. }
                | PinReading::Known { pin, .. },
            ..
        } => {
            dropped.extend(empty(pin));
        }
        Event::SecretsRead { secrets, .. } => {
            let taken = std::mem::take(secrets);
            share.secrets += u32::try_from(taken.len()).unwrap_or(u32::MAX);
            return taken.into_iter().map(|secret| secret.value).collect();
        }
        _ => {}
    }
    share.pins += u32::try_from(dropped.len()).unwrap_or(u32::MAX);
    dropped
}
