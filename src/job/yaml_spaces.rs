//! Spaces in YAML that are none.
//!
//! Owns finding no-break and other wide spaces where YAML needs a plain one. Text that people write may hold them.

use super::diagnostics::{Diagnostics, Flaw};
use super::source::Source;

/// Most lines that are named.
const LINES_MAX: usize = 20;

/// Refuses a job whose indentation, or the space behind a key or a dash, is no plain space: the parser takes this letter
/// for a part of the word beside it.
pub(super) fn refuse_odd_spaces(source: &Source<'_>, problems: &mut Diagnostics) -> bool {
    let mut start = 0;
    let mut found = 0;
    for line in source.text.split_inclusive('\n') {
        if let Some((at, letter)) = odd_space(line)
            && found < LINES_MAX
        {
            found += 1;
            let what =
                format!("a special space (U+{:04X}) instead of a plain one", u32::from(letter));
            let flaw = Flaw::new(what).hint(
                "replace it; text copied from a web page or chat often contains special spaces",
            );
            let place = start + at;
            problems.push(source.diagnostic(place..place + letter.len_utf8(), flaw));
        }
        start += line.len();
    }
    found > 0
}

/// The first letter of this kind in the indentation of a line, after its dash or after its key.
fn odd_space(line: &str) -> Option<(usize, char)> {
    let is_odd = |letter: &char| {
        matches!(letter, '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
    };
    let begins = |at: usize| line[at..].chars().next().filter(is_odd).map(|letter| (at, letter));
    let indent = line.len() - line.trim_start_matches(' ').len();
    if let Some(found) = begins(indent) {
        return Some(found);
    }
    let dashed = &line[indent..];
    if dashed.starts_with('-')
        && let Some(found) = begins(indent + 1)
    {
        return Some(found);
    }
    let (key, _) = dashed.split_once(':')?;
    let word = key.trim_start_matches(['-', ' ']);
    let is_key = !word.is_empty()
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    if is_key { begins(indent + key.len() + 1) } else { None }
}
