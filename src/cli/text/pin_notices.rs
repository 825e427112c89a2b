//! Events about PINs in words.
//!
//! Owns the texts. Must never see a PIN.

use crate::app::{PinRecovery, RecoveredPin};
use crate::cli::text::pin_news::word_of;
use crate::cli::text::run_next::step;
use crate::journal::JournalError;
use crate::model::DeviceId;

/// It is unknown whether other runs locked a device.
pub(super) fn earlier_locks_unknown(
    device: &DeviceId,
    run: Option<&str>,
    error: &JournalError,
) -> String {
    match run {
        None => format!("it is unknown whether other runs locked {device}: {error}"),
        Some(run) => {
            format!("it is unknown whether run {run} locked {device}: its journal: {error}")
        }
    }
}

/// What the tenant answered about a missing PIN.
pub(super) fn recovery(recovery: &PinRecovery) -> String {
    let PinRecovery { run, device, found } = recovery;
    let word = word_of(&device.serial_number, device.id.as_str());
    match found {
        RecoveredPin::Found => {
            let command = format!("sortie pins {run} --device {word}");
            step(&format!("{word}: PIN recovered; to show it"), &command)
        }
        RecoveredPin::MayBeOlder => {
            let what = format!(
                "{word}: the tenant shows a PIN that may be from an older lock, because the Mac has not taken this lock yet; \
                 it is saved; to read it again"
            );
            step(&what, &format!("sortie watch {run}"))
        }
        RecoveredPin::Odd { flaw } => {
            format!("{word}: no PIN found; what the tenant shows {flaw}, and is saved")
        }
        RecoveredPin::Nothing => format!("{word}: no PIN found; the tenant shows none"),
        RecoveredPin::Unreadable { reason } => format!("{word}: no PIN found: {reason}"),
    }
}
