//! The words of the page that several of its parts use.
//!
//! Owns them. Must never hold a PIN.

use crate::model::{DeviceFacts, Outcome, UnixMillis, counted, thousands};
use crate::report::overview::NamedTask;

/// How a part of the page is colored; words and signs say the same.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum PageTone {
    Good,
    Caution,
    Bad,
}

impl PageTone {
    /// The tone of an outcome.
    pub(super) fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Completed | Outcome::Accepted | Outcome::AlreadyInEffect => Self::Good,
            Outcome::Pending | Outcome::NotNow | Outcome::Skipped | Outcome::NotAttempted => {
                Self::Caution
            }
            Outcome::Failed | Outcome::Refused | Outcome::InDoubt => Self::Bad,
        }
    }

    /// The class of an element.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Caution => "caution",
            Self::Bad => "bad",
        }
    }

    /// The class of a cell, which stands in every row.
    pub(super) fn cell_class(self) -> &'static str {
        match self {
            Self::Good => "g",
            Self::Caution => "c",
            Self::Bad => "b",
        }
    }

    /// The path of its sign in a square of 20: a check mark, a clock hand, an exclamation mark.
    pub(super) fn icon(self) -> &'static str {
        match self {
            Self::Good => "M3.5 10.5l4.5 4.5L16.5 5.5",
            Self::Caution => "M10 2a8 8 0 1 0 .01 0M10 5.5V10l3 2",
            Self::Bad => "M10 3v9M10 16.5v.01",
        }
    }
}

/// A number for people.
pub(super) fn number<N: Copy + TryInto<u64>>(number: &N) -> String {
    thousands(*number)
}

/// A number with its noun.
pub(super) fn count<N: Copy + TryInto<u64>>(number: &N, noun: &str) -> String {
    counted(*number, noun)
}

/// An outcome for people.
pub(super) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::NotNow => "not now",
        Outcome::AlreadyInEffect => "already in effect",
        Outcome::InDoubt => "in doubt",
        Outcome::NotAttempted => "not attempted",
        other => other.word(),
    }
}

/// A moment to the second.
pub(super) fn time(at: UnixMillis) -> String {
    let exact = at.to_string();
    match (exact.get(..10), exact.get(11..19)) {
        (Some(day), Some(time)) if exact.ends_with('Z') => format!("{day} {time}"),
        _ => exact,
    }
}

/// The serial number, else the id.
pub(super) fn serial(device: &DeviceFacts) -> &str {
    match device.serial_number.as_str() {
        "" => device.id.as_str(),
        serial => serial,
    }
}

/// The assigned user: the name, and the address unless it is shown as the name.
pub(super) fn user(device: &DeviceFacts) -> (&str, &str) {
    match (device.user_name.as_str(), device.user_email.as_str()) {
        ("", email) => (email, ""),
        named => named,
    }
}

/// An address in parts between which a line may break: after each `@` and each dot.
pub(super) fn parts_of(email: &str) -> impl Iterator<Item = &str> {
    email.split_inclusive(['@', '.'])
}

/// When the device was last seen before the plan.
pub(super) fn check_in(device: &DeviceFacts) -> String {
    device.last_check_in.get().map_or_else(|| "unknown".to_owned(), time)
}

/// How the command of a task stands that waits for its device.
pub(super) fn waiting(task: &NamedTask) -> &'static str {
    match (task.outcome, task.command_status) {
        (Outcome::NotNow, _) => "answered Not Now",
        (_, Some(status)) => status.word(),
        (_, None) => "queued",
    }
}
