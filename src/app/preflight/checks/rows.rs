//! Rows that an earlier run wrote.
//!
//! Owns the comparison of these rows with the journal of their run: a file has the state of when it was written, and
//! a run that died has sent more than its files say. Only reads. Must never let a row through that its run may have sent.

use std::collections::BTreeSet;

use crate::app::Workspace;
use crate::app::preflight::candidate::Candidate;
use crate::app::preflight::check::{Check, Holds, PlanStage};
use crate::app::preflight::reasons::RowsReason;
use crate::app::refusal::Reason;
use crate::app::takeover::taken_over_by;
use crate::journal::{RunReader, RunRow, RunState};
use crate::model::{DeviceId, Outcome, Task, TaskRecord};
use crate::plan::{LeftRows, PlanFile};
use crate::transport::tenant_key;

/// A device and an action on it.
type Deed<'a> = (&'a DeviceId, &'a str);

pub(crate) const CHECK: Check =
    Check { name: "rows_are_still_open", stage: PlanStage::Plan, is_momentary: false, make: check };

/// Refuses tasks whose rows come from files of a run that has not ended, or that has gone on since.
fn check(candidate: &Candidate<'_>) -> Result<Holds, Reason> {
    // A simulated tenant is nobody's.
    let Some(fresh) = candidate.fresh.as_ref().filter(|_| !candidate.is_simulated) else {
        return Ok(Holds::NotApplicable);
    };
    if fresh.file.origins.is_empty() {
        return Ok(Holds::NotApplicable);
    }
    check_origin(candidate.workspace, fresh.file)?;
    Ok(Holds::Yes)
}

fn check_origin(state: &Workspace, file: &PlanFile) -> Result<(), Reason> {
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

fn unknown(state: &Workspace, run: &str) -> Reason {
    let state_dir = state.dir.path().to_owned();
    RowsReason::UnknownRun { run: run.to_owned(), state_dir }.into()
}

/// Compares what a run left with its journal.
fn check_left(state: &Workspace, row: &RunRow, deeds: &BTreeSet<Deed<'_>>) -> Result<(), Reason> {
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
    Err(RowsReason::DoneSince {
        run: row.id.clone(),
        done: done.len(),
        tasks: deeds.len(),
        taken_by: taken.map(str::to_owned),
        action: (*action).to_owned(),
        device: device.as_str().to_owned(),
        is_open: !matches!(row.state, RunState::Finished | RunState::Closed),
    }
    .into())
}

fn not_ended(state: &Workspace, row: &RunRow, tasks: usize, sent: usize) -> Reason {
    let run = row.id.clone();
    match state.dir.is_held(&run) {
        true => RowsReason::Driven { run, sent, tasks },
        false => RowsReason::NotEnded { run, sent, tasks },
    }
    .into()
}

/// A report does not name its run: it is taken for one of every run that has any of its tasks. Rows of other reports may
/// have been added to it.
fn check_reported(
    state: &Workspace,
    runs: &[RunRow],
    file: &PlanFile,
    deeds: &BTreeSet<Deed<'_>>,
) -> Result<(), Reason> {
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
        let run = row.id.clone();
        return Err(RowsReason::Reported { run, shared, rows: deeds.len() }.into());
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
