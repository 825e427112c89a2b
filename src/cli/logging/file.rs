//! The log file itself.
//!
//! Owns its opening, its rotation by other programs, and what happens when it cannot be written. Each line is one write at the
//! end of the file, so that several processes share one. Must never end or hold up a command for a disk that is full, and never
//! follow a link: another user of the directory could aim it at any file of yours.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::drive::{Clock, WallClock};
use crate::model::UnixMillis;

/// How often the file at the path is compared with the one that is open, in milliseconds: a rotation is noticed in time, and a
/// crowd of lines costs one look.
const CHECK_MS: i64 = 1_000;
/// The mode of a file that is created: its lines name devices and people.
#[cfg(unix)]
const MODE: u32 = 0o600;

/// A log file that is appended to.
pub(crate) struct LogFile {
    path: PathBuf,
    open: Mutex<OpenLog>,
    warn: Box<dyn Fn(&io::Error) + Send + Sync>,
    has_warned: AtomicBool,
}

struct OpenLog {
    file: File,
    checked_at: UnixMillis,
    /// The last line was cut off, so the next one begins with a line break.
    is_torn: bool,
}

impl LogFile {
    /// Opens the file, which is created for its owner alone where there is none. `warn` is called at the first write that fails.
    pub(crate) fn open(
        path: &Path,
        warn: impl Fn(&io::Error) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let path = std::path::absolute(path)?;
        let (file, checked_at) = (open_at(&path)?, WallClock.now());
        let open = Mutex::new(OpenLog { file, checked_at, is_torn: false });
        Ok(Self { path, open, warn: Box::new(warn), has_warned: AtomicBool::new(false) })
    }

    /// The mode of the file, where other users may read or write it.
    pub(crate) fn wide_mode(&self) -> Option<u32> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        wide_mode_of(&open.file)
    }

    /// Appends a line, which ends with its line break.
    pub(crate) fn write(&self, line: &[u8]) {
        let written = {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.follow(&self.path, WallClock.now()).and(open.append(line))
        };
        // The lock is free again: a warning may come to be logged itself.
        if let Err(error) = written
            && !self.has_warned.swap(true, Ordering::Relaxed)
        {
            (self.warn)(&error);
        }
    }
}

impl OpenLog {
    /// Opens the file anew where a rotation put another one in its place, or none.
    fn follow(&mut self, path: &Path, now: UnixMillis) -> io::Result<()> {
        if (0..CHECK_MS).contains(&now.since(self.checked_at)) {
            return Ok(());
        }
        self.checked_at = now;
        if !is_at(&self.file, path) {
            // Where that fails, lines still go to the old file.
            self.file = open_at(path)?;
            self.is_torn = false;
        }
        Ok(())
    }

    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let whole = if self.is_torn { [b"\n", line].concat() } else { line.to_vec() };
        let written = self.file.write_all(&whole);
        self.is_torn = written.is_err();
        written
    }
}

/// Opens a file to append to it. Only a regular file is a log: a pipe would hold up the command, and a terminal is no place for it.
fn open_at(path: &Path) -> io::Result<File> {
    if let Ok(metadata) = path.symlink_metadata() {
        refuse_other(metadata.file_type())?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        options.mode(MODE).custom_flags(i32::try_from(flags).unwrap_or(0));
    }
    let file = options.open(path)?;
    refuse_other(file.metadata()?.file_type())?;
    Ok(file)
}

fn refuse_other(kind: std::fs::FileType) -> io::Result<()> {
    let what = match (kind.is_file(), kind.is_symlink(), kind.is_dir()) {
        (true, ..) => return Ok(()),
        (_, true, _) => "it is a symbolic link; name the file itself",
        (_, _, true) => "it is a directory",
        _ => "it is not a regular file",
    };
    Err(io::Error::other(what))
}

/// The mode of a file that is wider than [`MODE`].
#[cfg(unix)]
fn wide_mode_of(file: &File) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().ok()?.permissions().mode() & 0o777;
    (mode & !MODE != 0).then_some(mode)
}

#[cfg(not(unix))]
fn wide_mode_of(_: &File) -> Option<u32> {
    None
}

/// Whether an open file is the one at this path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let key = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino());
    let open = file.metadata().map(key).ok();
    open.is_some() && open == path.symlink_metadata().map(key).ok()
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    fn log_at(path: &Path) -> (LogFile, Arc<AtomicU32>) {
        let warned: Arc<AtomicU32> = Arc::default();
        let counted = Arc::clone(&warned);
        let log = LogFile::open(path, move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        (log.expect("it opens"), warned)
    }

    /// What a later moment does: the next write compares the file with the path.
    fn let_time_pass(log: &LogFile) {
        log.open.lock().expect("no panic").checked_at = UnixMillis(0);
    }

    fn text_of(path: &Path) -> String {
        std::fs::read_to_string(path).expect("it is there")
    }

    #[cfg(unix)]
    #[test]
    fn a_rotated_file_is_left_for_a_new_one_at_the_path() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("a directory");
        let (path, old) = (dir.path().join("sortie.log"), dir.path().join("sortie.log.1"));
        let (log, warned) = log_at(&path);
        let mode = path.metadata().expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        log.write(b"one\n");
        std::fs::rename(&path, &old).expect("renamed");
        log.write(b"two\n");
        assert!(!path.exists(), "within a second nothing is compared");
        let_time_pass(&log);
        log.write(b"three\n");
        assert_eq!((text_of(&old), text_of(&path)), ("one\ntwo\n".into(), "three\n".into()));
        // copytruncate: the same file, empty.
        File::options().write(true).open(&path).expect("opened").set_len(0).expect("cut");
        let_time_pass(&log);
        log.write(b"four\n");
        assert_eq!(text_of(&path), "four\n");
        // A directory that takes no new file: the old one is written on.
        std::fs::rename(&path, dir.path().join("moved")).expect("renamed");
        std::fs::create_dir(&path).expect("made");
        let_time_pass(&log);
        log.write(b"five\n");
        assert_eq!(text_of(&dir.path().join("moved")), "four\nfive\n");
        assert_eq!(warned.load(Ordering::Relaxed), 1);
    }

    #[cfg(unix)]
    #[test]
    fn only_a_regular_file_becomes_a_log() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("file");
        std::fs::write(&file, "mine\n").expect("written");
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&file, &link).expect("linked");
        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("it starts");
        assert!(made.success());
        for (path, why) in [
            (link.as_path(), "it is a symbolic link"),
            (pipe.as_path(), "it is not a regular file"),
            (dir.path(), "it is a directory"),
            (Path::new("/dev/null"), "it is not a regular file"),
        ] {
            let error = LogFile::open(path, |_| {}).err().expect("refused").to_string();
            assert!(error.starts_with(why), "{error}");
        }
        let nowhere = dir.path().join("no/such/directory.log");
        assert!(LogFile::open(&nowhere, |_| {}).is_err());
        assert_eq!(text_of(&file), "mine\n");
    }

    #[test]
    fn lines_of_several_writers_stay_whole() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("sortie.log");
        let line = |writer: usize| format!("{}\n", writer.to_string().repeat(300));
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let path = &path;
                // Each opens the file by itself, as processes do.
                scope.spawn(move || {
                    let (log, _) = log_at(path);
                    (0..500).for_each(|_| log.write(line(writer).as_bytes()));
                });
            }
        });
        let text = text_of(&path);
        assert_eq!(text.lines().count(), 2_000);
        let is_whole = |found: &str| (0..4).any(|writer| line(writer).trim_end() == found);
        assert!(text.lines().all(is_whole));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_warns_once_and_a_torn_line_stays_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("sortie.log");
        let (log, warned) = log_at(&path);
        let full = File::options().write(true).open("/dev/full").expect("it is always there");
        let whole = std::mem::replace(&mut log.open.lock().expect("no panic").file, full);
        log.write(b"lost\n");
        log.write(b"lost, too\n");
        assert_eq!(warned.load(Ordering::Relaxed), 1);
        // The disk has room again.
        log.open.lock().expect("no panic").file = whole;
        log.write(b"next\n");
        log.write(b"last\n");
        assert_eq!(text_of(&path), "\nnext\nlast\n");
    }
}
