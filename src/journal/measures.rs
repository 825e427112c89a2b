//! What a run measures of itself: how long answers take, and how many entries share a commit.
//!
//! Owns the table `measures`, with one row for each process that wrote the run. Statistics only: no hash covers them, and a
//! killed process loses the last seconds of its row. Must never cost a commit of its own.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

use super::error::{At, JournalError};
use super::run_reader::{from_json, to_json};
use crate::model::{Durations, Entry, Event, UnixMillis};

/// A row is written again after this time, in milliseconds: often enough to follow a run, and a small part of its writes.
const KEEP_EVERY_MS: u64 = 5_000;

/// How long answers took, by the kind of request. Without the wait for a place in the quota.
pub type AnswerTimes = BTreeMap<String, Durations>;

/// What a run measured of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunMeasures {
    /// How long answers took, by the kind of request.
    pub answers: AnswerTimes,
    /// Transactions with entries.
    pub commits: u64,
    /// Entries in them.
    pub entries: u64,
}

impl RunMeasures {
    /// Counts one commit.
    fn add(&mut self, entries: &[Entry], answers: &AnswerTimes) {
        if !entries.is_empty() {
            self.commits += 1;
            self.entries += entries.len() as u64;
        }
        add_answers(&mut self.answers, answers);
    }
}

/// Counts more answers.
pub(super) fn add_answers(all: &mut AnswerTimes, more: &AnswerTimes) {
    for (kind, durations) in more {
        match all.get_mut(kind) {
            Some(known) => known.merge(durations),
            None => drop(all.insert(kind.clone(), durations.clone())),
        }
    }
}

/// The row of the process that writes a run.
pub(super) struct MeasureBook {
    process: i64,
    measures: RunMeasures,
    kept_at: Option<UnixMillis>,
}

impl MeasureBook {
    /// A row of its own, after those of earlier processes.
    pub(super) fn open(connection: &Connection, path: &Path) -> Result<Self, JournalError> {
        let process = connection
            .query_row("SELECT coalesce(max(process), 0) + 1 FROM measures", [], |row| row.get(0))
            .at(path)?;
        Ok(Self { process, measures: RunMeasures::default(), kept_at: None })
    }

    /// Writes the row inside of the transaction that commits these entries, where it is time to.
    pub(super) fn keep(
        &self,
        transaction: &Connection,
        path: &Path,
        entries: &[Entry],
        answers: &AnswerTimes,
    ) -> Result<(), JournalError> {
        if !self.is_due(entries) {
            return Ok(());
        }
        let mut measures = self.measures.clone();
        measures.add(entries, answers);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO measures VALUES (?, ?)")
            .at(path)?
            .execute(params![self.process, to_json(&measures, path)?])
            .at(path)?;
        Ok(())
    }

    /// The entries are on disk.
    pub(super) fn committed(&mut self, entries: &[Entry], answers: &AnswerTimes) {
        if self.is_due(entries) {
            self.kept_at = entries.last().map(|entry| entry.at);
        }
        self.measures.add(entries, answers);
    }

    fn is_due(&self, entries: &[Entry]) -> bool {
        let Some(last) = entries.last() else { return false };
        let is_old = self.kept_at.is_none_or(|kept_at| last.at >= kept_at.plus_ms(KEEP_EVERY_MS));
        is_old || entries.iter().any(|entry| matches!(entry.event, Event::Closed))
    }
}

/// What all processes of a run measured; nothing where a program wrote it that did not measure.
pub(super) fn read(connection: &Connection, path: &Path) -> Result<RunMeasures, JournalError> {
    let mut all = RunMeasures::default();
    let has_table = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'measures'",
            [],
            |row| row.get::<_, i64>(0),
        )
        .at(path)?;
    if has_table == 0 {
        return Ok(all);
    }
    let mut select = connection.prepare("SELECT body FROM measures ORDER BY process").at(path)?;
    let bodies = select.query_map([], |row| row.get::<_, String>(0)).at(path)?;
    for body in bodies {
        let one: RunMeasures = from_json(&body.at(path)?, path)?;
        all.commits += one.commits;
        all.entries += one.entries;
        add_answers(&mut all.answers, &one.answers);
    }
    Ok(all)
}
