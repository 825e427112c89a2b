//! Events as they are read from stored text.
//!
//! Owns the fast way for the kinds that most entries are: the general one keeps every field of an entry before it knows which
//! kind it is. Invariant: both ways give the same event; what the fast one cannot read goes the general way. Must never
//! repeat text in an error: it may be a PIN.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::model::{
    CommandSeen, Event, Outcome, RecordLists, Sealed, SentRequest, TaskIndex, Verdict, at_rest,
};

/// Reads the stored body of an entry; `None` where this program cannot.
pub(super) fn read_event(body: &str) -> Option<Event> {
    common_event(body).or_else(|| serde_json::from_str(body).ok())
}

/// Reads it where it begins with one of the common kinds, as this program writes it.
fn common_event(body: &str) -> Option<Event> {
    let (kind, _) = body.strip_prefix("{\"kind\":\"")?.split_once('"')?;
    match kind {
        "intent" => Some(read::<Intent>(body)?.into()),
        "answered" => Some(read::<Answered>(body)?.into()),
        "settled" => Some(read::<Settled>(body)?.into()),
        "observed" => Some(read::<Observed>(body)?.into()),
        _ => None,
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a str) -> Option<T> {
    serde_json::from_str(body).ok()
}

/// Fields of [`Event::Intent`].
#[derive(Deserialize)]
struct Intent {
    /// A second one is for the general way.
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    task: TaskIndex,
    attempt: u16,
    #[serde(default, with = "at_rest::option")]
    pin: Option<Sealed>,
    #[serde(default)]
    sends: Option<Box<SentRequest>>,
    #[serde(default)]
    lists: Option<Box<RecordLists>>,
}

impl From<Intent> for Event {
    fn from(Intent { task, attempt, pin, sends, lists, .. }: Intent) -> Self {
        Self::Intent { task, attempt, pin, sends, lists }
    }
}

/// Fields of [`Event::Answered`].
#[derive(Deserialize)]
struct Answered {
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    task: TaskIndex,
    attempt: u16,
    http_status: Option<u16>,
    verdict: Verdict,
}

impl From<Answered> for Event {
    fn from(Answered { task, attempt, http_status, verdict, .. }: Answered) -> Self {
        Self::Answered { task, attempt, http_status, verdict }
    }
}

/// Fields of [`Event::Settled`].
#[derive(Deserialize)]
struct Settled {
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    task: TaskIndex,
    outcome: Outcome,
    reason: String,
}

impl From<Settled> for Event {
    fn from(Settled { task, outcome, reason, .. }: Settled) -> Self {
        Self::Settled { task, outcome, reason }
    }
}

/// Fields of [`Event::Observed`].
#[derive(Deserialize)]
struct Observed {
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    task: TaskIndex,
    command: CommandSeen,
}

impl From<Observed> for Event {
    fn from(Observed { task, command, .. }: Observed) -> Self {
        Self::Observed { task, command }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Entry;

    #[track_caller]
    fn same(body: &str) {
        assert_eq!(read_event(body), serde_json::from_str(body).ok(), "{body}");
    }

    #[test]
    fn both_ways_read_the_same_events() {
        let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/");
        let files = ["entries-v1", "entries-v1-added", "entries-v1-added-2", "entries-v3"];
        let mut common = 0;
        for name in files {
            let text = std::fs::read_to_string(format!("{directory}{name}.jsonl"));
            for line in text.expect("a fixture").lines() {
                let entry: Entry = serde_json::from_str(line).expect("an entry");
                let body = serde_json::to_string(&entry.event).expect("JSON");
                common += usize::from(common_event(&body).is_some());
                same(&body);
            }
        }
        assert!(common > 10, "{common} went the fast way");
    }

    #[test]
    fn what_is_odd_is_read_as_it_always_was() {
        for body in [
            r#"{"kind":"settled","task":1,"outcome":"failed","reason":"x","more":[1]}"#,
            r#"{"kind":"settled","task":1,"outcome":"failed","reason":"x","kind":"closed"}"#,
            r#"{"kind":"settled","task":1,"task":2,"outcome":"failed","reason":"x"}"#,
            r#"{"task":1,"kind":"settled","outcome":"failed","reason":"x"}"#,
            r#"{"kind":"settled","task":1,"outcome":"odd","reason":"x"}"#,
            r#"{"kind":"settled","task":1,"outcome":"failed"}"#,
            r#"{"kind":"answered","task":1,"attempt":1,"verdict":{"accepted":{}}}"#,
            r#"{"kind":"answered","task":1,"attempt":1,"http_status":null,"verdict":"accepted"}"#,
            r#"{"kind":"intent","task":1,"attempt":1,"pin":{"clear":"012345"}}"#,
            r#"{"kind":"intent","task":1,"attempt":1,"sends":null}"#,
            r#"{"kind":"intent","task":-1,"attempt":1}"#,
            r#"{"kind":"other"}"#,
            r#"{"kind":"intent""#,
            "",
        ] {
            same(body);
        }
    }
}
