//! The texts that people read, cut out of sources and documents.
//!
//! Owns what counts as a message, a comment, a test name and a paragraph, and on which line each word stands. Must never judge.

use crate::layers::source::{Source, literal_length};

/// A break inside a text that ends a sentence: a line end in a message, a cell, an item of a list.
const BREAK: char = '\u{1e}';
/// What a literal begins with when it is a statement of a database or a page, and no text for people.
const NOT_PROSE: [&str; 9] =
    ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "PRAGMA", "<!doctype", "<html"];

/// Where a text stands, which decides what is asked of it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A literal with spaces in it, outside of tests.
    Message,
    /// A comment or doc comment, outside of tests.
    Comment,
    /// A paragraph, cell or item of a document.
    Document,
}

/// One text.
#[derive(Debug)]
pub(super) struct Piece {
    pub path: String,
    pub line: usize,
    pub kind: Kind,
    /// The text, with its line ends.
    text: String,
}

/// One word of a text.
pub(super) struct Word {
    pub line: usize,
    /// In lower case, without what surrounds it.
    pub text: String,
    /// A sentence ends with it.
    pub ends: bool,
}

impl Piece {
    /// The words in order.
    pub fn words(&self) -> Vec<Word> {
        let mut words: Vec<Word> = Vec::new();
        let mut line = self.line;
        for part in self.text.split_inclusive(['\n', ' ', BREAK]) {
            let raw = part.trim_matches(['\n', ' ', BREAK, '\t']);
            let text = raw.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase();
            if !text.is_empty() {
                words.push(Word { line, text, ends: ends_sentence(raw, self.kind) });
            }
            if let Some(last) = words.last_mut().filter(|_| part.ends_with(BREAK)) {
                last.ends = true;
            }
            line += part.matches('\n').count();
        }
        words
    }
}

/// Messages are short and join their parts with semicolons and colons; elsewhere only a full stop ends a sentence.
fn ends_sentence(word: &str, kind: Kind) -> bool {
    let word = word.trim_end_matches(['"', '\'', ')', '*', '`', '_', ']']);
    match kind {
        Kind::Message => word.ends_with(['.', '?', '!', ';', ':']),
        Kind::Comment | Kind::Document => word.ends_with(['.', '?', '!', ':']),
    }
}

/// The messages and comments of a source file.
pub(super) fn of_source(source: &Source) -> Vec<Piece> {
    let text = source.text.as_str();
    let is_test =
        |at: usize| source.tests.iter().any(|(from, until)| (*from..*until).contains(&at));
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at, mut comment_end) = (0, None);
    while at < text.len() {
        let length = literal_length(text.as_bytes(), at);
        if length == 0 {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let written = &text[at..at + length];
        let line = text[..at].matches('\n').count() + 1;
        if !is_test(at) {
            if let Some(comment) = comment_text(written) {
                match pieces.last_mut().filter(|_| comment_end == Some(line)) {
                    Some(before) => before.text.push_str(&format!("\n{comment}")),
                    None => pieces.push(piece(source, line, Kind::Comment, comment)),
                }
                comment_end = Some(line + 1);
            } else if let Some(message) = message_text(written) {
                pieces.push(piece(source, line, Kind::Message, message));
            }
        }
        at += length;
    }
    pieces
}

fn piece(source: &Source, line: usize, kind: Kind, text: String) -> Piece {
    Piece { path: format!("src/{}", source.path), line, kind, text }
}

fn comment_text(written: &str) -> Option<String> {
    let text = written.strip_prefix("//")?.trim_start_matches(['/', '!']);
    let text = without_code(text.trim());
    let is_item = text.is_empty() || text.starts_with(['-', '#', '|']);
    Some(if is_item { format!("{BREAK}{text}") } else { text })
}

fn message_text(written: &str) -> Option<String> {
    let inner = written.trim_start_matches(['r', '#']).trim_end_matches('#');
    let inner = inner.strip_prefix('"')?.strip_suffix('"')?;
    let is_prose = inner.trim().contains(' ')
        && !NOT_PROSE.iter().any(|word| inner.trim_start().starts_with(word));
    let joined =
        inner.replace("\\n", &BREAK.to_string()).replace("\\\n", "\n").replace("\\\"", "\"");
    is_prose.then_some(joined)
}

/// The paragraphs, cells and items of a document in Markdown, without code.
pub(super) fn of_document(path: &str, text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut is_code, mut is_open) = (false, false);
    for (at, written) in text.lines().enumerate() {
        let line = written.trim();
        if line.starts_with("```") {
            is_code = !is_code;
            is_open = false;
        } else if is_code
            || line.is_empty()
            || line.starts_with("<!--")
            || written.starts_with("    ")
        {
            is_open &= is_code || written.starts_with("    ");
        } else {
            let is_row = line.starts_with('|') || line.starts_with('#');
            let is_item =
                line.starts_with("- ") || line.starts_with(|letter: char| letter.is_ascii_digit());
            let text = without_code(line).replace('|', &BREAK.to_string());
            match pieces.last_mut().filter(|_| is_open && !is_row && !is_item) {
                Some(before) => before.text.push_str(&format!("\n{text}")),
                None => pieces.push(Piece {
                    path: path.to_owned(),
                    line: at + 1,
                    kind: Kind::Document,
                    text,
                }),
            }
            is_open = !is_row;
        }
    }
    pieces
}

/// Code in a text counts as one word that no rule bans.
fn without_code(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 0 { part } else { "code" }).collect()
}

/// The names of the tests in a source, each with its line.
pub(super) fn test_names(text: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    let mut is_test = false;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
        let name = line.trim_start_matches("pub ").trim_start_matches("async ").strip_prefix("fn ");
        if let Some(name) = name.filter(|_| is_test) {
            names.push((at + 1, name.split('(').next().unwrap_or(name).to_owned()));
            is_test = false;
        }
    }
    names
}
