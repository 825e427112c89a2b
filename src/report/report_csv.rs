//! `report.csv`: one line per task, for people and spreadsheets.
//!
//! Owns this one format. Must never write a cell that a spreadsheet would run.

use std::borrow::Cow;
use std::io;

use super::Report;
use super::columns::{Columns, REPORT_COLUMNS};
use super::row::{ReportRow, Rows, RunFacts};
use crate::model::UnixMillis;
use crate::model::{neutralized, quoted};

/// The report `report.csv`: one row for each task, with formulas neutralized for spreadsheets.
#[derive(Copy, Clone, Debug)]
pub struct ReportCsv;

impl Report for ReportCsv {
    fn file_name(&self) -> &str {
        "report.csv"
    }

    fn write(&self, _: &RunFacts, rows: &Rows<'_>, sink: &mut dyn io::Write) -> io::Result<()> {
        let columns = Columns::of(rows.iter());
        let mut lines = csv_lines(sink);
        write_line(&mut lines, REPORT_COLUMNS.into_iter().chain(columns.headers()).map(Cow::from))?;
        for row in rows.iter() {
            write_line(&mut lines, own_cells(row).into_iter().chain(columns.cells(row)))?;
        }
        lines.flush()
    }
}

/// A CSV of texts, for lists that are no reports: neutralized and quoted as those are.
#[must_use]
pub fn csv_text<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let mut lines = csv_lines(Vec::new());
    let header = std::iter::once(header.map(str::to_owned));
    for row in header.chain(rows) {
        // Memory takes every line, and all have the same length.
        let _ = write_line(&mut lines, row.into_iter().map(Cow::from));
    }
    String::from_utf8(lines.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A writer for [`write_line`], which quotes the cells itself: the package would leave a semicolon bare.
pub(super) fn csv_lines<W: io::Write>(sink: W) -> csv::Writer<W> {
    csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Never).from_writer(sink)
}

/// Writes one line with every cell neutralized and quoted. Numbers and times of ours never begin with a character
/// that needs it.
pub(super) fn write_line<'a>(
    lines: &mut csv::Writer<impl io::Write>,
    cells: impl Iterator<Item = Cow<'a, str>>,
) -> io::Result<()> {
    for cell in cells {
        lines.write_field(quoted(&neutralized(&cell)).as_bytes())?;
    }
    lines.write_record(None::<&[u8]>)?;
    Ok(())
}

fn own_cells(row: ReportRow<'_>) -> [Cow<'_, str>; REPORT_COLUMNS.len()] {
    let device = row.device();
    [
        row.row().to_string().into(),
        row.step().to_string().into(),
        device.id.as_str().into(),
        device.serial_number.as_str().into(),
        device.name.as_str().into(),
        device.platform.word().into(),
        row.action().into(),
        row.outcome().word().into(),
        row.reason_with_pins(),
        row.http_status().map(|status| status.to_string()).unwrap_or_default().into(),
        row.command_uuid().unwrap_or_default().into(),
        row.command_status().map_or("", |status| status.word()).into(),
        row.lock_pin().unwrap_or_default().into(),
        row.attempts().to_string().into(),
        moment(row.requested_at()),
        moment(row.completed_at()),
    ]
}

fn moment(at: Option<UnixMillis>) -> Cow<'static, str> {
    at.map(|at| at.to_string()).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carrying, facts, held_pin, lines_of, record, task, with};
    use super::*;
    use crate::model::{HeldPin, Outcome, PinOrigin};

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
        ReportCsv.write(&facts(), &rows, &mut bytes).expect("memory takes everything");
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
        named.device.name = "-evil, \"name\"\n".to_owned();
        let mut locked = record(&lock, Outcome::Completed, "");
        locked.pins = vec![held_pin("012345")];
        let refused = record(&named, Outcome::Refused, "@no");
        let (tasks, records) = ([lock, named], [locked, refused]);
        let lines = lines_of(&ReportCsv, &facts(), &Rows::new(&tasks, &records));
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
        let lines = lines_of(&ReportCsv, &facts(), &Rows::new(&tasks, &records));
        let cell = |name| {
            let at = lines[0].iter().position(|header| header == name).expect("a column");
            lines[1][at].clone()
        };
        assert_eq!(cell("lock_pin"), "496406");
        assert_eq!(cell("reason"), "the tenant shows another PIN; other PINs: 012345 (answer)");
    }
}
