//! Jobs in Excel workbooks.
//!
//! Owns which sheet of a workbook is read, and what is refused of a workbook as a whole. Must never run, follow or
//! calculate anything: macros, links and formulas stay untouched.
//!
//! The reader is ours and reads little. Readers of whole workbooks believe the counts in the file, so that a few bytes
//! ask for all memory, and they say neither what is hidden nor what is merged. Tests hold that calamine reads the
//! texts of good workbooks alike.

mod cells;
mod limits;
mod package;
mod serial_date;
mod workbook;
mod xml;

#[cfg(test)]
mod tests;

use cells::{SheetFacts, SheetFlaw, first_value, read_cells};
use limits::SHEET_BYTES_MAX;
use package::Package;
use workbook::{SheetEntry, Workbook};

use super::diagnostics::{Diagnostics, Flaw, PlaceUnit, counted, quote};
use super::parse_options::HiddenCells;
use super::sheet_text::{SheetText, SheetTextWriter, cell_name, sheet_prefix};
use crate::model::{SUMMARY_MARK, column_name};

/// What the operator says about a workbook.
#[derive(Copy, Clone)]
pub(super) struct SheetWish<'o> {
    /// The sheet.
    pub sheet: Option<&'o str>,
    /// What happens to hidden rows and columns.
    pub hidden: HiddenCells,
}

/// Reads the sheet of a workbook that holds the table.
pub(super) fn read_sheet(
    file: &str,
    bytes: &[u8],
    wish: SheetWish<'_>,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Option<SheetText> {
    let opened = open(bytes, wish, notes);
    let (mut package, workbook, entry) = match opened {
        Ok(opened) => opened,
        Err(flaw) => {
            problems.push_for_file(file, flaw);
            return None;
        }
    };
    let mut writer = SheetTextWriter::default();
    let facts = package
        .required(&entry.part, SHEET_BYTES_MAX)
        .map_err(SheetFlaw::from)
        .and_then(|mut part| read_cells(&mut part, &workbook, wish.hidden, &mut writer));
    let refused = facts.and_then(|facts| {
        check_facts(&facts, wish.hidden, notes)?;
        Ok(writer.finish(&entry.name, facts.hidden_columns)?)
    });
    match refused {
        Ok(sheet) => Some(sheet),
        Err(SheetFlaw { place, flaw }) => {
            let mut problem = flaw.whole_file(file);
            if let Some((row, column)) = place {
                problem.line = row;
                let (sheet, cell) = (sheet_prefix(&entry.name), cell_name(row, column));
                problem.cell = Some(format!("{sheet}!{cell}"));
            }
            problems.push(problem);
            None
        }
    }
}

type Opened<'b> = (Package<'b>, Workbook, SheetEntry);

fn open<'b>(
    bytes: &'b [u8],
    wish: SheetWish<'_>,
    notes: &mut Vec<String>,
) -> Result<Opened<'b>, Flaw> {
    let mut package = Package::open(bytes)?;
    let mut workbook = Workbook::read(&mut package)?;
    let at = choose(&mut package, &workbook, wish, notes)?;
    let entry = workbook.sheets.swap_remove(at);
    Ok((package, workbook, entry))
}

/// The sheet that is read: the one that the operator names, else the only one that is shown and has a value.
fn choose(
    package: &mut Package<'_>,
    workbook: &Workbook,
    wish: SheetWish<'_>,
    notes: &mut Vec<String>,
) -> Result<usize, Flaw> {
    let names = |sheets: &[&SheetEntry]| -> String {
        let names: Vec<String> = sheets.iter().map(|it| quote(&it.name)).collect();
        names.join(", ")
    };
    let sheets = &workbook.sheets;
    if let Some(wanted) = wish.sheet {
        let hit = sheets.iter().position(|it| it.name == wanted);
        let folded = || sheets.iter().position(|it| is_like(&it.name, wanted));
        let at = hit.or_else(folded).ok_or_else(|| {
            let all: Vec<&SheetEntry> = sheets.iter().collect();
            Flaw::new(format!("the workbook has no sheet {}", quote(wanted)))
                .hint(format!("the sheets are {}", names(&all)))
        })?;
        if !sheets[at].is_visible {
            notes.push(format!("sheet {} is hidden in the workbook", quote(&sheets[at].name)));
        }
        return Ok(at);
    }
    let mut full = Vec::new();
    for (at, entry) in sheets.iter().enumerate().filter(|(_, entry)| entry.is_visible) {
        let mut part = package.required(&entry.part, SHEET_BYTES_MAX)?;
        match first_value(&mut part, &workbook.strings)? {
            Some(text) if text == SUMMARY_MARK => {}
            Some(_) => full.push(at),
            None => {}
        }
    }
    match full.as_slice() {
        [] => Err(Flaw::new("the workbook has no visible sheet with a value: 0 jobs")
            .hint("write a header such as 'serial_number' and 'action' into the first row")),
        [at] => Ok(*at),
        [first, ..] => {
            let full: Vec<&SheetEntry> = full.iter().map(|at| &sheets[*at]).collect();
            let flaw = format!("the workbook has {} sheets: {}", full.len(), names(&full));
            let first = &sheets[*first].name;
            Err(Flaw::new(flaw).hint(format!("name the one to read, such as --sheet \"{first}\"")))
        }
    }
}

/// Spreadsheets do not tell names of sheets apart by case.
fn is_like(name: &str, wanted: &str) -> bool {
    name.to_lowercase() == wanted.to_lowercase()
}

/// Most hidden columns that a note names.
const COLUMNS_NAMED_MAX: usize = 5;

/// Refuses what a person does not see as it would be read.
fn check_facts(
    facts: &SheetFacts,
    hidden: HiddenCells,
    notes: &mut Vec<String>,
) -> Result<(), Flaw> {
    if let Some((range, count)) = &facts.merged {
        let more = match count - 1 {
            0 => String::new(),
            more => format!(" and {} more", counted(more, "range")),
        };
        return Err(Flaw::new(format!("cells are merged: {range}{more}"))
            .hint("unmerge them: only the first cell of a merged range has its value"));
    }
    if !facts.skipped_columns.is_empty() {
        let count = counted(facts.skipped_columns.len(), "hidden column");
        let names: Vec<String> = facts
            .skipped_columns
            .iter()
            .take(COLUMNS_NAMED_MAX)
            .map(|column| column_name(usize::from(*column)))
            .collect();
        let dots = if names.len() < facts.skipped_columns.len() { ", ..." } else { "" };
        notes.push(format!("{count} left out, as --hidden says: {}{dots}", names.join(", ")));
    }
    if facts.hidden_rows.is_empty() {
        return Ok(());
    }
    let (count, rows) =
        (counted(facts.hidden_rows.len(), "hidden row"), PlaceUnit::Row.named(&facts.hidden_rows));
    match hidden {
        HiddenCells::Refuse => Err(Flaw::new(format!("the sheet has {count}: {rows}")).hint(
            "clear the filter or unhide them; or give --hidden skip to leave them out, or --hidden read to include them",
        )),
        HiddenCells::Read => {
            notes.push(format!("{count} read, as --hidden says: {rows}"));
            Ok(())
        }
        HiddenCells::Skip => {
            notes.push(format!("{count} left out, as --hidden says: {rows}"));
            Ok(())
        }
    }
}
