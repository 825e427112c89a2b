//! What is refused about devices, history, audits and pruning, in words.
//!
//! Owns the texts. Must never decide anything.

use super::words::Words;
use crate::app::{
    AuditReason, DeviceReason, GatherReason, HASH_DIGITS, HistoryReason, PruneReason,
};
use crate::cli::text::audit::fault_text;
use crate::cli::text::history::searched;
use crate::cli::text::layout::counted;
use crate::cli::text::screen::Screen;

pub(super) fn history(reason: &HistoryReason) -> Words {
    match reason {
        HistoryReason::NoTask { device, coverage } => Words::new(
            format!("no run has a task for '{device}'"),
            "give the full device id, serial number, name or user e-mail",
        )
        .state(format!(
            "searched {} of {}",
            searched(coverage, &Screen::plain()),
            coverage.database.display()
        )),
        HistoryReason::Incomplete { unreadable } => Words::new(
            format!("the history is incomplete: {}", unreadable.join("; ")),
            "check these files; a file in a newer format needs the version of sortie that wrote it",
        ),
    }
}

pub(super) fn audit(reason: &AuditReason) -> Words {
    match reason {
        AuditReason::AnchorMalformed { given } => Words::new(
            format!("--anchor {given}: expected a hash of {HASH_DIGITS} hexadecimal digits"),
            "give the complete head that an earlier 'sortie audit' printed",
        ),
        AuditReason::Broken { faults } => Words::new(
            faults.first().map(fault_text).unwrap_or_default(),
            "copy the state directory first, then compare it with a backup, or with a head that you stored elsewhere (--anchor HEAD)",
        )
        .state("all earlier entries are verified; the audit changed nothing"),
    }
}

pub(super) fn prune(reason: &PruneReason) -> Words {
    let PruneReason::Incomplete { failed, pruned } = reason;
    let runs = counted(failed.len(), "run");
    Words::new(
        format!("cannot prune {runs}: {}", failed.join("; ")),
        "fix the cause, then prune again",
    )
    .state(format!("pruned the journals of {}", counted(*pruned, "other run")))
}

pub(super) fn device(reason: &DeviceReason) -> Words {
    match reason {
        DeviceReason::Malformed { given, detail } => Words::new(format!("'{given}': {detail}"), ""),
        DeviceReason::Unresolved { detail } => Words::new(detail, ""),
    }
}

pub(super) fn gather(reason: &GatherReason) -> Words {
    match reason {
        GatherReason::Busy { path } => Words::new(
            format!("another process reads from these devices; it writes {}", path.display()),
            "wait for it to end, then run this command again",
        ),
        GatherReason::File { path, error } => Words::new(
            format!("cannot use {}: {error}", path.display()),
            "check the disk and the permissions of the file",
        ),
    }
}
