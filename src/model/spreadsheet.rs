//! Cells that a spreadsheet shows and does not run.
//!
//! Owns the neutralizing of formulas in CSV, the quoting of cells, and the exact reverse. Must never change a cell in
//! another way, and never one of JSONL.

use std::borrow::Cow;

/// Characters that make a spreadsheet run a cell, when they are its first. The last four are their full-width forms,
/// which spreadsheets read as the plain ones.
const FORMULA_STARTS: [char; 10] =
    ['=', '+', '-', '@', '\t', '\r', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Characters that separate cells or rows for some spreadsheet, no matter what separates them in our files: one that expects
/// semicolons cuts a cell of ours at each semicolon and runs what comes after it.
const DELIMITERS: [char; 6] = [',', ';', '\t', '|', '\n', '\r'];

/// The cell with a `'` before each place from which a spreadsheet would run it: its start, and after anything that some
/// spreadsheet takes for the end of a cell. A place that already looks neutralized gets one more, so that taking one off
/// always gives back the original.
///
/// ```
/// use sortie::model::{neutralized, restored};
/// assert_eq!(neutralized("=1+1"), "'=1+1");
/// assert_eq!(neutralized("x;=1+1"), "x;'=1+1");
/// assert_eq!(neutralized("'=1+1"), "''=1+1");
/// assert_eq!(neutralized("it's"), "it's");
/// assert_eq!(restored(&neutralized("x;'=1+1")), "x;'=1+1");
/// ```
#[must_use]
pub fn neutralized(text: &str) -> Cow<'_, str> {
    let places: Vec<usize> = starts(text).filter(|start| runs(text, *start)).collect();
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut cell = String::with_capacity(text.len() + places.len());
    let mut from = 0;
    for place in places {
        cell.push_str(&text[from..place]);
        cell.push('\'');
        from = place;
    }
    cell.push_str(&text[from..]);
    Cow::Owned(cell)
}

/// The cell as it was before [`neutralized`]: one `'` less at each place that looks neutralized.
#[must_use]
pub fn restored(cell: &str) -> Cow<'_, str> {
    let is_ours = |start: &usize| cell[*start..].starts_with('\'') && runs(cell, *start);
    let places: Vec<usize> = starts(cell).filter(is_ours).collect();
    if places.is_empty() {
        return Cow::Borrowed(cell);
    }
    let mut text = String::with_capacity(cell.len());
    let mut from = 0;
    for place in places {
        text.push_str(&cell[from..place]);
        from = place + 1;
    }
    text.push_str(&cell[from..]);
    Cow::Owned(text)
}

/// The cell as written to a CSV file: in quotation marks when it holds a character that separates cells or rows for
/// some spreadsheet.
#[must_use]
pub fn quoted(cell: &str) -> Cow<'_, str> {
    if cell.contains(DELIMITERS) || cell.contains('"') {
        return Cow::Owned(format!("\"{}\"", cell.replace('"', "\"\"")));
    }
    Cow::Borrowed(cell)
}

/// Where some spreadsheet sees a cell begin: at the start, and after each delimiter.
fn starts(text: &str) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(text.match_indices(DELIMITERS).map(|(at, found)| at + found.len()))
}

/// Whether a cell that began here would be run, if any `'` and quotation marks before the formula were gone. Tabs and
/// carriage returns count at the very start only: inside they begin another cell themselves.
fn runs(text: &str, start: usize) -> bool {
    let rest = text[start..].trim_start_matches(['\'', '"']);
    rest.starts_with(FORMULA_STARTS) && (start == 0 || !rest.starts_with(['\t', '\r']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_text_survives_and_none_runs() {
        let letters = ['\'', '"', '=', '\u{ff1d}', '-', '\t', '\r', ';', 'a', ' '];
        let mut texts = vec![String::new()];
        for length in 0..4 {
            let longer: Vec<String> = texts
                .iter()
                .filter(|text| text.chars().count() == length)
                .flat_map(|text| letters.map(|letter| format!("{text}{letter}")))
                .collect();
            texts.extend(longer);
        }
        assert_eq!(texts.len(), 1 + 10 + 100 + 1_000 + 10_000);
        for text in texts {
            let cell = neutralized(&text);
            assert!(!cell.starts_with(FORMULA_STARTS), "{text:?}");
            for part in cell.split(DELIMITERS) {
                let part = part.trim_start_matches('"');
                assert!(!part.starts_with(['=', '-', '\u{ff1d}']), "{text:?} {cell:?}");
            }
            assert_eq!(restored(&cell), text);
        }
    }

    #[test]
    fn a_cell_that_holds_any_delimiter_is_quoted() {
        for delimiter in DELIMITERS {
            assert_eq!(quoted(&format!("a{delimiter}b")), format!("\"a{delimiter}b\""));
        }
        assert_eq!(quoted("say \"hi\""), "\"say \"\"hi\"\"\"");
        assert_eq!(quoted("a b"), "a b");
    }
}
