//! A file that holds a table: a text or a workbook.
//!
//! Owns telling the two apart by their first bytes. Must never guess an encoding, and never open a file.

use std::borrow::Cow;

use super::decode::{Encoding, decode};
use super::diagnostics::{Diagnostics, Flaw};
use super::parse_options::{HiddenCells, ParseOptions};
use super::sheet_text::SheetText;
use super::source::Source;

/// How an archive begins, with parts and without any. A workbook is an archive.
const ARCHIVES: [&[u8]; 2] = [b"PK\x03\x04", b"PK\x05\x06"];
/// How an older container begins, in which a workbook with a password is kept, too.
const CONTAINER: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// How the operator wants a table to be read.
#[derive(Copy, Clone, Default)]
pub(super) struct TableWish<'o> {
    encoding: Option<Encoding>,
    delimiter: Option<u8>,
    sheet: Option<&'o str>,
    hidden: HiddenCells,
}

impl<'o> TableWish<'o> {
    /// What the options say.
    pub fn of(options: &'o ParseOptions) -> Self {
        Self {
            encoding: options.encoding,
            delimiter: options.delimiter,
            sheet: options.sheet.as_deref(),
            hidden: options.hidden,
        }
    }

    /// The option that only a workbook can follow.
    fn for_workbooks(&self) -> Option<&'static str> {
        let hidden = (self.hidden != HiddenCells::Refuse).then_some("--hidden");
        self.sheet.map(|_| "--sheet").or(hidden)
    }

    /// The option that only a text can follow.
    fn for_texts(&self) -> Option<&'static str> {
        let delimiter = self.delimiter.map(|_| "--delimiter");
        self.encoding.map(|_| "--encoding").or(delimiter)
    }
}

/// A table before its header is read.
pub(super) enum TableFile<'b> {
    /// UTF-8, clean or not.
    Text(Cow<'b, [u8]>),
    /// A sheet.
    Sheet(SheetText),
}

impl TableFile<'_> {
    /// The text of the table and the places in it. Everything that is wrong with its bytes goes to `problems`.
    pub fn source<'a>(&'a self, file: &'a str, problems: &mut Diagnostics) -> Option<Source<'a>> {
        match self {
            Self::Text(bytes) => Source::read(file, bytes, problems),
            Self::Sheet(sheet) => Source::of_sheet(file, sheet, problems),
        }
    }
}

/// Whether bytes are an archive, as a workbook is.
pub(super) fn is_archive(bytes: &[u8]) -> bool {
    ARCHIVES.iter().any(|mark| bytes.starts_with(mark))
}

/// Opens the table in a file of any name.
pub(super) fn open_table<'b>(
    file: &str,
    bytes: &'b [u8],
    wish: TableWish<'_>,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Option<TableFile<'b>> {
    let refused = if is_archive(bytes) {
        match wish.for_texts() {
            None => return open_workbook(file, bytes, wish, problems, notes),
            Some(option) => Flaw::new(format!("{option} is for a CSV, but the file is a workbook"))
                .hint(format!("remove {option}")),
        }
    } else if is_protected_workbook(bytes) {
        Flaw::new("the workbook is protected with a password")
            .hint("remove the password in the spreadsheet program, and save it again as .xlsx")
    } else if let Some(option) = wish.for_workbooks() {
        Flaw::new(format!("{option} is for a workbook (.xlsx), but the file is none"))
            .hint(format!("remove {option}"))
    } else {
        return Some(TableFile::Text(decode(file, bytes, wish.encoding, problems, notes)?));
    };
    problems.push_for_file(file, refused);
    None
}

/// Whether an old container holds an encrypted workbook: the name of its stream is UTF-16.
fn is_protected_workbook(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".bytes().flat_map(|letter| [letter, 0]).collect();
    bytes.starts_with(CONTAINER) && bytes.windows(name.len()).any(|it| it == name.as_slice())
}

#[cfg(feature = "xlsx")]
fn open_workbook<'b>(
    file: &str,
    bytes: &'b [u8],
    wish: TableWish<'_>,
    problems: &mut Diagnostics,
    notes: &mut Vec<String>,
) -> Option<TableFile<'b>> {
    use super::xlsx::{SheetWish, read_sheet};
    let wish = SheetWish { sheet: wish.sheet, hidden: wish.hidden };
    read_sheet(file, bytes, wish, problems, notes).map(TableFile::Sheet)
}

#[cfg(not(feature = "xlsx"))]
fn open_workbook<'b>(
    file: &str,
    _: &'b [u8],
    _: TableWish<'_>,
    problems: &mut Diagnostics,
    _: &mut Vec<String>,
) -> Option<TableFile<'b>> {
    let flaw = "the file is a zip archive, such as an Excel workbook (.xlsx), and this sortie was built without the feature 'xlsx'";
    let flaw = Flaw::new(flaw).hint(
        "save it as 'CSV UTF-8 (comma delimited)', or install a sortie with the feature 'xlsx'",
    );
    problems.push_for_file(file, flaw);
    None
}
