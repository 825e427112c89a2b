//! Rows that come from files of earlier runs.
//!
//! Owns what a plan keeps of them, so that it can be compared with those runs again when it is started. Must never say
//! what became of the run: its journal does.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::job::{Job, RowOrigin};

/// The rows of a job that come from files of earlier runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origins {
    /// By the run that they name.
    pub left: BTreeMap<String, LeftRows>,
    /// From a report, which names no run.
    pub reported: Vec<u32>,
}

/// Rows of a job that come from the `failed.csv` or `unprocessed.csv` of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftRows {
    /// The run had ended when each of them was written.
    pub has_ended: bool,
    /// Numbers of the rows.
    pub rows: Vec<u32>,
}

impl Origins {
    /// Where the rows of a job come from.
    #[must_use]
    pub fn of(job: &Job) -> Self {
        let mut origins = Self::default();
        for row in &job.rows {
            match row.origin.as_deref() {
                Some(RowOrigin::Left { run, has_ended }) => {
                    let fresh = LeftRows { has_ended: true, rows: Vec::new() };
                    let left = origins.left.entry(run.clone()).or_insert(fresh);
                    left.has_ended &= *has_ended;
                    left.rows.push(row.number);
                }
                Some(RowOrigin::Report) => origins.reported.push(row.number),
                None => {}
            }
        }
        origins
    }

    /// Whether no row comes from an earlier run.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty() && self.reported.is_empty()
    }
}
