//! A lock of a file that this process holds.
//!
//! Owns giving it back. Invariant: a lock that is dropped is free at once. A child process that another thread starts has a copy
//! of every open file until it runs its program. To close ours alone would leave the lock with that copy. Must never give back a
//! lock that it does not hold.

use std::fs::{File, TryLockError};

/// A lock, held until this is dropped.
#[derive(Debug)]
pub struct HeldLock(File);

impl HeldLock {
    /// Takes the lock of a file, without waiting. `None` while another process has it.
    pub(crate) fn take(file: File) -> std::io::Result<Option<Self>> {
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        // The file is closed next, which gives the lock back where this does not.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_lock_is_free_although_a_child_has_a_copy() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("lock");
        let take = || HeldLock::take(File::create(&path).expect("a file")).expect("a lock");
        let held = take().expect("it is free");
        // What a child has between its start and its program.
        let copy = held.0.try_clone().expect("a copy");
        assert!(take().is_none(), "it is held");
        drop(held);
        assert!(take().is_some(), "it is free, with the copy still open");
        drop(copy);
    }
}
