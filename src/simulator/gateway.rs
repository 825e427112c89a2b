//! The gateway in front of the tenant: rate limits, request numbers, and the headers that every answer carries.
//!
//! Owns the counting of requests in two fixed windows. The windows are aligned with the clock, so an hour's
//! requests all come back at the full hour. Invariant: a request that is rejected is not counted. Must never
//! read a body.

use super::ids::TenantIds;
use super::setup::faults::{FaultKind, Faults};
use super::setup::switches::Switches;
use super::wire::answers;
use super::wire::exchange::SimReply;
use super::wire::spelling::http_date;
use crate::model::UnixMillis;

const SECOND_MS: i64 = 1_000;
const HOUR_MS: i64 = 3_600_000;

/// The gateway of one tenant.
pub(super) struct Gateway {
    seed: u64,
    /// Requests on their way so far, those without a connection included.
    arrived: u64,
    windows: RateWindows,
}

impl Gateway {
    /// A gateway that has seen no request. The limits are those of the switches now.
    pub(super) fn new(seed: u64, switches: &Switches) -> Self {
        Self { seed, arrived: 0, windows: RateWindows::new(switches) }
    }

    /// The number of the request that arrives now, from 1.
    pub(super) fn next_number(&mut self) -> u64 {
        self.arrived += 1;
        self.arrived
    }

    /// Counts a request.
    ///
    /// # Errors
    /// The 429 of a limit that is used up. Its text is the gateway product's; `Retry-After` is a switch.
    pub(super) fn admit(
        &mut self,
        number: u64,
        fault: &FaultKind,
        now: UnixMillis,
        faults: &Faults,
        switches: &Switches,
    ) -> Result<(), SimReply> {
        if let FaultKind::Storm { requests } = fault {
            self.windows.eat(now, *requests);
        }
        self.windows.take(now, faults).map_err(|wait_s| {
            let id = self.request_id(number, switches);
            let mut reply = answers::gateway(429, "API rate limit exceeded", id.as_deref());
            if switches.sends_retry_after {
                reply.set_header("Retry-After", wait_s.to_string());
            }
            reply
        })
    }

    /// The answer to a path that the gateway does not know.
    pub(super) fn no_route(&self, number: u64, switches: &Switches) -> SimReply {
        let id = self.request_id(number, switches);
        answers::gateway(404, "no Route matched with those values", id.as_deref())
    }

    /// Adds to an answer how long it takes, the date, and the headers of the limits.
    pub(super) fn stamp(
        &mut self,
        reply: &mut SimReply,
        number: u64,
        fault: &FaultKind,
        now: UnixMillis,
        faults: &Faults,
    ) {
        reply.latency_ms = faults.draw_latency(self.seed, number);
        let skewed = UnixMillis(now.0.saturating_add(faults.date_skew_ms));
        reply.set_header("Date", http_date(skewed));
        // What does not come from the API knows nothing of its limits.
        if !matches!(fault, FaultKind::LoginPage | FaultKind::Canned(_)) {
            for (name, value) in self.windows.headers(now, faults) {
                reply.set_header(name, value);
            }
        }
    }

    fn request_id(&self, number: u64, switches: &Switches) -> Option<String> {
        switches.gateway_request_id.then(|| TenantIds::new(self.seed).request(number))
    }
}

/// The two windows of the tenant.
struct RateWindows {
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
    fn new(switches: &Switches) -> Self {
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
    fn take(&mut self, now: UnixMillis, faults: &Faults) -> Result<(), i64> {
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
    fn eat(&mut self, now: UnixMillis, requests: u32) {
        self.turn(now);
        self.hour.used = self.hour.used.saturating_add(requests);
    }

    /// The headers that every answer carries.
    fn headers(&mut self, now: UnixMillis, faults: &Faults) -> Vec<(&'static str, String)> {
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
