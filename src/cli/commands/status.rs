//! `sortie status`: how far a run is.
//!
//! Owns its layout, and which command goes on from there. Must never contact a tenant.

use std::collections::BTreeMap;

use crate::app::RunStatus;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::terminal::printer::Printer;
use crate::journal::RunState;
use crate::model::Outcome;
use crate::report::summary_text;

pub(crate) fn status(
    global: &GlobalOptions,
    name: &str,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let status = with_runs(global, printer)?.status(name)?;
    if printer.format == ListingFormat::Json {
        printer.data(&json(&status).to_string());
        return Ok(Exit::Well);
    }
    printer.show(&text(&status));
    if let Some(at) = status.pruned_at {
        printer.say(&format!("its PINs, secrets and replies were pruned at {at}"));
    }
    if !status.is_held && status.row.state != RunState::Finished {
        say_what_next(&status, printer);
    }
    Ok(Exit::Well)
}

fn json(status: &RunStatus) -> serde_json::Value {
    let row = &status.row;
    let outcomes: BTreeMap<&str, u32> =
        status.counts.iter().map(|(outcome, tasks)| (outcome.word(), tasks)).collect();
    serde_json::json!({
        "run_id": row.id, "job": row.job, "tenant": row.tenant, "state": row.state.word(),
        "running": status.is_held, "tasks": row.tasks, "outcomes": outcomes,
        "requests": status.requests(), "report_dir": status.report_dir(),
    })
}

fn text(status: &RunStatus) -> String {
    let row = &status.row;
    let running = if status.is_held { ", a process drives it now" } else { "" };
    format!(
        "run {} of {} on {}: {}{running}\nstarted {}, confirmed: {}\n{}reports in {}",
        row.id,
        row.job,
        row.tenant,
        row.state.word(),
        row.started_at,
        status.confirmation(),
        summary_text(&status.facts(), &status.rows()),
        status.report_dir().display()
    )
}

fn say_what_next(status: &RunStatus, printer: &Printer) {
    let run = &status.row.id;
    if status.counts.of(Outcome::InDoubt) > 0 {
        printer.say(&format!("look at what is in doubt with: sortie resolve {run}"));
    }
    printer.say(&match status.row.state {
        RunState::Closed => format!("it is closed; send what it left with: sortie retry {run}"),
        RunState::Ended => format!(
            "everything is sent; follow it again with: sortie watch {run}, or end it with: sortie close {run}"
        ),
        _ => format!("go on with: sortie resume {run}"),
    });
}
