//! Events of the application in words.
//!
//! Owns the texts, and which of them are warnings. Must never keep anything back that a person has to know.

use crate::app::{AppEvent, Leftover};
use crate::cli::text::clock::ahead;
use crate::cli::text::pin_notices;
use crate::cli::text::refusals::words;
use crate::drive::Waiting;

/// What a person reads.
pub(crate) enum Notice {
    /// Something to know even in quiet.
    Warning(String),
    /// Something to know unless quiet was asked for.
    News(String),
}

/// An event in words; `None` where there is nothing to say.
pub(crate) fn notice(event: &AppEvent) -> Option<Notice> {
    match event {
        AppEvent::ClockWasAhead(found) => ahead(found).map(Notice::Warning),
        AppEvent::NotTakenBack { run, left, error } => {
            Some(Notice::Warning(not_taken_back(run, left, error)))
        }
        AppEvent::OldReports { run, reason } => {
            let what = words(reason).what;
            Some(Notice::Warning(format!("the reports of run {run} are old: {what}")))
        }
        AppEvent::RunEntered { run, seed, report_dir } => {
            let reports = report_dir.display();
            Some(Notice::News(format!("run {run} (seed {seed}), reports in {reports}")))
        }
        AppEvent::EarlierLocksUnknown { device, run, error } => {
            Some(Notice::Warning(pin_notices::earlier_locks_unknown(device, run.as_deref(), error)))
        }
        AppEvent::PinRecovered(found) => Some(Notice::News(pin_notices::recovery(found))),
        AppEvent::EndNotRecorded(reason) => Some(Notice::Warning(words(reason).what)),
        AppEvent::RunReopened { run, job, is_sending, pause } => {
            let doing = if *is_sending { "resuming" } else { "following" };
            let pause = pause
                .as_ref()
                .map(|(until, why)| format!("\nnothing is sent or read before {until}: {why}"));
            let pause = pause.unwrap_or_default();
            Some(Notice::News(format!("{doing} run {run} of {job}{pause}")))
        }
        // Progress shows what happens in a run; the command that drives it shows its end.
        AppEvent::RunBegins(_)
        | AppEvent::RunAdvanced(_)
        | AppEvent::RunLeft
        | AppEvent::RunSummary(_)
        | AppEvent::RunReported { .. } => None,
        AppEvent::ReadWaits(waiting) => Some(Notice::News(waits(waiting))),
        AppEvent::RefusalNotNoted(reason) => Some(Notice::Warning(format!(
            "the refusal is not in the host's record: {}",
            words(reason).what
        ))),
        AppEvent::RunLeftOut { run, reason } => {
            Some(Notice::Warning(format!("run {run} is left out: {}", words(reason).what)))
        }
        AppEvent::ShownPinsNotRecorded(error) => Some(Notice::News(format!(
            "note: it could not be recorded that this was shown: {error}"
        ))),
        AppEvent::ReportsNotWritten(reason) => {
            let what = words(reason).what;
            Some(Notice::Warning(format!("{what}; the journal holds everything")))
        }
    }
}

/// What is left of a run that never began.
fn not_taken_back(run: &str, left: &Leftover, error: &str) -> String {
    match left {
        Leftover::Charges => {
            format!("run {run} never began, and stays charged for a while: {error}")
        }
        Leftover::Reports(directory) => {
            let directory = directory.display();
            format!("{directory} is of no run, and cannot be removed: {error}")
        }
        Leftover::Files => format!("run {run} never began, and leaves files: {error}"),
    }
}

/// What is read again, why and when.
fn waits(waiting: &Waiting) -> String {
    let Waiting { kind, reason, retry, until } = waiting;
    let what = match kind.as_str() {
        "inventory" => "the devices",
        "details" => "the details of a device",
        "pin" => "the PIN of a Mac",
        "commands" => "the commands of a device",
        other => other,
    };
    match retry {
        Some((retry, of)) => {
            format!("reading {what} failed: {reason}; retry {retry} of {of} at {until}")
        }
        None => format!("reading {what} waits until {until}: {reason}"),
    }
}
