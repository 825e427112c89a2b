//! Reports as files.
//!
//! Owns their safe replacement: a reader sees the old file or the new one, whole, and so does a process that
//! comes after a crash. Must never leave a report that others on the machine can read: it contains PINs.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{
    DevicesCsv, Report, ReportCsv, ReportHtml, ReportJsonl, Rerun, RerunCsv, Rows, RunFacts,
    SummaryJson,
};
use crate::model::settings::output::REPORT_FORMATS;
use crate::model::{DeviceReport, ReportOptions};

/// What the names of files that are being written begin and end with.
const PREFIX: &str = ".report-";
const SUFFIX: &str = ".tmp";
/// How often a file is made again that another writer took for a leftover.
const TRIES_MAX: u32 = 5;

/// Why a report was not written, with the path and what the system says.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The outcomes do not add up to the tasks.
    #[error(
        "the run has {tasks} tasks but {outcomes} outcomes; no report was written, because it would be wrong; please report this bug"
    )]
    Sum {
        /// Tasks of the run.
        tasks: usize,
        /// Outcomes that were counted.
        outcomes: usize,
    },
    /// Not a format.
    #[error("'{word}' is not a report format; the formats are {}", REPORT_FORMATS.join(", "))]
    Format {
        /// As given.
        word: String,
    },
    /// A format that was left out when the program was built.
    #[error("report format '{word}' needs a sortie that was built with the feature '{word}'")]
    NotBuilt {
        /// The format, which is the name of the feature too.
        word: &'static str,
    },
    /// The directory of the reports cannot be made.
    #[error("cannot make the directory {path} for the reports: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk said no.
    #[error("cannot write {path}: {source}{}", unchanged(path))]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// What kind of trouble kept a report from being written, for the next step.
#[derive(Copy, Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportFault {
    /// The disk or the quota of the user is full.
    DiskFull,
    /// The directory is none, or cannot be written to.
    Directory,
    /// This program does not write the format.
    Format,
    /// The records contradict each other.
    Records,
}

impl ReportError {
    /// The kind of trouble.
    #[must_use]
    pub fn fault(&self) -> ReportFault {
        match self {
            Self::Sum { .. } => ReportFault::Records,
            Self::Format { .. } | Self::NotBuilt { .. } => ReportFault::Format,
            Self::Write { source, .. } | Self::Directory { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => ReportFault::DiskFull,
                _ => ReportFault::Directory,
            },
        }
    }
}

/// Says that a file is as it was, where there is one.
fn unchanged(path: &Path) -> &'static str {
    if path.is_file() { "; the earlier version of the file is unchanged" } else { "" }
}

/// Writes the reports of a run into a directory and returns their paths: the ones that `formats` asks for
/// (`csv`, `jsonl`, `html`), and always `summary.json`, `failed.csv` and `unprocessed.csv`, the last two with
/// their header only when nothing is left.
///
/// # Errors
/// [`ReportError`]; files that had been written by then are whole and stay.
pub fn write_reports(
    dir: &Path,
    formats: &[String],
    options: &ReportOptions,
    facts: &RunFacts,
    rows: &Rows<'_>,
) -> Result<Vec<PathBuf>, ReportError> {
    let outcomes = rows.outcomes().total() as usize;
    if rows.tasks_count() != rows.records_count() || rows.tasks_count() != outcomes {
        let outcomes = rows.records_count();
        return Err(ReportError::Sum { tasks: rows.tasks_count(), outcomes });
    }
    let mut reports: Vec<Box<dyn Report + '_>> = Vec::new();
    for word in formats {
        reports.push(match word.as_str() {
            "csv" => Box::new(ReportCsv { options }),
            "html" => Box::new(ReportHtml { options }),
            "jsonl" => Box::new(ReportJsonl { options }),
            "xlsx" => xlsx_report(options)?,
            _ => return Err(ReportError::Format { word: word.clone() }),
        });
    }
    if options.devices == DeviceReport::Beside {
        reports.push(Box::new(DevicesCsv { options }));
    }
    for rerun in [Rerun::Failed, Rerun::Unprocessed] {
        reports.push(Box::new(RerunCsv { rerun, dialect: options.csv }));
    }
    reports.push(Box::new(SummaryJson));
    let reports: Vec<&dyn Report> = reports.iter().map(|report| &**report as &dyn Report).collect();
    write_side_by_side(dir, &reports, facts, rows)
}

/// A complete file, and the path that it is to have.
struct Filled {
    path: PathBuf,
    file: tempfile::NamedTempFile,
}

/// Writes reports into a directory. Disks take several files in the time of one, so all of them are synced together.
fn write_side_by_side(
    dir: &Path,
    reports: &[&dyn Report],
    facts: &RunFacts,
    rows: &Rows<'_>,
) -> Result<Vec<PathBuf>, ReportError> {
    create_private_dir(dir)
        .map_err(|source| ReportError::Directory { path: dir.to_owned(), source })?;
    let failed = |path: &Path, source| ReportError::Write { path: path.to_owned(), source };
    let mut filled = Vec::with_capacity(reports.len());
    let mut fault = None;
    for report in reports {
        let path = dir.join(report.file_name());
        let mut write = |sink: &mut dyn Write| {
            report.write(facts, rows, sink)?;
            // A report that lacks a task must not look like one.
            rows.fault().map_or(Ok(()), |fault| Err(io::Error::other(fault.clone())))
        };
        match filled_in(dir, &mut write) {
            Ok(file) => filled.push(Filled { path, file }),
            Err(source) => {
                fault = Some(failed(&path, source));
                break;
            }
        }
    }
    let synced: Vec<io::Result<()>> = std::thread::scope(|scope| {
        let sync = |it: &Filled| it.file.as_file().sync_all();
        let all: Vec<_> = filled.iter().map(|it| scope.spawn(move || sync(it))).collect();
        let ended = all.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended.map(|end| end.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let mut paths = Vec::with_capacity(filled.len());
    for (Filled { path, file }, synced) in filled.into_iter().zip(synced) {
        let persisted = synced.and_then(|()| file.persist(&path).map_err(|error| error.error));
        persisted.map_err(|source| failed(&path, source))?;
        paths.push(path);
    }
    sync_dir(dir);
    fault.map_or(Ok(paths), Err)
}

/// The report `report.xlsx`, where it was built in.
#[cfg(feature = "xlsx")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it is an error")]
fn xlsx_report(options: &ReportOptions) -> Result<Box<dyn Report + '_>, ReportError> {
    Ok(Box::new(super::ReportXlsx { options }))
}

#[cfg(not(feature = "xlsx"))]
fn xlsx_report(_: &ReportOptions) -> Result<Box<dyn Report + '_>, ReportError> {
    Err(ReportError::NotBuilt { word: "xlsx" })
}

/// The feature that a format of reports needs and this program was built without.
#[must_use]
pub fn missing_feature(format: &str) -> Option<&'static str> {
    (format == "xlsx" && cfg!(not(feature = "xlsx"))).then_some("xlsx")
}

/// Writes one report into a directory, which is made when it is not there, and returns its path.
///
/// # Errors
/// [`ReportError::Write`]; an earlier version of the file is unchanged then.
pub fn write_report(
    dir: &Path,
    report: &dyn Report,
    facts: &RunFacts,
    rows: &Rows<'_>,
) -> Result<PathBuf, ReportError> {
    write_side_by_side(dir, &[report], facts, rows)?;
    Ok(dir.join(report.file_name()))
}

fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Writes a new private file, whole or not at all. Its directory must be there, and a file of this name stays as it is.
pub(super) fn write_new(
    path: &Path,
    write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let dir = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let file = filled_in(dir, write)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    sync_dir(dir);
    Ok(())
}

/// A complete file that has no name yet, and may not be on disk yet.
fn filled_in(
    dir: &Path,
    write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>,
) -> io::Result<tempfile::NamedTempFile> {
    remove_leftovers(dir);
    let mut file = unfinished_in(dir)?;
    let mut sink = BufWriter::new(file.as_file_mut());
    write(&mut sink)?;
    sink.flush()?;
    drop(sink);
    Ok(file)
}

/// A file to be filled, locked as long as its writer lives. It is made with mode 0600, and removed again when writing fails.
fn unfinished_in(dir: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut tries = TRIES_MAX;
    loop {
        let file = tempfile::Builder::new().prefix(PREFIX).suffix(SUFFIX).tempfile_in(dir)?;
        // A file system without locks has none that others could take, either.
        let _ = file.as_file().try_lock();
        tries -= 1;
        // Another writer may have taken it for a leftover before it was locked.
        if tries == 0 || file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes what writers left behind that were killed: it contains PINs. Returns how many files. Those of a live writer are
/// locked, and stay.
pub fn remove_leftovers(dir: &Path) -> usize {
    let Ok(entries) = fs::read_dir(dir) else { return 0 };
    let is_leftover = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_ours = name.starts_with(PREFIX) && name.ends_with(SUFFIX);
        is_ours && path.symlink_metadata().is_ok_and(|metadata| metadata.is_file())
    };
    entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(is_leftover)
        .filter(|path| {
            let file = File::open(path);
            let is_free = file.as_ref().is_ok_and(|file| file.try_lock().is_ok());
            is_free && fs::remove_file(path).is_ok()
        })
        .count()
}

/// Without it the new name could be lost in a power cut, and the old file would be back. Not every file
/// system can do it, and reports can be made again from the journal: so no error.
fn sync_dir(dir: &Path) {
    if cfg!(unix) {
        File::open(dir).and_then(|dir| dir.sync_all()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, one_of_each};
    use super::*;

    struct Failing;

    impl Report for Failing {
        fn file_name(&self) -> &str {
            "report.csv"
        }

        fn write(&self, _: &RunFacts, _: &Rows<'_>, sink: &mut dyn Write) -> io::Result<()> {
            sink.write_all(b"half")?;
            Err(io::Error::other("disk full"))
        }
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).expect("a directory");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_private_whole_and_replaced() {
        let (tasks, records) = one_of_each();
        let rows = Rows::new(&tasks, &records);
        let parent = tempfile::tempdir().expect("a directory");
        let dir = parent.path().join("reports/lab-1");
        let formats = ["csv".to_owned(), "jsonl".to_owned()];
        let paths = write_reports(&dir, &formats, &ReportOptions::default(), &facts(), &rows)
            .expect("written");
        assert_eq!(paths.len(), 5);
        let all = ["failed.csv", "report.csv", "report.jsonl", "summary.json", "unprocessed.csv"];
        assert_eq!(names(&dir), all);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode =
                |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
            assert_eq!(mode(&dir), 0o700);
            assert!(paths.iter().all(|path| mode(path) == 0o600));
        }
        let before = fs::read(dir.join("report.csv")).expect("readable");
        let failed = write_report(&dir, &Failing, &facts(), &rows);
        assert!(matches!(failed, Err(ReportError::Write { .. })));
        assert_eq!(fs::read(dir.join("report.csv")).expect("readable"), before);
        assert_eq!(names(&dir), all);
        let fewer = Rows::new(&tasks[..1], &records[..1]);
        write_reports(&dir, &formats, &ReportOptions::default(), &facts(), &fewer)
            .expect("written again");
        let after = fs::read_to_string(dir.join("report.csv")).expect("readable");
        assert_eq!(after.lines().count(), 2);
    }

    #[test]
    fn leftovers_of_killed_writers_are_removed_live_files_stay() {
        let (tasks, records) = one_of_each();
        let rows = Rows::new(&tasks, &records);
        let parent = tempfile::tempdir().expect("a directory");
        let dir = parent.path();
        let live = unfinished_in(dir).expect("made");
        for name in [".report-a1b2c3.tmp", ".report-d4.tmp", "report-x.tmp", ".report-y"] {
            fs::write(dir.join(name), "lock_pin\n123456\n").expect("written");
        }
        fs::create_dir(dir.join(".report-dir.tmp")).expect("made");
        write_report(dir, &SummaryJson, &facts(), &rows).expect("written");
        let mut kept = vec![".report-dir.tmp", ".report-y", "report-x.tmp", "summary.json"]
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>();
        kept.push(live.path().file_name().expect("a name").to_string_lossy().into_owned());
        kept.sort();
        assert_eq!(names(dir), kept);
    }

    #[test]
    fn nothing_is_written_when_the_sums_or_formats_are_wrong() {
        let (tasks, records) = one_of_each();
        let parent = tempfile::tempdir().expect("a directory");
        let dir = parent.path().join("r");
        for (tasks, records) in [(&tasks[..9], &records[..]), (&tasks[..], &records[..9])] {
            let result = write_reports(
                &dir,
                &[],
                &ReportOptions::default(),
                &facts(),
                &Rows::new(tasks, records),
            );
            assert!(matches!(result, Err(ReportError::Sum { .. })));
        }
        let rows = Rows::new(&tasks, &records);
        let result =
            write_reports(&dir, &["xml".to_owned()], &ReportOptions::default(), &facts(), &rows);
        assert!(matches!(result, Err(ReportError::Format { .. })));
        assert!(!dir.exists());
    }
}
