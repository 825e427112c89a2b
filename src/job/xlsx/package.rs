//! The archive that a workbook is.
//!
//! Owns what kind of document an archive holds, and how a part of it is found. Must never unpack a part without a
//! limit.

use std::borrow::Cow;
use std::io::Cursor;

use zip::ZipArchive;
use zip::read::ZipFile;

use super::limits::PARTS_MAX;
use super::xml::{Part, damaged};
use crate::job::diagnostics::Flaw;

/// How an entry of the list of parts begins.
const ENTRY_MARK: &[u8] = b"PK\x01\x02";
/// How the end of that list begins, and where it says how many parts there are.
const END_MARK: &[u8] = b"PK\x05\x06";
const END_COUNT_OFFSET: usize = 10;
/// Parts that show what an archive is that is no workbook of this format, what it is, and what to do.
const FOREIGN: [(&str, &str, &str); 6] = [
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)", SAVE),
    ("word/document.xml", "a Word document", "put the list into a workbook or a CSV file"),
    ("ppt/presentation.xml", "a PowerPoint presentation", "give the job file"),
    ("content.xml", "an OpenDocument file, such as a LibreOffice workbook (.ods)", SAVE),
    ("Index/Document.iwa", "an Apple Numbers or Pages document", SAVE),
    ("Index.zip", "an Apple Numbers or Pages document", SAVE),
];
const SAVE: &str = "save it as an Excel workbook (.xlsx) or as CSV UTF-8, and try again";

/// One part while it is read.
pub(super) type OpenPart<'p, 'b> = Part<ZipFile<'p, Cursor<&'b [u8]>>>;

/// An archive that was opened.
pub(super) struct Package<'b> {
    archive: ZipArchive<Cursor<&'b [u8]>>,
}

impl<'b> Package<'b> {
    /// Opens an archive, and refuses one that is no workbook.
    pub fn open(bytes: &'b [u8]) -> Result<Self, Flaw> {
        let entries = bytes.windows(ENTRY_MARK.len()).filter(|it| *it == ENTRY_MARK).count();
        if entries > PARTS_MAX {
            let flaw = format!("the archive has {entries} parts; at most {PARTS_MAX} are allowed");
            return Err(Flaw::new(flaw));
        }
        let archive = ZipArchive::new(Cursor::new(bytes))
            .map_err(|_| damaged("the archive is incomplete or changed"))?;
        let package = Self { archive };
        // Of two parts of one name another program may read the other one.
        if entries_listed(bytes).is_some_and(|listed| listed != package.archive.len()) {
            return Err(damaged("its list of parts names a part twice"));
        }
        if let Some((_, what, hint)) = FOREIGN.iter().find(|(name, ..)| package.has(name)) {
            return Err(Flaw::new(format!("the file is {what}, not a job")).hint(*hint));
        }
        if !package.has("[Content_Types].xml") {
            return Err(Flaw::new("the file is a zip archive, not a job")
                .hint("unpack it first, and give the file inside"));
        }
        Ok(package)
    }

    fn has(&self, name: &str) -> bool {
        self.entry(name).is_some()
    }

    /// The name of a part as the archive spells it: names of parts do not depend on case.
    fn entry(&self, name: &str) -> Option<String> {
        let mut names = self.archive.file_names().flatten();
        names.find(|known| known.eq_ignore_ascii_case(name)).map(Cow::into_owned)
    }

    /// Opens a part that unpacks to at most so many bytes; `None` when there is none of that name.
    pub fn part(&mut self, name: &str, bytes_max: u64) -> Result<Option<OpenPart<'_, 'b>>, Flaw> {
        let Some(entry) = self.entry(name) else { return Ok(None) };
        let file = self.archive.by_name(&entry);
        let file = file.map_err(|_| damaged(&format!("{name} cannot be unpacked")))?;
        Ok(Some(Part::new(name, file, bytes_max)))
    }

    /// The same for a part that has to be there.
    pub fn required(&mut self, name: &str, bytes_max: u64) -> Result<OpenPart<'_, 'b>, Flaw> {
        self.part(name, bytes_max)?.ok_or_else(|| damaged(&format!("{name} is missing")))
    }
}

/// How many parts the end of the archive says that there are, where it says so in the plain form.
fn entries_listed(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(END_MARK.len()).rposition(|it| it == END_MARK)?;
    let count = bytes.get(end + END_COUNT_OFFSET..end + END_COUNT_OFFSET + 2)?;
    let count = u16::from_le_bytes(count.try_into().ok()?);
    (count != u16::MAX).then_some(usize::from(count))
}

/// The full name of the part that a relation of `base` points to.
pub(super) fn target_name(base: &str, target: &str) -> String {
    if let Some(absolute) = target.strip_prefix('/') {
        return absolute.to_owned();
    }
    let mut folders: Vec<&str> = base.split('/').collect();
    folders.pop();
    for step in target.split('/') {
        match step {
            "." | "" => {}
            ".." => {
                folders.pop();
            }
            step => folders.push(step),
        }
    }
    folders.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_point_to_parts_beside_or_from_the_root() {
        for (base, target, expect) in [
            ("xl/workbook.xml", "worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/workbook.xml", "/xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml"),
            ("xl/workbook.xml", "../other/./a.xml", "other/a.xml"),
            ("", "xl/workbook.xml", "xl/workbook.xml"),
            ("a.xml", "../../b.xml", "b.xml"),
        ] {
            assert_eq!(target_name(base, target), expect);
        }
    }
}
