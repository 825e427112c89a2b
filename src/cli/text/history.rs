//! The history of a device, laid out.
//!
//! Owns its table, its CSV and its JSON. Must never show a PIN.

use std::collections::BTreeSet;

use crate::app::{DeviceHistory, HistoryCoverage, HistoryRequest};
use crate::cli::text::layout::{counted, one_line};
use crate::cli::text::outcomes::tone;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::model::UnixMillis;
use crate::report::{HistoryLine, csv_text};

/// The fields of a line in JSON, and the columns of the CSV, in order.
pub(crate) const HISTORY_FIELDS: [&str; 21] = [
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

/// How many runs of which span were searched.
pub(crate) fn searched(coverage: &HistoryCoverage, screen: &Screen) -> String {
    let span = coverage.span.map_or_else(String::new, |(first, last)| {
        format!(", {} to {}", screen.time(first), screen.time(last))
    });
    format!("{}{span}", counted(coverage.runs, "run"))
}

/// How much of the history is shown.
pub(crate) fn shown(history: &DeviceHistory) -> String {
    let total = counted(history.total, "entry");
    match history.lines.len() {
        lines if lines == history.total => total,
        lines => format!("{lines} of {total}"),
    }
}

/// The table for people. What all lines share stands above it; a column in which no line says anything is left out.
pub(crate) fn table(history: &DeviceHistory, screen: &Screen) -> String {
    let lines = &history.lines;
    let devices: BTreeSet<&str> = lines.iter().map(|line| line.device.id.as_str()).collect();
    let mut text = String::new();
    if let (1, Some(line)) = (devices.len(), lines.last()) {
        text = format!("{}\n\n", screen.toned(Tone::Strong, &device_line(line)));
    }
    let is_one = devices.len() == 1;
    let all: [(TableColumn, bool); 12] = [
        (TableColumn::whole("WHEN"), true),
        (TableColumn::text("DEVICE"), !is_one),
        (TableColumn::whole("ACTION"), true),
        (TableColumn::number("STEP").optional(), lines.iter().any(|line| line.step > 1)),
        (TableColumn::number("TRY").optional(), lines.iter().any(|line| line.attempt > Some(1))),
        (TableColumn::whole("OUTCOME"), true),
        (TableColumn::text("ANSWER").at_least(24), true),
        (TableColumn::whole("RUN").optional(), true),
        (TableColumn::number("HTTP").optional(), true),
        (
            TableColumn::text("REASON").optional(),
            lines.iter().any(|line| own_reason(line).is_some()),
        ),
        (
            TableColumn::whole("COMMAND").optional(),
            lines.iter().any(|line| line.task.command.is_some()),
        ),
        (TableColumn::whole("ENDED").optional(), true),
    ];
    let columns: Vec<TableColumn> =
        all.iter().filter(|(_, is_used)| *is_used).map(|(column, _)| *column).collect();
    let mut table = Table::new(&columns);
    for line in lines {
        let cells = all.iter().zip(text_cells(line, screen));
        table.row(cells.filter(|((_, is_used), _)| *is_used).map(|(_, cell)| cell));
    }
    text.push_str(&table.render(screen));
    text
}

/// The device that all lines are about.
fn device_line(line: &HistoryLine) -> String {
    let device = &line.device;
    let facts = [name_of(line), &device.name, &device.user_email, device.platform.word()];
    let facts: Vec<&str> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    one_line(&facts.join("  ")).into_owned()
}

/// The answer of a line, without the outcome that stands beside it.
fn answer_of(line: &HistoryLine) -> &str {
    let after = line.answer.strip_prefix(line.outcome().word());
    after.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(&line.answer)
}

/// The reason of a line, where its answer does not say it already.
fn own_reason(line: &HistoryLine) -> Option<&str> {
    let is_said = line.reason.is_empty() || line.answer.contains(&line.reason);
    (!is_said).then_some(line.reason.as_str())
}

/// What is kept, and what was removed.
pub(crate) fn notes(history: &DeviceHistory, screen: &Screen) -> Vec<String> {
    let kept = |line: &&HistoryLine| line.keeps_secret();
    let mut notes: BTreeSet<String> = history
        .lines
        .iter()
        .filter(kept)
        .map(|line| match line.task.pins.is_empty() {
            false => {
                format!("a PIN is kept; show it with:\n  sortie pins --device {}", name_of(line))
            }
            true => format!(
                "secrets are kept; show them with:\n  sortie pins {} --device {} --secrets",
                line.run,
                name_of(line)
            ),
        })
        .collect();
    for line in &history.lines {
        if let Some(at) = history.pruned_at(line) {
            notes.insert(format!(
                "run {}: PINs, secrets and replies were pruned at {}",
                line.run,
                screen.time(at)
            ));
        }
    }
    notes.into_iter().collect()
}

/// The lines for spreadsheets.
pub(crate) fn csv(history: &DeviceHistory) -> String {
    csv_text(HISTORY_FIELDS, history.lines.iter().map(|line| cells(history, line)))
}

/// The lines for programs: each an object.
pub(crate) fn lines_json(history: &DeviceHistory) -> Vec<serde_json::Value> {
    let numbers = ["step", "attempt", "http_status"];
    let line_json = |line: &HistoryLine| {
        let cells = HISTORY_FIELDS.into_iter().zip(cells(history, line));
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
    };
    history.lines.iter().map(line_json).collect()
}

/// The lines with what was searched, for programs.
pub(crate) fn json(history: &DeviceHistory, request: &HistoryRequest) -> serde_json::Value {
    let coverage = &history.coverage;
    let text = |at: Option<UnixMillis>| at.map(|at| at.to_string());
    serde_json::json!({
        "device": request.device, "database": coverage.database.display().to_string(),
        "runs": coverage.runs,
        "covers": {
            "from": text(coverage.span.map(|(first, _)| first)),
            "to": text(coverage.span.map(|(_, last)| last)),
        },
        "since": text(request.since), "until": text(request.until),
        "unreadable": history.unreadable, "total": history.total, "lines": lines_json(history),
    })
}

fn cells(history: &DeviceHistory, line: &HistoryLine) -> [String; HISTORY_FIELDS.len()] {
    let command = line.task.command.as_ref();
    let moment = |at: Option<UnixMillis>| at.map(|at| at.to_string()).unwrap_or_default();
    let number = |number: Option<u16>| number.map(|number| number.to_string()).unwrap_or_default();
    [
        line.at.to_string(),
        line.kind.word().to_owned(),
        line.run.clone(),
        line.device.id.to_string(),
        line.device.serial_number.to_string(),
        line.device.name.to_string(),
        line.device.user_email.to_string(),
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

fn text_cells(line: &HistoryLine, screen: &Screen) -> [TableCell; 12] {
    let number = |number: Option<u16>| number.map(|number| number.to_string()).unwrap_or_default();
    let outcome = line.outcome();
    let ended = line.task.completed_at.map(|at| screen.time(at)).unwrap_or_default();
    [
        screen.time(line.at).into(),
        name_of(line).into(),
        line.action.as_str().into(),
        line.step.to_string().into(),
        number(line.attempt).into(),
        TableCell::toned(tone(outcome), outcome.word()),
        answer_of(line).into(),
        line.run.as_str().into(),
        number(line.http_status).into(),
        own_reason(line).unwrap_or_default().into(),
        line.task.command.as_ref().map_or("", |command| command.status.word()).into(),
        ended.into(),
    ]
}
