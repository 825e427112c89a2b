//! Results of commands that do something, for programs: one object each.
//!
//! Owns their shapes, which `sortie help json` documents. Fields are only ever added. Must never hold a secret.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

use crate::app::{DoubtsResolved, GroupReportsWritten, RunEnded, RunStatus};
use crate::cli::exit::Exit;
use crate::model::OutcomeCounts;

/// How a run ended: the object that `run`, `send`, `retry`, `resume` and `watch` end with.
pub(crate) fn run_ended(ended: &RunEnded) -> Value {
    let exit = Exit::of_run(ended.verdict);
    json!({
        "run_id": ended.run, "result": exit.word(), "exit_code": exit as u8, "sent": ended.sent,
        "outcomes": outcomes(&ended.counts), "report_dir": ended.report_dir,
        "stopped_by": ended.stop.as_ref().map(|(cause, _)| cause),
        "stop_reason": ended.stop.as_ref().map(|(_, reason)| reason),
        "paused_until": ended.paused_until.map(|at| at.to_string()),
    })
}

/// No run began: there was nothing to do, or another run had to be left alone. `run` is the run that was read.
pub(crate) fn no_run(run: Option<&str>, why: &str) -> Value {
    json!({
        "run_id": run, "result": "nothing_to_do", "exit_code": Exit::Well as u8, "sent": "nothing",
        "why": why,
    })
}

/// Reports that were written again.
pub(crate) fn report_written(status: &RunStatus, directory: &Path) -> Value {
    json!({
        "run_id": status.row.id, "state": status.row.state.word(),
        "outcomes": outcomes(&status.counts), "report_dir": directory,
    })
}

/// Reports of a group that were written again.
pub(crate) fn group_report_written(written: &GroupReportsWritten) -> Value {
    json!({
        "group_id": written.group.id, "outcomes": outcomes(&written.overview.counts),
        "report_dir": written.directory,
    })
}

/// The state of a run that was to be closed.
pub(crate) fn closed(run: &str, state: &str, is_changed: bool) -> Value {
    json!({ "run_id": run, "state": state, "changed": is_changed })
}

/// Decisions that were recorded.
pub(crate) fn resolved(resolved: &DoubtsResolved) -> Value {
    json!({
        "run_id": resolved.run, "resolved": resolved.tasks, "pin_missing": resolved.is_pin_missing,
        "sent_again": resolved.is_sent_again,
    })
}

/// PINs that were asked for; no run where none lacks any.
pub(crate) fn pins_recovered(run: Option<&str>, asked: usize, recovered: usize) -> Value {
    json!({ "run_id": run, "asked": asked, "recovered": recovered })
}

/// Pages that were written to be printed; no file where there is no PIN.
pub(crate) fn pin_sheets_written(file: Option<&Path>, pages: usize, without_pin: usize) -> Value {
    json!({ "file": file, "pages": pages, "without_pin": without_pin })
}

/// What a repair of limits brought back.
pub(crate) fn clock_repaired(is_changed: bool, runs: usize, leases: u64) -> Value {
    json!({ "changed": is_changed, "runs": runs, "leases": leases })
}

/// The outcomes that occur, with their counts.
fn outcomes(counts: &OutcomeCounts) -> BTreeMap<&'static str, u32> {
    counts.iter().map(|(outcome, tasks)| (outcome.word(), tasks)).collect()
}
