//! What the headers of an answer say: how long to wait, and the server's clock.
//!
//! Owns the limits within which they are believed. Must never wait or read a clock.

use crate::model::UnixMillis;
use crate::model::wire::Reply;

/// Shortest wait that a `Retry-After` can ask for, in milliseconds.
const RETRY_AFTER_MS_MIN: u64 = 1_000;
/// Longest wait that is believed, in milliseconds: thirty days. A run stops at far less, and says until when.
const RETRY_AFTER_MS_MAX: u64 = 30 * 86_400_000;
/// Largest difference between the server's clock and ours that is believed, in milliseconds. A certificate is valid for
/// 398 days at most, so a clock of ours that is further off than a year could not have connected.
const SKEW_MS_MAX: u64 = 366 * 86_400_000;

/// How long the answer asks to wait, in milliseconds: whole or broken seconds, or a date, which is
/// compared with the server's own clock. At least a second; `None` where it says nothing usable.
#[must_use]
pub fn retry_after_ms(reply: &Reply) -> Option<u64> {
    let text = reply.retry_after.as_deref()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        let wait_ms = (seconds * 1_000.0).ceil();
        return (wait_ms >= 0.0)
            .then(|| (wait_ms as u64).clamp(RETRY_AFTER_MS_MIN, RETRY_AFTER_MS_MAX));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = httpdate::parse_http_date(reply.date.as_deref()?).ok()?;
    let wait_ms = until.duration_since(now).map_or(0, |wait| wait.as_millis());
    Some(u64::try_from(wait_ms).unwrap_or(u64::MAX).clamp(RETRY_AFTER_MS_MIN, RETRY_AFTER_MS_MAX))
}

/// How far the server's clock is ahead of ours, in milliseconds, by an answer that arrived at `now`. `None` without a
/// `Date`, and where it is off by more than a year: that header is broken, and every moment derived from it with it.
#[must_use]
pub fn server_skew_ms(reply: &Reply, now: UnixMillis) -> Option<i64> {
    let date = httpdate::parse_http_date(reply.date.as_deref()?).ok()?;
    let since_epoch = date.duration_since(std::time::UNIX_EPOCH).ok()?;
    let skew_ms = i64::try_from(since_epoch.as_millis()).ok()?.saturating_sub(now.0);
    (skew_ms.unsigned_abs() <= SKEW_MS_MAX).then_some(skew_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_all_its_forms() {
        let date = "Wed, 21 Oct 2015 07:28:00 GMT";
        for (text, date, expected) in [
            ("120", None, Some(120_000)),
            ("0", None, Some(1_000)),
            ("1.5", None, Some(1_500)),
            ("-3", None, None),
            ("999999", None, Some(999_999_000)),
            ("99999999", None, Some(2_592_000_000)),
            ("soon", Some(date), None),
            ("Wed, 21 Oct 2015 07:30:00 GMT", Some(date), Some(120_000)),
            ("Wed, 21 Oct 2015 07:00:00 GMT", Some(date), Some(1_000)),
            ("Wed, 21 Oct 2015 07:30:00 GMT", None, None),
        ] {
            let reply = Reply {
                retry_after: Some(text.to_owned()),
                date: date.map(str::to_owned),
                ..Reply::default()
            };
            assert_eq!(retry_after_ms(&reply), expected, "{text}");
        }
    }

    #[test]
    fn a_broken_date_does_not_move_the_servers_clock() {
        let now = UnixMillis::parse("2026-11-28T12:00:00Z").expect("a moment");
        for (date, expected) in [
            ("Sat, 28 Nov 2026 12:01:30 GMT", Some(90_000)),
            ("Thu, 26 Nov 2026 12:00:00 GMT", Some(-2 * 86_400_000)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", None),
            ("Thu, 01 Jan 1970 00:00:00 GMT", None),
            ("yesterday", None),
        ] {
            let reply = Reply { date: Some(date.to_owned()), ..Reply::default() };
            assert_eq!(server_skew_ms(&reply, now), expected, "{date}");
        }
    }
}
