//! Settings about which devices are touched.
//!
//! Owns their rows. Must never hold what a job says about its targets: that is the job itself.

use super::row::{FlagGroup, SettingFlag, SettingKind};
use super::safety::YEAR_MS;

/// Kinds of named devices that can be skipped.
pub const SKIP_WORDS: &[&str] = &["unsupported", "removed", "not_found"];
/// Columns by which another system's list may name devices.
pub const LIST_COLUMNS: &[&str] = &["serial_number", "device_id", "user_email"];

/// Most tenants of one job: a provider has hundreds.
const TENANTS_MAX: usize = 1_000;

rows! { Targets:
    /// The tenants that a job is for, by their profiles.
    TENANTS {
        name: "tenants",
        flags: &[SettingFlag::value("tenants", "PROFILES")],
        job_key: Some("targets.tenants"),
        kind: SettingKind::Names { items_max: TENANTS_MAX },
        default: "the tenant of the profile",
        group: FlagGroup::Tenants,
        help: "Run on these tenants side by side: names of profiles, or all",
    }
    /// Kinds of named devices that are skipped where they cannot be done.
    SKIP_REFUSED {
        name: "skip_refused",
        flags: &[SettingFlag::value("skip-refused", "KINDS")],
        job_key: Some("skip_refused"),
        kind: SettingKind::Words(SKIP_WORDS),
        group: FlagGroup::Plan,
        is_union: true,
        help: "Skip named devices that cannot run the action, by kind",
    }
    /// Whether tasks that an earlier run has done are left out.
    SKIP_DONE {
        name: "skip_done",
        flags: &[SettingFlag::switch("skip-done")],
        default: "false",
        group: FlagGroup::Plan,
        help: "Skip tasks that an earlier run on this tenant completed: the same action, step, parameters and device",
    }
    /// Whether entries of `exclude` may match no device.
    ALLOW_UNMATCHED_EXCLUDE {
        name: "allow_unmatched_exclude",
        flags: &[SettingFlag::switch("allow-unmatched-exclude")],
        job_key: Some("exclude.allow_unmatched"),
        default: "false",
        group: FlagGroup::Plan,
        help: "Allow exclude entries that match no device",
    }
    /// The file of another system's list.
    REQUIRE_FILE {
        name: "require_file",
        job_key: Some("require.file"),
        kind: SettingKind::Path,
        help: "Send only to devices that are on this list from another system",
    }
    /// The column by which that list names devices.
    REQUIRE_ON {
        name: "require_on",
        job_key: Some("require.on"),
        kind: SettingKind::Word(LIST_COLUMNS),
        help: "Match devices with the list by this column",
    }
    /// How old that list may be.
    REQUIRE_MAX_AGE {
        name: "require_max_age",
        job_key: Some("require.max_age"),
        kind: SettingKind::Duration { least_ms: 1_000, most_ms: YEAR_MS },
        default: "any age",
        help: "Refuse a list that is older than this",
    }
}
