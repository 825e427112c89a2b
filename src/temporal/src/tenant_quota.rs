//! The requests of one tenant, over all shards, runs and hosts.
//!
//! Owns which shard may send how many requests when. The rolling hour is the one of the local engine ([`sortie::pace::grant`]); within it
//! each request gets a moment of its own, so that workers on several hosts keep the rate per second without talking to each
//! other. (The server's own limit per fairness key exceeded its rate now and then and used some 60 % of it when it was measured.) Pure: time
//! is an argument. Must never give one place twice.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use sortie::model::UnixMillis;
use sortie::pace::{HOUR_MS, Lease, grant};

use crate::shard_sources::PLACE_PAUSE_MS;
use crate::wire::{Granted, QuotaMessage, ShardOrder};

/// Share of the rates that is given out. Workers reach the tenant a little later than their moment, by different delays, so
/// that moments that keep a rate exactly would exceed it on arrival.
const SHARE_PERCENT: u64 = 90;
/// How far ahead moments are given out, in milliseconds. What is given out is spent, even where it is not used, and a stop does not recall
/// what waits for its moment on a worker.
const AHEAD_MS: u64 = 2_000;
/// How long before its first moment a place is given out, in milliseconds: the way to the shard and from there to a worker takes part of a
/// second, and requests whose moments have passed on the way leave all at once.
const LEAD_MS: u64 = 1_000;
/// How long after its last moment a request may still leave, in milliseconds.
const LATE_MS: u64 = 10_000;
/// The time in which irreversible requests are counted, in milliseconds.
const MINUTE_MS: u64 = 60_000;

/// What a tenant's requests are given out from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct TenantQuota {
    shards: BTreeSet<String>,
    per_hour: u32,
    per_second: u32,
    irreversible_per_minute: Option<u32>,
    leases: Vec<SpentBlock>,
    irreversible: Vec<SpentBlock>,
    /// The next moment that nobody has, in microseconds since 1970.
    next_us: i64,
    waiting: VecDeque<Waiting>,
    polls: BTreeMap<String, u32>,
    paused_until: UnixMillis,
}

/// Requests that were given out.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
struct SpentBlock {
    count: u32,
    until: UnixMillis,
}

/// A shard that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Waiting {
    shard: String,
    requests: u32,
    irreversible: u32,
}

/// What is to be told to shards, and when to look again.
#[derive(Debug, Default)]
pub struct QuotaStep {
    /// Orders by the id of the shard's workflow.
    pub orders: Vec<(String, ShardOrder)>,
    /// When something may be given out that cannot be now.
    pub wake_at: Option<UnixMillis>,
}

impl TenantQuota {
    /// Whether any shard may still ask.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        !self.shards.is_empty()
    }

    /// The moment from which on nothing that was given out counts.
    #[must_use]
    pub fn counts_until(&self) -> Option<UnixMillis> {
        self.leases.iter().map(|block| block.until.plus_ms(HOUR_MS)).max()
    }

    /// Takes in a message. Returns what other shards have to know at once.
    pub fn take(&mut self, message: QuotaMessage) -> Vec<(String, ShardOrder)> {
        match message {
            QuotaMessage::Register { shards, per_hour, per_second, irreversible_per_minute } => {
                self.shards.extend(shards);
                // Several runs of a tenant share the smallest of their budgets.
                let smaller = |old: u32, new: u32| if old == 0 { new } else { old.min(new) };
                self.per_hour = smaller(self.per_hour, per_hour);
                self.per_second = smaller(self.per_second, per_second);
                self.irreversible_per_minute =
                    match (self.irreversible_per_minute, irreversible_per_minute) {
                        (Some(old), Some(new)) => Some(old.min(new)),
                        (old, new) => old.or(new),
                    };
            }
            QuotaMessage::Want { shard, requests, irreversible } => {
                self.waiting.retain(|waiting| waiting.shard != shard);
                self.waiting.push_back(Waiting { shard, requests, irreversible });
            }
            QuotaMessage::Polls { shard, per_hour } => {
                self.polls.insert(shard, per_hour);
            }
            QuotaMessage::Pause { shard, until, reason } => {
                return self.pause(&shard, until, &reason);
            }
            QuotaMessage::Left { shard } => {
                self.shards.remove(&shard);
                self.polls.remove(&shard);
                self.waiting.retain(|waiting| waiting.shard != shard);
                if self.shards.is_empty() {
                    // The next run brings its own budget.
                    (self.per_hour, self.per_second) = (0, 0);
                    self.irreversible_per_minute = None;
                }
            }
        }
        Vec::new()
    }

    fn pause(&mut self, by: &str, until: UnixMillis, reason: &str) -> Vec<(String, ShardOrder)> {
        if until <= self.paused_until {
            return Vec::new();
        }
        self.paused_until = until;
        let others = self.shards.iter().filter(|shard| *shard != by);
        let order = ShardOrder::TenantPaused { until, reason: reason.to_owned() };
        others.map(|shard| (shard.clone(), order.clone())).collect()
    }

    /// Gives out what there is at `now`, to those that waited longest first.
    pub fn step(&mut self, now: UnixMillis) -> QuotaStep {
        self.leases.retain(|block| block.until.plus_ms(HOUR_MS) > now);
        self.irreversible.retain(|block| block.until.plus_ms(MINUTE_MS) > now);
        let mut step = QuotaStep::default();
        while !self.waiting.is_empty() {
            let wake_at = [self.paused_until, self.too_far_ahead(now)];
            if let Some(at) = wake_at.into_iter().find(|at| *at > now) {
                step.wake_at = Some(at);
                break;
            }
            let Some(first) = self.waiting.pop_front() else { break };
            match self.give(now, &first) {
                Ok(granted) => step.orders.push((first.shard, ShardOrder::Granted(granted))),
                Err(at) => {
                    step.wake_at = Some(at);
                    self.waiting.push_front(first);
                    break;
                }
            }
        }
        step
    }

    /// When moments may be given out again, where those of the next seconds are all taken.
    fn too_far_ahead(&self, now: UnixMillis) -> UnixMillis {
        let next = UnixMillis(self.next_us / 1_000);
        if next > now.plus_ms(AHEAD_MS) { UnixMillis(next.0 - AHEAD_MS as i64) } else { now }
    }

    /// Gives one shard its requests, or says when there are any.
    fn give(&mut self, now: UnixMillis, waiting: &Waiting) -> Result<Granted, UnixMillis> {
        let every_us = self.every_us();
        let ahead = u32::try_from(AHEAD_MS * 1_000 / every_us).unwrap_or(u32::MAX);
        let want = waiting.requests.clamp(1, ahead.max(1));
        let polls: u32 = self.polls.values().sum();
        let budget = u64::from(self.per_hour) * SHARE_PERCENT / 100;
        let budget = u32::try_from(budget).unwrap_or(u32::MAX).saturating_sub(polls).max(1);
        let leases: Vec<Lease> = self.leases.iter().map(SpentBlock::lease).collect();
        let given = grant(&leases, now, want, budget);
        if given.count == 0 {
            return Err(given.more_at.unwrap_or_else(|| now.plus_ms(AHEAD_MS)));
        }
        let irreversible = self.give_irreversible(now, waiting.irreversible.min(given.count))?;
        // A task that waits for a place among the irreversible requests looks for it at intervals only.
        let lead_ms = if irreversible > 0 { LEAD_MS + PLACE_PAUSE_MS } else { LEAD_MS };
        let first_us = self.next_us.max(now.plus_ms(lead_ms).0 * 1_000);
        self.next_us = first_us + (u64::from(given.count) * every_us) as i64;
        let until = UnixMillis(self.next_us / 1_000).plus_ms(LATE_MS);
        self.leases.push(SpentBlock { count: given.count, until });
        if irreversible > 0 {
            self.irreversible.push(SpentBlock { count: irreversible, until });
        }
        let first_at = UnixMillis(first_us / 1_000);
        Ok(Granted { requests: given.count, first_at, every_us, irreversible, until })
    }

    /// How many of the irreversible requests of this minute there are for one that wants some.
    fn give_irreversible(&self, now: UnixMillis, want: u32) -> Result<u32, UnixMillis> {
        let Some(per_minute) = self.irreversible_per_minute.filter(|_| want > 0) else {
            return Ok(want);
        };
        let spent: u32 = self.irreversible.iter().map(|block| block.count).sum();
        let left = per_minute.saturating_sub(spent);
        if left > 0 {
            return Ok(want.min(left));
        }
        let more_at = self.irreversible.iter().map(|block| block.until.plus_ms(MINUTE_MS)).min();
        Err(more_at.unwrap_or_else(|| now.plus_ms(AHEAD_MS)))
    }

    /// From one request to the next, in microseconds.
    fn every_us(&self) -> u64 {
        1_000_000 * 100 / (u64::from(self.per_second.max(1)) * SHARE_PERCENT)
    }
}

impl SpentBlock {
    fn lease(&self) -> Lease {
        Lease { count: self.count, expires_at: self.until }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixMillis = UnixMillis(1_800_000_000_000);

    fn registered(shards: u32, per_hour: u32, per_second: u32) -> TenantQuota {
        let mut quota = TenantQuota::default();
        let shards = (0..shards).map(|number| format!("s{number}")).collect();
        let irreversible_per_minute = Some(12);
        quota.take(QuotaMessage::Register {
            shards,
            per_hour,
            per_second,
            irreversible_per_minute,
        });
        quota
    }

    fn wants(quota: &mut TenantQuota, shard: u32, requests: u32, irreversible: u32) {
        let shard = format!("s{shard}");
        quota.take(QuotaMessage::Want { shard, requests, irreversible });
    }

    /// The moments of all requests that shards with an endless hunger get within `seconds`.
    fn moments(quota: &mut TenantQuota, shards: u32, seconds: u64) -> Vec<i64> {
        let mut moments = Vec::new();
        let mut now = START;
        while now < START.plus_ms(seconds * 1_000) {
            for (shard, order) in quota.step(now).orders {
                let ShardOrder::Granted(given) = order else { continue };
                moments.extend((0..given.requests).map(|place| {
                    given.first_at.0 + (u64::from(place) * given.every_us / 1_000) as i64
                }));
                let requests = 40;
                quota.take(QuotaMessage::Want { shard, requests, irreversible: 0 });
            }
            now = now.plus_ms(250);
        }
        let _ = shards;
        moments.sort_unstable();
        moments
    }

    #[test]
    fn no_second_has_more_than_its_rate_and_most_of_it_is_used() {
        let mut quota = registered(7, 100_000, 20);
        (0..7).for_each(|shard| wants(&mut quota, shard, 40, 0));
        let moments = moments(&mut quota, 7, 60);
        for from in &moments {
            let held = moments.iter().filter(|at| **at >= *from && **at < from + 1_000).count();
            assert!(held <= 20, "{held} requests in one second");
        }
        let used = moments.iter().filter(|at| **at < START.0 + 60_000).count();
        assert!(used >= 20 * 60 * 85 / 100, "only {used} of 1,200 were given out");
    }

    #[test]
    fn places_are_given_out_before_their_moment() {
        let mut quota = registered(1, 8_000, 20);
        let first_at = |quota: &mut TenantQuota, now: UnixMillis| {
            let step = quota.step(now);
            let [(_, ShardOrder::Granted(granted))] = &step.orders[..] else { panic!("{step:?}") };
            granted.first_at
        };
        wants(&mut quota, 0, 1, 0);
        assert_eq!(first_at(&mut quota, START), START.plus_ms(LEAD_MS));
        let later = START.plus_ms(10_000);
        wants(&mut quota, 0, 1, 1);
        assert_eq!(first_at(&mut quota, later), later.plus_ms(LEAD_MS + PLACE_PAUSE_MS));
    }

    #[test]
    fn a_spent_hour_gives_nothing_until_its_first_block_is_old() {
        let mut quota = registered(2, 100, 50);
        wants(&mut quota, 0, 90, 0);
        let first = quota.step(START);
        assert!(matches!(first.orders[0].1, ShardOrder::Granted(given) if given.requests == 90));
        wants(&mut quota, 1, 1, 0);
        let step = quota.step(START.plus_ms(20_000));
        assert!(step.orders.is_empty());
        let more_at = step.wake_at.expect("a moment");
        assert!(more_at > START.plus_ms(HOUR_MS));
        assert_eq!(quota.step(more_at).orders.len(), 1);
    }

    #[test]
    fn irreversible_requests_of_all_shards_share_one_minute() {
        let mut quota = registered(3, 8_000, 20);
        let mut given_out = 0;
        for second in 0..60 {
            for shard in 0..3 {
                wants(&mut quota, shard, 5, 5);
            }
            for (_, order) in quota.step(START.plus_ms(second * 1_000)).orders {
                let ShardOrder::Granted(granted) = order else { continue };
                given_out += granted.irreversible;
            }
        }
        assert_eq!(given_out, 12);
    }

    #[test]
    fn a_pause_is_told_to_all_other_shards_and_holds_for_all() {
        let mut quota = registered(3, 8_000, 20);
        let (shard, reason) = ("s1".to_owned(), "HTTP 429".to_owned());
        let until = START.plus_ms(60_000);
        let told = quota.take(QuotaMessage::Pause { shard, until, reason });
        assert_eq!(told.iter().map(|(shard, _)| shard.as_str()).collect::<Vec<_>>(), ["s0", "s2"]);
        wants(&mut quota, 0, 1, 0);
        assert_eq!(quota.step(START).wake_at, Some(until));
        assert_eq!(quota.step(until).orders.len(), 1);
    }

    #[test]
    fn polls_are_taken_off_the_hour() {
        let mut quota = registered(1, 1_000, 50);
        quota.take(QuotaMessage::Polls { shard: "s0".to_owned(), per_hour: 400 });
        let mut given_out = 0;
        for _ in 0..100 {
            wants(&mut quota, 0, 100, 0);
            let now = UnixMillis(quota.next_us / 1_000).max(START);
            for (_, order) in quota.step(now).orders {
                let ShardOrder::Granted(granted) = order else { continue };
                given_out += granted.requests;
            }
        }
        assert_eq!(given_out, 500);
    }
}
