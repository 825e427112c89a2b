//! How far a run is, in words and as JSON.
//!
//! Owns the layout of `sortie status`. Must never let a device's name or a server's words steer the terminal.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::json;

use crate::app::RunStatus;
use crate::cli::text::fields::object;
use crate::cli::text::layout::{counted, one_line, thousands};
use crate::cli::text::outcomes::tone;
use crate::cli::text::run_next::{Resumable, missing_pins, retry, step, steps};
use crate::cli::text::run_summary::{Detail, run_tasks};
use crate::cli::text::screen::Screen;
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::cli::text::wrap::hanging;
use crate::journal::RunState;
use crate::model::{Outcome, UnixMillis, human_duration};
use crate::report::ReportRow;

/// Columns that a label of the heading takes.
const LABEL: usize = 11;

/// The run, then how its tasks stand.
pub(crate) fn text(status: &RunStatus, detail: Detail, screen: &Screen) -> String {
    format!("{}\n{}", heading(status, screen), run_tasks(status.overview(), detail, screen))
}

/// What the run is, when it was and where its reports are.
fn heading(status: &RunStatus, screen: &Screen) -> String {
    let row = &status.row;
    let title = format!("run {}: {} on {}", row.id, one_line(&row.job), one_line(&row.tenant));
    let mut text = format!("{}\n", hanging(&title, screen.width, 2));
    let mut line = |label: &str, value: &str| {
        // A path is copied: it stays whole.
        let value = match label {
            "reports" => value.to_owned(),
            _ => hanging(&one_line(value), screen.width, LABEL + 2),
        };
        text.push_str(&format!("  {label:<LABEL$}{value}\n"));
    };
    line("state", &state_text(status));
    line("tasks", &thousands(row.tasks as usize));
    line("started", &screen.time(row.started_at));
    if let Some(at) = row.ended_at {
        let took = human_duration(at.remaining_ms(row.started_at));
        line("ended", &format!("{} (after {took})", screen.time(at)));
    }
    line("confirmed", status.confirmation());
    if let Some(reason) = &status.facts().reason {
        line("reason", reason);
    }
    if let Some(at) = status.pruned_at {
        line("pruned", &format!("PINs, secrets and replies were removed at {}", screen.time(at)));
    }
    line("reports", &status.report_dir().display().to_string());
    text
}

fn state_text(status: &RunStatus) -> String {
    let state = status.row.state;
    let meaning = match state {
        _ if status.is_held => "running in another process now",
        RunState::Open => "no process runs it; the last one ended unexpectedly",
        RunState::Paused if status.overview().unsent > 0 => "stopped before everything was sent",
        RunState::Paused => "everything is sent; some tasks are in doubt",
        RunState::Ended => "everything is sent; some commands are pending",
        RunState::Closed => "closed by a person; it sends and follows nothing more",
        RunState::Finished => "every task has ended",
    };
    format!("{} ({meaning})", state.word())
}

/// What to do next; nothing while a process runs it, or when there is nothing to do.
pub(crate) fn next(status: &RunStatus, now: UnixMillis) -> Vec<String> {
    let overview = status.overview();
    let run = &status.row.id;
    let resumable = if now < status.sending_ends() { Resumable::Yes } else { Resumable::No };
    match status.row.state {
        _ if status.is_held => Vec::new(),
        RunState::Finished | RunState::Closed => {
            [missing_pins(overview), retry(overview)].into_iter().flatten().collect()
        }
        RunState::Ended => {
            let mut next = steps(overview, resumable);
            next.push(step("or stop following it", &format!("sortie close {run}")));
            next
        }
        _ => match steps(overview, resumable) {
            none if none.is_empty() => {
                vec![step("resume the run", &format!("sortie resume {run}"))]
            }
            steps => steps,
        },
    }
}

/// The devices of a run, one line for each task.
pub(crate) fn devices(rows: &[ReportRow<'_>], screen: &Screen) -> String {
    let has_steps = rows.iter().any(|row| row.step() > 1);
    let has_reasons = rows.iter().any(|row| !own_reason(row).is_empty());
    let mut columns = vec![TableColumn::whole("SERIAL"), TableColumn::text("NAME").at_least(12)];
    columns.push(TableColumn::text("USER").optional());
    columns.extend(has_steps.then_some(TableColumn::number("STEP")));
    columns.extend([TableColumn::whole("ACTION"), TableColumn::whole("OUTCOME")]);
    columns.extend(has_reasons.then_some(TableColumn::text("REASON").at_least(28)));
    columns.extend([
        TableColumn::whole("LAST CHECK-IN").optional(),
        TableColumn::whole("COMMAND").optional(),
    ]);
    let mut table = Table::new(&columns);
    for row in rows {
        let device = row.device();
        let serial = match device.serial_number.as_str() {
            "" => device.id.as_str(),
            serial => serial,
        };
        let mut cells: Vec<TableCell> =
            vec![serial.into(), device.name.as_str().into(), device.user_email.as_str().into()];
        cells.extend(has_steps.then(|| row.step().to_string().into()));
        cells.push(row.action().into());
        cells.push(TableCell::toned(tone(row.outcome()), row.outcome().word()));
        cells.extend(has_reasons.then(|| own_reason(row).into_owned().into()));
        cells.push(device.last_check_in.get().map(|at| screen.time(at)).unwrap_or_default().into());
        cells.push(row.command_status().map_or("", |status| status.word()).into());
        table.row(cells);
    }
    table.render(screen)
}

/// The reason, where it says more than that the device is waited for.
fn own_reason<'r>(row: &'r ReportRow<'_>) -> Cow<'r, str> {
    match row.outcome() {
        Outcome::Pending | Outcome::NotNow => row.record().reason.as_str().into(),
        _ => row.reason(),
    }
}

/// How many are shown of how many.
pub(crate) fn devices_shown(shown: usize, of: usize) -> String {
    match shown == of {
        true => counted(shown, "task"),
        false => format!("{} of {}", thousands(shown), counted(of, "task")),
    }
}

/// The run for programs, with its devices where they were asked for.
pub(crate) fn run_json(status: &RunStatus, devices: Option<&[ReportRow<'_>]>) -> serde_json::Value {
    let row = &status.row;
    let outcomes: BTreeMap<&str, u32> =
        status.counts.iter().map(|(outcome, tasks)| (outcome.word(), tasks)).collect();
    let mut object = serde_json::json!({
        "run_id": row.id, "job": row.job, "tenant": row.tenant, "state": row.state.word(),
        "running": status.is_held, "tasks": row.tasks, "outcomes": outcomes,
        "requests": status.requests(), "report_dir": status.report_dir(),
    });
    if let Some(devices) = devices {
        object["devices"] = devices.iter().map(device_json).collect();
    }
    object
}

/// The fields of a task of a device in JSON. Fields are only ever added.
pub(crate) const STATUS_DEVICE_FIELDS: [&str; 16] = [
    "row",
    "step",
    "device_id",
    "serial_number",
    "device_name",
    "user_email",
    "platform",
    "action",
    "outcome",
    "reason",
    "http_status",
    "command_uuid",
    "command_status",
    "last_check_in",
    "requested_at",
    "completed_at",
];

/// One task of a device for programs.
pub(crate) fn device_json(row: &ReportRow<'_>) -> serde_json::Value {
    let device = row.device();
    let moment = |at: Option<UnixMillis>| json!(at.map(|at| at.to_string()));
    object(
        &STATUS_DEVICE_FIELDS,
        [
            json!(row.row()),
            json!(row.step()),
            json!(device.id.as_str()),
            json!(device.serial_number),
            json!(device.name),
            json!(device.user_email),
            json!(device.platform.word()),
            json!(row.action()),
            json!(row.outcome().word()),
            json!(row.reason()),
            json!(row.http_status()),
            json!(row.command_uuid()),
            json!(row.command_status().map(|status| status.word())),
            moment(device.last_check_in.get()),
            moment(row.requested_at()),
            moment(row.completed_at()),
        ],
    )
}
