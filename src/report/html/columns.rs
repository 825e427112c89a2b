//! The table of all tasks: its columns, and their cells.
//!
//! Owns which columns a run needs. Must never show a PIN that the run's options hide.

use std::borrow::Cow;

use super::words::{self, PageTone};
use crate::model::PagePins;
use crate::report::{ReportRow, Rows};

/// Tables of so many rows are laid out at once. The script has the same number.
const FEW_ROWS: usize = 500;

/// A column of the table of all tasks.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum TaskColumn {
    Row,
    Step,
    Wave,
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

    fn cell<'a>(self, row: &ReportRow<'a>) -> TaskCell<'a> {
        let device = row.device();
        let number = |number: u64| TaskCell { class: "n", text: number.to_string().into() };
        let text = |text: &'a str| TaskCell { class: "", text: text.into() };
        match self {
            Self::Row => number(u64::from(row.row())),
            Self::Step => number(u64::from(row.step())),
            Self::Wave => number(u64::from(row.task().wave) + 1),
            Self::Device => text(&device.name),
            Self::Serial => text(words::serial(device)),
            Self::User => TaskCell { class: "", text: user(words::user(device)) },
            Self::Blueprint => text(&device.blueprint),
            Self::Platform => text(device.platform.word()),
            Self::Action => text(row.action()),
            Self::Outcome => TaskCell {
                class: PageTone::of(row.outcome()).cell_class(),
                text: words::outcome(&row.outcome()).into(),
            },
            Self::Reason => TaskCell { class: "", text: row.reason() },
            Self::Http => {
                let status = row.http_status().map(|status| status.to_string());
                TaskCell { class: "n", text: status.unwrap_or_default().into() }
            }
            Self::Requests => number(u64::from(row.attempts())),
            Self::Ended => {
                let ended = row.completed_at().map(words::time).unwrap_or_default();
                TaskCell { class: "", text: ended.into() }
            }
            Self::PinState => text(row.lock_pin_state().unwrap_or_default()),
            Self::Pin => TaskCell { class: "p", text: pins(row) },
        }
    }
}

fn user<'a>((name, email): (&'a str, &'a str)) -> Cow<'a, str> {
    match email {
        "" => name.into(),
        email => format!("{name} {email}").into(),
    }
}

/// The PIN to try first, then the others with their origin.
fn pins<'a>(row: &ReportRow<'a>) -> Cow<'a, str> {
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
    pub(super) fn cells<'a>(&self, row: &ReportRow<'a>) -> Vec<TaskCell<'a>> {
        self.shown.iter().map(|column| column.cell(row)).collect()
    }
}
