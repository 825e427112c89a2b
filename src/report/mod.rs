//! Reports: folds over tasks and what is known of them, written into files.
//!
//! Owns the formats, one file each, and their safe replacement on disk. Must never read the journal, ask
//! the tenant or print. Reports are made from records alone, so any engine's records will do.
//!
//! A report of one's own is a type with [`Report`]; [`write_report`] gives it the same safe file.
//!
//! ```
//! use sortie::report::{Report, Rows, RunFacts};
//! use std::io::{self, Write};
//!
//! struct Serials;
//! impl Report for Serials {
//!     fn file_name(&self) -> &str {
//!         "serials.txt"
//!     }
//!     fn write(&self, _: &RunFacts, rows: &Rows<'_>, sink: &mut dyn Write) -> io::Result<()> {
//!         rows.iter().try_for_each(|row| {
//!             writeln!(sink, "{} {}", row.device().serial_number, row.outcome())
//!         })
//!     }
//! }
//! ```

mod advice;
mod column_names;
mod columns;
mod contents;
mod csv_lines;
mod devices_csv;
mod escape;
mod following;
mod history;
mod html;
mod jsonl;
mod metrics;
mod overview;
mod pin_sheets;
mod plain_reason;
mod report_csv;
#[cfg(feature = "xlsx")]
mod report_xlsx;
mod request_kind;
mod rerun;
mod row;
mod row_tasks;
mod run_stats;
mod several;
mod summary;
mod task_reason;
mod tenant_spans;
#[cfg(test)]
mod testing;
#[cfg(feature = "xlsx")]
mod workbook;
mod write;

use std::io;

pub use advice::{UnknownPin, status_hint};
pub use columns::REPORT_COLUMN_MEANINGS;
pub use contents::contains_any;
pub use csv_lines::{csv_line, csv_text, csv_text_for};
pub use devices_csv::DevicesCsv;
pub use following::Following;
pub use history::{HistoryKind, HistoryLine, history_lines};
pub use html::ReportHtml;
pub use jsonl::ReportJsonl;
pub use metrics::{
    JobMetrics, METRICS_PLACEHOLDERS, RunMetrics, is_metrics_file_name, metrics_path, metrics_text,
    unknown_placeholder, write_metrics,
};
pub use overview::{NamedTask, RunOverview, TaskGroup};
pub use pin_sheets::{OtherPin, PinSheet, PinSheetOrigin, SheetPin, write_pin_sheets};
pub use plain_reason::plain_reason;
pub use report_csv::ReportCsv;
#[cfg(feature = "xlsx")]
pub use report_xlsx::ReportXlsx;
pub use request_kind::request_kind;
pub use rerun::{Refused, Rerun, RerunCsv, job_csv, to_retry};
pub use row::{ReportRow, Rows, RunFacts};
pub use row_tasks::StoredRows;
pub use run_stats::{BusiestHour, KindStats, PauseStats, RunStats, RunStatsInput};
pub use several::SeveralRuns;
pub use summary::SummaryJson;
pub use task_reason::reason_of;
pub use tenant_spans::{Stage, TenantFacts};
pub use write::{
    ReportError, ReportFault, missing_feature, remove_leftovers, write_report, write_reports,
};

/// One format: a name and a way to write a run into a sink.
pub trait Report {
    /// Name of the file, without a directory.
    fn file_name(&self) -> &str;

    /// Writes the report. `rows` can be gone through as often as needed.
    ///
    /// # Errors
    /// Those of the sink.
    fn write(&self, facts: &RunFacts, rows: &Rows<'_>, sink: &mut dyn io::Write) -> io::Result<()>;
}
