//! Rows that an earlier run wrote, recognized by the columns of its files.
//!
//! Owns which columns say so. No option changes it: a column counts under the name in the file,
//! whether it is renamed or ignored or not.

use std::sync::Arc;

use super::scan::Record;

/// The columns in which a file of what a run left names that run, and whether it had ended; folded.
pub(super) const RUN_NAME: &str = "sortierun";
pub(super) const RUN_ENDED_NAME: &str = "sortierunended";
/// The value while the run has not ended.
const NOT_ENDED: &str = "no";
/// The columns that only a `report.csv` has together; folded.
const REPORT_MARKS: [&str; 4] = ["outcome", "commanduuid", "requestedat", "completedat"];

/// Where a row comes from that an earlier run wrote: that run may have gone on since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOrigin {
    /// From `failed.csv` or `unprocessed.csv`, which name their run.
    Left {
        /// The run.
        run: String,
        /// It had ended when the file was written.
        has_ended: bool,
    },
    /// From a `report.csv`, which does not name its run.
    Report,
}

/// The origin of a row, shared with the row before where both are the same: most rows come from one file.
pub(super) fn shared_origin(origin: RowOrigin, before: Option<&Arc<RowOrigin>>) -> Arc<RowOrigin> {
    before.filter(|before| ***before == origin).map_or_else(|| Arc::new(origin), Arc::clone)
}

/// The run whose files a record comes from, if it does. `written` are the folded names of its columns as they are in
/// the file.
pub(super) fn origin_of(written: &[String], record: &Record<'_>) -> Option<RowOrigin> {
    let column = |name: &str| written.iter().position(|column| column == name);
    let cell = |name: &str| Some(record.cells.get(column(name)?)?.trimmed());
    match cell(RUN_NAME).filter(|run| !run.is_empty()) {
        Some(run) => Some(RowOrigin::Left {
            run: run.to_owned(),
            has_ended: cell(RUN_ENDED_NAME).is_some_and(|ended| ended != NOT_ENDED),
        }),
        None => {
            let is_report = REPORT_MARKS.iter().all(|name| column(name).is_some());
            is_report.then_some(RowOrigin::Report)
        }
    }
}
