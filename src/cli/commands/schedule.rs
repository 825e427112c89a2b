//! `sortie schedule`: a job as the files of a scheduler.
//!
//! Owns what a scheduler's file has to name: the program, the job, the tenant, the token's place, the directories. Reads
//! the job as `check` does. Must never reach a tenant, read a token, or replace a file.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::app::operator::Operator;
use crate::app::settings::{RunSettings, timeout_ms};
use crate::app::{LateStart, ScheduleRequest, ScheduledJob, schedule_job};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::job_source::{plan_path, read_job};
use crate::cli::locations::state_path;
use crate::cli::options::{GlobalOptions, LimitOptions, ListingFormat};
use crate::cli::schedule_options::ScheduleOptions;
use crate::cli::settings::{read_profile, run_settings};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::counted;
use crate::cli::text::schedule::{
    ScheduledUnit, Scheduler, UnitFile, UnitFlaw, UnitToken, files as files_of,
};
use crate::cli::unit_command::{absolute, command, directory_of, tenant_of};
use crate::drive::{Clock, WallClock};
use crate::job::Job;
use crate::model::settings::{SettingLayer, global as everywhere, output, tenant as rows};
use crate::model::{IfRunning, ParamValue, Timetable, UnixMillis};

/// How many of the next starts are compared with the window.
const STARTS_COMPARED: usize = 10;
/// How many of them are shown.
const STARTS_SHOWN: usize = 3;
/// Time to write the reports after the last answer, in milliseconds.
const REPORTS_MS: u64 = 60_000;
/// Where reports go when nothing else is said.
const REPORT_DIR: &str = "reports";
/// Names of one time zone.
const UTC_NAMES: [&str; 5] = ["UTC", "Etc/UTC", "Etc/UCT", "Etc/Zulu", "Etc/Universal"];
/// Letters of a job's name in the names of files.
const NAME_LETTERS_MAX: usize = 60;

pub(crate) fn schedule(
    global: &GlobalOptions,
    options: &ScheduleOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    refuse_other_sources(options)?;
    let scheduler = Scheduler::parse(&options.emit)
        .ok_or_else(|| Failure::usage(format!("--emit: '{}' is no scheduler", options.emit)))?;
    let timetable = Timetable::parse(&options.at).map_err(|error| {
        Failure::usage(format!("--at: {error}")).next("see the forms with:\n  sortie help cron")
    })?;
    let clocks = clocks_of(&timetable, scheduler)?;
    let job = read_job(&options.job, None, printer)?;
    if job.names_tenants() {
        return Err(Failure::usage("the job names its tenants, and schedule writes files for one")
            .next("schedule this command yourself:\n  sortie run JOB --yes --no-input"));
    }
    refuse_secret_flags(options, &job)?;
    let profile = read_profile(global)?;
    let limits = LimitOptions::default();
    let settings = run_settings(&limits, &options.tenant, &options.purpose, &profile, &job)?;
    let now = WallClock.now();
    let starts = timetable.starts(now, &clocks.zone, STARTS_COMPARED);
    let scheduled = schedule_job(&ScheduleRequest {
        job: &job,
        settings: &settings,
        words: options.confirm.as_deref(),
        starts: &starts,
        late: match scheduler {
            Scheduler::Launchd => LateStart::AfterSleep,
            Scheduler::Cron | Scheduler::Systemd => LateStart::Never,
        },
    })?;
    let report_dir = settings.report_dir().unwrap_or(Path::new(REPORT_DIR));
    let mut unit = ScheduledUnit {
        name: file_name(&job.name),
        risk: scheduled.risk,
        clock_change: timetable.clock_change(now, &clocks.zone),
        timetable,
        zone: clocks.name,
        command: Vec::new(),
        token: UnitToken::OfProfile(String::new()),
        state_dir: absolute(&state_path(global)?)?,
        report_dir: absolute(report_dir)?,
        job_dir: directory_of(Path::new(&options.job.job))?,
        out_dir: options.out.as_deref().map(absolute).transpose()?,
        more_dirs: more_dirs(&settings)?,
        user: Operator::current().user,
        has_window: scheduled.window.is_some(),
        stop_s: stop_s(&settings)?,
    };
    let tenant = tenant_of(global, options, &profile)?;
    unit.token = tenant.token;
    unit.command = command(options, &unit, &scheduled, &tenant.arguments)?;
    let files = files_of(&unit, scheduler).map_err(|flaw| flaw_failure(&flaw))?;
    let written = match &options.out {
        Some(directory) => save(directory, &files)?,
        None => Vec::new(),
    };
    show(&unit, scheduler, &files, &written, &starts, printer);
    note_refused_starts(&scheduled, &starts, printer);
    Ok(Exit::Well)
}

/// Refuses jobs that are gone when a scheduler starts them, and tenants that are none.
fn refuse_other_sources(options: &ScheduleOptions) -> Result<(), Failure> {
    if options.job.job == "-" {
        return Err(Failure::usage("a scheduler cannot read the job from standard input")
            .next("save the job as a file"));
    }
    if plan_path(&options.job).is_some() {
        return Err(Failure::usage("a saved plan runs once, and a scheduler starts it again")
            .next("schedule the job, which is planned anew at each start"));
    }
    if options.tenant.has(&rows::SIMULATE) {
        return Err(Failure::usage("--simulate ends with this command, so no start can use it"));
    }
    if options.tenant.has(&rows::TOKEN_COMMAND) {
        return Err(Failure::usage("--token-command would be visible in the scheduler's files")
            .next("save it in a profile:\n  sortie init PROFILE --token-command COMMAND"));
    }
    match options.if_running.as_deref().map(IfRunning::parse) {
        Some(None) => Err(Failure::usage("--if-running takes fail, skip, wait or wait=DURATION")
            .next("write the longest wait like wait=30m, at most wait=24h")),
        _ => Ok(()),
    }
}

/// Refuses flags that would bring a PIN into a file that others can read.
fn refuse_secret_flags(options: &ScheduleOptions, job: &Job) -> Result<(), Failure> {
    let rows = job.rows.iter().map(|row| &row.steps);
    let steps = rows.chain(job.selection.iter().map(|selection| &selection.steps));
    let mut values = steps.flat_map(|steps| steps.iter()).flat_map(|step| step.params.values());
    let has_secret = values.any(|value| matches!(value, ParamValue::Secret(_)));
    if options.job.param.is_empty() || !has_secret {
        return Ok(());
    }
    Err(Failure::usage("--param with a PIN would be visible in the scheduler's files")
        .next("write the PIN into the job file, or leave it out: sortie draws PINs"))
}

/// Where the job or the profile has a log file and metrics written.
fn more_dirs(settings: &RunSettings) -> Result<Vec<String>, Failure> {
    let paths = [&everywhere::LOG_FILE, &output::METRICS_FILE];
    let paths = paths.into_iter().filter_map(|setting| settings.values().path(setting));
    paths.map(directory_of).collect()
}

/// How long a start may need to stop: the answers in progress, and the reports. Variables of this shell are not there
/// then.
fn stop_s(settings: &RunSettings) -> Result<u64, Failure> {
    let values = settings.values().clone().without(SettingLayer::Variable);
    Ok((2 * timeout_ms(&values)? + REPORTS_MS).div_ceil(1_000))
}

/// The clocks that count.
struct Clocks {
    zone: TimeZone,
    /// Their IANA name, where it is known.
    name: Option<String>,
}

fn clocks_of(timetable: &Timetable, scheduler: Scheduler) -> Result<Clocks, Failure> {
    let host = TimeZone::system();
    let host_name = host.iana_name().map(str::to_owned);
    let Some(wanted) = &timetable.zone else { return Ok(Clocks { zone: host, name: host_name }) };
    let is_host = host_name.as_deref().is_some_and(|host| is_same_zone(host, wanted));
    if scheduler != Scheduler::Systemd && !is_host {
        let word = scheduler.word();
        let host = host_name.unwrap_or_else(|| "another time zone".to_owned());
        return Err(Failure::usage(format!(
            "{word} follows the clocks of this host ({host}) and cannot follow {wanted}"
        ))
        .next(format!(
            "use --emit systemd, or leave out {wanted} and write the time by the clocks of this host.\n\
             A time that is converted once is wrong after the next change of the clocks"
        )));
    }
    let unknown = |_| Failure::usage(format!("--at: '{wanted}' is not a time zone"));
    Ok(Clocks { zone: TimeZone::get(wanted).map_err(unknown)?, name: Some(wanted.clone()) })
}

fn is_same_zone(one: &str, other: &str) -> bool {
    let is_utc = |name: &str| UTC_NAMES.contains(&name);
    one == other || (is_utc(one) && is_utc(other))
}

/// A job's name as a part of a file's name and of a unit's name.
fn file_name(name: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    let plain = |letter: char| if is_plain(letter) { letter } else { '-' };
    name.chars().take(NAME_LETTERS_MAX).map(plain).collect()
}

fn flaw_failure(flaw: &UnitFlaw) -> Failure {
    match flaw {
        UnitFlaw::LineTooLong { bytes, most } => {
            Failure::usage(format!("the line would have {bytes} bytes, and cron reads {most}"))
                .next("move flags into the job or a profile, or use --emit systemd")
        }
        UnitFlaw::ControlCharacter { part } => {
            Failure::usage(format!("{part:?} has a control character, which no scheduler accepts"))
        }
    }
}

/// Saves the files and returns their paths. A file that exists stays as it is; one with different content is refused.
fn save(directory: &Path, files: &[UnitFile]) -> Result<Vec<PathBuf>, Failure> {
    let paths: Vec<PathBuf> = files.iter().map(|file| directory.join(&file.name)).collect();
    let failed = |path: &Path, error: &std::io::Error| {
        Failure::new(Exit::Journal, format!("{} cannot be written: {error}", path.display()))
    };
    let mut missing = Vec::new();
    for (path, file) in paths.iter().zip(files) {
        match std::fs::read(path) {
            Ok(content) if content == file.content.as_bytes() => {}
            Ok(_) => {
                let what = format!("{} already exists with different content", path.display());
                return Err(Failure::usage(what)
                    .state("no file was changed")
                    .next("review the file and remove it, or choose another --out"));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                missing.push((path, file));
            }
            Err(error) => return Err(failed(path, &error)),
        }
    }
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    for (path, file) in missing {
        use std::io::Write;
        let created = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
        let mut created = created.map_err(|error| failed(path, &error))?;
        created.write_all(file.content.as_bytes()).map_err(|error| failed(path, &error))?;
    }
    Ok(paths)
}

/// Prints the files, or where they are.
fn show(
    unit: &ScheduledUnit,
    scheduler: Scheduler,
    files: &[UnitFile],
    written: &[PathBuf],
    starts: &[UnixMillis],
    printer: &Printer,
) {
    if printer.format == ListingFormat::Json {
        printer.answer(&answer(unit, scheduler, files, written, starts));
    } else if written.is_empty() {
        let is_many = files.len() > 1;
        let text = |file: &UnitFile| match is_many {
            true => format!("# {}\n{}", file.name, file.content),
            false => file.content.clone(),
        };
        let text: Vec<String> = files.iter().map(text).collect();
        printer.data(text.join("\n").trim_end_matches('\n'));
    } else {
        written.iter().for_each(|path| printer.data(&path.display().to_string()));
    }
    let screen = printer.error_screen();
    let shown: Vec<String> = starts.iter().take(STARTS_SHOWN).map(|at| screen.time(*at)).collect();
    printer.say(&format!("next starts: {}", shown.join(", ")));
    printer.say("nothing was sent and nothing was installed");
}

fn answer(
    unit: &ScheduledUnit,
    scheduler: Scheduler,
    files: &[UnitFile],
    written: &[PathBuf],
    starts: &[UnixMillis],
) -> Value {
    let file = |(at, file): (usize, &UnitFile)| {
        let path = written.get(at).map(|path| path.display().to_string());
        json!({ "name": file.name, "content": file.content, "path": path })
    };
    let starts: Vec<String> = starts.iter().map(ToString::to_string).collect();
    json!({
        "job": unit.name, "risk": unit.risk.word(), "scheduler": scheduler.word(),
        "at": unit.timetable.shown(), "zone": unit.zone, "next_starts": starts,
        "files": files.iter().enumerate().map(file).collect::<Vec<_>>(),
    })
}

/// Says how many of the next starts the window refuses.
fn note_refused_starts(scheduled: &ScheduledJob, starts: &[UnixMillis], printer: &Printer) {
    let (refused, Some(window)) = (scheduled.refused_starts, &scheduled.window) else { return };
    if refused > 0 {
        let starts = counted(starts.len(), "start");
        printer.warn(&format!(
            "the window of the job ({}) refuses {refused} of the next {starts}",
            window.shown()
        ));
    }
}
