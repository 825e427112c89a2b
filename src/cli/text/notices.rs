//! Events of the application in words.
//!
//! Owns the texts, and which of them are warnings. Must never keep anything back that a person has to know.

use crate::app::AppEvent;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::clock::ahead;
use crate::cli::text::refusals::words;
use crate::drive::Waiting;

/// Tells a person of an event.
pub(crate) fn tell(event: &AppEvent, printer: &Printer) {
    match event {
        AppEvent::ClockWasAhead(found) => {
            if let Some(text) = ahead(found) {
                printer.warn(&text);
            }
        }
        AppEvent::ReadWaits(waiting) => printer.say(&waits(waiting)),
        AppEvent::ReportsNotWritten(reason) => {
            printer.warn(&format!("{}; the journal holds everything", words(reason).what));
        }
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
