//! What a run measures of itself, kept in its database.
//!
//! Owns the table `measures`, with one row for each process that wrote the run. Statistics only: no hash covers them, and a
//! killed process loses the last seconds of its row. Must never cost a commit of its own.

use rusqlite::{Connection, params};
use std::path::Path;

use super::batch::Batch;
use super::error::{At, JournalError};
use super::run_reader::to_json;
use crate::model::{Event, RunMeasures, UnixMillis};

/// A row is written again after this time, in milliseconds: often enough to follow a run, and a small part of its writes.
const KEEP_EVERY_MS: u64 = 5_000;

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
        add(&mut measures, batch);
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
        add(&mut self.measures, batch);
    }

    fn is_due(&self, batch: &Batch) -> bool {
        let is_old = self.kept_at.is_none_or(|kept_at| batch.at >= kept_at.plus_ms(KEEP_EVERY_MS));
        is_old || batch.entries.iter().any(|entry| matches!(entry.event, Event::Closed))
    }
}

fn add(measures: &mut RunMeasures, batch: &Batch) {
    measures.count_commit(batch.entries.len());
    measures.count_requests(batch.at, &batch.requests, &batch.answers);
}
