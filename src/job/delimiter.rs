//! The character between the cells of a table.
//!
//! Owns finding it from the first line or the header. Must never choose when two characters fit equally well.

use super::column_options::{ColumnOptions, renamed};
use super::columns::is_known;
use super::diagnostics::{Diagnostics, Flaw, quote};
use super::scan::{CrLines, Layout, Scanned, Scanner, header_text};
use super::sheet_text::CELL_DELIMITER;
use super::source::Source;
use super::table_rules::TableRules;

/// The first line `sep=;`, which tells Excel what separates the cells: the character, and the bytes of the line
/// with its end.
pub(super) fn separator(text: &str) -> Option<(u8, usize)> {
    let line_end = text.find(['\n', '\r'])?;
    let line = text[..line_end].trim_matches('"');
    let (key, value) = line.split_at_checked(4)?;
    let [delimiter] = value.as_bytes() else { return None };
    let end = if text[line_end..].starts_with("\r\n") { 2 } else { 1 };
    key.eq_ignore_ascii_case("sep=").then_some((*delimiter, line_end + end))
}

/// The delimiter that the operator names, or that the file shows.
pub(super) fn choose_layout(
    source: &Source<'_>,
    rules: &TableRules<'_>,
    cr_lines: CrLines,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Option<Layout> {
    if source.sheet().is_some() {
        return Some(Layout { delimiter: CELL_DELIMITER, start: 0, line: 1 });
    }
    let said = separator(source.text);
    let (start, line) = said.map_or((0, 1), |(_, length)| (length, 2));
    if let (Some((said, _)), Some(named)) = (said, rules.delimiter)
        && said != named
    {
        let (said, named) = (delimiter_word(said), delimiter_word(named));
        let flaw = Flaw::new(format!(
            "--delimiter says {named}, but the first line sets a {said} as the separator"
        ))
        .hint("remove one of the two");
        problems.push(source.diagnostic(0..start, flaw));
        return None;
    }
    if let Some(delimiter) = rules.delimiter {
        if delimiter.is_ascii_graphic() && !b"\"#'".contains(&delimiter) || delimiter == b'\t' {
            return Some(Layout { delimiter, start, line });
        }
        let flaw = Flaw::new("--delimiter must be one visible ASCII character or a tab")
            .hint("for example --delimiter ';'");
        problems.push_for_file(source.file, flaw);
        return None;
    }
    match find_layout(source, &rules.column_options, cr_lines) {
        Ok(layout) => {
            if layout.delimiter != b',' || said.is_some() {
                let word = delimiter_word(layout.delimiter);
                let by = if said.is_some() { "first line says" } else { "header shows" };
                notes.push(format!("the columns are separated by {word}s, as the {by}"));
            }
            Some(layout)
        }
        Err(flaw) => {
            problems.push_for_file(source.file, flaw);
            None
        }
    }
}

/// Finds the delimiter: the one that the first line says, else the one by which the header has the most known names.
pub(super) fn find_layout(
    source: &Source<'_>,
    column_options: &ColumnOptions,
    cr_lines: CrLines,
) -> Result<Layout, Flaw> {
    let plain = |delimiter: u8| Layout { delimiter, start: 0, line: 1 };
    if source.sheet().is_some() {
        return Ok(plain(CELL_DELIMITER));
    }
    if let Some((delimiter, start)) = separator(source.text) {
        if delimiter.is_ascii_graphic() && delimiter != b'"' || delimiter == b'\t' {
            return Ok(Layout { delimiter, start, line: 2 });
        }
        return Err(Flaw::new("the first line sets no valid separator").hint("for example sep=;"));
    }
    let score = |delimiter: u8| {
        let mut records = Scanner::laid_out(source.text, plain(delimiter), cr_lines);
        let first = records.find(|item| match item {
            Scanned::Record(record) => !record.is_blank(),
            Scanned::Comment(..) => false,
            Scanned::Broken(..) => true,
        });
        let Some(Scanned::Record(record)) = first else { return (0, 0) };
        let names = record.cells.iter().map(|cell| header_text(cell.text()));
        (names.filter(|name| is_known(renamed(name, column_options))).count(), record.cells.len())
    };
    let mut scores: Vec<((usize, usize), u8)> =
        [b',', b';', b'\t'].into_iter().map(|delimiter| (score(delimiter), delimiter)).collect();
    scores.sort_by(|left, right| right.cmp(left));
    let best = scores[0];
    let (second_known, second_cells) = scores[1].0;
    if second_cells > 1 && best.0.1 > 1 && second_known == best.0.0 {
        return Err(Flaw::new("cannot tell which character separates the columns")
            .hint("give --delimiter ',' or --delimiter ';'"));
    }
    Ok(plain(if best.0.1 > 1 { best.1 } else { b',' }))
}

/// A delimiter for people.
fn delimiter_word(delimiter: u8) -> String {
    match delimiter {
        b',' => "comma".to_owned(),
        b';' => "semicolon".to_owned(),
        b'\t' => "tab".to_owned(),
        other => quote(&char::from(other).to_string()),
    }
}
