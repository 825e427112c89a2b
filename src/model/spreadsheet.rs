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

/// Most digits of a number that a spreadsheet keeps exactly.
const SPREADSHEET_DIGITS_MAX: usize = 15;

/// Months as a spreadsheet of an English system knows them, with any beginning of at least three letters.
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// The first cell of the sheet in which `report.xlsx` sums up a run. A job ignores the sheet that has it.
pub const SUMMARY_MARK: &str = "Summary of a sortie run";

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
    marked(text, |start| runs(text, start) || (start == 0 && looks_marked(text)))
}

/// The same for a file that a spreadsheet opens without being asked what its cells are. A cell that the spreadsheet
/// would turn into a number or a date gets a `'` too: a PIN would lose its zeros. It stays text however often the file is
/// opened and saved, and [`restored`] gives back the original.
///
/// ```
/// use sortie::model::{as_text_cell, restored};
/// assert_eq!(as_text_cell("012345"), "'012345");
/// assert_eq!(as_text_cell("12E45678"), "'12E45678");
/// assert_eq!(as_text_cell("42"), "42");
/// assert_eq!(restored("'012345"), "012345");
/// ```
#[must_use]
pub fn as_text_cell(text: &str) -> Cow<'_, str> {
    marked(text, |start| {
        runs(text, start)
            || (start == 0 && (looks_marked(text) || is_changed_by_spreadsheets(text)))
    })
}

fn marked(text: &str, is_place: impl Fn(usize) -> bool) -> Cow<'_, str> {
    let places: Vec<usize> = starts(text).filter(|start| is_place(*start)).collect();
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

/// The cell as it was before [`neutralized`] or [`as_text_cell`]: one `'` less at each place that looks like theirs.
#[must_use]
pub fn restored(cell: &str) -> Cow<'_, str> {
    let is_ours = |start: &usize| {
        cell[*start..].starts_with('\'') && runs(cell, *start) || *start == 0 && looks_marked(cell)
    };
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

/// The name of a column in a sheet, such as `B` or `AA`: the column counts from 0.
///
/// ```
/// use sortie::model::column_name;
/// assert_eq!(column_name(27), "AB");
/// ```
#[must_use]
pub fn column_name(column: usize) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + (left % 26) as u8));
        left /= 26;
    }
    letters.iter().rev().collect()
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

/// Whether the text begins like one that [`as_text_cell`] made.
fn looks_marked(text: &str) -> bool {
    text.starts_with('\'') && is_changed_by_spreadsheets(text.trim_start_matches('\''))
}

/// Whether a spreadsheet takes the text for a number or a date and shows something else: `012345`, `12E4`, a number
/// of more digits than it keeps, `3-4`, `MAR1`. Names of months are those of English; other languages have their own.
fn is_changed_by_spreadsheets(text: &str) -> bool {
    let text = text.trim();
    let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if is_digits {
        let keeps_zeros = text.len() == 1 || !text.starts_with('0');
        let is_kept = keeps_zeros && text.len() <= SPREADSHEET_DIGITS_MAX;
        return !text.is_empty() && !is_kept;
    }
    let is_of_a_number = |byte: u8| byte.is_ascii_digit() || b"eE.,:/-+% ".contains(&byte);
    let is_numeric = text.bytes().all(is_of_a_number);
    let begins_numeric = text.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.');
    (begins_numeric && is_numeric) || is_month_and_number(text)
}

/// `MAR1`, `Dec-25`, `3 Jan`, `SEPT 2026`.
fn is_month_and_number(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphabetic();
    let month: String = text.chars().filter(|letter| is_letter(*letter)).collect();
    let letters = text.trim_matches(|letter: char| !is_letter(letter));
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_rest = |letter: char| {
        is_letter(letter)
            || letter.is_ascii_digit()
            || matches!(letter, '-' | '/' | '.' | ' ' | ',')
    };
    let is_month = month.len() >= 3
        && MONTHS.iter().any(|name| {
            name.get(..month.len()).is_some_and(|start| start.eq_ignore_ascii_case(&month))
        });
    is_month
        && letters.len() == month.len()
        && (1..=8).contains(&digits)
        && text.chars().all(is_rest)
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
    fn every_short_number_survives_a_spreadsheet() {
        let letters = ['\'', '0', '7', '-', '=', 'E', '.', ' ', 'a', '"'];
        let mut texts = vec![String::new()];
        for length in 0..4 {
            let longer: Vec<String> = texts
                .iter()
                .filter(|text| text.chars().count() == length)
                .flat_map(|text| letters.map(|letter| format!("{text}{letter}")))
                .collect();
            texts.extend(longer);
        }
        for text in texts {
            assert_eq!(restored(&as_text_cell(&text)), text);
            assert_eq!(restored(&neutralized(&text)), text);
            assert!(!is_changed_by_spreadsheets(&as_text_cell(&text)), "{text:?}");
        }
    }

    #[test]
    fn what_a_spreadsheet_changes_is_marked_and_no_more() {
        for text in [
            "012345",
            "00",
            "12E45678",
            "1e5",
            "1.50",
            "3-4",
            "12/1",
            "12:30",
            "1,5",
            ".5",
            "1234567890123456",
            "MAR1",
            "Dec-25",
            "3 Jan",
            "SEPT 2026",
            "50%",
        ] {
            assert_eq!(as_text_cell(text), format!("'{text}"), "{text}");
        }
        for text in [
            "0",
            "7",
            "123456",
            "C02ZK0AALVDQ",
            "Mac 7",
            "ann@example.org",
            "",
            "MARY1",
            "Mark 2",
            "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f",
            "2026-01-02T03:04:05.000Z",
            "decimal 5",
        ] {
            assert_eq!(as_text_cell(text), text, "{text}");
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
