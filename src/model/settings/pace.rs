//! Settings about how fast requests leave, and for how long.
//!
//! Owns their rows and limits. Must never know a quota that was measured.

use super::row::{FlagGroup, SettingFlag, SettingKind};
use super::safety::YEAR_MS;

/// Most requests at once: the API's rate is reached with a tenth of it.
const CONCURRENCY_MAX: u32 = 256;
/// Most requests a second: the API's own limit.
const PER_SECOND_MAX: u32 = 50;
/// Most requests an hour in jobs: a hundred times the documented quota, which tenants may have raised.
const PER_HOUR_MAX: u32 = 1_000_000;
/// Most requests an hour on the command line: the documented quota.
const PER_HOUR_MAX_OF_FLAG: u32 = 10_000;
/// Most retries of one task.
const RETRIES_MAX: u32 = 100;

rows! { Pace:
    /// Requests in progress at once.
    CONCURRENCY {
        name: "concurrency",
        flags: &[SettingFlag::value("concurrency", "N").short('j')],
        job_key: Some("limits.concurrency"),
        profile_key: Some("concurrency"),
        kind: SettingKind::Count { least: 1, most: CONCURRENCY_MAX, most_of_flag: CONCURRENCY_MAX },
        default: "16",
        group: FlagGroup::Pace,
        help: "Keep at most this many requests in flight",
    }
    /// Requests a second.
    PER_SECOND {
        name: "per_second",
        flags: &[SettingFlag::value("per-second", "N")],
        job_key: Some("limits.per_second"),
        profile_key: Some("per_second"),
        kind: SettingKind::Count { least: 1, most: PER_SECOND_MAX, most_of_flag: PER_SECOND_MAX },
        default: "20",
        group: FlagGroup::Pace,
        help: "Send at most this many requests per second",
        is_daily: true,
    }
    /// Requests in any hour, over all processes of the host.
    PER_HOUR {
        name: "per_hour",
        flags: &[SettingFlag::value("per-hour", "N")],
        job_key: Some("limits.per_hour"),
        profile_key: Some("per_hour"),
        kind: SettingKind::Count { least: 1, most: PER_HOUR_MAX, most_of_flag: PER_HOUR_MAX_OF_FLAG },
        default: "8000",
        group: FlagGroup::Pace,
        help: "Send at most this many requests per hour, across all processes of this host",
        is_daily: true,
    }
    /// When sending ends.
    SEND_UNTIL {
        name: "send_until",
        flags: &[SettingFlag::value("send-until", "DURATION")],
        job_key: Some("send_until"),
        kind: SettingKind::DurationOrMoment { most_ms: YEAR_MS },
        default: "12h",
        group: FlagGroup::Plan,
        help: "Stop sending this long after the start",
    }
    /// How often a task is repeated.
    RETRY_COUNT {
        name: "retry_count",
        job_key: Some("retries.count"),
        kind: SettingKind::Count { least: 0, most: RETRIES_MAX, most_of_flag: RETRIES_MAX },
        default: "4",
        help: "Retry a request up to this many times where that is safe",
    }
    /// The first pause before a retry.
    RETRY_DELAY {
        name: "retry_delay",
        job_key: Some("retries.delay"),
        kind: SettingKind::Duration { least_ms: 0, most_ms: YEAR_MS },
        default: "1s",
        help: "Wait this long before the first retry; each further wait is twice as long",
    }
    /// The longest pause before a retry.
    RETRY_DELAY_MAX {
        name: "retry_delay_max",
        job_key: Some("retries.max_delay"),
        kind: SettingKind::Duration { least_ms: 0, most_ms: YEAR_MS },
        default: "1m",
        help: "Wait at most this long before a retry",
    }
    /// Whether pauses before retries are drawn at random.
    RETRY_JITTER {
        name: "retry_jitter",
        job_key: Some("retries.jitter"),
        default: "true",
        help: "Randomize each wait, from zero to the computed one",
    }
}
