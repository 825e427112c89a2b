//! The text of one job file and the places in it.
//!
//! Owns decoding, line numbers and columns. Columns are characters of the physical line. Must never
//! repair bytes: what is not clean UTF-8 is refused.

use std::borrow::Cow;
use std::ops::Range;

use super::diagnostics::{Diagnostic, Diagnostics, Flaw, MASK, PlaceUnit, looks_like_pin};
use super::file_limits::FILE_BYTES_MAX;
use super::foreign::{foreign_format, merge_conflict};
use super::sheet_text::SheetText;

/// Longest line, in bytes: sixteen of the longest cells; anything longer is not a table for people.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// Most lines, blank ones and comments included: four for every row that is allowed.
const LINES_MAX: usize = 4_000_000;
/// Longest line that a problem shows, in bytes: a caret below more cannot be found.
const SHOWN_LINE_BYTES_MAX: usize = 4 * 1024;

/// What replaces a line break inside a row of a sheet.
const LINE_BREAK: char = '⏎';
/// What replaces a secret in a digest.
const SECRET: &[u8] = b"secret";

/// One decoded file.
pub(super) struct Source<'a> {
    /// Name of the file in messages.
    pub file: &'a str,
    /// The text, without byte order mark.
    pub text: &'a str,
    /// Lines end with a bare carriage return, as on the old Mac.
    pub has_cr_lines: bool,
    /// The sheet of a workbook whose text it is.
    sheet: Option<&'a SheetText>,
    line_starts: Cow<'a, [usize]>,
    masked: Vec<Range<usize>>,
    hides_lines: bool,
    secrets: Vec<Range<usize>>,
}

/// The place of something, in the form of a diagnostic.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Place {
    line: u32,
    column: u32,
    width: u32,
}

impl<'a> Source<'a> {
    /// Decodes a file. Everything that is wrong with its bytes goes to `problems`.
    pub fn read(file: &'a str, bytes: &'a [u8], problems: &mut Diagnostics) -> Option<Self> {
        let flaw = if bytes.len() > FILE_BYTES_MAX {
            let size = bytes.len();
            let flaw = format!("the file has {size} bytes; at most {FILE_BYTES_MAX} are allowed");
            Some(Flaw::new(flaw).hint("split the job into several files"))
        } else {
            foreign_format(bytes)
        };
        if let Some(flaw) = flaw {
            problems.push_for_file(file, flaw);
            return None;
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(_) => {
                refuse_invalid_utf8(file, bytes, problems);
                return None;
            }
        };
        let has_cr_lines = !bytes.contains(&b'\n') && bytes.contains(&b'\r');
        let end = if has_cr_lines { b'\r' } else { b'\n' };
        let breaks = bytes.iter().enumerate().filter(|(_, byte)| **byte == end);
        let line_starts: Vec<usize> =
            std::iter::once(0).chain(breaks.map(|(at, _)| at + 1).take(LINES_MAX)).collect();
        let source = Self {
            file,
            text,
            has_cr_lines,
            sheet: None,
            line_starts: Cow::Owned(line_starts),
            masked: Vec::new(),
            hides_lines: false,
            secrets: Vec::new(),
        };
        let count_before = problems.count();
        source.check_lines(problems);
        if let Some((range, flaw)) = merge_conflict(source.text) {
            problems.push(source.diagnostic(range, flaw));
        }
        (problems.count() == count_before).then_some(source)
    }

    /// The text of a sheet. Everything that is wrong with it goes to `problems`.
    pub fn of_sheet(
        file: &'a str,
        sheet: &'a SheetText,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let source = Self {
            file,
            text: &sheet.text,
            has_cr_lines: false,
            sheet: Some(sheet),
            line_starts: Cow::Borrowed(&sheet.row_starts),
            masked: Vec::new(),
            hides_lines: false,
            secrets: Vec::new(),
        };
        let count_before = problems.count();
        source.check_lines(problems);
        (problems.count() == count_before).then_some(source)
    }

    /// The sheet of a workbook whose text it is.
    pub fn sheet(&self) -> Option<&'a SheetText> {
        self.sheet
    }

    /// What its numbers of lines count.
    pub fn unit(&self) -> PlaceUnit {
        if self.sheet.is_some() { PlaceUnit::Row } else { PlaceUnit::Line }
    }

    fn check_lines(&self, problems: &mut Diagnostics) {
        if self.line_starts.len() > LINES_MAX {
            let flaw = Flaw::new(format!("the file has more than {LINES_MAX} lines"))
                .hint("split the job into several files");
            problems.push_for_file(self.file, flaw);
        }
        for (at, start) in self.line_starts.iter().enumerate() {
            let end = self.line_starts.get(at + 1).copied().unwrap_or(self.text.len());
            if end - start > LINE_BYTES_MAX {
                let (unit, length) = (self.unit().word(), end - start);
                let flaw = Flaw::new(format!(
                    "the {unit} has {length} bytes; at most {LINE_BYTES_MAX} are allowed"
                ))
                .hint(match self.unit() {
                    PlaceUnit::Line => {
                        "the usual cause is a missing line ending or quotation mark earlier in the file"
                    }
                    PlaceUnit::Row => "shorten its texts",
                });
                problems.push(self.diagnostic(*start..*start, flaw));
            }
        }
        if let Some(at) = self.text.find('\0') {
            let flaw = match self.unit() {
                PlaceUnit::Line => Flaw::new("the file contains a NUL byte")
                    .hint("it is damaged, or not a text file; export it again as CSV UTF-8"),
                PlaceUnit::Row => Flaw::new("the cell contains a NUL character")
                    .hint("type its text again by hand"),
            };
            problems.push(self.diagnostic(at..at + 1, flaw));
        }
    }

    /// Takes letters out of every line that is shown from now on. Ranges come in the order of the text.
    pub fn mask(&mut self, range: Range<usize>) {
        self.masked.push(range);
    }

    /// Shows no further line: its secrets cannot be distinguished from the rest.
    pub fn hide_lines(&mut self) {
        self.hides_lines = true;
    }

    /// Takes a text for a PIN or another secret: it is no part of the job's digest.
    pub fn add_secret(&mut self, range: Range<usize>) {
        self.secrets.push(range);
    }

    /// Whether it has a PIN or another secret.
    pub fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// The text with a word in the place of every secret, for a digest: six digits can be guessed from a hash. That
    /// there is one stays part of it.
    pub fn without_secrets(&self) -> Vec<u8> {
        let mut ranges = self.secrets.clone();
        ranges.sort_by_key(|range| range.start);
        let bytes = self.text.as_bytes();
        let mut blanked = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for range in ranges {
            let secret = self.text.get(range.clone()).unwrap_or_default();
            if range.start < from || !secret.contains(char::is_alphanumeric) {
                continue;
            }
            blanked.extend_from_slice(&bytes[from..range.start]);
            blanked.extend_from_slice(SECRET);
            from = range.end;
        }
        blanked.extend_from_slice(&bytes[from..]);
        blanked
    }

    /// The line of an offset, from 1.
    pub fn line_of(&self, offset: usize) -> u32 {
        self.line_starts.partition_point(|start| *start <= offset) as u32
    }

    /// Where a line starts.
    pub fn line_start(&self, line: u32) -> Option<usize> {
        self.line_starts.get((line as usize).checked_sub(1)?).copied()
    }

    /// A problem at a range of bytes; the flaw's own part is relative to the start of the range.
    pub fn diagnostic(&self, range: Range<usize>, flaw: Flaw) -> Diagnostic {
        let range = match flaw.part {
            Some((offset, length)) => {
                let start = range.start.saturating_add(offset);
                start..start.saturating_add(length)
            }
            None => range,
        };
        let cell = self.sheet.map(|sheet| sheet.place(&range));
        let place = self.place(range);
        Diagnostic {
            file: self.file.to_owned(),
            line: place.line,
            column: place.column,
            width: place.width,
            cell,
            source_line: self.shown_line(place.line),
            message: flaw.message,
            hint: flaw.hint,
        }
    }

    /// The same without the line's text, for lines whose cells cannot be distinguished.
    pub fn diagnostic_without_text(&self, range: Range<usize>, flaw: Flaw) -> Diagnostic {
        Diagnostic { source_line: None, ..self.diagnostic(range, flaw) }
    }

    fn place(&self, range: Range<usize>) -> Place {
        let line = self.line_of(range.start);
        let (line_start, line_end) = self.line_bounds(line);
        let start =
            floor_boundary(self.text, range.start.clamp(line_start, line_end.max(line_start)));
        let end = floor_boundary(self.text, range.end.clamp(start, line_end.max(start)));
        let chars = |from: usize, to: usize| {
            self.text.get(from..to).map_or(0, |part| part.chars().count()) as u32
        };
        Place { line, column: chars(line_start, start) + 1, width: chars(start, end).max(1) }
    }

    /// Start and end of a line, its line end not counted.
    fn line_bounds(&self, line: u32) -> (usize, usize) {
        let at = (line as usize).saturating_sub(1);
        let start = self.line_starts.get(at).copied().unwrap_or(self.text.len());
        let end = self.line_starts.get(at + 1).copied().unwrap_or(self.text.len());
        let line = self.text.get(start..end).unwrap_or_default();
        (start, start + line.trim_end_matches(['\r', '\n']).len())
    }

    fn shown_line(&self, line: u32) -> Option<String> {
        let (start, end) = self.line_bounds(line);
        if self.hides_lines || end - start > SHOWN_LINE_BYTES_MAX {
            return None;
        }
        let text = self.text.get(start..end)?;
        let is_masked = |offset: usize| {
            let next = self.masked.partition_point(|range| range.end <= offset);
            self.masked.get(next).is_some_and(|range| range.start <= offset)
        };
        let mut shown = String::with_capacity(text.len());
        for word in text.split_inclusive(|letter: char| !letter.is_alphanumeric()) {
            let word_start = start + (word.as_ptr() as usize - text.as_ptr() as usize);
            let is_pin = looks_like_pin(word.trim_end_matches(|l: char| !l.is_alphanumeric()));
            for (offset, letter) in word.char_indices() {
                let is_hidden =
                    is_masked(word_start + offset) || (is_pin && letter.is_ascii_digit());
                shown.push(match letter {
                    _ if is_hidden => MASK,
                    '\n' | '\r' => LINE_BREAK,
                    letter => letter,
                });
            }
        }
        Some(shown)
    }
}

/// The nearest start of a character at or before an offset.
fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// The first byte of each line that is not UTF-8. The lines are not shown: they cannot be.
fn refuse_invalid_utf8(file: &str, bytes: &[u8], problems: &mut Diagnostics) {
    let line_end = if bytes.contains(&b'\n') { '\n' } else { '\r' };
    let (mut line, mut column, mut line_told) = (1, 1, 0);
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            let is_end = letter == line_end;
            line += u32::from(is_end);
            column = if is_end { 1 } else { column + 1 };
        }
        if let Some(byte) = chunk.invalid().first()
            && line_told != line
        {
            line_told = line;
            problems.push(Diagnostic {
                file: file.to_owned(),
                line,
                column,
                width: 1,
                message: format!("byte 0x{byte:02X} is not UTF-8"),
                hint: Some(
                    "the file is probably in Windows-1252: save it as 'CSV UTF-8', or give --encoding windows-1252"
                        .to_owned(),
                ),
                cell: None,
                source_line: None,
            });
        }
        column += u32::from(!chunk.invalid().is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(bytes: &[u8], expect: &str) {
        let mut problems = Diagnostics::default();
        assert!(Source::read("a.csv", bytes, &mut problems).is_none(), "{expect}");
        let text = problems.to_string();
        assert!(text.starts_with(expect), "{text}\nshould start with {expect}");
    }

    #[test]
    fn bytes_that_are_no_text_are_called_by_name() {
        check(b"d\0e\0v\0i\0c\0e\0", "a.csv: the file looks like UTF-16");
        check(b"serial,x\r\nC02,M\xfcller\r\n", "a.csv:2:6: byte 0xFC is not UTF-8");
        let text = "a.csv:1:1: byte 0x80 is not UTF-8\n  hint: the file is probably in Windows-1252: save it as 'CSV UTF-8', or give --encoding windows-1252\na.csv:3:2: byte";
        check(b"\x80\x80\nok\na\xe9,\xe9\n", text);
        check(b"serial\n\xc3\xa4,a\0b\n", "a.csv:2:4: the file contains a NUL byte");
        let long = format!("serial\n{}\n", "x".repeat(LINE_BYTES_MAX));
        check(long.as_bytes(), "a.csv:2:1: the line has 65537 bytes");
        check(&vec![b'\n'; LINES_MAX + 1], "a.csv: the file has more than 4000000 lines");
        check(&vec![b'a'; FILE_BYTES_MAX + 1], "a.csv: the file has 268435457 bytes");
    }

    #[test]
    fn places_are_characters_of_the_physical_line() {
        let mut problems = Diagnostics::default();
        let bytes = "\u{feff}a,b\r\näö,ü\r\n".as_bytes();
        let mut source = Source::read("a.csv", bytes, &mut problems).expect("clean");
        let at = source.text.find('ü').expect("there");
        let diagnostic = source.diagnostic(at..at + 2, Flaw::new("x"));
        assert_eq!((diagnostic.line, diagnostic.column, diagnostic.width), (2, 4, 1));
        assert_eq!(diagnostic.source_line.as_deref(), Some("äö,ü"));
        source.mask(at..at + 2);
        let diagnostic = source.diagnostic(at..at + 2, Flaw::new("x"));
        assert_eq!(diagnostic.source_line.as_deref(), Some("äö,•"));
    }
}
