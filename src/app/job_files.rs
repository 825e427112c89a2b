//! The bytes of a job, and of the files that it names.
//!
//! Owns which files may be read and how much of them, when they were written, and what is recognized as no job at all. Must
//! never interpret a job, which the module `job` does, and never show what is in a file that holds a secret.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::app::job_reason::{JobFileFault, JobReason, SecretLike};
use crate::app::planning::plan_files::is_plan;
use crate::app::preflight::ExportAgeReason;
use crate::drive::{Clock, WallClock};
use crate::job::{Input, Job, ParseOptions, RequiredDevices, parse, read_required};
use crate::model::{RequiredList, UnixMillis};

/// Largest job file, in bytes: 1,000,000 rows of 256 bytes.
const JOB_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Largest file that can be a key, in bytes.
const SECRET_BYTES_MAX: usize = 16 * 1024;
/// Shortest word that may be a token, in characters; the names of columns are shorter, and the API's have 36.
const TOKEN_CHARS_MIN: usize = 20;

/// The bytes of a job, as they were read, within the limit of 256 MiB.
pub struct JobBytes {
    name: String,
    bytes: Vec<u8>,
}

impl JobBytes {
    /// Reads a file.
    ///
    /// # Errors
    /// It is no regular file, cannot be read, or is too large.
    pub fn of_file(path: &Path) -> Result<Self, JobReason> {
        let read = read_file(path).map_err(|fault| JobReason::Unreadable { fault })?;
        Ok(Self { name: path.to_string_lossy().into_owned(), bytes: read.bytes })
    }

    /// Reads a stream to its end. `name` is its name in messages, such as `<stdin>`; files that the job names are looked for
    /// in the working directory.
    ///
    /// # Errors
    /// It cannot be read, or is too large.
    pub fn of_stream(name: &str, source: impl Read) -> Result<Self, JobReason> {
        let bytes = read_limited(source, name).map_err(|fault| JobReason::Unreadable { fault })?;
        Ok(Self { name: name.to_owned(), bytes })
    }

    /// Makes the job of them, and reads the files that it names. Whether a list that it requires is recent enough is asked by
    /// [`check_requirement`], now and before a run starts.
    ///
    /// # Errors
    /// They are a plan, look like a token or a key, or are not a valid job: then all problems are reported at once.
    pub fn parse(&self, options: &ParseOptions) -> Result<Job, JobReason> {
        let (name, bytes) = (self.name.as_str(), self.bytes.as_slice());
        // A plan says what was decided, and is run as it is, from its file.
        if is_plan(bytes) {
            return Err(JobReason::IsPlan { name: name.to_owned() });
        }
        if let Some(like) = secret_in(bytes) {
            return Err(JobReason::IsSecret { like });
        }
        // A targets file is named relative to the job that names it.
        let directory = Path::new(name).parent().unwrap_or(Path::new(""));
        let written: RefCell<BTreeMap<String, Option<UnixMillis>>> = RefCell::default();
        let load = |file: &str| {
            let read = read_file(&directory.join(file)).map_err(|fault| fault.to_string())?;
            // A file that is read twice counts as it was at its oldest; one without a date counts as undated.
            let mut written = written.borrow_mut();
            let known = written.entry(file.to_owned()).or_insert(read.written_at);
            *known = read.written_at.min(*known);
            Ok(read.bytes)
        };
        let mut job = parse(&Input { name, bytes }, options, &load)
            .map_err(|problems| JobReason::Invalid { problems })?;
        if let Some(requirement) = &mut job.settings.require {
            requirement.written_at = written.borrow().get(&requirement.file).copied().flatten();
            let path = std::path::absolute(directory.join(&requirement.file)).ok();
            requirement.path = path.map(|path| path.display().to_string());
        }
        Ok(job)
    }
}

/// The kind of secret that a file looks like.
fn secret_in(bytes: &[u8]) -> Option<SecretLike> {
    let head = &bytes[..bytes.len().min(SECRET_BYTES_MAX)];
    let text = String::from_utf8_lossy(head);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    if text.lines().any(|line| line.trim().starts_with("AGE-SECRET-KEY-")) {
        return Some(SecretLike::AgeKey);
    }
    if text.trim_start().starts_with("-----BEGIN ") && text.contains("PRIVATE KEY-----") {
        return Some(SecretLike::PrivateKey);
    }
    let line = lines.next().filter(|_| lines.next().is_none() && bytes.len() == head.len())?;
    let word = line.trim_start_matches('\u{feff}');
    let word = word.strip_prefix("Bearer ").unwrap_or(word);
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_.~+/=".contains(letter);
    let is_token = word.len() >= TOKEN_CHARS_MIN
        && word.chars().all(is_word)
        && word.bytes().any(|byte| byte.is_ascii_digit());
    is_token.then_some(SecretLike::Token)
}

/// Whether the export that the job requires is recent enough at this moment. What was read ages while a plan is made
/// and confirmed, so this is asked again just before a run starts.
///
/// # Errors
/// It is too old, or has no usable date.
pub fn check_requirement(job: &Job) -> Result<(), ExportAgeReason> {
    let Some(requirement) = &job.settings.require else { return Ok(()) };
    requirement.check_age(WallClock.now()).map_err(|error| ExportAgeReason {
        file: requirement.file.clone(),
        detail: error.to_string(),
    })
}

/// Reads an export again that an earlier run required. Without it the devices that may be touched are unknown.
pub(crate) fn read_required_again(
    kept: &RequiredList,
    run: &str,
) -> Result<RequiredDevices, JobReason> {
    let refuse = |why: String| JobReason::ExportUnreadable {
        run: run.to_owned(),
        file: kept.file.clone(),
        why,
    };
    let read = read_file(Path::new(&kept.file)).map_err(|fault| refuse(fault.to_string()))?;
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

fn read_file(path: &Path) -> Result<ReadFile, JobFileFault> {
    let (owned, shown) = (|| PathBuf::from(path), path.display().to_string());
    let failed = |error: std::io::Error| JobFileFault::Failed {
        name: shown.clone(),
        why: error.to_string(),
    };
    // Metadata first: opening a named pipe for reading would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if metadata.is_dir() {
        return Err(JobFileFault::Directory { path: owned() });
    }
    if !metadata.is_file() {
        return Err(JobFileFault::NotRegular { path: owned() });
    }
    let file = File::open(path).map_err(failed)?;
    // Of the open file and before it is read: what is written meanwhile must not make it look younger.
    let written_at = file.metadata().ok().and_then(|metadata| written_at(&metadata));
    Ok(ReadFile { bytes: read_limited(file, &shown)?, written_at })
}

fn written_at(metadata: &std::fs::Metadata) -> Option<UnixMillis> {
    let written = metadata.modified().ok()?;
    let milliseconds = |duration: std::time::Duration| i64::try_from(duration.as_millis()).ok();
    match written.duration_since(UNIX_EPOCH) {
        Ok(after) => milliseconds(after).map(UnixMillis),
        Err(before) => milliseconds(before.duration()).map(|before| UnixMillis(-before)),
    }
}

fn read_limited(source: impl Read, name: &str) -> Result<Vec<u8>, JobFileFault> {
    let mut bytes = Vec::new();
    source
        .take(JOB_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| JobFileFault::Failed { name: name.to_owned(), why: error.to_string() })?;
    if bytes.len() as u64 > JOB_BYTES_MAX {
        return Err(JobFileFault::TooLarge {
            name: name.to_owned(),
            limit_mib: JOB_BYTES_MAX / 1024 / 1024,
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_tokens_and_keys_are_recognized_and_jobs_are_not() {
        for (text, expected) in [
            ("8f1c2d3e-aaaa-4bbb-8ccc-1234567890ab\n", Some(SecretLike::Token)),
            ("\u{feff}8f1c2d3e-aaaa-4bbb-8ccc-1234567890ab", Some(SecretLike::Token)),
            ("Bearer eyJhbGciOiJIUzI1NiJ9.abcdef.ghi_123", Some(SecretLike::Token)),
            ("# created: today\nAGE-SECRET-KEY-1QQP\n", Some(SecretLike::AgeKey)),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", Some(SecretLike::PrivateKey)),
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
