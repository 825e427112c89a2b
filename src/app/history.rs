//! `sortie history`: everything that was ever sent to a device.
//!
//! Owns its layout and the reading of its times. Must never speak to a tenant, show a PIN, or pass over a run that
//! it cannot read without saying so.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::Workspace;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{Format, GlobalOptions, HistoryOptions};
use crate::cli::terminal::printer::{Printer, counted, table};
use crate::drive::{Clock, WallClock};
use crate::journal::{JournalError, RunReader, RunRow};
use crate::model::{Entry, TaskIndex, UnixMillis, parse_duration_ms};
use crate::report::{HistoryLine, csv_text, history_lines};

const DAY_MS: u64 = 86_400_000;

/// Columns of the CSV, in order.
const COLUMNS: [&str; 21] = [
    "at",
    "kind",
    "run",
    "device_id",
    "serial_number",
    "device_name",
    "user_email",
    "platform",
    "action",
    "step",
    "attempt",
    "http_status",
    "answer",
    "outcome",
    "reason",
    "ended_at",
    "command_uuid",
    "command_status",
    "command_completed_at",
    "secrets_kept",
    "pruned_at",
];

pub(crate) fn history(
    global: &GlobalOptions,
    options: &HistoryOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let state = with_runs(global, printer)?;
    let history = History::read(&state, options)?;
    match printer.format {
        Format::Json => printer.data(&history.json().to_string()),
        Format::Csv => printer.data(&history.csv()),
        Format::Text => {
            printer.show(&history.text());
            for note in history.notes() {
                printer.say(&note);
            }
        }
    }
    if printer.format != Format::Json {
        printer.say(&format!("{}; nothing was sent", history.covered()));
    }
    match history.unreadable.as_slice() {
        [] => Ok(Exit::Well),
        unreadable => Err(Failure::new(
            Exit::Journal,
            format!("the history is not complete: {}", unreadable.join("; ")),
        )
        .next("check the files, or use the sortie that wrote them")),
    }
}

struct History {
    device: String,
    database: String,
    /// When the first and the last run of this state directory started.
    span: Option<(UnixMillis, UnixMillis)>,
    runs: usize,
    since: Option<UnixMillis>,
    until: Option<UnixMillis>,
    lines: Vec<HistoryLine>,
    /// When secrets were dropped, by run and task.
    pruned: BTreeMap<(String, String, u16), UnixMillis>,
    unreadable: Vec<String>,
}

impl History {
    fn read(state: &Workspace, options: &HistoryOptions) -> Result<Self, Failure> {
        let now = WallClock.now();
        let since = options.since.as_deref().map(|text| since_of(text, now)).transpose()?;
        let until = options.until.as_deref().map(|text| until_of(text, now)).transpose()?;
        let runs = state.index().runs()?;
        let mut history = Self {
            device: options.device.clone(),
            database: state.dir.index_path().display().to_string(),
            span: runs
                .last()
                .zip(runs.first())
                .map(|(one, other)| (one.started_at, other.started_at)),
            runs: runs.len(),
            since,
            until,
            lines: Vec::new(),
            pruned: BTreeMap::new(),
            unreadable: Vec::new(),
        };
        let events = state.index().device_tasks(&options.device)?;
        if events.is_empty() {
            let what = format!("no run ever had a task for '{}'", options.device);
            return Err(Failure::new(Exit::Target, what)
                .state(format!("searched {}", history.covered()))
                .next("give an id, a serial number, a name or a user's address in full"));
        }
        let mut by_run: BTreeMap<String, BTreeSet<TaskIndex>> = BTreeMap::new();
        for event in events {
            by_run.entry(event.run).or_default().insert(TaskIndex(event.task));
        }
        for row in runs.iter().rev() {
            let Some(tasks) = by_run.get(&row.id) else { continue };
            if let Err(error) = history.add_run(state, row, tasks) {
                history.unreadable.push(format!("run {}: {error}", row.id));
            }
        }
        let is_asked = |line: &HistoryLine| {
            since.is_none_or(|since| line.at >= since) && until.is_none_or(|until| line.at < until)
        };
        history.lines.retain(is_asked);
        history.lines.sort_by_key(|line| line.at);
        Ok(history)
    }

    fn add_run(
        &mut self,
        state: &Workspace,
        row: &RunRow,
        tasks: &BTreeSet<TaskIndex>,
    ) -> Result<(), JournalError> {
        let reader = RunReader::open(&state.dir, &row.id)?;
        let mut entries: BTreeMap<TaskIndex, Vec<Entry>> = BTreeMap::new();
        reader
            .for_each_entry_of(tasks, |task, entry| entries.entry(task).or_default().push(entry))?;
        let facts = reader.tasks()?;
        let nothing = Vec::new();
        for index in tasks {
            if let Some(task) = facts.get(index.at()) {
                let entries = entries.get(index).unwrap_or(&nothing);
                self.lines.extend(history_lines(&row.id, row.started_at, task, entries));
            }
        }
        for dropped in state.index().prunings(&row.id)? {
            if let Some(task) = facts.get(dropped.task as usize) {
                let key = (row.id.clone(), task.device.id.to_string(), task.step);
                self.pruned.insert(key, dropped.at);
            }
        }
        Ok(())
    }

    fn pruned_at(&self, line: &HistoryLine) -> Option<UnixMillis> {
        self.pruned.get(&(line.run.clone(), line.device.id.to_string(), line.step)).copied()
    }

    /// Which database and which span were searched.
    fn covered(&self) -> String {
        let span = self.span.map_or_else(String::new, |(first, last)| {
            format!(", which {} from {first} to {last}", has_runs(self.runs))
        });
        format!("{}{span}", self.database)
    }

    fn text(&self) -> String {
        let rows: Vec<Vec<String>> = self.lines.iter().map(text_row).collect();
        let header = [
            "WHEN", "RUN", "SERIAL", "NAME", "ACTION", "STEP", "TRY", "HTTP", "ANSWER", "OUTCOME",
            "COMMAND", "ENDED", "REASON",
        ];
        table(&header, &rows)
    }

    /// What is kept, and what was dropped.
    fn notes(&self) -> Vec<String> {
        let kept = |line: &&HistoryLine| line.keeps_secret();
        let mut notes: BTreeSet<String> = self
            .lines
            .iter()
            .filter(kept)
            .map(|line| match line.task.pins.is_empty() {
                false => format!("PIN kept: sortie pins --device {}", name_of(line)),
                true => format!("secrets of {} are kept in run {}", name_of(line), line.run),
            })
            .collect();
        for line in &self.lines {
            if let Some(at) = self.pruned_at(line) {
                notes.insert(format!(
                    "PINs, secrets and replies of run {} were pruned at {at}",
                    line.run
                ));
            }
        }
        notes.into_iter().collect()
    }

    fn csv(&self) -> String {
        csv_text(COLUMNS, self.lines.iter().map(|line| self.cells(line)))
    }

    fn cells(&self, line: &HistoryLine) -> [String; COLUMNS.len()] {
        let command = line.task.command.as_ref();
        let moment = |at: Option<UnixMillis>| at.map(|at| at.to_string()).unwrap_or_default();
        let number =
            |number: Option<u16>| number.map(|number| number.to_string()).unwrap_or_default();
        [
            line.at.to_string(),
            line.kind.word().to_owned(),
            line.run.clone(),
            line.device.id.to_string(),
            line.device.serial_number.clone(),
            line.device.name.clone(),
            line.device.user_email.clone(),
            line.device.platform.word().to_owned(),
            line.action.clone(),
            line.step.to_string(),
            number(line.attempt),
            number(line.http_status),
            line.answer.clone(),
            line.outcome().word().to_owned(),
            line.reason.clone(),
            moment(line.task.completed_at),
            command.map(|command| command.uuid.clone()).unwrap_or_default(),
            command.map(|command| command.status.word().to_owned()).unwrap_or_default(),
            moment(command.and_then(|command| command.completed_at)),
            line.keeps_secret().to_string(),
            moment(self.pruned_at(line)),
        ]
    }

    fn json(&self) -> serde_json::Value {
        let numbers = ["step", "attempt", "http_status"];
        let lines: Vec<serde_json::Value> = self
            .lines
            .iter()
            .map(|line| {
                let cells = COLUMNS.into_iter().zip(self.cells(line));
                let values = cells.map(|(name, cell)| {
                    let value = match (name, cell.as_str()) {
                        ("answer" | "reason", _) => cell.into(),
                        (_, "") => serde_json::Value::Null,
                        ("secrets_kept", text) => (text == "true").into(),
                        (name, text) if numbers.contains(&name) => text.parse::<u16>().ok().into(),
                        _ => cell.into(),
                    };
                    (name.to_owned(), value)
                });
                serde_json::Value::Object(values.collect())
            })
            .collect();
        let text = |at: Option<UnixMillis>| at.map(|at| at.to_string());
        serde_json::json!({
            "device": self.device, "database": self.database, "runs": self.runs,
            "covers": {
                "from": text(self.span.map(|(first, _)| first)),
                "to": text(self.span.map(|(_, last)| last)),
            },
            "since": text(self.since), "until": text(self.until),
            "unreadable": self.unreadable, "lines": lines,
        })
    }
}

fn has_runs(runs: usize) -> String {
    format!("has {}", counted(runs, "run"))
}

/// What to call the device of a line: its serial number, where it has one.
fn name_of(line: &HistoryLine) -> &str {
    match line.device.serial_number.as_str() {
        "" => line.device.id.as_str(),
        serial => serial,
    }
}

fn text_row(line: &HistoryLine) -> Vec<String> {
    let number = |number: Option<u16>| number.map(|number| number.to_string()).unwrap_or_default();
    let command = line.task.command.as_ref().map(|command| {
        let at = command.completed_at.map(|at| format!(" {at}")).unwrap_or_default();
        format!("{} {}{at}", command.uuid, command.status.word())
    });
    vec![
        line.at.to_string(),
        line.run.clone(),
        line.device.serial_number.clone(),
        line.device.name.clone(),
        line.action.clone(),
        line.step.to_string(),
        number(line.attempt),
        number(line.http_status),
        line.answer.clone(),
        line.outcome().word().to_owned(),
        command.unwrap_or_default(),
        line.task.completed_at.map(|at| at.to_string()).unwrap_or_default(),
        line.reason.clone(),
    ]
}

/// The moment from which on lines are shown.
fn since_of(text: &str, now: UnixMillis) -> Result<UnixMillis, Failure> {
    day(text).or_else(|| moment(text, now)).ok_or_else(|| not_a_time("--since", text))
}

/// The moment before which lines are shown; of a date its end.
fn until_of(text: &str, now: UnixMillis) -> Result<UnixMillis, Failure> {
    let end = day(text).map(|day| day.plus_ms(DAY_MS));
    end.or_else(|| moment(text, now)).ok_or_else(|| not_a_time("--until", text))
}

/// The beginning of a date, in UTC as all times are.
fn day(text: &str) -> Option<UnixMillis> {
    UnixMillis::parse(&format!("{}T00:00:00Z", text.trim()))
}

fn moment(text: &str, now: UnixMillis) -> Option<UnixMillis> {
    let ago = |duration_ms: u64| {
        UnixMillis(now.0.saturating_sub(i64::try_from(duration_ms).unwrap_or(i64::MAX)))
    };
    UnixMillis::parse(text).or_else(|| parse_duration_ms(text).map(ago))
}

fn not_a_time(flag: &str, text: &str) -> Failure {
    Failure::usage(format!("{flag}: '{text}' is not a time"))
        .next("write a date (2026-11-01), a moment (2026-11-01T08:00:00Z) or how long ago (7d)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates_moments_or_durations_ago() {
        let now = UnixMillis::parse("2026-11-20T12:00:00Z").expect("a moment");
        for (text, since, until) in [
            ("2026-11-01", "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"),
            ("2026-11-01T08:00:00+02:00", "2026-11-01T06:00:00.000Z", "2026-11-01T06:00:00.000Z"),
            ("7d", "2026-11-13T12:00:00.000Z", "2026-11-13T12:00:00.000Z"),
        ] {
            let shown = |at: Result<UnixMillis, Failure>| at.map(|at| at.to_string()).ok();
            assert_eq!(shown(since_of(text, now)).as_deref(), Some(since), "{text}");
            assert_eq!(shown(until_of(text, now)).as_deref(), Some(until), "{text}");
        }
        for text in ["", "yesterday", "2026-13-01", "7", "-7d"] {
            assert!(since_of(text, now).is_err(), "{text}");
            assert!(until_of(text, now).is_err(), "{text}");
        }
    }
}
