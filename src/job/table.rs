//! A table of targets: from text to rows.
//!
//! Owns the course of reading: delimiter, header, records, and what is said about the whole file. What a
//! single record means is `rows`. Must never stop at the first problem.

use std::ops::Range;

use super::cells::TargetField;
use super::column_options::{ColumnOptions, renamed};
use super::columns::{Column, Meaning, TableHeader, is_telling, read_header};
use super::definition::Row;
use super::delimiter::{choose_layout, separator};
use super::diagnostics::{Diagnostics, Flaw, PlaceUnit, counted};
use super::rows::RowReader;
use super::scan::{CrLines, Record, Scanned, Scanner};
use super::source::Source;
use super::table_rules::TableRules;
use super::tenant_choice::without_tenant;
use super::typed_cells::check_hidden;

/// Most rows of one job: twenty steps for each of 50,000 devices, the largest fleets. A row and its task take some 120
/// bytes of memory.
pub(super) const ROWS_MAX: usize = 1_000_000;

/// Reads a table. Its problems go to `problems`; `None` when not even its header can be read.
pub(super) fn read_table(
    source: &mut Source<'_>,
    rules: &TableRules<'_>,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Option<Vec<Row>> {
    let cr_lines = if source.has_cr_lines { CrLines::Yes } else { CrLines::No };
    let sheet = source.sheet();
    if let Some((range, flaw)) = commented_header(source, &rules.column_options) {
        problems.push(source.diagnostic(range, flaw));
        return None;
    }
    let layout = choose_layout(source, rules, cr_lines, problems, notes)?;
    let records = Scanner::laid_out(source.text, layout, cr_lines);
    let mut records = records.counting_rows(sheet.map(|sheet| sheet.row_starts.as_slice()));
    let mut skipped = Skipped::default();
    let record = first_record(source, &mut records, &mut skipped, problems)?;
    let header = read_header(source, &record, &rules.column_options, problems, notes);
    let mut header = header?;
    limit_identities(&mut header, rules, notes);
    let count_before = problems.count();
    check_header(source, &record, &header, rules, problems);
    check_hidden(source, &record, &header, rules.hidden, problems);
    if problems.count() > count_before {
        return None;
    }
    records.expect_cells(record.cells.len());
    let mut reader = RowReader::new(&header, rules, layout.delimiter, problems);
    for item in records {
        match item {
            Scanned::Comment(line) => skipped.comments.push(line),
            Scanned::Broken(range, flaw) => {
                skipped.broken += 1;
                reader.refuse_broken(source, range, flaw);
            }
            Scanned::Record(record) if record.is_blank() => skipped.blank += 1,
            Scanned::Record(again) if again.names_the_same(&record) => {
                skipped.broken += 1;
                let flaw = Flaw::new("the header is repeated: two files were joined")
                    .hint("remove the line, or run the files one by one");
                reader.problems.push(source.diagnostic(again.range, flaw));
            }
            Scanned::Record(record) => {
                if reader.row_count() >= ROWS_MAX {
                    let flaw = Flaw::new(format!("the file has more than {ROWS_MAX} rows"))
                        .hint("split the job into several files");
                    reader.problems.push(source.diagnostic(record.range, flaw));
                    break;
                }
                reader.read(source, &record);
            }
        }
    }
    let is_empty = reader.row_count() == 0 && skipped.broken == 0;
    let rows = reader.finish(source, notes);
    if is_empty {
        let flaw = Flaw::new("the file has a header and no rows: 0 jobs")
            .hint("write one line for each device below the header");
        problems.push_for_file(source.file, flaw);
    }
    skipped.note(source.unit(), notes);
    Some(rows)
}

/// Lines that are no rows.
#[derive(Default)]
struct Skipped {
    blank: usize,
    comments: Vec<u32>,
    broken: usize,
}

impl Skipped {
    fn note(&self, unit: PlaceUnit, notes: &mut Vec<String>) {
        if self.blank > 0 {
            notes.push(format!("{} skipped", counted(self.blank, "blank row")));
        }
        if !self.comments.is_empty() {
            let count = counted(self.comments.len(), unit.word());
            let lines = unit.named(&self.comments);
            notes.push(format!("{count} starting with '#' skipped as comments: {lines}"));
        }
    }
}

/// A header that begins with `#`: the rows below it would be read under the first of them as their header.
fn commented_header(
    source: &Source<'_>,
    column_options: &ColumnOptions,
) -> Option<(Range<usize>, Flaw)> {
    let names_of = |line: &str| -> Vec<String> {
        let cells = line.trim_start_matches(['#', ' ']).split([',', ';', '\t']);
        cells.map(|cell| cell.trim().trim_matches('"').to_owned()).collect()
    };
    let mut found = None;
    let mut at = 0;
    for line in source.text.split_inclusive(['\n', '\r']) {
        let range = at..at + line.trim_end().len();
        at += line.len();
        let names = names_of(line.trim_end());
        let is_header = names.iter().any(|name| is_telling(renamed(name, column_options)));
        if line.starts_with('#') {
            found = found.or(is_header.then_some(range));
        } else if !line.trim().is_empty() && separator(source.text).is_none_or(|_| at > line.len())
        {
            found = found.filter(|_| !is_header);
            break;
        }
    }
    let flaw =
        Flaw::new("the header begins with '#' and is read as a comment").hint("remove the '#'");
    Some((found?, flaw))
}

/// The header's record. A broken line before it makes the file unreadable.
fn first_record<'a>(
    source: &Source<'_>,
    records: &mut Scanner<'a>,
    skipped: &mut Skipped,
    problems: &mut Diagnostics,
) -> Option<Record<'a>> {
    for item in records {
        match item {
            Scanned::Comment(line) => skipped.comments.push(line),
            Scanned::Record(record) if record.is_blank() => skipped.blank += 1,
            Scanned::Record(record) => return Some(record),
            Scanned::Broken(range, flaw) => {
                problems.push(source.diagnostic_without_text(range, flaw));
                return None;
            }
        }
    }
    let flaw = Flaw::new("the file has no header and no rows: 0 jobs")
        .hint("a CSV file begins with a header such as 'serial_number,action'");
    problems.push_for_file(source.file, flaw);
    None
}

/// With `--identify-by` the other identities are not even read.
fn limit_identities(header: &mut TableHeader, rules: &TableRules<'_>, notes: &mut Vec<String>) {
    let Some(by) = rules.identify_by else { return };
    let is_other = |column: &&mut Column| match column.meaning {
        Meaning::Target(field) => field != by.field(),
        _ => false,
    };
    for column in header.columns.iter_mut().filter(is_other) {
        column.meaning = Meaning::Ignored;
        notes.push(format!("'{}' is not compared: --identify-by {}", column.name, by.word()));
    }
}

fn check_header(
    source: &Source<'_>,
    record: &Record<'_>,
    header: &TableHeader,
    rules: &TableRules<'_>,
    problems: &mut Diagnostics,
) {
    let mut refuse = |flaw: Flaw| problems.push(source.diagnostic(record.range.clone(), flaw));
    let has_identity = header.columns.iter().any(|column| match column.meaning {
        Meaning::Target(field) => field.is_identity(),
        _ => false,
    });
    if !has_identity {
        let wanted = rules
            .identify_by
            .map_or("device_id, serial_number or user_email", |by| TargetField::word(by.field()));
        let hint = match header.name_column() {
            Some(_) => "a name or asset tag does not identify a device, because names repeat",
            None => "add one, or give --map \"Your Column=serial_number\"",
        };
        refuse(Flaw::new(format!("no column identifies the device: {wanted}")).hint(hint));
    }
    if rules.tenants.are_several() && !header.has(&Meaning::Tenant) {
        refuse(without_tenant("no column names the tenant of each row").hint(
            "add a column 'tenant' with names of profiles, or give --map \"Your Column=tenant\"",
        ));
    }
    match (&rules.base, header.has(&Meaning::Action)) {
        (None, false) => refuse(
            Flaw::new("no column gives the action")
                .hint("add a column 'action', or give --action for all rows"),
        ),
        (Some(base), true) => refuse(
            Flaw::new(format!("the action is given both in the file and in {}", base.origin))
                .hint("remove one of the two; --ignore-column action ignores the one in the file"),
        ),
        _ => {}
    }
    if let Some(base) = &rules.base
        && header.has(&Meaning::Step)
    {
        refuse(
            Flaw::new(format!("a step column has no effect when {} gives the action", base.origin))
                .hint("remove it, or give --ignore-column step"),
        );
    }
}
