//! Files that bind the person who runs sortie, so that person must not be able to change them unnoticed.
//!
//! Owns the check of owner and mode, and reading within a limit. What is checked is what is read: a file is opened once.
//! Must never follow a name that belongs to another user, and never wait for a pipe.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::SystemTime;

use super::binding_file::{BindingFileReason, NotBelieved};
use crate::app::operator::own_uid;

/// Whose files are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trust {
    /// Numbers of users.
    owners: Vec<u32>,
}

/// What tells that a file may have changed, without reading it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Device, inode, and the time of the last change of anything, which cannot be set back.
    identity: (u64, u64, i64, i64),
}

impl Trust {
    /// Believes root and the owner of the state directory; the current user only where no other user does.
    pub(crate) fn of(state_dir: &Path) -> Self {
        let state = std::fs::metadata(state_dir).ok();
        Self { owners: owners(state.as_ref().and_then(owner_and_mode), own_uid()) }
    }

    fn believes(&self, metadata: &Metadata) -> Result<(), NotBelieved> {
        // Where files have no such owners there is nothing to check.
        let Some((owner, mode)) = owner_and_mode(metadata) else { return Ok(()) };
        if !self.owners.contains(&owner) {
            return Err(NotBelieved::Owner { uid: owner });
        }
        // The mode of a symbolic link means nothing.
        if !metadata.is_symlink() && mode & 0o022 != 0 {
            return Err(NotBelieved::Writable { mode: mode & 0o7777 });
        }
        Ok(())
    }
}

/// The users whose files are believed, from the owner and mode of the state directory.
fn owners(state: Option<(u32, u32)>, own: Option<u32>) -> Vec<u32> {
    let mut owners = vec![0];
    owners.extend(state.map(|(owner, _)| owner));
    // One that is not there yet will be this user's alone.
    let is_private = state.is_none_or(|(_, mode)| mode & 0o077 == 0);
    owners.extend(own.filter(|_| is_private));
    owners
}

/// Reads a file that binds people; `None` when there is none.
pub(crate) fn read_trusted(
    path: &Path,
    trust: &Trust,
    bytes_max: u64,
) -> Result<Option<Vec<u8>>, BindingFileReason> {
    let refuse = |why| BindingFileReason::NotBelieved { path: path.to_owned(), why };
    let unreadable = |error: std::io::Error| BindingFileReason::Unreadable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    let named = match path.symlink_metadata() {
        Ok(named) => named,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    trust.believes(&named).map_err(refuse)?;
    let file = open_at_once(path).map_err(unreadable)?;
    let opened = file.metadata().map_err(unreadable)?;
    if !opened.is_file() {
        return Err(refuse(NotBelieved::NoFile));
    }
    trust.believes(&opened).map_err(refuse)?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > bytes_max {
        return Err(BindingFileReason::TooLarge { path: path.to_owned(), bytes_max });
    }
    Ok(Some(bytes))
}

/// What the file looks like now; `None` when there is none.
pub(crate) fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp {
        modified: metadata.modified().ok(),
        length: metadata.len(),
        identity: identity(&metadata),
    })
}

/// Opens a file for reading. A pipe in its place is not waited for.
#[cfg(unix)]
pub(crate) fn open_at_once(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NONBLOCK.bits();
    OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path)
}

/// Opens a file for reading.
#[cfg(not(unix))]
pub(crate) fn open_at_once(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).open(path)
}

#[cfg(unix)]
fn owner_and_mode(metadata: &Metadata) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.uid(), metadata.mode()))
}

#[cfg(not(unix))]
fn owner_and_mode(_: &Metadata) -> Option<(u32, u32)> {
    None
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> (u64, u64, i64, i64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> (u64, u64, i64, i64) {
    (0, 0, 0, 0)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    fn is_refused<T>(read: Result<T, BindingFileReason>, expected: NotBelieved) -> bool {
        matches!(read, Err(BindingFileReason::NotBelieved { why, .. }) if why == expected)
    }

    #[test]
    fn a_user_is_trusted_only_on_a_host_of_their_own() {
        for (state, own, expected) in [
            (Some((501, 0o40_700)), Some(501), &[0, 501, 501][..]),
            (Some((501, 0o40_700)), Some(777), &[0, 501, 777]),
            (Some((501, 0o42_770)), Some(777), &[0, 501]),
            (Some((501, 0o40_755)), Some(777), &[0, 501]),
            (None, Some(777), &[0, 777]),
            (None, None, &[0]),
        ] {
            assert_eq!(owners(state, own), expected, "{state:?} {own:?}");
        }
    }

    #[test]
    fn files_of_others_pipes_and_open_modes_are_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("policy.toml");
        let trust = Trust::of(dir.path());
        let read = |bytes_max| read_trusted(&path, &trust, bytes_max);
        assert!(read(4).expect("nothing there").is_none());
        std::fs::write(&path, "abcd").expect("written");
        let set = |mode| {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(&path, mode).expect("it is ours");
        };
        set(0o644);
        assert_eq!(read(4).expect("readable").as_deref(), Some(&b"abcd"[..]));
        let refused = read(3).expect_err("too large");
        assert!(matches!(refused, BindingFileReason::TooLarge { bytes_max: 3, .. }));
        for mode in [0o664, 0o646, 0o666] {
            set(mode);
            let expected = NotBelieved::Writable { mode };
            assert!(is_refused(read(4), expected), "{mode:o}");
        }
        std::fs::remove_file(&path).expect("it is ours");
        std::fs::create_dir(&path).expect("made");
        assert!(is_refused(read(4), NotBelieved::NoFile));
        std::fs::remove_dir(&path).expect("it is ours");
        symlink(dir.path().join("nowhere"), &path).expect("made");
        assert!(matches!(read(4), Err(BindingFileReason::Unreadable { .. })));
    }

    #[test]
    fn a_stranger_s_file_or_link_is_refused() {
        // Only root can give files away.
        if own_uid() != Some(0) {
            return;
        }
        let dir = tempfile::tempdir().expect("a directory");
        let (path, real) = (dir.path().join("policy.toml"), dir.path().join("real"));
        let trust = Trust { owners: vec![0] };
        std::fs::write(&real, "").expect("written");
        std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o644)).expect("ours");
        symlink(&real, &path).expect("made");
        assert!(read_trusted(&path, &trust, 4).expect("believed").is_some());
        std::os::unix::fs::lchown(&path, Some(4_242), None).expect("we are root");
        let stranger = NotBelieved::Owner { uid: 4_242 };
        assert!(is_refused(read_trusted(&path, &trust, 4), stranger), "a stranger's link");
        chown(&real, Some(4_242), None).expect("we are root");
        assert!(is_refused(read_trusted(&real, &trust, 4), stranger), "a stranger's file");
    }
}
