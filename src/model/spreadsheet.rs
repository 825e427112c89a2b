//! Cells that a spreadsheet shows and does not run.
//!
//! Owns the neutralising of formulas in CSV and its exact reverse. Must never change a cell in another
//! way, and never one of JSONL.

use std::borrow::Cow;

/// Characters that make a spreadsheet run a cell, when they are its first.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// The cell with a leading `'` where a spreadsheet would run it. A cell that already looks neutralised
/// gets one more, so that taking one off always gives back the original.
///
/// ```
/// use sortie::model::{neutralised, restored};
/// assert_eq!(neutralised("=1+1"), "'=1+1");
/// assert_eq!(neutralised("'=1+1"), "''=1+1");
/// assert_eq!(neutralised("it's"), "it's");
/// assert_eq!(restored(&neutralised("'=1+1")), "'=1+1");
/// ```
#[must_use]
pub fn neutralised(text: &str) -> Cow<'_, str> {
    if looks_neutralised(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The cell as it was before [`neutralised`]: one leading `'` less, if a formula comes after it and any
/// further ones.
#[must_use]
pub fn restored(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| looks_neutralised(rest)).unwrap_or(cell)
}

fn looks_neutralised(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA_STARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_text_survives_and_none_runs() {
        let letters = ['\'', '=', '+', '-', '@', '\t', '\r', 'a', ' '];
        let mut texts = vec![String::new()];
        for length in 0..4 {
            let longer: Vec<String> = texts
                .iter()
                .filter(|text| text.chars().count() == length)
                .flat_map(|text| letters.map(|letter| format!("{text}{letter}")))
                .collect();
            texts.extend(longer);
        }
        assert_eq!(texts.len(), 1 + 9 + 81 + 729 + 6_561);
        for text in texts {
            let cell = neutralised(&text);
            assert!(!cell.starts_with(FORMULA_STARTS), "{text:?}");
            assert_eq!(restored(&cell), text);
        }
    }
}
