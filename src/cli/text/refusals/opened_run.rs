//! Runs that cannot be resumed or retried, in words.
//!
//! Owns what people read about them. Must never say what was sent: that stands beside it.

use super::words::Words;
use crate::app::{OpenedRunReason, OpeningPurpose};

pub(super) fn opened(reason: &OpenedRunReason) -> Words {
    match reason {
        OpenedRunReason::Simulated { run, purpose } => Words::new(
            format!("run {run} used a simulated tenant, which ended with the run"),
            match purpose {
                OpeningPurpose::Resume => {
                    "to rehearse a resume, start a tenant first:\n  sortie simulate"
                }
                OpeningPurpose::Retry => {
                    "to rehearse a retry, start a tenant first:\n  sortie simulate"
                }
                OpeningPurpose::RecoverPins | OpeningPurpose::ComparePins => "",
            },
        ),
        OpenedRunReason::Closed { run, at, by, may_retry } => Words::new(
            format!("run {run} was closed by {by} at {at}; a closed run cannot send or follow"),
            match may_retry {
                true => format!("send the remaining tasks in a new run:\n  sortie retry {run}"),
                false => String::new(),
            },
        ),
        OpenedRunReason::Contradictory { fault } => Words::new(
            format!("the journal contradicts itself: {fault}"),
            "you can still write the reports:\n  sortie report",
        ),
    }
}
