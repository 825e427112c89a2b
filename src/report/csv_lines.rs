//! Lines of the CSV files.
//!
//! Owns how a cell is written in each dialect. Must never write a cell that a spreadsheet would run, and in the dialects
//! of a spreadsheet none that it would change.

use std::borrow::Cow;
use std::io;

use crate::model::{CsvDialect, as_text_cell, neutralized, quoted};

/// The mark by which Excel knows UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A CSV in progress.
pub(super) struct CsvLines<W: io::Write> {
    lines: csv::Writer<W>,
    dialect: CsvDialect,
}

impl<W: io::Write> CsvLines<W> {
    /// Begins a CSV.
    pub fn begin(mut sink: W, dialect: CsvDialect) -> io::Result<Self> {
        if !dialect.is_plain() {
            sink.write_all(BYTE_ORDER_MARK)?;
        }
        // The cells are quoted here: the package would leave a semicolon bare.
        let mut builder = csv::WriterBuilder::new();
        builder.quote_style(csv::QuoteStyle::Never).delimiter(dialect.delimiter());
        Ok(Self { lines: builder.from_writer(sink), dialect })
    }

    /// Writes one line with every cell neutralized and quoted. Numbers and times of ours never begin with a character
    /// that needs it.
    pub fn write<'a>(&mut self, cells: impl Iterator<Item = Cow<'a, str>>) -> io::Result<()> {
        for cell in cells {
            let safe = match self.dialect {
                CsvDialect::Plain => neutralized(&cell),
                CsvDialect::Excel | CsvDialect::ExcelSemicolon => as_text_cell(&cell),
            };
            self.lines.write_field(quoted(&safe).as_bytes())?;
        }
        self.lines.write_record(None::<&[u8]>)?;
        Ok(())
    }

    /// Hands everything to the sink.
    pub fn finish(mut self) -> io::Result<()> {
        self.lines.flush()
    }
}

/// A CSV of texts for programs, for lists that are no reports: neutralized and quoted as those are.
#[must_use]
pub fn csv_text<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    csv_text_for(CsvDialect::Plain, header, rows)
}

/// One line of a CSV for programs, for lists that are longer than memory: neutralized and quoted as reports are.
#[must_use]
pub fn csv_line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> =
        cells.into_iter().map(|cell| quoted(&neutralized(cell)).into_owned()).collect();
    cells.join(",") + "\n"
}

/// The same for a spreadsheet.
#[must_use]
pub fn csv_text_for<const COLUMNS: usize>(
    dialect: CsvDialect,
    header: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> String {
    let mut text = Vec::new();
    // Memory takes every line, and all have the same length.
    if let Ok(mut lines) = CsvLines::begin(&mut text, dialect) {
        for row in std::iter::once(header.map(str::to_owned)).chain(rows) {
            let _ = lines.write(row.into_iter().map(Cow::from));
        }
        let _ = lines.finish();
    }
    String::from_utf8(text).unwrap_or_default()
}
