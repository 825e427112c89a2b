//! What is refused about runs, in words.
//!
//! Owns the texts. Must never decide anything.

use super::outside;
use super::words::Words;
use crate::app::{
    BrokenOffReason, DoubtReason, FirstReportReason, ReportsReason, ResumeReason, RunEndFault,
    RunEndReason,
};

pub(super) fn reports(reason: &ReportsReason) -> Words {
    match reason {
        ReportsReason::Unwritable { run, detail } => Words::new(
            format!("the reports cannot be written: {detail}"),
            format!("make room, then: sortie report {run}"),
        )
        .state("the journal holds everything that was sent and answered"),
        ReportsReason::Pruned { run, at, directory } => Words::new(
            format!("the PINs, secrets and replies of run {run} were pruned at {at}"),
            "name another place with --report-dir, or remove that one first",
        )
        .state(format!("{} may still hold them and is left as it is", directory.display())),
    }
}

pub(super) fn doubt(reason: &DoubtReason) -> Words {
    let retry =
        |device: &str| format!("take {device} as not done, and run that again with: sortie retry");
    match reason {
        DoubtReason::NotFound { run, device } => Words::new(
            format!("nothing of run {run} is in doubt for '{device}'"),
            format!("see what is in doubt with: sortie resolve {run}"),
        )
        .state("nothing was changed"),
        DoubtReason::InQuarantine { device, until } => Words::new(
            format!(
                "the request for {device} may still be applied until {until}; sent again it could be applied twice"
            ),
            "read first what became of it: sortie resume, or wait until then",
        ),
        DoubtReason::RunClosed { device } => Words::new(
            format!("the run is closed, and sends {device} nothing any more"),
            retry(device),
        ),
        DoubtReason::SendingOver { device, at } => {
            Words::new(format!("the time for sending of this run ended at {at}"), retry(device))
        }
    }
}

pub(super) fn first_reports(reason: &FirstReportReason) -> Words {
    match reason {
        FirstReportReason::Path { error } => {
            Words::new(format!("the report directory: {error}"), "")
        }
        FirstReportReason::Unwritable { detail } => Words::new(
            format!("the reports cannot be written: {detail}"),
            "name another place with --report-dir",
        ),
    }
}

pub(super) fn broken_off(reason: &BrokenOffReason) -> Words {
    let BrokenOffReason { run, why } = reason;
    Words::new(
        outside::drive(why).what,
        format!("make the state directory writable, then: sortie resume {run}"),
    )
    .state("everything committed until then is in the journal; requests that were under way are in doubt")
}

pub(super) fn run_end(reason: &RunEndReason) -> Words {
    let RunEndReason { run, doubts, not_attempted, state_dir, why } = reason;
    let words = match why {
        RunEndFault::Reports(reason) => reports(reason),
        RunEndFault::Journal(reason) => {
            let directory = state_dir.display();
            Words::new(
                outside::journal(reason).what,
                format!("check the disk and {directory}, then: sortie resume {run}"),
            )
        }
    };
    let left = left_open(*doubts, *not_attempted);
    words.state(format!("{left}; the end of run {run} could not be recorded in full"))
}

pub(super) fn resume(reason: &ResumeReason) -> Words {
    match reason {
        ResumeReason::FasterThanBefore { setting, asked, limit } => {
            let flag = setting.replace('_', "-");
            Words::new(
                format!("--{flag} {asked} is above the run's {limit}"),
                "a resume may only lower it",
            )
        }
        ResumeReason::FollowingSwitched => {
            Words::new("--wait cannot turn following on or off in a resume", "")
        }
        ResumeReason::TimeoutTooLong { .. } => Words::new(
            "--timeout is more than half of the run's --quarantine",
            "give a shorter one, or none",
        ),
    }
}

/// What is in doubt and what is left.
pub(crate) fn left_open(doubts: u32, not_attempted: u32) -> String {
    match doubts {
        0 => format!("{not_attempted} not attempted"),
        doubts => format!("{doubts} in doubt, {not_attempted} not attempted"),
    }
}
