//! Limits of the files of a job, each with its reason.
//!
//! Owns the limits that texts and workbooks share. Must never hold code.

/// Largest job file, and largest text of a sheet, in bytes: 250,000 rows of 256 bytes.
pub(super) const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
