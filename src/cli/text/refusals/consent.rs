//! Missing confirmation, in words.
//!
//! Owns the words. Must never say that `--yes` is enough where it is not.

use super::words::Words;
use crate::app::{ConsentReason, Needed, NotAsked, Work};
use crate::cli::text::layout::{counted, one_line};

/// Most characters of an answer that are repeated.
const ANSWER_CHARS_MAX: usize = 60;

/// A reason in words, about work that `what` names (`restarting 3 devices on acme`), after a review of `look_at`.
pub(crate) fn words(reason: &ConsentReason, what: &str, look_at: &str) -> Words {
    match reason {
        ConsentReason::OtherWords { given, work, needed } => {
            // Harmless work takes no words, but not those of another plan either.
            let words = written(needed).unwrap_or_else(|| devices(work).to_string());
            Words::new(
                format!("--confirm \"{}\" does not confirm {what}", short(given)),
                next(look_at, Some(words)),
            )
        }
        ConsentReason::Missing { needed, why, .. } => Words::new(
            format!("{what} needs a confirmation{}", not_asked(*why)),
            next(look_at, written(needed)),
        ),
        ConsentReason::OtherPlans { needed, .. } => Words::new(
            format!("the confirmation was given for other plans and does not confirm {what}"),
            next(look_at, written(needed)),
        ),
        // Nothing was read that could be reviewed again.
        ConsentReason::Declined { work: Work::Other { .. }, .. } => Words::new("not confirmed", ""),
        ConsentReason::Declined { needed, .. } => {
            Words::new("not confirmed", next(look_at, written(needed)))
        }
    }
}

/// What was expected in place of an answer that a person typed.
pub(crate) fn declined(needed: &Needed, typed: &str) -> String {
    let typed = short(typed.trim());
    match (needed, typed.as_str()) {
        (Needed::Nothing | Needed::Yes, _) => "not confirmed".to_owned(),
        (needed, typed) => {
            let expected = needed.words().unwrap_or_default();
            let got = if typed.is_empty() { "nothing".to_owned() } else { format!("\"{typed}\"") };
            format!("not confirmed: expected \"{expected}\", got {got}")
        }
    }
}

fn short(text: &str) -> String {
    one_line(text).chars().take(ANSWER_CHARS_MAX).collect()
}

/// A reason in words, about the work that it names itself.
pub(super) fn consent(reason: &ConsentReason) -> Words {
    let (ConsentReason::OtherWords { work, .. }
    | ConsentReason::Missing { work, .. }
    | ConsentReason::OtherPlans { work, .. }
    | ConsentReason::Declined { work, .. }) = reason;
    let look_at = match work {
        Work::Plan { .. } | Work::Group { .. } => "the plan",
        Work::SendAgain { .. } => "the evidence",
        Work::Other { .. } => "what would happen",
    };
    words(reason, &work_text(work), look_at)
}

/// The work, in words, where its actions are not known.
pub(crate) fn work_text(work: &Work) -> String {
    match work {
        Work::Plan { risk, devices, tenant } => {
            format!("{} work on {} on {tenant}", risk.word(), counted(*devices, "device"))
        }
        Work::Group { risk, devices, tenants } => format!(
            "{} work on {} of {}",
            risk.word(),
            counted(*devices, "device"),
            counted(tenants.len(), "tenant")
        ),
        Work::SendAgain { devices, tenant } => {
            format!("sending again to {} on {tenant}", counted(*devices, "device"))
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
        Work::Plan { devices, .. }
        | Work::Group { devices, .. }
        | Work::SendAgain { devices, .. } => *devices,
        Work::Other { .. } => 0,
    }
}

fn not_asked(why: NotAsked) -> &'static str {
    match why {
        NotAsked::NotYet => "",
        NotAsked::YesIsNotEnough => ", and --yes is not enough",
        NotAsked::Forbidden => ", and --no-input forbids the prompt",
        NotAsked::NoTerminal => ", and there is no terminal for the prompt",
    }
}

fn next(look_at: &str, words: Option<String>) -> String {
    match words {
        Some(text) => format!("review {look_at}, then confirm with:\n  --confirm {text}"),
        None => format!("review {look_at}, then confirm with:\n  --yes"),
    }
}
