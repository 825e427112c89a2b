//! What pruning removes, in words and as JSON.
//!
//! Owns the list. Must never show a secret.

use crate::app::{LeftAlone, Prunable, PrunableRun, PruneCounts};
use crate::cli::text::layout::{counted, thousands};
use crate::cli::text::screen::Screen;
use crate::cli::text::table::{Table, TableColumn};
use crate::cli::text::wrap::hanging;

/// Serial numbers named for each run.
const SAMPLES: usize = 3;

/// What pruning does not change, and why.
pub(crate) fn left_alone(left: &LeftAlone) -> String {
    match left {
        LeftAlone::Held { run } => format!("run {run} is in use by another process"),
        LeftAlone::NotOver { run, state } => {
            format!("run {run} is {} and may still need its PINs", state.word())
        }
        LeftAlone::Newer { run, tasks } => {
            format!("{} of run {run}, with newer entries", counted(*tasks as usize, "task"))
        }
    }
}

/// `3 PINs, 1 other secret and 2 replies of 2 runs`.
pub(crate) fn counts(prunable: &Prunable) -> String {
    let PruneCounts { pins, secrets, replies } = prunable.counts();
    format!(
        "{}, {} and {} of {}",
        counted(pins as usize, "PIN"),
        counted(secrets as usize, "other secret"),
        replies_text(replies),
        counted(prunable.runs.len(), "run")
    )
}

/// The list for people.
pub(crate) fn text(prunable: &Prunable, screen: &Screen) -> String {
    let mut table = Table::new(&[
        TableColumn::whole("RUN"),
        TableColumn::text("JOB"),
        TableColumn::number("PINS"),
        TableColumn::number("SECRETS"),
        TableColumn::number("REPLIES"),
        TableColumn::text("DEVICES"),
        TableColumn::whole("STARTED").optional(),
    ])
    .indented(2);
    for run in &prunable.runs {
        let PruneCounts { pins, secrets, replies } = run.counts();
        let [pins, secrets, replies] = [pins, secrets, replies].map(thousands);
        let (id, job) = (run.row.id.clone(), run.row.job.clone());
        table.row([id, job, pins, secrets, replies, devices(run), screen.time(run.row.started_at)]);
    }
    let before = screen.time(prunable.before);
    let title = format!("{} that were over by {before}:", counts(prunable));
    format!("{}\n{}", hanging(&title, screen.width, 2), table.render(screen))
}

/// The first serial numbers of a run, and how many more there are.
fn devices(run: &PrunableRun) -> String {
    let serials = run.serial_numbers();
    let first: Vec<&str> = serials.iter().take(SAMPLES).copied().collect();
    match serials.len().saturating_sub(SAMPLES) {
        0 => first.join(", "),
        more => format!("{} and {} more", first.join(", "), thousands(more)),
    }
}

/// The same for programs.
pub(crate) fn json(prunable: &Prunable) -> serde_json::Value {
    let runs: Vec<serde_json::Value> = prunable.runs.iter().map(run_json).collect();
    serde_json::json!({ "older_than": prunable.before.to_string(), "runs": runs })
}

fn run_json(run: &PrunableRun) -> serde_json::Value {
    let PruneCounts { pins, secrets, replies } = run.counts();
    serde_json::json!({
        "run_id": run.row.id, "job": run.row.job, "tenant": run.row.tenant,
        "started_at": run.row.started_at.to_string(), "pins": pins, "secrets": secrets,
        "replies": replies, "serial_numbers": run.serial_numbers(), "report_dir": run.report_dir,
    })
}

fn replies_text(count: u32) -> String {
    if count == 1 { "1 reply".to_owned() } else { format!("{count} replies") }
}
