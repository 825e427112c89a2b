//! Cells of a workbook that are not texts.
//!
//! Owns where a number, a date or a formula may stand, and which hidden columns are refused. A spreadsheet keeps `012345`
//! as the number 12345, and no one can tell the two apart again. Must never repeat the value of a cell: it may be a PIN.

use super::cells::TargetField;
use super::columns::{Column, Meaning, TableHeader};
use super::diagnostics::{Diagnostics, Flaw, quote};
use super::parse_options::HiddenCells;
use super::scan::Record;
use super::sheet_text::{CellKind, CellOrigin, TypedCell};
use super::source::Source;
use crate::kandji::{ACTIONS, ParamKind};

/// What to do about a cell that is not a text.
const AS_TEXT: &str = "format the column as text, and enter the value again";
const TYPE_IN: &str = "enter the value itself, or copy the column and paste it as values";

/// Refuses cells of a record that cannot be what they are. Returns how many values were calculated by a formula.
pub(super) fn check_types(
    source: &Source<'_>,
    record: &Record<'_>,
    header: &TableHeader,
    problems: &mut Diagnostics,
) -> usize {
    let Some(sheet) = source.sheet() else { return 0 };
    let mut calculated = 0;
    for (at, (cell, column)) in record.cells.iter().zip(&header.columns).enumerate() {
        let Some(typed) = sheet.typed(record.line, at) else { continue };
        match flaw_of(column, typed) {
            Some(flaw) => problems.push(source.diagnostic(cell.range.clone(), flaw)),
            None if is_used(&column.meaning) => {
                calculated += usize::from(typed.origin == CellOrigin::Formula);
            }
            None => {}
        }
    }
    calculated
}

/// Why a cell cannot be an identity of a device: what it is besides a text.
pub(super) fn identity_flaw(
    source: &Source<'_>,
    record: &Record<'_>,
    at: usize,
    field: TargetField,
) -> Option<Flaw> {
    let typed = source.sheet()?.typed(record.line, at)?;
    let (name, meaning) = (field.word().to_owned(), Meaning::Target(field));
    flaw_of(&Column { name, meaning, is_secret: false }, typed)
}

/// Whether anything of a column goes into the job or its report.
fn is_used(meaning: &Meaning) -> bool {
    !matches!(meaning, Meaning::Result | Meaning::Ignored)
}

/// Whether a column says what is done, and to which device.
fn is_decisive(meaning: &Meaning) -> bool {
    matches!(meaning, Meaning::Target(_) | Meaning::Action | Meaning::Step | Meaning::Param)
}

fn flaw_of(column: &Column, typed: TypedCell) -> Option<Flaw> {
    if !is_used(&column.meaning) {
        return None;
    }
    let name = quote(&column.name);
    if typed.kind == CellKind::Uncalculated {
        let flaw = format!("the workbook does not hold the value of the formula in column {name}");
        return Some(Flaw::new(flaw).hint(
            "open it in a spreadsheet program, which calculates the value, and save it again",
        ));
    }
    if !is_decisive(&column.meaning) {
        return None;
    }
    if typed.kind == CellKind::Error {
        let flaw = format!("the cell in column {name} has an error value of the spreadsheet");
        return Some(Flaw::new(flaw).hint(TYPE_IN));
    }
    if typed.origin == CellOrigin::Formula && must_be_entered(column) {
        let flaw = format!("the cell in column {name} has a formula");
        return Some(
            Flaw::new(flaw)
                .hint(format!("its value changes when other cells change, unseen; {TYPE_IN}")),
        );
    }
    let (is, may_be) = match typed.kind {
        CellKind::Number => {
            ("a number", takes(column, |kind| matches!(kind, ParamKind::Number(_))))
        }
        CellKind::Bool => ("TRUE or FALSE", takes(column, |kind| kind == ParamKind::Bool)),
        CellKind::Date => ("a date", false),
        CellKind::Text | CellKind::Error | CellKind::Uncalculated => return None,
    };
    let why = match typed.kind {
        CellKind::Number => "its leading zeros and long digits are lost",
        _ => "its text is lost",
    };
    (!may_be).then(|| {
        Flaw::new(format!("the cell in column {name} is {is} and not a text: {why}")).hint(AS_TEXT)
    })
}

/// Whether a column names devices or actions, or may hold a secret.
fn must_be_entered(column: &Column) -> bool {
    match column.meaning {
        Meaning::Target(field) => field.is_identity(),
        Meaning::Action | Meaning::Step => true,
        _ => column.is_secret,
    }
}

/// Whether every parameter of the column's name has this kind. A step is a number.
fn takes(column: &Column, is_kind: impl Fn(ParamKind) -> bool) -> bool {
    if column.meaning == Meaning::Step {
        return is_kind(ParamKind::Number(u32::MAX));
    }
    let params = ACTIONS.iter().filter_map(|action| action.param(&column.name));
    column.meaning == Meaning::Param && params.map(|param| param.kind).all(is_kind)
}

/// Refuses hidden columns that decide what is done.
pub(super) fn check_hidden(
    source: &Source<'_>,
    record: &Record<'_>,
    header: &TableHeader,
    hidden: HiddenCells,
    problems: &mut Diagnostics,
) {
    let Some(sheet) = source.sheet() else { return };
    if hidden != HiddenCells::Refuse {
        return;
    }
    for (at, (cell, column)) in record.cells.iter().zip(&header.columns).enumerate() {
        let is_hidden = sheet.hidden_columns.iter().any(|hidden| usize::from(*hidden) == at);
        if is_hidden && is_decisive(&column.meaning) {
            let name = &column.name;
            let flaw = format!("column {} is hidden in the sheet", quote(name));
            let flaw = Flaw::new(flaw).hint(format!(
                "unhide it, give --ignore-column \"{name}\", or give --hidden read to include it"
            ));
            problems.push(source.diagnostic(cell.range.clone(), flaw));
        }
    }
}
