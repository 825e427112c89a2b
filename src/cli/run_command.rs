//! `sortie run`, `sortie send` and `sortie resume`.
//!
//! Owns the story of a run: plan, confirm, write it down, drive it, report. Must never begin before the run
//! is in the journal.

use std::path::PathBuf;
use std::sync::Arc;

use super::confirm::confirm;
use super::connect::{Connection, connect, connect_again, timeout_ms};
use super::custody::{Asking, prepare, refuse_given_pins};
use super::exit::Exit;
use super::failure::Failure;
use super::job_source::read_job;
use super::live::{Live, go};
use super::options::{
    EndingOptions, GlobalOptions, JobOptions, LimitOptions, PaceOptions, ResumeOptions, RunOptions,
    SendOptions, TenantOptions, WatchOptions,
};
use super::plan_command::{Planned, look_back_of, make_plan, runtime};
use super::printer::Printer;
use super::reporter::RunView;
use super::retry_command::Takeover;
use super::sealing::Recipients;
use super::settings::{Profile, duration};
use super::state::State;
use super::tenant_commands::read_filter;
use crate::drive::{Clock, Quota, WallClock, facts_of};
use crate::engine::{Engine, RunState, Scope};
use crate::job::{Job, ParseOptions, Target, TargetField, ad_hoc};
use crate::journal::{RequestCounts, RunHeader, RunJournal, RunReader, RunRow};
use crate::model::{Policy, Random, RunId, Task, TaskRecord, UnixMillis};

/// How long `watch` follows when nothing else is said, in milliseconds: a year is until everything has ended.
const WATCH_MS: u64 = 366 * 86_400_000;
/// Where reports go when nothing else is said.
const REPORT_DIR: &str = "reports";

pub(super) fn run(
    global: &GlobalOptions,
    job: &JobOptions,
    tenant: &TenantOptions,
    limits: &LimitOptions,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let job = read_job(job, printer)?;
    run_job(global, &job, Origin::Operator, tenant, limits, options, printer)
}

pub(super) fn send(
    global: &GlobalOptions,
    send: &SendOptions,
    tenant: &TenantOptions,
    limits: &LimitOptions,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let job = job_of(send, printer)?;
    run_job(global, &job, Origin::Operator, tenant, limits, options, printer)
}

/// The job that flags describe.
fn job_of(send: &SendOptions, printer: &Printer) -> Result<Job, Failure> {
    let mut targets = Vec::new();
    for (flag, field, texts) in [
        ("--device", TargetField::DeviceId, &send.device),
        ("--serial", TargetField::SerialNumber, &send.serial),
        ("--user-email", TargetField::UserEmail, &send.user_email),
    ] {
        for text in texts {
            let mut target = Target::default();
            target
                .read_field(field, text)
                .map_err(|error| Failure::usage(format!("{flag} '{text}': {error}")))?;
            targets.push(target);
        }
    }
    let filter = read_filter(&send.filter)?;
    let selection = match (send.all, filter.is_empty()) {
        (true, true) => Some(filter),
        (true, false) => {
            return Err(Failure::usage("--all and a filter contradict each other"));
        }
        (false, true) => None,
        (false, false) => Some(filter),
    };
    if targets.is_empty() && selection.is_none() {
        return Err(Failure::usage("no device is named or selected")
            .next("give --device, --serial, --user-email, a filter such as --platform, or --all"));
    }
    let options =
        ParseOptions { allow_wipe_protected: send.allow_wipe_protected, ..ParseOptions::default() };
    // An unknown action is one of the problems that the job lists, so its text may name the job as well.
    let known = crate::kandji::find_action(&send.action);
    let name = known.map_or("send", |action| action.name);
    ad_hoc(name, &send.action, &send.param, targets, selection, &options)
        .map_err(|problems| super::diagnostics::invalid_job(&problems, printer))
}

/// Where a job comes from.
#[derive(Copy, Clone)]
pub(super) enum Origin<'a> {
    /// The operator wrote it.
    Operator,
    /// It repeats what an earlier run left, and takes that over.
    Retry(&'a Takeover),
}

pub(super) fn run_job(
    global: &GlobalOptions,
    job: &Job,
    origin: Origin<'_>,
    tenant: &TenantOptions,
    limits: &LimitOptions,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let profile = Profile::read(global)?;
    let recipients = Recipients::choose(job, &profile)?;
    let state = State::open(global)?;
    runtime()?.block_on(async {
        let (connection, look_back) = match origin {
            Origin::Operator => (connect(tenant, &profile, Some(job)).await?, look_back_of(limits)),
            Origin::Retry(old) => {
                let timeout_ms = timeout_ms(tenant)?;
                let connection = connect_again(&old.header.base_url, timeout_ms, tenant, &profile)?;
                (connection, old.look_back(limits))
            }
        };
        let planned =
            make_plan(job, &connection, &state, limits, &profile, look_back, tenant.seed).await?;
        if options.dry_run {
            printer.data(&planned.text(job, &connection));
            planned.check(job)?;
            refuse_given_pins(recipients.as_ref(), &planned.plan.tasks)?;
            printer.say("dry run: nothing was sent");
            return Ok(Exit::Well);
        }
        printer.say(&planned.text(job, &connection));
        planned.check(job)?;
        let tasks = &planned.plan.tasks;
        refuse_given_pins(recipients.as_ref(), tasks)?;
        let asking = Asking::of(global, options.yes);
        prepare(recipients.as_ref(), tasks, &state, asking, printer)?;
        let confirmation =
            confirm(&planned.plan, &connection.tenant, options.yes, global.no_input)?;
        let mut header =
            header_of(&state, job, &connection, &planned, options, &profile, confirmation)?;
        header.encrypt_to = recipients.as_ref().map(Recipients::texts).unwrap_or_default();
        start(&state, connection, planned, header, origin, &options.ending, printer).await
    })
}

fn header_of(
    state: &State,
    job: &Job,
    connection: &Connection,
    planned: &Planned,
    options: &RunOptions,
    profile: &Profile,
    confirmation: String,
) -> Result<RunHeader, Failure> {
    let now = WallClock.now();
    let run = new_run_id(state, planned.policy.seed, now);
    let directory = options
        .report_dir
        .clone()
        .or_else(|| job.settings.report_dir.as_ref().map(PathBuf::from))
        .or_else(|| profile.report_dir.clone())
        .unwrap_or_else(|| PathBuf::from(REPORT_DIR));
    // Absolute, because 'sortie report' may be called from anywhere.
    let directory = std::path::absolute(directory)
        .map_err(|error| Failure::usage(format!("the report directory: {error}")))?;
    let formats = job.settings.report_formats.clone();
    Ok(RunHeader {
        report_dir: directory.join(format!("{}-{run}", file_name_of(&job.name))),
        report_formats: formats.unwrap_or_else(|| vec!["csv".to_owned(), "jsonl".to_owned()]),
        run,
        job: job.name.clone(),
        job_digest: job.digest.clone(),
        reason: options.reason.clone().or_else(|| job.reason.clone()),
        tenant: connection.tenant.clone(),
        base_url: connection.base_url.clone(),
        simulated: connection.simulated.is_some(),
        started_at: now,
        policy: planned.policy.clone(),
        confirmation,
        pending_ok: options.ending.pending_ok,
        encrypt_to: Vec::new(),
        provenance: Provenance::default(),
    })
}

/// An id that no run has yet. Cron starts many at the same moment, with the same seed even, so the process
/// counts as well.
fn new_run_id(state: &State, seed: u64, now: UnixMillis) -> RunId {
    let process = u64::from(std::process::id());
    let mut random = Random::for_labels(seed, &[now.0.unsigned_abs(), process]);
    loop {
        let run = RunId::new(now, &mut random);
        if !state.dir.run_path(&run.0).exists() {
            return run;
        }
    }
}

/// A job's name as part of a file name.
fn file_name_of(name: &str) -> String {
    name.chars()
        .map(|letter| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '-' })
        .collect()
}

/// Writes the run down and drives it.
async fn start(
    state: &State,
    connection: Connection,
    planned: Planned,
    header: RunHeader,
    origin: Origin<'_>,
    ending: &EndingOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let tasks: Arc<[Task]> = planned.plan.tasks.into();
    let run = header.run.0.clone();
    let hold = state.dir.hold_run(&run)?;
    let row = RunRow {
        id: run.clone(),
        job: header.job.clone(),
        tenant: header.tenant.clone(),
        tasks: u32::try_from(tasks.len()).unwrap_or(u32::MAX),
        state: crate::journal::RunState::Open,
        started_at: header.started_at,
        ended_at: None,
        summary: String::new(),
    };
    write_first_reports(&header, &tasks)?;
    // Before the new run exists: should the program die in between, nothing can be sent by both.
    if let Origin::Retry(old) = origin {
        old.close(state, &run, printer)?;
    }
    let journal = RunJournal::create(&state.dir, &header, &tasks)?;
    state.index().add_run(&row, &tasks)?;
    printer.say(&format!(
        "run {run} (seed {}), reports in {}",
        header.policy.seed,
        header.report_dir.display()
    ));
    let (facts, actions) = facts_of(&tasks, &header.policy);
    let engine = Engine::new(RunState::new(facts, actions, header.policy.clone()));
    let live = Live {
        state,
        connection,
        header,
        tasks,
        engine,
        journal,
        quota: planned.quota,
        requests: planned.requests,
        hold,
        scope: Scope::Whole,
    };
    go(live, ending, printer).await
}

/// Writes the reports of a run in which nothing has happened yet: a directory that cannot be written is found
/// out before anything is sent.
fn write_first_reports(header: &RunHeader, tasks: &[Task]) -> Result<(), Failure> {
    let records = tasks.iter().map(TaskRecord::new).collect();
    let view = RunView {
        header: header.clone(),
        tasks: tasks.to_vec(),
        records,
        requests: RequestCounts::new(),
    };
    view.write(&header.report_dir, None).map_err(|failure| {
        failure.state(super::failure::NOTHING_SENT).next("name another place with --report-dir")
    })
}

pub(super) fn resume(
    global: &GlobalOptions,
    name: &str,
    tenant: &TenantOptions,
    options: &ResumeOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let state = State::open(global)?;
    let ending = &options.ending;
    reopen(global, &state, name, tenant, ending, Scope::Whole, printer, |policy| {
        lower_policy(policy, &options.pace)
    })
}

/// `sortie watch`: follows what was sent, and sends nothing.
pub(super) fn watch(
    global: &GlobalOptions,
    name: &str,
    tenant: &TenantOptions,
    options: &WatchOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let state = State::open(global)?;
    let scope = if options.once { Scope::OnePass } else { Scope::Follow };
    let wait_ms = duration("--wait", options.wait.as_deref())?.unwrap_or(WATCH_MS);
    if wait_ms == 0 {
        return Err(Failure::usage("--wait 0 follows nothing").next("look once with: --once"));
    }
    let ending = &options.ending;
    reopen(global, &state, name, tenant, ending, scope, printer, |policy| {
        policy.wait_ms = wait_ms;
        Ok(())
    })
}

/// Goes on with a run from its journal alone.
#[expect(clippy::too_many_arguments, reason = "the options of two commands, as they were given")]
fn reopen(
    global: &GlobalOptions,
    state: &State,
    name: &str,
    tenant: &TenantOptions,
    ending: &EndingOptions,
    scope: Scope,
    printer: &Printer,
    change: impl FnOnce(&mut Policy) -> Result<(), Failure>,
) -> Result<Exit, Failure> {
    let profile = Profile::read(global)?;
    let row = match name {
        "latest" => state.index().latest_unfinished()?,
        name => Some(state.index().find_run(name)?),
    };
    let Some(row) = row.filter(|row| row.state != crate::journal::RunState::Finished) else {
        let what = if scope == Scope::Whole { "resume" } else { "follow" };
        printer
            .say(&format!("nothing to {what}: everything has ended; 'sortie runs' lists the runs"));
        return Ok(Exit::Well);
    };
    let hold = state.dir.hold_run(&row.id)?;
    let reader = RunReader::open(&state.dir, &row.id)?;
    let mut header = reader.header()?.ok_or_else(|| {
        Failure::usage(format!("run {} was never begun", row.id))
            .next("start the job again with: sortie run")
    })?;
    if header.simulated {
        return Err(Failure::usage(format!(
            "run {} was made against a simulated tenant, which ended with it",
            row.id
        ))
        .next("to rehearse a resume, serve a tenant with: sortie simulate"));
    }
    change(&mut header.policy)?;
    if tenant.timeout.is_some() {
        header.policy.timeout_ms = timeout_ms(tenant)?;
    }
    if header.policy.timeout_ms * 2 > header.policy.quarantine_ms {
        return Err(Failure::usage("--timeout is more than half of the run's --quarantine")
            .next("give a shorter one, or none"));
    }
    header.pending_ok |= ending.pending_ok;
    let tasks: Arc<[Task]> = reader.tasks()?.into();
    let engine = Engine::new(replay(&reader, &tasks, &header.policy)?);
    drop(reader);
    let journal = RunJournal::open(&state.dir, &row.id)?;
    runtime()?.block_on(async {
        let connection =
            connect_again(&header.base_url, header.policy.timeout_ms, tenant, &profile)?;
        let quota =
            Quota::new(Arc::clone(&state.index), &connection.base_url, header.policy.per_hour);
        state.index().set_run_state(&row.id, crate::journal::RunState::Open, None, &row.summary)?;
        let doing = if scope == Scope::Whole { "resuming" } else { "following" };
        printer.say(&format!("{doing} run {} of {}", row.id, header.job));
        let requests = RequestCounts::new();
        let live = Live {
            state,
            connection,
            header,
            tasks,
            engine,
            journal,
            quota,
            requests,
            hold,
            scope,
        };
        go(live, ending, printer).await
    })
}

/// The state of a run as its journal tells it.
pub(super) fn replay(
    reader: &RunReader,
    tasks: &[Task],
    policy: &Policy,
) -> Result<RunState, Failure> {
    let (facts, actions) = facts_of(tasks, policy);
    let mut state = RunState::new(facts, actions, policy.clone());
    let mut fault = None;
    reader.for_each_entry(|entry| {
        if fault.is_none() {
            fault = state.apply(&entry).err();
        }
    })?;
    match fault {
        None => Ok(state),
        Some(fault) => {
            Err(Failure::new(Exit::Journal, format!("the journal does not make sense: {fault}"))
                .next("the reports can still be written with: sortie report"))
        }
    }
}

/// A resume may slow down and change the wait, nothing else.
fn lower_policy(policy: &mut Policy, options: &PaceOptions) -> Result<(), Failure> {
    for (flag, value, asked) in [
        ("--concurrency", &mut policy.concurrency, options.concurrency),
        ("--per-second", &mut policy.per_second, options.per_second),
        ("--per-hour", &mut policy.per_hour, options.per_hour),
    ] {
        let Some(asked) = asked else { continue };
        if asked > *value {
            return Err(Failure::usage(format!("{flag} {asked} is above the run's {value}"))
                .next("a resume may only lower it"));
        }
        *value = asked;
    }
    if let Some(wait_ms) = duration("--wait", options.wait.as_deref())? {
        // Whether a task is followed was decided when it was sent, by the run having a wait at all.
        if (wait_ms == 0) != (policy.wait_ms == 0) {
            return Err(Failure::usage("--wait cannot turn following on or off in a resume"));
        }
        policy.wait_ms = wait_ms;
    }
    Ok(())
}
