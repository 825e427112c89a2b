//! What pruning drops, in words and as JSON.
//!
//! Owns the list. Must never show a secret.

use crate::app::{LeftAlone, Prunable, PrunableRun, PruneCounts};
use crate::cli::text::layout::counted;

/// Serial numbers named for each run.
const SAMPLES: usize = 5;

/// What pruning does not change, and why.
pub(crate) fn left_alone(left: &LeftAlone) -> String {
    match left {
        LeftAlone::Held { run } => format!("run {run}: another process holds it"),
        LeftAlone::NotOver { run, state } => {
            format!("run {run}: it is {}, and may still need its PINs", state.word())
        }
        LeftAlone::Newer { run, tasks } => format!(
            "{} of run {run}: something newer is recorded of them",
            counted(*tasks as usize, "task")
        ),
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
pub(crate) fn text(prunable: &Prunable) -> String {
    let mut text = format!("Of runs that were over by {}: {}\n", prunable.before, counts(prunable));
    for run in &prunable.runs {
        text.push_str(&run_text(run));
    }
    text
}

/// The same for programs.
pub(crate) fn json(prunable: &Prunable) -> serde_json::Value {
    let runs: Vec<serde_json::Value> = prunable.runs.iter().map(run_json).collect();
    serde_json::json!({ "older_than": prunable.before.to_string(), "runs": runs })
}

fn run_text(run: &PrunableRun) -> String {
    let PruneCounts { pins, secrets, replies } = run.counts();
    let serials = run.serial_numbers();
    let more = match serials.len().saturating_sub(SAMPLES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "  run {} of {}, started {}: {}, {}, {} ({}{more})\n",
        run.row.id,
        run.row.job,
        run.row.started_at,
        counted(pins as usize, "PIN"),
        counted(secrets as usize, "other secret"),
        replies_text(replies),
        serials.iter().take(SAMPLES).copied().collect::<Vec<_>>().join(", ")
    )
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
