//! The gateway in front of the tenant: two fixed rate windows and the headers that speak of them.
//!
//! Owns the counting of requests. The windows are aligned with the clock, so an hour's requests all come
//! back at the full hour. Invariant: a request that is rejected is not counted. Must never look at a body.

use super::faults::Faults;
use super::switches::Switches;
use crate::model::UnixMillis;

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600_000;

/// The two windows of the tenant.
pub(super) struct RateWindows {
    second: Window,
    hour: Window,
}

struct Window {
    length_ms: i64,
    limit: u32,
    index: i64,
    used: u32,
}

impl RateWindows {
    pub(super) fn new(switches: &Switches) -> Self {
        let window = |length_ms, limit| Window { length_ms, limit, index: i64::MIN, used: 0 };
        Self {
            second: window(SECOND_MS, switches.limit_per_second),
            hour: window(HOUR_MS, switches.limit_per_hour),
        }
    }

    /// Takes one request out of both windows.
    ///
    /// # Errors
    /// The seconds until the window opens again that has nothing left.
    pub(super) fn take(&mut self, now: UnixMillis, faults: &Faults) -> Result<(), i64> {
        self.turn(now);
        let others = others_used(now, faults);
        // The longer wait is the true one when both windows are used up.
        if self.hour.left(others) == 0 {
            return Err(self.hour.reset_s(now));
        }
        if self.second.left(0) == 0 {
            return Err(self.second.reset_s(now));
        }
        self.hour.used += 1;
        self.second.used += 1;
        Ok(())
    }

    /// Another tool of the tenant takes requests out of the hour.
    pub(super) fn eat(&mut self, now: UnixMillis, requests: u32) {
        self.turn(now);
        self.hour.used = self.hour.used.saturating_add(requests);
    }

    /// The headers that every answer carries.
    pub(super) fn headers(
        &mut self,
        now: UnixMillis,
        faults: &Faults,
    ) -> Vec<(&'static str, String)> {
        self.turn(now);
        let others = others_used(now, faults);
        let (second, hour) = (self.second.left(0), self.hour.left(others));
        let (tighter, left) =
            if hour < second { (&self.hour, hour) } else { (&self.second, second) };
        vec![
            ("RateLimit-Limit", tighter.limit.to_string()),
            ("RateLimit-Remaining", left.to_string()),
            ("RateLimit-Reset", tighter.reset_s(now).to_string()),
            ("X-RateLimit-Limit-Hour", self.hour.limit.to_string()),
            ("X-RateLimit-Remaining-Hour", hour.to_string()),
            ("X-RateLimit-Limit-Second", self.second.limit.to_string()),
            ("X-RateLimit-Remaining-Second", second.to_string()),
        ]
    }

    fn turn(&mut self, now: UnixMillis) {
        self.second.turn(now);
        self.hour.turn(now);
    }
}

impl Window {
    fn turn(&mut self, now: UnixMillis) {
        let index = now.0.div_euclid(self.length_ms);
        if index != self.index {
            self.index = index;
            self.used = 0;
        }
    }

    fn left(&self, others: u32) -> u32 {
        self.limit.saturating_sub(self.used).saturating_sub(others)
    }

    fn reset_s(&self, now: UnixMillis) -> i64 {
        let left_ms = self.length_ms - now.0.rem_euclid(self.length_ms);
        ((left_ms + SECOND_MS - 1) / SECOND_MS).max(1)
    }
}

/// What other tools have taken of this hour by now.
fn others_used(now: UnixMillis, faults: &Faults) -> u32 {
    let elapsed_ms = now.0.rem_euclid(HOUR_MS);
    let used = i64::from(faults.other_tools_per_hour) * elapsed_ms / HOUR_MS;
    u32::try_from(used).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows() -> RateWindows {
        RateWindows::new(&Switches { limit_per_hour: 120, ..Switches::default() })
    }

    #[test]
    fn the_second_holds_fifty_and_begins_anew_with_the_clock() {
        let (mut windows, faults) = (windows(), Faults::default());
        let now = UnixMillis(10_900);
        for _ in 0..50 {
            assert_eq!(windows.take(now, &faults), Ok(()));
        }
        assert_eq!(windows.take(now, &faults), Err(1));
        assert_eq!(windows.take(UnixMillis(11_000), &faults), Ok(()));
    }

    #[test]
    fn the_hour_comes_back_all_at_once_and_rejections_are_free() {
        let (mut windows, faults) = (windows(), Faults::default());
        let mut rejected = 0;
        for second in 0..10 {
            for _ in 0..20 {
                rejected += u32::from(windows.take(UnixMillis(second * 1_000), &faults).is_err());
            }
        }
        assert_eq!(rejected, 200 - 120);
        assert_eq!(windows.take(UnixMillis(600_000), &faults), Err(3_000));
        assert_eq!(windows.take(UnixMillis(3_600_000), &faults), Ok(()));
        let headers = windows.headers(UnixMillis(3_600_000), &faults);
        assert!(headers.contains(&("X-RateLimit-Remaining-Hour", "119".to_owned())));
        assert!(headers.contains(&("RateLimit-Remaining", "49".to_owned())));
    }

    #[test]
    fn other_tools_share_the_hour() {
        let (mut windows, mut faults) = (windows(), Faults::default());
        windows.eat(UnixMillis(0), 120);
        assert_eq!(windows.take(UnixMillis(1), &faults), Err(3_600));
        faults.other_tools_per_hour = 240;
        assert_eq!(windows.take(UnixMillis(HOUR_MS), &faults), Ok(()));
        assert_eq!(windows.take(UnixMillis(HOUR_MS + HOUR_MS / 2), &faults), Err(1_800));
    }
}
