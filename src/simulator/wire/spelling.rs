//! The spellings of time that the API was seen to write.
//!
//! Owns their formats. Written apart from the client's reader on purpose. Must never read a clock.

use crate::model::UnixMillis;

/// How many spellings the device list mixes.
pub(crate) const LIST_SPELLINGS: u64 = 4;

/// A moment in one of the spellings: 0 is RFC 3339 with `Z`, 1 has a space and `+00:00`, 2 the same
/// without fractions, 3 ends in ` +0000`, 4 is RFC 3339 with `+00:00`.
pub(crate) fn spell(at: UnixMillis, spelling: u64) -> String {
    let Ok(moment) = jiff::Timestamp::from_millisecond(at.0) else {
        return String::new();
    };
    let micros = at.0.rem_euclid(1_000) * 1_000;
    // Field by field: a list page writes a thousand of these, and reading a format each time shows.
    let civil = jiff::tz::Offset::UTC.to_datetime(moment);
    let day = format!("{:04}-{:02}-{:02}", civil.year(), civil.month(), civil.day());
    let time = format!("{:02}:{:02}:{:02}", civil.hour(), civil.minute(), civil.second());
    match spelling {
        0 => format!("{day}T{time}.{micros:06}Z"),
        1 => format!("{day} {time}.{micros:06}+00:00"),
        2 => format!("{day} {time}+00:00"),
        3 => format!("{day} {time} +0000"),
        _ => format!("{day}T{time}.{micros:06}+00:00"),
    }
}

/// A moment as the header `Date` has it.
pub(crate) fn http_date(at: UnixMillis) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|moment| moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_means_the_same_second() {
        let at = UnixMillis(1_721_743_897_150);
        assert_eq!(spell(at, 0), "2024-07-23T14:11:37.150000Z");
        for spelling in 0..=4 {
            let read = UnixMillis::parse(&spell(at, spelling)).expect("a time");
            assert_eq!(read.0 / 1_000, at.0 / 1_000, "spelling {spelling}");
        }
        assert_eq!(http_date(at), "Tue, 23 Jul 2024 14:11:37 GMT");
    }
}
