//! `sortie runs`: the list of runs.
//!
//! Owns its layout. Must never contact a tenant.

use crate::app::{RunListing, Workspace};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_to_read;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::screen::Screen;
use crate::cli::text::table::{Table, TableColumn};

const COLUMNS: [TableColumn; 9] = [
    TableColumn::whole("RUN"),
    TableColumn::whole("STARTED"),
    TableColumn::whole("STATE"),
    TableColumn::text("TENANT").optional(),
    TableColumn::text("JOB"),
    TableColumn::number("TASKS").optional(),
    TableColumn::text("OUTCOMES"),
    TableColumn::text("ADDRESS").optional(),
    TableColumn::text("REACHED BY").optional(),
];

pub(crate) fn runs(global: &GlobalOptions, printer: &Printer) -> Result<Exit, Failure> {
    let workspace = open_to_read(global, printer)?;
    let runs = workspace.as_ref().map(Workspace::runs).transpose()?.unwrap_or_default();
    if printer.format == ListingFormat::Json {
        printer.data(&runs.iter().map(json).collect::<serde_json::Value>().to_string());
    } else if runs.is_empty() {
        printer.say("no runs yet");
    } else {
        let screen = printer.screen();
        let mut table = Table::new(&COLUMNS);
        runs.into_iter().for_each(|run| table.row(cells(run, &screen)));
        printer.show_paged(&table.render(&screen));
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

fn cells(run: RunListing, screen: &Screen) -> [String; 9] {
    let row = run.row;
    [
        row.id,
        screen.time(row.started_at),
        row.state.word().to_owned(),
        row.tenant,
        row.job,
        row.tasks.to_string(),
        row.summary,
        run.base_url,
        run.reached_by,
    ]
}
