//! What runs are charged of the caps of 24 hours.
//!
//! Owns when a charge is made, what it counts from, and when it is settled. Invariant: what a run may still send is
//! charged for as long as it may be sent, and what was sent for 24 hours after its last request. Must never let a flag
//! raise a cap.
//!
//! A charge counts from the end of the run's sending until the run is left; then it is cut and dated back to what was sent.
//! Where the process died, the journal gives these facts. What was not sent is charged again by a resume.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use crate::app::Workspace;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::CapsReason;
use crate::app::refusal::Reason;
use crate::journal::{Charge, JournalError, RunReader, SentDevices};
use crate::kandji::find_action;
use crate::model::{Outcome, PackedDeviceId, Risk, RunRecord, TaskRecord, UnixMillis};
use crate::plan::{
    ActionDevices, Approval, Budget, Confirmation, OverCap, PlanFile, Spent, devices_by_action,
};
use crate::report::Rows;
use crate::transport::tenant_key;

/// The time over which devices are counted, in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What a run is charged with.
#[derive(Copy, Clone)]
pub(crate) struct Charging<'a> {
    /// The tenant's base URL.
    pub base_url: &'a str,
    /// Name of its job.
    pub job: &'a str,
    /// The run's id.
    pub run: &'a str,
    /// The run whose remaining work is approved as a plan of its own; `None` for a new plan.
    pub left_by: Option<&'a str>,
    /// How many devices the run reaches by each action.
    pub demands: &'a [ActionDevices],
    /// The policy whose caps hold.
    pub policy: &'a PolicyFile,
    /// Whether another person approved it.
    pub approval: Approval,
    /// How it was confirmed.
    pub confirmation: Confirmation,
    /// Devices of the tenant, if known.
    pub fleet: Option<u32>,
    /// The moment, by the clock.
    pub now: UnixMillis,
    /// When it stops sending.
    pub send_until: UnixMillis,
}

/// Charges the devices that a run is about to reach, if they fit. While it may send, that counts from the moment when its
/// sending ends: when the run sends, no other run has spent these devices. No other run may begin meanwhile.
pub(crate) fn charge(workspace: &Workspace, charging: Charging<'_>) -> Result<(), Reason> {
    let Charging { run, demands, policy, approval, confirmation, now, .. } = charging;
    if demands.is_empty() {
        return Ok(());
    }
    settle_dead(workspace, now)?;
    let since = UnixMillis(now.0 - DAY_MS);
    let tenant = tenant_key(charging.base_url);
    let charged = workspace.index().charge(&tenant, since, |charges| {
        let spent = spent_of(charges);
        let (job, fleet) = (charging.job, charging.fleet);
        let policy = &policy.policy;
        let budget = Budget { policy, job, fleet, spent: &spent, approval, confirmation, now };
        let reservations = budget.reserve(demands)?;
        Ok(reservations
            .into_iter()
            .map(|reservation| Charge {
                run: run.to_owned(),
                action: reservation.action,
                devices: reservation.devices,
                at: now.max(charging.send_until),
                is_kept_free: reservation.is_kept_free,
            })
            .collect())
    })?;
    let left_by = charging.left_by.map(str::to_owned);
    charged.map_err(|over: Vec<OverCap>| {
        CapsReason { over, policy: policy.path.clone(), left_by }.into()
    })
}

/// What runs on a tenant were charged in the last 24 hours.
pub(crate) fn spent_lately(
    state: &Workspace,
    base_url: &str,
    now: UnixMillis,
) -> Result<Vec<Spent>, Reason> {
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

/// For each action of a plan that has a cap, how many devices it has reached in the last 24 hours, of how many.
pub(crate) fn used_today(
    state: &Workspace,
    file: &PlanFile,
    house: &PolicyFile,
    now: UnixMillis,
) -> Result<Vec<Used>, Reason> {
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
pub struct Used {
    /// Name of the action.
    pub action: String,
    /// Devices that were reached in the last 24 hours.
    pub used: u32,
    /// The cap, as a number of devices.
    pub limit: u32,
    /// What the plan adds.
    pub planned: u32,
}

/// Settles what runs were charged whose process died: their journals tell what they sent. What they did not send is
/// charged again when they are resumed. A run that was never entered has sent nothing. One whose journal cannot be read
/// stays charged until 24 hours after its sending would have ended.
fn settle_dead(state: &Workspace, now: UnixMillis) -> Result<(), Reason> {
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
pub(crate) fn settle_left_behind(state: &Workspace, now: UnixMillis) -> Result<(), Reason> {
    if dead_runs(state, now)?.is_empty() {
        return Ok(());
    }
    let _alone = state.dir.hold_start()?;
    settle_dead(state, now)
}

/// Runs that are charged for what they may still send, and no process sends it. A run that an engine elsewhere carries out
/// may be sent by any host, until its end is recorded here.
fn dead_runs(state: &Workspace, now: UnixMillis) -> Result<Vec<String>, JournalError> {
    let index = state.index();
    let mut runs = index.unsettled_runs(now)?;
    if runs.is_empty() {
        return Ok(runs);
    }
    let elsewhere: BTreeSet<String> =
        index.hand_overs()?.into_iter().map(|it| it.header.run.0).collect();
    runs.retain(|run| !elsewhere.contains(run) && !state.dir.is_sending(run));
    Ok(runs)
}

fn sent_in(state: &Workspace, run: &str) -> Result<BTreeMap<String, SentDevices>, JournalError> {
    let reader = RunReader::open(&state.dir, run)?;
    let tasks = reader.tasks()?;
    let (record, records) = reader.fold(&tasks)?;
    Ok(sent_of(&record, &Rows::new(&tasks, &records)))
}

/// What a run has sent, by action; for those actions that have caps. What was postponed was not sent, and is charged
/// with the rest when the run goes on.
pub(crate) fn sent_of(run: &RunRecord, rows: &Rows<'_>) -> BTreeMap<String, SentDevices> {
    let counts =
        |record: &TaskRecord| record.attempts > 0 && record.outcome() != Outcome::NotAttempted;
    let devices = count_devices(rows, counts);
    let action_of = |task| Some(rows.get(task)?.action().to_owned());
    let last = run.last_sends.by_action(action_of);
    let sent = |(action, devices): (String, u32)| {
        let last_at = last.get(action.as_str()).copied()?;
        Some((action, SentDevices { devices, last_at }))
    };
    devices.into_iter().filter_map(sent).collect()
}

/// The devices that it may still send to.
pub(crate) fn unsent_devices(rows: &Rows<'_>) -> Vec<ActionDevices> {
    let left = count_devices(rows, |record| record.outcome() == Outcome::NotAttempted);
    left.into_iter()
        .map(|(action, devices)| {
            let risk = find_action(&action).map_or(Risk::Irreversible, |action| action.risk);
            ActionDevices { action, risk, devices }
        })
        .collect()
}

fn count_devices(rows: &Rows<'_>, counts: impl Fn(&TaskRecord) -> bool) -> BTreeMap<String, u32> {
    let mut devices: BTreeMap<String, HashSet<PackedDeviceId>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.is_capped() && counts(row.record())) {
        let task = row.task();
        let id = PackedDeviceId::of(&task.device.id);
        match devices.get_mut(&task.action) {
            Some(ids) => drop(ids.insert(id)),
            None => drop(devices.insert(task.action.clone(), HashSet::from([id]))),
        }
    }
    let count = |ids: HashSet<_>| u32::try_from(ids.len()).unwrap_or(u32::MAX);
    devices.into_iter().map(|(action, ids)| (action, count(ids))).collect()
}
