//! Files that are no jobs: what they are instead, by the marks that other programs leave.
//!
//! Owns the names of those formats. Must never read more of a file than tells what it is.

use std::ops::Range;

use super::diagnostics::Flaw;

/// How to get a file that can be read.
const SAVE: &str = "save it as 'CSV UTF-8 (comma delimited)' and try again";
const UNPACK: &str = "unpack it first, and give the file inside";

/// How files of other formats begin, what they are, and what to do.
const MARKS: [(&[u8], &str, &str); 19] = [
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a workbook of an old Excel (.xls)", SAVE),
    (b"SQLite format 3\0", "a SQLite database", "export the table as CSV"),
    (b"%PDF-", "a PDF document", "export the list as CSV"),
    (b"\x1f\x8b", "compressed (gzip)", UNPACK),
    (b"BZh", "compressed (bzip2)", UNPACK),
    (b"\xfd7zXZ\0", "compressed (xz)", UNPACK),
    (b"\x28\xb5\x2f\xfd", "compressed (zstd)", UNPACK),
    (b"\x04\x22\x4d\x18", "compressed (lz4)", UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", UNPACK),
    (b"bplist00", "a binary property list", "export the list as CSV"),
    (b"\x89PNG", "a picture (PNG)", "export the list as CSV"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "export the list as CSV"),
    (b"\x7fELF", "a program", "give the job file"),
    (b"age-encryption.org/", "encrypted (age)", "decrypt it first"),
    (b"-----BEGIN ", "a key, a certificate or an encrypted text", "give the job file"),
    (b"{\\rtf", "a rich text document (RTF)", SAVE),
    (b"<?xml", "XML", "export the list as CSV"),
    (b"\xef\xbb\xbf<?xml", "XML", "export the list as CSV"),
];

/// Why bytes are no job at all, by the name that the program that wrote them uses.
pub(super) fn foreign_format(bytes: &[u8]) -> Option<Flaw> {
    if let Some((_, what, hint)) = MARKS.iter().find(|(mark, ..)| bytes.starts_with(mark)) {
        return Some(Flaw::new(format!("the file is {what}, not a job")).hint(*hint));
    }
    let head = &bytes[..bytes.len().min(64)];
    let start = head.trim_ascii_start().to_ascii_lowercase();
    if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") {
        let flaw = "the file is an HTML page, probably a login page instead of an export";
        return Some(Flaw::new(flaw).hint("export the list again"));
    }
    let zeros_at = |parity: usize| head.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let half = head.len() / 2;
    if half >= 4 && (zeros_at(0) * 2 > half || zeros_at(1) * 2 > half) {
        let word = if zeros_at(0) > zeros_at(1) { "utf-16be" } else { "utf-16le" };
        let flaw = "the file looks like UTF-16 without a byte order mark";
        return Some(
            Flaw::new(flaw).hint(format!("if it is, give --encoding {word}; otherwise {SAVE}")),
        );
    }
    None
}

/// Where a version control system has left a conflict for a person to settle.
pub(super) fn merge_conflict(text: &str) -> Option<(Range<usize>, Flaw)> {
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let is_mark = ["<<<<<<<", "|||||||", ">>>>>>>"].iter().any(|mark| {
            line.strip_prefix(mark).is_some_and(|rest| rest.starts_with([' ', '\n', '\r']))
        });
        if is_mark {
            let flaw = Flaw::new("a merge conflict: the file has two versions of this part")
                .hint("keep one version, and remove the lines '<<<<<<<', '=======' and '>>>>>>>'");
            return Some((at..at + line.trim_end().len(), flaw));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_format_is_called_by_its_name() {
        let mut sqlite = b"SQLite format 3\0".to_vec();
        sqlite.extend([0x10, 0, 1, 1, 0, 0x40, 0x20, 0x20, 0, 0, 0, 0]);
        for (bytes, expect) in [
            (&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0\0\0\0\0"[..], "old Excel (.xls)"),
            (&sqlite, "a SQLite database"),
            (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "a PDF document"),
            (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "compressed (gzip)"),
            (b"BZh91AY&SY", "compressed (bzip2)"),
            (b"\x28\xb5\x2f\xfd\x24", "compressed (zstd)"),
            (b"  <!DOCTYPE html><html>", "an HTML page"),
            (b"d\0e\0v\0i\0c\0e\0", "--encoding utf-16le"),
        ] {
            let flaw = foreign_format(bytes).expect(expect);
            let said = format!("{} / {}", flaw.message, flaw.hint.unwrap_or_default());
            assert!(said.contains(expect), "{said}");
        }
        assert_eq!(foreign_format(b"serial_number,action\n"), None);
    }

    #[test]
    fn a_merge_conflict_is_found_and_a_line_of_equals_signs_is_none() {
        let text = "a,b\n<<<<<<< HEAD\n1,2\n=======\n1,3\n>>>>>>> main\n";
        assert_eq!(merge_conflict(text).map(|(range, _)| range), Some(4..16));
        assert_eq!(merge_conflict("a,b\n=======\n<<<<<<<<<<\n"), None);
    }
}
