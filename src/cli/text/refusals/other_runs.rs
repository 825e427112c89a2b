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
        OverlapReason::OtherWaits { job } => {
            return Words::new(
                format!("another process already waits to run job {job}"),
                "wait until it has run the job; it makes its plan anew",
            );
        }
        OverlapReason::WaitedTooLong { run, job, until } => {
            return Words::new(
                format!("run {run} of {job} is still in progress at {until}, when the wait ended"),
                format!("see its progress, and try again later:\n  sortie status {run}"),
            );
        }
        OverlapReason::SameJob { run, job } => {
            (run, format!("run {run} of job {job} is still in progress"))
        }
        OverlapReason::DevicesHeld { run, job, devices } => {
            let named: Vec<&str> = devices.iter().take(HELD_SHOWN).map(String::as_str).collect();
            let more = devices.len() - named.len();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named = named.join(", ");
            (run, format!("run {run} of {job} still has to send to device {named}{more}"))
        }
    };
    Words::new(
        what,
        format!(
            "wait for that run (in cron, --if-running skip skips this one, and wait starts it later); see its progress:\n  sortie status {run}"
        ),
    )
}

pub(super) fn doubt(reason: &DoubtElsewhereReason) -> Words {
    let DoubtElsewhereReason { device, action, run, more } = reason;
    let more = match more {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    Words::new(
        format!("device {device}: {action} of run {run} is in doubt{more}"),
        format!("settle the doubt first:\n  sortie resolve {run}"),
    )
}

pub(super) fn rows(reason: &RowsReason) -> Words {
    let sent_of = |sent: usize, tasks: usize| {
        format!("{sent} of {} were sent by then or later", counted(tasks, "task"))
    };
    match reason {
        RowsReason::UnknownRun { run, state_dir } => Words::new(
            format!(
                "the rows come from run {run}, which had not ended when this file was written, and {} has no such run",
                state_dir.display()
            ),
            "give the state directory of that run with --state-dir",
        ),
        RowsReason::Driven { run, sent, tasks } => Words::new(
            format!(
                "the rows come from run {run}, which is in progress in another process; {}",
                sent_of(*sent, *tasks)
            ),
            format!("see its progress:\n  sortie status {run}"),
        ),
        RowsReason::NotEnded { run, sent, tasks } => Words::new(
            format!(
                "the rows come from run {run}, which has not ended; {}, so the file is out of date",
                sent_of(*sent, *tasks)
            ),
            format!(
                "resume the run:\n  sortie resume {run}\nor send what it did not send in a new run:\n  sortie retry {run}"
            ),
        ),
        RowsReason::DoneSince { run, done, tasks, taken_by, action, device, is_open } => {
            let by = taken_by
                .as_ref()
                .map(|by| format!(", and run {by} took over others"))
                .unwrap_or_default();
            let tasks = counted(*tasks, "task");
            Words::new(
                format!(
                    "the rows come from run {run}, which continued after this file was written: {done} of {tasks} are done or in progress{by}; the first is {action} on {device}"
                ),
                match is_open {
                    false => format!("write the run's files again:\n  sortie report {run}"),
                    true => format!(
                        "resume the run:\n  sortie resume {run}\nor write its files again:\n  sortie report {run}"
                    ),
                },
            )
        }
        RowsReason::Reported { run, shared, rows } => Words::new(
            format!(
                "{shared} of {} in this report file are tasks of run {run}, which is not finished",
                counted(*rows, "row")
            ),
            format!(
                "resume the run:\n  sortie resume {run}\nor retry what failed or was not sent:\n  sortie retry {run}"
            ),
        ),
    }
}
