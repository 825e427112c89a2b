//! What is refused about runs, in words.
//!
//! Owns the texts. Must never decide anything.

use super::outside;
use super::words::Words;
use crate::app::{
    BrokenOffReason, DoubtReason, FirstReportReason, ReportsReason, ResumeReason, RunEndFault,
    RunEndReason,
};
use crate::report::ReportFault;

pub(super) fn reports(reason: &ReportsReason) -> Words {
    match reason {
        ReportsReason::Unwritable { run, fault, detail } => Words::new(
            format!("cannot write the reports: {detail}"),
            match fault {
                ReportFault::DiskFull => {
                    format!("free some disk space, then write the reports:\n  sortie report {run}")
                }
                ReportFault::Directory => format!(
                    "write the reports to a directory that you can write to:\n  sortie report {run} --report-dir DIR"
                ),
                ReportFault::Format => format!(
                    "write the reports in other formats:\n  sortie report {run} --report-format csv,jsonl"
                ),
                ReportFault::Records => String::new(),
            },
        )
        .state("the journal has every request and answer"),
        ReportsReason::Pruned { run, at, directory } => Words::new(
            format!("the PINs, secrets and answers of run {run} were pruned at {at}"),
            "choose another directory with --report-dir, or remove the old one first",
        )
        .state(format!("{} may still contain them and was not changed", directory.display())),
    }
}

pub(super) fn doubt(reason: &DoubtReason) -> Words {
    let retry = |device: &str| {
        format!("mark the task of {device} as not done, then retry it:\n  sortie retry")
    };
    match reason {
        DoubtReason::NotFound { run, device } => Words::new(
            format!("run {run} has no task in doubt for '{device}'"),
            format!("list the tasks in doubt:\n  sortie resolve {run}"),
        )
        .state("nothing was changed"),
        DoubtReason::InQuarantine { device, until } => Words::new(
            format!(
                "the first request for {device} may still take effect until {until}; sent again, it could take effect twice"
            ),
            "wait until then, or read the device's history first:\n  sortie resume",
        ),
        DoubtReason::RunClosed { device } => {
            Words::new(format!("the run is closed and cannot send to {device}"), retry(device))
        }
        DoubtReason::SendingOver { device, at } => {
            Words::new(format!("the run's time for sending ended at {at}"), retry(device))
        }
    }
}

pub(super) fn first_reports(reason: &FirstReportReason) -> Words {
    match reason {
        FirstReportReason::Path { error } => {
            Words::new(format!("cannot use the report directory: {error}"), "")
        }
        FirstReportReason::Unwritable { detail } => Words::new(
            format!("cannot write the reports: {detail}"),
            "choose another directory with --report-dir",
        ),
    }
}

pub(super) fn broken_off(reason: &BrokenOffReason) -> Words {
    let BrokenOffReason { run, why } = reason;
    Words::new(
        outside::drive(why).what,
        format!("make the state directory writable, then resume the run:\n  sortie resume {run}"),
    )
    .state(
        "the journal has everything up to then; requests in progress at that moment are in doubt",
    )
}

pub(super) fn run_end(reason: &RunEndReason) -> Words {
    let RunEndReason { run, doubts, not_attempted, state_dir, why } = reason;
    let words = match why {
        RunEndFault::Reports(reason) => reports(reason),
        RunEndFault::Journal(reason) => {
            let directory = state_dir.display();
            Words::new(
                outside::journal(reason).what,
                format!(
                    "check the disk and {directory}, then resume the run:\n  sortie resume {run}"
                ),
            )
        }
    };
    let left = left_open(*doubts, *not_attempted);
    words.state(format!("{left}; the end of run {run} was not fully recorded"))
}

pub(super) fn resume(reason: &ResumeReason) -> Words {
    match reason {
        ResumeReason::FasterThanBefore { setting, asked, limit } => {
            let flag = setting.replace('_', "-");
            Words::new(
                format!("--{flag} {asked} is above the run's limit of {limit}"),
                "a resume can only lower the limit",
            )
        }
        ResumeReason::FollowingSwitched => {
            Words::new("--wait cannot turn following on or off when you resume a run", "")
        }
        ResumeReason::TimeoutTooLong { .. } => Words::new(
            "--timeout is more than half of the run's --quarantine",
            "give a shorter --timeout, or leave it out",
        ),
    }
}

/// What is in doubt and what is left.
fn left_open(doubts: u32, not_attempted: u32) -> String {
    match doubts {
        0 => format!("{not_attempted} not attempted"),
        doubts => format!("{doubts} in doubt, {not_attempted} not attempted"),
    }
}
