//! Missing consent, in words.
//!
//! Owns the words. Must never say that a yes is enough where it is not.

use super::words::Words;
use crate::app::{ConsentReason, Needed, NotAsked, Work};
use crate::cli::text::layout::counted;

/// A reason in words, about work that `what` names, after a look at `look_at`.
pub(crate) fn words(reason: &ConsentReason, what: &str, look_at: &str) -> Words {
    match reason {
        ConsentReason::OtherWords { given, work, needed } => {
            // Harmless work takes no words, but not those of another plan either.
            let words = written(needed).unwrap_or_else(|| devices(work).to_string());
            Words::new(
                format!("--confirm \"{given}\" is not what it takes: this is {what}"),
                next(look_at, Some(words)),
            )
        }
        ConsentReason::Missing { needed, why, .. } => Words::new(
            format!("{what} needs an answer, {}", not_asked(*why)),
            next(look_at, written(needed)),
        ),
        // Nothing was looked up that could be looked at again.
        ConsentReason::Declined { work: Work::Other { .. }, .. } => Words::new("not confirmed", ""),
        ConsentReason::Declined { needed, .. } => {
            Words::new("not confirmed", next(look_at, written(needed)))
        }
    }
}

/// A reason in words, about the work that it names itself.
pub(super) fn consent(reason: &ConsentReason) -> Words {
    let (ConsentReason::OtherWords { work, .. }
    | ConsentReason::Missing { work, .. }
    | ConsentReason::Declined { work, .. }) = reason;
    let look_at = match work {
        Work::Plan { .. } => "the plan",
        Work::SendAgain { .. } => "the evidence",
        Work::Other { .. } => "what would happen",
    };
    words(reason, &work_text(work), look_at)
}

/// The work, in words.
pub(crate) fn work_text(work: &Work) -> String {
    match work {
        Work::Plan { risk, devices, tenant } => {
            format!("{} work on {} of {tenant}", risk.word(), counted(*devices, "device"))
        }
        Work::SendAgain { devices, tenant } => {
            format!("sending again to {} of {tenant}", counted(*devices, "device"))
        }
        Work::Other { what } => (*what).to_owned(),
    }
}

/// What `--confirm` takes, as it is written on the command line.
pub(crate) fn written(needed: &Needed) -> Option<String> {
    match needed {
        Needed::Nothing | Needed::Yes => None,
        Needed::Count(count) => Some(count.to_string()),
        Needed::Phrase(phrase) => Some(format!("\"{phrase}\"")),
    }
}

fn devices(work: &Work) -> usize {
    match work {
        Work::Plan { devices, .. } | Work::SendAgain { devices, .. } => *devices,
        Work::Other { .. } => 0,
    }
}

fn not_asked(why: NotAsked) -> &'static str {
    match why {
        NotAsked::NotYet => "and nobody was asked",
        NotAsked::YesIsNotEnough => "and --yes is not one for it",
        NotAsked::Forbidden => "and --no-input forbids to ask",
        NotAsked::NoTerminal => "and there is no terminal to ask on",
    }
}

fn next(look_at: &str, words: Option<String>) -> String {
    match words {
        Some(text) => format!("look at {look_at}, then agree to it with: --confirm {text}"),
        None => format!("look at {look_at}, then agree with --yes"),
    }
}
