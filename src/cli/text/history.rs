//! The history of a device, laid out.
//!
//! Owns its table, its CSV and its JSON. Must never show a PIN.

use std::collections::BTreeSet;

use crate::app::{DeviceHistory, HistoryCoverage, HistoryRequest};
use crate::cli::text::layout::{counted, table};
use crate::model::UnixMillis;
use crate::report::{HistoryLine, csv_text};

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

/// Which database and which span were searched.
pub(crate) fn covered(coverage: &HistoryCoverage) -> String {
    let runs = counted(coverage.runs, "run");
    let span = coverage.span.map_or_else(String::new, |(first, last)| {
        format!(", which has {runs} from {first} to {last}")
    });
    format!("{}{span}", coverage.database.display())
}

/// The table for people.
pub(crate) fn text(history: &DeviceHistory) -> String {
    let rows: Vec<Vec<String>> = history.lines.iter().map(text_row).collect();
    let header = [
        "WHEN", "RUN", "SERIAL", "NAME", "ACTION", "STEP", "TRY", "HTTP", "ANSWER", "OUTCOME",
        "COMMAND", "ENDED", "REASON",
    ];
    table(&header, &rows)
}

/// What is kept, and what was dropped.
pub(crate) fn notes(history: &DeviceHistory) -> Vec<String> {
    let kept = |line: &&HistoryLine| line.keeps_secret();
    let mut notes: BTreeSet<String> = history
        .lines
        .iter()
        .filter(kept)
        .map(|line| match line.task.pins.is_empty() {
            false => format!("PIN kept: sortie pins --device {}", name_of(line)),
            true => format!("secrets of {} are kept in run {}", name_of(line), line.run),
        })
        .collect();
    for line in &history.lines {
        if let Some(at) = history.pruned_at(line) {
            notes.insert(format!(
                "PINs, secrets and replies of run {} were pruned at {at}",
                line.run
            ));
        }
    }
    notes.into_iter().collect()
}

/// The same for spreadsheets.
pub(crate) fn csv(history: &DeviceHistory) -> String {
    csv_text(COLUMNS, history.lines.iter().map(|line| cells(history, line)))
}

/// The same for programs.
pub(crate) fn json(history: &DeviceHistory, request: &HistoryRequest) -> serde_json::Value {
    let coverage = &history.coverage;
    let numbers = ["step", "attempt", "http_status"];
    let lines: Vec<serde_json::Value> = history
        .lines
        .iter()
        .map(|line| {
            let cells = COLUMNS.into_iter().zip(cells(history, line));
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
        "device": request.device, "database": coverage.database.display().to_string(),
        "runs": coverage.runs,
        "covers": {
            "from": text(coverage.span.map(|(first, _)| first)),
            "to": text(coverage.span.map(|(_, last)| last)),
        },
        "since": text(request.since), "until": text(request.until),
        "unreadable": history.unreadable, "lines": lines,
    })
}

fn cells(history: &DeviceHistory, line: &HistoryLine) -> [String; COLUMNS.len()] {
    let command = line.task.command.as_ref();
    let moment = |at: Option<UnixMillis>| at.map(|at| at.to_string()).unwrap_or_default();
    let number = |number: Option<u16>| number.map(|number| number.to_string()).unwrap_or_default();
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
        moment(history.pruned_at(line)),
    ]
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
