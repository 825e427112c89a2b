//! Durations, counted in ranges.
//!
//! Owns the ranges: exact below 32 ms, then 16 for each doubling, so that a percentile is at most one sixteenth too high.
//! Must never keep single values: a run has a million of them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Below this every millisecond has a range of its own.
const EXACT_MS: u32 = 32;
/// Ranges of each doubling from there on.
const RANGES_PER_DOUBLING: u32 = 16;

/// How often durations fell into each range. Serialized in a run's database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// Number of durations by range.
    counts: BTreeMap<u32, u64>,
    /// The longest, in milliseconds.
    max_ms: u32,
    /// All together, in milliseconds.
    total_ms: u64,
}

impl Durations {
    /// Counts one more.
    pub fn add(&mut self, ms: u32) {
        *self.counts.entry(range_of(ms)).or_default() += 1;
        self.max_ms = self.max_ms.max(ms);
        self.total_ms += u64::from(ms);
    }

    /// Counts all of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (range, count) in &other.counts {
            *self.counts.entry(*range).or_default() += count;
        }
        self.max_ms = self.max_ms.max(other.max_ms);
        self.total_ms += other.total_ms;
    }

    /// How many were counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The longest, in milliseconds; 0 where there is none.
    #[must_use]
    pub fn max_ms(&self) -> u32 {
        self.max_ms
    }

    /// All together, in milliseconds.
    #[must_use]
    pub fn total_ms(&self) -> u64 {
        self.total_ms
    }

    /// The duration that `percent` of them do not exceed, in milliseconds; `None` where there is none.
    #[must_use]
    pub fn percentile_ms(&self, percent: u8) -> Option<u32> {
        let count = self.count();
        let rank = (count * u64::from(percent.min(100))).div_ceil(100).max(1);
        let mut passed = 0;
        self.counts.iter().find_map(|(range, count)| {
            passed += count;
            (passed >= rank).then(|| longest_of(*range).min(self.max_ms))
        })
    }
}

/// The range of a duration.
fn range_of(ms: u32) -> u32 {
    if ms < EXACT_MS {
        return ms;
    }
    let doubling = ms.ilog2() - EXACT_MS.ilog2();
    let place = (ms >> (doubling + 1)) - RANGES_PER_DOUBLING;
    EXACT_MS + doubling * RANGES_PER_DOUBLING + place
}

/// The longest duration of a range, in milliseconds.
fn longest_of(range: u32) -> u32 {
    if range < EXACT_MS {
        return range;
    }
    let (doubling, place) =
        ((range - EXACT_MS) / RANGES_PER_DOUBLING, (range - EXACT_MS) % RANGES_PER_DOUBLING);
    let next = u64::from(RANGES_PER_DOUBLING + place + 1) << (doubling + 1);
    u32::try_from(next - 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_in_its_range() {
        let near_powers =
            (0..32).flat_map(|power| [-1_i64, 0, 1].map(|step| (1_i64 << power) + step));
        for ms in (0..5_000).chain(near_powers).filter_map(|ms| u32::try_from(ms).ok()) {
            let range = range_of(ms);
            assert!(longest_of(range) >= ms, "{ms}");
            assert!(range == 0 || longest_of(range - 1) < ms, "{ms}");
            assert!(u64::from(longest_of(range) - ms) * 16 <= u64::from(ms).max(1), "{ms}");
        }
        assert_eq!(longest_of(range_of(u32::MAX)), u32::MAX);
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_list() {
        let mut durations = Durations::default();
        assert_eq!(durations.percentile_ms(50), None);
        (1..=30).for_each(|ms| durations.add(ms));
        assert_eq!(durations.percentile_ms(0), Some(1));
        assert_eq!(durations.percentile_ms(50), Some(15));
        assert_eq!(durations.percentile_ms(90), Some(27));
        assert_eq!(durations.percentile_ms(100), Some(30));
        assert_eq!(durations.total_ms(), 465);
    }

    #[test]
    fn two_parts_count_as_one() {
        let (mut all, mut first, mut second) =
            (Durations::default(), Durations::default(), Durations::default());
        for ms in [3, 900, 70_000, 12] {
            all.add(ms);
            if ms > 50 { first.add(ms) } else { second.add(ms) }
        }
        first.merge(&second);
        assert_eq!(first, all);
        assert_eq!((all.count(), all.max_ms()), (4, 70_000));
    }

    #[test]
    fn the_database_form_is_fixed() {
        let mut durations = Durations::default();
        [5, 5, 300].into_iter().for_each(|ms| durations.add(ms));
        let text = serde_json::to_string(&durations).expect("it has a form");
        assert_eq!(text, r#"{"counts":{"5":2,"82":1},"max_ms":300,"total_ms":310}"#);
        assert_eq!(serde_json::from_str::<Durations>(&text).expect("its own form"), durations);
    }
}
