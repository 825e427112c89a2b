//! Settings about what is written, and where.
//!
//! Owns their rows. Must never name a column of a report.

use super::row::{FlagGroup, SettingFlag, SettingKind};
use crate::model::{CsvDialect, DeviceColumn};

/// Formats of reports.
pub const REPORT_FORMATS: &[&str] = &["csv", "jsonl", "html", "xlsx"];
/// Spreadsheets that open the CSV files.
pub const CSV_DIALECTS: &[&str] =
    &[CsvDialect::ALL[0].word(), CsvDialect::ALL[1].word(), CsvDialect::ALL[2].word()];
/// Columns that reports have on request.
pub const DEVICE_COLUMNS: &[&str] = &[
    DeviceColumn::ALL[0].word(),
    DeviceColumn::ALL[1].word(),
    DeviceColumn::ALL[2].word(),
    NO_COLUMN,
];
/// The word for none of them, where a profile or a run has some.
const NO_COLUMN: &str = "none";
/// Forms of progress.
pub const PROGRESS_FORMS: &[&str] = &["bar", "plain", "log", "json", "none"];

/// Most channels of one run: a team has a chat, a pager and a mailbox.
const CHANNELS_MAX: usize = 16;

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
    /// The note that is added to each device.
    NOTE {
        name: "note",
        flags: &[SettingFlag::value("note", "TEXT")],
        job_key: Some("note"),
        kind: SettingKind::Text,
        default: "no note",
        group: FlagGroup::Purpose,
        help: "Add this note to the record of each device once it is done; {job} {run} {reason} {action} {outcome} are filled in",
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
        flags: &[SettingFlag::value("report-format", "FORMAT")],
        job_key: Some("report.formats"),
        profile_key: Some("report_formats"),
        kind: SettingKind::Words(REPORT_FORMATS),
        default: "csv,jsonl",
        group: FlagGroup::Report,
        help: "Write reports in these formats, separated by commas",
        is_daily: true,
    }
    /// The spreadsheet that opens the CSV files.
    REPORT_CSV {
        name: "report_csv",
        flags: &[SettingFlag::value("csv", "DIALECT")],
        job_key: Some("report.csv"),
        profile_key: Some("report_csv"),
        kind: SettingKind::Word(CSV_DIALECTS),
        default: "plain",
        group: FlagGroup::Report,
        help: "Write the CSV files for programs (plain) or for a double-click in Excel",
    }
    /// Columns that reports have on request.
    REPORT_COLUMNS {
        name: "report_columns",
        flags: &[SettingFlag::value("columns", "COLUMN")],
        job_key: Some("report.columns"),
        profile_key: Some("report_columns"),
        kind: SettingKind::Words(DEVICE_COLUMNS),
        default: "none",
        group: FlagGroup::Report,
        help: "Add these columns about the device to the reports, separated by commas, or none",
    }
    /// Whether a report with one row for each device is written.
    REPORT_PER_DEVICE {
        name: "report_per_device",
        flags: &[SettingFlag::switch("per-device")],
        job_key: Some("report.per_device"),
        profile_key: Some("report_per_device"),
        default: "false",
        group: FlagGroup::Report,
        help: "Also write devices.csv with one row per device, for jobs of several steps",
    }
    /// Whether the HTML report shows PINs. Only a flag: neither a job nor a profile shows PINs by itself.
    REPORT_PINS {
        name: "report_pins",
        flags: &[SettingFlag::switch("report-pins")],
        default: "false",
        group: FlagGroup::Report,
        help: "Show lock PINs in report.html, which then is confidential",
    }
    /// The channels that are notified.
    NOTIFY {
        name: "notify",
        flags: &[SettingFlag::value("notify", "CHANNEL").against(&["no-notify"])],
        job_key: Some("notify"),
        kind: SettingKind::Names { items_max: CHANNELS_MAX },
        default: "all channels of the profile; none with --simulate",
        group: FlagGroup::Ending,
        help: "Notify these channels of the profile (repeatable)",
    }
    /// Whether no channel is notified.
    NO_NOTIFY {
        name: "no_notify",
        flags: &[SettingFlag::switch("no-notify")],
        default: "false",
        group: FlagGroup::Ending,
        help: "Notify no channel",
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
    /// The file of metrics.
    METRICS_FILE {
        name: "metrics_file",
        flags: &[SettingFlag::value("metrics-file", "FILE")],
        variables: &["SORTIE_METRICS_FILE"],
        job_key: Some("metrics_file"),
        profile_key: Some("metrics_file"),
        kind: SettingKind::Path,
        group: FlagGroup::Ending,
        help: "Write metrics for Prometheus to this file, whose name ends in .prom; {job} is the job's name",
    }
}
