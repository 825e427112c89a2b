//! The rolling hour.
//!
//! Owns the arithmetic of leases: how many requests may leave now so that no 60 minutes hold more than the
//! budget, over all processes that share the ledger. A token bucket of 10,000 lets 19,999 requests through in its
//! first hour, and one that does not cannot give a small job its full speed. Hence a log: a lease lives 10 seconds and
//! counts until an hour after its end. Must never store anything: the journal keeps the ledger.

use crate::model::UnixMillis;

/// The window of the tenant's quota, in milliseconds.
pub const HOUR_MS: u64 = 3_600_000;
/// How long a leased block may be used, in milliseconds. Short, because a block counts as spent until an hour after its
/// end, whenever in its life it was used.
pub const BLOCK_LIFE_MS: u64 = 10_000;

/// A block of requests that was taken from the budget.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Requests in the block.
    pub count: u32,
    /// The moment after which it must no longer be used.
    pub expires_at: UnixMillis,
}

/// The answer to a request for a block of requests.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Requests that may leave until `expires_at`; 0 when the hour is spent.
    pub count: u32,
    /// End of the block's life.
    pub expires_at: UnixMillis,
    /// When there is more, if this gave less than was wanted.
    pub more_at: Option<UnixMillis>,
}

/// Gives up to `want` requests out of `budget` requests an hour, when `leases` are already out. Leases
/// older than an hour are of no account.
#[must_use]
pub fn grant(leases: &[Lease], now: UnixMillis, want: u32, budget: u32) -> Grant {
    let counts_until = |lease: &Lease| lease.expires_at.plus_ms(HOUR_MS);
    let mut counting: Vec<&Lease> =
        leases.iter().filter(|lease| lease.count > 0 && counts_until(lease) > now).collect();
    let spent: u64 = counting.iter().map(|lease| u64::from(lease.count)).sum();
    let left = u32::try_from(u64::from(budget).saturating_sub(spent)).unwrap_or(u32::MAX);
    let count = want.min(left);
    let more_at = if count < want {
        counting.sort_by_key(|lease| lease.expires_at);
        let mut over = spent.saturating_sub(u64::from(budget).saturating_sub(1));
        counting.iter().find_map(|lease| {
            over = over.saturating_sub(u64::from(lease.count));
            (over == 0).then(|| counts_until(lease))
        })
    } else {
        None
    };
    Grant { count, expires_at: now.plus_ms(BLOCK_LIFE_MS), more_at }
}

/// Until when to pause because the server says that `remaining` of its `limit` requests are left in its
/// clock hour: `others_share` (0 to 1) of the hour's rest is left to the tenant's other tools. `None` when
/// there is enough. The server's word may only slow us down.
#[must_use]
pub fn others_pause_until(
    remaining: u32,
    limit: u32,
    others_share: f64,
    now: UnixMillis,
) -> Option<UnixMillis> {
    let hour_ms = HOUR_MS as i64;
    let hour_ends = UnixMillis((now.0.div_euclid(hour_ms) + 1) * hour_ms);
    let left_ms = hour_ends.remaining_ms(now) as f64;
    let per_ms = f64::from(limit) * others_share / HOUR_MS as f64;
    let reserved = left_ms * per_ms;
    if f64::from(remaining) > reserved || per_ms <= 0.0 {
        return None;
    }
    let enough_at_left_ms = (f64::from(remaining) / per_ms) as u64;
    let pause_ms = (left_ms as u64).saturating_sub(enough_at_left_ms).max(1_000);
    Some(now.plus_ms(pause_ms).min(hour_ends))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Random;

    #[test]
    fn a_rolling_hour_never_exceeds_the_budget_and_nearly_uses_it() {
        let budget = 1_000;
        let mut random = Random::new(3);
        let mut now = UnixMillis(1_700_000_000_000);
        let (mut leases, mut sent): (Vec<Lease>, Vec<i64>) = (Vec::new(), Vec::new());
        let started = now;
        while now.since(started) < 3 * HOUR_MS as i64 {
            let given = grant(&leases, now, 1 + random.below(40) as u32, budget);
            if given.count == 0 {
                now = given.more_at.expect("a spent hour names its end");
                continue;
            }
            leases.push(Lease { count: given.count, expires_at: given.expires_at });
            let late = random.below(BLOCK_LIFE_MS);
            sent.extend((0..given.count).map(|_| now.plus_ms(late).0));
            now = now.plus_ms(random.below(4_000));
        }
        sent.sort_unstable();
        for from in &sent {
            let until = from + HOUR_MS as i64;
            let held =
                sent.partition_point(|at| *at < until) - sent.partition_point(|at| at < from);
            assert!(held <= budget as usize, "{held} in the hour from {from}");
        }
        assert!(sent.len() > 2_900, "only {} of 3,000 were used", sent.len());
    }

    #[test]
    fn the_servers_word_only_slows_us_down() {
        let top = UnixMillis(1_700_000_000_000 / HOUR_MS as i64 * HOUR_MS as i64);
        let quarter_to = top.plus_ms(HOUR_MS / 4 * 3);
        assert_eq!(others_pause_until(9_000, 10_000, 0.2, top), None);
        assert_eq!(others_pause_until(501, 10_000, 0.2, quarter_to), None);
        let pause = others_pause_until(400, 10_000, 0.2, quarter_to).expect("too little is left");
        assert!(pause > quarter_to && pause < top.plus_ms(HOUR_MS), "{pause}");
        assert_eq!(others_pause_until(0, 10_000, 0.2, quarter_to), Some(top.plus_ms(HOUR_MS)));
    }
}
