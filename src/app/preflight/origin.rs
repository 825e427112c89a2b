//! Rows that an earlier run wrote.
//!
//! Owns the comparison of such rows with the journal of their run: a file tells how things stood when it was written, and
//! a run that died has sent more than its files say. Only reads. Must never let a row through that its run may have sent.

use std::collections::BTreeSet;

use crate::app::Workspace;
use crate::app::preflight::earlier::taken_over_by;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::terminal::printer::counted;
use crate::journal::{RunReader, RunRow, RunState};
use crate::model::{DeviceId, Outcome, Task, TaskRecord};
use crate::plan::{LeftRows, PlanFile};
use crate::transport::tenant_key;

/// A device and an action on it.
type Deed<'a> = (&'a DeviceId, &'a str);

/// Refuses tasks whose rows come from files of a run that has not ended, or that has gone on since.
pub(crate) fn check_origin(state: &Workspace, file: &PlanFile) -> Result<(), Failure> {
    if file.origins.is_empty() {
        return Ok(());
    }
    let runs = state.index().runs()?;
    for (run, LeftRows { has_ended, rows }) in &file.origins.left {
        match runs.iter().find(|row| row.id == *run) {
            Some(row) => check_left(state, row, &deeds_of(file, rows))?,
            None if *has_ended => {}
            None => return Err(unknown(state, run)),
        }
    }
    let reported = deeds_of(file, &file.origins.reported);
    check_reported(state, &runs, file, &reported)
}

/// What the plan does for these rows.
fn deeds_of<'a>(file: &'a PlanFile, rows: &[u32]) -> BTreeSet<Deed<'a>> {
    let rows: BTreeSet<u32> = rows.iter().copied().collect();
    file.plan.to_do().filter(|task| rows.contains(&task.row)).map(deed_of).collect()
}

fn unknown(state: &Workspace, run: &str) -> Failure {
    let directory = state.dir.path().display();
    Failure::new(
        Exit::Policy,
        format!("the rows come from run {run}, which had not ended when its file was written, and {directory} does not know it"),
    )
    .next("use the state directory of that run (--state-dir)")
}

/// Compares what a run left with its journal.
fn check_left(state: &Workspace, row: &RunRow, deeds: &BTreeSet<Deed<'_>>) -> Result<(), Failure> {
    if deeds.is_empty() {
        return Ok(());
    }
    let reader = RunReader::open(&state.dir, &row.id)?;
    if reader.header()?.is_some_and(|header| header.simulated) {
        return Ok(());
    }
    let (tasks, records) = (reader.tasks()?, reader.records()?);
    let both = || tasks.iter().zip(&records).filter(|(task, _)| deeds.contains(&deed_of(task)));
    let done = both().filter(|(task, record)| !may_be_repeated(task, record));
    let done: BTreeSet<Deed<'_>> = done.map(|(task, _)| deed_of(task)).collect();
    if row.state == RunState::Open {
        return Err(not_ended(state, row, deeds.len(), done.len()));
    }
    let Some((device, action)) = done.first() else { return Ok(()) };
    let taken = both().find_map(|(task, record)| taken_over_by(record, &task.turn));
    let by = taken.map(|by| format!(", and run {by} took some over")).unwrap_or_default();
    let what = format!(
        "the rows come from run {}, which has gone on since: {} of {} are done or under way there{by}, first {action} on {}",
        row.id,
        done.len(),
        counted(deeds.len(), "task"),
        device.as_str()
    );
    Err(Failure::new(Exit::Policy, what).next(match row.state {
        RunState::Finished | RunState::Closed => {
            format!("write its files again with: sortie report {}", row.id)
        }
        _ => format!(
            "go on with: sortie resume {0}; or write its files again with: sortie report {0}",
            row.id
        ),
    }))
}

fn not_ended(state: &Workspace, row: &RunRow, rows: usize, sent: usize) -> Failure {
    let run = &row.id;
    let sent = format!("{sent} of {} were sent since or before", counted(rows, "task"));
    if state.dir.is_held(run) {
        let what =
            format!("the rows come from run {run}, which another process drives now; {sent}");
        return Failure::new(Exit::Policy, what)
            .next(format!("see how far it is with: sortie status {run}"));
    }
    let what =
        format!("the rows come from run {run}, which did not end; {sent}, whatever the file says");
    Failure::new(Exit::Policy, what).next(format!(
        "go on with: sortie resume {run}; or let a new run take over what was not sent with: sortie retry {run}"
    ))
}

/// A report does not name its run: it is taken for one of every run that has any of its tasks. Rows of other reports may
/// have been added to it.
fn check_reported(
    state: &Workspace,
    runs: &[RunRow],
    file: &PlanFile,
    deeds: &BTreeSet<Deed<'_>>,
) -> Result<(), Failure> {
    if deeds.is_empty() {
        return Ok(());
    }
    let tenant = tenant_key(&file.base_url);
    for row in runs.iter().filter(|row| row.state != RunState::Finished) {
        let reader = RunReader::open(&state.dir, &row.id)?;
        let is_ours = reader
            .header()?
            .is_some_and(|header| tenant_key(&header.base_url) == tenant && !header.simulated);
        if !is_ours {
            continue;
        }
        let tasks = reader.tasks()?;
        let its: BTreeSet<Deed<'_>> = tasks.iter().map(deed_of).collect();
        let shared = deeds.intersection(&its).count();
        if shared == 0 {
            continue;
        }
        let run = &row.id;
        let what = format!(
            "{shared} of {} from a report are tasks of run {run}, which is not finished",
            counted(deeds.len(), "row")
        );
        return Err(Failure::new(Exit::Policy, what).next(format!(
            "go on with: sortie resume {run}; or repeat what failed or was not sent with: sortie retry {run}"
        )));
    }
    Ok(())
}

fn deed_of(task: &Task) -> Deed<'_> {
    (&task.device.id, &task.action)
}

/// Whether a run has not done a task, and no other run has taken it over.
fn may_be_repeated(task: &Task, record: &TaskRecord) -> bool {
    match record.outcome() {
        Outcome::NotAttempted => taken_over_by(record, &task.turn).is_none(),
        Outcome::Failed => !record.is_pin_missing(),
        Outcome::Refused | Outcome::Skipped => true,
        _ => false,
    }
}
