//! The table of all tasks: its columns, and their cells.
//!
//! Owns which columns a run needs. Must never show a PIN that the run's options hide.

use std::borrow::Cow;

use super::words::{self, PageTone};
use crate::model::PagePins;
use crate::report::{ReportRow, Rows, plain_reason};

/// Tables of so many rows are laid out at once. The script has the same number.
const FEW_ROWS: usize = 500;

/// A column of the table of all tasks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum TaskColumn {
    Row,
    Step,
    Wave,
    Tenant,
    Device,
    Serial,
    User,
    Blueprint,
    Platform,
    Action,
    Outcome,
    Reason,
    Http,
    Requests,
    Ended,
    PinState,
    Pin,
}

impl TaskColumn {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Row => "Row",
            Self::Step => "Step",
            Self::Wave => "Wave",
            Self::Tenant => "Tenant",
            Self::Device => "Device",
            Self::Serial => "Serial",
            Self::User => "User",
            Self::Blueprint => "Blueprint",
            Self::Platform => "Platform",
            Self::Action => "Action",
            Self::Outcome => "Outcome",
            Self::Reason => "Reason",
            Self::Http => "HTTP",
            Self::Requests => "Requests",
            Self::Ended => "Ended (UTC)",
            Self::PinState => "PIN",
            Self::Pin => "PIN (confidential)",
        }
    }

    /// The class of its header: numbers stand at the right.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Row | Self::Step | Self::Wave | Self::Http | Self::Requests => "n",
            _ => "",
        }
    }

    fn cell<'a>(self, row: &'a ReportRow<'_>) -> TaskCell<'a> {
        let device = row.device();
        let number = |number: u64| TaskCell::of("n", number.to_string());
        let text = |text: &'a str| TaskCell::of("", text);
        match self {
            Self::Row => number(u64::from(row.row())),
            Self::Step => number(u64::from(row.step())),
            Self::Wave => number(u64::from(row.task().wave) + 1),
            Self::Tenant => text(row.tenant().unwrap_or_default()),
            Self::Device => text(&device.name),
            Self::Serial => TaskCell::of("s", words::serial(device)),
            Self::User => user(words::user(device)),
            Self::Blueprint => text(&device.blueprint),
            Self::Platform => text(device.platform.word()),
            Self::Action => text(row.action()),
            Self::Outcome => {
                let class = PageTone::of(row.outcome()).cell_class();
                TaskCell::of(class, words::outcome(&row.outcome()))
            }
            Self::Reason => TaskCell::of("", plain(row.reason())),
            Self::Http => {
                let status = row.http_status().map(|status| status.to_string());
                TaskCell::of("n", status.unwrap_or_default())
            }
            Self::Requests => number(u64::from(row.attempts())),
            Self::Ended => {
                TaskCell::of("", row.completed_at().map(words::time).unwrap_or_default())
            }
            Self::PinState => TaskCell::of("s", row.lock_pin_state().unwrap_or_default()),
            Self::Pin => TaskCell::of("p", pins(row)),
        }
    }
}

fn user<'a>((name, email): (&'a str, &'a str)) -> TaskCell<'a> {
    match email {
        "" => TaskCell { email: name, ..TaskCell::of("u", "") },
        email => TaskCell { email, ..TaskCell::of("u", format!("{name} ")) },
    }
}

/// A web page that came as an answer is shown as its title.
fn plain(reason: Cow<'_, str>) -> Cow<'_, str> {
    match plain_reason(&reason) {
        Cow::Owned(plain) => plain.into(),
        Cow::Borrowed(_) => reason,
    }
}

/// The PIN to try first, then the others with their origin.
fn pins<'a>(row: &'a ReportRow<'_>) -> Cow<'a, str> {
    let first = row.lock_pin().unwrap_or_default();
    match row.other_pins() {
        Some(others) => format!("{first}; other PINs: {others}").into(),
        None => first.into(),
    }
}

/// A cell of the table.
pub(super) struct TaskCell<'a> {
    pub(super) class: &'static str,
    pub(super) text: Cow<'a, str>,
    /// Stands after the text; a line breaks only between its parts.
    pub(super) email: &'a str,
}

impl<'a> TaskCell<'a> {
    fn of(class: &'static str, text: impl Into<Cow<'a, str>>) -> Self {
        Self { class, text: text.into(), email: "" }
    }
}

/// The columns that a run needs.
pub(super) struct TaskColumns {
    shown: Vec<TaskColumn>,
    rows: usize,
}

impl TaskColumns {
    /// The columns of these rows: steps, waves and PINs only where there are any.
    pub(super) fn of(rows: &Rows<'_>, pins: PagePins) -> Self {
        let has = |is: &dyn Fn(&ReportRow<'_>) -> bool| rows.iter().any(|row| is(&row));
        let mut shown = vec![TaskColumn::Row];
        if has(&|row| row.step() > 1) {
            shown.push(TaskColumn::Step);
        }
        if has(&|row| row.task().wave > 0) {
            shown.push(TaskColumn::Wave);
        }
        if rows.has_tenants() {
            shown.push(TaskColumn::Tenant);
        }
        // What a person looks for stands first; on a narrow screen the others are reached by scrolling.
        shown.extend([
            TaskColumn::Device,
            TaskColumn::Serial,
            TaskColumn::Action,
            TaskColumn::Outcome,
        ]);
        if has(&|row| row.lock_pin_state().is_some()) {
            shown.push(match pins {
                PagePins::Hidden => TaskColumn::PinState,
                PagePins::Shown => TaskColumn::Pin,
            });
        }
        shown.extend([
            TaskColumn::Reason,
            TaskColumn::User,
            TaskColumn::Blueprint,
            TaskColumn::Platform,
            TaskColumn::Http,
            TaskColumn::Requests,
            TaskColumn::Ended,
        ]);
        Self { shown, rows: rows.tasks_count() }
    }

    pub(super) fn shown(&self) -> &[TaskColumn] {
        &self.shown
    }

    /// The classes of the table: which columns it has besides the usual ones. The style knows their widths.
    pub(super) fn class(&self) -> String {
        let named = [
            (TaskColumn::Step, "has-step"),
            (TaskColumn::Wave, "has-wave"),
            (TaskColumn::PinState, "has-pin"),
            (TaskColumn::Pin, "has-pin"),
        ];
        let shown = named.into_iter().filter(|(column, _)| self.shown.contains(column));
        let few = (self.rows <= FEW_ROWS).then_some("few");
        shown.map(|(_, class)| class).chain(few).collect::<Vec<_>>().join(" ")
    }

    /// The number of the column of outcomes, for the script.
    pub(super) fn outcome_at(&self) -> usize {
        let is_outcome = |column: &TaskColumn| *column == TaskColumn::Outcome;
        self.shown.iter().position(is_outcome).unwrap_or_default()
    }

    /// The cells of one row.
    pub(super) fn cells<'a>(&self, row: &'a ReportRow<'_>) -> Vec<TaskCell<'a>> {
        self.shown.iter().map(|column| column.cell(row)).collect()
    }
}
