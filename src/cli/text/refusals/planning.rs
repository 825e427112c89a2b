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
                more => format!("; {more} more entries match no device either"),
            };
            Words::new(
                format!("{first}{more}"),
                "correct the job, or give --allow-unmatched-exclude (in a YAML job: 'exclude: {allow_unmatched: true}')",
            )
        }
        PlanningReason::NoRandomness { error } => {
            Words::new(format!("the system gave no random numbers: {error}"), "give --seed")
        }
    }
}

pub(super) fn retry(reason: &RetryReason) -> Words {
    let (run, why) = match reason {
        RetryReason::InvalidJob { run } => (run, "its tasks cannot be written as a job".to_owned()),
        RetryReason::OtherRows { run } => {
            (run, "a job made from its tasks has a different number of rows".to_owned())
        }
        RetryReason::ClosedPins { run, tasks } => {
            (run, format!("the PINs of {} are encrypted or pruned", counted(*tasks, "task")))
        }
    };
    Words::new(
        format!("cannot retry run {run}: {why}"),
        format!("write a job for the remaining devices; list them:\n  sortie report {run}"),
    )
}
