//! What following the commands of a run cost.
//!
//! Owns which requests count as following. Must never count a request itself: the journal did.

use super::row::{ReportRow, Rows, RunFacts};
use crate::model::{End, Outcome};

/// What following commands cost in requests, and what it found.
#[derive(Copy, Clone, Debug, PartialEq, serde::Serialize)]
pub struct Following {
    /// Reads of devices and their PINs, and pages of the device list.
    pub requests: u64,
    /// Tasks whose end was seen.
    pub settled: u32,
    /// Requests for each of them.
    pub requests_per_settled: f64,
}

impl Following {
    /// What it cost in this run; `None` where nothing was followed.
    #[must_use]
    pub fn of(facts: &RunFacts, rows: &Rows<'_>) -> Option<Self> {
        let kinds = ["look", "list", "pin"];
        let requests = kinds.iter().filter_map(|kind| facts.requests.get(*kind)).sum();
        if requests == 0 {
            return None;
        }
        // What is known of a task comes first: the task itself may have to be read.
        let is_seen = |row: &ReportRow<'_>| {
            (row.outcome() == Outcome::Completed || row.command_uuid().is_some())
                && !matches!(row.outcome(), Outcome::Pending | Outcome::NotNow)
                && row.task().end != End::Answer
        };
        let settled = u32::try_from(rows.iter().filter(is_seen).count()).unwrap_or(u32::MAX);
        Some(Self {
            requests,
            settled,
            requests_per_settled: (requests as f64 / f64::from(settled.max(1)) * 100.0).round()
                / 100.0,
        })
    }
}
