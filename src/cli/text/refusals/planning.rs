//! Plans that could not be made, in words.
//!
//! Owns the words. Must never blame the tenant for what the job says.

use super::words::Words;
use crate::app::{NameProblem, PlanningReason, RetryReason, UnusableName};
use crate::cli::text::layout::{counted, thousands};

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
        PlanningReason::FilterIgnored { detail } => Words::new(
            format!(
                "cannot select by FileVault: the tenant does not filter its device list by filevault_enabled ({detail})"
            ),
            "remove the condition filevault; 'sortie devices --with details' shows FileVault for each device",
        ),
        PlanningReason::TooManyDetails { conditions, devices, most } => Words::new(
            format!(
                "{} can only be read device by device, and {} match the other conditions; at most {} are read",
                conditions.join(" and "),
                counted(*devices, "device"),
                thousands(*most)
            ),
            "add conditions such as platform, blueprint or tag, or split the job",
        ),
        PlanningReason::UnusableNames { names } => unusable_names(names),
        PlanningReason::NoRandomness { error } => {
            Words::new(format!("the system gave no random numbers: {error}"), "give --seed")
        }
    }
}

/// Most names that are shown.
const NAMES_SHOWN_MAX: usize = 20;

fn unusable_names(names: &[UnusableName]) -> Words {
    let mut lines: Vec<String> = names.iter().take(NAMES_SHOWN_MAX).map(unusable_name).collect();
    if let more @ 1.. = names.len().saturating_sub(NAMES_SHOWN_MAX) {
        lines.push(format!("and {more} more"));
    }
    Words::new(
        lines.join("\n"),
        "correct the names in the job; blueprints are compared letter by letter",
    )
}

fn unusable_name(name: &UnusableName) -> String {
    let (of, text) = (name.of, &name.name);
    let what = if name.is_id { format!("{of} id {text}") } else { format!("{of} '{text}'") };
    match &name.problem {
        NameProblem::Unknown { near } if near.is_empty() => {
            format!("the tenant has no {what}")
        }
        NameProblem::Unknown { near } => {
            format!("the tenant has no {what}; similar names: '{}'", near.join("', '"))
        }
        NameProblem::Several { ids } => {
            format!(
                "the tenant has {} {of}s named '{text}'; give one id: {}",
                ids.len(),
                ids.join(", ")
            )
        }
        NameProblem::Archived => format!("{what} is archived and cannot be assigned"),
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
