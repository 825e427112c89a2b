//! Moments and durations as data.
//!
//! Owns the one type for a moment and the spellings of times and durations. Must never read a clock.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
///
/// ```
/// use sortie::model::UnixMillis;
/// let moment = UnixMillis::parse("2024-05-13 20:09:23 +0000").expect("one of the API's spellings");
/// assert_eq!(moment.to_string(), "2024-05-13T20:09:23.000Z");
/// assert_eq!(moment.plus_ms(500).since(moment), 500);
/// ```
#[derive(
    Copy, Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// This moment plus a duration in milliseconds; saturates.
    #[must_use]
    pub fn plus_ms(self, duration_ms: u64) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration_ms).unwrap_or(i64::MAX)))
    }

    /// Milliseconds from `earlier` to this moment; negative when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Milliseconds from now until this moment, 0 when it has passed.
    #[must_use]
    pub fn remaining_ms(self, now: Self) -> u64 {
        u64::try_from(self.since(now)).unwrap_or(0)
    }

    /// Reads a moment in any spelling that the API has been seen to write: RFC 3339 with `Z` or an
    /// offset, a space for the `T`, and ` +0000`. `None` for anything else, the empty text included.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Some(Self(moment.as_millisecond()));
        }
        let (moment, offset) = text.rsplit_once(' ')?;
        let (sign_and_hours, minutes) = offset.split_at_checked(3)?;
        format!("{moment}{sign_and_hours}:{minutes}")
            .parse::<jiff::Timestamp>()
            .ok()
            .map(|moment| Self(moment.as_millisecond()))
    }
}

impl fmt::Display for UnixMillis {
    /// RFC 3339 in UTC with milliseconds.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(moment) => write!(formatter, "{moment:.3}"),
            Err(_) => write!(formatter, "{} ms", self.0),
        }
    }
}

/// Reads a duration as people write it (`90s`, `10m`, `2h`, `1h 30m`, `2d`), in milliseconds. A bare
/// number is refused, because its unit is unclear; `0` is allowed.
#[must_use]
pub fn parse_duration_ms(text: &str) -> Option<u64> {
    let text = text.trim();
    if text == "0" {
        return Some(0);
    }
    let span = text.parse::<jiff::Span>().ok()?;
    let relative = jiff::SpanRelativeTo::days_are_24_hours();
    let total = span.total((jiff::Unit::Millisecond, relative)).ok()?;
    (0.0..1e15).contains(&total).then_some(total as u64)
}

/// Writes a duration for people: `850 ms`, `12 s`, `4 min 10 s`, `2 h 05 min`, `3 d 4 h`.
#[must_use]
pub fn human_duration(duration_ms: u64) -> String {
    let seconds = duration_ms / 1000;
    match seconds {
        0 if duration_ms > 0 => format!("{duration_ms} ms"),
        0..=59 => format!("{seconds} s"),
        60..=3_599 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..=3_599 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..=86_399 => format!("{} h {:02} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_the_api_was_seen_to_write_is_read() {
        for (text, expected) in [
            ("2024-07-23T14:11:37.150080Z", "2024-07-23T14:11:37.150Z"),
            ("2024-01-26 16:15:36.087016+00:00", "2024-01-26T16:15:36.087Z"),
            ("2024-06-17 11:32:35+00:00", "2024-06-17T11:32:35.000Z"),
            ("2024-05-13 20:09:23 +0000", "2024-05-13T20:09:23.000Z"),
        ] {
            let moment = UnixMillis::parse(text).map(|moment| moment.to_string());
            assert_eq!(moment.as_deref(), Some(expected), "{text}");
        }
        for text in ["", "-", "yesterday", "24H2", "2024-06-17"] {
            assert_eq!(UnixMillis::parse(text), None, "{text}");
        }
    }

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(parse_duration_ms("1h 30m"), Some(5_400_000));
        assert_eq!(parse_duration_ms("2d"), Some(172_800_000));
        assert_eq!(parse_duration_ms("0"), Some(0));
        for text in ["10", "", "-5m", "soon"] {
            assert_eq!(parse_duration_ms(text), None, "{text}");
        }
    }
}
