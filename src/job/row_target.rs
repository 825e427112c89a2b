//! The device that a record of a table names.
//!
//! Owns which cells name or check it, and which of them are new values instead. Must never take an empty cell for all
//! devices.

use super::Target;
use super::cells::{TargetField, is_left_open};
use super::columns::{Column, Meaning, TableHeader};
use super::diagnostics::{Diagnostics, Flaw};
use super::row_notes::RowNotes;
use super::scan::Record;
use super::source::Source;
use super::steps::read_action;
use super::table_rules::TableRules;

/// The columns of labels that are new values in this record: its action changes that label.
pub(super) fn value_columns(
    header: &TableHeader,
    rules: &TableRules<'_>,
    record: &Record<'_>,
) -> Vec<usize> {
    let own_action = || {
        let mut cells = record.cells.iter().zip(&header.columns);
        let cell = cells.find(|(_, column)| column.meaning == Meaning::Action);
        cell.and_then(|(cell, _)| read_action(cell.trimmed()).ok())
    };
    let is_changed = |column: &Column| match &rules.base {
        Some(base) => base.steps.iter().any(|it| it.action.param(&column.name).is_some()),
        None => own_action().is_some_and(|action| action.param(&column.name).is_some()),
    };
    let columns = header.columns.iter().enumerate();
    columns
        .filter(|(_, column)| column.is_label() && is_changed(column))
        .map(|(at, _)| at)
        .collect()
}

/// Reads targets of records.
pub(super) struct TargetReader<'r> {
    /// The columns.
    pub header: &'r TableHeader,
    /// How the table is read.
    pub rules: &'r TableRules<'r>,
    /// What may surprise.
    pub notes: &'r mut RowNotes,
    /// Everything that is wrong.
    pub problems: &'r mut Diagnostics,
}

impl TargetReader<'_> {
    /// The target of a record. The cells of the columns `values` are new values and no part of it.
    pub fn read(
        &mut self,
        source: &Source<'_>,
        record: &Record<'_>,
        values: &[usize],
    ) -> Option<Target> {
        let mut target = Target::default();
        let mut is_good = true;
        let mut placeholder = None;
        for (at, (cell, column)) in record.cells.iter().zip(&self.header.columns).enumerate() {
            let Meaning::Target(field) = column.meaning else { continue };
            let text = cell.trimmed();
            if text.is_empty() || values.contains(&at) {
                continue;
            }
            if let Err(flaw) = target.set_field(field, text) {
                if field == TargetField::SerialNumber && is_left_open(text) {
                    placeholder = Some((cell.range_from(text, &flaw), flaw));
                    continue;
                }
                is_good = false;
                self.problems.push(source.diagnostic(cell.range_from(text, &flaw), flaw));
            } else if field == TargetField::DeviceId
                && text.bytes().any(|byte| byte.is_ascii_uppercase())
            {
                self.notes.lowered += 1;
            }
        }
        match placeholder {
            // Another identity says which device is meant, and this one says nothing against it.
            Some(_) if target.has_identity() => self.notes.placeholders += 1,
            Some((range, flaw)) => {
                self.problems.push(source.diagnostic(range, flaw));
                return None;
            }
            None => {}
        }
        if is_good && !target.has_identity() {
            is_good = false;
            self.problems.push(source.diagnostic(record.range.clone(), self.no_device(values)));
        }
        is_good.then_some(target)
    }

    fn no_device(&self, values: &[usize]) -> Flaw {
        let by = self.rules.identify_by;
        let wanted = by.map_or("device_id, serial_number or user_email", |by| by.word());
        let hint = match values.first().map(|at| &self.header.columns[*at].name) {
            Some(column) => {
                format!("fill it in; '{column}' is the new value and names no device")
            }
            None => {
                "fill it in, or remove the row; an empty value does not mean all devices".to_owned()
            }
        };
        Flaw::new(format!("the row names no device: {wanted} is empty")).hint(hint)
    }
}
