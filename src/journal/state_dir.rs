//! The directory that holds all databases.
//!
//! Owns its layout and file modes. Must never make an existing directory more open than it is, nor let a database be
//! used that every user of the host could have replaced.
//!
//! A run has two locks: the writer of its journal has the first, a process that may send has the second too. `watch`,
//! `resolve` and `pins --recover` take the first alone. A dead process holds none, and so reserves no device.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{At, JournalError};
use super::held_lock::HeldLock;

/// The name of a file that stops runs: in the state directory every run, in a report directory that run.
pub const STOP_FILE: &str = "STOP";

/// How often to try to hold a run, and the pause between two tries.
const HOLD_TRIES: u32 = 5;
const HOLD_PAUSE: Duration = Duration::from_millis(20);

/// How often to try to be the one that starts a run, and the pause between two tries; together 10 seconds. A process that
/// holds it checks its run against others and enters it, and does not wait for people or the network meanwhile.
const START_TRIES: u32 = 200;
const START_PAUSE: Duration = Duration::from_millis(50);

/// The state directory: `sortie.db` for the host, `runs/<id>.db` for each run.
#[derive(Clone, Debug)]
pub struct StateDir {
    path: PathBuf,
}

impl StateDir {
    /// Opens the directory; creates it for its owner alone (0700) when it is missing. One that was set up
    /// for a group stays a group's.
    ///
    /// # Errors
    /// [`JournalError::File`].
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        create_directory(path)?;
        create_directory(&path.join("runs"))?;
        Ok(Self { path: path.to_owned() })
    }

    /// The directory, for looking only: it is not created.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The state directory itself, as the caller named it.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the host's database, `sortie.db`.
    #[must_use]
    pub fn index_path(&self) -> PathBuf {
        self.path.join("sortie.db")
    }

    /// The path of a run's database, `runs/<id>.db`. The file may be missing.
    #[must_use]
    pub fn run_path(&self, run: &str) -> PathBuf {
        self.path.join("runs").join(format!("{run}.db"))
    }

    /// Holds a run for this process until the returned lock is dropped.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when another process holds it.
    pub fn hold_run(&self, run: &str) -> Result<HeldLock, JournalError> {
        hold(self.lock_path(run), run)
    }

    /// Tells other processes, until the returned lock is dropped, that this one may send what the run has left. To be
    /// taken by the process that holds the run and drives it, and not by those who only follow, resolve or look.
    ///
    /// # Errors
    /// [`JournalError::Busy`] when another process may.
    pub fn hold_sending(&self, run: &str) -> Result<HeldLock, JournalError> {
        hold(self.sending_path(run), run)
    }

    /// Lets no other process start a run here until the returned lock is dropped: for the moment in which a run is
    /// checked against others and entered. Waits for a while when another one is at it.
    ///
    /// # Errors
    /// [`JournalError::Starting`] when another process does not come to an end with it.
    pub fn hold_start(&self) -> Result<HeldLock, JournalError> {
        let path = self.path.join("start.lock");
        let mut tries_left = START_TRIES;
        loop {
            tries_left -= 1;
            match open_lock(&path).map(HeldLock::take) {
                Ok(Ok(Some(lock))) => return Ok(lock),
                Ok(Ok(None)) if tries_left == 0 => return Err(JournalError::Starting { path }),
                Ok(Ok(None)) => {}
                Ok(Err(source)) => return Err(JournalError::File { path, source }),
                // Another member of the group makes it just now, and has not opened it to the group yet.
                Err(error) if !error.is_denied() || tries_left == 0 => return Err(error),
                Err(_) => {}
            }
            std::thread::sleep(START_PAUSE);
        }
    }

    /// Holds the one place of a queue until the returned lock is dropped; `None` where another process has it.
    ///
    /// # Errors
    /// [`JournalError::File`].
    pub fn hold_turn(&self, queue: &str) -> Result<Option<HeldLock>, JournalError> {
        match hold(self.turn_path(queue), queue) {
            Ok(lock) => Ok(Some(lock)),
            Err(JournalError::Busy { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a process waits in a queue. As [`Self::is_held`] otherwise.
    #[must_use]
    pub fn has_turn(&self, queue: &str) -> bool {
        is_locked(&self.turn_path(queue))
    }

    /// Lets no other process deliver notices of this directory until the returned lock is dropped; `None` while another
    /// process delivers some. A dead process holds nothing, so what it left is delivered by the next one.
    ///
    /// # Errors
    /// [`JournalError::File`].
    pub fn hold_outbox(&self) -> Result<Option<HeldLock>, JournalError> {
        let path = self.path.join("outbox.lock");
        HeldLock::take(open_lock(&path)?).at(&path)
    }

    /// The directory of what was gathered from tenants, which is made when it is not there. The users of a shared state
    /// directory each have files of their own in it.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn gathered_dir(&self) -> Result<PathBuf, JournalError> {
        let path = self.path.join("gathered");
        create_directory(&path)?;
        Ok(path)
    }

    /// The file whose appearance stops every run of this directory.
    #[must_use]
    pub fn stop_file(&self) -> PathBuf {
        self.path.join(STOP_FILE)
    }

    /// Whether another process holds a run. The check does not disturb it. A lock that is there and cannot be
    /// read counts as held: only a missing one is certainly free.
    #[must_use]
    pub fn is_held(&self, run: &str) -> bool {
        is_locked(&self.lock_path(run))
    }

    /// Removes the files of a run that never began, its locks last. Must not be called for one that is in the
    /// list of runs.
    ///
    /// # Errors
    /// [`JournalError::File`]; what is left is of no run.
    pub fn remove_run(&self, run: &str) -> Result<(), JournalError> {
        let database = self.run_path(run);
        let beside = |end: &str| {
            let mut name = database.clone().into_os_string();
            name.push(end);
            PathBuf::from(name)
        };
        let files = [beside("-wal"), beside("-shm"), database.clone()];
        for path in files.into_iter().chain([self.sending_path(run), self.lock_path(run)]) {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error).at(&path);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether a process drives a run and may send what it has left. As [`Self::is_held`] otherwise.
    #[must_use]
    pub fn is_sending(&self, run: &str) -> bool {
        is_locked(&self.sending_path(run))
    }

    fn sending_path(&self, run: &str) -> PathBuf {
        self.path.join("runs").join(format!("{run}.sending.lock"))
    }

    fn turn_path(&self, queue: &str) -> PathBuf {
        self.path.join(format!("wait-{queue}.lock"))
    }

    fn lock_path(&self, run: &str) -> PathBuf {
        self.path.join("runs").join(format!("{run}.lock"))
    }
}

fn hold(path: PathBuf, run: &str) -> Result<HeldLock, JournalError> {
    // A process that only checks holds the lock for a moment, too.
    for _ in 0..HOLD_TRIES {
        match HeldLock::take(open_lock(&path)?).at(&path)? {
            Some(lock) => return Ok(lock),
            None => std::thread::sleep(HOLD_PAUSE),
        }
    }
    Err(JournalError::Busy { run: run.to_owned() })
}

fn is_locked(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => file.try_lock_shared().is_err(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

fn open_lock(path: &Path) -> Result<File, JournalError> {
    prepare_file(path)?;
    OpenOptions::new().write(true).open(path).at(path)
}

#[cfg(unix)]
fn create_directory(path: &Path) -> Result<(), JournalError> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    if path.is_dir() {
        return Ok(());
    }
    refuse_files(path)?;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent).at(parent)?;
    }
    let mode = match path.parent().map(is_shared_with_group) {
        Some(true) => 0o2770,
        _ => 0o700,
    };
    match fs::DirBuilder::new().mode(mode).create(path) {
        Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(mode)).at(path),
        // Another process that starts at the same moment made it first.
        Err(_) if path.is_dir() => Ok(()),
        Err(error) => Err(error).at(path),
    }
}

#[cfg(not(unix))]
fn create_directory(path: &Path) -> Result<(), JournalError> {
    refuse_files(path)?;
    fs::create_dir_all(path).at(path)
}

/// Refuses a path with a file where a directory must be.
pub(super) fn refuse_files(path: &Path) -> Result<(), JournalError> {
    match path.ancestors().find(|place| place.exists()) {
        Some(place) if !place.is_dir() => {
            Err(JournalError::NotADirectory { path: place.to_owned() })
        }
        _ => Ok(()),
    }
}

/// A directory with the set-group-id bit and group write was set up to be shared.
#[cfg(unix)]
fn is_shared_with_group(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o2020 == 0o2020)
}

/// Creates a file before SQLite does, so that its mode, and with it that of the log files beside it, is
/// ours.
#[cfg(unix)]
pub(super) fn prepare_file(path: &Path) -> Result<(), JournalError> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mode = match path.parent().map(is_shared_with_group) {
        Some(true) => 0o660,
        _ => 0o600,
    };
    match OpenOptions::new().write(true).create_new(true).mode(mode).open(path) {
        Ok(_) => fs::set_permissions(path, fs::Permissions::from_mode(mode)).at(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error).at(path),
    }
}

/// Refuses a database that any user of the host could change or replace: what it says would prove nothing.
#[cfg(unix)]
pub(super) fn refuse_public(database: &Path) -> Result<(), JournalError> {
    use std::os::unix::fs::PermissionsExt;
    let directory = database.parent().filter(|parent| !parent.as_os_str().is_empty());
    let runs = directory.map(|directory| directory.join("runs"));
    for path in directory.into_iter().chain(runs.as_deref()).chain([database]) {
        // One that is not there yet is made private.
        let Ok(metadata) = fs::metadata(path) else { continue };
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o002 != 0 {
            return Err(JournalError::Public { path: path.to_owned(), mode });
        }
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn refuse_public(_database: &Path) -> Result<(), JournalError> {
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn prepare_file(path: &Path) -> Result<(), JournalError> {
    OpenOptions::new().append(true).create(true).open(path).at(path).map(drop)
}
