//! What is refused about devices, history, audits and pruning, in words.
//!
//! Owns the texts. Must never decide anything.

use super::words::Words;
use crate::app::{AuditReason, DeviceReason, HASH_DIGITS, HistoryReason, PruneReason};
use crate::cli::text::audit::fault_text;
use crate::cli::text::history::covered;
use crate::cli::text::layout::counted;

pub(super) fn history(reason: &HistoryReason) -> Words {
    match reason {
        HistoryReason::NoTask { device, coverage } => Words::new(
            format!("no run ever had a task for '{device}'"),
            "give an id, a serial number, a name or a user's address in full",
        )
        .state(format!("searched {}", covered(coverage))),
        HistoryReason::Incomplete { unreadable } => Words::new(
            format!("the history is not complete: {}", unreadable.join("; ")),
            "check the files, or use the sortie that wrote them",
        ),
    }
}

pub(super) fn audit(reason: &AuditReason) -> Words {
    match reason {
        AuditReason::AnchorMalformed { given } => Words::new(
            format!("--anchor {given}: not a hash of {HASH_DIGITS} hexadecimal digits"),
            "give a head in full, as an earlier 'sortie audit' printed it",
        ),
        AuditReason::Broken { faults } => Words::new(
            faults.first().map(fault_text).unwrap_or_default(),
            "copy the state directory before anything else is done with it, and compare it with a \
             backup or with a head that was kept elsewhere (--anchor)",
        )
        .state("what stands before it is what was written; nothing was changed by looking"),
    }
}

pub(super) fn prune(reason: &PruneReason) -> Words {
    let PruneReason::Incomplete { failed, pruned } = reason;
    let runs = counted(failed.len(), "run");
    Words::new(
        format!("{runs} could not be pruned: {}", failed.join("; ")),
        "see to the files, then prune again",
    )
    .state(format!("the journals of {} are pruned", counted(*pruned, "other run")))
}

pub(super) fn device(reason: &DeviceReason) -> Words {
    match reason {
        DeviceReason::Malformed { given, detail } => Words::new(format!("'{given}': {detail}"), ""),
        DeviceReason::Unresolved { detail } => Words::new(detail, ""),
    }
}
