//! Whether a job or a plan is to be run, and the plan from its file.
//!
//! Owns what a plan from a file is checked against: the state directory that made it, the clock, the tenant, the policy,
//! and whether it ran before. Must never make anything of a plan that is not whole.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::app::Workspace;
use crate::app::policy_file::PolicyFile;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{JobOptions, LimitOptions, PurposeOptions};
use crate::cli::text::policy::policy_name;
use crate::journal::PlanRow;
use crate::model::UnixMillis;
use crate::plan::{PLAN_BYTES_MAX, PlanFile, PlanFileError};

/// Bytes that tell a plan from a job.
const HEAD_BYTES: u64 = 64;
/// How a plan begins: an object with its keys in order.
const PLAN_HEAD: &[u8] = b"{\n  \"base_url\":";
/// A clock that stands earlier than when the plan was made by more than this was set back, in milliseconds.
const CLOCK_SKEW_MS: i64 = 60_000;

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

/// Whether bytes begin as a plan does.
pub(crate) fn is_plan(bytes: &[u8]) -> bool {
    bytes.starts_with(PLAN_HEAD)
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

/// Reads a plan as it was written.
pub(crate) fn read_plan(path: &Path) -> Result<PlanFile, Failure> {
    let shown = path.display();
    // Metadata first: opening a named pipe for reading would wait for a writer.
    let metadata =
        std::fs::metadata(path).map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
    if !metadata.is_file() {
        return Err(Failure::usage(format!("{shown} is not a regular file")));
    }
    let unreadable = |error: std::io::Error| Failure::usage(format!("{shown}: {error}"));
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(PLAN_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > PLAN_BYTES_MAX {
        let limit = PLAN_BYTES_MAX / 1024 / 1024;
        return Err(Failure::usage(format!(
            "{shown} is larger than {limit} MiB, too large for a plan"
        ))
        .next("split the job into several files, and make a plan of each"));
    }
    PlanFile::from_bytes(&bytes).map_err(|error| {
        let exit = match &error {
            PlanFileError::Form { .. } | PlanFileError::Newer(_) | PlanFileError::TooLarge(_) => {
                Exit::Usage
            }
            PlanFileError::Altered(_) | PlanFileError::Secret { .. } => Exit::Policy,
        };
        Failure::new(exit, format!("{shown}: {error}"))
            .next("have it made again: sortie plan JOB --out PLAN")
    })
}

/// Whether a plan may be started now and here.
pub(crate) fn check_plan_file(
    file: &PlanFile,
    state: &Workspace,
    house: &PolicyFile,
    now: UnixMillis,
) -> Result<(), Failure> {
    let again = "make it again with: sortie plan JOB --out PLAN";
    let refuse = |what: String| Err(Failure::new(Exit::Policy, what).next(again));
    if file.database != state.index().database_id()? {
        return refuse(format!(
            "the plan was made with another state directory (database {}), whose caps and runs it was checked against",
            file.database
        ));
    }
    let known = state.index().find_plan(&file.digest())?;
    let Some(PlanRow { run, .. }) = known else {
        return refuse(
            "the plan was not made by this program with this state directory".to_owned(),
        );
    };
    if let Some(run) = run {
        return Err(Failure::new(Exit::Policy, format!("the plan already ran, as run {run}"))
            .next(format!("go on with: sortie resume {run}; or make a new plan")));
    }
    if now.since(file.made_at) < -CLOCK_SKEW_MS {
        return refuse(format!(
            "the plan was made at {}, and it is {now} now: the clock was set back",
            file.made_at
        ));
    }
    if now > file.start_until {
        return refuse(format!(
            "the plan was made at {} and had to be started by {}; what it was checked against may have changed",
            file.made_at, file.start_until
        ));
    }
    if file.policy_digest != house.digest {
        return refuse(format!(
            "the plan was made under another policy than {} as it is now",
            policy_name(house)
        ));
    }
    Ok(())
}

/// Writes a plan to a new file that its owner alone may read.
pub(crate) fn write_plan(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write;
    write_new(path, |file| file.write_all(bytes).and_then(|()| file.sync_all()))
}

/// Makes a new file. One that cannot be written in full is removed again: half a plan is none.
fn write_new(
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>,
) -> Result<(), Failure> {
    let refuse = |error: std::io::Error| {
        Failure::usage(format!("{}: {error}", path.display())).next("name another file with --out")
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(refuse)?;
    write(&mut file).map_err(|error| {
        let what = format!("{} cannot be written: {error}", path.display());
        let failure = Failure::new(Exit::Journal, what);
        match std::fs::remove_file(path) {
            Ok(()) => {
                failure.state("no file was left").next("make room, or name another file with --out")
            }
            Err(error) => failure
                .state(format!("a part of it was left, and cannot be removed: {error}"))
                .next(format!("remove {}, which is no plan", path.display())),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_that_cannot_be_written_leaves_no_file() {
        use std::io::Write;
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("plan.json");
        let failure = write_new(&path, |file| {
            file.write_all(b"{")?;
            Err(std::io::ErrorKind::StorageFull.into())
        })
        .expect_err("the disk is full");
        assert_eq!((failure.exit, failure.state.as_str()), (Exit::Journal, "no file was left"));
        assert!(!path.exists());
        write_plan(&path, b"{}").expect("there is room now");
        // What stands there already is somebody's.
        assert_eq!(write_plan(&path, b"{}").expect_err("it exists").exit, Exit::Usage);
        assert!(path.exists());
    }
}
