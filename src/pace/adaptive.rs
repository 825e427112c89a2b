//! The rate that a tenant bears, learned from its answers.
//!
//! Owns how a 429 and slow answers lower the rate, and how it rises again. Invariant: it never exceeds the limit that
//! was set. Volatile: each process begins at the limit. Must never pause anything: a pause that the tenant asks for is
//! kept elsewhere, and this is the rate after it.

use super::PerSecond;
use crate::model::{ReducedRate, SlowReason, UnixMillis};

/// Refusals that arrive in this time after a cut belong to requests from before it, in milliseconds.
const SAME_CUT_MS: u64 = 2_000;
/// Time of answers without a refusal after which the rate rises by a step, in milliseconds.
const QUIET_MS: i64 = 10_000;
/// The rate rises by this part of the limit, as a divisor: after one cut it is back within a minute.
const STEPS_TO_LIMIT: u32 = 10;
/// Answers whose median is one measure of how long the tenant takes.
const ANSWERS_PER_MEDIAN: usize = 20;
/// Answers are slow from this multiple of the best median on.
const SLOW_FACTOR: u64 = 3;
/// They have to be slower by this at least, in milliseconds: a tenant that answers in 20 ms may take 200.
const SLOW_MS_MIN: u64 = 1_000;
/// Slow answers lower the rate to this part of the limit at most, as a divisor: a rate of one a second would help no
/// tenant, and the requests in progress are limited anyway.
const SLOW_DIVISOR: u32 = 4;

/// A rate per second that adapts to the tenant below a limit.
pub struct AdaptiveRate {
    pace: PerSecond,
    limit: u32,
    per_second: u32,
    reason: Option<SlowReason>,
    cut_at: Option<UnixMillis>,
    /// The first answer since the last cut, refusal or step.
    quiet_since: Option<UnixMillis>,
    latencies_ms: Vec<u64>,
    best_ms: Option<u64>,
}

impl AdaptiveRate {
    /// A rate that begins at its limit, at least one request a second.
    #[must_use]
    pub fn new(limit: u32) -> Self {
        let limit = limit.max(1);
        Self {
            pace: PerSecond::new(limit),
            limit,
            per_second: limit,
            reason: None,
            cut_at: None,
            quiet_since: None,
            latencies_ms: Vec::with_capacity(ANSWERS_PER_MEDIAN),
            best_ms: None,
        }
    }

    /// Takes one request's place at `now`.
    ///
    /// # Errors
    /// The moment at which there is a place again.
    pub fn take(&mut self, now: UnixMillis) -> Result<(), UnixMillis> {
        self.pace.take(now)
    }

    /// The present rate and why, where it is below the limit.
    #[must_use]
    pub fn reduced(&self) -> Option<ReducedRate> {
        self.reason.map(|reason| ReducedRate { per_second: self.per_second, reason })
    }

    /// The tenant refused a request with HTTP 429: the rate is halved at once. Requests that were in progress together
    /// count once.
    pub fn throttled(&mut self, now: UnixMillis) {
        if self.cut_at.is_none_or(|at| now.remaining_ms(at) >= SAME_CUT_MS) {
            self.cut(now, (self.per_second / 2).max(1), SlowReason::Throttled);
        }
        self.quiet_since = None;
    }

    /// The tenant answered after so many milliseconds, and not with HTTP 429.
    pub fn answered(&mut self, now: UnixMillis, latency_ms: u64) {
        self.latencies_ms.push(latency_ms);
        if self.latencies_ms.len() == ANSWERS_PER_MEDIAN {
            self.measure(now);
        }
        let quiet_since = *self.quiet_since.get_or_insert(now);
        if self.reason.is_some() && now.since(quiet_since) >= QUIET_MS {
            let step = (self.limit / STEPS_TO_LIMIT).max(1);
            self.set(now, (self.per_second + step).min(self.limit));
            self.quiet_since = Some(now);
        }
    }

    /// Compares the median of the latest answers with the best one.
    fn measure(&mut self, now: UnixMillis) {
        self.latencies_ms.sort_unstable();
        let median_ms = self.latencies_ms[ANSWERS_PER_MEDIAN / 2];
        self.latencies_ms.clear();
        let best_ms = self.best_ms.map_or(median_ms, |best_ms| best_ms.min(median_ms));
        self.best_ms = Some(best_ms);
        if median_ms >= best_ms.saturating_mul(SLOW_FACTOR).max(best_ms + SLOW_MS_MIN) {
            let floor = (self.limit / SLOW_DIVISOR).max(1).min(self.per_second);
            let reason = SlowReason::SlowAnswers { median_ms, best_ms };
            self.cut(now, (self.per_second / 2).max(floor), reason);
        }
    }

    fn cut(&mut self, now: UnixMillis, per_second: u32, reason: SlowReason) {
        self.reason = Some(reason);
        self.set(now, per_second);
        self.cut_at = Some(now);
        self.quiet_since = None;
    }

    fn set(&mut self, now: UnixMillis, per_second: u32) {
        if per_second != self.per_second {
            self.per_second = per_second;
            self.pace = PerSecond::without_burst(per_second, now);
        }
        if per_second == self.limit {
            self.reason = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn rate(adaptive: &AdaptiveRate) -> u32 {
        adaptive.reduced().map_or(50, |reduced| reduced.per_second)
    }

    /// Answers once a second until so many seconds have passed.
    fn quiet(adaptive: &mut AdaptiveRate, from: UnixMillis, seconds: u64) -> UnixMillis {
        for second in 0..=seconds {
            adaptive.answered(from.plus_ms(second * 1_000), 100);
        }
        from.plus_ms(seconds * 1_000)
    }

    #[test]
    fn a_429_halves_the_rate_at_once_and_quiet_raises_it_slowly() {
        let mut adaptive = AdaptiveRate::new(50);
        adaptive.throttled(NOW);
        adaptive.throttled(NOW.plus_ms(300));
        assert_eq!(rate(&adaptive), 25, "requests in progress count once");
        assert_eq!(adaptive.reduced().map(|reduced| reduced.reason), Some(SlowReason::Throttled));
        let now = quiet(&mut adaptive, NOW.plus_ms(60_000), 9);
        assert_eq!(rate(&adaptive), 25, "a pause is no time of answers");
        let now = quiet(&mut adaptive, now, 1);
        assert_eq!(rate(&adaptive), 30);
        adaptive.throttled(now.plus_ms(100));
        assert_eq!(rate(&adaptive), 15);
        quiet(&mut adaptive, now.plus_ms(200), 3_600);
        assert_eq!(adaptive.reduced(), None, "back at the limit");
    }

    #[test]
    fn the_rate_never_falls_below_one_nor_rises_above_its_limit() {
        for limit in [0, 1, 2, 7] {
            let mut adaptive = AdaptiveRate::new(limit);
            for round in 0..20 {
                adaptive.throttled(NOW.plus_ms(round * 5_000));
                assert!(adaptive.reduced().is_none_or(|reduced| reduced.per_second >= 1));
            }
            for second in 0..1_000 {
                adaptive.answered(NOW.plus_ms(200_000 + second * 1_000), 100);
                assert!(adaptive.per_second <= limit.max(1));
            }
            assert_eq!(adaptive.reduced(), None, "limit {limit}");
        }
    }

    #[test]
    fn steps_that_miss_the_limit_end_at_it() {
        let mut adaptive = AdaptiveRate::new(50);
        adaptive.throttled(NOW);
        adaptive.throttled(NOW.plus_ms(5_000));
        assert_eq!(adaptive.per_second, 12);
        let mut now = NOW.plus_ms(10_000);
        for _ in 0..12 {
            now = quiet(&mut adaptive, now, 10);
            assert!(adaptive.per_second <= 50, "{} a second", adaptive.per_second);
        }
        assert_eq!((adaptive.per_second, adaptive.reduced()), (50, None));
    }

    #[test]
    fn requests_leave_at_the_reduced_rate_without_a_burst() {
        let mut adaptive = AdaptiveRate::new(50);
        let (mut now, mut left) = (NOW, Vec::new());
        while left.len() < 200 {
            if left.len() == 100 {
                adaptive.throttled(now);
            }
            match adaptive.take(now) {
                Ok(()) => left.push(now.0),
                Err(at) => now = at,
            }
        }
        let in_second =
            |from: i64| left.iter().filter(|at| (from..from + 1_000).contains(*at)).count();
        let after: Vec<usize> = left[100..170].iter().map(|from| in_second(*from)).collect();
        assert!(after.iter().all(|count| *count <= 30), "{after:?}");
    }

    #[test]
    fn answers_slower_than_the_best_lower_the_rate_to_a_quarter() {
        let mut adaptive = AdaptiveRate::new(50);
        let answers = |adaptive: &mut AdaptiveRate, latency_ms: u64| {
            for _ in 0..ANSWERS_PER_MEDIAN {
                adaptive.answered(NOW, latency_ms);
            }
        };
        answers(&mut adaptive, 100);
        answers(&mut adaptive, 900);
        assert_eq!(adaptive.reduced(), None, "slower, and not slow");
        answers(&mut adaptive, 1_500);
        let reason = SlowReason::SlowAnswers { median_ms: 1_500, best_ms: 100 };
        assert_eq!(adaptive.reduced(), Some(ReducedRate { per_second: 25, reason }));
        for _ in 0..5 {
            answers(&mut adaptive, 5_000);
        }
        assert_eq!(rate(&adaptive), 12, "a quarter of the limit");
    }
}
