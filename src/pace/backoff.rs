//! How long to wait before a repetition.
//!
//! Owns the doubling and its jitter. Must never remember anything: attempt and seed are arguments, so the
//! same task draws the same delay after a restart.

use crate::model::{Random, Retries, TaskIndex};

/// The delay before retry `retry` (from 1) of a task, in milliseconds: doubled each time up to the limit,
/// and with jitter drawn anew from zero to that, so that tasks that failed together do not return
/// together.
#[must_use]
pub fn backoff_ms(retries: &Retries, seed: u64, task: TaskIndex, retry: u32) -> u64 {
    let doubled = retries.delay_ms.saturating_mul(1 << retry.saturating_sub(1).min(20));
    let limit_ms = doubled.min(retries.delay_ms_max);
    if !retries.jitter {
        return limit_ms;
    }
    Random::for_labels(seed, &[u64::from(task.0), u64::from(retry)]).below(limit_ms + 1)
}

/// The pause of the whole tenant after `round` rounds (from 1) in which nothing could be sent, in milliseconds, without
/// jitter.
#[must_use]
pub fn breaker_ms(retries: &Retries, round: u32) -> u64 {
    let doubled = retries.delay_ms.saturating_mul(1 << round.saturating_sub(1).min(20));
    doubled.min(retries.delay_ms_max).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_to_their_limit_and_tasks_do_not_wake_together() {
        let retries = Retries { jitter: false, ..Retries::default() };
        let delays: Vec<u64> = (1..9).map(|n| backoff_ms(&retries, 1, TaskIndex(0), n)).collect();
        assert_eq!(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
        let jittered: std::collections::BTreeSet<u64> =
            (0..100).map(|n| backoff_ms(&Retries::default(), 1, TaskIndex(n), 5)).collect();
        assert!(jittered.len() > 90 && jittered.iter().all(|delay| *delay <= 16_000));
    }
}
