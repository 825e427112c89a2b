//! The list of runs.
//!
//! Owns what is known of a run without its entries. Must never fail because one run cannot be read: the audit
//! reports that.

use crate::app::Workspace;
use crate::app::refusal::Reason;
use crate::journal::{RunReader, RunRow, StateDir};

/// A run in the list of runs.
#[derive(Clone, Debug)]
pub struct RunListing {
    /// Its row in the index.
    pub row: RunRow,
    /// The base URL of its tenant; empty where its database cannot be read.
    pub base_url: String,
    /// What named the base URL, as the journal keeps it; empty where its database cannot be read.
    pub reached_by: String,
}

impl Workspace {
    /// All runs, the newest first.
    ///
    /// # Errors
    /// The index cannot be read.
    pub fn runs(&self) -> Result<Vec<RunListing>, Reason> {
        let rows = self.index().runs()?;
        let listed = rows.into_iter().map(|row| {
            let (base_url, reached_by) = address_of(&self.dir, &row.id).unwrap_or_default();
            RunListing { row, base_url, reached_by }
        });
        Ok(listed.collect())
    }
}

fn address_of(state_dir: &StateDir, run: &str) -> Option<(String, String)> {
    let header = RunReader::open(state_dir, run).ok()?.header().ok()??;
    Some((header.base_url, header.provenance.reached_by))
}
