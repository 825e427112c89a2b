//! How counts and texts of others are shown to people.
//!
//! Owns the wording of counts, and which letters reach people. Must never know where a text is shown.

use std::borrow::Cow;

/// What replaces a letter that people are not shown.
const REPLACEMENT: &str = "\u{fffd}";

/// Whether a letter steers a terminal or turns the order of others round.
#[must_use]
pub fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(
            letter,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// A text whose only letters that steer a terminal are its line breaks and tabs.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_bad = |letter: char| steers(letter) && !matches!(letter, '\n' | '\t');
    match text.contains(is_bad) {
        true => Cow::Owned(text.replace(is_bad, REPLACEMENT)),
        false => Cow::Borrowed(text),
    }
}

/// A text of others, such as a device's name, as a part of one line: it can neither steer a terminal nor pretend to be
/// the next line.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    match text.contains(steers) {
        true => Cow::Owned(text.replace(steers, REPLACEMENT)),
        false => Cow::Borrowed(text),
    }
}

/// A number with its noun: `1 row`, `2 entries`, `12,000 rows`.
#[must_use]
pub fn counted(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    let shown = thousands(number);
    match (number, noun.strip_suffix('y')) {
        (1, _) => format!("{shown} {noun}"),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{shown} {stem}ies"),
        _ => format!("{shown} {noun}s"),
    }
}

/// A number for people: `7,500`.
#[must_use]
pub fn thousands(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_with_their_noun() {
        for (number, noun, text) in [
            (1_usize, "entry", "1 entry"),
            (0, "entry", "0 entries"),
            (2, "day", "2 days"),
            (999, "row", "999 rows"),
            (7_500, "row", "7,500 rows"),
            (1_234_567, "task", "1,234,567 tasks"),
        ] {
            assert_eq!(counted(number, noun), text);
        }
    }

    #[test]
    fn no_letter_of_others_steers_a_terminal() {
        let evil = "pad\u{1b}[2J\u{9b}1A\r\u{8}\u{202e}x\u{2066}\u{200f}\u{2028}\u{61c}\0\u{7f}";
        assert!(!harmless(evil).contains(steers) && !one_line(evil).contains(steers));
        for fair in ["Jörg’s Mac", "日本語", "👩‍💻 pad", "שלום"] {
            assert_eq!((harmless(fair), one_line(fair)), (fair.into(), fair.into()));
        }
        assert_eq!(harmless("a\n\tb\r\n"), "a\n\tb\u{fffd}\n");
        assert_eq!(one_line("a\nERASE 1"), "a\u{fffd}ERASE 1");
    }
}
