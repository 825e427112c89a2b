//! What a run cost in requests.
//!
//! Owns the table of the page. Must never count a request.

use std::collections::HashSet;

use crate::model::{PackedDeviceId, counted, human_duration, thousands};
use crate::report::{Rows, RunFacts, RunStats, RunStatsInput, request_kind};

/// Reasons of pauses that are shown.
const PAUSES_MAX: usize = 10;

/// The requests of a run, and what they came to.
pub(super) struct RequestTable {
    /// By kind, the most frequent first.
    pub(super) kinds: Vec<RequestKind>,
    /// All of them.
    pub(super) total: u64,
    /// What they are of the quota.
    pub(super) quota: String,
    /// The busiest hour, requests for each device, entries for each commit: a sentence each, where known.
    pub(super) figures: Vec<String>,
    /// The answers were timed.
    pub(super) has_times: bool,
    /// The longest pauses by reason.
    pub(super) pauses: Vec<PauseLine>,
}

/// Requests of one kind.
pub(super) struct RequestKind {
    pub(super) name: String,
    pub(super) count: u64,
    pub(super) median: String,
    pub(super) most: String,
    pub(super) slowest: String,
}

/// Pauses with one reason.
pub(super) struct PauseLine {
    pub(super) reason: String,
    pub(super) count: u32,
    pub(super) time: String,
}

impl RequestTable {
    /// The requests of this run.
    pub(super) fn of(facts: &RunFacts, rows: &Rows<'_>) -> Self {
        let stats = stats_of(facts, rows);
        let time =
            |ms: Option<u32>| ms.map(|ms| format!("{} ms", thousands(ms))).unwrap_or_default();
        let kinds = stats.kinds.iter().map(|kind| RequestKind {
            name: request_kind(&kind.kind).to_owned(),
            count: kind.count,
            median: time(kind.p50_ms),
            most: time(kind.p99_ms),
            slowest: time(kind.max_ms),
        });
        let pauses = stats.pauses.iter().take(PAUSES_MAX).map(|pause| PauseLine {
            reason: pause.reason.clone(),
            count: pause.count,
            time: human_duration(pause.total_ms),
        });
        Self {
            kinds: kinds.collect(),
            total: stats.requests,
            quota: quota(stats.requests, facts.per_hour),
            figures: figures(&stats),
            has_times: stats.kinds.iter().any(|kind| kind.timed > 0),
            pauses: pauses.collect(),
        }
    }
}

fn stats_of(facts: &RunFacts, rows: &Rows<'_>) -> RunStats {
    let ended = rows.iter().filter(|row| row.outcome().ends_a_request());
    let devices: HashSet<PackedDeviceId> =
        ended.map(|row| PackedDeviceId::of(&row.device().id)).collect();
    RunStats::of(&RunStatsInput {
        started_at: facts.started_at,
        until: facts.finished_at.unwrap_or(facts.record.last_at),
        per_hour: facts.per_hour,
        requests: &facts.requests,
        measures: &facts.measures,
        pauses: &facts.record.pauses,
        settled_devices: devices.len() as u64,
    })
}

fn figures(stats: &RunStats) -> Vec<String> {
    let busiest = stats.busiest_hour.as_ref().map(|hour| {
        let requests = counted(hour.requests, "request");
        format!("The busiest 60 minutes began at {} and had {requests}.", hour.from)
    });
    let each = stats.requests_per_settled_device.map(|ratio| {
        let devices = counted(stats.settled_devices, "device");
        format!("{devices} came to an end, with {ratio:.2} requests each.")
    });
    let journal = stats.entries_per_commit.map(|ratio| {
        let (entries, commits) =
            (counted(stats.entries, "entry"), counted(stats.commits, "commit"));
        format!("The journal has {entries} in {commits}, {ratio:.1} each.")
    });
    [busiest, each, journal].into_iter().flatten().collect()
}

fn quota(total: u64, per_hour: u32) -> String {
    let made = format!("The run made {}.", counted(total, "request"));
    if per_hour == 0 {
        return made;
    }
    let limit = thousands(per_hour);
    let share = total as f64 / f64::from(per_hour) * 100.0;
    let share = match share {
        _ if share < 1.0 => "less than 1%".to_owned(),
        _ => format!("{share:.0}%"),
    };
    format!(
        "{made} It was limited to {limit} requests an hour; this is {share} of the quota of one hour."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_against_the_hour() {
        let facts = RunFacts {
            requests: [("action".to_owned(), 300), ("look".to_owned(), 900)].into(),
            per_hour: 8_000,
            ..RunFacts::default()
        };
        let table = RequestTable::of(&facts, &Rows::new(&[], &[]));
        assert_eq!(table.total, 1_200);
        assert!(!table.has_times && table.figures.is_empty());
        assert_eq!(table.kinds[0].name, "checks of a device's commands");
        assert!(table.quota.contains("made 1,200 requests"), "{}", table.quota);
        assert!(table.quota.contains("15% of the quota of one hour"), "{}", table.quota);
    }
}
