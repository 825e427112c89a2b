//! Files that hold a secret.
//!
//! Owns who else may be able to read them, and reading them within limits. What is checked is what is read: a file is opened
//! once. Must never wait forever, and never show what is in one.

use serde::Serialize;
use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use crate::app::files::trusted_file::open_at_once;

/// Largest file with a secret: hundreds of keys.
const BYTES_MAX: usize = 64 * 1024;
/// How long a pipe may take to deliver the secret. A program that asks a person writes into it.
const PIPE_MAX: Duration = Duration::from_secs(30);
/// How often to check whether a pipe has delivered data.
const PIPE_POLL: Duration = Duration::from_millis(20);

/// What is wrong with a file that should hold a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum PrivateFileFault {
    /// The system cannot read it.
    #[error("cannot be read: {error}")]
    Unreadable {
        /// What the system says.
        error: String,
    },
    /// It is a directory.
    #[error("is a directory")]
    Directory,
    /// It is not UTF-8 text.
    #[error("is not UTF-8 text")]
    NotText,
    /// It is a pipe, and no program wrote into it in time.
    #[error("is a pipe that delivered no data within {limit_s} s")]
    SilentPipe {
        /// The limit, in seconds.
        limit_s: u64,
    },
    /// It is larger than a private file may be.
    #[error("is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// Other users can read it.
    #[error("can be read by other users; run chmod 600 on it")]
    ReadableByOthers {
        /// Its permissions.
        mode: u32,
    },
    /// Other users can read it, and it is mounted read-only.
    #[error(
        "can be read by other users (mode {mode:04o}); mount it with defaultMode: 0440 or 0400"
    )]
    MountReadableByOthers {
        /// Its permissions.
        mode: u32,
    },
}

fn unreadable(error: &std::io::Error) -> PrivateFileFault {
    PrivateFileFault::Unreadable { error: error.to_string() }
}

/// Reads a file that holds a secret. Refused when other users can read it too.
pub(crate) fn read_private_file(path: &Path) -> Result<String, PrivateFileFault> {
    let file = open_at_once(path).map_err(|error| unreadable(&error))?;
    let metadata = file.metadata().map_err(|error| unreadable(&error))?;
    if metadata.is_dir() {
        return Err(PrivateFileFault::Directory);
    }
    check_readers(&file, &metadata)?;
    let bytes = read(file)?;
    String::from_utf8(bytes).map_err(|_| PrivateFileFault::NotText)
}

/// Reads it whole. A pipe without a writer is empty; a silent one times out.
fn read(mut file: File) -> Result<Vec<u8>, PrivateFileFault> {
    let (mut bytes, mut part, mut waited) = (Vec::new(), [0; 4_096], Duration::ZERO);
    loop {
        match file.read(&mut part) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock && waited < PIPE_MAX => {
                std::thread::sleep(PIPE_POLL);
                waited += PIPE_POLL;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err(PrivateFileFault::SilentPipe { limit_s: PIPE_MAX.as_secs() });
            }
            Err(error) => return Err(unreadable(&error)),
        }
        if bytes.len() > BYTES_MAX {
            return Err(PrivateFileFault::TooLarge { bytes_max: BYTES_MAX });
        }
    }
}

#[cfg(unix)]
fn check_readers(file: &File, metadata: &Metadata) -> Result<(), PrivateFileFault> {
    use std::os::unix::fs::MetadataExt;
    let is_read_only = rustix::fs::fstatvfs(file)
        .is_ok_and(|mount| mount.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY));
    check_mode(metadata.mode(), metadata.uid(), is_read_only)
}

#[cfg(not(unix))]
fn check_readers(_: &File, _: &Metadata) -> Result<(), PrivateFileFault> {
    Ok(())
}

/// Containers get their secrets mounted read-only, owned by root and readable by the group of the container: no user there
/// can give them another mode.
#[cfg(unix)]
fn check_mode(mode: u32, owner: u32, is_read_only: bool) -> Result<(), PrivateFileFault> {
    let permissions = mode & 0o7777;
    match mode & 0o077 {
        0 => Ok(()),
        0o040 if owner == 0 && is_read_only => Ok(()),
        _ if is_read_only => Err(PrivateFileFault::MountReadableByOthers { mode: permissions }),
        _ => Err(PrivateFileFault::ReadableByOthers { mode: permissions }),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    #[test]
    fn a_group_may_read_what_root_mounted_read_only() {
        for (mode, owner, is_read_only, expected) in [
            (0o600, 501, false, None),
            (0o400, 501, true, None),
            (0o440, 0, true, None),
            (0o440, 0, false, Some("chmod 600")),
            (0o440, 501, true, Some("defaultMode: 0440")),
            (0o444, 0, true, Some("mode 0444")),
            (0o460, 0, true, Some("defaultMode")),
            (0o644, 501, false, Some("chmod 600")),
        ] {
            let found = check_mode(0o100_000 | mode, owner, is_read_only).err();
            match expected {
                None => assert_eq!(found, None, "{mode:o}"),
                Some(part) => {
                    assert!(found.expect(part).to_string().contains(part), "{mode:o}");
                }
            }
        }
    }

    #[test]
    fn a_pipe_is_read_and_one_without_a_writer_is_empty() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").args(["-m", "600"]).arg(&path).status();
        assert!(made.expect("mkfifo is there").success());
        assert_eq!(read_private_file(&path), Ok(String::new()));
        // As in: --token-file <(op read ...). Open for both, so that neither end waits for the other.
        let mut both = OpenOptions::new().read(true).write(true).open(&path).expect("a pipe");
        std::io::Write::write_all(&mut both, b"secret\n").expect("room");
        let reading = open_at_once(&path).expect("a pipe");
        drop(both);
        assert_eq!(read(reading), Ok(b"secret\n".to_vec()));
        assert_eq!(read_private_file(dir.path()), Err(PrivateFileFault::Directory));
        let long = dir.path().join("long");
        std::fs::write(&long, "x".repeat(BYTES_MAX + 1)).expect("written");
        let reading = open_at_once(&long).expect("a file");
        assert_eq!(read(reading), Err(PrivateFileFault::TooLarge { bytes_max: BYTES_MAX }));
    }
}
