//! A delimited text cut into records and cells, strictly.
//!
//! Owns quotation marks, line ends and cell positions. A lenient reader turns a damaged line into another
//! device's line, so what RFC 4180 does not define is refused here: the `csv` package takes stray quotation
//! marks and bare carriage returns and tells no columns. Tests hold that both agree on everything that is
//! accepted. Must never know what a column means.

use std::borrow::Cow;
use std::ops::Range;

use super::diagnostics::Flaw;
use crate::kandji::fold;
use crate::model::restored;

/// What spreadsheets write in place of a value that they cannot compute.
const ERROR_MARKS: [&str; 9] =
    ["#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"];

/// One cell.
pub(super) struct Cell<'a> {
    /// Its bytes in the text, quotation marks included.
    pub range: Range<usize>,
    /// The text of the cell, without its quotation marks.
    pub value: Cow<'a, str>,
    /// Where its content starts in the text.
    pub content_start: usize,
    /// What it says without the apostrophes that keep a spreadsheet from running it as a formula.
    text: Cow<'a, str>,
}

impl<'a> Cell<'a> {
    fn new(range: Range<usize>, content_start: usize, value: Cow<'a, str>) -> Self {
        let text = match &value {
            Cow::Borrowed(value) => restored(value),
            Cow::Owned(value) => Cow::Owned(restored(value).into_owned()),
        };
        Self { range, value, content_start, text }
    }

    /// The text without the apostrophes that keep a spreadsheet from running it as a formula.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same without spaces around it.
    pub fn trimmed(&self) -> &str {
        self.text().trim_matches([' ', '\t'])
    }

    /// The range from which a flaw of the trimmed text counts: the whole cell, when the flaw is of the
    /// whole.
    pub fn range_from(&self, text: &str, flaw: &Flaw) -> Range<usize> {
        if flaw.part.is_none() || text.is_empty() {
            return self.range.clone();
        }
        let skipped = self.value.find(text).unwrap_or_default();
        self.content_start + skipped..self.range.end
    }
}

/// One record of the table.
pub(super) struct Record<'a> {
    /// Line on which it starts, from 1.
    pub line: u32,
    /// Its bytes, without the line end.
    pub range: Range<usize>,
    /// Its cells, at least one.
    pub cells: Vec<Cell<'a>>,
}

impl Record<'_> {
    /// Whether both name the same columns: of two headers, the same one.
    pub fn names_the_same(&self, header: &Self) -> bool {
        let name = |cell: &Cell<'_>| fold(header_text(cell.text()));
        let mut both = self.cells.iter().zip(&header.cells);
        self.cells.len() == header.cells.len()
            && both.all(|(left, right)| name(left) == name(right))
    }

    /// Whether any cell but the first says something.
    fn says_more(&self) -> bool {
        self.cells.iter().skip(1).any(|cell| !cell.value.trim().is_empty())
    }

    /// Whether no cell says anything.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.value.trim().is_empty())
    }
}

/// What a stretch of lines turned out to be.
pub(super) enum Scanned<'a> {
    /// A record.
    Record(Record<'a>),
    /// A line that starts with `#` and is no row: its number.
    Comment(u32),
    /// A line that cannot be cut into cells; reading goes on at the next one.
    Broken(Range<usize>, Flaw),
}

/// Cuts a text into records.
pub(super) struct Scanner<'a> {
    text: &'a str,
    delimiter: u8,
    has_cr_lines: bool,
    at: usize,
    line: u32,
    /// Where the rows of a sheet start, whose cells may have several lines.
    row_starts: Option<&'a [usize]>,
    /// Cells of the header, once it has been read.
    cells: Option<usize>,
}

impl<'a> Scanner<'a> {
    /// Starts at the beginning of the text.
    #[cfg(test)]
    pub fn new(text: &'a str, delimiter: u8, cr_lines: CrLines) -> Self {
        Self::laid_out(text, Layout { delimiter, start: 0, line: 1 }, cr_lines)
    }

    /// Starts where a table's layout says.
    pub fn laid_out(text: &'a str, layout: Layout, cr_lines: CrLines) -> Self {
        let Layout { delimiter, start, line } = layout;
        let has_cr_lines = cr_lines == CrLines::Yes;
        Self { text, delimiter, has_cr_lines, at: start, line, row_starts: None, cells: None }
    }

    /// Counts rows that start at these offsets, and not lines.
    pub fn counting_rows(mut self, row_starts: Option<&'a [usize]>) -> Self {
        self.row_starts = row_starts;
        self
    }

    /// The number of the line, or of the row, that starts here.
    fn number(&self) -> u32 {
        match self.row_starts {
            Some(starts) => starts.partition_point(|start| *start <= self.at) as u32,
            None => self.line,
        }
    }

    /// From here on a line that starts with `#` and has so many cells is a row: the first column may hold texts like this,
    /// and a row that is silently skipped is a device that is forgotten. Where the other cells are empty, as a
    /// spreadsheet writes a comment, or where there are none, only the error marks of spreadsheets are rows.
    pub fn expect_cells(&mut self, cells: usize) {
        self.cells = Some(cells);
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Length of the line end at an offset, if there is one.
    fn line_end_at(&self, at: usize) -> Option<usize> {
        match (self.byte(at)?, self.byte(at + 1)) {
            (b'\n', _) => Some(1),
            (b'\r', Some(b'\n')) => Some(2),
            (b'\r', _) if self.has_cr_lines => Some(1),
            _ => None,
        }
    }

    /// Goes behind the next line end.
    fn skip_line(&mut self) {
        while self.at < self.text.len() {
            if let Some(length) = self.line_end_at(self.at) {
                self.at += length;
                self.line += 1;
                return;
            }
            self.at += 1;
        }
    }

    /// Whether this is a spreadsheet's error instead of a value.
    fn is_error_mark(&self) -> bool {
        let rest = &self.text[self.at..];
        ERROR_MARKS.iter().any(|mark| rest.starts_with(mark))
    }

    /// Reads one record, over as many lines as it has.
    fn record(&mut self) -> Scanned<'a> {
        let (start, line) = (self.at, self.number());
        let mut cells = Vec::new();
        loop {
            let cell = if self.byte(self.at) == Some(b'"') {
                self.quoted_cell()
            } else {
                self.plain_cell()
            };
            match cell {
                Ok(cell) => cells.push(cell),
                Err((range, flaw)) => {
                    self.skip_line();
                    return Scanned::Broken(range, flaw);
                }
            }
            if self.byte(self.at) != Some(self.delimiter) {
                break;
            }
            self.at += 1;
        }
        let range = start..self.at;
        self.skip_line();
        Scanned::Record(Record { line, range, cells })
    }

    fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    fn quoted_cell(&mut self) -> Result<Cell<'a>, (Range<usize>, Flaw)> {
        let open = self.at;
        let mut has_doubled = false;
        self.at += 1;
        loop {
            match self.byte(self.at) {
                None => {
                    let flaw = Flaw::new("this quotation mark is never closed")
                        .hint("close it, or remove it; inside quoted text write \"\" for a quotation mark");
                    return Err((open..open + 1, flaw));
                }
                Some(b'"') if self.byte(self.at + 1) == Some(b'"') => {
                    has_doubled = true;
                    self.at += 2;
                }
                Some(b'"') => break,
                Some(_) => {
                    let is_line_end = self.byte(self.at) == Some(b'\n')
                        || (self.has_cr_lines && self.byte(self.at) == Some(b'\r'));
                    self.line += u32::from(is_line_end);
                    self.at += 1;
                }
            }
        }
        let inner = self.slice(open + 1..self.at);
        self.at += 1;
        if self.at < self.text.len()
            && self.byte(self.at) != Some(self.delimiter)
            && self.line_end_at(self.at).is_none()
        {
            let flaw = Flaw::new("text follows a closing quotation mark").hint(
                "put the whole cell in quotation marks, or none of it; inside, write \"\" for a quotation mark",
            );
            return Err((self.at - 1..self.at, flaw));
        }
        let value = if has_doubled {
            Cow::Owned(inner.replace("\"\"", "\""))
        } else {
            Cow::Borrowed(inner)
        };
        Ok(Cell::new(open..self.at, open + 1, value))
    }

    fn plain_cell(&mut self) -> Result<Cell<'a>, (Range<usize>, Flaw)> {
        let start = self.at;
        while let Some(byte) = self.byte(self.at) {
            if byte == self.delimiter || self.line_end_at(self.at).is_some() {
                break;
            }
            if byte == b'"' {
                let flaw = Flaw::new("an unquoted cell contains a quotation mark").hint(
                    "put the whole cell in quotation marks and double the one inside; remove any space before the first one",
                );
                return Err((self.at..self.at + 1, flaw));
            }
            if byte == b'\r' {
                let flaw = Flaw::new(
                    "the line contains a carriage return, but other lines end differently",
                )
                .hint("save the file with one kind of line ending");
                return Err((self.at..self.at + 1, flaw));
            }
            self.at += 1;
        }
        let range = start..self.at;
        let value = Cow::Borrowed(self.slice(range.clone()));
        Ok(Cell::new(range, start, value))
    }
}

/// Whether lines end with a bare carriage return.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(super) enum CrLines {
    /// They do, all of them.
    Yes,
    /// They end with a line feed, with or without one before it.
    No,
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Scanned<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let first = self.byte(self.at)?;
        let (start, line, number) = (self.at, self.line, self.number());
        if first != b'#' {
            return Some(self.record());
        }
        if let Some(cells) = self.cells {
            let is_error_mark = self.is_error_mark();
            match self.record() {
                Scanned::Record(record)
                    if record.cells.len() == cells && (is_error_mark || record.says_more()) =>
                {
                    return Some(Scanned::Record(record));
                }
                _ => (self.at, self.line) = (start, line),
            }
        }
        self.skip_line();
        Some(Scanned::Comment(number))
    }
}

/// How a table is laid out: what separates its cells, and where it begins.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The character between two cells.
    pub delimiter: u8,
    /// Offset of the first line of the table.
    pub start: usize,
    /// The number of that line.
    pub line: u32,
}

/// The name that the cell of a header holds, without a byte-order mark and spaces around it.
pub(super) fn header_text(cell: &str) -> &str {
    cell.trim_start_matches('\u{feff}').trim()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scan(text: &str) -> Vec<String> {
        Scanner::new(text, b',', CrLines::No)
            .map(|item| match item {
                Scanned::Record(record) => {
                    let cells: Vec<&str> = record.cells.iter().map(|cell| &*cell.value).collect();
                    format!("{}:{}", record.line, cells.join("|"))
                }
                Scanned::Comment(..) => "#".to_owned(),
                Scanned::Broken(range, flaw) => format!("!{} {}", range.start, flaw.message),
            })
            .collect()
    }

    fn check(text: &str, expect: &[&str]) {
        assert_eq!(scan(text), expect, "{text:?}");
    }

    #[test]
    fn records_know_their_lines() {
        check("a,b\r\nc,\"d\r\ne\"\r\n# no\r\nf,g", &["1:a|b", "2:c|d\r\ne", "#", "5:f|g"]);
        check("a\n\nb\n", &["1:a", "2:", "3:b"]);
        check("\"a\"\"b\",c\n", &["1:a\"b|c"]);
        check("", &[]);
    }

    #[test]
    fn a_number_sign_line_as_wide_as_the_header_is_a_row() {
        let kinds = |text: &str, cells: usize| -> Vec<String> {
            let mut scanner = Scanner::new(text, b',', CrLines::No);
            scanner.expect_cells(cells);
            scanner
                .map(|item| match item {
                    Scanned::Record(record) => format!("row {}", record.line),
                    Scanned::Comment(line) => format!("comment {line}"),
                    Scanned::Broken(..) => "broken".to_owned(),
                })
                .collect()
        };
        assert_eq!(
            kinds("#12,a\n#c\n#\"c,d\na,b\n", 2),
            ["row 1", "comment 2", "comment 3", "row 4"]
        );
        assert_eq!(kinds("#12,\"a\nb\"\n# x\n", 2), ["row 1", "comment 3"]);
        assert_eq!(kinds("# a spreadsheet's,\n#N/A,\n", 2), ["comment 1", "row 2"]);
        assert_eq!(kinds("#N/A\n# note\n#REF!\n", 1), ["row 1", "comment 2", "row 3"]);
    }

    #[test]
    fn damaged_lines_are_refused_and_the_next_ones_read() {
        check("a\"b,c\nd,e\n", &["!1 an unquoted cell contains a quotation mark", "2:d|e"]);
        check("\"a\"x,c\nd\n", &["!2 text follows a closing quotation mark", "2:d"]);
        check("a\n\"b\nc\n", &["1:a", "!2 this quotation mark is never closed"]);
        check(
            "a\rb\nc\n",
            &["!1 the line contains a carriage return, but other lines end differently", "2:c"],
        );
    }

    #[test]
    fn bare_carriage_returns_are_line_ends_when_all_lines_agree() {
        let lines: Vec<u32> = Scanner::new("a\rb\rc", b',', CrLines::Yes)
            .filter_map(|item| match item {
                Scanned::Record(record) => Some(record.line),
                _ => None,
            })
            .collect();
        assert_eq!(lines, [1, 2, 3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What is accepted means the same to the csv package.
        #[test]
        fn accepted_texts_read_as_in_the_csv_package(text in "[ab,;\"\n\r' ]{0,40}") {
            let mut ours = Vec::new();
            for item in Scanner::new(&text, b',', CrLines::No) {
                match item {
                    Scanned::Record(record) => ours.push(
                        record.cells.iter().map(|cell| cell.value.to_string()).collect::<Vec<_>>(),
                    ),
                    Scanned::Comment(..) => {}
                    Scanned::Broken(..) => return Ok(()),
                }
            }
            // The package passes over empty lines.
            ours.retain(|cells| cells.len() > 1 || cells.iter().any(|cell| !cell.is_empty()));
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false).flexible(true).from_reader(text.as_bytes());
            let mut theirs: Vec<Vec<String>> = reader
                .records()
                .map(|record| record.expect("text").iter().map(str::to_owned).collect())
                .collect();
            theirs.retain(|cells| cells.len() > 1 || cells.iter().any(|cell| !cell.is_empty()));
            prop_assert_eq!(ours, theirs);
        }
    }
}
