//! Settings about what is written, and where.
//!
//! Owns their rows. Must never name a column of a report.

use super::row::{FlagGroup, SettingFlag, SettingKind};

/// Formats of reports.
pub const REPORT_FORMATS: &[&str] = &["csv", "jsonl"];
/// Forms of progress.
pub const PROGRESS_FORMS: &[&str] = &["bar", "plain", "json", "none"];

rows! { Output:
    /// The reason that a plan and its run keep.
    REASON {
        name: "reason",
        flags: &[SettingFlag::value("reason", "TEXT")],
        job_key: Some("reason"),
        kind: SettingKind::Text,
        group: FlagGroup::Purpose,
        help: "Record why this is done, such as a ticket number",
        is_daily: true,
    }
    /// The directory for reports.
    REPORT_DIR {
        name: "report_dir",
        flags: &[SettingFlag::value("report-dir", "DIR")],
        job_key: Some("report.dir"),
        profile_key: Some("report_dir"),
        kind: SettingKind::Path,
        default: "reports",
        group: FlagGroup::Purpose,
        help: "Write the reports to this directory",
        is_daily: true,
    }
    /// The formats of reports.
    REPORT_FORMAT {
        name: "report_formats",
        job_key: Some("report.formats"),
        kind: SettingKind::Words(REPORT_FORMATS),
        default: "csv, jsonl",
        help: "Write reports in these formats",
    }
    /// How progress is shown.
    PROGRESS {
        name: "progress",
        flags: &[SettingFlag::value("progress", "FORM")],
        kind: SettingKind::Word(PROGRESS_FORMS),
        default: "bar on a terminal, plain elsewhere",
        group: FlagGroup::Ending,
        help: "Choose how progress is shown",
    }
}
