//! How records of an audit are shown.
//!
//! Owns the columns of notes, the summary of a run and their JSON. Must never know which record is sound, and never
//! let what stands in a database steer a terminal.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::app::ChainFault;
use crate::cli::text::layout::one_line;
use crate::journal::{AuditRecord, ChainAudit};
use crate::model::UnixMillis;

/// Columns of the host's record.
pub(crate) const NOTE_COLUMNS: [&str; 6] = ["NOTE", "WHEN", "KIND", "RUN", "WHO", "WHAT"];

/// Under which keys a note says who did it.
const WHO_KEYS: [&str; 4] = ["by", "who", "operator", "user"];

/// Under which key a note holds a hash that only programs compare; JSON shows it.
const BEGINNING_KEY: &str = "beginning";

/// Letters of one text; a line of a table stays one line.
const TEXT_CHARS_MAX: usize = 160;

/// A place that is not what was written.
pub(crate) fn fault_text(fault: &ChainFault) -> String {
    let chain =
        fault.run.as_ref().map_or("the host's record".to_owned(), |run| format!("run {run}"));
    match (fault.seq, &fault.run) {
        (0, _) => format!("{chain}: {}", fault.what),
        (seq, None) => format!("{chain}, note {seq}: {}", fault.what),
        (seq, Some(_)) => format!("{chain}, entry {seq}: {}", fault.what),
    }
}

/// One row of the host's record.
pub(crate) fn note_row(note: &AuditRecord) -> Vec<String> {
    let who = WHO_KEYS.iter().find_map(|key| note.body.get(key));
    let what: Vec<String> = match &note.body {
        Value::Object(fields) => fields
            .iter()
            .filter(|(key, _)| !WHO_KEYS.contains(&key.as_str()) && *key != BEGINNING_KEY)
            .map(|(key, value)| format!("{key} {}", value_text(value)))
            .collect(),
        Value::Null => Vec::new(),
        other => vec![value_text(other)],
    };
    let mark = if note.fits { "" } else { "(does not fit) " };
    vec![
        note.seq.to_string(),
        note.at.to_string(),
        plain(&note.kind),
        plain(note.run.as_deref().unwrap_or("")),
        plain(&who.map(value_text).unwrap_or_default()),
        plain(&format!("{mark}{}", what.join(", "))),
    ]
}

/// One record as JSON.
pub(crate) fn record_json(record: &AuditRecord) -> Value {
    json!({
        "seq": record.seq, "at": record.at.to_string(), "kind": record.kind, "run": record.run,
        "body": record.body, "hash": record.hash, "fits": record.fits,
    })
}

/// What the entries of a run come to.
#[derive(Debug, Default)]
pub(crate) struct RunSummary {
    span: Option<(UnixMillis, UnixMillis)>,
    kinds: BTreeMap<String, u64>,
    answers: BTreeMap<String, u64>,
    /// What people decided about tasks in doubt.
    decisions: BTreeMap<String, u64>,
}

impl RunSummary {
    /// Takes in the next entry.
    pub(crate) fn add(&mut self, entry: &AuditRecord) {
        let first = self.span.map_or(entry.at, |(first, _)| first);
        self.span = Some((first, entry.at));
        *self.kinds.entry(entry.kind.clone()).or_default() += 1;
        match &entry.body["verdict"] {
            Value::Object(verdict) => {
                for word in verdict.keys() {
                    *self.answers.entry(word.clone()).or_default() += 1;
                }
            }
            Value::String(word) => *self.answers.entry(word.clone()).or_default() += 1,
            _ => {}
        }
        if let (Some(decision), Some(by)) =
            (entry.body["decision"].as_str(), entry.body["by"].as_str())
        {
            *self.decisions.entry(format!("{decision} by {by}")).or_default() += 1;
        }
    }

    /// One screen for people.
    pub(crate) fn text(
        &self,
        run: &str,
        header: &Value,
        outcomes: &[String],
        audit: &ChainAudit,
    ) -> String {
        let mut lines = vec![format!("run {run}")];
        if header.is_null() {
            lines.push("  it has no header".to_owned());
        }
        let mut fields = Vec::new();
        collect_texts("", header, &mut fields);
        lines.extend(fields.iter().map(|(key, text)| format!("  {}: {}", plain(key), plain(text))));
        if let Some(at) = header["started_at"].as_i64() {
            lines.push(format!("  started at: {}", UnixMillis(at)));
        }
        let chained = match audit.chained_from {
            None if audit.entries > 0 => ", none of them written with a hash".to_owned(),
            Some(first) if first > 1 => format!(", written with hashes from entry {first} on"),
            _ => String::new(),
        };
        let span =
            self.span.map_or_else(String::new, |(first, last)| format!(", from {first} to {last}"));
        lines.push(format!("entries: {}{span}{chained}", audit.entries));
        for (name, counts) in [
            ("outcomes", &counts_of(outcomes)),
            ("answers", &self.answers),
            ("decisions", &self.decisions),
            ("kinds", &self.kinds),
        ] {
            if !counts.is_empty() {
                let words: Vec<String> =
                    counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
                lines.push(format!("{name}: {}", plain(&words.join(", "))));
            }
        }
        lines.join("\n")
    }

    /// The same for programs.
    pub(crate) fn json(&self, header: &Value, outcomes: &[String]) -> Value {
        json!({
            "header": header, "outcomes": counts_of(outcomes), "answers": self.answers,
            "decisions": self.decisions, "kinds": self.kinds,
        })
    }
}

fn counts_of(words: &[String]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word.clone()).or_default() += 1;
    }
    counts
}

/// Every text of a header, whichever fields it has: a newer program may have written more.
fn collect_texts(key: &str, value: &Value, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) if !text.is_empty() => found.push((key.to_owned(), text.clone())),
        Value::Array(items) if items.iter().any(Value::is_string) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            found.push((key.to_owned(), texts.join(", ")));
        }
        Value::Array(items) => {
            items.iter().for_each(|item| collect_texts(key, item, found));
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                collect_texts(&key, value, found);
            }
        }
        _ => {}
    }
}

fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// One line of limited length that steers no terminal.
fn plain(text: &str) -> String {
    let text = one_line(text);
    let mut letters = text.chars();
    let mut short: String = letters.by_ref().take(TEXT_CHARS_MAX).collect();
    if letters.next().is_some() {
        short.push('…');
    }
    short
}
