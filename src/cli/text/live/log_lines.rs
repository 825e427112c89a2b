//! A run in progress as lines for logs.
//!
//! Owns their words and their time. Each line stands by itself. Must never hold a letter that steers a terminal.

use super::live_run::{LiveRun, failure_of};
use crate::app::SeenEntry;
use crate::cli::text::layout::{one_line, thousands};
use crate::model::{UnixMillis, human_duration};

/// A line with its time: RFC 3339 in UTC, to the second.
pub(crate) fn stamped(at: UnixMillis, text: &str) -> String {
    let whole_second = UnixMillis(at.0.div_euclid(1_000) * 1_000);
    format!("{} {text}", whole_second.to_string().replace(".000Z", "Z"))
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
    fn a_line_has_its_time_to_the_second() {
        let at = UnixMillis(1_796_000_000_789);
        assert_eq!(stamped(at, "x"), "2026-11-30T00:53:20Z x");
    }
}
