//! A run in progress as lines for logs.
//!
//! Owns their words and their time. Each line stands by itself. Must never hold a letter that steers a terminal.

use jiff::tz::TimeZone;

use super::live_run::{LiveRun, failure_of};
use super::reduced_rate::rate_and_reason;
use crate::app::SeenEntry;
use crate::cli::text::layout::{one_line, thousands};
use crate::model::{UnixMillis, human_duration};

/// A line with its time: RFC 3339 in UTC, to the second.
pub(crate) fn stamped(at: UnixMillis, text: &str) -> String {
    let whole_second = UnixMillis(at.0.div_euclid(1_000) * 1_000);
    format!("{} {text}", whole_second.to_string().replace(".000Z", "Z"))
}

/// How much a line of a log matters.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum LogLevel {
    Info,
    Warning,
    Error,
}

impl LogLevel {
    fn word(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// A text as lines of a log: the time in RFC 3339 with its offset, the level, one line. Empty lines are left out.
pub(crate) fn log_lines(at: UnixMillis, zone: &TimeZone, level: LogLevel, text: &str) -> String {
    let moment = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    let time = moment.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
    let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
    lines.map(|line| format!("{time} {} {}\n", level.word(), one_line(line))).collect()
}

/// How far the run is, in one line.
pub(crate) fn status_line(run: &LiveRun, now: UnixMillis) -> String {
    let mut parts = vec![format!("{}/{} sent", thousands(run.sent()), thousands(run.planned()))];
    for (count, what) in [
        (run.good(), "ok"),
        (run.failed(), "failed"),
        (run.doubts(), "in doubt"),
        (run.pending(), "pending"),
    ] {
        if count > 0 {
            parts.push(format!("{} {what}", thousands(count)));
        }
    }
    if let Some((wave, waves)) = run.progress.wave {
        parts.push(format!("wave {wave}/{waves}"));
    }
    if let Some(until) = run.pause(now) {
        parts.push(format!("paused for {}", human_duration(until.remaining_ms(now))));
    }
    if let Some(rate) = run.progress.reduced_rate {
        parts.push(rate_and_reason(rate));
    }
    match (run.time_left.words(), run.rate.per_second(now)) {
        (Some(words), _) => parts.push(words),
        (None, Some(per_second)) => parts.push(format!("{per_second:.1}/s")),
        (None, None) => {}
    }
    if let Some(left) = run.quota_left() {
        parts.push(format!("{} requests left this hour", thousands(left)));
    }
    parts.join(", ")
}

/// A failure, a refusal or a doubt, as it happens: `failed: C02AA1ABJGH5 restart: HTTP 404`.
pub(crate) fn failure_line(entry: &SeenEntry) -> Option<String> {
    let failure = failure_of(entry)?;
    let text =
        format!("{}: {} {}: {}", failure.word, failure.device, failure.action, failure.reason);
    Some(one_line(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_of_a_log_has_time_offset_and_level() {
        let at = UnixMillis(1_796_000_000_789);
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let lines = log_lines(at, &zone, LogLevel::Warning, "a\n\n  b\u{202e}c\t\n");
        assert_eq!(
            lines,
            "2026-11-30T01:53:20+01:00 warning a\n2026-11-30T01:53:20+01:00 warning   b\u{fffd}c\n"
        );
        assert_eq!(
            log_lines(at, &TimeZone::UTC, LogLevel::Error, "x"),
            "2026-11-30T00:53:20+00:00 error x\n"
        );
    }

    #[test]
    fn a_line_has_its_time_to_the_second() {
        let at = UnixMillis(1_796_000_000_789);
        assert_eq!(stamped(at, "x"), "2026-11-30T00:53:20Z x");
    }
}
