//! `sortie runs`: the list of runs.
//!
//! Owns its layout. Must never contact a tenant.

use crate::app::{RunListing, Workspace};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_to_read;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::terminal::printer::{Printer, table};

const TITLES: [&str; 9] =
    ["RUN", "STARTED", "STATE", "TENANT", "JOB", "TASKS", "OUTCOMES", "ADDRESS", "REACHED BY"];

pub(crate) fn runs(global: &GlobalOptions, printer: &Printer) -> Result<Exit, Failure> {
    let workspace = open_to_read(global, printer)?;
    let runs = workspace.as_ref().map(Workspace::runs).transpose()?.unwrap_or_default();
    if printer.format == ListingFormat::Json {
        printer.data(&runs.iter().map(json).collect::<serde_json::Value>().to_string());
    } else if runs.is_empty() {
        printer.say("no runs yet");
    } else {
        let rows: Vec<Vec<String>> = runs.into_iter().map(cells).collect();
        printer.show(&table(&TITLES, &rows));
    }
    Ok(Exit::Well)
}

fn json(run: &RunListing) -> serde_json::Value {
    let row = &run.row;
    serde_json::json!({
        "id": row.id, "job": row.job, "tenant": row.tenant, "tasks": row.tasks,
        "base_url": run.base_url, "reached_by": run.reached_by,
        "state": row.state.word(), "started_at": row.started_at.to_string(),
        "ended_at": row.ended_at.map(|at| at.to_string()), "summary": row.summary,
    })
}

fn cells(run: RunListing) -> Vec<String> {
    let row = run.row;
    vec![
        row.id,
        row.started_at.to_string(),
        row.state.word().to_owned(),
        row.tenant,
        row.job,
        row.tasks.to_string(),
        row.summary,
        run.base_url,
        run.reached_by,
    ]
}
