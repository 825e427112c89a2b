//! One sheet of a workbook as the text of a table.
//!
//! Owns the form of that text: one record for each row of the sheet, with commas and quotation marks. Owns the way back
//! from an offset to a cell, and what a cell was besides its text. Must never know how a workbook is stored.

use std::ops::Range;

use super::diagnostics::{Flaw, counted};
use super::file_limits::SHEET_TEXT_BYTES_MAX;
use crate::model::{column_name, quoted};

/// What separates the cells of the text.
pub(super) const CELL_DELIMITER: u8 = b',';

/// What a cell is, where it is not a plain text.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum CellKind {
    /// A text that a formula has calculated.
    Text,
    /// A number.
    Number,
    /// A date or a time, which a spreadsheet keeps as a number.
    Date,
    /// TRUE or FALSE.
    Bool,
    /// An error such as `#N/A`.
    Error,
    /// A formula whose value the workbook does not hold.
    Uncalculated,
}

/// Whether a value was typed in or calculated.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum CellOrigin {
    /// It was typed in.
    Entered,
    /// A formula gives it.
    Formula,
}

/// A cell that is not a plain text.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct TypedCell {
    /// Row of the sheet, from 1.
    pub row: u32,
    /// Column of the sheet, from 0.
    pub column: u16,
    /// What it is.
    pub kind: CellKind,
    /// Where its value comes from.
    pub origin: CellOrigin,
}

/// A sheet that was read.
pub(super) struct SheetText {
    /// Its name.
    pub name: String,
    /// One record for each row, from the first row of the sheet on.
    pub text: String,
    /// Where each row starts in the text, the first row first.
    pub row_starts: Vec<usize>,
    /// Columns that are hidden, from 0.
    pub hidden_columns: Vec<u16>,
    typed: Vec<TypedCell>,
}

impl SheetText {
    /// What a cell is, where it is not a plain text; the row counts from 1, the column from 0.
    pub fn typed(&self, row: u32, column: usize) -> Option<TypedCell> {
        let key = (row, u16::try_from(column).ok()?);
        let at = self.typed.binary_search_by_key(&key, |cell| (cell.row, cell.column)).ok()?;
        self.typed.get(at).copied()
    }

    /// The place of a range of the text as a spreadsheet names it: one cell, or a row.
    pub fn place(&self, range: &Range<usize>) -> String {
        let row = self.row_starts.partition_point(|start| *start <= range.start).max(1);
        let start = self.row_starts.get(row - 1).copied().unwrap_or_default();
        let column = commas(self.text.get(start..range.start).unwrap_or_default());
        match commas(self.text.get(range.clone()).unwrap_or_default()) {
            0 => self.place_of(row as u32, column),
            _ => format!("{} row {row}", sheet_prefix(&self.name)),
        }
    }

    /// The name of a cell, with the sheet.
    pub fn place_of(&self, row: u32, column: usize) -> String {
        format!("{}!{}", sheet_prefix(&self.name), cell_name(row, column))
    }
}

/// Commas outside of quotation marks.
fn commas(text: &str) -> usize {
    let mut is_quoted = false;
    let mut count = 0;
    for byte in text.bytes() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            CELL_DELIMITER if !is_quoted => count += 1,
            _ => {}
        }
    }
    count
}

/// `B7`: the row counts from 1, the column from 0.
pub(super) fn cell_name(row: u32, column: usize) -> String {
    format!("{}{row}", column_name(column))
}

/// The name of a sheet as a spreadsheet writes it before a cell.
pub(super) fn sheet_prefix(name: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || letter == '_';
    if name.chars().all(is_plain) && !name.starts_with(|letter: char| letter.is_numeric()) {
        return name.to_owned();
    }
    let harmless: String =
        name.chars().map(|letter| if letter.is_control() { '?' } else { letter }).collect();
    format!("'{}'", harmless.replace('\'', "''"))
}

/// One row while the text is made.
struct RowSpan {
    row: u32,
    text: Range<usize>,
    cells: usize,
}

/// Makes the text of a sheet, row by row and from left to right.
#[derive(Default)]
pub(super) struct SheetTextWriter {
    raw: String,
    rows: Vec<RowSpan>,
    typed: Vec<TypedCell>,
    width: usize,
}

impl SheetTextWriter {
    /// Adds a cell that is not empty. Cells come in the order of the sheet.
    ///
    /// # Errors
    /// The text becomes larger than a job may be.
    pub fn add(&mut self, cell: TypedCell, text: &str) -> Result<(), Flaw> {
        if self.rows.last().is_none_or(|last| last.row != cell.row) {
            let at = self.raw.len();
            self.rows.push(RowSpan { row: cell.row, text: at..at, cells: 0 });
        }
        let Some(last) = self.rows.last_mut() else { return Ok(()) };
        let column = usize::from(cell.column);
        let commas = if last.cells == 0 { column } else { column + 1 - last.cells };
        self.raw.extend(std::iter::repeat_n(char::from(CELL_DELIMITER), commas));
        self.raw.push_str(&quoted(text));
        last.cells = column + 1;
        last.text.end = self.raw.len();
        self.width = self.width.max(last.cells);
        if cell.kind != CellKind::Text || cell.origin == CellOrigin::Formula {
            self.typed.push(cell);
        }
        if self.raw.len() > SHEET_TEXT_BYTES_MAX { Err(too_large()) } else { Ok(()) }
    }

    /// The sheet: every row has as many cells as the widest, and a row without a value is an empty line.
    ///
    /// # Errors
    /// The text becomes larger than a job may be.
    pub fn finish(self, name: &str, hidden_columns: Vec<u16>) -> Result<SheetText, Flaw> {
        let row_count = self.rows.last().map_or(0, |last| last.row as usize);
        let padding: usize = self.rows.iter().map(|row| self.width - row.cells).sum();
        if self.raw.len() + padding + row_count > SHEET_TEXT_BYTES_MAX {
            return Err(too_large());
        }
        let mut text = String::with_capacity(self.raw.len() + padding + row_count);
        let mut row_starts = Vec::with_capacity(row_count);
        for span in &self.rows {
            while row_starts.len() + 1 < span.row as usize {
                row_starts.push(text.len());
                text.push('\n');
            }
            row_starts.push(text.len());
            text.push_str(self.raw.get(span.text.clone()).unwrap_or_default());
            let missing = self.width - span.cells;
            text.extend(std::iter::repeat_n(char::from(CELL_DELIMITER), missing));
            text.push('\n');
        }
        Ok(SheetText { name: name.to_owned(), text, row_starts, hidden_columns, typed: self.typed })
    }
}

fn too_large() -> Flaw {
    let limit = counted(SHEET_TEXT_BYTES_MAX / 1024 / 1024, "MiB");
    Flaw::new(format!("the sheet holds more than {} of text", limit.trim_end_matches('s')))
        .hint("split the job into several files")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(row: u32, column: u16, kind: CellKind) -> TypedCell {
        TypedCell { row, column, kind, origin: CellOrigin::Entered }
    }

    fn sheet(cells: &[(u32, u16, CellKind, &str)]) -> SheetText {
        let mut writer = SheetTextWriter::default();
        for (row, column, kind, text) in cells {
            writer.add(cell(*row, *column, *kind), text).expect("small");
        }
        writer.finish("My Sheet", Vec::new()).expect("small")
    }

    #[test]
    fn rows_of_a_sheet_become_lines_of_one_width() {
        use CellKind::{Number, Text};
        let sheet = sheet(&[
            (2, 0, Text, "serial_number"),
            (2, 1, Text, "a,b"),
            (5, 1, Text, "x\ny"),
            (5, 3, Number, "7"),
        ]);
        assert_eq!(sheet.text, "\nserial_number,\"a,b\",,\n\n\n,\"x\ny\",,7\n");
        assert_eq!(sheet.row_starts.len(), 5);
        let at = sheet.text.find('7').expect("there");
        assert_eq!(sheet.place(&(at..at + 1)), "'My Sheet'!D5");
        let at = sheet.text.find("\"x").expect("there");
        assert_eq!(sheet.place(&(at..at + 5)), "'My Sheet'!B5");
        assert_eq!(sheet.place(&(sheet.row_starts[4]..sheet.text.len())), "'My Sheet' row 5");
        assert_eq!(sheet.typed(5, 3).map(|cell| cell.kind), Some(Number));
        assert_eq!(sheet.typed(5, 1), None);
    }

    #[test]
    fn cells_and_sheets_are_named_as_spreadsheets_name_them() {
        for (column, expect) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(column_name(column), expect);
        }
        assert_eq!(sheet_prefix("Devices"), "Devices");
        assert_eq!(sheet_prefix("Jo's list"), "'Jo''s list'");
        assert_eq!(sheet_prefix("2026"), "'2026'");
    }

    #[test]
    fn a_few_cells_far_apart_do_not_fill_the_memory() {
        let mut writer = SheetTextWriter::default();
        for row in 1..=200_000 {
            writer.add(cell(row, 0, CellKind::Text), "x").expect("small");
        }
        writer.add(cell(200_001, 511, CellKind::Text), "x").expect("small");
        let flaw = writer.finish("Sheet1", Vec::new()).map(|_| ()).expect_err("too large");
        assert_eq!(flaw.message, "the sheet holds more than 64 MiB of text");
    }
}
