//! Settings about how commands are followed.
//!
//! Owns their rows. Must never know how devices answer.

use super::row::{FlagGroup, SettingFlag, SettingKind};
use super::safety::YEAR_MS;

rows! { Following:
    /// How long commands are followed.
    WAIT {
        name: "wait",
        flags: &[SettingFlag::value("wait", "DURATION")],
        job_key: Some("wait"),
        kind: SettingKind::Duration { least_ms: 0, most_ms: YEAR_MS },
        default: "10m; 0 where all actions are benign",
        group: FlagGroup::Pace,
        help: "Follow commands for this time after the last request",
        is_daily: true,
    }
    /// Whether pending commands are a success.
    PENDING_OK {
        name: "pending_ok",
        flags: &[SettingFlag::switch("pending-ok")],
        default: "false",
        group: FlagGroup::Ending,
        help: "Treat pending commands as success (exit code 0)",
        is_daily: true,
    }
}
