//! `--metrics-file`: metrics of the job that a command runs, for the textfile collector of Prometheus.
//!
//! Owns when they are written: while a run goes on, and when the command ends, no matter how. Metrics never change what a command
//! does or its exit code: a file that cannot be written is a warning. Must never hold up a run: they are made on a thread of their own.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crate::app::settings::{Profile, metrics_file};
use crate::app::{
    AppEvent, Events, JobNameSource, MetricsMoment, MetricsRequest, Reason, Workspace, save_metrics,
};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::state_path;
use crate::cli::metrics_state::{CommandMetrics, Writing, path_of};
use crate::cli::options::{CliCommand, EndingOptions, GlobalOptions, TenantOptions};
use crate::cli::settings::read_profile;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::refusals::words;
use crate::drive::{Clock, WallClock};
use crate::model::settings::{SettingLayer, tenant as tenant_rows};

/// How often metrics are written while a run goes on, in milliseconds: about as often as they are collected.
const PAUSE_MS_MIN: u64 = 15_000;
/// Metrics that take long to make are followed by a pause so many times as long.
const PAUSE_FACTOR: u64 = 20;

/// Writes metrics while the run of this workspace goes on.
pub(crate) fn follow(metrics: &CommandMetrics, workspace: &Workspace, printer: &Printer) {
    let (metrics, printer) = (metrics.clone(), printer.clone());
    workspace.observe(move |event| {
        let AppEvent::RunBegins(begins) = event else { return };
        let mut state = metrics.lock();
        (state.run, state.has_driven, state.is_read) = (Some(begins.run.clone()), true, true);
        (state.job, state.tenant) = (begins.job.clone(), begins.tenant.clone());
        state.of_job = begins.metrics_file.clone().or(state.of_job.take());
        if state.file().is_some() && state.state_dir.is_some() {
            state.writing = start_writing(metrics.clone(), printer.clone());
        }
    });
}

fn start_writing(metrics: CommandMetrics, printer: Printer) -> Option<Writing> {
    let (going_on, ended) = channel();
    let work = move || write_often(&metrics, &ended, &printer);
    let thread = std::thread::Builder::new().name("metrics".to_owned()).spawn(work).ok()?;
    Some(Writing { going_on, thread })
}

/// Writes now and then until the other end of `ended` is gone.
fn write_often(metrics: &CommandMetrics, ended: &Receiver<()>, printer: &Printer) {
    loop {
        let began = WallClock.now();
        write(metrics, MetricsMoment::GoingOn, printer);
        let took_ms = WallClock.now().remaining_ms(began);
        let pause = Duration::from_millis(PAUSE_MS_MIN.max(took_ms * PAUSE_FACTOR));
        if ended.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// The command has ended with this code.
pub(crate) fn end(command: &CliCommand, global: &GlobalOptions, exit: Exit, printer: &Printer) {
    if let CliCommand::Resolve { name, .. } | CliCommand::Close { name, .. } = command
        && exit == Exit::Well
    {
        return decided(name, global, printer);
    }
    let Some(told) = Told::of(command) else { return };
    let metrics = &told.ending.metrics;
    let writing = metrics.lock().writing.take();
    if let Some(Writing { going_on, thread }) = writing {
        drop(going_on);
        // A thread that panicked has nothing to add.
        let _ = thread.join();
    }
    write(metrics, MetricsMoment::Ended { exit_code: exit as u8 }, printer);
}

/// A person has decided about a run: a doubt that is settled no longer counts.
fn decided(run: &str, global: &GlobalOptions, printer: &Printer) {
    let write = |workspace: Workspace, dir: &Path| {
        let Some((path, row)) = workspace.metrics_file_of(run)? else { return Ok(()) };
        let moment = MetricsMoment::Decided;
        let (job, tenant, now) = (row.job.as_str(), row.tenant.as_str(), WallClock.now());
        let name = JobNameSource::Job;
        let request = MetricsRequest { job, name, tenant, run: None, moment, now };
        if let Err(why) = write_file(&path, dir, &request, FileOwner::This) {
            printer.warn(&why);
        }
        Ok::<(), Reason>(())
    };
    let Ok(dir) = state_path(global) else { return };
    // The command that decided has read the run: what cannot be read now was said.
    if let Ok(Some(workspace)) = Workspace::open_to_read(&dir, Events::new()) {
        let _ = write(workspace, &dir);
    }
}

/// Writes the file, if one is named and the job is known.
fn write(metrics: &CommandMetrics, moment: MetricsMoment, printer: &Printer) {
    let state = metrics.lock();
    let (Some(path), Some(state_dir)) = (state.file(), state.state_dir.clone()) else { return };
    if state.job.is_empty() && state.run.is_none() {
        return;
    }
    let (job, tenant, run) = (state.job.clone(), state.tenant.clone(), state.run.clone());
    let name = if state.is_read { JobNameSource::Job } else { JobNameSource::File };
    let owner = if state.has_driven { FileOwner::This } else { FileOwner::DriverOfRun };
    // Making metrics takes its time, and events of the run need the state.
    drop(state);
    let request = MetricsRequest {
        job: &job,
        name,
        tenant: &tenant,
        run: run.as_deref(),
        moment,
        now: WallClock.now(),
    };
    if let Err(why) = write_file(&path, &state_dir, &request, owner)
        && metrics.warns_first()
    {
        printer.warn(&why);
    }
}

/// Whose the file is while a run is active.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum FileOwner {
    /// This process may write it.
    This,
    /// The process that drives the run writes it: what this one has to say would mix two commands.
    DriverOfRun,
}

/// Writes the file. What cannot be read of the runs is left out of it: how the command ended is worth more.
fn write_file(
    path: &Path,
    state_dir: &Path,
    request: &MetricsRequest<'_>,
    owner: FileOwner,
) -> Result<(), String> {
    let read = Workspace::open_to_read(state_dir, Events::new())
        .and_then(|workspace| workspace.map(|it| it.metrics(request)).transpose());
    let (metrics, unread) = match read {
        Ok(metrics) => (metrics.unwrap_or_else(|| request.without_runs()), None),
        Err(reason) => (request.without_runs(), Some(words(&reason).what)),
    };
    // A run that does not exist belongs to no job.
    if metrics.job.is_empty() {
        return Ok(());
    }
    let is_active = metrics.run.as_ref().is_some_and(|run| run.left_at.is_none());
    if is_active && owner == FileOwner::DriverOfRun {
        return Ok(());
    }
    save_metrics(path, &metrics).map_err(|failure| {
        format!("cannot write the metrics file {}: {}", failure.path.display(), failure.error)
    })?;
    match unread {
        Some(what) => Err(format!("the metrics file says nothing about runs: {what}")),
        None => Ok(()),
    }
}

/// Finds out where a command writes metrics: before anything else, so that a command that is refused is seen too.
///
/// # Errors
/// A file that the collector would not read.
pub(crate) fn begin(command: &CliCommand, global: &GlobalOptions) -> Result<(), Failure> {
    let Some(told) = Told::of(command) else { return Ok(()) };
    // A profile that cannot be read is refused by the command itself.
    let profile = read_profile(global).unwrap_or_else(|_| Profile::default());
    let given = told.ending.flags.values()?;
    let by_flag = path_of(&given, SettingLayer::Flag);
    metrics_file(&given.clone().merged(&profile.values))?;
    let is_simulated = told.tenant.has(&tenant_rows::SIMULATE);
    // A trial must not replace what is known of the real job.
    if is_simulated && by_flag.is_none() {
        return Ok(());
    }
    let mut state = told.ending.metrics.lock();
    state.state_dir = Some(state_path(global)?);
    state.given = by_flag.or_else(|| path_of(&given, SettingLayer::Variable));
    state.of_profile = path_of(&profile.values, SettingLayer::Profile);
    (state.job, state.run) = (told.job, told.run);
    Ok(())
}

/// What the command line says of the job.
struct Told<'a> {
    ending: &'a EndingOptions,
    tenant: &'a TenantOptions,
    /// The job as its file is called, until it is read.
    job: String,
    /// The run that it names.
    run: Option<String>,
}

impl<'a> Told<'a> {
    fn of(command: &'a CliCommand) -> Option<Self> {
        let of_run = |name: &String| Some(name.clone());
        let (ending, tenant, job, run) = match command {
            CliCommand::Run { job, tenant, run, .. } if !run.dry_run => {
                let stem = Path::new(&job.job).file_stem().unwrap_or_default();
                (&run.ending, tenant, stem.to_string_lossy().into_owned(), None)
            }
            CliCommand::Send { send, tenant, run, .. } if !run.dry_run => {
                (&run.ending, tenant, send.action.clone(), None)
            }
            CliCommand::Retry { name, tenant, run, .. } if !run.dry_run => {
                (&run.ending, tenant, String::new(), of_run(name))
            }
            CliCommand::Resume { name, tenant, resume } => {
                (&resume.ending, tenant, String::new(), of_run(name))
            }
            CliCommand::Watch { name, tenant, watch } if !watch.attach => {
                (&watch.ending, tenant, String::new(), of_run(name))
            }
            _ => return None,
        };
        Some(Self { ending, tenant, job, run })
    }
}
