//! Plans that could not be made, in words.
//!
//! Owns the words. Must never blame the tenant for what the job says.

use super::words::Words;
use crate::app::{PlanningReason, RetryReason};
use crate::cli::text::layout::counted;

pub(super) fn planning(reason: &PlanningReason) -> Words {
    match reason {
        PlanningReason::IdleExclusion { first, more } => {
            let more = match more {
                0 => String::new(),
                more => format!(", and {more} more entries do not either"),
            };
            Words::new(
                format!("{first}{more}"),
                "correct the job, or give --allow-unmatched-exclude (in the job exclude: {allow_unmatched: true})",
            )
        }
        PlanningReason::NoRandomness { error } => {
            Words::new(format!("no randomness: {error}"), "give --seed")
        }
    }
}

pub(super) fn retry(reason: &RetryReason) -> Words {
    let (run, why) = match reason {
        RetryReason::InvalidJob { run } => (run, "its tasks do not make a valid job".to_owned()),
        RetryReason::OtherRows { run } => {
            (run, "its tasks do not make a job of as many rows".to_owned())
        }
        RetryReason::ClosedPins { run, tasks } => {
            (run, format!("the PINs of {} are encrypted or pruned", counted(*tasks, "task")))
        }
    };
    Words::new(
        format!("run {run} cannot be retried: {why}"),
        "write a job for what is left; sortie report says what that is",
    )
}
