//! What is in the files of reports that were written earlier.
//!
//! Owns the search for secrets in them, compressed ones included. Must never say where in a file one is, and never take a
//! file that it cannot search for one without secrets.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Bytes that are searched at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// How an archive begins, as `report.xlsx` is one.
const ARCHIVE: &[u8] = b"PK\x03\x04";

/// Whether a file contains one of these texts. An archive that cannot be unpacked counts as one that does.
///
/// # Errors
/// The file cannot be read.
pub fn contains_any(path: &Path, texts: &[&str]) -> io::Result<bool> {
    let texts: Vec<&[u8]> =
        texts.iter().filter(|text| !text.is_empty()).map(|text| text.as_bytes()).collect();
    if texts.is_empty() {
        return Ok(false);
    }
    let mut head = Vec::new();
    File::open(path)?.take(ARCHIVE.len() as u64).read_to_end(&mut head)?;
    if head == ARCHIVE {
        return Ok(archive_contains(path, &texts).unwrap_or(true));
    }
    reader_contains(&mut File::open(path)?, &texts)
}

#[cfg(feature = "xlsx")]
fn archive_contains(path: &Path, texts: &[&[u8]]) -> Option<bool> {
    let mut archive = zip::ZipArchive::new(File::open(path).ok()?).ok()?;
    for at in 0..archive.len() {
        if reader_contains(&mut archive.by_index(at).ok()?, texts).ok()? {
            return Some(true);
        }
    }
    Some(false)
}

#[cfg(not(feature = "xlsx"))]
fn archive_contains(_: &Path, _: &[&[u8]]) -> Option<bool> {
    None
}

/// Searches in pieces that overlap by the longest text.
fn reader_contains(reader: &mut dyn Read, texts: &[&[u8]]) -> io::Result<bool> {
    let overlap = texts.iter().map(|text| text.len()).max().unwrap_or_default();
    let mut window = Vec::with_capacity(CHUNK_BYTES + overlap);
    loop {
        let piece = Read::take(&mut *reader, CHUNK_BYTES as u64).read_to_end(&mut window);
        let length = piece?;
        if length == 0 {
            return Ok(false);
        }
        if texts.iter().any(|text| window.windows(text.len()).any(|part| part == *text)) {
            return Ok(true);
        }
        let from = window.len().saturating_sub(overlap);
        window.drain(..from);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, held_pin, record, task};
    use super::super::{Rows, write_reports};
    use super::*;
    use crate::model::{Outcome, ReportOptions};

    #[test]
    fn a_pin_is_found_in_every_report_that_shows_it() {
        let lock = task(1, 1, "lock");
        let mut locked = record(&lock, Outcome::Completed, "");
        locked.pins = vec![held_pin("012345")];
        let (tasks, records) = ([lock], [locked]);
        let dir = tempfile::tempdir().expect("a directory");
        let formats = ["csv", "jsonl", "xlsx"].map(str::to_owned);
        let rows = Rows::new(&tasks, &records);
        let options = ReportOptions::default();
        let paths = write_reports(dir.path(), &formats, &options, &facts(), &rows);
        for path in paths.expect("written") {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            let shows = ["report.csv", "report.jsonl", "report.xlsx"].contains(&name.as_str());
            assert_eq!(contains_any(&path, &["012345"]).expect("readable"), shows, "{name}");
            assert!(!contains_any(&path, &["999999", ""]).expect("readable"), "{name}");
        }
    }

    #[test]
    fn a_text_on_the_edge_of_two_pieces_is_found_and_damage_counts() {
        let mut text = vec![b'x'; CHUNK_BYTES - 3];
        text.extend(b"012345");
        assert!(reader_contains(&mut text.as_slice(), &[b"012345"]).expect("memory"));
        assert!(!reader_contains(&mut text.as_slice(), &[b"123456"]).expect("memory"));
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("report.xlsx");
        std::fs::write(&path, b"PK\x03\x04 cut off").expect("written");
        assert!(contains_any(&path, &["012345"]).expect("readable"));
    }
}
