//! Fetching the bytes of a job.
//!
//! Owns which files may be read and how much of them, and when they were written. Must never interpret them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::app::planning::plan_files::is_plan;
use crate::app::planning::planning::Naming;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{JobOptions, LimitOptions, PurposeOptions};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::diagnostics::invalid_job;
use crate::drive::{Clock, WallClock};
use crate::job::{
    Encoding, IdentifyBy, Input, Job, ParseOptions, RequiredDevices, parse, read_required,
};
use crate::model::{RequiredList, UnixMillis};

/// Bytes that tell a plan from a job.
const HEAD_BYTES: u64 = 64;
/// Largest job file, in bytes: 250,000 rows of more than 200 bytes.
const JOB_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Largest file that can be a key, in bytes.
const SECRET_BYTES_MAX: usize = 16 * 1024;
/// Shortest word that may be a token, in characters; the names of columns are shorter, and the API's have 36.
const TOKEN_CHARS_MIN: usize = 20;

/// Reads and checks the job that the command line names.
pub(crate) fn read_job(options: &JobOptions, printer: &Printer) -> Result<Job, Failure> {
    let (name, bytes) = match options.job.as_str() {
        "-" => ("<stdin>", read_limited(std::io::stdin().lock(), "<stdin>")?),
        path => (path, read_file(Path::new(path)).map_err(Failure::usage)?.bytes),
    };
    refuse_plan(name, &bytes)?;
    refuse_secret(&bytes)?;
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
        allow_wipe_protected: options.allow_wipe_protected,
    };
    // A targets file is named relative to the job that names it.
    let directory = Path::new(name).parent().unwrap_or(Path::new(""));
    let written: RefCell<BTreeMap<String, Option<UnixMillis>>> = RefCell::default();
    let load = |file: &str| {
        let read = read_file(&directory.join(file))?;
        // A file that is read twice counts as it was at its oldest; one that nobody can date, as that.
        let mut written = written.borrow_mut();
        let known = written.entry(file.to_owned()).or_insert(read.written_at);
        *known = read.written_at.min(*known);
        Ok(read.bytes)
    };
    let mut job = parse(&Input { name, bytes: &bytes }, &parse_options, &load)
        .map_err(|problems| invalid_job(&problems, printer))?;
    if let Some(requirement) = &mut job.settings.require {
        requirement.written_at = written.borrow().get(&requirement.file).copied().flatten();
        let path = std::path::absolute(directory.join(&requirement.file)).ok();
        requirement.path = path.map(|path| path.display().to_string());
    }
    for note in &job.notes {
        printer.say(&format!("note: {note}"));
    }
    check_requirement(&job)?;
    Ok(job)
}

/// Whether the name of the job that the command line names tells it from others.
pub(crate) fn naming_of(options: &JobOptions) -> Naming {
    if options.job == "-" { Naming::None } else { Naming::ByFile }
}

/// A file that holds a token or a key is no job, and what is wrong with it cannot be shown.
fn refuse_secret(bytes: &[u8]) -> Result<(), Failure> {
    match secret_in(bytes) {
        None => Ok(()),
        Some(what) => {
            Err(Failure::usage(format!("the file that is given as job looks like {what}"))
                .next("name the job file; a token goes to --token-file, an identity to --identity"))
        }
    }
}

/// The kind of secret that a file looks like.
fn secret_in(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(SECRET_BYTES_MAX)];
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    if text.lines().any(|line| line.trim().starts_with("AGE-SECRET-KEY-")) {
        return Some("a private key of age");
    }
    if text.trim_start().starts_with("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some("a private key");
    }
    let line = lines.next().filter(|_| lines.next().is_none() && bytes.len() == head.len())?;
    let word = line.trim_start_matches('\u{feff}');
    let word = word.strip_prefix("Bearer ").unwrap_or(word);
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_.~+/=".contains(letter);
    let is_token = word.len() >= TOKEN_CHARS_MIN
        && word.chars().all(is_word)
        && word.bytes().any(|byte| byte.is_ascii_digit());
    is_token.then_some("a token")
}

/// A plan is no job: it says what was decided, and is run as it is, from its file.
fn refuse_plan(name: &str, bytes: &[u8]) -> Result<(), Failure> {
    if !is_plan(bytes) {
        return Ok(());
    }
    Err(Failure::usage(format!("{name} is a plan, not a job"))
        .next("run it from its file: sortie run PLAN"))
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

/// Whether the export that the job requires is recent enough at this moment. What was read ages while a plan is made
/// and confirmed, so this is asked again just before a run starts.
pub(crate) fn check_requirement(job: &Job) -> Result<(), Failure> {
    let Some(requirement) = &job.settings.require else { return Ok(()) };
    requirement.check_age(WallClock.now()).map_err(|error| {
        Failure::new(Exit::Policy, error.to_string())
            .next(format!("export {} again, or change max_age in the job", requirement.file))
    })
}

/// Reads an export again that an earlier run required. Without it nobody can tell which devices may be touched.
pub(crate) fn read_required_again(
    kept: &RequiredList,
    run: &str,
) -> Result<RequiredDevices, Failure> {
    let refuse = |why: String| {
        let what = format!("run {run} required a list of another system, and {why}");
        Failure::new(Exit::Policy, what)
            .next(format!("export it again to {}, or write a job for what is left", kept.file))
    };
    let read = read_file(Path::new(&kept.file)).map_err(refuse)?;
    let required = read_required(kept, &read.bytes);
    let mut requirement = required.map_err(|problems| {
        let first = problems.items.first().map_or("it cannot be read", |it| it.message.as_str());
        refuse(format!("{}: {first}", kept.file))
    })?;
    requirement.path = Some(kept.file.clone());
    requirement.written_at = read.written_at;
    Ok(requirement)
}

/// A file as it was read.
struct ReadFile {
    bytes: Vec<u8>,
    /// When it was last written, if the file system tells.
    written_at: Option<UnixMillis>,
}

fn read_file(path: &Path) -> Result<ReadFile, String> {
    let shown = path.display();
    // Metadata first: opening a named pipe for reading would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
    if metadata.is_dir() {
        return Err(format!("{shown} is a directory, not a job file"));
    }
    if !metadata.is_file() {
        return Err(format!("{shown} is not a regular file; use - for standard input"));
    }
    let file = File::open(path).map_err(|error| format!("{shown}: {error}"))?;
    // Of the open file and before it is read: what is written meanwhile must not make it look younger.
    let written_at = file.metadata().ok().and_then(|metadata| written_at(&metadata));
    let bytes = read_limited(file, &shown.to_string()).map_err(|failure| failure.what)?;
    Ok(ReadFile { bytes, written_at })
}

fn written_at(metadata: &std::fs::Metadata) -> Option<UnixMillis> {
    let written = metadata.modified().ok()?;
    let milliseconds = |duration: std::time::Duration| i64::try_from(duration.as_millis()).ok();
    match written.duration_since(UNIX_EPOCH) {
        Ok(after) => milliseconds(after).map(UnixMillis),
        Err(before) => milliseconds(before.duration()).map(|before| UnixMillis(-before)),
    }
}

fn read_limited(source: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    source
        .take(JOB_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    if bytes.len() as u64 > JOB_BYTES_MAX {
        let limit = JOB_BYTES_MAX / 1024 / 1024;
        return Err(Failure::usage(format!("{name} is larger than {limit} MiB"))
            .next("split the job into several files"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_tokens_and_keys_are_recognised_and_jobs_are_not() {
        for (text, expected) in [
            ("8f1c2d3e-aaaa-4bbb-8ccc-1234567890ab\n", Some("a token")),
            ("\u{feff}8f1c2d3e-aaaa-4bbb-8ccc-1234567890ab", Some("a token")),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.abcdef.ghi_123", Some("a token")),
            ("# created: today\nAGE-SECRET-KEY-1QQP\n", Some("a private key of age")),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", Some("a private key")),
            ("serial_number,action\nC02ZK0AALVDQ,lock\n", None),
            ("serial_number\n", None),
            ("serial_number\nC02ZK0AALVDQ\n", None),
            ("version: 1\n", None),
            ("", None),
        ] {
            assert_eq!(secret_in(text.as_bytes()), expected, "{text}");
        }
    }
}
