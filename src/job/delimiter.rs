//! The character between the cells of a table.
//!
//! Owns finding it from the header. Must never choose when two characters fit equally well.

use super::columns::{ColumnWishes, header_text, is_known, renamed};
use super::diagnostics::{Diagnostics, Flaw, quote};
use super::scan::{CrLines, Scanned, Scanner};
use super::source::Source;
use super::table::TableRules;

/// The delimiter that the operator names, or the one that the header shows.
pub(super) fn choose_delimiter(
    source: &Source<'_>,
    rules: &TableRules<'_>,
    cr_lines: CrLines,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Option<u8> {
    if let Some(delimiter) = rules.delimiter {
        if delimiter.is_ascii_graphic() && !b"\"#'".contains(&delimiter) || delimiter == b'\t' {
            return Some(delimiter);
        }
        let flaw = Flaw::new("--delimiter must be one visible ASCII character or a tab")
            .hint("such as --delimiter ';'");
        problems.push_for_file(source.file, flaw);
        return None;
    }
    match find_delimiter(source, &rules.wishes, cr_lines) {
        Ok(delimiter) => {
            if delimiter != b',' {
                let word = delimiter_word(delimiter);
                notes.push(format!("the columns are separated by {word}s, as the header shows"));
            }
            Some(delimiter)
        }
        Err(flaw) => {
            problems.push_for_file(source.file, flaw);
            None
        }
    }
}

/// Finds the delimiter from the header line: the one that makes the most known names.
pub(super) fn find_delimiter(
    source: &Source<'_>,
    wishes: &ColumnWishes,
    cr_lines: CrLines,
) -> Result<u8, Flaw> {
    let score = |delimiter: u8| {
        let mut records = Scanner::new(source.text, delimiter, cr_lines);
        let first = records.find(|item| match item {
            Scanned::Record(record) => !record.is_blank(),
            Scanned::Comment => false,
            Scanned::Broken(..) => true,
        });
        let Some(Scanned::Record(record)) = first else { return (0, 0) };
        let names = record.cells.iter().map(|cell| header_text(cell.text()));
        (names.filter(|name| is_known(renamed(name, wishes))).count(), record.cells.len())
    };
    let mut scores: Vec<((usize, usize), u8)> =
        [b',', b';', b'\t'].into_iter().map(|delimiter| (score(delimiter), delimiter)).collect();
    scores.sort_by(|left, right| right.cmp(left));
    let best = scores[0];
    let (second_known, second_cells) = scores[1].0;
    if second_cells > 1 && best.0.1 > 1 && second_known == best.0.0 {
        return Err(Flaw::new("it is not clear which character separates the columns")
            .hint("give --delimiter ',' or --delimiter ';'"));
    }
    Ok(if best.0.1 > 1 { best.1 } else { b',' })
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
