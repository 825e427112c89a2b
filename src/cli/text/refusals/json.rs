//! Refusals as JSON, for programs.
//!
//! Owns the form of the one object that a failing command writes to standard error with `--format json`. Fields are only ever
//! added. Must never leave out what was sent.

use serde_json::{Map, Value, json};

use crate::cli::failure::Failed;
use crate::cli::text::layout::steers;

/// Why a command ended: the application's reason with its facts, or the class alone where the command line refused by
/// itself.
pub(crate) fn refusal(failed: &Failed) -> Value {
    let failure = &failed.failure;
    // What cannot be serialized must not hide the refusal.
    let facts = failure.reason.as_ref().map(serde_json::to_value);
    let mut facts = facts.and_then(Result::ok).unwrap_or_default();
    let class = failure.exit.word();
    let kind = facts.as_object_mut().and_then(|facts| facts.remove("kind"));
    let next = failure.reason.as_ref().map(|reason| reason.next()).unwrap_or_default();
    json!({
        "kind": kind.unwrap_or_else(|| class.into()),
        "facts": if facts.is_object() { facts } else { Value::Object(Map::new()) },
        "class": class,
        "sent": failed.sent,
        "next": next,
        "exit_code": failure.exit as u8,
        "message": failure.what,
        "state": failed.state(),
        "help": failure.next,
    })
}

/// One line of JSON in which no letter of others steers a terminal.
pub(crate) fn line(value: &Value) -> String {
    let text = value.to_string();
    let escaped = text.chars().map(|letter| match steers(letter) {
        true => format!("\\u{:04x}", u32::from(letter)),
        false => letter.to_string(),
    });
    escaped.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::{RefusalClass, WorkspaceReason};
    use crate::cli::exit::Exit;
    use crate::cli::failure::{Failure, Sent};

    #[test]
    fn a_refusal_serializes_with_its_reason_and_what_was_sent() {
        let failed = Failure::from(WorkspaceReason::NoRuns).sent(Sent::Some { tasks: 2 });
        let object = refusal(&failed);
        for (key, value) in [
            ("kind", json!("no_runs")),
            ("facts", json!({})),
            ("class", json!("unexpected")),
            ("sent", json!({ "some": { "tasks": 2 } })),
            ("exit_code", json!(1)),
            ("message", json!("there are no runs yet")),
            ("state", json!("2 tasks were sent")),
        ] {
            assert_eq!(object[key], value, "{key}");
        }
        assert_eq!(object["next"][0], json!({ "step": "start_run" }));
    }

    #[test]
    fn a_failure_of_the_command_line_names_its_class() {
        let object = refusal(&Failure::usage("x").next("y").sent(Sent::Nothing));
        let word = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
        let words = ["kind", "class", "sent", "message", "state", "help"].map(word);
        assert_eq!(words, ["usage", "usage", "nothing", "x", "nothing was sent", "y"]);
        assert_eq!((&object["facts"], &object["next"]), (&json!({}), &json!([])));
    }

    #[test]
    fn a_class_has_the_same_word_in_exit_codes() {
        for class in [
            RefusalClass::Usage,
            RefusalClass::Target,
            RefusalClass::Policy,
            RefusalClass::Busy,
            RefusalClass::Authentication,
            RefusalClass::Permission,
            RefusalClass::Quota,
            RefusalClass::Stopped,
            RefusalClass::Journal,
            RefusalClass::Unexpected,
        ] {
            assert_eq!(json!(class), json!(Exit::of(class).word()));
        }
    }

    #[test]
    fn a_line_steers_no_terminal_and_reads_back() {
        let value = json!({ "message": "a\u{202e}b\u{9b}c\n\u{1b}[2J" });
        let line = line(&value);
        assert!(line.chars().all(|letter| (' '..='~').contains(&letter)), "{line}");
        assert_eq!(serde_json::from_str::<Value>(&line).expect("JSON"), value);
    }
}
