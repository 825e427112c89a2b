//! `--since` and `--until`: which span of time a listing shows.
//!
//! Owns how a person writes a time. Must never guess: what is neither a date, a moment nor a duration is refused.

use clap::Args;
use jiff::tz::TimeZone;

use crate::cli::failure::Failure;
use crate::drive::{Clock, WallClock};
use crate::model::settings::HelpHeading;
use crate::model::{UnixMillis, parse_duration_ms};

/// The span that a listing shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub(crate) struct SpanOptions {
    /// Show entries from this time on: a date (2026-11-01), an RFC 3339 time, or an age (7d)
    #[arg(long, value_name = "TIME", help_heading = HelpHeading::Output.shown())]
    pub since: Option<String>,
    /// Show entries up to this time; a date includes that day
    #[arg(long, value_name = "TIME", help_heading = HelpHeading::Output.shown())]
    pub until: Option<String>,
}

/// What times are read against.
pub(crate) struct TimeOptions {
    now: UnixMillis,
    /// The zone of dates: a day is the reader's day.
    zone: TimeZone,
}

impl TimeOptions {
    /// This moment, in the zone of this host.
    pub(crate) fn now() -> Self {
        Self { now: WallClock.now(), zone: TimeZone::system() }
    }

    /// The first moment of a span, and the first one after it.
    ///
    /// # Errors
    /// A text is no time, or the span ends before it begins.
    pub(crate) fn span(
        &self,
        options: &SpanOptions,
    ) -> Result<(Option<UnixMillis>, Option<UnixMillis>), Failure> {
        let since = options.since.as_deref().map(|text| self.since(text)).transpose()?;
        let until = options.until.as_deref().map(|text| self.until(text)).transpose()?;
        match (since, until) {
            (Some(since), Some(until)) if since >= until => {
                Err(Failure::usage("--until is not later than --since")
                    .next("give a span that begins before it ends"))
            }
            span => Ok(span),
        }
    }

    fn since(&self, text: &str) -> Result<UnixMillis, Failure> {
        let day = self.day(text).map(|(begin, _)| begin);
        day.or_else(|| self.moment(text)).ok_or_else(|| not_a_time("--since", text))
    }

    fn until(&self, text: &str) -> Result<UnixMillis, Failure> {
        let day = self.day(text).map(|(_, end)| end);
        day.or_else(|| self.moment(text)).ok_or_else(|| not_a_time("--until", text))
    }

    /// The beginning of a date, and that of the next one.
    fn day(&self, text: &str) -> Option<(UnixMillis, UnixMillis)> {
        let date: jiff::civil::Date =
            text.trim().parse().ok().filter(|_| text.trim().len() == 10)?;
        let begin = |date: jiff::civil::Date| {
            let begin = self.zone.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
            Some(UnixMillis(begin.as_millisecond()))
        };
        Some((begin(date)?, begin(date.tomorrow().ok()?)?))
    }

    fn moment(&self, text: &str) -> Option<UnixMillis> {
        let ago = |duration_ms: u64| {
            UnixMillis(self.now.0.saturating_sub(i64::try_from(duration_ms).unwrap_or(i64::MAX)))
        };
        UnixMillis::parse(text).or_else(|| parse_duration_ms(text).map(ago))
    }
}

fn not_a_time(flag: &str, text: &str) -> Failure {
    Failure::usage(format!("{flag}: '{text}' is not a time"))
        .next("write a date (2026-11-01), an RFC 3339 time (2026-11-01T08:00:00Z) or an age (7d)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(zone: &str, since: &str, until: &str) -> Result<(String, String), Failure> {
        let now = UnixMillis::parse("2026-11-20T12:00:00Z").expect("a moment");
        let zone = TimeZone::get(zone).expect("it is bundled");
        let times = TimeOptions { now, zone };
        let shown = |at: UnixMillis| at.to_string();
        Ok((times.since(since).map(shown)?, times.until(until).map(shown)?))
    }

    #[test]
    fn times_are_dates_moments_or_ages() {
        for (zone, text, since, until) in [
            ("UTC", "2026-11-01", "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"),
            ("Europe/Berlin", "2026-11-01", "2026-10-31T23:00:00.000Z", "2026-11-01T23:00:00.000Z"),
            (
                "Europe/Berlin",
                "2026-11-01T08:00:00+02:00",
                "2026-11-01T06:00:00.000Z",
                "2026-11-01T06:00:00.000Z",
            ),
            ("UTC", "7d", "2026-11-13T12:00:00.000Z", "2026-11-13T12:00:00.000Z"),
        ] {
            let expected = (since.to_owned(), until.to_owned());
            assert_eq!(read(zone, text, text).expect(text), expected, "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "7", "-7d"] {
            assert!(read("UTC", text, "1d").is_err(), "{text}");
            assert!(read("UTC", "1d", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_span_that_ends_before_it_begins_is_refused() {
        let span = |since: &str, until: &str| SpanOptions {
            since: Some(since.to_owned()),
            until: Some(until.to_owned()),
        };
        assert!(TimeOptions::now().span(&span("7d", "1d")).is_ok());
        assert!(TimeOptions::now().span(&span("1d", "7d")).is_err());
    }
}
