//! Failures of the layers below, in words.
//!
//! Owns what is added to what a layer says itself. Must never replace it.

use super::words::Words;
use crate::app::{DriveReason, JournalReason, ReadReason};
use crate::drive::ReadError;
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
            format!("wait for the other process, or look with: sortie status {run}")
        }
        JournalError::Starting { .. } => {
            "see what the other process waits for, then try again".to_owned()
        }
        JournalError::Public { path, .. } => format!(
            "remove the permission with: chmod o-w {} (or name a directory inside it with --state-dir); then verify the runs with: sortie audit",
            path.display()
        ),
        JournalError::NoSuchRun(_) => "list the runs with: sortie runs".to_owned(),
        JournalError::NotADirectory { .. } => {
            "name a directory with --state-dir or SORTIE_STATE_DIR, or move the file".to_owned()
        }
        _ => "check the disk and the state directory, then try again".to_owned(),
    }
}

fn distrusted(error: &Distrust) -> Words {
    let what = error.to_string();
    match error {
        Distrust::Journal(error) => Words::new(what, after_journal(error)),
        Distrust::NeverBegun(_) => Words::new(what, "start the job again with: sortie run"),
        Distrust::Run { run, .. } => Words::new(
            what,
            format!(
                "restore runs/{run}.db from a backup made after the run was last left; see what does not fit with: sortie audit {run}"
            ),
        )
        .state("the run was not opened, because its database is not what sortie wrote"),
        Distrust::Host { .. } => Words::new(
            what,
            "restore sortie.db from a backup; see what does not fit with: sortie audit",
        )
        .state("no run was opened, because sortie.db is not what sortie wrote"),
    }
}

pub(super) fn read(reason: &ReadReason) -> Words {
    let error = match reason {
        ReadReason::Failed(error) => error,
        ReadReason::Inventory(error) => {
            let what = format!("the inventory cannot be read: {error}");
            return Words::new(what, "check the base URL");
        }
    };
    let next = match error {
        ReadError::Unauthorized(_) => {
            "make a token under Settings > Access, or grant it 'Device list'"
        }
        ReadError::Forbidden(_) => "grant the token the permission 'Device list'",
        ReadError::QuotaSpent(_) => "try again then, or raise --per-hour",
        ReadError::Quota(_) => "check the disk and the state directory",
        ReadError::Unreachable(_) => "check the address and the network",
        ReadError::OtherDevice(_) => {
            "check for a proxy or cache that mixes up answers; rely on no answer until it is fixed"
        }
        ReadError::Unusable(_) => "check the base URL, and try again later",
    };
    Words::new(error.to_string(), next)
}

pub(super) fn drive(reason: &DriveReason) -> Words {
    Words::new(reason.0.to_string(), "")
}
