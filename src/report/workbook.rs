//! An Excel workbook that is written row by row.
//!
//! Owns the archive, its parts and the escapes of texts. Must never keep more than one row in memory, and never write a
//! cell that is anything but a text.
//!
//! The writer is ours. Packages for it keep the rows in files of their own, unencrypted and apart from the safe
//! replacement of reports. They also end the program when the disk is full. Tests hold that LibreOffice and calamine
//! read what it writes.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use zip::ZipWriter;
use zip::write::{SimpleFileOptions, StreamWriter};

use crate::model::column_name;

/// Most rows of a sheet, its header included.
pub(super) const SHEET_ROWS_MAX: usize = 1_048_576;
/// Most UTF-16 units of a cell, as Excel counts characters.
pub(super) const CELL_UNITS_MAX: usize = 32_767;
/// What ends a text that was too long for a cell.
const CUT: &str = " [cut]";
/// Formats of cells, by their place in the list of [`STYLES`].
const TEXT_STYLE: u8 = 1;
const HEADER_STYLE: u8 = 2;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const CONTENT: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
/// Plain text, text with the format `@` (number 49), and bold text on gray with it.
const STYLES: [&str; 9] = [
    "<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font>",
    "<font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>",
    "<fills count=\"3\"><fill><patternFill patternType=\"none\"/></fill><fill><patternFill patternType=\"gray125\"/></fill>",
    "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"FFE7E6E6\"/></patternFill></fill></fills>",
    "<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border></borders>",
    "<cellStyleXfs count=\"1\"><xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs><cellXfs count=\"3\">",
    "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>",
    "<xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>",
    "<xf numFmtId=\"49\" fontId=\"1\" fillId=\"2\" borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\" applyFont=\"1\" applyFill=\"1\"/></cellXfs>",
];

/// A workbook in progress.
pub(super) struct WorkbookWriter<W: Write> {
    archive: ZipWriter<StreamWriter<W>>,
    sheets: Vec<FinishedSheet>,
    buffer: String,
}

struct FinishedSheet {
    name: String,
    /// The range of a filter, where the sheet has one.
    filter: Option<String>,
}

/// Whether a sheet is a table: its first row stays in view and has a filter.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum SheetForm {
    /// It is.
    Table,
    /// It is a page of notes.
    Notes,
}

impl<W: Write> WorkbookWriter<W> {
    /// Begins a workbook.
    pub fn begin(sink: W) -> Self {
        let archive = ZipWriter::new_stream(sink);
        Self { archive, sheets: Vec::new(), buffer: String::new() }
    }

    fn begin_part(&mut self, name: &str) -> io::Result<()> {
        self.archive.start_file(name, SimpleFileOptions::default()).map_err(io::Error::other)?;
        self.archive.write_all(DECLARATION.as_bytes())
    }

    fn part(&mut self, name: &str, content: &str) -> io::Result<()> {
        self.begin_part(name)?;
        self.archive.write_all(content.as_bytes())
    }

    /// Begins a sheet with columns of these widths, in characters.
    pub fn sheet(
        &mut self,
        name: &str,
        form: SheetForm,
        widths: impl Iterator<Item = u16>,
    ) -> io::Result<SheetWriter<'_, W>> {
        let number = self.sheets.len() + 1;
        self.begin_part(&format!("xl/worksheets/sheet{number}.xml"))?;
        let mut head =
            format!("<worksheet xmlns=\"{MAIN}\"><sheetViews><sheetView workbookViewId=\"0\"");
        if number == 1 {
            head.push_str(" tabSelected=\"1\"");
        }
        head.push_str(match form {
            SheetForm::Notes => "/></sheetViews><cols>",
            SheetForm::Table => {
                "><pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>\
                 </sheetView></sheetViews><cols>"
            }
        });
        for (at, width) in (1..).zip(widths) {
            let _ = write!(
                head,
                "<col min=\"{at}\" max=\"{at}\" width=\"{width}\" style=\"{TEXT_STYLE}\" customWidth=\"1\"/>"
            );
        }
        head.push_str("</cols><sheetData>");
        self.archive.write_all(head.as_bytes())?;
        Ok(SheetWriter { workbook: self, name: name.to_owned(), form, rows: 0, columns: 0 })
    }

    /// Writes the lists of the workbook, and hands everything to the sink.
    pub fn finish(mut self) -> io::Result<()> {
        let sheets = std::mem::take(&mut self.sheets);
        let (mut list, mut links, mut types) = (String::new(), String::new(), String::new());
        let mut names = String::new();
        for (id, sheet) in (1..).zip(&sheets) {
            let name = &sheet.name;
            let _ = write!(list, "<sheet name=\"{name}\" sheetId=\"{id}\" r:id=\"rId{id}\"/>");
            let _ = write!(
                links,
                "<Relationship Id=\"rId{id}\" Type=\"{RELATIONS}/worksheet\" Target=\"worksheets/sheet{id}.xml\"/>"
            );
            let _ = write!(
                types,
                "<Override PartName=\"/xl/worksheets/sheet{id}.xml\" ContentType=\"{CONTENT}.worksheet+xml\"/>"
            );
            if let Some(range) = &sheet.filter {
                let _ = write!(
                    names,
                    "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"{}\" hidden=\"1\">'{name}'!{range}</definedName>",
                    id - 1
                );
            }
        }
        let names =
            if names.is_empty() { names } else { format!("<definedNames>{names}</definedNames>") };
        self.part(
            "xl/workbook.xml",
            &format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{RELATIONS}\"><bookViews><workbookView/></bookViews>\
                 <sheets>{list}</sheets>{names}</workbook>"
            ),
        )?;
        self.part(
            "xl/styles.xml",
            &format!("<styleSheet xmlns=\"{MAIN}\">{}</styleSheet>", STYLES.concat()),
        )?;
        self.part(
            "xl/_rels/workbook.xml.rels",
            &format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\">{links}<Relationship Id=\"rIdStyles\" \
                 Type=\"{RELATIONS}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        )?;
        self.part(
            "_rels/.rels",
            &format!(
                "<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
                 Type=\"{RELATIONS}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        )?;
        self.part(
            "[Content_Types].xml",
            &format!(
                "<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
                 ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Default Extension=\"xml\" ContentType=\"application/xml\"/>\
                 <Override PartName=\"/xl/workbook.xml\" ContentType=\"{CONTENT}.sheet.main+xml\"/>\
                 <Override PartName=\"/xl/styles.xml\" ContentType=\"{CONTENT}.styles+xml\"/>{types}</Types>"
            ),
        )?;
        self.archive.finish().map_err(io::Error::other)?.into_inner().flush()
    }
}

/// A sheet in progress.
pub(super) struct SheetWriter<'w, W: Write> {
    workbook: &'w mut WorkbookWriter<W>,
    name: String,
    form: SheetForm,
    rows: usize,
    columns: usize,
}

impl<W: Write> SheetWriter<'_, W> {
    /// Writes one row. The first row of a table is its header.
    pub fn row<'a>(&mut self, cells: impl Iterator<Item = Cow<'a, str>>) -> io::Result<()> {
        self.rows += 1;
        let is_header = self.rows == 1;
        let style = if is_header { HEADER_STYLE } else { TEXT_STYLE };
        let row = self.rows;
        let xml = &mut self.workbook.buffer;
        xml.clear();
        let _ = write!(xml, "<row r=\"{row}\">");
        let mut columns = 0;
        for (at, cell) in cells.enumerate() {
            columns = at + 1;
            if cell.is_empty() {
                continue;
            }
            let column = column_name(at);
            let _ = write!(
                xml,
                "<c r=\"{column}{row}\" s=\"{style}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">"
            );
            escape(xml, &shortened(&cell));
            xml.push_str("</t></is></c>");
        }
        xml.push_str("</row>");
        self.columns = self.columns.max(columns);
        self.workbook.archive.write_all(self.workbook.buffer.as_bytes())
    }

    /// Ends the sheet.
    pub fn finish(self) -> io::Result<()> {
        let last = column_name(self.columns.saturating_sub(1));
        let (name, rows) = (self.name, self.rows.max(1));
        let mut tail = "</sheetData>".to_owned();
        let filter = (self.form == SheetForm::Table).then(|| {
            let _ = write!(tail, "<autoFilter ref=\"A1:{last}{rows}\"/>");
            format!("$A$1:${last}${rows}")
        });
        // Texts of digits are meant as they are; without this each of them has a warning.
        let _ = write!(
            tail,
            "<ignoredErrors><ignoredError sqref=\"A1:{last}{rows}\" numberStoredAsText=\"1\"/></ignoredErrors></worksheet>"
        );
        self.workbook.archive.write_all(tail.as_bytes())?;
        self.workbook.sheets.push(FinishedSheet { name, filter });
        Ok(())
    }
}

/// A text that fits into a cell.
fn shortened(text: &str) -> Cow<'_, str> {
    // Each byte of UTF-8 is at most one unit.
    if text.len() <= CELL_UNITS_MAX || text.encode_utf16().count() <= CELL_UNITS_MAX {
        return Cow::Borrowed(text);
    }
    let mut left = CELL_UNITS_MAX - CUT.len();
    let kept = text.chars().take_while(|letter| {
        let fits = letter.len_utf16() <= left;
        left = left.saturating_sub(letter.len_utf16());
        fits
    });
    let mut kept: String = kept.collect();
    kept.push_str(CUT);
    Cow::Owned(kept)
}

/// Adds a text with its markup escaped, and with characters that XML cannot hold as `_xHHHH_`.
fn escape(xml: &mut String, text: &str) {
    for (at, letter) in text.char_indices() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '_' if is_escape(&text[at..]) => xml.push_str("_x005F_"),
            '\t' | '\n' => xml.push(letter),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                let _ = write!(xml, "_x{:04X}_", u32::from(letter));
            }
            letter => xml.push(letter),
        }
    }
}

/// Whether a text begins with what would be read as an escape.
fn is_escape(text: &str) -> bool {
    let digits = text.strip_prefix("_x").and_then(|rest| rest.get(..5));
    let digits = digits.and_then(|digits| digits.strip_suffix('_'));
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_and_cut_to_what_a_cell_holds() {
        let escaped = |text: &str| {
            let mut xml = String::new();
            escape(&mut xml, text);
            xml
        };
        assert_eq!(escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;\"c\"");
        assert_eq!(escaped("\u{1b}[2J\r\n\u{ffff}"), "_x001B_[2J_x000D_\n_xFFFF_");
        assert_eq!(escaped("_x000D_ _x _xäää_"), "_x005F_x000D_ _x _xäää_");
        assert_eq!(shortened(&"x".repeat(CELL_UNITS_MAX)).len(), CELL_UNITS_MAX);
        let long = "\u{1f4f7}".repeat(CELL_UNITS_MAX);
        let cut = shortened(&long);
        assert!(cut.ends_with(CUT) && cut.encode_utf16().count() <= CELL_UNITS_MAX);
    }

    #[test]
    fn a_full_disk_is_an_error_and_nothing_more() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::other("disk full"))
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::Error::other("disk full"))
            }
        }
        let mut workbook = WorkbookWriter::begin(Full);
        let written = (|| {
            let mut sheet = workbook.sheet("A", SheetForm::Table, [12].into_iter())?;
            sheet.row([Cow::from("x")].into_iter())?;
            sheet.finish()?;
            workbook.finish()
        })();
        assert!(written.is_err());
    }
}
