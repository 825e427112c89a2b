//! Events.
//!
//! Owns what observers are told, as data. Must never carry a secret.

use crate::app::refusal::Reason;
use crate::drive::Waiting;
use crate::journal::Ahead;

/// Something that people may want to know at once.
#[derive(Debug)]
#[non_exhaustive]
pub enum AppEvent {
    /// Limits of devices or requests count from a moment in the future: this host's clock was ahead once.
    ClockWasAhead(Ahead),
    /// A read of the tenant waits.
    ReadWaits(Waiting),
    /// A refusal is not in the host's record.
    RefusalNotNoted(Reason),
    /// The reports of a run under way could not be written again. The run goes on: its journal holds everything.
    ReportsNotWritten(Reason),
}
