//! What a run cost in requests and in time, as figures.
//!
//! Owns their derivation from what the journal kept. Must never word them: text, JSON and pages do.

use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::{PauseTally, RunMeasures, SLOT_MS, UnixMillis};

const HOUR_SLOTS: i64 = 3_600_000 / SLOT_MS;

/// What the figures are made from.
#[derive(Copy, Clone, Debug)]
pub struct RunStatsInput<'a> {
    /// When the run started.
    pub started_at: UnixMillis,
    /// When it ended, or now.
    pub until: UnixMillis,
    /// Most requests in any 60 minutes.
    pub per_hour: u32,
    /// Requests by kind.
    pub requests: &'a BTreeMap<String, u64>,
    /// What its processes measured.
    pub measures: &'a RunMeasures,
    /// Its pauses.
    pub pauses: &'a PauseTally,
    /// Devices with a task that has come to its end.
    pub settled_devices: u64,
}

/// What a run cost. Fields are only ever added.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunStats {
    /// From its start to its end or to now, in milliseconds.
    pub elapsed_ms: u64,
    /// Of that, how long it paused.
    pub paused_ms: u64,
    /// All requests.
    pub requests: u64,
    /// Devices with a task that has come to its end.
    pub settled_devices: u64,
    /// Requests for each of them; `None` while there is none.
    pub requests_per_settled_device: Option<f64>,
    /// Requests by kind, the most frequent first.
    pub kinds: Vec<KindStats>,
    /// The pauses by reason, the longest first.
    pub pauses: Vec<PauseStats>,
    /// The 60 minutes with the most requests; `None` where an older program wrote the run.
    pub busiest_hour: Option<BusiestHour>,
    /// Most requests in any 60 minutes.
    pub per_hour: u32,
    /// Transactions of the journal that held entries.
    pub commits: u64,
    /// Entries in them.
    pub entries: u64,
    /// Entries in each of them; `None` where an older program wrote the run.
    pub entries_per_commit: Option<f64>,
}

/// The requests of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KindStats {
    /// The kind, as the journal counts it.
    pub kind: String,
    /// How many were made.
    pub count: u64,
    /// How many of their answers were timed; reads for the plan are not.
    pub timed: u64,
    /// Half of the answers came within this time, in milliseconds.
    pub p50_ms: Option<u32>,
    /// Nine of ten did.
    pub p90_ms: Option<u32>,
    /// 99 of a hundred did.
    pub p99_ms: Option<u32>,
    /// The slowest.
    pub max_ms: Option<u32>,
}

/// The pauses with one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PauseStats {
    /// Why the run paused.
    pub reason: String,
    /// How often.
    pub count: u32,
    /// How long together, in milliseconds.
    pub total_ms: u64,
}

/// The 60 minutes with the most requests.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BusiestHour {
    /// When they began, to five minutes.
    pub from: UnixMillis,
    /// Requests in them.
    pub requests: u64,
    /// What they are of the run's limit, in percent; 0 where there is no limit.
    pub share_percent: f64,
    /// Where they went, by kind, the most frequent first.
    pub kinds: Vec<(String, u64)>,
}

impl RunStats {
    /// The figures of a run.
    #[must_use]
    pub fn of(input: &RunStatsInput<'_>) -> Self {
        let RunStatsInput { measures, pauses, settled_devices, .. } = *input;
        let requests = input.requests.values().sum();
        let mut kinds: Vec<KindStats> =
            input.requests.iter().map(|(kind, count)| kind_stats(kind, *count, measures)).collect();
        kinds.sort_by_key(|kind| Reverse(kind.count));
        let mut all: Vec<PauseStats> = pauses
            .iter()
            .map(|(reason, total)| PauseStats {
                reason: reason.to_owned(),
                count: total.count,
                total_ms: total.total_ms,
            })
            .collect();
        all.sort_by_key(|pause| Reverse((pause.total_ms, pause.count)));
        Self {
            elapsed_ms: input.until.remaining_ms(input.started_at),
            paused_ms: pauses.total_ms(),
            requests,
            settled_devices,
            requests_per_settled_device: ratio(requests, settled_devices),
            kinds,
            pauses: all,
            busiest_hour: busiest_hour(measures, input.per_hour),
            per_hour: input.per_hour,
            commits: measures.commits,
            entries: measures.entries,
            entries_per_commit: ratio(measures.entries, measures.commits),
        }
    }
}

fn kind_stats(kind: &str, count: u64, measures: &RunMeasures) -> KindStats {
    let times = measures.answers.get(kind);
    let percentile = |percent| times.and_then(|times| times.percentile_ms(percent));
    KindStats {
        kind: kind.to_owned(),
        count,
        timed: times.map_or(0, crate::model::Durations::count),
        p50_ms: percentile(50),
        p90_ms: percentile(90),
        p99_ms: percentile(99),
        max_ms: percentile(100),
    }
}

/// To two digits, as people and programs read it.
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| (part as f64 / whole as f64 * 100.0).round() / 100.0)
}

fn busiest_hour(measures: &RunMeasures, per_hour: u32) -> Option<BusiestHour> {
    let hour_from = |first: i64| measures.slots.range(first..first + HOUR_SLOTS);
    let count_from =
        |first: i64| hour_from(first).flat_map(|(_, requests)| requests.values()).sum::<u64>();
    let slots = measures.slots.keys().copied();
    // The earliest of equals.
    let (from, count) = slots.map(|slot| (slot, count_from(slot))).rev().max_by_key(|it| it.1)?;
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for (kind, count) in hour_from(from).flat_map(|(_, requests)| requests) {
        *kinds.entry(kind).or_default() += count;
    }
    let mut kinds: Vec<(String, u64)> =
        kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    kinds.sort_by_key(|(_, count)| Reverse(*count));
    let share = if per_hour == 0 { 0.0 } else { count as f64 / f64::from(per_hour) * 100.0 };
    Some(BusiestHour {
        from: UnixMillis(from * SLOT_MS),
        requests: count,
        share_percent: (share * 10.0).round() / 10.0,
        kinds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Durations;

    const START: UnixMillis = UnixMillis(1_800_000_000_000);

    fn counts(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
        pairs.iter().map(|(kind, count)| ((*kind).to_owned(), *count)).collect()
    }

    fn stats(measures: &RunMeasures, settled_devices: u64) -> RunStats {
        RunStats::of(&RunStatsInput {
            started_at: START,
            until: START.plus_ms(90_000),
            per_hour: 1_000,
            requests: &counts(&[("action", 10), ("look", 30)]),
            measures,
            pauses: &PauseTally::default(),
            settled_devices,
        })
    }

    #[test]
    fn a_run_of_an_older_program_has_counts_and_no_times() {
        let stats = stats(&RunMeasures::default(), 0);
        assert_eq!((stats.requests, stats.elapsed_ms), (40, 90_000));
        assert_eq!((stats.requests_per_settled_device, stats.entries_per_commit), (None, None));
        assert_eq!(stats.busiest_hour, None);
        assert_eq!((stats.kinds[0].kind.as_str(), stats.kinds[0].p50_ms), ("look", None));
    }

    #[test]
    fn the_busiest_hour_slides_over_the_clock() {
        let first = START.0.div_euclid(SLOT_MS);
        let mut measures = RunMeasures { commits: 4, entries: 10, ..RunMeasures::default() };
        for (slot, looks) in [(0, 10), (6, 100), (17, 100), (18, 5)] {
            measures.slots.insert(first + slot, counts(&[("look", looks), ("action", 1)]));
        }
        let mut times = Durations::default();
        times.add(20);
        measures.answers.insert("look".to_owned(), times);
        let stats = stats(&measures, 16);
        let hour = stats.busiest_hour.expect("there is one");
        assert_eq!(hour.from, UnixMillis((first + 6) * SLOT_MS));
        assert_eq!((hour.requests, hour.share_percent), (202, 20.2));
        assert_eq!(hour.kinds, [("look".to_owned(), 200), ("action".to_owned(), 2)]);
        assert_eq!(stats.requests_per_settled_device, Some(2.5));
        assert_eq!(stats.entries_per_commit, Some(2.5));
        assert_eq!((stats.kinds[0].p50_ms, stats.kinds[0].timed), (Some(20), 1));
    }
}
