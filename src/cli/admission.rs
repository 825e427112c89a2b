//! Whether a run may begin: what the policy and the last 24 hours say.
//!
//! Owns these checks; what other runs say is `overlap`'s. They are made twice: before anybody is asked, so that nobody types a phrase in
//! vain, and again while no other run can begin, in the moment in which the run is entered. Must never send, and never
//! let a flag raise a cap.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::confirm::can_ask;
use super::exit::Exit;
use super::failure::Failure;
use super::policy_file::PolicyFile;
use super::printer::counted;
use super::state::State;
use crate::journal::{Charge, RunHeader};
use crate::kandji::find_action;
use crate::model::{
    DeviceId, Outcome, OutsideWindow, Risk, Rollout, Task, TaskRecord, Turn, UnixMillis, WaveGate,
    WindowState,
};
use crate::plan::{
    ActionDevices, Agreement, Approval, Budget, CapKind, OverCap, PlanFile, Spent,
    devices_by_action,
};
use crate::transport::tenant_key;

/// The time over which devices are counted, in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What a run is that asks to be let in.
#[derive(Copy, Clone)]
pub(super) struct Applicant<'a> {
    pub base_url: &'a str,
    pub job: &'a str,
    pub job_digest: &'a str,
    /// Its job is a file whose name tells it from others.
    pub is_named: bool,
    /// Its own id; empty for one that does not exist yet.
    pub run: &'a str,
    /// The run whose work it takes over, which this process holds; empty where there is none.
    pub takes_over: &'a str,
}

impl<'a> Applicant<'a> {
    /// The run that a plan would become.
    pub(super) fn of_plan(file: &'a PlanFile) -> Self {
        Self {
            base_url: &file.base_url,
            job: &file.job,
            job_digest: &file.job_digest,
            is_named: file.is_named,
            run: "",
            takes_over: "",
        }
    }

    /// A run that is taken up again.
    pub(super) fn of_run(header: &'a RunHeader) -> Self {
        Self {
            base_url: &header.base_url,
            job: &header.job,
            job_digest: &header.job_digest,
            is_named: header.provenance.is_named,
            run: &header.run.0,
            takes_over: "",
        }
    }
}

/// Refuses while somebody wants nothing to be sent at all.
pub(super) fn check_stop_file(state: &State) -> Result<(), Failure> {
    let path = state.dir.stop_file();
    // A link to nowhere is a sign as well, as it is for a run under way.
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    Err(Failure::new(
        Exit::Stopped,
        format!("the file {} stands for: send nothing", path.display()),
    )
    .state(super::failure::NOTHING_SENT)
    .next("find out who put it there and why; when nothing speaks against it, remove it"))
}

/// Whether anybody can be asked between waves.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Asking {
    /// On this terminal, if there is one.
    Here,
    /// Nobody may be asked.
    Forbidden,
    /// The run begins later, perhaps elsewhere.
    Later,
}

/// What the policy says of a plan, apart from caps. `left_by` is the run whose work a retry takes over.
pub(super) fn check_policy(
    file: &PlanFile,
    house: &PolicyFile,
    approval: Approval,
    asking: Asking,
    left_by: Option<&str>,
    now: UnixMillis,
) -> Result<(), Failure> {
    check_house(house, file.plan.risk(), file.reason.as_deref(), approval, left_by)?;
    check_gate(file.rules.rollout.as_ref(), asking)?;
    match asking {
        Asking::Later => Ok(()),
        Asking::Here | Asking::Forbidden => check_window(file, now),
    }
}

/// Whether the reason and the approval are there that the policy asks for.
pub(super) fn check_house(
    house: &PolicyFile,
    risk: Risk,
    reason: Option<&str>,
    approval: Approval,
    left_by: Option<&str>,
) -> Result<(), Failure> {
    if house.policy.needs_reason(risk) && reason.unwrap_or("").trim().is_empty() {
        let what = format!("{} asks for a reason for {} work", house.shown(), risk.word());
        return Err(Failure::new(Exit::Policy, what)
            .next("give one with --reason, or 'reason:' in the job"));
    }
    if approval == Approval::Missing && house.policy.always_needs_approval(risk) {
        let what = format!(
            "{} asks for an approval of {} work by somebody else",
            house.shown(),
            risk.word()
        );
        return Err(Failure::new(Exit::Policy, what).next(how_to_approve(left_by)));
    }
    Ok(())
}

/// Whether somebody can be asked between waves, where that is what opens them.
pub(super) fn check_gate(rollout: Option<&Rollout>, asking: Asking) -> Result<(), Failure> {
    let asks = rollout.is_some_and(|it| it.gate == WaveGate::Operator);
    let is_mute = match asking {
        Asking::Here => !can_ask(),
        Asking::Forbidden => true,
        Asking::Later => false,
    };
    if asks && is_mute {
        let what =
            "the gate 'operator' needs a terminal to ask on between waves, and there is none";
        return Err(Failure::new(Exit::Policy, what)
            .next("run it on a terminal, or choose another gate: settled or accepted"));
    }
    Ok(())
}

/// How an approval comes about. What a run has left is approved as a plan of its own: neither a retry nor a resume can be.
fn how_to_approve(left_by: Option<&str>) -> String {
    let plan = match left_by {
        None => "write the plan with: sortie plan JOB --out PLAN".to_owned(),
        Some(run) => format!(
            "find what is left with: sortie report {run}; write a plan of its failed.csv or unprocessed.csv with: \
             sortie plan FILE --out PLAN"
        ),
    };
    format!(
        "{plan}; somebody else looks at it and signs it with: sortie approve PLAN; then: sortie run PLAN"
    )
}

fn check_window(file: &PlanFile, now: UnixMillis) -> Result<(), Failure> {
    let (rules, ends) = (&file.rules, file.sending_ends(now));
    let Some(WindowState::Closed { opens_at }) = rules.window_at(now) else { return Ok(()) };
    let windows: Vec<String> = rules.windows.iter().map(crate::model::Window::shown).collect();
    let windows = windows.join(" and ");
    if opens_at >= ends && rules.outside_window == OutsideWindow::Wait {
        let what =
            format!("the window ({windows}) opens at {opens_at}, and sending ends at {ends}");
        return Err(Failure::new(Exit::Policy, what).next("give it more time with send_until"));
    }
    if rules.outside_window == OutsideWindow::Wait {
        return Ok(());
    }
    Err(Failure::new(Exit::Policy, format!("the window ({windows}) is closed; it opens at {opens_at}"))
        .next(
            "start it then, let the job wait for it ('outside: wait' in its window), or in an emergency give \
             --break-glass REASON",
        ))
}

/// Whether the devices of a run fit their caps, as far as can be told before it is entered.
pub(super) fn check_caps(
    state: &State,
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
    let spent = spent_lately(state, &file.base_url, now)?;
    // Whoever may be asked is taken to agree at the terminal.
    let agreement = if can_ask() { Agreement::AtTerminal } else { Agreement::InAdvance };
    let (policy, job, fleet) = (&house.policy, file.job.as_str(), file.fleet);
    let budget = Budget { policy, job, fleet, spent: &spent, approval, agreement, now };
    budget.reserve(&demands).map(drop).map_err(|over| over_caps(&over, house, left_by))
}

/// How the devices of a run are charged.
#[derive(Copy, Clone)]
pub(super) struct Charging<'a> {
    pub house: &'a PolicyFile,
    pub approval: Approval,
    pub agreement: Agreement,
    pub fleet: Option<u32>,
    pub now: UnixMillis,
}

/// Charges the devices that a run is about to reach, if they fit.
pub(super) fn charge(
    state: &State,
    applicant: Applicant<'_>,
    run: &str,
    demands: &[ActionDevices],
    charging: Charging<'_>,
) -> Result<(), Failure> {
    if demands.is_empty() {
        return Ok(());
    }
    let Charging { house, approval, agreement, fleet, now } = charging;
    let since = UnixMillis(now.0 - DAY_MS);
    let charged = state.index().charge(&tenant_key(applicant.base_url), since, |charges| {
        let spent = spent_of(charges);
        let (policy, job) = (&house.policy, applicant.job);
        let budget = Budget { policy, job, fleet, spent: &spent, approval, agreement, now };
        let reservations = budget.reserve(demands)?;
        Ok(reservations
            .into_iter()
            .map(|reservation| Charge {
                run: run.to_owned(),
                action: reservation.action,
                devices: reservation.devices,
                at: now,
                is_kept_free: reservation.is_kept_free,
            })
            .collect())
    })?;
    let left_by = Some(applicant.takes_over).filter(|run| !run.is_empty());
    charged.map_err(|over: Vec<OverCap>| over_caps(&over, house, left_by))
}

/// What runs on a tenant were charged in the last 24 hours.
pub(super) fn spent_lately(
    state: &State,
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
                    "{action}: {}, {spent} were reached in the last 24 hours, and at most {limit} are allowed ({why})",
                    counted(*devices as usize, "device")
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

/// Devices that a run has sent to, by action; for those actions that have caps.
pub(super) fn sent_devices(tasks: &[Task], records: &[TaskRecord]) -> BTreeMap<String, u32> {
    count_devices(tasks, records, |record| record.attempts > 0)
}

/// The same of those that it may still send to.
pub(super) fn unsent_devices(tasks: &[Task], records: &[TaskRecord]) -> Vec<ActionDevices> {
    let left = count_devices(tasks, records, |record| {
        record.attempts == 0 && record.outcome() == Outcome::NotAttempted
    });
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

/// The state directory that caps and overlaps cover, and the host.
pub(super) fn place_of(state: &State, host: &str) -> Result<String, Failure> {
    let path: &Path = state.dir.path();
    let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(format!("{} (database {}) on {host}", shown.display(), state.index().database_id()?))
}
