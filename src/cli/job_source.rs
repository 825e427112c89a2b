//! Fetching the bytes of a job.
//!
//! Owns which files may be read and how much of them. Must never interpret them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::diagnostics::invalid_job;
use super::failure::Failure;
use super::options::JobOptions;
use super::printer::Printer;
use crate::job::{IdentifyBy, Input, Job, ParseOptions, parse};

/// Largest job file, in bytes: 250,000 rows of more than 200 bytes.
const JOB_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Reads and checks the job that the command line names.
pub(super) fn read_job(options: &JobOptions, printer: &Printer) -> Result<Job, Failure> {
    let (name, bytes) = match options.job.as_str() {
        "-" => ("<stdin>", read_limited(std::io::stdin().lock(), "<stdin>")?),
        path => (path, read_file(Path::new(path)).map_err(Failure::usage)?),
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
        allow_wipe_protected: options.allow_wipe_protected,
    };
    // A targets file is named relative to the job that names it.
    let directory = Path::new(name).parent().unwrap_or(Path::new(""));
    let load = |file: &str| read_file(&directory.join(file));
    let job = parse(&Input { name, bytes: &bytes }, &parse_options, &load)
        .map_err(|problems| invalid_job(&problems, printer))?;
    for note in &job.notes {
        printer.say(&format!("note: {note}"));
    }
    Ok(job)
}

fn read_file(path: &Path) -> Result<Vec<u8>, String> {
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
    read_limited(file, &shown.to_string()).map_err(|failure| failure.what)
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
