//! Limits of a workbook, each with its reason.
//!
//! Owns the numbers. A workbook is compressed, so a small file may unpack to anything: nothing of it is read without
//! one of these limits, and none of its own counts is believed.

/// Most parts of the archive: a workbook has about ten and one for each sheet, drawing and comment.
pub(super) const PARTS_MAX: usize = 10_000;
/// Largest unpacked sheet, in bytes: 250,000 rows of 64 cells.
pub(super) const SHEET_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Largest unpacked table of texts, in bytes: four times the text that a job may have, for its markup.
pub(super) const STRINGS_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Largest unpacked list of sheets, of relations or of formats, in bytes; in practice they have a hundredth of it.
pub(super) const LIST_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Longest piece of markup or text, in bytes: a cell has at most 32,767 characters.
pub(super) const PIECE_BYTES_MAX: usize = 1024 * 1024;
/// Most texts of a workbook: one for each cell of 250,000 rows of 16 cells.
pub(super) const STRINGS_MAX: usize = 4_000_000;
/// Longest text of a cell, in bytes: 32,767 characters, of up to four bytes.
pub(super) const CELL_BYTES_MAX: usize = 4 * 32_767;
/// Most formats of cells; spreadsheets allow 65,490.
pub(super) const FORMATS_MAX: usize = 65_536;
/// Most sheets: more is no workbook for people.
pub(super) const SHEETS_MAX: usize = 255;
/// Highest row and column of any sheet, as the format defines them.
pub(super) const ROW_MAX: u32 = 1_048_576;
pub(super) const COLUMN_MAX: u32 = 16_384;
/// Most merged ranges and ranges of hidden columns that are kept: the first one is shown.
pub(super) const RANGES_MAX: usize = 1_000;
