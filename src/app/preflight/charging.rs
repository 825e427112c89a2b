//! What runs are charged of the caps of 24 hours.
//!
//! Owns when a charge is made, what it counts from, and when it is settled. Invariant: what a run may still send is
//! charged for as long as it may be sent, and what was sent for 24 hours after its last request. Must never let a flag
//! raise a cap.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::Workspace;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::admission::{Applicant, how_to_approve};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::terminal::printer::counted;
use crate::cli::terminal::question::can_ask;
use crate::journal::{Charge, JournalError, RunReader, SentDevices};
use crate::kandji::find_action;
use crate::model::{DeviceId, Entry, Event, Outcome, Risk, Task, TaskRecord, Turn, UnixMillis};
use crate::plan::{
    ActionDevices, Approval, Budget, CapKind, Confirmation, OverCap, PlanFile, Spent,
    devices_by_action,
};
use crate::transport::tenant_key;

/// The time over which devices are counted, in milliseconds.
const DAY_MS: i64 = 86_400_000;
/// Moments at which devices become free that a refusal names; the rest is one.
const FREES_SHOWN: usize = 3;

/// Whether the devices of a run fit their caps, as far as can be told before it is entered.
pub(crate) fn check_caps(
    state: &Workspace,
    file: &PlanFile,
    house: &PolicyFile,
    approval: Approval,
    left_by: Option<&str>,
    now: UnixMillis,
) -> Result<(), Failure> {
    let demands = devices_by_action(&file.plan);
    if demands.is_empty() {
        return Ok(());
    }
    settle_left_behind(state, now)?;
    let spent = spent_lately(state, &file.base_url, now)?;
    // Whoever may be asked is taken to agree at the terminal.
    let agreement = if can_ask() { Confirmation::AtTerminal } else { Confirmation::InAdvance };
    let (policy, job, fleet) = (&house.policy, file.job.as_str(), file.fleet);
    let budget =
        Budget { policy, job, fleet, spent: &spent, approval, confirmation: agreement, now };
    budget.reserve(&demands).map(drop).map_err(|over| over_caps(&over, house, left_by))
}

/// How the devices of a run are charged.
#[derive(Copy, Clone)]
pub(crate) struct Charging<'a> {
    pub house: &'a PolicyFile,
    pub approval: Approval,
    pub agreement: Confirmation,
    pub fleet: Option<u32>,
    pub now: UnixMillis,
    /// When it stops sending.
    pub send_until: UnixMillis,
}

/// Charges the devices that a run is about to reach, if they fit. While it may send, that counts from the moment when its
/// sending ends: whenever it comes to send, nobody else has spent the same by then. No other run may begin meanwhile.
pub(crate) fn charge(
    state: &Workspace,
    applicant: Applicant<'_>,
    run: &str,
    demands: &[ActionDevices],
    charging: Charging<'_>,
) -> Result<(), Failure> {
    if demands.is_empty() {
        return Ok(());
    }
    let Charging { house, approval, agreement, fleet, now, send_until } = charging;
    settle_dead(state, now)?;
    let since = UnixMillis(now.0 - DAY_MS);
    let charged = state.index().charge(&tenant_key(applicant.base_url), since, |charges| {
        let spent = spent_of(charges);
        let (policy, job) = (&house.policy, applicant.job);
        let budget =
            Budget { policy, job, fleet, spent: &spent, approval, confirmation: agreement, now };
        let reservations = budget.reserve(demands)?;
        Ok(reservations
            .into_iter()
            .map(|reservation| Charge {
                run: run.to_owned(),
                action: reservation.action,
                devices: reservation.devices,
                at: now.max(send_until),
                is_kept_free: reservation.is_kept_free,
            })
            .collect())
    })?;
    let left_by = Some(applicant.takes_over).filter(|run| !run.is_empty());
    charged.map_err(|over: Vec<OverCap>| over_caps(&over, house, left_by))
}

/// What runs on a tenant were charged in the last 24 hours.
pub(crate) fn spent_lately(
    state: &Workspace,
    base_url: &str,
    now: UnixMillis,
) -> Result<Vec<Spent>, Failure> {
    let charges = state.index().charges(&tenant_key(base_url), UnixMillis(now.0 - DAY_MS))?;
    Ok(spent_of(&charges))
}

fn spent_of(charges: &[Charge]) -> Vec<Spent> {
    let spent = |charge: &Charge| Spent {
        action: charge.action.clone(),
        devices: charge.devices,
        is_kept_free: charge.is_kept_free,
        // A run that may still send counts from the end of its sending: it is free by then, if not earlier.
        frees_at: UnixMillis(charge.at.0.saturating_add(DAY_MS)),
    };
    charges.iter().map(spent).collect()
}

fn over_caps(over: &[OverCap], house: &PolicyFile, left_by: Option<&str>) -> Failure {
    let lines: Vec<String> = over
        .iter()
        .map(|cap| {
            let OverCap { action, devices, limit, spent, why, .. } = cap;
            match cap.kind {
                CapKind::PerRun => format!(
                    "{action}: {} in one run, and at most {limit} are allowed ({why})",
                    counted(*devices as usize, "device")
                ),
                CapKind::PerDay => format!(
                    "{action}: {}, {spent} were reached in the last 24 hours, and at most {limit} are allowed ({why}); {}",
                    counted(*devices as usize, "device"),
                    free_text(cap)
                ),
            }
        })
        .collect();
    let place = match &house.path {
        Some(path) => format!("in {}", path.display()),
        None => "in a policy.toml in the state directory (there is none)".to_owned(),
    };
    let raise = format!(
        "no flag raises a cap: do it in parts, or let whoever answers for it raise it {place}"
    );
    let next = if over.iter().all(|cap| cap.may_be_approved) {
        format!("an approval is enough: {}; or {raise}", how_to_approve(left_by))
    } else {
        raise
    };
    Failure::new(Exit::Policy, format!("over a cap: {}", lines.join("; "))).next(next)
}

/// How many are left now, and when how many become free.
fn free_text(cap: &OverCap) -> String {
    let mut text = format!("{} are left now", cap.limit.saturating_sub(cap.spent));
    for (at, devices) in cap.frees.iter().take(FREES_SHOWN) {
        text.push_str(&format!(", {devices} more from {at}"));
    }
    if let [.., (last, _)] = cap.frees.get(FREES_SHOWN..).unwrap_or_default() {
        text.push_str(&format!(", all of them from {last}"));
    }
    text
}

/// For each action of a plan that has a cap, how many devices it has reached in the last 24 hours, of how many.
pub(crate) fn used_today(
    state: &Workspace,
    file: &PlanFile,
    house: &PolicyFile,
    now: UnixMillis,
) -> Result<Vec<Used>, Failure> {
    let demands = devices_by_action(&file.plan);
    let spent = spent_lately(state, &file.base_url, now)?;
    let budget = Budget {
        policy: &house.policy,
        job: &file.job,
        fleet: file.fleet,
        spent: &spent,
        approval: Approval::Missing,
        confirmation: Confirmation::InAdvance,
        now,
    };
    let used = |demand: ActionDevices| {
        let (used, limit) = budget.today(&demand)?;
        Some(Used { action: demand.action, used, limit, planned: demand.devices })
    };
    Ok(demands.into_iter().filter_map(used).collect())
}

/// What is used of the day's cap of an action.
#[derive(Clone, Debug)]
pub(crate) struct Used {
    pub action: String,
    /// Devices that were reached in the last 24 hours.
    pub used: u32,
    pub limit: u32,
    /// What the plan adds.
    pub planned: u32,
}

/// Settles what runs were charged whose process died: their journals tell what they sent. What they did not send is
/// charged again when they are resumed. A run that was never entered has sent nothing. One whose journal cannot be read
/// stays charged until 24 hours after its sending would have ended.
fn settle_dead(state: &Workspace, now: UnixMillis) -> Result<(), Failure> {
    let dead = dead_runs(state, now)?;
    if dead.is_empty() {
        return Ok(());
    }
    let entered: BTreeSet<String> = state.index().runs()?.into_iter().map(|row| row.id).collect();
    for run in dead {
        let sent = match entered.contains(&run) {
            true => sent_in(state, &run),
            false => Ok(BTreeMap::new()),
        };
        if let Ok(sent) = sent {
            state.index().settle_charges(&run, &sent)?;
        }
    }
    Ok(())
}

/// The same while another run might begin.
fn settle_left_behind(state: &Workspace, now: UnixMillis) -> Result<(), Failure> {
    if dead_runs(state, now)?.is_empty() {
        return Ok(());
    }
    let _alone = state.dir.hold_start()?;
    settle_dead(state, now)
}

/// Runs that are charged for what they may still send, and no process sends it.
fn dead_runs(state: &Workspace, now: UnixMillis) -> Result<Vec<String>, JournalError> {
    let mut runs = state.index().unsettled_runs(now)?;
    runs.retain(|run| !state.dir.is_sending(run));
    Ok(runs)
}

fn sent_in(state: &Workspace, run: &str) -> Result<BTreeMap<String, SentDevices>, JournalError> {
    let reader = RunReader::open(&state.dir, run)?;
    let (tasks, records) = (reader.tasks()?, reader.records()?);
    let last = LastSends::read(&reader, &tasks)?;
    Ok(sent_of(&last, &tasks, &records))
}

/// When each action was last sent.
#[derive(Default)]
pub(crate) struct LastSends(BTreeMap<String, UnixMillis>);

impl LastSends {
    /// Reads it from the entries of a run.
    pub(crate) fn read(reader: &RunReader, tasks: &[Task]) -> Result<Self, JournalError> {
        let mut last = Self::default();
        reader.for_each_entry(|entry| last.take(&entry, tasks))?;
        Ok(last)
    }

    /// Takes in one entry.
    pub(crate) fn take(&mut self, entry: &Entry, tasks: &[Task]) {
        if let Event::Intent { task, .. } = entry.event
            && let Some(task) = tasks.get(task.at())
        {
            match self.0.get_mut(&task.action) {
                Some(last_at) => *last_at = entry.at.max(*last_at),
                None => drop(self.0.insert(task.action.clone(), entry.at)),
            }
        }
    }
}

/// What a run has sent, by action; for those actions that have caps. What was postponed was not sent, and is charged
/// with the rest when the run goes on.
pub(crate) fn sent_of(
    last: &LastSends,
    tasks: &[Task],
    records: &[TaskRecord],
) -> BTreeMap<String, SentDevices> {
    let counts =
        |record: &TaskRecord| record.attempts > 0 && record.outcome() != Outcome::NotAttempted;
    let devices = count_devices(tasks, records, counts);
    let sent = |(action, devices): (String, u32)| {
        let last_at = last.0.get(action.as_str()).copied()?;
        Some((action, SentDevices { devices, last_at }))
    };
    devices.into_iter().filter_map(sent).collect()
}

/// The devices that it may still send to.
pub(crate) fn unsent_devices(tasks: &[Task], records: &[TaskRecord]) -> Vec<ActionDevices> {
    let left = count_devices(tasks, records, |record| record.outcome() == Outcome::NotAttempted);
    left.into_iter()
        .map(|(action, devices)| {
            let risk = find_action(&action).map_or(Risk::Irreversible, |action| action.risk);
            ActionDevices { action, risk, devices }
        })
        .collect()
}

fn count_devices(
    tasks: &[Task],
    records: &[TaskRecord],
    counts: impl Fn(&TaskRecord) -> bool,
) -> BTreeMap<String, u32> {
    let mut devices: BTreeMap<&str, BTreeSet<&DeviceId>> = BTreeMap::new();
    let both = tasks.iter().zip(records);
    for (task, _) in both.filter(|(task, record)| {
        task.risk >= Risk::Disruptive && task.turn == Turn::Do && counts(record)
    }) {
        devices.entry(&task.action).or_default().insert(&task.device.id);
    }
    let count = |(action, ids): (&str, BTreeSet<&DeviceId>)| {
        (action.to_owned(), u32::try_from(ids.len()).unwrap_or(u32::MAX))
    };
    devices.into_iter().map(count).collect()
}
