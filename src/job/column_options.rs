//! What the operator says about columns: which to rename and which to ignore.
//!
//! Owns which column an option means, and what is wrong with it. Must never read a data row.

use super::cells::TargetField;
use super::diagnostics::{Diagnostics, Flaw, quote};
use super::scan::Record;
use super::source::Source;
use crate::kandji::fold;
use crate::model::nearest;

/// What the operator says about columns.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnOptions {
    /// Renamed ones, from and to.
    pub map: Vec<(String, String)>,
    /// Names of columns to ignore.
    pub ignore: Vec<String>,
    /// A column `tenant` only goes into the report.
    pub carries_tenant: bool,
}

pub(super) fn renamed<'a>(name: &'a str, column_options: &'a ColumnOptions) -> &'a str {
    let folded = fold(name);
    let hit = column_options.map.iter().find(|(from, _)| fold(from) == folded);
    hit.map_or(name, |(_, to)| to.trim())
}

/// Whether a column that is to be ignored is this one: by its name, or, of those that only check a device, by any name
/// of its kind, because that is how a plan calls it.
pub(super) fn is_meant(ignored: &str, written: &str) -> bool {
    let label = |name: &str| TargetField::find(name).filter(|field| !field.is_identity());
    fold(ignored) == fold(written)
        || label(ignored).is_some_and(|field| label(written) == Some(field))
}

pub(super) fn check_options(
    source: &Source<'_>,
    record: &Record<'_>,
    names: &[&str],
    column_options: &ColumnOptions,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) {
    let has = |wanted: &str| names.iter().any(|name| fold(name) == fold(wanted));
    for (at, (from, to)) in column_options.map.iter().enumerate() {
        let flaw =
            if column_options.map[..at].iter().any(|(earlier, _)| fold(earlier) == fold(from)) {
                Flaw::new(format!("column {} is renamed twice", quote(from)))
            } else if to.trim().is_empty() {
                Flaw::new(format!("column {} is renamed to an empty name", quote(from)))
                    .hint(format!("to ignore the column, give --ignore-column \"{from}\""))
            } else if !has(from) {
                Flaw::new(format!("there is no column {} to rename", quote(from)))
                    .hint(meant_column(from, names))
            } else {
                notes.push(format!("column {} is read as '{}'", quote(from), to.trim()));
                continue;
            };
        problems.push(source.diagnostic(record.range.clone(), flaw));
    }
    let is_there = |ignored: &str| names.iter().any(|name| is_meant(ignored, name));
    for ignored in column_options.ignore.iter().filter(|ignored| !is_there(ignored)) {
        let hint = meant_column(ignored, names);
        notes.push(format!("there is no column {} to ignore; {hint}", quote(ignored)));
    }
}

/// The column that was probably meant, else all columns.
fn meant_column(written: &str, names: &[&str]) -> String {
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    let near = nearest(&fold(written), folded.iter().map(String::as_str));
    let near = near.and_then(|near| names.iter().find(|name| fold(name) == near));
    match near {
        Some(name) => format!("did you mean {}?", quote(name)),
        None => format!("the columns are {}", shown_names(names)),
    }
}

fn shown_names(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(20).map(|name| quote(name)).collect();
    shown.join(", ")
}
