//! What earlier runs on the same tenant have done, for a plan.
//!
//! Owns the one pass over their journals, and whether anything can follow from it, so that the rows of a job may go. Must never skip a journal that it cannot read without
//! saying so, and never mix up tenants: their keys are compared, not the spelling of their addresses, and simulated tenants are
//! none.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use crate::app::Workspace;
use crate::app::refusal::Reason;
use crate::job::Job;
use crate::journal::{DeviceTask, JournalError, RunReader, RunRow, StateDir, TaskEnd};
use crate::model::{
    DeviceFacts, DeviceGroup, DeviceId, Outcome, Platform, TaskId, TaskIndex, UnixMillis,
};
use crate::plan::{
    Deleted, EarlierTask, Inventory, Plan, PlanOptions, build, build_and_release, is_built_once,
};
use crate::transport::tenant_key;

/// Which earlier runs count for a plan's tasks.
#[derive(Copy, Clone, Debug)]
pub(crate) enum LookBack<'a> {
    /// None.
    No,
    /// All of them but one, if one is named: `--skip-done`.
    All { except: Option<&'a str> },
    /// Those after this one: a retry does not repeat what another run has done since.
    Since(&'a RunRow),
}

/// A journal that could not be read, in words.
pub(crate) type Notes = BTreeSet<String>;

/// Builds the plan as far as nothing is known of earlier runs. The job loses its rows where nothing can follow from them.
pub(super) fn first_plan(
    job: &mut Job,
    look_back: LookBack<'_>,
    inventory: &Inventory,
    options: &PlanOptions,
    now: UnixMillis,
) -> Plan {
    match look_back {
        LookBack::No if is_built_once(job, inventory) => {
            build_and_release(job, inventory, options, now)
        }
        _ => build(job, inventory, options, now),
    }
}

/// Looks for what became of these tasks in earlier runs on the tenant at `base_url`.
pub(crate) fn earlier_tasks(
    state: &Workspace,
    base_url: &str,
    look_back: LookBack<'_>,
    wanted: &HashSet<TaskId>,
    notes: &mut Notes,
) -> Result<BTreeMap<TaskId, EarlierTask>, Reason> {
    let mut found = Found { wanted, known: BTreeMap::new(), hearsay: BTreeMap::new() };
    let runs = match look_back {
        LookBack::No => return Ok(BTreeMap::new()),
        _ => state.index().runs()?,
    };
    // Newest first: the first run that says something of a task is the one that counts.
    for row in runs {
        let is_passed_over = match look_back {
            LookBack::Since(old) => row.started_at < old.started_at || row.id == old.id,
            LookBack::All { except } => except == Some(row.id.as_str()),
            LookBack::No => true,
        };
        if is_passed_over {
            continue;
        }
        let is_driven = state.dir.is_sending(&row.id);
        if let Err(error) = found.add_run(state, &row, base_url, is_driven) {
            notes.insert(unread(&row.id, &error));
        }
    }
    let Found { mut known, hearsay, .. } = found;
    for (id, task) in hearsay {
        known.entry(id).or_insert(task);
    }
    Ok(known)
}

fn unread(run: &str, error: &JournalError) -> String {
    format!("cannot read run {run}, so its results are unknown: {error}")
}

/// The journal of an earlier run, if it was on the same tenant.
pub(crate) fn reader_of(
    dir: &StateDir,
    run: &str,
    base_url: &str,
) -> Result<Option<RunReader>, JournalError> {
    let reader = RunReader::open(dir, run)?;
    let header = reader.header()?;
    let tenant = tenant_key(base_url);
    let is_same =
        header.is_some_and(|header| tenant_key(&header.base_url) == tenant && !header.simulated);
    Ok(is_same.then_some(reader))
}

struct Found<'a> {
    wanted: &'a HashSet<TaskId>,
    known: BTreeMap<TaskId, EarlierTask>,
    /// What a run only knew from another one before it.
    hearsay: BTreeMap<TaskId, EarlierTask>,
}

impl Found<'_> {
    fn add_run(
        &mut self,
        state: &Workspace,
        row: &RunRow,
        base_url: &str,
        is_driven: bool,
    ) -> Result<(), JournalError> {
        let Some(reader) = reader_of(&state.dir, &row.id, base_url)? else { return Ok(()) };
        let ends: Vec<TaskEnd> = reader
            .ends()?
            .into_iter()
            .filter(|end| self.wanted.contains(&end.id) && !self.known.contains_key(&end.id))
            .collect();
        let has_failed = ends.iter().any(|end| end.outcome == Some(Outcome::Failed));
        // Only the records tell a failure that may be repeated from a lock whose PIN is missing.
        let records = if has_failed { reader.records()? } else { Vec::new() };
        for end in ends {
            let known = match records.get(end.task.at()).filter(|record| record.is_pin_missing()) {
                Some(_) => Some(EarlierTask {
                    outcome: Outcome::InDoubt,
                    reason: format!(
                        "locked by run {} without a PIN; a second lock gives none",
                        row.id
                    ),
                }),
                None => known_of(&end, row, is_driven),
            };
            let Some(known) = known else { continue };
            let is_hearsay = known.outcome == Outcome::AlreadyInEffect && end.last_at.is_none();
            if is_hearsay {
                self.hearsay.entry(end.id).or_insert(known);
                continue;
            }
            match self.hearsay.remove(&end.id) {
                // The newer run knew of a good end that is not this one.
                Some(newer) if known.turn().is_none() => drop(self.known.insert(end.id, newer)),
                _ => drop(self.known.insert(end.id, known)),
            }
        }
        Ok(())
    }
}

/// What a run says of a task; `None` when it says nothing.
fn known_of(end: &TaskEnd, row: &RunRow, is_driven: bool) -> Option<EarlierTask> {
    let run = &row.id;
    let Some(outcome) = end.outcome else {
        let reason =
            format!("run {run} recorded it in a newer format; use a newer version of sortie");
        return Some(EarlierTask { outcome: Outcome::InDoubt, reason });
    };
    let reason = match outcome {
        Outcome::Completed | Outcome::Accepted | Outcome::AlreadyInEffect => {
            format!("done by run {run} on {}", date(end.last_at.unwrap_or(row.started_at)))
        }
        Outcome::Pending | Outcome::NotNow => {
            format!("still {outcome} in run {run}; follow it with: sortie watch {run}")
        }
        Outcome::InDoubt => {
            format!("in doubt in run {run}; settle it with: sortie resolve {run}")
        }
        Outcome::Failed | Outcome::Refused => String::new(),
        Outcome::NotAttempted if is_driven => {
            format!("run {run}, in progress in another process, will do it")
        }
        Outcome::Skipped | Outcome::NotAttempted => return None,
    };
    Some(EarlierTask { outcome, reason })
}

/// The day of a moment.
fn date(at: UnixMillis) -> String {
    at.to_string().chars().take(10).collect()
}

/// The devices that earlier runs on the tenant have deleted, newest first. To be called when a device is not found:
/// a deletion whose end was never seen has an end then.
pub(crate) fn deleted_devices(
    state: &Workspace,
    base_url: &str,
    notes: &mut Notes,
) -> Result<Vec<Deleted>, Reason> {
    let mut by_run: Vec<(String, Vec<DeviceTask>)> = Vec::new();
    for task in state.index().tasks_of_action("delete-device")? {
        match by_run.last_mut() {
            Some((run, tasks)) if *run == task.run => tasks.push(task),
            _ => by_run.push((task.run.clone(), vec![task])),
        }
    }
    let (mut deleted, mut hearsay) = (Vec::new(), Vec::new());
    for (run, tasks) in by_run {
        match deletions_of(state, &run, base_url, tasks) {
            Ok(found) => {
                for (is_hearsay, device) in found {
                    if is_hearsay { &mut hearsay } else { &mut deleted }.push(device);
                }
            }
            Err(error) => drop(notes.insert(unread(&run, &error))),
        }
    }
    deleted.append(&mut hearsay);
    Ok(deleted)
}

/// The devices that one run has deleted, each with whether it only knew so from another run.
fn deletions_of(
    state: &Workspace,
    run: &str,
    base_url: &str,
    tasks: Vec<DeviceTask>,
) -> Result<Vec<(bool, Deleted)>, JournalError> {
    let Some(reader) = reader_of(&state.dir, run, base_url)? else { return Ok(Vec::new()) };
    let ends: BTreeMap<TaskIndex, TaskEnd> =
        reader.ends()?.into_iter().map(|end| (end.task, end)).collect();
    let deletion = |task: DeviceTask| {
        let end = ends.get(&TaskIndex(task.task))?;
        let day = end.last_at.map(|at| format!(" on {}", date(at))).unwrap_or_default();
        let reason = match end.outcome? {
            Outcome::Completed | Outcome::Accepted | Outcome::AlreadyInEffect => {
                format!("deleted by run {run}{day}")
            }
            Outcome::Pending | Outcome::NotNow | Outcome::InDoubt => {
                format!("deleted by run {run}{day}; the device has left the inventory since")
            }
            _ => return None,
        };
        let device = DeviceFacts {
            id: DeviceId::from_api(&task.device_id),
            serial_number: task.serial_number.into(),
            name: task.device_name.into(),
            user_email: task.user_email.into(),
            group: DeviceGroup::on(Platform::Unknown),
            ..DeviceFacts::default()
        };
        Some((end.last_at.is_none(), Deleted { device: Arc::new(device), reason }))
    };
    Ok(tasks.into_iter().filter_map(deletion).collect())
}
