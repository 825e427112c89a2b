//! A run for the tests of its texts.
//!
//! Owns the events that they are made from. Must never be used outside tests.

use crate::app::{RunBegins, SeenEntry, SeenTask};
use crate::model::{Outcome, OutcomeCounts, UnixMillis};

/// When the run of the tests began.
pub(super) const START: UnixMillis = UnixMillis(1_796_000_000_000);

pub(super) fn counts_of(counts: &[(Outcome, u32)]) -> OutcomeCounts {
    let mut all = OutcomeCounts::default();
    for (outcome, tasks) in counts {
        (0..*tasks).for_each(|_| all.add(*outcome));
    }
    all
}

pub(super) fn entry(at: UnixMillis, kind: &'static str, task: Option<SeenTask>) -> SeenEntry {
    SeenEntry { at, kind, task, news: None, pins: Vec::new() }
}

pub(super) fn task(serial: &str, outcome: Outcome, reason: &str) -> SeenTask {
    SeenTask {
        index: 0,
        id: "t".to_owned(),
        row: 1,
        wave: 0,
        action: "restart".to_owned(),
        device_id: "d1".to_owned(),
        serial_number: serial.to_owned(),
        outcome: Some(outcome.word()),
        reason: reason.to_owned(),
        http_status: None,
        is_sought: true,
    }
}

/// What observers get first of a run with 120 tasks.
pub(super) fn begins() -> RunBegins {
    RunBegins {
        run: "20261130-005320-abcde".to_owned(),
        job: "mass-restart".to_owned(),
        tenant: "acme.api.kandji.io".to_owned(),
        per_hour: 7_500,
        quarantine_ms: 600_000,
        has_waves: true,
        counts: counts_of(&[(Outcome::NotAttempted, 120)]),
        metrics_file: None,
        failures: Vec::new(),
    }
}
