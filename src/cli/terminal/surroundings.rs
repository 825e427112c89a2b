//! What the system around the program allows: files, threads, sizes, the time of day.
//!
//! Owns the limits below which no command begins. Must never change a limit beyond what the system allows anyway.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::app::RUNS_AT_ONCE;
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed, Failure};
use crate::cli::terminal::signals::survive_size_limit;
use crate::drive::{Clock, WallClock};
use crate::model::UnixMillis;

/// Fewest files that may be open at once: the databases with their logs, the terminal, the reports, and a connection
/// for each request in progress, sixteen unless the job says otherwise.
const FILES_MIN: u64 = 64;
/// As many as a hundred tenants use side by side, simulated ones in this process included.
const FILES_WANTED: u64 = 4_096;
/// Files that a run of a group uses: its database with its logs and locks, the index, and its connections.
#[cfg(unix)]
const FILES_OF_RUN: u64 = 24;
/// Threads that a run uses at the same time: two that work, the journal's, the reports', a question's, and three for
/// look-ups of names.
const THREADS_MIN: usize = 8;
/// 2026-01-01: this program was made later. A clock that shows less is not set.
const EARLIEST: UnixMillis = UnixMillis(1_767_225_600_000);

/// The limits of the system, while a command goes on.
pub(crate) struct Limits {
    is_size_reached: Arc<AtomicBool>,
}

impl Limits {
    /// Heeds them from now on.
    pub(crate) fn watch() -> Self {
        Self { is_size_reached: survive_size_limit() }
    }

    /// Refuses where no command can work.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        check_clock(WallClock.now())?;
        check_files()
    }

    /// Names the limit that a file has reached as the cause of a failure.
    pub(crate) fn explain(&self, ended: Result<Done, Failed>) -> Result<Done, Failed> {
        ended.map_err(|mut failed| {
            if self.is_size_reached.load(Ordering::SeqCst) {
                let failure = &mut failed.failure;
                failure.exit = Exit::Journal;
                failure.what.push_str("; a file has reached the size limit (ulimit -f)");
                failure.next =
                    format!("raise the limit with: ulimit -f unlimited; then {}", failure.next);
            }
            failed
        })
    }
}

fn check_clock(now: UnixMillis) -> Result<(), Failure> {
    if now >= EARLIEST {
        return Ok(());
    }
    Err(Failure::new(Exit::Unexpected, format!("the clock of this machine shows {now}"))
        .next("set the clock; caps, windows and deadlines depend on it"))
}

/// How many runs of a group fit into the number of files that may be open at once.
#[cfg(unix)]
pub(crate) fn runs_at_once() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    let fitting = limit.map_or(u64::MAX, |files| files.saturating_sub(FILES_MIN) / FILES_OF_RUN);
    usize::try_from(fitting).unwrap_or(usize::MAX).clamp(1, RUNS_AT_ONCE)
}

#[cfg(not(unix))]
pub(crate) fn runs_at_once() -> usize {
    RUNS_AT_ONCE
}

#[cfg(unix)]
fn check_files() -> Result<(), Failure> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(FILES_WANTED, |maximum| maximum.min(FILES_WANTED));
    if current.is_some_and(|current| current < wanted) {
        // A process may raise its own limit that far. Where it may not, the check below says so.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum });
    }
    enough_files(getrlimit(Resource::Nofile).current)
}

#[cfg(not(unix))]
fn check_files() -> Result<(), Failure> {
    enough_files(None)
}

fn enough_files(allowed: Option<u64>) -> Result<(), Failure> {
    match allowed {
        Some(allowed) if allowed < FILES_MIN => {
            let what = format!("{allowed} open files are allowed, and sortie needs {FILES_MIN}");
            Err(Failure::new(Exit::Unexpected, what)
                .next(format!("raise the limit with: ulimit -n {FILES_WANTED}")))
        }
        _ => Ok(()),
    }
}

/// Whether the system gives as many threads as a run uses; without them it would break off in the middle.
pub(crate) fn check_threads() -> Result<(), Failure> {
    enough_threads(|gate| {
        let thread = std::thread::Builder::new().spawn(move || drop(gate.read()))?;
        Ok(Box::new(move || drop(thread.join())))
    })
}

/// The same with any way to make a thread that waits at a gate; it returns what waits for its end.
fn enough_threads(
    spawn: impl Fn(Arc<RwLock<()>>) -> io::Result<Box<dyn FnOnce()>>,
) -> Result<(), Failure> {
    let gate = Arc::new(RwLock::new(()));
    let closed = gate.write().unwrap_or_else(PoisonError::into_inner);
    let spawned: Vec<io::Result<_>> = (0..THREADS_MIN).map(|_| spawn(Arc::clone(&gate))).collect();
    drop(closed);
    let mut refused = None;
    for thread in spawned {
        match thread {
            Ok(wait) => wait(),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        None => Ok(()),
        Some(error) => {
            let what = format!("the system does not give {THREADS_MIN} threads: {error}");
            Err(Failure::new(Exit::Unexpected, what).next(
                "raise the limits of processes and memory (ulimit -u, ulimit -v), or end other programs",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::Sent;

    #[test]
    fn a_clock_that_is_not_set_begins_nothing() {
        for millis in [-86_400_000, 0, EARLIEST.0 - 1] {
            let failure = check_clock(UnixMillis(millis)).expect_err("it is not set");
            assert!(failure.what.contains("the clock of this machine shows"), "{}", failure.what);
        }
        assert!(check_clock(EARLIEST).is_ok());
    }

    #[test]
    fn too_few_open_files_are_refused_with_the_cure() {
        let failure = enough_files(Some(10)).expect_err("too few");
        assert!(failure.what.contains("10 open files") && failure.next.contains("ulimit -n 4096"));
        assert!(enough_files(Some(FILES_MIN)).is_ok() && enough_files(None).is_ok());
    }

    #[test]
    fn threads_that_are_not_given_are_refused_with_the_cure() {
        let failure = enough_threads(|_| Err(io::ErrorKind::WouldBlock.into()));
        assert!(failure.expect_err("none").next.contains("ulimit -u"));
        check_threads().expect("this machine has some");
    }

    #[test]
    fn a_file_size_limit_is_named_as_the_cause() {
        let limits = Limits { is_size_reached: Arc::new(AtomicBool::new(true)) };
        let failed = Failure::new(Exit::Unexpected, "x").next("y").sent(Sent::Nothing);
        let failure = limits.explain(Err(failed)).expect_err("it stays one").failure;
        assert_eq!(failure.exit, Exit::Journal);
        assert!(failure.what.contains("ulimit -f") && failure.next.ends_with("then y"));
    }
}
