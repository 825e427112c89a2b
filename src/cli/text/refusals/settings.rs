//! Settings that contradict each other, in words.
//!
//! Owns the words. Must never show a secret.

use super::words::Words;
use crate::app::settings::SettingsRefusal;
use crate::model::human_duration;

pub(super) fn settings(reason: &SettingsRefusal) -> Words {
    match reason {
        SettingsRefusal::TimeoutTooShort { least_ms } => {
            Words::new(format!("--timeout is shorter than {least_ms}ms"), "")
        }
        SettingsRefusal::QuarantineTooShort { timeout_ms } => Words::new(
            format!(
                "--quarantine is shorter than twice the time of a request ({})",
                human_duration(*timeout_ms)
            ),
            "make it longer, or --timeout shorter",
        ),
        SettingsRefusal::BreakGlassWithoutReason => Words::new(
            "--break-glass needs a reason, which is recorded",
            "say why it cannot wait, or name a ticket",
        ),
    }
}
