//! `sortie resume` and `sortie watch`.
//!
//! Owns the going on with a run from its journal alone. A resume may slow down and change the wait, nothing else. Must
//! never read the job again.

use std::sync::Arc;

use crate::app::charging::{Charging, LastSends, charge, sent_of, unsent_devices};
use crate::app::operator::Operator;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::{Attended, Candidate, GivenApproval, verify};
use crate::app::runs::execution::{Execution, go};
use crate::app::runs::trust::{
    KeptApproval, OpeningPurpose, Replay, open_run, refuse_closed, refuse_simulated,
};
use crate::app::settings::timeout_ms;
use crate::app::{Reason, Workspace};
use crate::cli::exit::Exit;
use crate::cli::failure::{BeforeSending, Done, Failed, Failure};
use crate::cli::locations::open_workspace;
use crate::cli::options::{
    EndingOptions, GlobalOptions, ResumeOptions, TenantOptions, WatchOptions,
};
use crate::cli::runtime::runtime;
use crate::cli::settings::{duration, read_profile};
use crate::cli::tenant_options::connect_again;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::can_ask;
use crate::drive::{Clock, WallClock};
use crate::engine::{Engine, Scope};
use crate::journal::{RequestCounts, RunHeader, RunJournal, RunRow, RunState, TrustedRun};
use crate::model::settings::{SettingLayer, SettingValues, following, pace, tenant as rows};
use crate::model::{Outcome, Policy, Task, TaskRecord};
use crate::plan::{Approval, Confirmation};
use crate::transport::tenant_key;

/// How long `watch` follows when nothing else is said, in milliseconds: a year is until everything has ended.
const WATCH_MS: u64 = 366 * 86_400_000;

pub(crate) fn resume(
    global: &GlobalOptions,
    name: &str,
    tenant: &TenantOptions,
    options: &ResumeOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    let state = open_workspace(global, printer).before_sending()?;
    let pace = options.pace.values().map_err(Failure::from).before_sending()?;
    let ending = &options.ending;
    reopen(global, &state, name, tenant, ending, Scope::Whole, printer, |policy| {
        lower_policy(policy, &pace)
    })
}

/// `sortie watch`: follows what was sent, and sends nothing.
pub(crate) fn watch(
    global: &GlobalOptions,
    name: &str,
    tenant: &TenantOptions,
    options: &WatchOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    let state = open_workspace(global, printer).before_sending()?;
    let scope = if options.once { Scope::OnePass } else { Scope::Follow };
    let wait_ms = watch_ms(options).before_sending()?;
    let ending = &options.ending;
    reopen(global, &state, name, tenant, ending, scope, printer, |policy| {
        policy.wait_ms = wait_ms;
        Ok(())
    })
}

fn watch_ms(options: &WatchOptions) -> Result<u64, Failure> {
    match duration("--wait", options.wait.as_deref())?.unwrap_or(WATCH_MS) {
        0 => Err(Failure::usage("--wait 0 follows nothing").next("look once with: --once")),
        wait_ms => Ok(wait_ms),
    }
}

/// Goes on with a run from its journal alone.
#[expect(clippy::too_many_arguments, reason = "the options of two commands, as they were given")]
fn reopen(
    global: &GlobalOptions,
    state: &Workspace,
    name: &str,
    tenant: &TenantOptions,
    ending: &EndingOptions,
    scope: Scope,
    printer: &Printer,
    change: impl FnOnce(&mut Policy) -> Result<(), Failure>,
) -> Result<Done, Failed> {
    let runtime = runtime().before_sending()?;
    // Connections are made in its context.
    let _context = runtime.enter();
    match open_again(global, state, name, tenant, ending, scope, printer, change)
        .before_sending()?
    {
        Some(live) => runtime.block_on(go(live, ending, printer)),
        None => Ok(Done::unsent(Exit::Well)),
    }
}

/// A run as its journal has it, ready to be gone on with; nothing if everything has ended. Nothing is sent here.
#[expect(clippy::too_many_arguments, reason = "the options of two commands, as they were given")]
fn open_again<'a>(
    global: &GlobalOptions,
    state: &'a Workspace,
    name: &str,
    tenant: &TenantOptions,
    ending: &EndingOptions,
    scope: Scope,
    printer: &Printer,
    change: impl FnOnce(&mut Policy) -> Result<(), Failure>,
) -> Result<Option<Execution<'a>>, Failure> {
    let (given, profile) = (tenant.values()?, read_profile(global)?);
    let row = state.index().find_run(name)?;
    if row.state == RunState::Finished {
        let what = if scope == Scope::Whole { "resume" } else { "follow" };
        printer.say(&format!("nothing to {what}: run {} has ended{}", row.id, others_left(state)?));
        return Ok(None);
    }
    let hold = state.dir.hold_run(&row.id)?;
    // Whoever only follows is in nobody's way.
    let sending = match scope {
        Scope::Whole => Some(state.dir.hold_sending(&row.id)?),
        Scope::Follow | Scope::OnePass => None,
    };
    let opening = open_run(state, &row.id)?;
    refuse_simulated(opening.header(), OpeningPurpose::Resume)?;
    let mut header = opening.header().clone();
    change(&mut header.policy)?;
    if given.layer(&rows::TIMEOUT) == Some(SettingLayer::Flag) {
        header.policy.timeout_ms = timeout_ms(&given)?;
    }
    if header.policy.timeout_ms * 2 > header.policy.quarantine_ms {
        return Err(Failure::usage("--timeout is more than half of the run's --quarantine")
            .next("give a shorter one, or none"));
    }
    header.pending_ok |= ending.pending_ok;
    let tasks: Arc<[Task]> = opening.tasks().into();
    let (mut replay, mut last) = (Replay::new(&tasks, &header.policy), LastSends::default());
    let run = opening.follow(|entry| {
        replay.take(entry);
        last.take(entry, &tasks);
    })?;
    refuse_closed(&run)?;
    let engine = Engine::new(replay.end()?);
    let house = PolicyFile::read(state.path())?;
    let alone = match scope {
        Scope::Whole => {
            let attended = if !global.no_input && can_ask() { Attended::Now } else { Attended::No };
            Some(enter_again(state, &header, &house, attended, &run, &last)?)
        }
        Scope::Follow | Scope::OnePass => None,
    };
    let journal = RunJournal::go_on(&state.dir, &run)?;
    let connection = connect_again(&header.base_url, header.policy.timeout_ms, &given, &profile)?;
    let quota = state.quota(&connection.base_url, header.policy.per_hour);
    state.index().set_run_state(&row.id, RunState::Open, None, &row.summary)?;
    drop(alone);
    let doing = if scope == Scope::Whole { "resuming" } else { "following" };
    printer.say(&format!("{doing} run {} of {}", row.id, header.job));
    if let Some((until, why)) = engine.state().pause(WallClock.now()) {
        printer.say(&format!("nothing is sent or read before {until}: {why}"));
    }
    let requests = RequestCounts::new();
    Ok(Some(Execution {
        workspace: state,
        policy: house,
        connection,
        header,
        tasks,
        records: run.records,
        engine,
        journal,
        quota,
        requests,
        hold,
        sending,
        scope,
    }))
}

/// How many other runs have something left, in words.
fn others_left(state: &Workspace) -> Result<String, Failure> {
    let is_left = |row: &RunRow| matches!(row.state, RunState::Open | RunState::Paused);
    let left = state.index().runs()?.into_iter().filter(is_left).count();
    Ok(match left {
        0 => "; 'sortie runs' lists the runs".to_owned(),
        left => format!("; {} not finished: sortie runs", counted_are(left)),
    })
}

fn counted_are(runs: usize) -> String {
    if runs == 1 { "1 other run is".to_owned() } else { format!("{runs} other runs are") }
}

/// Lets a run go on sending, if nothing speaks against what it has left. No other run begins while the result is held.
fn enter_again(
    workspace: &Workspace,
    header: &RunHeader,
    policy: &PolicyFile,
    attended: Attended,
    run: &TrustedRun,
    last: &LastSends,
) -> Result<std::fs::File, Reason> {
    let now = WallClock.now();
    let (tasks, records) = (&run.tasks, &run.records);
    let alone = workspace.dir.hold_start()?;
    let is_left = |(_, record): &(&Task, &TaskRecord)| record.outcome() == Outcome::NotAttempted;
    let left: Vec<&Task> = tasks.iter().zip(records).filter(is_left).map(|(it, _)| it).collect();
    let mut kept = KeptApproval::of(run, policy, now);
    let approval = kept.approval();
    let candidate = Candidate {
        tasks: left,
        approval: match approval {
            Approval::Given => GivenApproval::Kept,
            Approval::Missing => GivenApproval::None,
        },
        attended,
        ..Candidate::of_run(workspace, policy, header, now)
    };
    verify(&candidate).map_err(|reason| match reason {
        Reason::ApprovalRequired(_) | Reason::WorkReason(_) => kept.explain(reason),
        other => other,
    })?;
    // What it was charged and did not use is free again; what it still means to do is charged from now on.
    let sent = sent_of(last, tasks, records);
    workspace.index().settle_charges(&header.run.0, &sent)?;
    let charging = Charging {
        base_url: &header.base_url,
        job: &header.job,
        run: &header.run.0,
        left_by: candidate.left_by(),
        demands: &unsent_devices(tasks, records),
        policy,
        approval,
        // As it was charged at first: an emergency that a person confirmed stays one.
        confirmation: match header.provenance.is_agreed_at_terminal {
            true => Confirmation::AtTerminal,
            false => Confirmation::InAdvance,
        },
        fleet: workspace.index().fleet_size(&tenant_key(&header.base_url))?,
        now,
        send_until: header.policy.send_until,
    };
    charge(workspace, charging).map_err(|reason| kept.explain(reason))?;
    let body = serde_json::json!({ "who": Operator::current().shown(), "job": header.job });
    workspace.index().note(now, "resumed", Some(&header.run.0), &body)?;
    Ok(alone)
}

/// A resume may slow down and change the wait, nothing else.
fn lower_policy(policy: &mut Policy, given: &SettingValues) -> Result<(), Failure> {
    for (flag, value, setting) in [
        ("--concurrency", &mut policy.concurrency, &pace::CONCURRENCY),
        ("--per-second", &mut policy.per_second, &pace::PER_SECOND),
        ("--per-hour", &mut policy.per_hour, &pace::PER_HOUR),
    ] {
        let Some(asked) = given.count(setting) else { continue };
        if asked > *value {
            return Err(Failure::usage(format!("{flag} {asked} is above the run's {value}"))
                .next("a resume may only lower it"));
        }
        *value = asked;
    }
    if let Some(wait_ms) = given.duration_ms(&following::WAIT) {
        // Whether a task is followed was decided when it was sent, by the run having a wait at all.
        if (wait_ms == 0) != (policy.wait_ms == 0) {
            return Err(Failure::usage("--wait cannot turn following on or off in a resume"));
        }
        policy.wait_ms = wait_ms;
    }
    Ok(())
}
