//! `report.xlsx`: one row per task and a summary, for people who work with spreadsheets.
//!
//! Owns the sheets of this one format; the columns are those of `report.csv`. Must never write a cell that a spreadsheet
//! would run or turn into a number.

use std::borrow::Cow;
use std::io;

use super::Report;
use super::columns::Columns;
use super::row::{ReportRow, Rows, RunFacts};
use super::tenant_spans::TenantFacts;
use super::workbook::{SHEET_ROWS_MAX, SheetForm, WorkbookWriter};
use crate::model::{Outcome, ReportOptions, SUMMARY_MARK, UnixMillis, neutralized};

/// Widths of columns that hold more than a word, in characters.
const WIDE_COLUMNS: [(&str, u16); 8] = [
    ("row", 7),
    ("step", 7),
    ("device_id", 38),
    ("command_uuid", 38),
    ("device_name", 26),
    ("reason", 60),
    ("requested_at", 26),
    ("completed_at", 26),
];
/// Width of the others.
const COLUMN_WIDTH: u16 = 18;
/// Widths of the columns of the summary.
const SUMMARY_WIDTHS: [u16; 2] = [34, 60];

/// The report `report.xlsx`: the sheet `Summary`, and one row for each task in the sheet `Tasks`.
#[derive(Copy, Clone, Debug)]
pub struct ReportXlsx<'a> {
    /// How it is written.
    pub options: &'a ReportOptions,
}

impl Report for ReportXlsx<'_> {
    fn file_name(&self) -> &str {
        "report.xlsx"
    }

    fn write(&self, facts: &RunFacts, rows: &Rows<'_>, sink: &mut dyn io::Write) -> io::Result<()> {
        self.write_in_sheets(facts, rows, sink, SHEET_ROWS_MAX)
    }
}

impl ReportXlsx<'_> {
    /// Writes the workbook with at most so many rows in a sheet.
    fn write_in_sheets(
        &self,
        facts: &RunFacts,
        rows: &Rows<'_>,
        sink: &mut dyn io::Write,
        rows_max: usize,
    ) -> io::Result<()> {
        let columns = Columns::of(rows, &self.options.columns);
        let mut workbook = WorkbookWriter::begin(sink);
        write_summary(&mut workbook, facts, rows)?;
        let mut left = rows.iter().peekable();
        let mut number = 1;
        while number == 1 || left.peek().is_some() {
            let name = if number == 1 { "Tasks".to_owned() } else { format!("Tasks {number}") };
            let widths = columns.report_headers().map(width_of);
            let mut sheet = workbook.sheet(&name, SheetForm::Table, widths)?;
            sheet.row(columns.report_headers().map(safe))?;
            for row in left.by_ref().take(rows_max - 1) {
                sheet.row(cells_of(&columns, &row))?;
            }
            sheet.finish()?;
            number += 1;
        }
        workbook.finish()
    }
}

fn cells_of<'r>(
    columns: &'r Columns,
    row: &'r ReportRow<'_>,
) -> impl Iterator<Item = Cow<'r, str>> {
    columns.report_cells(row).map(|cell| match cell {
        Cow::Borrowed(text) => neutralized(text),
        Cow::Owned(text) => Cow::Owned(neutralized(&text).into_owned()),
    })
}

/// A text of the report. In this file it is never run, but a copy that is saved as CSV would be.
fn safe(text: &str) -> Cow<'_, str> {
    neutralized(text)
}

fn width_of(header: &str) -> u16 {
    let wide = WIDE_COLUMNS.iter().find(|(name, _)| *name == header);
    wide.map_or(COLUMN_WIDTH, |(_, width)| *width)
}

fn write_summary(
    workbook: &mut WorkbookWriter<&mut dyn io::Write>,
    facts: &RunFacts,
    rows: &Rows<'_>,
) -> io::Result<()> {
    let moment = |at: UnixMillis| at.to_string();
    let mut sheet = workbook.sheet("Summary", SheetForm::Notes, SUMMARY_WIDTHS.into_iter())?;
    let mut pair = |name: &str, value: &str| sheet.row([name, value].map(safe).into_iter());
    pair(SUMMARY_MARK, "")?;
    pair("Run", &facts.run_id)?;
    pair("Job", &facts.job)?;
    pair("Tenant", &facts.tenant)?;
    pair("Reason", facts.reason.as_deref().unwrap_or_default())?;
    pair("Started", &moment(facts.started_at))?;
    pair("Finished", &facts.finished_at.map(moment).unwrap_or_default())?;
    pair("Tasks", &rows.tasks_count().to_string())?;
    pair("", "")?;
    let counts = rows.outcomes();
    for outcome in Outcome::ALL {
        pair(outcome.word(), &counts.of(outcome).to_string())?;
    }
    pair("", "")?;
    pair("Requests", &facts.requests.values().sum::<u64>().to_string())?;
    for (kind, count) in &facts.requests {
        pair(&format!("Requests of kind {kind}"), &count.to_string())?;
    }
    pair("Requests allowed in 60 minutes", &facts.per_hour.to_string())?;
    if !facts.tenants.is_empty() {
        pair("", "")?;
    }
    for tenant in &facts.tenants {
        pair(&format!("Tenant {}", tenant.tenant), &tenant_text(tenant))?;
    }
    sheet.finish()
}

/// How the run of a tenant stands, in one cell.
fn tenant_text(tenant: &TenantFacts) -> String {
    if let Some(why) = &tenant.left_out {
        return format!("not started: {why}");
    }
    let words = tenant.counts.iter().map(|(outcome, tasks)| format!("{tasks} {outcome}"));
    format!(
        "run {}: {}",
        tenant.run.as_deref().unwrap_or_default(),
        words.collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carrying, facts, held_pin, one_of_each, record, task, with};
    use super::*;
    use calamine::{DataRef, Reader, Xlsx};
    use std::io::Cursor;

    fn written(rows: &Rows<'_>, rows_max: usize) -> Vec<u8> {
        let options = ReportOptions::default();
        let mut bytes = Vec::new();
        let report = ReportXlsx { options: &options };
        report.write_in_sheets(&facts(), rows, &mut bytes, rows_max).expect("memory");
        bytes
    }

    /// The texts of a sheet, as another program reads them; anything but a text is a mistake.
    fn sheet(bytes: &[u8], name: &str) -> Vec<Vec<String>> {
        let mut book: Xlsx<_> = Reader::new(Cursor::new(bytes)).expect("a workbook");
        let mut cells = book.worksheet_cells_reader(name).expect("a sheet");
        let mut rows: Vec<Vec<String>> = Vec::new();
        while let Some(cell) = cells.next_cell().expect("a cell") {
            let (row, column) = cell.get_position();
            let DataRef::String(text) = cell.get_value() else { panic!("no text: {cell:?}") };
            rows.resize_with(rows.len().max(row as usize + 1), Vec::new);
            let row = &mut rows[row as usize];
            row.resize(row.len().max(column as usize + 1), String::new());
            row[column as usize] = text.clone();
        }
        rows
    }

    #[test]
    fn tasks_have_the_columns_of_the_csv_and_texts_only() {
        let mut lock = carrying(
            with(task(1, 1, "lock"), &[("Message", "=HYPERLINK(1)"), ("PhoneNumber", "+1 555")]),
            &[("Room", "0042"), ("Note", "a\u{1b}b _x000D_ <&>")],
        );
        lock.device_mut().name = "  Mac\r\n7  ".into();
        let mut locked = record(&lock, Outcome::Completed, "");
        locked.pins = vec![held_pin("012345")];
        let (tasks, records) = ([lock], [locked]);
        let bytes = written(&Rows::new(&tasks, &records), SHEET_ROWS_MAX);
        let rows = sheet(&bytes, "Tasks");
        let cell = |name: &str| {
            let at = rows[0].iter().position(|header| header == name).expect("a column");
            rows[1][at].as_str()
        };
        let columns = Columns::of(&Rows::new(&tasks, &records), &[]);
        assert_eq!(rows[0], columns.report_headers().collect::<Vec<_>>());
        assert_eq!(cell("lock_pin"), "012345");
        assert_eq!(cell("Message"), "'=HYPERLINK(1)");
        assert_eq!(cell("PhoneNumber"), "'+1 555");
        assert_eq!(cell("Room"), "0042");
        assert_eq!(cell("Note"), "a\u{1b}b _x000D_ <&>");
        assert_eq!(cell("device_name"), "  Mac\r\n7  ");
        assert_eq!(cell("row"), "1");
    }

    #[test]
    fn the_summary_has_all_outcomes_and_tasks_fill_more_sheets() {
        let (tasks, records) = one_of_each();
        let bytes = written(&Rows::new(&tasks, &records), 5);
        let summary = sheet(&bytes, "Summary");
        assert_eq!(summary[0][0], SUMMARY_MARK);
        for outcome in Outcome::ALL {
            let line = [outcome.word().to_owned(), "1".to_owned()];
            assert!(summary.iter().any(|row| *row == line), "{outcome}");
        }
        let mut book: Xlsx<_> = Reader::new(Cursor::new(bytes.as_slice())).expect("a workbook");
        assert_eq!(book.sheet_names(), ["Summary", "Tasks", "Tasks 2", "Tasks 3"]);
        assert!(book.vba_project().expect("readable").is_none());
        let counts = ["Tasks", "Tasks 2", "Tasks 3"].map(|name| sheet(&bytes, name).len());
        assert_eq!(counts, [5, 5, 3]);
        let again = written(&Rows::new(&tasks, &records), 5);
        assert_eq!(bytes, again, "a report that is written again is equal");
        let none = written(&Rows::new(&[], &[]), SHEET_ROWS_MAX);
        assert_eq!(sheet(&none, "Tasks").len(), 1);
    }

    #[test]
    #[ignore = "a measurement: cargo test --release --lib -- --ignored --nocapture a_quarter_million_rows"]
    fn a_quarter_million_rows_are_written_in_little_memory() {
        let peak_kib = || {
            let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        };
        let tasks: Vec<_> = (1..=250_000)
            .map(|row| carrying(task(row, 1, "restart"), &[("Room", "0042")]))
            .collect();
        let records: Vec<_> =
            tasks.iter().map(|task| record(task, Outcome::Completed, "")).collect();
        let options = ReportOptions::default();
        let file = tempfile::tempfile().expect("a file");
        let before_kib = peak_kib();
        #[allow(clippy::disallowed_methods, reason = "this measures the program, not its time")]
        let began = std::time::Instant::now();
        let mut sink = io::BufWriter::new(&file);
        let report = ReportXlsx { options: &options };
        report.write(&facts(), &Rows::new(&tasks, &records), &mut sink).expect("written");
        drop(sink);
        let took = began.elapsed();
        let bytes = file.metadata().expect("a size").len();
        let grown_kib = peak_kib().zip(before_kib).map(|(after, before)| after - before);
        assert!(grown_kib.unwrap_or_default() < 32 * 1024, "{grown_kib:?} KiB");
        let note = format!("{took:?}, {bytes} bytes, {grown_kib:?} KiB of memory\n");
        std::fs::write(std::env::temp_dir().join("sortie-xlsx-report"), note).expect("a note");
    }
}
