//! Each check of the language on a text that breaks its rule.
//!
//! Owns the proof that the checks can fail. Must never read a file of the project.

use super::pieces::{Kind, of_document, of_source};
use super::{banned, long_names, long_sentences};
use crate::layers::source::Source;

fn words(count: usize) -> String {
    vec!["word"; count].join(" ")
}

/// What is found in a source, by kind.
fn found(text: &str, kind: Kind, check: fn(&super::Piece) -> Vec<String>) -> Vec<String> {
    let source = Source::new("cli/x.rs", text);
    of_source(&source).iter().filter(|piece| piece.kind == kind).flat_map(check).collect()
}

#[test]
fn a_planted_word_in_a_message_is_found() {
    let text = "//! x\nfn f() {\n    say(\"ask the policy owner,\\n or Somebody\");\n}\n";
    let place = "src/cli/x.rs:3: 'somebody', write: the approver, the operator, another person";
    assert_eq!(found(text, Kind::Message, banned), [place]);
    assert_eq!(found(text, Kind::Comment, banned), [""; 0]);
}

#[test]
fn a_phrase_over_two_lines_of_a_message_is_found() {
    let text =
        "fn f() {\n    say(\n        \"nothing speaks \\\n         against it\",\n    );\n}\n";
    let said = found(text, Kind::Message, banned);
    assert_eq!(said, ["src/cli/x.rs:3: 'speaks against', write: prevents"]);
}

#[test]
fn a_planted_word_in_a_comment_is_found() {
    let text = "/// One.\n/// Whoever\n/// reads it.\nfn f() {}\n// in the\n// way\n";
    let said = found(text, Kind::Comment, banned);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("src/cli/x.rs:2: 'whoever'"), "{said:?}");
    assert!(said[1].starts_with("src/cli/x.rs:5: 'in the way'"), "{said:?}");
}

#[test]
fn tests_names_and_single_words_are_no_messages() {
    let text = "fn nobody() { say(\"nobody\") }\n#[cfg(test)]\nmod tests {\n    // nobody\n    \
                fn f() { say(\"ask nobody\") }\n}\n";
    assert_eq!(found(text, Kind::Message, banned), [""; 0]);
    assert_eq!(found(text, Kind::Comment, banned), [""; 0]);
}

#[test]
fn a_word_that_makes_another_phrase_lets_it_pass() {
    for (text, count) in [
        ("a reason such as a ticket", 0),
        ("no such file", 0),
        ("such a file", 1),
        ("any more than that", 0),
        ("not any more", 1),
    ] {
        let source = format!("const X: &str = \"{text}\";");
        assert_eq!(found(&source, Kind::Message, banned).len(), count, "{text}");
    }
}

#[test]
fn a_long_sentence_is_found_in_every_kind_of_text() {
    let (long, short) = (words(31), words(30));
    let message = |text: &str| {
        found(&format!("const X: &str = \"{text}\";"), Kind::Message, long_sentences).len()
    };
    assert_eq!(message(&long), 1);
    assert_eq!(message(&short), 0);
    assert_eq!(message(&format!("{short}; {short}: {short}")), 0);
    assert_eq!(message(&format!("{short}\\n{short}")), 0);
    let comment = |text: &str| found(&format!("// {text}\n"), Kind::Comment, long_sentences).len();
    assert_eq!(comment(&format!("{short}\n// more")), 1, "a sentence goes over lines");
    assert_eq!(comment(&format!("{short}.\n// more")), 0);
    let document =
        |text: &str| of_document("x.md", text).iter().flat_map(long_sentences).collect::<Vec<_>>();
    assert_eq!(
        document(&format!("# x\n\na\n{short}\n")),
        [format!("x.md:3: 31 words: a {} ...", words(5))]
    );
    assert_eq!(document(&format!("a.\n{short}\n\n- {short}\n- {short}\n")), [""; 0]);
    assert_eq!(document(&format!("| {short} | {short} |\n```\n{long}\n```\n`{long}`\n")), [""; 0]);
}

#[test]
fn a_long_test_name_is_found() {
    let name = "x".repeat(61);
    let text =
        format!("#[test]\nfn {name}() {{}}\nfn {name}() {{}}\n#[tokio::test]\nasync fn y() {{}}\n");
    assert_eq!(long_names("a.rs", &text), [format!("a.rs:2: 61 letters: {name}")]);
}
