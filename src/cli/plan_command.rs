//! `sortie check` and `sortie plan`, and the planning that `run` shares with them.
//!
//! Owns the way from a job to a plan. Nothing here holds a transport that could write to the tenant.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::connect::{Connection, connect};
use super::custody::refuse_given_pins;
use super::earlier::{LookBack, Notes, deleted_devices, earlier_tasks};
use super::exit::Exit;
use super::failure::Failure;
use super::job_source::read_job;
use super::options::{GlobalOptions, JobOptions, LimitOptions, TenantOptions};
use super::plan_text::{Around, plan_text, refused_text, secrets_text};
use super::printer::{Printer, counted};
use super::sealing::Recipients;
use super::settings::{Profile, policy, skip_kinds};
use super::state::State;
use crate::drive::{Clock, Quota, ReadError, Reads, WallClock, read_details, read_inventory};
use crate::job::{Job, SkipKind};
use crate::journal::RequestCounts;
use crate::model::{Policy, Retries, TaskId, UnixMillis};
use crate::plan::{
    ACTIVATION_LOCK_READS_MAX, Earlier, Inventory, Need, ObjectionKind, Plan, PlanOptions, build,
    details_wanted, need,
};
use crate::transport::{HttpTransport, ReadOnly};

/// Devices that a tenant is believed to have before its inventory was ever read: ten pages.
const FLEET_SIZE_GUESS: u32 = 3_000;

pub(super) fn check(options: &JobOptions, printer: &Printer) -> Result<Exit, Failure> {
    let job = read_job(options, printer)?;
    let steps: usize = job.rows.iter().map(|row| row.steps.len()).sum();
    let selected = if job.selection.is_some() { " and a selection" } else { "" };
    printer.say(&format!(
        "{}: {} with {}{selected}, no problems; nothing was sent",
        job.name,
        counted(job.rows.len(), "row"),
        counted(steps, "step")
    ));
    Ok(Exit::Well)
}

pub(super) fn plan(
    global: &GlobalOptions,
    job: &JobOptions,
    tenant: &TenantOptions,
    limits: &LimitOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let job = read_job(job, printer)?;
    let profile = Profile::read(global)?;
    let recipients = Recipients::choose(&job, &profile)?;
    let state = State::open(global)?;
    runtime()?.block_on(async {
        let connection = connect(tenant, &profile, Some(&job)).await?;
        let look_back = look_back_of(limits);
        let planned =
            make_plan(&job, &connection, &state, limits, &profile, look_back, tenant.seed).await?;
        printer.data(&planned.text(&job, &connection));
        planned.check(&job)?;
        refuse_given_pins(recipients.as_ref(), &planned.plan.tasks)?;
        printer.say("nothing was sent");
        Ok(Exit::Well)
    })
}

/// A plan with what it was made from.
pub(super) struct Planned {
    pub plan: Plan,
    pub policy: Policy,
    pub quota: Quota,
    pub requests: RequestCounts,
    spent: u32,
}

/// The runtime of a command.
pub(super) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Unexpected, format!("no runtime: {error}")))
}

/// A gate for reads of the tenant.
pub(super) fn reads_of(
    connection: &Connection,
    quota: &Quota,
    per_second: u32,
) -> Reads<ReadOnly<HttpTransport>, WallClock> {
    let reader = Arc::clone(&connection.reader);
    Reads::new(reader, WallClock, quota.clone(), Retries::default(), per_second)
}

/// What can be done about refused rows: the kinds that occur may be skipped, if they may be at all.
fn cure(plan: &Plan) -> String {
    let kinds: BTreeSet<&str> = plan
        .refused
        .iter()
        .filter_map(|row| row.objection.kind.skip_kind())
        .map(SkipKind::word)
        .collect();
    if kinds.is_empty() {
        return "correct the job".to_owned();
    }
    let kinds: Vec<&str> = kinds.into_iter().collect();
    format!("correct the job, or leave such rows out with --skip-refused={}", kinds.join(","))
}

/// A seed that no other run has.
fn fresh_seed() -> Result<u64, Failure> {
    getrandom::u64().map_err(|error| {
        Failure::new(Exit::Unexpected, format!("no randomness: {error}")).next("give --seed")
    })
}

/// Which earlier runs the operator wants to be looked at.
pub(super) fn look_back_of(limits: &LimitOptions) -> LookBack<'static> {
    if limits.skip_done { LookBack::All { except: None } } else { LookBack::No }
}

/// What earlier runs have done, as far as it bears on this job. Simulated tenants have no past.
fn look_back_at(
    job: &Job,
    connection: &Connection,
    state: &State,
    look_back: LookBack<'_>,
    plan: &Plan,
) -> Result<(Earlier, Notes), Failure> {
    let mut notes = Notes::new();
    if connection.simulated.is_some() {
        return Ok((Earlier::default(), notes));
    }
    let base_url = &connection.base_url;
    let wanted: BTreeSet<&TaskId> = plan.to_do().map(|task| &task.id).collect();
    let tasks = earlier_tasks(state, base_url, look_back, &wanted, &mut notes)?;
    // A row that is skipped because its device was not found stands in the plan without an id.
    let is_missing = plan.refused.iter().any(|row| row.objection.kind == ObjectionKind::NotFound)
        || plan.tasks.iter().any(|task| task.device.id.as_str().is_empty());
    let deleted = match is_missing && !job.rows.is_empty() {
        true => deleted_devices(state, base_url, &mut notes)?,
        false => Vec::new(),
    };
    Ok((Earlier { tasks, deleted }, notes))
}

/// Resolves the job against the tenant. Only reads.
pub(super) async fn make_plan(
    job: &Job,
    connection: &Connection,
    state: &State,
    limits: &LimitOptions,
    profile: &Profile,
    look_back: LookBack<'_>,
    seed: Option<u64>,
) -> Result<Planned, Failure> {
    let now = WallClock.now();
    let seed = match seed {
        Some(seed) => seed,
        None => fresh_seed()?,
    };
    let policy = policy(limits, job, profile, seed, connection.timeout_ms, now)?;
    let quota = Quota::new(Arc::clone(&state.index), &connection.base_url, policy.per_hour);
    let spent = quota.spent(now)?;
    let fleet_size = state.index().fleet_size(&connection.base_url)?.unwrap_or(FLEET_SIZE_GUESS);
    let need = need(job, fleet_size);
    let reads = reads_of(connection, &quota, policy.per_second);
    let mut inventory = read_inventory(&reads, &need).await?;
    if need == Need::Everything {
        let devices = u32::try_from(inventory.devices().len()).unwrap_or(u32::MAX);
        state.index().set_fleet_size(&connection.base_url, devices, now)?;
    }
    let mut options = PlanOptions {
        skip_refused: skip_kinds(limits),
        wait_ms: policy.wait_ms,
        before_loss: limits.guards.before_loss(),
        is_deactivation_allowed: limits.guards.allow_deactivation,
        ..PlanOptions::default()
    };
    let mut notes = add_details(&reads, job, &mut inventory, &options, now).await?;
    let requests = reads.finish()?;
    let mut plan = build(job, &inventory, &options, now);
    let (earlier, look_back_notes) = look_back_at(job, connection, state, look_back, &plan)?;
    notes.extend(look_back_notes);
    if earlier != Earlier::default() {
        options.earlier = earlier;
        plan = build(job, &inventory, &options, now);
    }
    plan.notes.extend(notes);
    Ok(Planned { plan, policy, quota, requests, spent })
}

/// Reads what the plan needs to know of single devices, and returns notes about what stays unknown.
async fn add_details(
    reads: &Reads<ReadOnly<HttpTransport>, WallClock>,
    job: &Job,
    inventory: &mut Inventory,
    options: &PlanOptions,
    now: UnixMillis,
) -> Result<Vec<String>, ReadError> {
    let wanted = details_wanted(job, inventory, options, now);
    let read = read_details(reads, &wanted.devices).await?;
    for (id, details) in read.devices {
        inventory.add_details(&id, details);
    }
    let unknown = |note| format!("{note}; their processors and Activation Locks are not known");
    let mut notes: Vec<String> = read.note.map(unknown).into_iter().collect();
    if wanted.left_out > 0 {
        notes.push(format!(
            "Activation Lock was looked up for the first {ACTIVATION_LOCK_READS_MAX} devices, and is not known of {} more",
            wanted.left_out
        ));
    }
    Ok(notes)
}

impl Planned {
    /// The plan for people.
    pub(super) fn text(&self, job: &Job, connection: &Connection) -> String {
        let around = Around {
            job,
            tenant: &connection.tenant,
            policy: &self.policy,
            spent: self.spent,
            reads: self.requests.values().sum(),
            proxy: connection.simulated.is_none().then(HttpTransport::proxy_notice).flatten(),
        };
        plan_text(&self.plan, &around)
    }

    /// Whether the plan may be carried out.
    pub(super) fn check(&self, job: &Job) -> Result<(), Failure> {
        let plan = &self.plan;
        if !plan.refused.is_empty() {
            return Err(Failure::new(Exit::Target, refused_text(plan)).next(cure(plan)));
        }
        if plan.secrets_at_risk() > 0 {
            return Err(Failure::new(Exit::Policy, secrets_text(plan)).next(
                "keep them with --capture-secrets (in a YAML job 'secrets: capture'), or say that they are \
                 kept with --secrets-elsewhere ('secrets: elsewhere')",
            ));
        }
        if plan.tasks.is_empty() {
            return Err(Failure::new(
                Exit::Target,
                "no device is selected, so there is nothing to do",
            )
            .next("check the filter with: sortie devices"));
        }
        let require = job.settings.require.as_ref();
        if let Some(what) = require.and_then(|requirement| plan.emptied_by(requirement)) {
            return Err(Failure::new(Exit::Target, what)
                .next("see whether the export is the right one and whole, then export it again"));
        }
        let devices = u32::try_from(plan.devices()).unwrap_or(u32::MAX);
        if let Some(limit) = job.settings.max_devices.filter(|limit| devices > *limit) {
            return Err(Failure::new(
                Exit::Policy,
                format!(
                    "the plan comes to {devices} devices, and the job allows {limit} (max_devices)"
                ),
            )
            .next("check the filter, or change max_devices in the job"));
        }
        // By the most favourable reckoning: what does not fit even then cannot fit.
        let cost = crate::plan::forecast(plan, &self.policy, 0);
        let available_ms = self.policy.send_until.remaining_ms(WallClock.now());
        if cost.seconds * 1_000 > available_ms {
            return Err(Failure::new(
                Exit::Quota,
                format!(
                    "the quota cannot fit {} requests before {}: they need about {}",
                    cost.sends,
                    self.policy.send_until,
                    crate::model::human_duration(cost.seconds * 1_000)
                ),
            )
            .next("split the job, or give it more time with send_until or --send-until"));
        }
        Ok(())
    }
}
