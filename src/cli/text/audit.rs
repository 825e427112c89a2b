//! How records of an audit are shown.
//!
//! Owns the columns of notes, the summary of a run and their JSON. Must never decide which record is sound, and never
//! let a text of the database steer a terminal.

use serde_json::{Value, json};
use std::collections::BTreeMap;

use crate::app::{ChainFault, HostAudit};
use crate::cli::text::fields::object;
use crate::cli::text::layout::{counted, one_line};
use crate::cli::text::notes::{WHO_KEYS, note_text, value_text};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::cli::text::wrap::hanging;
use crate::journal::{AuditRecord, AuditedEntry, ChainAudit};
use crate::model::{Event, UnixMillis};

/// The fields of a note, or of a run's entry, in JSON.
pub(crate) const NOTE_FIELDS: [&str; 7] = ["seq", "at", "kind", "run", "body", "hash", "fits"];

const NOTE_COLUMNS: [TableColumn; 6] = [
    TableColumn::number("NOTE"),
    TableColumn::whole("WHEN"),
    TableColumn::whole("KIND"),
    TableColumn::whole("RUN").optional(),
    TableColumn::text("WHO").at_least(12),
    TableColumn::text("WHAT").at_least(20),
];

const HEAD_COLUMNS: [TableColumn; 3] = [
    TableColumn::whole("RECORD"),
    TableColumn::whole("CONTAINS"),
    TableColumn::text("HEAD").at_least(16),
];

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

/// Notes of the host's record for people.
pub(crate) fn note_table<'a>(
    notes: impl IntoIterator<Item = &'a AuditRecord>,
    screen: &Screen,
) -> String {
    let mut table = Table::new(&NOTE_COLUMNS);
    for note in notes {
        let who = WHO_KEYS.iter().find_map(|key| note.body.get(key)).map(value_text);
        let (tone, mark) = match note.fits {
            true => (Tone::Plain, ""),
            false => (Tone::Bad, "(does not fit) "),
        };
        table.row::<TableCell>([
            TableCell::toned(tone, note.seq.to_string()),
            screen.time(note.at).into(),
            plain(&note.kind).into(),
            plain(note.run.as_deref().unwrap_or_default()).into(),
            plain(&who.unwrap_or_default()).into(),
            TableCell::toned(tone, plain(&format!("{mark}{}", note_text(&note.kind, &note.body)))),
        ]);
    }
    table.render(screen)
}

/// The last hash of the host's record and of each run in it, for people.
pub(crate) fn head_table(audit: &HostAudit, screen: &Screen) -> String {
    let mut table = Table::new(&HEAD_COLUMNS);
    table.row(["host".to_owned(), counted(audit.notes, "note"), audit.head.clone()]);
    for (run, chain) in &audit.runs {
        table.row([plain(run), counted(chain.entries, "entry"), chain.head.clone()]);
    }
    table.render(screen)
}

/// The command that verifies later that a head is still contained; on two lines where one is too wide.
pub(crate) fn anchor_command(command: &str, head: &str, screen: &Screen) -> String {
    let line = format!("  {command} --anchor {head}");
    match screen.width.is_some_and(|width| line.len() > width) {
        true => format!("  {command} --anchor \\\n    {head}"),
        false => line,
    }
}

/// Notes or entries for programs.
pub(crate) fn record_json(record: &AuditRecord) -> Value {
    object(
        &NOTE_FIELDS,
        [
            json!(record.seq),
            json!(record.at.to_string()),
            json!(record.kind),
            json!(record.run),
            record.body.clone(),
            json!(record.hash),
            json!(record.fits),
        ],
    )
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
    pub(crate) fn add(&mut self, entry: &AuditedEntry<'_>) {
        let first = self.span.map_or(entry.at, |(first, _)| first);
        self.span = Some((first, entry.at));
        count(&mut self.kinds, entry.kind);
        match &entry.event {
            Some(Event::Answered { verdict, .. }) => count(&mut self.answers, verdict.word()),
            Some(Event::Resolved { .. }) | None => self.add_body(&entry.record().body),
            Some(_) => {}
        }
    }

    /// Takes in what an entry says, also one of a newer program.
    fn add_body(&mut self, body: &Value) {
        match &body["verdict"] {
            Value::Object(verdict) => {
                verdict.keys().for_each(|word| count(&mut self.answers, word))
            }
            Value::String(word) => count(&mut self.answers, word),
            _ => {}
        }
        if let (Some(decision), Some(by)) = (body["decision"].as_str(), body["by"].as_str()) {
            count(&mut self.decisions, &format!("{decision} by {by}"));
        }
    }

    /// The summary for people.
    pub(crate) fn text(
        &self,
        run: &str,
        header: &Value,
        outcomes: &[String],
        audit: &ChainAudit,
        screen: &Screen,
    ) -> String {
        let mut lines = vec![format!("run {run}")];
        if header.is_null() {
            lines.push("  no header".to_owned());
        }
        let mut fields = Vec::new();
        collect_texts("", header, &mut fields);
        lines.extend(fields.iter().map(|(key, text)| format!("  {}: {}", plain(key), plain(text))));
        if let Some(at) = header["started_at"].as_i64() {
            lines.push(format!("  started at: {}", screen.time(UnixMillis(at))));
        }
        let chained = match audit.chained_from {
            None if audit.entries > 0 => ", none with a hash".to_owned(),
            Some(first) if first > 1 => format!(", with hashes from entry {first} on"),
            _ => String::new(),
        };
        let span = self.span.map_or_else(String::new, |(first, last)| {
            format!(", {} to {}", screen.time(first), screen.time(last))
        });
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
        let fitted = lines.iter().map(|line| {
            let text = line.trim_start();
            let indent = line.len() - text.len();
            format!("{}{}", " ".repeat(indent), hanging(text, screen.width, indent + 4))
        });
        fitted.collect::<Vec<_>>().join("\n")
    }

    /// The summary for programs.
    pub(crate) fn json(&self, header: &Value, outcomes: &[String]) -> Value {
        json!({
            "header": header, "outcomes": counts_of(outcomes), "answers": self.answers,
            "decisions": self.decisions, "kinds": self.kinds,
        })
    }
}

fn counts_of(words: &[String]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    words.iter().for_each(|word| count(&mut counts, word));
    counts
}

fn count(counts: &mut BTreeMap<String, u64>, word: &str) {
    match counts.get_mut(word) {
        Some(count) => *count += 1,
        None => drop(counts.insert(word.to_owned(), 1)),
    }
}

/// Every text of a header, with any fields: a newer program may have written more.
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
