//! The columns of the CSV reports.
//!
//! Owns their names and order: a compatibility surface. Must never hold a value.

use std::borrow::Cow;
use std::collections::HashSet;

use super::column_names::ColumnNames;
use super::row::{ReportRow, Rows};
use crate::model::{DeviceColumn, DeviceFacts, UnixMillis};

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
    ("lock_pin", "PIN that unlocks the Mac, or missing; with keys: captured or recovered"),
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
pub(super) struct Columns {
    /// Columns about the device that were asked for.
    pub device: Vec<DeviceColumn>,
    /// API keys of the parameters that occur, sorted.
    pub params: Vec<String>,
    /// Headers of the job's other columns, in the order in which they first appear.
    pub carried: Vec<String>,
    /// The rows are of several tenants: a column in front of the others says which.
    pub tenant: bool,
}

/// The column of reports of several tenants, in front of the others.
pub(super) const TENANT_COLUMN: &str = "tenant";

impl Columns {
    /// The columns that all rows of a run need.
    pub fn of(rows: &Rows<'_>, device: &[DeviceColumn]) -> Self {
        let tenant = rows.iter().any(|row| row.tenant().is_some());
        Self::with_names(&rows.column_names(), tenant, device)
    }

    /// The columns that some of the rows need.
    pub fn of_some<'a>(rows: impl Iterator<Item = ReportRow<'a>>) -> Self {
        let (mut names, mut tenant) = (ColumnNames::default(), false);
        for row in rows {
            tenant |= row.tenant().is_some();
            names.add(row.task());
        }
        Self::with_names(&names, tenant, &[])
    }

    fn with_names(names: &ColumnNames, tenant: bool, device: &[DeviceColumn]) -> Self {
        let ColumnNames { params, carried, .. } = names;
        // Two headers that a job would take for the same column would make the file unreadable as one.
        let asked = device.iter().map(|column| column.word());
        let ours = REPORT_COLUMNS.into_iter().chain(JOB_COLUMNS).chain(asked);
        let ours = ours.chain(tenant.then_some(TENANT_COLUMN));
        let mut taken: HashSet<String> =
            ours.chain(params.iter().map(|key| param_header(key))).map(folded).collect();
        let carried =
            carried.iter().filter(|header| taken.insert(folded(header))).cloned().collect();
        Self { device: device.to_vec(), params: params.iter().cloned().collect(), carried, tenant }
    }

    /// All headers of a report, in order.
    pub fn report_headers(&self) -> impl Iterator<Item = &str> {
        let asked = self.device.iter().map(|column| column.word());
        let tenant = self.tenant.then_some(TENANT_COLUMN);
        tenant.into_iter().chain(REPORT_COLUMNS).chain(asked).chain(self.headers())
    }

    /// Their cells in one row.
    pub fn report_cells<'r>(
        &'r self,
        row: &'r ReportRow<'_>,
    ) -> impl Iterator<Item = Cow<'r, str>> {
        let asked = self.device.iter().map(move |column| device_cell(row.device(), *column));
        self.tenant_cell(row).chain(own_cells(row)).chain(asked).chain(self.cells(row))
    }

    /// The header of the tenant, where there is one.
    pub fn tenant_header(&self) -> impl Iterator<Item = &str> {
        self.tenant.then_some(TENANT_COLUMN).into_iter()
    }

    /// The cell of the tenant, where there is one.
    pub fn tenant_cell<'r>(
        &self,
        row: &'r ReportRow<'_>,
    ) -> impl Iterator<Item = Cow<'r, str>> + use<'r> {
        self.tenant.then(|| Cow::from(row.tenant().unwrap_or_default())).into_iter()
    }

    /// Headers of the parameters and of the carried columns.
    pub fn headers(&self) -> impl Iterator<Item = &str> {
        self.params
            .iter()
            .map(|key| param_header(key))
            .chain(self.carried.iter().map(String::as_str))
    }

    /// Their cells in one row, empty where it has none.
    pub fn cells<'r>(&'r self, row: &'r ReportRow<'_>) -> impl Iterator<Item = Cow<'r, str>> {
        let params = self.params.iter().map(move |key| {
            row.params().get(key).map_or(Cow::Borrowed(""), |value| Cow::Owned(value.written()))
        });
        let carried = self.carried.iter().map(move |header| {
            let cell = row.carried().iter().find(|(name, _)| name.as_str() == header.as_str());
            cell.map_or(Cow::Borrowed(""), |(_, text)| Cow::Borrowed(text.as_str()))
        });
        params.chain(carried)
    }
}

/// The cell of a column about the device.
pub(super) fn device_cell(device: &DeviceFacts, column: DeviceColumn) -> Cow<'_, str> {
    Cow::from(match column {
        DeviceColumn::UserEmail => device.user_email.as_str(),
        DeviceColumn::UserName => device.user_name.as_str(),
        DeviceColumn::Blueprint => device.blueprint.as_str(),
    })
}

/// The cells of the columns that every report has.
fn own_cells<'r>(row: &'r ReportRow<'_>) -> [Cow<'r, str>; REPORT_COLUMNS.len()] {
    let device = row.device();
    [
        row.row().to_string().into(),
        row.step().to_string().into(),
        device.id.as_str().into(),
        device.serial_number.as_str().into(),
        device.name.as_str().into(),
        device.platform.word().into(),
        row.action().into(),
        row.outcome().word().into(),
        row.reason_with_pins(),
        row.http_status().map(|status| status.to_string()).unwrap_or_default().into(),
        row.command_uuid().unwrap_or_default().into(),
        row.command_status().map_or("", |status| status.word()).into(),
        row.lock_pin().unwrap_or_default().into(),
        row.attempts().to_string().into(),
        moment_cell(row.requested_at()),
        moment_cell(row.completed_at()),
    ]
}

/// A moment as a cell; empty for none.
pub(super) fn moment_cell(at: Option<UnixMillis>) -> Cow<'static, str> {
    at.map(|at| at.to_string()).unwrap_or_default().into()
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
