//! Events about PINs in words.
//!
//! Owns the texts. Must never see a PIN.

use crate::app::{PinRecovery, RecoveredPin};
use crate::cli::text::pin_news::word_of;
use crate::journal::JournalError;
use crate::model::DeviceId;

/// It is unknown whether other runs locked a device.
pub(super) fn earlier_locks_unknown(
    device: &DeviceId,
    run: Option<&str>,
    error: &JournalError,
) -> String {
    match run {
        None => format!("whether other runs have locked {device} is not known: {error}"),
        Some(run) => format!(
            "run {run} cannot be read, so whether it has locked {device} is not known: {error}"
        ),
    }
}

/// What the tenant answered about a missing PIN.
pub(super) fn recovery(recovery: &PinRecovery) -> String {
    let PinRecovery { run, device, found } = recovery;
    let word = word_of(&device.serial_number, device.id.as_str());
    match found {
        RecoveredPin::Found => {
            format!("{word}: PIN recovered, see it with: sortie pins {run} --device {word}")
        }
        RecoveredPin::MayBeOlder => format!(
            "{word}: the tenant shows a PIN, which may be that of an older lock: the Mac has not taken this one yet; it is kept, and read again by: sortie watch {run}"
        ),
        RecoveredPin::Odd { flaw } => {
            format!("{word}: nothing found, what the tenant shows {flaw}; it is kept")
        }
        RecoveredPin::Nothing => format!("{word}: nothing found, the tenant shows no PIN"),
        RecoveredPin::Unreadable { reason } => format!("{word}: nothing found, {reason}"),
    }
}
