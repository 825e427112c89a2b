//! Failures of the layers below, in words.
//!
//! Owns what is added to what a layer says itself. Must never replace it.

use super::words::Words;
use crate::app::{DriveReason, JournalReason, ReadReason};
use crate::drive::{GatherError, ReadError};
use crate::journal::{Distrust, JournalError};

pub(super) fn journal(reason: &JournalReason) -> Words {
    match reason {
        JournalReason::Failed(error) => Words::new(error.to_string(), after_journal(error)),
        JournalReason::Distrusted(error) => distrusted(error),
    }
}

fn after_journal(error: &JournalError) -> String {
    match error {
        JournalError::Busy { run } => {
            format!(
                "wait for the other process, or follow its progress:\n  sortie watch --attach {run}"
            )
        }
        JournalError::Starting { .. } => {
            "find out what the other process waits for, then try again".to_owned()
        }
        JournalError::Public { path, .. } => format!(
            "remove the permission (or choose a directory inside it with --state-dir), then verify the runs:\n  chmod o-w {}\n  sortie audit",
            path.display()
        ),
        JournalError::NoRuns => {
            "start one, or choose another state directory with --state-dir:\n  sortie run JOB"
                .to_owned()
        }
        JournalError::NoSuchRun(_) => "list the runs:\n  sortie runs".to_owned(),
        JournalError::IsGroup { runs, .. } => {
            let named: Vec<String> = runs.iter().map(|run| format!("\n  {run}")).collect();
            format!("name one of its runs:{}", named.concat())
        }
        JournalError::NotADirectory { .. } => {
            "choose a directory with --state-dir or SORTIE_STATE_DIR, or move the file".to_owned()
        }
        _ => "check the disk and the state directory, then try again".to_owned(),
    }
}

fn distrusted(error: &Distrust) -> Words {
    let what = error.to_string();
    match error {
        Distrust::Journal(error) => Words::new(what, after_journal(error)),
        Distrust::NeverBegun(_) => Words::new(what, "start the job again:\n  sortie run JOB"),
        Distrust::Run { run, .. } => Words::new(
            what,
            format!(
                "restore runs/{run}.db from a backup made after the run last stopped; see what differs:\n  sortie audit {run}"
            ),
        )
        .state("the run was not opened, because its database was changed outside sortie"),
        Distrust::Host { .. } => Words::new(
            what,
            "restore sortie.db from a backup; see what differs:\n  sortie audit",
        )
        .state("no run was opened, because sortie.db was changed outside sortie"),
    }
}

pub(super) fn read(reason: &ReadReason) -> Words {
    let error = match reason {
        ReadReason::Failed(error) | ReadReason::Sections(GatherError::Read(error)) => error,
        ReadReason::Sections(GatherError::Forbidden { section, error }) => {
            let (word, permission) = (section.word(), section.permission());
            return Words::new(
                format!("cannot read the {word} of any device: {error}"),
                format!("grant the token the permission '{permission}'"),
            );
        }
        ReadReason::Sections(error @ GatherError::Useless { .. }) => {
            return Words::new(error.to_string(), "check the tenant's status, and try again later");
        }
        ReadReason::Inventory(error) => {
            let what = format!("cannot read the device list: {error}");
            return Words::new(what, "check the base URL");
        }
    };
    let next = match error {
        ReadError::Unauthorized(_) => {
            "create a token under Settings > Access, and grant it the permission 'Device list'"
        }
        ReadError::Forbidden(_) => "grant the token the permission 'Device list'",
        ReadError::QuotaSpent(_) => "try again at that time, or raise --per-hour",
        ReadError::Quota(_) => "check the disk and the state directory",
        ReadError::Unreachable(_) => "check the address and the network",
        ReadError::OtherDevice(_) => {
            "check for a proxy or cache that mixes up answers, and fix it before you send anything"
        }
        ReadError::Unusable(_) => "check the base URL, and try again later",
    };
    Words::new(error.to_string(), next)
}

pub(super) fn drive(reason: &DriveReason) -> Words {
    Words::new(reason.0.to_string(), "")
}
