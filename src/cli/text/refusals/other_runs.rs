//! Refusals of preflight that follow from other runs, in words.
//!
//! Owns the words. Must never call a run ended that is not.

use super::words::Words;
use crate::app::preflight::{DoubtElsewhereReason, OverlapReason, RowsReason};
use crate::cli::text::layout::counted;

/// Held devices that a message names.
const HELD_SHOWN: usize = 3;

pub(super) fn overlap(reason: &OverlapReason) -> Words {
    let (run, what) = match reason {
        OverlapReason::SameJob { run, job } => {
            (run, format!("run {run} of the same job, {job}, is under way"))
        }
        OverlapReason::DevicesHeld { run, job, devices } => {
            let named: Vec<&str> = devices.iter().take(HELD_SHOWN).map(String::as_str).collect();
            let more = devices.len() - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named = named.join(", ");
            (run, format!("run {run} of {job} has not sent to device {named}{more} yet"))
        }
    };
    Words::new(
        what,
        format!(
            "wait for it, look with: sortie status {run}; a cron job that may skip its turn says --if-running skip"
        ),
    )
}

pub(super) fn doubt(reason: &DoubtElsewhereReason) -> Words {
    let DoubtElsewhereReason { device, action, run, more } = reason;
    let more = match more {
        0 => String::new(),
        more => format!(" (and {more} more like it)"),
    };
    Words::new(
        format!("device {device}: whether {action} was done to it by run {run} is in doubt{more}"),
        format!("settle that first with: sortie resolve {run}"),
    )
}

pub(super) fn rows(reason: &RowsReason) -> Words {
    let sent_of = |sent: usize, tasks: usize| {
        format!("{sent} of {} were sent since or before", counted(tasks, "task"))
    };
    match reason {
        RowsReason::UnknownRun { run, state_dir } => Words::new(
            format!(
                "the rows come from run {run}, which had not ended when its file was written, and {} does not know it",
                state_dir.display()
            ),
            "use the state directory of that run (--state-dir)",
        ),
        RowsReason::Driven { run, sent, tasks } => Words::new(
            format!(
                "the rows come from run {run}, which another process drives now; {}",
                sent_of(*sent, *tasks)
            ),
            format!("see how far it is with: sortie status {run}"),
        ),
        RowsReason::NotEnded { run, sent, tasks } => Words::new(
            format!(
                "the rows come from run {run}, which did not end; {}, whatever the file says",
                sent_of(*sent, *tasks)
            ),
            format!(
                "go on with: sortie resume {run}; or let a new run take over what was not sent with: sortie retry {run}"
            ),
        ),
        RowsReason::DoneSince { run, done, tasks, taken_by, action, device, is_open } => {
            let by = taken_by
                .as_ref()
                .map(|by| format!(", and run {by} took some over"))
                .unwrap_or_default();
            let tasks = counted(*tasks, "task");
            Words::new(
                format!(
                    "the rows come from run {run}, which has gone on since: {done} of {tasks} are done or under way there{by}, first {action} on {device}"
                ),
                match is_open {
                    false => format!("write its files again with: sortie report {run}"),
                    true => format!(
                        "go on with: sortie resume {run}; or write its files again with: sortie report {run}"
                    ),
                },
            )
        }
        RowsReason::Reported { run, shared, rows } => Words::new(
            format!(
                "{shared} of {} from a report are tasks of run {run}, which is not finished",
                counted(*rows, "row")
            ),
            format!(
                "go on with: sortie resume {run}; or repeat what failed or was not sent with: sortie retry {run}"
            ),
        ),
    }
}
