//! The list of runs, laid out.
//!
//! Owns its table and its JSON. Must never open a run.

use serde_json::{Value, json};

use crate::app::RunListing;
use crate::cli::text::fields::object;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::journal::RunState;

/// The fields of a run in JSON.
pub(crate) const RUN_FIELDS: [&str; 10] = [
    "id",
    "job",
    "tenant",
    "tasks",
    "base_url",
    "reached_by",
    "state",
    "started_at",
    "ended_at",
    "summary",
];

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

/// The table for people.
pub(crate) fn table(runs: &[RunListing], screen: &Screen) -> String {
    let mut table = Table::new(&COLUMNS);
    for RunListing { row, base_url, reached_by } in runs {
        table.row::<TableCell>([
            row.id.as_str().into(),
            screen.time(row.started_at).into(),
            TableCell::toned(tone_of(row.state), row.state.word()),
            row.tenant.as_str().into(),
            row.job.as_str().into(),
            row.tasks.to_string().into(),
            row.summary.replace('_', " ").into(),
            base_url.as_str().into(),
            reached_by.as_str().into(),
        ]);
    }
    table.render(screen)
}

/// One run for programs.
pub(crate) fn json(run: &RunListing) -> Value {
    let row = &run.row;
    object(
        &RUN_FIELDS,
        [
            json!(row.id),
            json!(row.job),
            json!(row.tenant),
            json!(row.tasks),
            json!(run.base_url),
            json!(run.reached_by),
            json!(row.state.word()),
            json!(row.started_at.to_string()),
            json!(row.ended_at.map(|at| at.to_string())),
            json!(row.summary),
        ],
    )
}

/// Finished runs need nothing more; of the others something is left.
fn tone_of(state: RunState) -> Tone {
    match state {
        RunState::Finished => Tone::Good,
        RunState::Open | RunState::Paused | RunState::Ended => Tone::Caution,
        RunState::Closed => Tone::Faint,
    }
}
