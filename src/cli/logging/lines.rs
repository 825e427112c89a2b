//! Events as lines.
//!
//! Owns the two forms of a line. Invariant: an event is one line, and no text in it can begin another or steer a terminal. Must
//! never write a value that has no name of ours.

use std::fmt::{self, Write};
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use super::file::LogFile;
use super::filter::LogFilter;
use crate::cli::text::layout::steers;
use crate::drive::{Clock, WallClock};
use crate::model::UnixMillis;

/// Most letters of one value: a reason may name every row of a job.
const VALUE_LETTERS_MAX: usize = 2_000;
/// The field that is the sentence of the event.
const MESSAGE: &str = "message";

/// The form of a line.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum LineForm {
    /// For people: moment, level, target, message, then fields.
    Text,
    /// One object for programs.
    Json,
}

/// Writes each event that passes the filter to the log file.
pub(crate) struct LogLines {
    filter: LogFilter,
    form: LineForm,
    file: Arc<LogFile>,
    process: u32,
}

impl LogLines {
    pub(crate) fn new(filter: LogFilter, form: LineForm, file: Arc<LogFile>) -> Self {
        Self { filter, form, file, process: std::process::id() }
    }
}

impl Subscriber for LogLines {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // Remembered at the place of the event, so that one that does not pass costs nothing worth naming.
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // `enabled!` asks for neither an event nor a span.
        !metadata.is_span() && self.filter.passes(metadata.target(), *metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.filter.most_verbose())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = LogLine::default();
        event.record(&mut line);
        let metadata = event.metadata();
        let head = LineHead {
            at: WallClock.now(),
            level: metadata.level().as_str(),
            target: metadata.target(),
            process: self.process,
        };
        self.file.write(line.written(self.form, &head).as_bytes());
    }

    // Spans are not used, and those of libraries do not pass.
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What every line has.
struct LineHead<'a> {
    at: UnixMillis,
    level: &'a str,
    target: &'a str,
    process: u32,
}

/// The message and the fields of an event.
#[derive(Default)]
struct LogLine {
    message: String,
    fields: Vec<(&'static str, LoggedValue)>,
}

enum LoggedValue {
    /// A number or a truth value, as JSON writes it.
    Bare(String),
    Text(String),
}

impl LogLine {
    fn written(&self, form: LineForm, head: &LineHead<'_>) -> String {
        let mut line = String::new();
        let written = match form {
            LineForm::Text => self.write_text(head, &mut line),
            LineForm::Json => self.write_json(head, &mut line),
        };
        written.expect("a text can always be written to");
        line.push('\n');
        line
    }

    fn write_text(&self, head: &LineHead<'_>, line: &mut String) -> fmt::Result {
        let LineHead { at, level, target, process } = head;
        write!(line, "{at} {level:5} {target} {} pid={process}", escaped(&self.message))?;
        self.fields.iter().try_for_each(|(name, value)| match value {
            LoggedValue::Bare(text) => write!(line, " {name}={text}"),
            LoggedValue::Text(text) if is_word(text) => write!(line, " {name}={text}"),
            LoggedValue::Text(text) => write!(line, " {name}=\"{}\"", escaped(text)),
        })
    }

    fn write_json(&self, head: &LineHead<'_>, line: &mut String) -> fmt::Result {
        let LineHead { at, level, target, process } = head;
        let (level, message) = (level.to_ascii_lowercase(), escaped(&self.message));
        write!(
            line,
            "{{\"at\":\"{at}\",\"level\":\"{level}\",\"target\":\"{target}\",\
             \"message\":\"{message}\",\"pid\":{process}"
        )?;
        self.fields.iter().try_for_each(|(name, value)| match value {
            LoggedValue::Bare(text) => write!(line, ",\"{name}\":{text}"),
            LoggedValue::Text(text) => write!(line, ",\"{name}\":\"{}\"", escaped(text)),
        })?;
        line.push('}');
        Ok(())
    }

    fn add(&mut self, field: &Field, value: LoggedValue) {
        match value {
            LoggedValue::Text(text) if field.name() == MESSAGE => self.message = text,
            value => self.fields.push((field.name(), value)),
        }
    }
}

impl Visit for LogLine {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, LoggedValue::Text(format!("{value:?}")));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, LoggedValue::Text(value.to_owned()));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, LoggedValue::Bare(value.to_string()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, LoggedValue::Bare(value.to_string()));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, LoggedValue::Bare(value.to_string()));
    }
}

/// Whether a value needs no quotation marks.
fn is_word(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/+@".contains(letter);
    !text.is_empty() && text.len() <= VALUE_LETTERS_MAX && text.chars().all(is_plain)
}

/// A text between quotation marks, as JSON writes it: line breaks and letters that steer a terminal are written as numbers.
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut letters = text.chars();
    for letter in letters.by_ref().take(VALUE_LETTERS_MAX) {
        match letter {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            // All of them have four digits or fewer.
            letter if steers(letter) => written.push_str(&format!("\\u{:04x}", u32::from(letter))),
            letter => written.push(letter),
        }
    }
    if letters.next().is_some() {
        written.push('…');
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::subscriber::with_default;

    /// What these events write in a form, at the most verbose filter.
    fn written(form: LineForm, events: impl FnOnce()) -> String {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("sortie.log");
        let file = Arc::new(LogFile::open(&path, |error| panic!("{error}")).expect("it opens"));
        let filter = LogFilter::parse("trace").expect("a filter");
        with_default(LogLines::new(filter, form, file), events);
        std::fs::read_to_string(&path).expect("it is there")
    }

    /// A name of a device that tries to forge a line, to end its quotation marks and to steer a terminal.
    const EVIL: &str =
        "pad\n2026-01-01T00:00:00.000Z INFO \"forged\"\\\u{1b}[2J\u{9b}1A\u{2028}\u{202e}\r\0";

    #[test]
    fn no_text_of_others_forges_a_line() {
        let log = |name: &str| tracing::info!(target: "sortie::run", name, tasks = 3, "{name}");
        let text = written(LineForm::Text, || log(EVIL));
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.trim_end().contains(steers), "{text:?}");
        assert!(text.ends_with(" tasks=3\n") && text.contains(" INFO  sortie::run pad\\n2026-"));
        let json = written(LineForm::Json, || log(EVIL));
        assert!(!json.trim_end().contains(steers), "{json:?}");
        let object: serde_json::Value = serde_json::from_str(&json).expect("an object");
        assert_eq!((&object["name"], &object["message"]), (&EVIL.into(), &EVIL.into()));
        assert_eq!((&object["level"], &object["tasks"]), (&"info".into(), &3.into()));
        assert_eq!(object["target"], "sortie::run");
        assert_eq!(object["pid"], std::process::id());
    }

    #[test]
    fn headers_that_a_library_logs_do_not_reach_the_file() {
        let log = || {
            tracing::error!(target: "reqwest::connect", header = "Bearer planted-token");
            tracing::trace!(target: "hyper_util::client", authorization = "planted-token", "x");
            let span = tracing::error_span!(target: "rustls", "planted-token");
            let _entered = span.enter();
            tracing::trace!(target: "sortie::transport", path = "/api/v1/devices", "request");
        };
        let text = written(LineForm::Text, log);
        assert!(!text.contains("planted"), "{text}");
        assert!(text.ends_with(" path=/api/v1/devices\n"), "{text}");
    }

    #[test]
    fn a_long_value_is_cut() {
        let long = "é".repeat(VALUE_LETTERS_MAX + 1);
        let text = written(LineForm::Text, || {
            tracing::info!(target: "sortie::run", long, empty = "", "long");
        });
        assert!(text.ends_with("é…\" empty=\"\"\n"), "{text}");
    }
}
