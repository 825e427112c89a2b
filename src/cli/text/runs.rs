//! The list of runs, laid out.
//!
//! Owns its table and its JSON. Must never open a run.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::app::RunListing;
use crate::cli::text::fields::object;
use crate::cli::text::layout::counted;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::journal::{RunRow, RunState};

/// The fields of a run in JSON.
pub(crate) const RUN_FIELDS: [&str; 11] = [
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
    "group_id",
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
    for RunListing { row, base_url, reached_by, .. } in runs {
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

/// The runs with those of each group as one, in the place of its newest.
pub(crate) fn folded(runs: Vec<RunListing>) -> Vec<RunListing> {
    let mut lines: Vec<RunListing> = Vec::new();
    let mut members: BTreeMap<String, Vec<RunListing>> = BTreeMap::new();
    for run in runs {
        let Some(group) = &run.group else {
            lines.push(run);
            continue;
        };
        let of_group = members.entry(group.clone()).or_default();
        if of_group.is_empty() {
            lines.push(run.clone());
        }
        of_group.push(run);
    }
    for line in &mut lines {
        if let Some(group) = line.group.clone() {
            *line = as_one(&group, &members.remove(&group).unwrap_or_default());
        }
    }
    lines
}

/// The runs of a group as one line.
fn as_one(group: &str, runs: &[RunListing]) -> RunListing {
    let rows = || runs.iter().map(|run| &run.row);
    // The state that leaves the most to do.
    let order = |state: &RunState| RunState::ALL.iter().position(|it| it == state);
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for (count, word) in rows().flat_map(|row| row.summary.split(", ")).filter_map(counted_word) {
        *counts.entry(word).or_default() += count;
    }
    let summary: Vec<String> =
        counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let row = RunRow {
        id: group.to_owned(),
        job: rows().next().map(|row| row.job.clone()).unwrap_or_default(),
        tenant: counted(runs.len(), "tenant"),
        tasks: rows().map(|row| row.tasks).sum(),
        state: rows().map(|row| row.state).min_by_key(order).unwrap_or(RunState::Open),
        started_at: rows().map(|row| row.started_at).min().unwrap_or_default(),
        ended_at: rows().map(|row| row.ended_at).max().flatten(),
        summary: summary.join(", "),
    };
    RunListing {
        row,
        base_url: String::new(),
        reached_by: String::new(),
        group: Some(group.to_owned()),
    }
}

/// A count and its word, such as `3 completed`.
fn counted_word(part: &str) -> Option<(u32, &str)> {
    let (count, word) = part.split_once(' ')?;
    Some((count.parse().ok()?, word))
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
            json!(run.group),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UnixMillis;

    fn listing(id: &str, state: RunState, summary: &str, group: Option<&str>) -> RunListing {
        let row = RunRow {
            id: id.to_owned(),
            job: "job".to_owned(),
            tenant: "acme".to_owned(),
            tasks: 2,
            state,
            started_at: UnixMillis(1),
            ended_at: None,
            summary: summary.to_owned(),
        };
        let group = group.map(str::to_owned);
        RunListing { row, base_url: String::new(), reached_by: String::new(), group }
    }

    #[test]
    fn the_runs_of_a_group_are_one_line() {
        let lines = folded(vec![
            listing("r4", RunState::Finished, "2 completed", None),
            listing("r3", RunState::Finished, "2 completed", Some("g")),
            listing("r2", RunState::Paused, "1 completed, 1 not_attempted", Some("g")),
            listing("r1", RunState::Finished, "2 completed", None),
        ]);
        let ids: Vec<&str> = lines.iter().map(|line| line.row.id.as_str()).collect();
        assert_eq!(ids, ["r4", "g", "r1"]);
        let group = &lines[1].row;
        assert_eq!((group.tenant.as_str(), group.tasks), ("2 tenants", 4));
        assert_eq!(group.state, RunState::Paused);
        assert_eq!(group.summary, "3 completed, 1 not_attempted");
    }
}
