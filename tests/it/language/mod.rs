//! The language of messages, documents, comments and test names, held.
//!
//! Owns the checks. The words are in `words.rs`, what counts as a text in `pieces.rs`. Must never run the program.

mod can_fail;
mod pieces;
mod words;

use std::path::{Path, PathBuf};

use crate::layers::source::sources;
use pieces::{Kind, Piece, of_document, of_source, test_names};
use words::{EXCEPTIONS, PHRASES, Phrase, SENTENCE_WORDS_MAX, TEST_NAME_LETTERS_MAX};

/// Documents at the root; those of the help are found in their folder.
const DOCUMENTS: [&str; 5] =
    ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The files below a folder with this ending, each with its path from the root; none where there is no folder.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else { return Vec::new() };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            found.extend(files(&path, ending));
        } else if name.ends_with(ending) {
            let text = std::fs::read_to_string(root().join(&path)).expect("a text");
            found.push((path, text));
        }
    }
    found.sort();
    found
}

fn texts(kind: Kind) -> Vec<Piece> {
    if kind == Kind::Document {
        let read = |name: &&str| {
            let text = std::fs::read_to_string(root().join(name)).expect("a document");
            ((*name).to_owned(), text)
        };
        let documents = DOCUMENTS.iter().map(read).chain(files("src/cli/help", ".md"));
        return documents.flat_map(|(path, text)| of_document(&path, &text)).collect();
    }
    let pieces = sources();
    let pieces = pieces.iter().flat_map(of_source);
    pieces.filter(|piece| piece.kind == kind).collect()
}

/// Where the text says what no text should, with what to write.
fn banned(piece: &Piece) -> Vec<String> {
    let words = piece.words();
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let mut found = Vec::new();
    for phrase in PHRASES {
        let parts: Vec<&str> = phrase.words.split(' ').collect();
        for (at, _) in texts.windows(parts.len()).enumerate().filter(|(_, window)| *window == parts)
        {
            let neighbours = [at.checked_sub(1), Some(at + parts.len())];
            let neighbours = neighbours.into_iter().flatten().filter_map(|at| texts.get(at));
            if is_another(phrase, neighbours) || is_excepted(piece, phrase) {
                continue;
            }
            let (line, words) = (words[at].line, phrase.words);
            found.push(format!("{}:{line}: '{words}', write: {}", piece.path, phrase.instead));
        }
    }
    found
}

fn is_another<'a>(phrase: &Phrase, mut neighbours: impl Iterator<Item = &'a &'a str>) -> bool {
    neighbours.any(|word| phrase.unless.contains(word))
}

fn is_excepted(piece: &Piece, phrase: &Phrase) -> bool {
    EXCEPTIONS
        .iter()
        .any(|exception| exception.path == piece.path && exception.words == phrase.words)
}

/// Sentences of the text that are too long, each with its beginning.
fn long_sentences(piece: &Piece) -> Vec<String> {
    let words = piece.words();
    let sentences = words.split_inclusive(|word| word.ends);
    let long = sentences.filter(|sentence| sentence.len() > SENTENCE_WORDS_MAX);
    long.map(|sentence| {
        let beginning: Vec<&str> = sentence.iter().take(6).map(|word| word.text.as_str()).collect();
        let (line, count) = (sentence[0].line, sentence.len());
        format!("{}:{line}: {count} words: {} ...", piece.path, beginning.join(" "))
    })
    .collect()
}

fn long_names(path: &str, text: &str) -> Vec<String> {
    let long = test_names(text).into_iter().filter(|(_, name)| name.len() > TEST_NAME_LETTERS_MAX);
    long.map(|(line, name)| format!("{path}:{line}: {} letters: {name}", name.len())).collect()
}

/// Fails where a place is found, and names every place.
fn check(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}: {} found\n{}", found.len(), found.join("\n"));
}

#[test]
fn messages_use_plain_words() {
    let found: Vec<String> = texts(Kind::Message).iter().flat_map(banned).collect();
    check("banned words in messages", &found);
}

#[test]
fn documents_use_plain_words() {
    let found: Vec<String> = texts(Kind::Document).iter().flat_map(banned).collect();
    check("banned words in documents", &found);
}

#[test]
fn comments_use_plain_words() {
    let found: Vec<String> = texts(Kind::Comment).iter().flat_map(banned).collect();
    check("banned words in comments", &found);
}

#[test]
fn messages_have_short_sentences() {
    let found: Vec<String> = texts(Kind::Message).iter().flat_map(long_sentences).collect();
    check("long sentences in messages", &found);
}

#[test]
fn documents_have_short_sentences() {
    let found: Vec<String> = texts(Kind::Document).iter().flat_map(long_sentences).collect();
    check("long sentences in documents", &found);
}

#[test]
fn comments_have_short_sentences() {
    let found: Vec<String> = texts(Kind::Comment).iter().flat_map(long_sentences).collect();
    check("long sentences in comments", &found);
}

#[test]
fn test_names_are_short() {
    let files = files("src", ".rs").into_iter().chain(files("tests", ".rs"));
    let found: Vec<String> = files.flat_map(|(path, text)| long_names(&path, &text)).collect();
    check("long test names", &found);
}

#[test]
fn every_exception_has_a_reason_and_is_needed() {
    for exception in EXCEPTIONS {
        assert!(!exception.why.is_empty(), "{}: '{}'", exception.path, exception.words);
        assert!(root().join(exception.path).exists(), "{} is not there", exception.path);
        assert!(PHRASES.iter().any(|phrase| phrase.words == exception.words));
    }
}
