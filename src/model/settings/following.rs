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
        help: "How long to follow commands after the last send",
    }
    /// Whether pending commands are a success.
    PENDING_OK {
        name: "pending_ok",
        flags: &[SettingFlag::switch("pending-ok")],
        default: "false",
        group: FlagGroup::Ending,
        help: "Pending at the end counts as well",
    }
}
