//! What a run cost, from its journal alone.
//!
//! Owns the reading of it. Must never contact a tenant, and never wait for a process that drives the run.

use crate::app::Workspace;
use crate::app::refusal::Reason;
use crate::journal::{Distrust, RunReader, RunRow};
use crate::model::{PauseTally, UnixMillis};
use crate::report::{RunStats, RunStatsInput};

/// A run and what it cost.
pub struct RunFigures {
    /// Its row in the index.
    pub row: RunRow,
    /// A process drives it now: the figures grow.
    pub is_held: bool,
    /// The figures.
    pub stats: RunStats,
}

impl Workspace {
    /// What a run cost up to `now`. `name` is its id, a unique beginning of it, or `latest`.
    ///
    /// # Errors
    /// The run does not exist, or its journal cannot be read.
    pub fn run_stats(&self, name: &str, now: UnixMillis) -> Result<RunFigures, Reason> {
        let row = self.index().find_run(name)?;
        let is_held = self.dir.is_held(&row.id);
        let reader = RunReader::open(&self.dir, &row.id)?;
        let header = reader.header()?.ok_or_else(|| Distrust::NeverBegun(row.id.clone()))?;
        let mut pauses = PauseTally::default();
        reader.for_each_entry_of_run(|entry| pauses.apply(&entry))?;
        let stats = RunStats::of(&RunStatsInput {
            started_at: header.started_at,
            until: row.ended_at.filter(|_| !is_held).unwrap_or(now),
            per_hour: header.policy.per_hour,
            requests: &reader.requests()?,
            measures: &reader.measures()?,
            pauses: &pauses,
            settled_devices: reader.settled_devices()?,
        });
        Ok(RunFigures { row, is_held, stats })
    }
}
