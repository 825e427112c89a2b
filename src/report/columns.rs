//! The columns of the CSV reports.
//!
//! Owns their names and order: a compatibility surface. Must never hold a value.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use super::row::ReportRow;

/// Columns of `report.csv` in order, with what each holds; parameters and carried columns follow.
pub const REPORT_COLUMN_MEANINGS: [(&str, &str); 16] = [
    ("row", "number of the row in the job"),
    ("step", "number of the step, from 1"),
    ("device_id", "id of the device on the tenant"),
    ("serial_number", "serial number"),
    ("device_name", "name of the device when it was planned"),
    ("platform", "Mac, iPhone, iPad, AppleTV, Vision, Windows or Android"),
    ("action", "name of the action"),
    ("outcome", "how the task ended"),
    ("reason", "why it ended so"),
    ("http_status", "HTTP status of the last answer"),
    ("command_uuid", "UUID of the command that the API queued"),
    ("command_status", "last status of the command on the device"),
    ("lock_pin", "PIN that unlocks the Mac; with keys: captured, recovered or missing"),
    ("attempts", "number of requests sent for the task"),
    ("requested_at", "time of the first request, in UTC"),
    ("completed_at", "time when it ended, in UTC"),
];

/// The names of the columns alone.
pub(super) const REPORT_COLUMNS: [&str; REPORT_COLUMN_MEANINGS.len()] = {
    let mut names = [""; REPORT_COLUMN_MEANINGS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = REPORT_COLUMN_MEANINGS[at].0;
        at += 1;
    }
    names
};

/// Columns of jobs that a report has under another name or not at all; a carried one must not pretend.
const JOB_COLUMNS: [&str; 1] = ["user_email"];

/// Keys whose header is not the key itself: in a job `device_name` says which device is meant, in any
/// spelling, so the new name has a column of its own.
const RENAMED_PARAMS: [(&str, &str); 1] = [("DeviceName", "new_name")];

/// The columns that depend on the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns<'a> {
    /// API keys of the parameters that occur, sorted.
    pub params: Vec<&'a str>,
    /// Headers of the job's other columns, in the order in which they first appear.
    pub carried: Vec<&'a str>,
}

impl<'a> Columns<'a> {
    /// The columns that these rows need.
    pub fn of(rows: impl Iterator<Item = ReportRow<'a>>) -> Self {
        let mut params = BTreeSet::new();
        let mut known: HashSet<&'a str> = HashSet::new();
        let mut candidates = Vec::new();
        for row in rows {
            params.extend(row.params().keys().map(String::as_str));
            for (header, _) in row.carried() {
                if known.insert(header) {
                    candidates.push(header.as_str());
                }
            }
        }
        // Two headers that a job would take for the same column would make the file unreadable as one.
        let ours = REPORT_COLUMNS.into_iter().chain(JOB_COLUMNS);
        let mut taken: HashSet<String> =
            ours.chain(params.iter().map(|key| param_header(key))).map(folded).collect();
        let carried =
            candidates.into_iter().filter(|header| taken.insert(folded(header))).collect();
        Self { params: params.into_iter().collect(), carried }
    }

    /// Headers of the parameters and of the carried columns.
    pub fn headers(&self) -> impl Iterator<Item = &'a str> {
        self.params.iter().map(|key| param_header(key)).chain(self.carried.iter().copied())
    }

    /// Their cells in one row, empty where it has none.
    pub fn cells(&self, row: ReportRow<'a>) -> impl Iterator<Item = Cow<'a, str>> {
        let params = self.params.iter().map(move |key| {
            row.params().get(*key).map_or(Cow::Borrowed(""), |value| Cow::Owned(value.written()))
        });
        let carried = self.carried.iter().map(move |header| {
            let cell = row.carried().iter().find(|(name, _)| name == header);
            cell.map_or(Cow::Borrowed(""), |(_, text)| Cow::Borrowed(text.as_str()))
        });
        params.chain(carried)
    }
}

/// Header of a parameter.
pub(super) fn param_header(key: &str) -> &str {
    RENAMED_PARAMS.iter().find(|(renamed, _)| *renamed == key).map_or(key, |(_, header)| header)
}

/// As jobs match headers: without case, spaces, `_` and `-`.
fn folded(header: &str) -> String {
    header
        .chars()
        .filter(|letter| !letter.is_whitespace() && !matches!(letter, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}
