//! `sortie resume` and `sortie watch`.
//!
//! Owns what the options mean for a run that goes on. Must never let `watch` send.

use crate::app::preflight::Attended;
use std::collections::BTreeMap;

use tokio::runtime::Runtime;

use crate::app::settings::{ProfileList, timeout_ms};
use crate::app::{GoOn, GoOnRequest, GroupGoOnRequest, QueuePlace, Reopened, Workspace};
use crate::cli::driving::drive;
use crate::cli::driving_group::drive_group;
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed, Failure, UnsentFailure};
use crate::cli::locations::{config_path, open_workspace};
use crate::cli::notifications::notifications;
use crate::cli::options::{
    EndingOptions, GlobalOptions, ResumeOptions, TenantOptions, WatchOptions,
};
use crate::cli::runtime::{run_runtime, runtime};
use crate::cli::settings::{duration, read_profile};
use crate::cli::tenant_options::tenant_request;
use crate::cli::tenants::{profile_of, refuse_other_tenant};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::can_ask;
use crate::cli::text::answers::no_run;
use crate::cli::text::run_next::step;
use crate::cli::turns::in_turn;
use crate::journal::GroupRow;
use crate::model::settings::{SettingLayer, tenant as rows};

/// How long `watch` follows when nothing else is said, in milliseconds: a year is until everything has ended.
const WATCH_MS: u64 = 366 * 86_400_000;

pub(crate) fn resume(
    global: &GlobalOptions,
    name: &str,
    tenant: &TenantOptions,
    options: &ResumeOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    let pace = options.pace.values().map_err(Failure::from).before_sending()?;
    in_turn(global, &options.start, &options.ending.metrics, printer, |place| {
        let go_on_with = GoOn::Send(pace.clone());
        go_on(Given { global, name, tenant, ending: &options.ending, printer, place }, go_on_with)
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
    let wait_ms = watch_ms(options).before_sending()?;
    let follow = if options.once { GoOn::LookOnce } else { GoOn::Follow { wait_ms } };
    let (ending, place) = (&options.ending, &QueuePlace::default());
    go_on(Given { global, name, tenant, ending, printer, place }, follow)
}

fn watch_ms(options: &WatchOptions) -> Result<u64, Failure> {
    match duration("--wait", options.wait.as_deref())?.unwrap_or(WATCH_MS) {
        0 => Err(Failure::usage("--wait 0 follows nothing").next("look once with: --once")),
        wait_ms => Ok(wait_ms),
    }
}

/// What a command that opens a run again was given.
#[derive(Copy, Clone)]
struct Given<'a> {
    global: &'a GlobalOptions,
    name: &'a str,
    tenant: &'a TenantOptions,
    ending: &'a EndingOptions,
    printer: &'a Printer,
    place: &'a QueuePlace,
}

/// What a command that opens a group again was given.
#[derive(Copy, Clone)]
struct OfGroup<'a> {
    global: &'a GlobalOptions,
    tenant: &'a TenantOptions,
    ending: &'a EndingOptions,
    printer: &'a Printer,
}

/// Resumes or follows each run of a group, side by side.
fn go_on_group(
    given: OfGroup<'_>,
    workspace: &Workspace,
    runtime: &Runtime,
    group: GroupRow,
    go_on: GoOn,
) -> Result<Done, Failed> {
    let OfGroup { global, tenant, ending, printer } = given;
    let names: Vec<String> = group.members.iter().map(|member| member.tenant.clone()).collect();
    refuse_other_tenant(global, tenant, &names).before_sending()?;
    let values = tenant.values().map_err(Failure::from).before_sending()?;
    let list = match config_path(global).before_sending()? {
        Some(path) => ProfileList::read(&path).before_sending()?,
        None => ProfileList::default(),
    };
    let mut tenants = BTreeMap::new();
    for name in names {
        let profile = profile_of(&list, &name);
        let request = tenant_request(&values, &profile).before_sending()?;
        tenants.insert(name, (request, notifications(&profile, &ending.notify)));
    }
    let is_timeout_given = values.layer(&rows::TIMEOUT) == Some(SettingLayer::Flag);
    let timeout_ms = is_timeout_given.then(|| timeout_ms(&values)).transpose();
    let request = GroupGoOnRequest {
        group,
        go_on,
        tenants: &tenants,
        timeout_ms: timeout_ms.map_err(Failure::from).before_sending()?,
        pending_ok: ending.pending_ok,
        attended: if !global.no_input && can_ask() { Attended::Now } else { Attended::No },
    };
    runtime.block_on(drive_group(workspace, ending, printer, async |operation| {
        workspace.go_on_group(request, operation).await
    }))
}

fn go_on(given: Given<'_>, go_on: GoOn) -> Result<Done, Failed> {
    let Given { global, name, tenant, ending, printer, place } = given;
    let workspace = open_workspace(global, printer).before_sending()?.queued(place);
    let run_runtime = run_runtime().before_sending()?;
    // Connections are made in its context.
    let _context = run_runtime.enter();
    let given = tenant.values().map_err(Failure::from).before_sending()?;
    let profile = read_profile(global).before_sending()?;
    let workspace = workspace.notifying(notifications(&profile, &ending.notify));
    if let Some(group) = workspace.group_named(name).before_sending()? {
        let of_group = OfGroup { global, tenant, ending, printer };
        let runtime = runtime().before_sending()?;
        return go_on_group(of_group, &workspace, &runtime, group, go_on);
    }
    let is_timeout_given = given.layer(&rows::TIMEOUT) == Some(SettingLayer::Flag);
    let timeout_ms = is_timeout_given.then(|| timeout_ms(&given)).transpose();
    let what = if matches!(go_on, GoOn::Send(_)) { "resume" } else { "follow" };
    let request = GoOnRequest {
        run: name,
        go_on,
        tenant: &tenant_request(&given, &profile).before_sending()?,
        timeout_ms: timeout_ms.map_err(Failure::from).before_sending()?,
        pending_ok: ending.pending_ok,
        attended: if !global.no_input && can_ask() { Attended::Now } else { Attended::No },
    };
    match workspace.go_on(request).before_sending()? {
        Reopened::Finished { run, others_left } => {
            printer.answer(&no_run(Some(&run), "the run has ended"));
            printer.say(&format!("nothing to {what}: run {run} has ended"));
            if others_left > 0 {
                printer.say(&step(&others_text(others_left), "sortie runs"));
            }
            Ok(Done::unsent(Exit::Well))
        }
        Reopened::Run(run) => {
            run_runtime.block_on(drive(&workspace, ending, printer, async |operation| {
                run.drive(operation).await
            }))
        }
    }
}

/// How many other runs have something left.
fn others_text(left: usize) -> String {
    match left {
        1 => "1 other run is not finished; to list the runs".to_owned(),
        left => format!("{left} other runs are not finished; to list the runs"),
    }
}
