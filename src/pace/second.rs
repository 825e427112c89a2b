//! The rate per second.
//!
//! Owns the limiter inside one process. Must never be shared between runs: each has its own rate.

use governor::clock::{Clock, FakeRelativeClock};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::num::NonZeroU32;
use std::time::Duration;

use crate::model::UnixMillis;

/// Lets so many requests a second leave. The burst is kept to a fifth of a second's worth, because the
/// tenant's own limit counts by whole seconds and belongs to all its tools.
pub struct PerSecond {
    limiter: RateLimiter<NotKeyed, InMemoryState, FakeRelativeClock, NoOpMiddleware<Nanos>>,
    clock: FakeRelativeClock,
    now: Option<UnixMillis>,
}

impl PerSecond {
    /// A limiter for `per_second` requests a second, at least one.
    #[must_use]
    pub fn new(per_second: u32) -> Self {
        let rate = NonZeroU32::new(per_second.max(1)).expect("at least one");
        let burst = NonZeroU32::new((per_second / 5).max(1)).expect("at least one");
        let clock = FakeRelativeClock::default();
        let quota = Quota::per_second(rate).allow_burst(burst);
        Self { limiter: RateLimiter::direct_with_clock(quota, clock.clone()), clock, now: None }
    }

    /// A limiter in the place of another one, at `now`: it has no burst, which the other may just have let through.
    pub(super) fn without_burst(per_second: u32, now: UnixMillis) -> Self {
        let mut pace = Self::new(per_second);
        while pace.take(now).is_ok() {}
        pace
    }

    /// Takes one request's place at `now`.
    ///
    /// # Errors
    /// The moment at which there is a place again.
    pub fn take(&mut self, now: UnixMillis) -> Result<(), UnixMillis> {
        let passed_ms = self.now.map_or(0, |before| now.remaining_ms(before));
        self.now = Some(self.now.map_or(now, |before| before.max(now)));
        self.clock.advance(Duration::from_millis(passed_ms));
        self.limiter.check().map_err(|denied| {
            let wait = denied.wait_time_from(self.clock.now());
            let wait_ms = u64::try_from(wait.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX);
            now.plus_ms(wait_ms.max(1))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_lets_more_through_than_the_rate_and_a_small_burst() {
        let mut pace = PerSecond::new(20);
        let mut now = UnixMillis(1_000_000);
        let mut left = Vec::new();
        while left.len() < 200 {
            match pace.take(now) {
                Ok(()) => left.push(now.0),
                Err(at) => now = at,
            }
        }
        let worst = left
            .iter()
            .map(|from| left.iter().filter(|at| (*from..from + 1_000).contains(*at)).count())
            .max();
        assert!(worst <= Some(24), "{worst:?} in one second");
        let took_ms = left[199] - left[0];
        assert!((9_000..11_000).contains(&took_ms), "200 requests took {took_ms} ms");
    }

    #[test]
    fn a_clock_that_jumps_back_gives_nothing_away() {
        let mut pace = PerSecond::new(5);
        let now = UnixMillis(10_000);
        assert!(pace.take(now).is_ok());
        assert!(pace.take(UnixMillis(0)).is_err());
        assert!(pace.take(now).is_err());
    }
}
