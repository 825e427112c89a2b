//! The job that the command line names.
//!
//! Owns its flags, standard input, and how its problems are shown. Must never interpret a job.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::app::planning::plan_files::is_plan;
use crate::app::{JobBytes, JobReason, check_requirement};
use crate::cli::failure::Failure;
use crate::cli::options::{JobOptions, LimitOptions, PurposeOptions};
use crate::cli::tenants::chosen_tenants;
use crate::cli::terminal::printer::Printer;
use crate::job::{Diagnostics, Encoding, HiddenCells, IdentifyBy, Job, ParseOptions};
use crate::plan::is_plan_set;

/// Bytes that tell a plan from a job.
const HEAD_BYTES: u64 = 64;

/// Reads and checks the job that the command line names.
/// `known` are the profiles; `None` where any name of a tenant is one.
pub(crate) fn read_job(
    options: &JobOptions,
    known: Option<Vec<String>>,
    printer: &Printer,
) -> Result<Job, Failure> {
    let bytes = match options.job.as_str() {
        "-" => JobBytes::of_stream("<stdin>", std::io::stdin().lock())?,
        path => JobBytes::of_file(Path::new(path))?,
    };
    let identify_by = options.identify_by.as_deref();
    let parse_options = ParseOptions {
        action: options.action.clone(),
        params: options.param.clone(),
        map: options.map.clone(),
        ignore_columns: options.ignore_column.clone(),
        identify_by: IdentifyBy::ALL.into_iter().find(|by| Some(by.word()) == identify_by),
        dedupe: options.dedupe,
        delimiter: options.delimiter,
        encoding: Encoding::ALL
            .into_iter()
            .find(|encoding| Some(encoding.word()) == options.encoding.as_deref()),
        sheet: options.sheet.clone(),
        hidden: HiddenCells::CHOICES
            .into_iter()
            .find(|hidden| Some(hidden.word()) == options.hidden.as_deref())
            .unwrap_or_default(),
        allow_wipe_protected: options.allow_wipe_protected,
        tenants: chosen_tenants(&options.tenants)?,
        known_tenants: known,
        carries_tenant: false,
    };
    let job = bytes.parse(&parse_options).map_err(|reason| match reason {
        JobReason::Invalid { problems } => {
            let next = next_of(&problems, options);
            let failure = invalid_job(problems, printer);
            match next {
                Some(next) => failure.next(next),
                None => failure,
            }
        }
        reason => reason.into(),
    })?;
    for note in &job.notes {
        printer.say(&format!("note: {note}"));
    }
    check_requirement(&job)?;
    Ok(job)
}

/// Shows all problems of a job and returns the failure that ends the command.
pub(crate) fn invalid_job(problems: Diagnostics, printer: &Printer) -> Failure {
    problems.items.iter().for_each(|problem| printer.problem(problem));
    JobReason::Invalid { problems }.into()
}

/// How a job is corrected and checked, where its file alone is at fault and its name can be copied into a shell.
fn next_of(problems: &Diagnostics, options: &JobOptions) -> Option<String> {
    let name = &options.job;
    let bare = JobOptions { job: name.clone(), ..JobOptions::default() };
    if problems.items.iter().any(|it| it.file == "<command line>") {
        return None;
    }
    if *options != bare {
        return Some("correct the file, or the flags of the command".to_owned());
    }
    let is_plain = |it: char| it.is_ascii_alphanumeric() || "/._-".contains(it);
    (!name.starts_with('-') && name.chars().all(is_plain)).then(|| {
        format!("correct the file; check it without sending anything:\n  sortie check {name}")
    })
}

/// Whether the name of the job that the command line names tells it from others.
pub(crate) fn is_named(options: &JobOptions) -> bool {
    options.job != "-"
}

/// The plan that the command line names; `None` when it names a job.
pub(crate) fn plan_path(options: &JobOptions) -> Option<PathBuf> {
    let path = Path::new(&options.job);
    let is_named = path.extension().is_some_and(|extension| extension == "plan");
    (options.job != "-" && (is_named || begins_as_plan(path))).then(|| path.to_owned())
}

fn begins_as_plan(path: &Path) -> bool {
    if !path.is_file() {
        return false;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).map(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    matches!(read, Ok(Ok(_))) && is_plan(&head)
}

/// Refuses flags that would make another plan.
pub(crate) fn refuse_other_wishes(
    job: &JobOptions,
    limits: &LimitOptions,
    purpose: &PurposeOptions,
) -> Result<(), Failure> {
    let bare = JobOptions { job: job.job.clone(), ..JobOptions::default() };
    if *job == bare && limits.is_empty() && purpose.is_empty() {
        return Ok(());
    }
    Err(Failure::usage("a plan is run as it is, and flags are given that would change it")
        .next("give them when the plan is made: sortie plan JOB --out PLAN"))
}

/// Whether a plan file holds the plans of several tenants.
pub(crate) fn is_set(path: &Path) -> bool {
    // Opening a named pipe would wait for a writer.
    if !path.is_file() {
        return false;
    }
    let mut head = Vec::new();
    let read = std::fs::File::open(path).map(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
    matches!(read, Ok(Ok(_))) && is_plan_set(&head)
}
