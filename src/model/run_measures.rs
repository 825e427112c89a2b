//! What a run measures of itself: how long answers take, how many entries share a commit, and where its requests went.
//!
//! Owns the sums. Its serialized form is stored: a field may be added with a default. Must never hold what single devices
//! or requests did.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::{Durations, UnixMillis};

/// Requests are counted in slots of this length, in milliseconds: fine enough to see an hour, and few in a run of days.
pub const SLOT_MS: i64 = 300_000;

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
    pub slots: BTreeMap<i64, BTreeMap<String, u64>>,
}

impl RunMeasures {
    /// Counts one commit of so many entries, which may be none.
    pub fn count_commit(&mut self, entries: usize) {
        if entries > 0 {
            self.commits += 1;
            self.entries += entries as u64;
        }
    }

    /// Counts requests that were made at `at`, and the answers that came.
    pub fn count_requests(
        &mut self,
        at: UnixMillis,
        requests: &BTreeMap<String, u64>,
        answers: &AnswerTimes,
    ) {
        add_answers(&mut self.answers, answers);
        if !requests.is_empty() {
            let slot = self.slots.entry(at.0.div_euclid(SLOT_MS)).or_default();
            add_requests(slot, requests);
        }
    }

    /// Counts what another process measured too.
    pub fn merge(&mut self, other: &Self) {
        self.commits += other.commits;
        self.entries += other.entries;
        add_answers(&mut self.answers, &other.answers);
        for (slot, requests) in &other.slots {
            add_requests(self.slots.entry(*slot).or_default(), requests);
        }
    }
}

/// Counts more requests.
pub fn add_requests(all: &mut BTreeMap<String, u64>, more: &BTreeMap<String, u64>) {
    for (kind, count) in more {
        match all.get_mut(kind) {
            Some(known) => *known += count,
            None => drop(all.insert(kind.clone(), *count)),
        }
    }
}

/// Counts more answers.
pub fn add_answers(all: &mut AnswerTimes, more: &AnswerTimes) {
    for (kind, durations) in more {
        match all.get_mut(kind) {
            Some(known) => known.merge(durations),
            None => drop(all.insert(kind.clone(), durations.clone())),
        }
    }
}
