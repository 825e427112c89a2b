//! Limits of the files of a job, each with its reason.
//!
//! Owns the limits that texts and workbooks share. Must never hold code.

/// Largest job file, in bytes: 1,000,000 rows of 256 bytes.
pub(super) const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Largest text of a sheet, in bytes: 250,000 rows of 256 bytes. A workbook is unpacked in memory, and its cells too.
#[cfg_attr(not(feature = "xlsx"), allow(dead_code, reason = "only workbooks have sheets"))]
pub(super) const SHEET_TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;
