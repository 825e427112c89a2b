//! Plans in files.
//!
//! Owns reading and writing them. Must never make anything of a plan that is not whole, and never leave half a file.

use std::io::Read;
use std::path::Path;

use super::plan_file_reasons::PlanStorageReason;
use crate::plan::{PLAN_BYTES_MAX, PLAN_SET_BYTES_MAX, PlanFile, PlanSet, is_plan_set};

/// How a plan begins: an object with its keys in order.
const PLAN_HEAD: &[u8] = b"{\n  \"base_url\":";

/// Whether bytes begin as a plan does, or as the plans of several tenants.
pub(crate) fn is_plan(bytes: &[u8]) -> bool {
    bytes.starts_with(PLAN_HEAD) || is_plan_set(bytes)
}

/// Reads a plan as it was written.
///
/// # Errors
/// The file cannot be read, is no plan, or was altered.
pub fn read_plan(path: &Path) -> Result<PlanFile, PlanStorageReason> {
    let bytes = read_limited(path, PLAN_BYTES_MAX)?;
    if is_plan_set(&bytes) {
        return Err(PlanStorageReason::IsSet { path: path.to_owned() });
    }
    PlanFile::from_bytes(&bytes)
        .map_err(|error| PlanStorageReason::invalid(path.to_owned(), &error))
}

/// Reads the plans of several tenants as they were written.
///
/// # Errors
/// The file cannot be read, is no plan set, or was altered.
pub fn read_plan_set(path: &Path) -> Result<PlanSet, PlanStorageReason> {
    let bytes = read_limited(path, PLAN_SET_BYTES_MAX)?;
    PlanSet::from_bytes(&bytes).map_err(|error| PlanStorageReason::invalid(path.to_owned(), &error))
}

fn read_limited(path: &Path, bytes_max: u64) -> Result<Vec<u8>, PlanStorageReason> {
    let unreadable = |error: std::io::Error| PlanStorageReason::Unreadable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    // Metadata first: opening a named pipe for reading would wait for a writer.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(PlanStorageReason::NoFile { path: path.to_owned() });
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    match bytes.len() as u64 > bytes_max {
        // A plan set may be larger than a plan; what it is shows at its beginning.
        true if is_plan_set(&bytes) && bytes_max < PLAN_SET_BYTES_MAX => Ok(bytes),
        true => Err(PlanStorageReason::TooLarge { path: path.to_owned(), bytes_max }),
        false => Ok(bytes),
    }
}

/// Writes a plan to a new file that its owner alone may read.
pub(crate) fn write_plan(path: &Path, bytes: &[u8]) -> Result<(), PlanStorageReason> {
    use std::io::Write;
    write_new(path, |file| file.write_all(bytes).and_then(|()| file.sync_all()))
}

/// Makes a new file. One that cannot be written in full is removed again: half a plan is none.
fn write_new(
    path: &Path,
    write: impl FnOnce(&mut std::fs::File) -> std::io::Result<()>,
) -> Result<(), PlanStorageReason> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| PlanStorageReason::NotCreated {
        path: path.to_owned(),
        error: error.to_string(),
    })?;
    write(&mut file).map_err(|error| PlanStorageReason::NotWritten {
        path: path.to_owned(),
        error: error.to_string(),
        left: std::fs::remove_file(path).err().map(|error| error.to_string()),
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
        let reason = write_new(&path, |file| {
            file.write_all(b"{")?;
            Err(std::io::ErrorKind::StorageFull.into())
        })
        .expect_err("the disk is full");
        assert!(matches!(reason, PlanStorageReason::NotWritten { left: None, .. }), "{reason:?}");
        assert!(!path.exists());
        write_plan(&path, b"{}").expect("there is room now");
        // What stands there already is somebody's.
        let reason = write_plan(&path, b"{}").expect_err("it exists");
        assert!(matches!(reason, PlanStorageReason::NotCreated { .. }), "{reason:?}");
        assert!(path.exists());
    }
}
