//! From a job to a plan: what the tenant has, what the policy says, and everything frozen in one file.
//!
//! Owns the order in which a plan is made and what it is checked against. Nothing here holds a transport that could
//! write to the tenant.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::names::with_ids;
use super::reason::PlanningReason;
use crate::app::charging::spent_lately;
use crate::app::operator::Operator;
use crate::app::planning::earlier::{LookBack, Notes, deleted_devices, earlier_tasks, first_plan};
use crate::app::planning::filter_reads::read_filter_facts;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::doubts_about;
use crate::app::secrets::known_pins::pending_locks;
use crate::app::settings::RunSettings;
use crate::app::tenant::Connection;
use crate::app::{AppEvent, Events, Reason, Workspace};
use crate::drive::{Clock, Quota, Reads, Waiting, WallClock, read_details, read_inventory};
use crate::job::{Job, RequiredDevices};
use crate::journal::RequestCounts;
use crate::model::{DeviceId, JobConditions, Policy, Retries, Risk, TaskId, UnixMillis};
use crate::plan::{
    ACTIVATION_LOCK_READS_MAX, Approval, Budget, Confirmation, Earlier, Extent, FilterFacts, Fit,
    Inventory, Need, ObjectionKind, Origins, PLAN_FORMAT, Plan, PlanFile, PlanOptions, PlannedCost,
    Wrapping, assign_waves, build, details_wanted, devices_by_action, fit, forecast, need,
};
use crate::transport::{HttpTransport, ReadOnly, tenant_key};

/// Devices that a tenant is believed to have before its inventory was ever read: ten pages.
const FLEET_SIZE_GUESS: u32 = 3_000;
/// A run of at most so many devices, if they are interrupted or erased, may use the part of the hour that is kept
/// free: a stolen Mac is locked even while a nightly job uses up everything else.
const URGENT_DEVICES_MAX: usize = 25;
/// What is kept free is never more than this part of the hour's budget.
const KEPT_FREE_PART: u32 = 16;

/// What a plan is made from besides the job and the tenant.
#[derive(Copy, Clone)]
pub(crate) struct PlanInputs<'a> {
    /// The job is a file whose name tells it from others.
    pub naming: Naming,
    pub settings: &'a RunSettings,
    pub policy: &'a PolicyFile,
    pub look_back: LookBack<'a>,
    pub encrypt_to: &'a [String],
}

/// Whether two jobs of the same name are the same job.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// They are: a file, as cron runs it every night.
    ByFile,
    /// They are not: flags, standard input.
    None,
}

/// A plan, and what making it took.
pub(crate) struct Planned {
    pub file: PlanFile,
    pub quota: Quota,
    pub requests: RequestCounts,
}

/// A gate for reads of the tenant.
pub(crate) fn reads_of(
    connection: &Connection,
    quota: &Quota,
    per_second: u32,
    events: &Events,
) -> Reads<ReadOnly<HttpTransport>, WallClock> {
    let reader = Arc::clone(&connection.reader);
    let events = events.clone();
    let tell =
        Arc::new(move |waiting: &Waiting| events.tell(&AppEvent::ReadWaits(waiting.clone())));
    Reads::new(reader, WallClock, quota.clone(), Retries::default(), per_second).telling(tell)
}

/// Resolves the job against the tenant. Only reads. The job may lose its rows: they are in the plan.
pub(crate) async fn make_plan(
    job: &mut Job,
    inputs: &PlanInputs<'_>,
    connection: &Connection,
    state: &Workspace,
) -> Result<Planned, Reason> {
    let PlanInputs { settings, policy, .. } = *inputs;
    let now = WallClock.now();
    settings.break_glass()?;
    let seed = settings.seed().map_or_else(fresh_seed, Ok)?;
    let mut rules = settings.policy(seed, now)?;
    let per_hour = rules.per_hour;
    rules.per_hour = budget_of(per_hour, policy, may_be_urgent(job));
    let quota_of = |per_hour| state.quota(&connection.base_url, per_hour);
    let tenant = tenant_key(&connection.base_url);
    let quota = quota_of(rules.per_hour);
    let spent = quota.spent(now)?;
    let known_fleet = state.index().fleet_size(&tenant)?;
    let need = need(job, known_fleet.unwrap_or(FLEET_SIZE_GUESS));
    let reads = reads_of(connection, &quota, rules.per_second, &state.events);
    let reads = reads.at_most(rules.concurrency);
    if let Some(known) = with_ids(job, &reads).await? {
        *job = known;
    }
    let mut inventory = read_inventory(&reads, &need, known_fleet).await?;
    let mut options = options_of(inputs, &rules);
    let mut notes = add_facts(&reads, (job, &options), &mut inventory, (state, &rules)).await?;
    let origins = Origins::of(job);
    let mut plan = first_plan(job, inputs.look_back, &inventory, &options, now);
    let job = &*job;
    let whole = match need {
        Need::Lookups(_)
            if known_fleet.is_none() && needs_fleet(&plan, (job, inputs), connection, state)? =>
        {
            Some(read_inventory(&reads, &Need::Everything, None).await?)
        }
        _ => None,
    };
    let extent = match (&whole, &need) {
        (None, Need::Lookups(_)) => Extent::Part,
        _ => Extent::Whole,
    };
    let known = whole.as_ref().unwrap_or(&inventory);
    let fleet = if extent == Extent::Whole { Some(size_of(known)) } else { known_fleet };
    notes.extend(notes_of_fit((job, inputs), fit(job, &options.protect, known, extent))?);
    if let Some(devices) = fleet.filter(|devices| Some(*devices) != known_fleet) {
        state.index().set_fleet_size(&tenant, devices, now)?;
    }
    let requests = reads.finish()?;
    let (earlier, look_back_notes) = look_back_at((job, inputs), connection, state, &plan)?;
    notes.extend(look_back_notes);
    // A plan that looks back skips these tasks instead.
    if matches!(inputs.look_back, LookBack::No) && connection.simulated.is_none() {
        let doubts = doubts_about(state, &connection.base_url, plan.to_do(), "")?;
        options.doubts = doubts.into_iter().map(with_reason).collect();
    }
    if connection.simulated.is_none() {
        notes.extend(pending_locks(state, &connection.base_url, plan.to_do())?);
    }
    if earlier != Earlier::default() || !options.doubts.is_empty() {
        options.earlier = earlier;
        plan = build(job, &inventory, &options, now);
    }
    plan.notes.extend(notes);
    rules.per_hour = budget_of(per_hour, policy, is_urgent(&plan));
    finish_rules(&mut rules, &mut plan, inputs);
    let quota = quota_of(rules.per_hour);
    let file =
        file_of((job, inputs), connection, state, (plan, rules, origins), (fleet, spent, now))?;
    Ok(Planned { file, quota, requests })
}

/// What the plan is built with, before anything is known of earlier runs.
fn options_of(inputs: &PlanInputs<'_>, rules: &Policy) -> PlanOptions {
    let PlanInputs { settings, policy, .. } = *inputs;
    PlanOptions {
        skip_refused: settings.skip_refused(),
        wait_ms: rules.wait_ms,
        before_loss: settings.before_loss(),
        is_deactivation_allowed: settings.is_deactivation_allowed(),
        protect: policy.policy.protect.clone(),
        ..PlanOptions::default()
    }
}

/// What there is to say of filters, exclusions and the protect list. An exclusion that excludes nothing is a device that
/// the operator did not want to touch.
fn notes_of_fit((job, inputs): (&Job, &PlanInputs<'_>), fit: Fit) -> Result<Vec<String>, Reason> {
    let is_allowed = job.exclude.is_idle_allowed || inputs.settings.is_unmatched_exclude_allowed();
    let mut notes = fit.notes;
    match fit.idle_exclusions.split_first() {
        None => {}
        Some(_) if is_allowed => notes.extend(fit.idle_exclusions),
        Some((first, more)) => {
            let (first, more) = (first.clone(), more.len());
            return Err(PlanningReason::IdleExclusion { first, more }.into());
        }
    }
    Ok(notes)
}

/// The rules that depend on what the plan came to.
fn finish_rules(rules: &mut Policy, plan: &mut Plan, inputs: &PlanInputs<'_>) {
    let PlanInputs { settings, policy, .. } = *inputs;
    let risk = plan.risk();
    let devices = u32::try_from(plan.devices()).unwrap_or(u32::MAX);
    rules.rollout = settings.rollout(risk, devices);
    if let Some(rollout) = &rules.rollout
        && assign_waves(plan, rollout) < 2
    {
        rules.rollout = None;
    }
    rules.errors_in_a_row = settings.errors_in_a_row(risk);
    if !settings.is_glass_broken() {
        let house_window = policy.policy.window_of(risk);
        rules.windows = settings.window().into_iter().chain(house_window).cloned().collect();
    }
    rules.outside_window = settings.outside_window();
    rules.is_rechecking_disruptive = !policy.policy.protect.is_empty();
}

/// Everything in one file.
fn file_of(
    (job, inputs): (&Job, &PlanInputs<'_>),
    connection: &Connection,
    state: &Workspace,
    (plan, rules, origins): (Plan, Policy, Origins),
    (fleet, spent, now): (Option<u32>, u32, UnixMillis),
) -> Result<PlanFile, Reason> {
    let settings = inputs.settings;
    let cost = forecast(&plan, &rules, spent);
    let report = settings.report_form();
    Ok(PlanFile {
        format: PLAN_FORMAT,
        tenant: connection.tenant.clone(),
        base_url: connection.base_url.clone(),
        reached_by: Some(connection.reached_by.clone()),
        job: job.name.clone(),
        job_digest: job.digest.clone(),
        is_named: inputs.naming == Naming::ByFile,
        reason: settings.reason().map(str::to_owned).or_else(|| job.reason.clone()),
        policy_digest: inputs.policy.digest.clone(),
        break_glass: settings.break_glass()?.map(str::to_owned),
        origins,
        made_at: now,
        made_by: Operator::current().shown(),
        database: state.index().database_id()?,
        start_until: latest_start(&plan, job, now),
        send_for_ms: settings.send_for_ms(),
        fleet,
        job_conditions: JobConditions {
            window: settings.window().cloned(),
            require: job.settings.require.as_ref().map(RequiredDevices::kept),
            notify: job.settings.notify(),
        },
        report_dir: settings.report_dir().map(|path| path.display().to_string()),
        report_formats: report.formats,
        report_options: report.options,
        metrics_file: settings.metrics_file().map(|path| path.display().to_string()),
        encrypt_to: inputs.encrypt_to.to_vec(),
        wrapping: wrapping_of(settings),
        forecast: PlannedCost {
            sends: cost.sends,
            reads: cost.captures,
            spent,
            seconds: cost.seconds,
        },
        rules,
        plan,
    })
}

/// The bounds that the job itself sets, as far as they are in force: no flag replaces them, and one that takes a
/// bound away removes its word too.
fn wrapping_of(settings: &RunSettings) -> Wrapping {
    Wrapping { max_devices: settings.max_devices(), has_time_bound: settings.has_time_bound() }
}

/// The latest start of a plan: what another system's export says of it grows old too.
fn latest_start(plan: &Plan, job: &Job, now: UnixMillis) -> UnixMillis {
    let latest = PlanFile::latest_start(plan.risk(), now);
    let requirement = job.settings.require.as_ref();
    let export_ends = requirement
        .and_then(|requirement| Some(requirement.written_at?.plus_ms(requirement.max_age_ms?)));
    export_ends.map_or(latest, |ends| ends.min(latest))
}

fn size_of(inventory: &Inventory) -> u32 {
    u32::try_from(inventory.devices().len()).unwrap_or(u32::MAX)
}

/// Whether it has to be known how large the fleet is: the person who confirms what cannot be undone sees its share, and caps
/// depend on it.
fn needs_fleet(
    plan: &Plan,
    (job, inputs): (&Job, &PlanInputs<'_>),
    connection: &Connection,
    state: &Workspace,
) -> Result<bool, Reason> {
    let demands = devices_by_action(plan);
    if plan.risk() == Risk::Irreversible || demands.is_empty() {
        return Ok(!demands.is_empty());
    }
    let (policy, job, now) = (&inputs.policy.policy, job.name.as_str(), WallClock.now());
    let spent = spent_lately(state, &connection.base_url, now)?;
    let budget = Budget {
        policy,
        job,
        fleet: None,
        spent: &spent,
        approval: Approval::Missing,
        confirmation: Confirmation::InAdvance,
        now,
    };
    Ok(budget.reserve(&demands).is_err())
}

/// Whether a job may turn out to be urgent, as far as it says itself.
fn may_be_urgent(job: &Job) -> bool {
    let is_touching =
        |steps: &[crate::job::Step]| steps.iter().any(|step| step.risk() >= Risk::Disruptive);
    job.selection.is_none()
        && job.rows.len() <= URGENT_DEVICES_MAX
        && job.rows.iter().any(|row| is_touching(&row.steps))
}

fn is_urgent(plan: &Plan) -> bool {
    plan.risk() >= Risk::Disruptive && plan.devices() <= URGENT_DEVICES_MAX
}

/// What of the hour a run may use: what is kept free is for urgent ones.
pub(crate) fn budget_of(per_hour: u32, policy: &PolicyFile, is_urgent: bool) -> u32 {
    let kept_free = policy.policy.emergency.requests_per_hour.min(per_hour / KEPT_FREE_PART);
    if is_urgent { per_hour } else { (per_hour - kept_free).max(1) }
}

/// A seed that no other run has.
fn fresh_seed() -> Result<u64, Reason> {
    getrandom::u64()
        .map_err(|error| PlanningReason::NoRandomness { error: error.to_string() }.into())
}

/// A doubt with the reason that the plan keeps for it.
fn with_reason(
    ((device, action), run): ((DeviceId, String), String),
) -> ((DeviceId, String), String) {
    let reason = format!(
        "{action} of run {run} is in doubt for this device; settle the doubt first: sortie resolve {run}"
    );
    ((device, action), reason)
}

/// What earlier runs have done, as far as it bears on this job. Simulated tenants have no past. The plan was built once
/// without it: so only the tasks to be sent are searched in earlier runs, in one pass.
fn look_back_at(
    (job, inputs): (&Job, &PlanInputs<'_>),
    connection: &Connection,
    state: &Workspace,
    plan: &Plan,
) -> Result<(Earlier, Notes), Reason> {
    let mut notes = Notes::new();
    if connection.simulated.is_some() {
        return Ok((Earlier::default(), notes));
    }
    let base_url = &connection.base_url;
    let tasks = match inputs.look_back {
        LookBack::No => BTreeMap::new(),
        look_back => {
            let wanted: HashSet<TaskId> = plan.to_do().map(|task| task.id).collect();
            earlier_tasks(state, base_url, look_back, &wanted, &mut notes)?
        }
    };
    // A row that is skipped because its device was not found is in the plan without an id.
    let is_missing = plan.refused.iter().any(|row| row.objection.kind == ObjectionKind::NotFound)
        || plan.tasks.iter().any(|task| task.device.id.as_str().is_empty());
    let deleted = match is_missing && !job.rows.is_empty() {
        true => deleted_devices(state, base_url, &mut notes)?,
        false => Vec::new(),
    };
    Ok((Earlier { tasks, deleted }, notes))
}

/// Reads what filters and guards need to know of devices, and returns notes about what stays unknown.
async fn add_facts(
    reads: &Reads<ReadOnly<HttpTransport>, WallClock>,
    (job, options): (&Job, &PlanOptions),
    inventory: &mut Inventory,
    (state, rules): (&Workspace, &Policy),
) -> Result<Vec<String>, Reason> {
    let (facts, events) = (FilterFacts::of_job(job), &state.events);
    let mut notes = read_filter_facts(reads, facts, inventory, events, rules.per_second).await?;
    let wanted = details_wanted(job, inventory, options, WallClock.now());
    let read = read_details(reads, &wanted.devices).await?;
    for (id, details) in read.devices {
        inventory.add_details(&id, details);
    }
    let unknown = |note| format!("{note}; their processors and Activation Lock are unknown");
    notes.extend(read.note.map(unknown));
    if wanted.left_out > 0 {
        notes.push(format!(
            "Activation Lock was read for the first {ACTIVATION_LOCK_READS_MAX} devices; it is unknown for {} more",
            wanted.left_out
        ));
    }
    Ok(notes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{Input, ParseOptions, parse};
    use crate::model::settings::{
        SettingSource, SettingSpec, SettingValue, SettingValues, pace, safety,
    };

    fn job(lines: &str) -> Job {
        let text = format!("version: 1\naction: restart\ntargets: {{all: true}}\n{lines}");
        let input = Input { name: "job.yaml", bytes: text.as_bytes() };
        let no_files = |name: &str| Err(name.to_owned());
        parse(&input, &ParseOptions::default(), &no_files).expect("a job")
    }

    #[test]
    fn a_bound_that_a_flag_takes_away_bounds_nothing() {
        let window = "window: {days: [sat], from: '22:00', to: '23:00', timezone: UTC}\n";
        let end = "send_until: 2h\n";
        let both = format!("{window}{end}");
        for (lines, has_glass, has_flag, is_bounded) in [
            ("", false, false, false),
            ("", false, true, false),
            (window, false, false, true),
            (window, true, false, false),
            (window, false, true, true),
            (end, false, false, true),
            (end, true, false, true),
            (end, false, true, false),
            (&both, true, false, true),
            (&both, false, true, true),
            (&both, true, true, false),
        ] {
            let mut given = SettingValues::default();
            let mut set = |setting: &SettingSpec, value| {
                given.set(setting, value, SettingSource::Flag(setting.flags[0].long));
            };
            if has_glass {
                set(&safety::BREAK_GLASS, SettingValue::Text("INC-7".to_owned()));
            }
            if has_flag {
                set(&pace::SEND_UNTIL, SettingValue::Duration(48 * 3_600_000));
            }
            let wrapping = wrapping_of(&RunSettings::new(given, &job(lines)));
            assert_eq!(wrapping.has_time_bound, is_bounded, "{lines} {has_glass} {has_flag}");
        }
    }
}
