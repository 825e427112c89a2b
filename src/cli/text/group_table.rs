//! The table of the tenants of a group, a row for each.
//!
//! Owns its columns, and which outcomes each of them counts. Must never let the name of a tenant steer the terminal.

use crate::cli::text::layout::{one_line, thousands};
use crate::cli::text::screen::Tone;
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::model::{Outcome, OutcomeCounts};

/// The outcomes that a column counts.
const COUNTED: [(&str, &[Outcome]); 5] = [
    ("OK", &[Outcome::Completed, Outcome::Accepted, Outcome::AlreadyInEffect]),
    ("FAILED", &[Outcome::Failed, Outcome::Refused]),
    ("IN DOUBT", &[Outcome::InDoubt]),
    ("PENDING", &[Outcome::Pending, Outcome::NotNow]),
    ("NOT SENT", &[Outcome::NotAttempted]),
];

/// A table without rows. `standing` is the column that says how a tenant stands.
pub(super) fn group_table(standing: TableColumn) -> Table {
    let mut columns = vec![TableColumn::text("TENANT").at_least(8), standing];
    columns.extend(COUNTED.map(|(name, _)| TableColumn::number(name)));
    columns.push(TableColumn::whole("RUN").optional());
    Table::new(&columns)
}

/// Adds a tenant: its name, how it stands, its tasks by outcome, and the id of its run; empty where none began.
pub(super) fn add_tenant(
    table: &mut Table,
    tenant: &str,
    (tone, standing): (Tone, &str),
    counts: Option<&OutcomeCounts>,
    run: &str,
) {
    let mut cells: Vec<TableCell> = vec![
        one_line(tenant).into_owned().into(),
        TableCell::toned(tone, one_line(standing).into_owned()),
    ];
    cells.extend(COUNTED.map(|(_, outcomes)| match counts {
        None => TableCell::from(""),
        Some(counts) => {
            let tasks: u32 = outcomes.iter().map(|outcome| counts.of(*outcome)).sum();
            TableCell::from(thousands(tasks))
        }
    }));
    cells.push(run.into());
    table.row(cells);
}
