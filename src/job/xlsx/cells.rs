//! The cells of one sheet.
//!
//! Owns the way from the part of a sheet to its text: rows, values, formulas, what is hidden and what is merged. Must
//! never guess where a cell is, and never take one row's cell for another's.

use std::collections::BTreeSet;
use std::io::Read;

use quick_xml::events::{BytesStart, Event};

use super::limits::{CELL_BYTES_MAX, COLUMN_MAX, RANGES_MAX, ROW_MAX};
use super::serial_date::shown_date;
use super::workbook::{Strings, Workbook, read_string};
use super::xml::{Part, attribute, attributes, damaged, is_on, unescaped};
use crate::job::columns::COLUMNS_MAX;
use crate::job::diagnostics::Flaw;
use crate::job::parse_options::HiddenCells;
use crate::job::sheet_text::{CellKind, CellOrigin, SheetTextWriter, TypedCell, cell_name};
use crate::model::column_name;

/// A problem in a sheet: its row from 1 and its column from 0, where it has a place.
pub(super) struct SheetFlaw {
    /// Row and column.
    pub place: Option<(u32, usize)>,
    /// What is wrong.
    pub flaw: Flaw,
}

impl From<Flaw> for SheetFlaw {
    fn from(flaw: Flaw) -> Self {
        Self { place: None, flaw }
    }
}

/// What was read besides the text.
#[derive(Default)]
pub(super) struct SheetFacts {
    /// Rows with a value that are hidden.
    pub hidden_rows: Vec<u32>,
    /// Columns that are hidden, from 0.
    pub hidden_columns: Vec<u16>,
    /// Columns with a value that were left out, because they are hidden.
    pub skipped_columns: BTreeSet<u16>,
    /// The first range of merged cells, and how many there are.
    pub merged: Option<(String, usize)>,
}

/// Reads the cells of a sheet into `writer`.
pub(super) fn read_cells<R: Read>(
    part: &mut Part<R>,
    workbook: &Workbook,
    hidden: HiddenCells,
    writer: &mut SheetTextWriter,
) -> Result<SheetFacts, SheetFlaw> {
    let mut reader = CellReader {
        workbook,
        hidden,
        writer,
        facts: SheetFacts::default(),
        row: 0,
        column: None,
        is_row_hidden: false,
        has_data: false,
    };
    while let Some(event) = part.next()? {
        let Event::Start(element) = event else { continue };
        match element.local_name().as_ref() {
            "col" => reader.note_column(&element)?,
            "row" => reader.begin_row(&element)?,
            "c" => {
                let cell = reader.place(&element)?;
                let place = Some((cell.row, usize::from(cell.column)));
                let read = reader.read_cell(part, cell);
                read.map_err(|flaw| SheetFlaw { place, flaw })?;
            }
            "mergeCell" => reader.note_merged(&element)?,
            "sheetData" if reader.has_data => {
                return Err(part.damaged("there are two tables").into());
            }
            "sheetData" => reader.has_data = true,
            _ => {}
        }
    }
    if !reader.has_data {
        return Err(part.damaged("there is no table").into());
    }
    Ok(reader.facts)
}

/// Whether a sheet has any value, and the text of its first one.
pub(super) fn first_value<R: Read>(
    part: &mut Part<R>,
    strings: &Strings,
) -> Result<Option<String>, Flaw> {
    let mut is_shared = false;
    loop {
        let (is_value, is_inline) = match part.next()? {
            None => return Ok(None),
            Some(Event::Start(element)) => {
                let name = element.local_name();
                if name.as_ref() == "c" {
                    is_shared = attribute(&element, "t")? == "s";
                }
                (name.as_ref() == "v", name.as_ref() == "is")
            }
            Some(_) => continue,
        };
        let text = if is_inline {
            read_string(part)?
        } else if is_value {
            let text = part.text(CELL_BYTES_MAX)?;
            if is_shared { shared(strings, &text).unwrap_or_default().to_owned() } else { text }
        } else {
            continue;
        };
        if !text.trim().is_empty() {
            return Ok(Some(text));
        }
    }
}

struct CellReader<'w> {
    workbook: &'w Workbook,
    hidden: HiddenCells,
    writer: &'w mut SheetTextWriter,
    facts: SheetFacts,
    /// The row that is read, from 1; 0 before the first one.
    row: u32,
    /// The last cell of it, from 0.
    column: Option<u32>,
    is_row_hidden: bool,
    has_data: bool,
}

/// A cell before its value is read.
struct OpenCell {
    row: u32,
    column: u16,
    form: String,
    is_date: bool,
}

impl CellReader<'_> {
    fn note_column(&mut self, element: &BytesStart<'_>) -> Result<(), Flaw> {
        let [min, max, hidden, width] = attributes(element, ["min", "max", "hidden", "width"])?;
        let is_hidden = is_on(hidden.as_deref()) || is_zero(width.as_deref());
        let bound = |value: Option<&str>| value.and_then(|it| it.parse::<u32>().ok());
        let bounds = (bound(min.as_deref()), bound(max.as_deref()));
        if let (true, (Some(first), Some(last))) = (is_hidden, bounds) {
            let last = last.min(COLUMNS_MAX as u32);
            let columns = (first.max(1)..=last).filter_map(|it| u16::try_from(it - 1).ok());
            self.facts.hidden_columns.extend(columns.take(RANGES_MAX));
            self.facts.hidden_columns.truncate(RANGES_MAX);
        }
        Ok(())
    }

    fn note_merged(&mut self, element: &BytesStart<'_>) -> Result<(), Flaw> {
        let range = attribute(element, "ref")?;
        let range: String = range.chars().filter(char::is_ascii_graphic).take(32).collect();
        let (_, count) = self.facts.merged.get_or_insert((range, 0));
        *count += 1;
        Ok(())
    }

    fn begin_row(&mut self, element: &BytesStart<'_>) -> Result<(), Flaw> {
        let [row, hidden, height] = attributes(element, ["r", "hidden", "ht"])?;
        let row = match row {
            None => self.row.saturating_add(1),
            Some(text) => text.parse().unwrap_or(0),
        };
        if row <= self.row || row > ROW_MAX {
            return Err(damaged("its rows are not in order"));
        }
        self.row = row;
        self.column = None;
        self.is_row_hidden = is_on(hidden.as_deref()) || is_zero(height.as_deref());
        Ok(())
    }

    /// Where a cell is: as it says, else behind the one before it.
    fn place(&mut self, element: &BytesStart<'_>) -> Result<OpenCell, Flaw> {
        let next = self.column.map_or(0, |column| column + 1);
        let [name, style, form] = attributes(element, ["r", "s", "t"])?;
        let (row, column) = match name {
            None => (self.row, next),
            Some(text) => parse_cell(&text).unwrap_or_default(),
        };
        if row != self.row || row == 0 || column < next || column >= COLUMN_MAX {
            return Err(damaged("its cells are not in order"));
        }
        self.column = Some(column);
        let style = style.and_then(|style| style.parse::<usize>().ok());
        let is_date = style.and_then(|style| self.workbook.date_formats.get(style)).copied();
        let form = form.map_or_else(|| "n".to_owned(), |form| form.into_owned());
        // The sheet of a job has far fewer columns; a cell behind them is refused when it has a value.
        let column = u16::try_from(column).unwrap_or(u16::MAX);
        Ok(OpenCell { row, column, form, is_date: is_date.unwrap_or(false) })
    }

    fn read_cell<R: Read>(&mut self, part: &mut Part<R>, cell: OpenCell) -> Result<(), Flaw> {
        let mut value = None;
        let mut origin = CellOrigin::Entered;
        loop {
            let name = match part.next()? {
                None => return Err(part.damaged("a cell does not end")),
                Some(Event::End(_)) => break,
                Some(Event::Start(element)) => element.local_name().as_ref().to_owned(),
                Some(_) => continue,
            };
            match name.as_str() {
                "v" if cell.form != "inlineStr" => value = Some(part.text(CELL_BYTES_MAX)?),
                "is" if cell.form == "inlineStr" => value = Some(read_string(part)?),
                "f" => {
                    origin = CellOrigin::Formula;
                    part.skip()?;
                }
                _ => part.skip()?,
            }
        }
        let (kind, text) = self.value_of(&cell, value, origin)?;
        if text.is_empty() && kind != CellKind::Uncalculated {
            return Ok(());
        }
        self.keep(&cell, kind, origin, &text)
    }

    fn keep(
        &mut self,
        cell: &OpenCell,
        kind: CellKind,
        origin: CellOrigin,
        text: &str,
    ) -> Result<(), Flaw> {
        let (row, column) = (cell.row, cell.column);
        let is_skipping = self.hidden == HiddenCells::Skip;
        if is_skipping && self.facts.hidden_columns.contains(&column) {
            self.facts.skipped_columns.insert(column);
            return Ok(());
        }
        if self.is_row_hidden {
            if self.facts.hidden_rows.last() != Some(&row) {
                self.facts.hidden_rows.push(row);
            }
            if is_skipping {
                return Ok(());
            }
        }
        if usize::from(column) >= COLUMNS_MAX {
            let last = column_name(COLUMNS_MAX - 1);
            return Err(Flaw::new(format!(
                "the sheet has a value in {}; columns are read up to {last}",
                cell_name(row, usize::from(column))
            ))
            .hint("remove the columns that do not belong to the table"));
        }
        self.writer.add(TypedCell { row, column, kind, origin }, text)
    }

    /// What a cell says, and what it is.
    fn value_of(
        &self,
        cell: &OpenCell,
        value: Option<String>,
        origin: CellOrigin,
    ) -> Result<(CellKind, String), Flaw> {
        let Some(value) = value.filter(|value| !value.is_empty()) else {
            let kind = match (origin, cell.form.as_str()) {
                (CellOrigin::Formula, "str") | (CellOrigin::Entered, _) => CellKind::Text,
                (CellOrigin::Formula, _) => CellKind::Uncalculated,
            };
            return Ok((kind, String::new()));
        };
        match cell.form.as_str() {
            "s" => match shared(&self.workbook.strings, &value) {
                Some(text) => Ok((CellKind::Text, text.to_owned())),
                None => Err(damaged("the text of a cell is missing")),
            },
            "inlineStr" => Ok((CellKind::Text, value)),
            "str" => Ok((CellKind::Text, unescaped(&value).into_owned())),
            "b" => match value.trim() {
                "1" | "true" => Ok((CellKind::Bool, "true".to_owned())),
                "0" | "false" => Ok((CellKind::Bool, "false".to_owned())),
                _ => Err(damaged("a cell is neither TRUE nor FALSE")),
            },
            "e" => Ok((CellKind::Error, value)),
            "d" => Ok((CellKind::Date, value)),
            "n" => {
                let number: f64 = value.trim().parse().unwrap_or(f64::NAN);
                if !number.is_finite() {
                    return Err(damaged("the number of a cell cannot be read"));
                }
                let date =
                    if cell.is_date { shown_date(number, self.workbook.is_1904) } else { None };
                Ok(match date {
                    Some(date) => (CellKind::Date, date),
                    None => (CellKind::Number, number.to_string()),
                })
            }
            _ => Err(damaged("a cell has an unknown type")),
        }
    }
}

fn is_zero(size: Option<&str>) -> bool {
    size.and_then(|size| size.parse::<f64>().ok()) == Some(0.0)
}

fn shared<'s>(strings: &'s Strings, number: &str) -> Option<&'s str> {
    strings.get(number.trim().parse().ok()?)
}

/// `B7` as row and column: the row from 1, the column from 0.
fn parse_cell(text: &str) -> Option<(u32, u32)> {
    let digits = text.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    let letters = text.strip_suffix(digits)?;
    if letters.is_empty() || letters.len() > 3 || digits.starts_with(['0', '+']) {
        return None;
    }
    let column =
        letters.bytes().fold(0, |column, letter| column * 26 + u32::from(letter - b'A') + 1);
    Some((digits.parse().ok()?, column - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_a_cell_is_read_or_refused() {
        for (text, expect) in [
            ("A1", Some((1, 0))),
            ("XFD1048576", Some((1_048_576, 16_383))),
            ("AA10", Some((10, 26))),
            ("a1", None),
            ("A0", None),
            ("A+1", None),
            ("1", None),
            ("A", None),
            ("AAAA1", None),
            ("A99999999999", None),
        ] {
            assert_eq!(parse_cell(text), expect, "{text}");
        }
    }
}
