//! `sortie history`: everything that was ever sent to a device.
//!
//! Owns the reading of its times. Must never contact a tenant.

use crate::app::HistoryRequest;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, HistoryOptions, ListingFormat};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::history::{covered, csv, json, notes, text};
use crate::drive::{Clock, WallClock};
use crate::model::{UnixMillis, parse_duration_ms};

const DAY_MS: u64 = 86_400_000;

pub(crate) fn history(
    global: &GlobalOptions,
    options: &HistoryOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let workspace = with_runs(global, printer)?;
    let now = WallClock.now();
    let request = HistoryRequest {
        device: options.device.clone(),
        since: options.since.as_deref().map(|text| since_of(text, now)).transpose()?,
        until: options.until.as_deref().map(|text| until_of(text, now)).transpose()?,
    };
    let history = workspace.history(&request)?;
    match printer.format {
        ListingFormat::Json => printer.data(&json(&history, &request).to_string()),
        ListingFormat::Csv => printer.data(&csv(&history)),
        ListingFormat::Text => {
            printer.show(&text(&history));
            for note in notes(&history) {
                printer.say(&note);
            }
        }
    }
    if printer.format != ListingFormat::Json {
        printer.say(&format!("{}; nothing was sent", covered(&history.coverage)));
    }
    history.check_complete()?;
    Ok(Exit::Well)
}

/// The moment from which on lines are shown.
fn since_of(text: &str, now: UnixMillis) -> Result<UnixMillis, Failure> {
    day(text).or_else(|| moment(text, now)).ok_or_else(|| not_a_time("--since", text))
}

/// The moment before which lines are shown; of a date its end.
fn until_of(text: &str, now: UnixMillis) -> Result<UnixMillis, Failure> {
    let end = day(text).map(|day| day.plus_ms(DAY_MS));
    end.or_else(|| moment(text, now)).ok_or_else(|| not_a_time("--until", text))
}

/// The beginning of a date, in UTC as all times are.
fn day(text: &str) -> Option<UnixMillis> {
    UnixMillis::parse(&format!("{}T00:00:00Z", text.trim()))
}

fn moment(text: &str, now: UnixMillis) -> Option<UnixMillis> {
    let ago = |duration_ms: u64| {
        UnixMillis(now.0.saturating_sub(i64::try_from(duration_ms).unwrap_or(i64::MAX)))
    };
    UnixMillis::parse(text).or_else(|| parse_duration_ms(text).map(ago))
}

fn not_a_time(flag: &str, text: &str) -> Failure {
    Failure::usage(format!("{flag}: '{text}' is not a time"))
        .next("write a date (2026-11-01), a moment (2026-11-01T08:00:00Z) or how long ago (7d)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates_moments_or_durations_ago() {
        let now = UnixMillis::parse("2026-11-20T12:00:00Z").expect("a moment");
        for (text, since, until) in [
            ("2026-11-01", "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"),
            ("2026-11-01T08:00:00+02:00", "2026-11-01T06:00:00.000Z", "2026-11-01T06:00:00.000Z"),
            ("7d", "2026-11-13T12:00:00.000Z", "2026-11-13T12:00:00.000Z"),
        ] {
            let shown = |at: Result<UnixMillis, Failure>| at.map(|at| at.to_string()).ok();
            assert_eq!(shown(since_of(text, now)).as_deref(), Some(since), "{text}");
            assert_eq!(shown(until_of(text, now)).as_deref(), Some(until), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "7", "-7d"] {
            assert!(since_of(text, now).is_err(), "{text}");
            assert!(until_of(text, now).is_err(), "{text}");
        }
    }
}
