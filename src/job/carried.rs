//! Columns that mean nothing to a job and go into its report.
//!
//! Owns which cells they are and what they may hold. Must never let a character that steers a display reach a report as
//! it is, and never let a cell swallow rows.

use super::Step;
use super::columns::{Column, Meaning, TableHeader};
use super::diagnostics::{PlaceUnit, counted, quote};
use super::scan::{Cell, Record};
use crate::kandji::{ActionSpec, fold};
use crate::model::{Carried, KnownTexts, SharedText, first_steering, is_invisible};

/// Names of parameters, folded, that exports of other tools have as columns of their own. Where no action of a row has
/// the parameter, the column is carried.
const SPARE_NAMES: [&str; 8] = [
    "username",
    "phonenumber",
    "phone",
    "user",
    "tags",
    "blueprint",
    "blueprintid",
    "blueprintname",
];

/// Whether it is a column of another tool's export, because none of these actions has a parameter of its name.
pub(super) fn is_spare(
    column: &Column,
    actions: impl IntoIterator<Item = &'static ActionSpec>,
) -> bool {
    column.meaning == Meaning::Param
        && SPARE_NAMES.contains(&fold(&column.name).as_str())
        && actions.into_iter().all(|action| action.param(&column.name).is_none())
}

/// Takes carried cells, and counts what is worth a note.
#[derive(Default)]
pub(super) struct Carrier {
    /// Lines of rows with a cell of several lines.
    of_several_lines: Vec<u32>,
    /// Cells with characters that were written out.
    written_out: usize,
    /// Names and cells that came before.
    known: KnownTexts,
    /// Rows whose actions have no parameter of the name of a column, and the column.
    without_param: Vec<(String, usize)>,
}

impl Carrier {
    /// The carried cells of a row, by the names of their columns.
    pub fn take(&mut self, header: &TableHeader, record: &Record<'_>, steps: &[Step]) -> Carried {
        let mut carried: Vec<(SharedText, SharedText)> = Vec::new();
        let mut has_several_lines = false;
        for (cell, column) in record.cells.iter().zip(&header.columns) {
            let is_spare = is_spare(column, steps.iter().map(|step| step.action));
            // Reports had this column before it named tenants.
            let is_carried = matches!(column.meaning, Meaning::Carried | Meaning::Tenant);
            if !is_carried && !is_spare {
                continue;
            }
            let text = cell.text();
            if is_spare && !text.trim().is_empty() {
                self.count_spare(&column.name);
            }
            has_several_lines |= text.contains(['\n', '\r']);
            let shown = written_out(text);
            self.written_out += usize::from(shown != text);
            carried.push((self.known.shared(&column.name), self.known.shared(&shown)));
        }
        if has_several_lines {
            self.of_several_lines.push(record.line);
        }
        carried.into_iter().collect()
    }

    fn count_spare(&mut self, name: &str) {
        match self.without_param.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => self.without_param.push((name.to_owned(), 1)),
        }
    }

    /// Tells what may surprise.
    pub fn tell(&self, unit: PlaceUnit, notes: &mut Vec<String>) {
        for (name, count) in &self.without_param {
            notes.push(format!(
                "column {} copied to the report in {}: the action has no parameter of that name",
                quote(name),
                counted(*count, "row")
            ));
        }
        if !self.of_several_lines.is_empty() {
            let count = counted(self.of_several_lines.len(), "row");
            notes.push(format!(
                "{count} with a copied cell of several lines: {}",
                unit.named(&self.of_several_lines)
            ));
        }
        if self.written_out > 0 {
            let count = counted(self.written_out, "carried cell");
            notes.push(format!(
                "{count} with invisible or control characters, written as \\u{{...}} in the report"
            ));
        }
    }
}

/// Whether a cell of several lines has a line in it that could be a row: a quotation mark in the wrong place swallows
/// rows like this.
pub(super) fn swallows_rows(cell: &Cell<'_>, columns: &[Column], delimiter: u8) -> bool {
    let cells_of = |line: &str| line.matches(char::from(delimiter)).count() + 1;
    let mut lines = cell.text().split(['\n', '\r']).skip(1);
    columns.len() > 1 && lines.any(|line| cells_of(line) >= columns.len())
}

/// A text in which characters that steer a display are written out; line breaks and tabs stay.
fn written_out(text: &str) -> String {
    let is_control = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    if !text.contains(is_control) && first_steering(text).is_none() {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if is_control(letter) || is_invisible(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown
}
