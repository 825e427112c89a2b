//! How long ago something was, in a few words.
//!
//! Owns the coarse form for tables. Exact moments are `Screen::time`. Must never read a clock.

use crate::model::UnixMillis;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The age of a moment in its largest unit: `now`, `12 min ago`, `3 h ago`, `45 d ago`; `never` where there is none.
pub(crate) fn age(at: Option<UnixMillis>, now: UnixMillis) -> String {
    let Some(at) = at else { return "never".to_owned() };
    let age = now.since(at).max(0);
    match age {
        ..MINUTE => "now".to_owned(),
        MINUTE..HOUR => format!("{} min ago", age / MINUTE),
        HOUR..DAY => format!("{} h ago", age / HOUR),
        _ => format!("{} d ago", age / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_shown_in_its_largest_unit() {
        let now = UnixMillis(100 * DAY);
        for (ago, expected) in [
            (0, "now"),
            (-5 * HOUR, "now"),
            (59 * MINUTE, "59 min ago"),
            (HOUR, "1 h ago"),
            (2 * DAY - 1, "1 d ago"),
            (45 * DAY, "45 d ago"),
        ] {
            assert_eq!(age(Some(UnixMillis(now.0 - ago)), now), expected);
        }
        assert_eq!(age(None, now), "never");
    }
}
