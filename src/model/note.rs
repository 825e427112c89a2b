//! The note that a run adds to each of its devices.
//!
//! Owns its placeholders and its text. Must never hold anything of a device that the job does not name: a note is read by
//! everyone who may open the device's record, so no PIN and no answer of the API goes into it.

use serde::{Deserialize, Serialize};

use super::{Outcome, first_steering};

/// What a note may name, in braces.
pub const NOTE_PLACEHOLDERS: [&str; 5] = ["job", "run", "reason", "action", "outcome"];
/// Longest text of a note in a job, in characters: a few sentences.
pub const NOTE_CHARS_MAX: usize = 1_000;

/// Why a text cannot be a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "flaw", rename_all = "snake_case")]
pub enum NoteFlaw {
    /// It says nothing.
    Empty,
    /// It has too many characters.
    TooLong {
        /// How many it has.
        chars: usize,
    },
    /// It has a control character, or an invisible one that can disguise a text.
    Character {
        /// Its code point.
        code: u32,
    },
    /// It has a part in braces that means nothing.
    Placeholder {
        /// The part, with its braces.
        placeholder: String,
    },
}

/// What is wrong with the text of a note, where anything is.
#[must_use]
pub fn note_flaw(text: &str) -> Option<NoteFlaw> {
    if text.trim().is_empty() {
        return Some(NoteFlaw::Empty);
    }
    let chars = text.chars().count();
    if chars > NOTE_CHARS_MAX {
        return Some(NoteFlaw::TooLong { chars });
    }
    let control = text.chars().find(|letter| letter.is_control() && *letter != '\n');
    if let Some(letter) = control.or_else(|| first_steering(text).map(|(_, letter)| letter)) {
        return Some(NoteFlaw::Character { code: u32::from(letter) });
    }
    let unknown = pieces(text).find_map(|piece| match piece {
        Piece::Named(name) if !NOTE_PLACEHOLDERS.contains(&name) => Some(format!("{{{name}}}")),
        _ => None,
    });
    unknown.map(|placeholder| NoteFlaw::Placeholder { placeholder })
}

/// What a run knows of the note that it adds, the same for all of its devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteWords {
    /// The text of the job, with placeholders.
    pub template: String,
    /// Name of the job.
    pub job: String,
    /// Id of the run.
    pub run: String,
    /// The reason that was given, such as a ticket; may be empty.
    pub reason: String,
}

impl NoteWords {
    /// The note of a device: the actions that were sent to it and how they ended, in the order of the steps.
    #[must_use]
    pub fn text(&self, steps: &[(&str, Outcome)]) -> String {
        let listed = |words: Vec<&str>| words.join(", ");
        let mut text = String::with_capacity(self.template.len());
        for piece in pieces(&self.template) {
            match piece {
                Piece::Plain(plain) => text.push_str(plain),
                Piece::Named("job") => text.push_str(&self.job),
                Piece::Named("run") => text.push_str(&self.run),
                Piece::Named("reason") => text.push_str(&self.reason),
                Piece::Named("action") => {
                    text.push_str(&listed(steps.iter().map(|(action, _)| *action).collect()));
                }
                Piece::Named("outcome") => {
                    text.push_str(&listed(steps.iter().map(|(_, it)| it.word()).collect()));
                }
                Piece::Named(_) => {}
            }
        }
        text.trim().to_owned()
    }
}

/// A part of the text of a note.
enum Piece<'a> {
    Plain(&'a str),
    /// What stands in braces.
    Named(&'a str),
}

/// The parts of a text. A brace that opens or closes nothing is plain text.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let name = rest.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        if let Some((name, after)) = name.filter(|(name, _)| !name.contains(['{', '\n'])) {
            rest = after;
            return Some(Piece::Named(name));
        }
        // At least the first character is plain.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find('{').map_or(rest.len(), |at| first + at);
        let (plain, after) = rest.split_at(end);
        rest = after;
        Some(Piece::Plain(plain))
    })
}

/// What came of the request for a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteResult {
    /// The tenant has it.
    Written,
    /// The tenant does not have it, and it is not tried again.
    NotWritten {
        /// The API's words.
        reason: String,
        /// The token lacks the permission: no other note of the run is tried.
        is_forbidden: bool,
    },
    /// The tenant does not have it, and it may be tried again after a while.
    Later {
        /// What happened.
        reason: String,
        /// How long to wait, in milliseconds, where the answer says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// The tenant may have it: a second request could write it twice.
    Unknown {
        /// What happened.
        reason: String,
    },
}

/// The notes of a run, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteTally {
    /// Notes that the tenant has.
    pub written: u32,
    /// Notes that it does not have.
    pub failed: u32,
    /// Notes that it may have.
    pub unknown: u32,
    /// Why the last of those failed or is unknown; empty where none is.
    pub reason: String,
}

impl NoteTally {
    /// Counts what came of a request.
    pub fn count(&mut self, result: &NoteResult) {
        let reason = match result {
            NoteResult::Written => {
                self.written += 1;
                return;
            }
            NoteResult::Later { .. } => return,
            NoteResult::NotWritten { reason, .. } => {
                self.failed += 1;
                reason
            }
            NoteResult::Unknown { reason } => {
                self.unknown += 1;
                reason
            }
        };
        self.reason.clone_from(reason);
    }

    /// Whether no note was asked of the tenant.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(template: &str) -> NoteWords {
        NoteWords {
            template: template.to_owned(),
            job: "weekly".to_owned(),
            run: "20260101-1".to_owned(),
            reason: "INC-2041 {outcome}".to_owned(),
        }
    }

    #[test]
    fn placeholders_are_filled_in_once() {
        let steps = [("set-name", Outcome::Completed), ("restart", Outcome::Failed)];
        for (template, expected) in [
            ("Please return.", "Please return."),
            ("{job}: {action} {outcome}", "weekly: set-name, restart completed, failed"),
            ("{run} {reason}", "20260101-1 INC-2041 {outcome}"),
            ("a { b } c", "a  c"),
            ("{", "{"),
            ("}{job", "}{job"),
            ("{{job}}", "{weekly}"),
        ] {
            assert_eq!(words(template).text(&steps), expected, "{template}");
        }
    }

    #[test]
    fn a_text_that_cannot_be_a_note_is_named_by_its_flaw() {
        let placeholder = |text: &str| NoteFlaw::Placeholder { placeholder: text.to_owned() };
        for (text, expected) in [
            ("{job} {action}", None),
            ("two\nlines", None),
            ("  ", Some(NoteFlaw::Empty)),
            ("{pin}", Some(placeholder("{pin}"))),
            ("{}", Some(placeholder("{}"))),
            ("a\u{7}", Some(NoteFlaw::Character { code: 7 })),
            ("a\u{202e}b", Some(NoteFlaw::Character { code: 0x202e })),
        ] {
            assert_eq!(note_flaw(text), expected, "{text:?}");
        }
        let long = "x".repeat(NOTE_CHARS_MAX + 1);
        assert_eq!(note_flaw(&long), Some(NoteFlaw::TooLong { chars: NOTE_CHARS_MAX + 1 }));
    }
}
