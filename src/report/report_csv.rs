//! `report.csv`: one line per task, for people and spreadsheets.
//!
//! Owns this one format. Must never write a cell that a spreadsheet would run.

use std::borrow::Cow;
use std::io;

use super::Report;
use super::columns::Columns;
use super::csv_lines::CsvLines;
use super::row::{Rows, RunFacts};
use crate::model::ReportOptions;

/// The report `report.csv`: one row for each task, with formulas neutralized for spreadsheets.
#[derive(Copy, Clone, Debug)]
pub struct ReportCsv<'a> {
    /// How it is written.
    pub options: &'a ReportOptions,
}

impl Report for ReportCsv<'_> {
    fn file_name(&self) -> &str {
        "report.csv"
    }

    fn write(&self, _: &RunFacts, rows: &Rows<'_>, sink: &mut dyn io::Write) -> io::Result<()> {
        let columns = Columns::of(rows, &self.options.columns);
        let mut lines = CsvLines::begin(sink, self.options.csv)?;
        lines.write(columns.report_headers().map(Cow::from))?;
        for row in rows.iter() {
            lines.write(columns.report_cells(&row))?;
        }
        lines.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::columns::REPORT_COLUMNS;
    use super::super::testing::{carrying, facts, held_pin, lines_of, record, task, with};
    use super::*;
    use crate::model::{
        CsvDialect, DeviceColumn, DeviceReport, HeldPin, Outcome, PagePins, PinOrigin,
    };

    const OPTIONS: ReportOptions = ReportOptions {
        csv: CsvDialect::Plain,
        columns: Vec::new(),
        devices: DeviceReport::None,
        pins: PagePins::Hidden,
    };
    const PLAIN: ReportCsv<'static> = ReportCsv { options: &OPTIONS };

    #[test]
    fn no_spreadsheet_runs_part_of_a_cell_with_any_separator() {
        let lock = with(
            task(1, 1, "lock"),
            &[("Message", "x;=cmd|'/c calc'!A1"), ("PhoneNumber", "\u{ff1d}1+1")],
        );
        let records = [record(&lock, Outcome::Completed, "a|=b")];
        let tasks = [lock];
        let mut bytes = Vec::new();
        let rows = Rows::new(&tasks, &records);
        PLAIN.write(&facts(), &rows, &mut bytes).expect("memory takes everything");
        let text = String::from_utf8(bytes).expect("UTF-8");
        for cell in [r#","x;'=cmd|'/c calc'!A1","#, ",'\u{ff1d}1+1", r#","a|'=b","#] {
            assert!(text.contains(cell), "{cell}\n{text}");
        }
        for delimiter in [',', ';', '|', '\t', '\n'] {
            for cell in text.split(delimiter) {
                assert!(!cell.trim_start_matches('"').starts_with(['=', '\u{ff1d}']), "{cell}");
            }
        }
    }

    #[test]
    fn columns_are_in_order_and_formulas_do_not_run() {
        let lock = carrying(
            with(task(1, 1, "lock"), &[("Message", "=HYPERLINK(1)"), ("PhoneNumber", "+1 555")]),
            &[("Owner", "@ann"), ("Outcome", "old"), ("OWNER ", "twice"), ("Room", "'=3")],
        );
        let mut named = with(task(2, 1, "set-name"), &[("DeviceName", "Mac 7")]);
        named.device_mut().name = "-evil, \"name\"\n".into();
        let mut locked = record(&lock, Outcome::Completed, "");
        locked.pins = vec![held_pin("012345")];
        let refused = record(&named, Outcome::Refused, "@no");
        let (tasks, records) = ([lock, named], [locked, refused]);
        let lines = lines_of(&PLAIN, &facts(), &Rows::new(&tasks, &records));
        let mut header: Vec<&str> = REPORT_COLUMNS.to_vec();
        header.extend(["new_name", "Message", "PhoneNumber", "Owner", "Room"]);
        assert_eq!(lines[0], header);
        let cells = |at: usize, from: &str| {
            let from = header.iter().position(|name| *name == from).expect("a column");
            lines[at][from..].to_vec()
        };
        assert_eq!(lines[1][..3], ["1", "1", "d1"]);
        assert_eq!(
            cells(1, "lock_pin"),
            [
                "012345",
                "0",
                "",
                "2026-01-02T03:04:05.000Z",
                "",
                "'=HYPERLINK(1)",
                "'+1 555",
                "'@ann",
                "''=3"
            ]
        );
        assert_eq!(lines[2][4], "'-evil, \"name\"\n");
        assert_eq!(lines[2][8], "'@no");
        assert_eq!(cells(2, "new_name"), ["Mac 7", "", "", "", ""]);
    }

    #[test]
    fn a_second_pin_is_shown_beside_the_one_to_try_first() {
        let lock = task(1, 1, "lock");
        let mut held = record(&lock, Outcome::Completed, "the tenant shows another PIN");
        let answer = HeldPin { origin: PinOrigin::Answer, ..held_pin("012345") };
        held.pins = vec![HeldPin { origin: PinOrigin::Recovered, ..held_pin("496406") }, answer];
        let (tasks, records) = ([lock], [held]);
        let lines = lines_of(&PLAIN, &facts(), &Rows::new(&tasks, &records));
        let cell = |name| {
            let at = lines[0].iter().position(|header| header == name).expect("a column");
            lines[1][at].clone()
        };
        assert_eq!(cell("lock_pin"), "496406");
        assert_eq!(cell("reason"), "the tenant shows another PIN; other PINs: 012345 (answer)");
    }

    #[test]
    fn excel_keeps_zeros_and_finds_columns_of_the_user() {
        let mut lock = carrying(task(1, 1, "lock"), &[("User Name", "old"), ("Room", "0042")]);
        lock.device_mut().user_name = "Zo\u{eb}".into();
        lock.device_mut().serial_number = "12E45678".into();
        let mut locked = record(&lock, Outcome::Completed, "");
        locked.pins = vec![held_pin("012345")];
        let (tasks, records) = ([lock], [locked]);
        for (csv, delimiter) in [(CsvDialect::Excel, b','), (CsvDialect::ExcelSemicolon, b';')] {
            let columns = vec![DeviceColumn::UserName, DeviceColumn::Blueprint];
            let options = ReportOptions { csv, columns, ..ReportOptions::default() };
            let mut bytes = Vec::new();
            let report = ReportCsv { options: &options };
            report.write(&facts(), &Rows::new(&tasks, &records), &mut bytes).expect("memory");
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").expect("the mark of UTF-8");
            let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text);
            let header = reader.headers().expect("a header").clone();
            assert_eq!(
                header.iter().skip(16).collect::<Vec<_>>(),
                ["user_name", "blueprint", "Room"]
            );
            let line = reader.records().next().expect("a line").expect("readable");
            let cell = |name| line[header.iter().position(|it| it == name).expect("it")].to_owned();
            assert_eq!(cell("lock_pin"), "'012345");
            assert_eq!(cell("serial_number"), "'12E45678");
            assert_eq!(cell("user_name"), "Zo\u{eb}");
            assert_eq!((cell("row"), cell("Room")), ("1".to_owned(), "'0042".to_owned()));
        }
    }
}
