//! Runs that cannot be gone on with, in words.
//!
//! Owns what people read about them. Must never say what was sent: that stands beside it.

use super::words::Words;
use crate::app::{OpenedRunReason, OpeningPurpose};

pub(super) fn opened(reason: &OpenedRunReason) -> Words {
    match reason {
        OpenedRunReason::Simulated { run, purpose } => Words::new(
            format!("run {run} was made against a simulated tenant, which ended with it"),
            match purpose {
                OpeningPurpose::Resume => {
                    "to rehearse a resume, serve a tenant with: sortie simulate"
                }
                OpeningPurpose::Retry => {
                    "to rehearse a retry, serve a tenant with: sortie simulate"
                }
                OpeningPurpose::RecoverPins => "",
            },
        ),
        OpenedRunReason::Closed { run, at, by } => Words::new(
            format!(
                "run {run} was closed by {by} at {at}: it sends nothing and follows nothing any more"
            ),
            format!("send what it left as a new run: sortie retry {run}"),
        ),
        OpenedRunReason::Contradictory { fault } => Words::new(
            format!("the journal does not make sense: {fault}"),
            "the reports can still be written with: sortie report",
        ),
    }
}
