//! What is refused about runs, in words.
//!
//! Owns the texts. Must never decide anything.

use super::Words;
use crate::app::ReportsReason;

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
