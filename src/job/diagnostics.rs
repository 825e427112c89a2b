//! What is wrong with a job, and where.
//!
//! Owns the one shape of a problem and the list of them. Must never hold the text of a PIN or of a
//! secrets column, and never print.

use serde::Serialize;
use std::fmt;

use crate::model::is_invisible;

/// Most problems that are kept: more say nothing new, and a hostile file could make millions.
const DIAGNOSTICS_MAX: usize = 200;
/// Most characters of input that a message repeats.
const QUOTE_CHARS_MAX: usize = 48;

/// One problem of a job: where it is, what is wrong, and how to fix it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// Name of the file, `<stdin>` or `<command line>`.
    pub file: String,
    /// Line, from 1; 0 for the whole file.
    pub line: u32,
    /// Column, from 1, in characters; 0 for the whole line.
    pub column: u32,
    /// Characters to mark, 0 for the whole line.
    pub width: u32,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The cell of a workbook, such as `Devices!B7`; `line` is its row then. `None` in a text file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// The line itself, with PINs and secrets masked; `None` where it must not or cannot be shown.
    pub source_line: Option<String>,
}

impl Diagnostic {
    /// Where it is, such as `job.csv:2:25` or `job.xlsx, Devices!B7`.
    #[must_use]
    pub fn place(&self) -> String {
        let file = &self.file;
        match (&self.cell, self.line, self.column) {
            (Some(cell), ..) => format!("{file}, {cell}"),
            (None, 0, _) => file.clone(),
            (None, line, 0) => format!("{file}:{line}"),
            (None, line, column) => format!("{file}:{line}:{column}"),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.place(), self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong with a job.
///
/// ```
/// use sortie::job::{Input, ParseOptions, parse};
/// let input = Input { name: "lab.csv", bytes: b"serial_number,action\nC02X,wipe\n" };
/// let problems = parse(&input, &ParseOptions::default(), &|_| Err("none".into())).expect_err("refused");
/// assert!(problems.to_string().starts_with("lab.csv:2:6: 'wipe' is not an action;"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Diagnostics {
    /// The problems, in the order in which they were found.
    pub items: Vec<Diagnostic>,
    /// How many more there are beyond those that are kept.
    pub truncated: usize,
}

impl Diagnostics {
    /// Keeps a problem, or counts it when there are too many.
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        if self.items.len() < DIAGNOSTICS_MAX {
            self.items.push(diagnostic);
        } else {
            self.truncated += 1;
        }
    }

    /// How many problems there are.
    pub(super) fn count(&self) -> usize {
        self.items.len() + self.truncated
    }

    /// Adds to the last problem, of a row with this text, why it is no comment: an operator may have meant one.
    pub(super) fn explain_number_sign(&mut self, text: &str) {
        if let Some(last) = self.items.last_mut().filter(|_| text.starts_with('#')) {
            let hint = last.hint.take().map(|hint| format!("{hint}; ")).unwrap_or_default();
            last.hint = Some(format!(
                "{hint}a line that starts with '#' and has as many cells as the header is read as a row, not as a comment"
            ));
        }
    }

    /// A problem of the whole file.
    pub(super) fn push_for_file(&mut self, file: &str, flaw: Flaw) {
        self.push(flaw.whole_file(file));
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, item) in self.items.iter().enumerate() {
            let separator = if at == 0 { "" } else { "\n" };
            write!(formatter, "{separator}{item}")?;
        }
        match self.truncated {
            0 => Ok(()),
            more => write!(formatter, "\nand {more} more problems"),
        }
    }
}

/// A problem without its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The guilty part of the text that was read, as byte offset and length.
    pub part: Option<(usize, usize)>,
}

impl Flaw {
    /// A problem without a cure.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, part: None }
    }

    /// The same with what to do about it.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with the guilty part of the text.
    pub fn part(mut self, offset: usize, length: usize) -> Self {
        self.part = Some((offset, length));
        self
    }

    /// As a problem of the whole file.
    pub fn whole_file(self, file: &str) -> Diagnostic {
        Diagnostic {
            file: file.to_owned(),
            line: 0,
            column: 0,
            width: 0,
            message: self.message,
            hint: self.hint,
            cell: None,
            source_line: None,
        }
    }
}

/// What replaces a letter that must not be shown.
pub(super) const MASK: char = '•';

/// Whether a text has the form of a PIN. It may be one in the wrong place, so it is not repeated.
pub(super) fn looks_like_pin(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Input as a message may repeat it: shortened, in quotes, nothing that moves a cursor, no PIN.
pub(super) fn quote(text: &str) -> String {
    if looks_like_pin(text.trim()) {
        return format!("'{}'", text.replace(|letter: char| letter.is_ascii_digit(), "•"));
    }
    let mut shown = String::from("'");
    for (at, letter) in text.chars().enumerate() {
        if at == QUOTE_CHARS_MAX {
            shown.push('…');
            break;
        }
        if letter.is_control() || is_invisible(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    shown.push('\'');
    shown
}

/// `1 row`, `3 rows`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// Lines that are named at most.
const LINES_NAMED_MAX: usize = 20;

/// What the numbers of places count.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum PlaceUnit {
    /// Lines of a text.
    #[default]
    Line,
    /// Rows of a sheet.
    Row,
}

impl PlaceUnit {
    /// The unit in messages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Row => "row",
        }
    }

    /// `line 3`, `lines 3, 5`, with dots where there are more than can be named.
    pub fn named(self, places: &[u32]) -> String {
        let named: Vec<String> = places.iter().take(LINES_NAMED_MAX).map(u32::to_string).collect();
        let dots = if places.len() > named.len() { ", ..." } else { "" };
        let plural = if places.len() == 1 { "" } else { "s" };
        format!("{}{plural} {}{dots}", self.word(), named.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_problems_is_counted_and_not_kept() {
        let mut problems = Diagnostics::default();
        for _ in 0..DIAGNOSTICS_MAX + 7 {
            problems.push(Flaw::new("wrong").whole_file("a.csv"));
        }
        assert_eq!((problems.items.len(), problems.truncated), (DIAGNOSTICS_MAX, 7));
        assert!(problems.to_string().ends_with("\nand 7 more problems"));
    }

    #[test]
    fn quoted_input_cannot_move_the_cursor_or_fill_the_screen() {
        assert_eq!(quote("a\u{1b}[2Jb\u{202e}"), "'a\\u{1b}[2Jb\\u{202e}'");
        assert_eq!(quote("481593"), "'••••••'");
        assert_eq!(quote(&"x".repeat(100)).chars().count(), QUOTE_CHARS_MAX + 3);
    }
}
