//! What a run measures of itself: how long answers take, and how many entries share a commit.
//!
//! Owns the table `measures`, with one row for each process that wrote the run. Statistics only: no hash covers them, and a
//! killed process loses the last seconds of its row. Must never cost a commit of its own.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

use super::error::{At, JournalError};
use super::run_header::RequestCounts;
use super::run_reader::{from_json, to_json};
use super::writer::Batch;
use crate::model::{Durations, Event, UnixMillis};

/// Requests are counted in slots of this length, in milliseconds: fine enough to see an hour, and few in a run of days.
pub const SLOT_MS: i64 = 300_000;
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
    /// Requests by kind in each slot of [`SLOT_MS`], by the slot's number since 1970.
    #[serde(default)]
    pub slots: BTreeMap<i64, RequestCounts>,
}

impl RunMeasures {
    /// Counts one commit.
    fn add(&mut self, batch: &Batch) {
        if !batch.entries.is_empty() {
            self.commits += 1;
            self.entries += batch.entries.len() as u64;
        }
        add_answers(&mut self.answers, &batch.answers);
        if !batch.requests.is_empty() {
            let slot = self.slots.entry(batch.at.0.div_euclid(SLOT_MS)).or_default();
            add_requests(slot, &batch.requests);
        }
    }

    /// Counts what another process measured as well.
    fn merge(&mut self, other: &Self) {
        self.commits += other.commits;
        self.entries += other.entries;
        add_answers(&mut self.answers, &other.answers);
        for (slot, requests) in &other.slots {
            add_requests(self.slots.entry(*slot).or_default(), requests);
        }
    }
}

/// Counts more requests.
pub(super) fn add_requests(all: &mut RequestCounts, more: &RequestCounts) {
    for (kind, count) in more {
        match all.get_mut(kind) {
            Some(known) => *known += count,
            None => drop(all.insert(kind.clone(), *count)),
        }
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
        batch: &Batch,
    ) -> Result<(), JournalError> {
        if !self.is_due(batch) {
            return Ok(());
        }
        let mut measures = self.measures.clone();
        measures.add(batch);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO measures VALUES (?, ?)")
            .at(path)?
            .execute(params![self.process, to_json(&measures, path)?])
            .at(path)?;
        Ok(())
    }

    /// The batch is on disk.
    pub(super) fn committed(&mut self, batch: &Batch) {
        if self.is_due(batch) {
            self.kept_at = Some(batch.at);
        }
        self.measures.add(batch);
    }

    fn is_due(&self, batch: &Batch) -> bool {
        let is_old = self.kept_at.is_none_or(|kept_at| batch.at >= kept_at.plus_ms(KEEP_EVERY_MS));
        is_old || batch.entries.iter().any(|entry| matches!(entry.event, Event::Closed))
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
        all.merge(&one);
    }
    Ok(all)
}
