//! One record of a table as a row of the job.
//!
//! Owns the meaning of cells together: target, steps, parameters, duplicates. Must never let a record
//! with a problem become a row, and never let a PIN into a message.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::carried::{Carrier, is_spare, swallows_rows};
use super::cells::TargetField;
use super::clashes::{StepColumn, clash, identify_flaw};
use super::columns::{Meaning, TableHeader};
use super::diagnostics::{Diagnostics, Flaw, counted, quote};
use super::parse_options::Duplicates;
use super::repeated::Repeated;
use super::row_notes::RowNotes;
use super::row_target::{TargetReader, value_columns};
use super::row_works::RowWorks;
use super::scan::Record;
use super::source::Source;
use super::steps::{STEPS_MAX, StepDraft, StepFlaw, give, read_action, same_steps, step_flaws};
use super::table_rules::TableRules;
use super::tenants::{SeenByTenant, tenant_of};
use super::typed_cells::check_types;
use super::{Row, Step, Target};
use crate::model::Risk;

/// Longest cell, in bytes: four times the longest message.
const CELL_BYTES_MAX: usize = 4 * 1024;

/// Reads records into rows.
pub(super) struct RowReader<'r> {
    header: &'r TableHeader,
    rules: &'r TableRules<'r>,
    /// Everything that is wrong so far.
    pub problems: &'r mut Diagnostics,
    rows: Vec<Row>,
    row_number: u32,
    seen: SeenByTenant,
    steps_by_text: HashMap<String, Arc<[Step]>>,
    works: RowWorks,
    repeated: Repeated,
    notes: RowNotes,
    carrier: Carrier,
    delimiter: u8,
}

impl<'r> RowReader<'r> {
    /// Starts with no rows.
    pub fn new(
        header: &'r TableHeader,
        rules: &'r TableRules<'r>,
        delimiter: u8,
        problems: &'r mut Diagnostics,
    ) -> Self {
        Self {
            header,
            rules,
            problems,
            rows: Vec::new(),
            row_number: 0,
            seen: SeenByTenant::default(),
            steps_by_text: HashMap::new(),
            works: RowWorks::default(),
            repeated: Repeated::default(),
            notes: RowNotes::default(),
            carrier: Carrier::default(),
            delimiter,
        }
    }

    /// How many records were read, good and bad.
    pub fn row_count(&self) -> usize {
        self.row_number as usize
    }

    /// Notes lines that cannot be cut into cells.
    pub fn refuse_broken(&mut self, source: &Source<'_>, range: Range<usize>, flaw: Flaw) {
        self.push_shy(source, range, flaw);
    }

    /// Reads one record of the table into a row, or records its problems.
    pub fn read(&mut self, source: &mut Source<'_>, record: &Record<'_>) {
        self.row_number += 1;
        let wanted = self.header.columns.len();
        if record.cells.len() != wanted {
            self.refuse_count(source, record, wanted);
            return;
        }
        if self.refuse_line_breaks(source, record) {
            return;
        }
        self.mask_secrets(source, record);
        let count_before = self.problems.count();
        let repeated_before = self.repeated.count();
        self.notes.calculated += check_types(source, record, self.header, self.problems);
        if self.problems.count() > count_before {
            return;
        }
        self.check_cells(source, record);
        let values = value_columns(self.header, self.rules, record);
        let mut targets = TargetReader {
            header: self.header,
            rules: self.rules,
            notes: &mut self.notes,
            problems: &mut *self.problems,
        };
        let target = targets.read(source, record, &values);
        let steps = self.read_steps(source, record, &values);
        let tenant =
            tenant_of(self.rules.tenants, self.header, record).unwrap_or_else(|(range, flaw)| {
                self.problems.push(source.diagnostic(range, flaw));
                None
            });
        if self.problems.count() > count_before || self.repeated.count() > repeated_before {
            let text = source.text.get(record.range.clone()).unwrap_or_default();
            self.problems.explain_number_sign(text);
            return;
        }
        let (Some(mut target), Some(steps)) = (target, steps) else { return };
        self.forget_old_name(&mut target, &steps);
        let carried = self.carrier.take(self.header, record, &steps);
        let (number, line) = (self.row_number, record.line);
        let work = self.works.of(tenant, steps, self.header.origin(record, self.rows.last()));
        self.keep(source, record, Row { number, line, target, work, carried });
    }

    /// A row that gives the device another name cannot demand that it has the old one: done twice, it would disagree with
    /// itself. A column that is called the current name says that it is to be compared.
    fn forget_old_name(&mut self, target: &mut Target, steps: &[Step]) {
        let is_demanded = self.header.name_column().is_none_or(TargetField::is_current_name);
        if !is_demanded && steps.iter().any(|step| step.action.renames()) {
            self.notes.uncompared_names += usize::from(target.forget_name());
        }
    }

    /// Tells what many rows share, and gives the rows.
    pub fn finish(self, source: &Source<'_>, notes: &mut Vec<String>) -> Vec<Row> {
        self.repeated.tell(source, self.problems);
        self.notes.tell(self.header.name_column(), source.unit(), notes);
        self.carrier.tell(source.unit(), notes);
        self.rows
    }

    fn has_secrets(&self) -> bool {
        self.header.columns.iter().any(|column| column.is_secret)
    }

    /// Cells with secrets are never shown, and no part of the digest. A record of several lines may come from a quotation mark in
    /// the wrong place, so that any of its cells may hold the secret: nothing of it is shown.
    fn mask_secrets(&self, source: &mut Source<'_>, record: &Record<'_>) {
        for (cell, column) in record.cells.iter().zip(&self.header.columns) {
            if column.is_secret {
                source.add_secret(cell.range.clone());
            }
        }
        let text = source.text.get(record.range.clone()).unwrap_or_default();
        if self.has_secrets() && text.contains(['\n', '\r']) {
            source.mask(record.range.clone());
            return;
        }
        for (cell, column) in record.cells.iter().zip(&self.header.columns) {
            if column.is_secret {
                source.mask(cell.range.clone());
            }
        }
    }

    /// Refuses line breaks in cells that are no messages, before anything of the record is read: a
    /// quotation mark in the wrong place looks like this, and then no cell is what it seems.
    fn refuse_line_breaks(&mut self, source: &Source<'_>, record: &Record<'_>) -> bool {
        let hit = record.cells.iter().zip(&self.header.columns).find(|(cell, column)| {
            let is_free = match column.meaning {
                Meaning::Result | Meaning::Ignored => true,
                Meaning::Carried => !swallows_rows(cell, &self.header.columns, self.delimiter),
                _ => column.takes_lines(),
            };
            cell.text().contains(['\n', '\r']) && !is_free
        });
        let Some((cell, column)) = hit else { return false };
        let flaw = Flaw::new(format!(
            "column {} contains a line break; only messages and copied columns may contain one",
            quote(&column.name)
        ))
        .hint("remove it; a misplaced quotation mark can be the cause");
        self.push_shy(source, cell.range.clone(), flaw);
        true
    }

    /// A problem of a record whose cells cannot be distinguished: no text where there are secrets.
    fn push_shy(&mut self, source: &Source<'_>, range: Range<usize>, flaw: Flaw) {
        let diagnostic = if self.has_secrets() {
            source.diagnostic_without_text(range, flaw)
        } else {
            source.diagnostic(range, flaw)
        };
        self.problems.push(diagnostic);
    }

    fn refuse_count(&mut self, source: &Source<'_>, record: &Record<'_>, wanted: usize) {
        let found = counted(record.cells.len(), "cell");
        let hint = if record.cells.len() > wanted {
            "remove the extra cells, or put text that contains the separator in quotation marks"
        } else {
            "fill in the missing cells, or check the quotation marks"
        };
        let flaw =
            Flaw::new(format!("the row has {found}, but the header has {wanted}")).hint(hint);
        self.push_shy(source, record.range.clone(), flaw);
    }

    /// Limits of all cells that are used.
    fn check_cells(&mut self, source: &Source<'_>, record: &Record<'_>) {
        for (cell, column) in record.cells.iter().zip(&self.header.columns) {
            let flaw = match column.meaning {
                _ if cell.value.len() > CELL_BYTES_MAX => Flaw::new(format!(
                    "the cell has {} bytes; at most {CELL_BYTES_MAX} are allowed",
                    cell.value.len()
                )),
                Meaning::Result | Meaning::Ignored => continue,
                Meaning::Nameless if !cell.value.trim().is_empty() => {
                    Flaw::new("the cell belongs to a column without a name")
                        .hint("name the column in the header, or empty the cell")
                }
                _ => continue,
            };
            self.problems.push(source.diagnostic(cell.range.clone(), flaw));
        }
    }

    /// The steps of a record, shared with other records that ask for the same.
    fn read_steps(
        &mut self,
        source: &Source<'_>,
        record: &Record<'_>,
        values: &[usize],
    ) -> Option<Arc<[Step]>> {
        let mut key = String::new();
        for (at, (cell, column)) in record.cells.iter().zip(&self.header.columns).enumerate() {
            let is_part =
                matches!(column.meaning, Meaning::Action | Meaning::Step | Meaning::Param);
            if is_part || values.contains(&at) {
                key.push_str(&cell.value.len().to_string());
                key.push(':');
                key.push_str(&cell.value);
            }
        }
        if let Some(steps) = self.steps_by_text.get(&key) {
            return Some(Arc::clone(steps));
        }
        let mut drafts = match &self.rules.base {
            Some(base) => base.steps.to_vec(),
            None => vec![self.read_step(source, record)?],
        };
        let count_before = self.problems.count();
        for (at, (cell, column)) in record.cells.iter().zip(&self.header.columns).enumerate() {
            let is_spare = is_spare(column, drafts.iter().map(|draft| draft.action));
            let is_value = column.meaning == Meaning::Param || values.contains(&at);
            if is_value && !cell.trimmed().is_empty() && !is_spare {
                let given =
                    give(&mut drafts, &column.name, cell.text(), self.rules.protected_values);
                if let Err(flaw) = given {
                    self.problems.push(source.diagnostic(cell.range.clone(), flaw));
                }
            }
        }
        if self.problems.count() > count_before
            || !self.is_complete(source, record, &drafts)
            || !self.may_identify(record, &drafts)
        {
            return None;
        }
        let steps: Arc<[Step]> = drafts.into_iter().map(StepDraft::into_step).collect();
        self.steps_by_text.insert(key, Arc::clone(&steps));
        self.notes.new_labels += usize::from(!values.is_empty());
        Some(steps)
    }

    /// The step of a record that names its action itself.
    fn read_step(&mut self, source: &Source<'_>, record: &Record<'_>) -> Option<StepDraft> {
        let mut action = None;
        let mut number = Some(1);
        for (cell, column) in record.cells.iter().zip(&self.header.columns) {
            let text = cell.trimmed();
            match column.meaning {
                Meaning::Action => match read_action(text) {
                    Ok(found) => action = Some(found),
                    Err(flaw) => {
                        self.problems.push(source.diagnostic(cell.range_from(text, &flaw), flaw));
                    }
                },
                Meaning::Step if !text.is_empty() => {
                    number = text.parse().ok().filter(|number| (1..=STEPS_MAX).contains(number));
                    if number.is_none() {
                        let flaw = Flaw::new(format!(
                            "step must be a whole number from 1 to {STEPS_MAX}, not {}",
                            quote(text)
                        ));
                        self.problems.push(source.diagnostic(cell.range.clone(), flaw));
                    }
                }
                _ => {}
            }
        }
        Some(StepDraft::new(number?, action?))
    }

    /// Whether no step lacks a parameter or has two that contradict. What no column gives is reported once for the file.
    fn is_complete(
        &mut self,
        source: &Source<'_>,
        record: &Record<'_>,
        drafts: &[StepDraft],
    ) -> bool {
        let mut is_complete = true;
        for draft in drafts {
            for flaw in step_flaws(draft.action, &draft.params) {
                is_complete = false;
                let hint = flaw.hint(self.header.name_column());
                let StepFlaw { param, sentence, is_missing } = flaw;
                let column = self.header.columns.iter().position(|column| {
                    column.meaning == Meaning::Param
                        && param.is_some_and(|param| {
                            draft.action.param(&column.name).is_some_and(|at| at.key == param.key)
                        })
                });
                match column.and_then(|at| record.cells.get(at)) {
                    Some(cell) => {
                        let empty = if is_missing { ", and the cell is empty" } else { "" };
                        let flaw = Flaw::new(format!("{sentence}{empty}")).hint(hint);
                        self.problems.push(source.diagnostic(cell.range.clone(), flaw));
                    }
                    None => self.repeated.add(record, Flaw::new(sentence).hint(hint)),
                }
            }
        }
        is_complete
    }

    /// Whether one identity is enough for what is to be done.
    fn may_identify(&mut self, record: &Record<'_>, drafts: &[StepDraft]) -> bool {
        let Some(by) = self.rules.identify_by else { return true };
        let Some(draft) = drafts.iter().find(|draft| draft.risk() > Risk::Benign) else {
            return true;
        };
        self.repeated.add(record, identify_flaw(by.word(), draft.action.name, draft.risk()));
        false
    }

    /// Keeps a row, unless an earlier one of the same device prevents it.
    fn keep(&mut self, source: &Source<'_>, record: &Record<'_>, mut row: Row) {
        let has_steps = self.header.has(&Meaning::Step);
        let step = row.steps.first().map_or(1, |step| step.number);
        let seen = self.seen.insert(&row, step, self.rows.len());
        let Some(earlier) = seen.same_step else {
            if let Some(first) = seen.same_device.and_then(|first| self.rows.get(first)) {
                row.share_target(first);
            }
            self.rows.push(row);
            return;
        };
        let Some(first) = self.rows.get(earlier) else { return };
        let is_same = same_steps(&first.steps, &row.steps);
        if is_same && first.target == row.target && self.rules.duplicates == Duplicates::Drop {
            self.notes.dropped.push(row.line);
            return;
        }
        let flaw = clash((first, &row), source.unit(), StepColumn::from(has_steps), is_same);
        self.problems.push(source.diagnostic(record.range.clone(), flaw));
    }
}
