//! Workbooks as jobs: what is accepted, what is refused and with which words, and what damage does.
//!
//! Owns small workbooks, made part by part. Must never hold code of the product.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::job::{Diagnostics, HiddenCells, Input, Job, ParseOptions, parse};
use crate::model::Random;

const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const HEADER: &str = "<row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>serial_number</t></is></c>\
    <c r=\"B1\" t=\"inlineStr\"><is><t>action</t></is></c>";

/// A workbook to be packed.
struct Book {
    sheets: Vec<(String, String, String)>,
    strings: String,
    more: Vec<(String, Vec<u8>)>,
}

impl Book {
    /// One sheet `Devices` with these rows.
    fn of(rows: &str) -> Self {
        Self { sheets: Vec::new(), strings: String::new(), more: Vec::new() }.sheet("Devices", rows)
    }

    fn sheet(self, name: &str, rows: &str) -> Self {
        self.sheet_with(name, "", &format!("<sheetData>{rows}</sheetData>"))
    }

    fn sheet_with(mut self, name: &str, attributes: &str, content: &str) -> Self {
        self.sheets.push((name.to_owned(), attributes.to_owned(), content.to_owned()));
        self
    }

    fn strings(mut self, items: &str) -> Self {
        self.strings = items.to_owned();
        self
    }

    fn part(mut self, name: &str, bytes: &[u8]) -> Self {
        self.more.push((name.to_owned(), bytes.to_vec()));
        self
    }

    fn pack(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let mut add = |name: &str, bytes: &[u8]| {
            zip.start_file(name, SimpleFileOptions::default()).expect("a part");
            zip.write_all(bytes).expect("memory");
        };
        let relation = |id: usize, kind: &str, target: &str| {
            format!("<Relationship Id=\"rId{id}\" Type=\"{OFFICE}/{kind}\" Target=\"{target}\"/>")
        };
        let relations = |items: &str| format!("<Relationships>{items}</Relationships>");
        add("[Content_Types].xml", b"<Types/>");
        let root = relations(&relation(1, "officeDocument", "xl/workbook.xml"));
        add("_rels/.rels", root.as_bytes());
        let (mut list, mut links) = (String::new(), String::new());
        for (at, (name, attributes, content)) in self.sheets.iter().enumerate() {
            let id = at + 1;
            list +=
                &format!("<sheet name=\"{name}\" sheetId=\"{id}\" r:id=\"rId{id}\" {attributes}/>");
            links += &relation(id, "worksheet", &format!("worksheets/sheet{id}.xml"));
            let xml = format!("<worksheet xmlns=\"{MAIN}\">{content}</worksheet>");
            add(&format!("xl/worksheets/sheet{id}.xml"), xml.as_bytes());
        }
        links += &relation(900, "sharedStrings", "sharedStrings.xml");
        links += &relation(901, "styles", "/xl/styles.xml");
        add("xl/_rels/workbook.xml.rels", relations(&links).as_bytes());
        let book = format!(
            "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{list}</sheets></workbook>"
        );
        add("xl/workbook.xml", book.as_bytes());
        let strings = format!("<sst xmlns=\"{MAIN}\">{}</sst>", self.strings);
        add("xl/sharedStrings.xml", strings.as_bytes());
        let formats = "<cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs>";
        add("xl/styles.xml", format!("<styleSheet>{formats}</styleSheet>").as_bytes());
        for (name, bytes) in &self.more {
            add(name, bytes);
        }
        zip.finish().expect("memory").into_inner()
    }
}

fn text(cell: &str, text: &str) -> String {
    format!("<c r=\"{cell}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{text}</t></is></c>")
}

/// A sheet with a header of these names, and one row of these cells below it.
fn table(names: &[&str], cells: &str) -> Vec<u8> {
    let header: String = (b'A'..)
        .zip(names)
        .map(|(letter, name)| text(&format!("{}1", char::from(letter)), name))
        .collect();
    Book::of(&format!("<row r=\"1\">{header}</row><row r=\"2\">{cells}</row>")).pack()
}

fn read_with(options: &ParseOptions, bytes: &[u8]) -> Result<Job, Diagnostics> {
    parse(&Input { name: "job.xlsx", bytes }, options, &|_| Err("none".to_owned()))
}

fn read(bytes: &[u8]) -> Result<Job, Diagnostics> {
    read_with(&ParseOptions::default(), bytes)
}

fn refused(bytes: &[u8], expect: &str) {
    refused_with(&ParseOptions::default(), bytes, expect);
}

fn refused_with(options: &ParseOptions, bytes: &[u8], expect: &str) {
    let said = read_with(options, bytes).map(|_| ()).expect_err(expect).to_string();
    assert!(said.contains(expect), "{said}\n--- should contain:\n{expect}");
}

const LOCK: &str = "lock";

#[test]
fn a_sheet_is_read_as_the_same_table_as_a_csv() {
    let rows = format!(
        "{HEADER}{}{}{}</row><row r=\"3\"/><row r=\"4\"><c r=\"A4\" t=\"s\"><v>0</v></c><c r=\"B4\" t=\"s\">\
         <v>1</v></c>{}<c r=\"D4\"><v>7</v></c></row><row r=\"6\">{}{}</row>",
        text("C1", "message"),
        text("D1", "floor"),
        text("E1", ""),
        text("C4", "Please&#10;call us, \"now\""),
        text("A6", "C02XK1ABJG5K"),
        text("B6", LOCK),
    );
    let strings = "<si><t>C02XK1ABJG5J</t></si><si><r><t>lo</t></r><r><t>ck</t></r></si>";
    let bytes = Book::of(&rows).strings(strings).pack();
    let job = read(&bytes).expect("a job");
    let seen: Vec<(u32, u32, Option<&str>)> = job
        .rows
        .iter()
        .map(|row| (row.number, row.line, row.target.serial_number.as_deref()))
        .collect();
    assert_eq!(seen, [(1, 4, Some("C02XK1ABJG5J")), (2, 6, Some("C02XK1ABJG5K"))]);
    let message = job.rows[0].steps[0].params.values().next().expect("a message").written();
    assert_eq!(message, "Please\ncall us, \"now\"");
    assert_eq!(job.rows[0].carried, [("floor", "7")]);
    assert_eq!(job.digest, crate::model::sha256(&bytes), "the digest is that of the file");
    assert!(job.notes.iter().any(|note| note == "3 blank rows skipped"), "{:?}", job.notes);
}

#[test]
fn a_number_where_a_text_belongs_is_refused_by_its_cell() {
    let number = "<c r=\"A2\"><v>12345</v></c>";
    let action = text("B2", "restart");
    let names = ["serial_number", "action"];
    refused(
        &table(&names, &format!("{number}{action}")),
        "job.xlsx, Devices!A2: the cell in column 'serial_number' is a number and not a text: its leading zeros and long digits are lost\n  hint: format the column as text",
    );
    let date = "<c r=\"A2\" s=\"1\"><v>46355</v></c>";
    refused(
        &table(&names, &format!("{date}{action}")),
        "Devices!A2: the cell in column 'serial_number' is a date",
    );
    let truth = "<c r=\"A2\" t=\"b\"><v>1</v></c>";
    refused(&table(&names, &format!("{truth}{action}")), "is TRUE or FALSE and not a text");
    let error = "<c r=\"A2\" t=\"e\"><v>#N/A</v></c>";
    refused(&table(&names, &format!("{error}{action}")), "has an error value of the spreadsheet");
    let erase = ["serial_number", "action", "pin"];
    let pin = format!(
        "{}{}<c r=\"C2\"><v>45123</v></c>",
        text("A2", "C02XK1ABJG5J"),
        text("B2", "erase")
    );
    let said = read(&table(&erase, &pin)).map(|_| ()).expect_err("refused").to_string();
    assert!(said.contains("Devices!C2: the cell in column 'pin' is a number"), "{said}");
    assert!(!said.contains("45123"), "no PIN in a message: {said}");
    let phone = format!(
        "{}{}<c r=\"C2\"><v>15551234</v></c>",
        text("A2", "C02XK1ABJG5J"),
        text("B2", LOCK)
    );
    refused(
        &table(&["serial_number", "action", "phone_number"], &phone),
        "Devices!C2: the cell in column",
    );
}

#[test]
fn leading_zeros_in_a_text_survive_and_switches_may_be_boolean() {
    let cells = format!(
        "{}{}<c r=\"C2\" t=\"b\"><v>1</v></c>",
        text("A2", "0012345"),
        text("B2", "restart"),
    );
    let job = read(&table(&["serial_number", "action", "notify_user"], &cells)).expect("a job");
    assert_eq!(job.rows[0].target.serial_number.as_deref(), Some("0012345"));
    assert_eq!(job.rows[0].steps[0].params.values().next().expect("given").written(), "true");
}

#[test]
fn a_formula_names_no_device_and_may_calculate_the_rest() {
    let action = text("B2", "set-name");
    let names = ["serial_number", "action", "new_name"];
    let formula = "<c r=\"A2\" t=\"str\"><f>D1</f><v>C02XK1ABJG5J</v></c>";
    let name = text("C2", "Mac 7");
    refused(
        &table(&names, &format!("{formula}{action}{name}")),
        "Devices!A2: the cell in column 'serial_number' has a formula",
    );
    let serial = text("A2", "C02XK1ABJG5J");
    let name = "<c r=\"C2\" t=\"str\"><f>\"Mac \"&amp;7</f><v>Mac 7</v></c>";
    let job = read(&table(&names, &format!("{serial}{action}{name}"))).expect("a job");
    assert_eq!(job.rows[0].steps[0].params.values().next().expect("given").written(), "Mac 7");
    assert!(
        job.notes.iter().any(|note| note.starts_with("1 cell with a formula")),
        "{:?}",
        job.notes
    );
    let unknown = "<c r=\"C2\"><f>A1</f></c>";
    refused(
        &table(&names, &format!("{serial}{action}{unknown}")),
        "Devices!C2: the workbook does not hold the value of the formula",
    );
}

#[test]
fn hidden_rows_and_columns_are_refused_unless_said_otherwise() {
    let rows = format!(
        "{HEADER}</row><row r=\"2\">{}{}</row><row r=\"3\" hidden=\"1\">{}{}</row>",
        text("A2", "C02XK1ABJG5J"),
        text("B2", "restart"),
        text("A3", "C02XK1ABJG5K"),
        text("B3", "restart"),
    );
    let bytes = Book::of(&rows).pack();
    refused(&bytes, "job.xlsx: the sheet has 1 hidden row: row 3\n  hint: clear the filter");
    for (hidden, expect) in [(HiddenCells::Read, 2), (HiddenCells::Skip, 1)] {
        let options = ParseOptions { hidden, ..ParseOptions::default() };
        assert_eq!(read_with(&options, &bytes).expect("a job").rows.len(), expect);
    }
    let content = format!(
        "<cols><col min=\"2\" max=\"3\" hidden=\"1\"/></cols><sheetData>{}</sheetData>",
        rows.replace(" hidden=\"1\"", "")
    );
    let bytes = Book { sheets: Vec::new(), ..Book::of("") }.sheet_with("S", "", &content).pack();
    refused(&bytes, "job.xlsx, S!B1: column 'action' is hidden in the sheet");
    let options = ParseOptions { hidden: HiddenCells::Read, ..ParseOptions::default() };
    assert_eq!(read_with(&options, &bytes).expect("a job").rows.len(), 2);
    let content = content.replace("min=\"2\"", "min=\"3\"");
    let note = text("C1", "room");
    let content = content.replacen("</row>", &format!("{note}</row>"), 1);
    let bytes = Book { sheets: Vec::new(), ..Book::of("") }.sheet_with("S", "", &content).pack();
    let options = ParseOptions { hidden: HiddenCells::Skip, ..ParseOptions::default() };
    let notes = read_with(&options, &bytes).expect("a job").notes.join("\n");
    assert!(notes.contains("1 hidden column left out, as --hidden says: C"), "{notes}");
}

#[test]
fn one_of_several_sheets_has_to_be_named() {
    let rows = format!(
        "{HEADER}</row><row r=\"2\">{}{}</row>",
        text("A2", "C02XK1ABJG5J"),
        text("B2", "restart")
    );
    let bytes = Book::of(&rows).sheet("Old list", &rows).sheet("Empty", "").pack();
    refused(
        &bytes,
        "the workbook has 2 sheets: 'Devices', 'Old list'\n  hint: name the one to read, such as --sheet \"Devices\"",
    );
    let named =
        |sheet: &str| ParseOptions { sheet: Some(sheet.to_owned()), ..ParseOptions::default() };
    assert_eq!(read_with(&named("old list"), &bytes).expect("a job").rows.len(), 1);
    refused_with(&named("Nope"), &bytes, "the workbook has no sheet 'Nope'");
    let content = format!("<sheetData>{rows}</sheetData>");
    let bytes = Book::of(&rows).sheet_with("Secret", "state=\"hidden\"", &content).pack();
    assert_eq!(read(&bytes).expect("the visible one").rows.len(), 1);
    let summary = format!("<row r=\"1\">{}</row>", text("A1", crate::model::SUMMARY_MARK));
    let bytes = Book::of(&rows).sheet("Summary", &summary).pack();
    assert_eq!(read(&bytes).expect("a report of ours").rows.len(), 1);
}

#[test]
fn merged_cells_and_cells_beyond_the_header_are_refused() {
    let rows = format!("{HEADER}</row><row r=\"2\">{}</row>", text("A2", "C02XK1ABJG5J"));
    let content =
        format!("<sheetData>{rows}</sheetData><mergeCells><mergeCell ref=\"B2:B9\"/></mergeCells>");
    let bytes = Book { sheets: Vec::new(), ..Book::of("") }.sheet_with("S", "", &content).pack();
    refused(&bytes, "cells are merged: B2:B9");
    let cells =
        format!("{}{}{}", text("A2", "C02XK1ABJG5J"), text("B2", "restart"), text("F2", "note"));
    refused(
        &table(&["serial_number", "action"], &cells),
        "Devices!F2: the cell belongs to a column without a name",
    );
    refused(
        &table(&["serial_number"], &text("XFD2", "far")),
        "Devices!XFD2: the sheet has a value in XFD2; columns are read up to SR",
    );
}

#[test]
fn files_that_are_no_workbook_are_called_by_name() {
    let rows = format!("{HEADER}</row>");
    for (part, expect) in [
        ("content.xml", "an OpenDocument file, such as a LibreOffice workbook (.ods)"),
        ("word/document.xml", "a Word document"),
        ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
        ("Index/Document.iwa", "an Apple Numbers or Pages document"),
    ] {
        refused(&Book::of(&rows).part(part, b"x").pack(), expect);
    }
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("a.csv", SimpleFileOptions::default()).expect("a part");
    refused(&zip.finish().expect("memory").into_inner(), "the file is a zip archive, not a job");
    let stream: Vec<u8> = "EncryptedPackage".bytes().flat_map(|letter| [letter, 0]).collect();
    let mut protected = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    protected.extend(stream);
    refused(&protected, "the workbook is protected with a password");
    refused(b"serial_number,action\n", "the file name says XLSX, but the content is plain text");
    let bytes = Book::of(&rows).pack();
    let named = |name| {
        let job = parse(&Input { name, bytes: &bytes }, &ParseOptions::default(), &|_| {
            Err("none".to_owned())
        });
        job.map(|_| ()).expect_err("refused").to_string()
    };
    let says = "the content is an Excel workbook\n  hint: rename it to end in .xlsx";
    assert!(named("job.csv").contains(&format!("the file name says CSV, but {says}")));
    assert!(named("job.yaml").contains(&format!("the file name says YAML, but {says}")));
    let options = ParseOptions { delimiter: Some(b';'), ..ParseOptions::default() };
    refused_with(&options, &bytes, "--delimiter is for a CSV, but the file is a workbook");
}

#[test]
fn counts_in_the_file_are_not_believed_and_order_is_checked() {
    let cell = |name: &str| text(name, "x");
    for (rows, expect) in [
        (
            format!("{HEADER}</row><row r=\"2\"/><row r=\"2\">{}</row>", cell("A2")),
            "rows are not in order",
        ),
        (format!("{HEADER}</row><row r=\"0\"/>"), "rows are not in order"),
        (format!("{HEADER}</row><row r=\"1048577\"/>"), "rows are not in order"),
        (
            format!("{HEADER}</row><row r=\"2\">{}{}</row>", cell("B2"), cell("A2")),
            "cells are not in order",
        ),
        (
            format!("{HEADER}</row><row r=\"2\">{}{}</row>", cell("A2"), cell("A2")),
            "cells are not in order",
        ),
        (format!("{HEADER}</row><row r=\"2\">{}</row>", cell("A3")), "cells are not in order"),
        (
            format!("{HEADER}</row><row r=\"2\"><c r=\"A2\" t=\"s\"><v>99</v></c></row>"),
            "the text of a cell is missing",
        ),
        (
            format!("{HEADER}</row><row r=\"2\"><c r=\"A2\"><v>1e999</v></c></row>"),
            "the number of a cell cannot be read",
        ),
        (
            format!("{HEADER}</row><row r=\"2\"><c r=\"A2\"><v>x</v></c></row>"),
            "the number of a cell cannot be read",
        ),
        (
            format!("{HEADER}</row><row r=\"2\"><c r=\"A2\" t=\"q\"><v>x</v></c></row>"),
            "a cell has an unknown type",
        ),
    ] {
        refused(&Book::of(&rows).pack(), expect);
    }
    let huge = format!(
        "<dimension ref=\"A1:XFD1048576\"/><sheetData>{HEADER}</row><row r=\"2\">{}{}</row></sheetData>",
        text("A2", "C02XK1ABJG5J"),
        text("B2", "restart")
    );
    let bytes = Book { sheets: Vec::new(), ..Book::of("") }.sheet_with("S", "", &huge).pack();
    assert_eq!(read(&bytes).expect("a job").rows.len(), 1);
}

#[test]
fn a_small_archive_that_unpacks_to_much_is_refused() {
    let item = format!("<si><t>{}</t></si>", "x".repeat(30_000));
    let bytes = Book::of(&format!("{HEADER}</row>")).strings(&item.repeat(2_400)).pack();
    assert!(bytes.len() < 500_000, "it is small: {}", bytes.len());
    refused(&bytes, "MiB of text");
    let row = |row: u32| format!("<row r=\"{row}\"><c r=\"A{row}\" t=\"s\"><v>0</v></c></row>");
    let rows: String = (2..2_500).map(row).collect();
    let bytes = Book::of(&format!("{HEADER}</row>{rows}")).strings(&item).pack();
    refused(&bytes, "Devices!A2238: the sheet holds more than 64 MiB of text");
}

#[test]
fn damage_is_refused_and_never_panics() {
    let rows = format!(
        "{HEADER}</row><row r=\"2\">{}{}</row>",
        text("A2", "C02XK1ABJG5J"),
        text("B2", "restart")
    );
    let bytes = Book::of(&rows).strings("<si><t>a</t></si>").pack();
    let whole = read(&bytes).expect("a job");
    for length in 0..bytes.len() {
        assert!(read(&bytes[..length]).is_err(), "the first {length} bytes are no job");
    }
    let seed: u64 = 20_261_129;
    let mut random = Random::new(seed);
    for turn in 0..4_000 {
        let mut changed = bytes.clone();
        let at = (random.next_u64() % changed.len() as u64) as usize;
        let bit = 1 << (random.next_u64() % 8);
        changed[at] ^= bit;
        // A change that no checksum covers, such as one of a date, gives the same job or none.
        if let Ok(job) = read(&changed) {
            let (seen, expect) = (format!("{:?}", job.rows), format!("{:?}", whole.rows));
            assert_eq!(seen, expect, "seed {seed}, turn {turn}: bit {bit} of byte {at}");
        }
    }
}

#[test]
fn random_markup_in_a_sheet_never_panics() {
    let pieces = [
        "<row r=\"2\">",
        "</row>",
        "<c r=\"A2\">",
        "</c>",
        "<v>",
        "</v>",
        "<f>",
        "</f>",
        "<is>",
        "<t>",
        "</t>",
        "</is>",
        "<v/>",
        "&amp;",
        "&#0;",
        "&bad;",
        "1",
        "_x0000_",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<c r=\"XFD1048576\" t=\"s\">",
        "<row r=\"1048576\">",
        "<sheetData>",
        "</sheetData>",
        "\u{0}",
        "<c t=\"e\">",
        "<c t=\"d\">",
        "<mergeCell ref=\"\u{202e}\"/>",
    ];
    let seed: u64 = 20_261_129;
    let mut random = Random::new(seed);
    for _ in 0..2_000 {
        let rows: String = (0..random.next_u64() % 12)
            .map(|_| pieces[(random.next_u64() % pieces.len() as u64) as usize])
            .collect();
        let bytes = Book::of(&format!("{HEADER}</row>{rows}")).pack();
        let _ = read(&bytes);
    }
}

#[test]
fn calamine_reads_the_same_texts() {
    let strings = "<si><t>C02XK1ABJG5J</t></si><si/><si><r><t>a</t></r><r><t xml:space=\"preserve\"> b</t></r>\
        <rPh><t>no</t></rPh></si><si><t xml:space=\"preserve\"> _x0041_&lt;&#228; </t></si>";
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"C1\" t=\"s\"><v>2</v></c></row>\
        <row r=\"3\"><c r=\"B3\" t=\"s\"><v>3</v></c><c t=\"inlineStr\"><is><t> x </t></is></c></row>";
    let bytes = Book::of(rows).strings(strings).pack();
    let mut theirs = Vec::new();
    let mut book: calamine::Xlsx<_> =
        calamine::Reader::new(Cursor::new(bytes.as_slice())).expect("a workbook");
    let mut cells = book.worksheet_cells_reader("Devices").expect("a sheet");
    while let Some(cell) = cells.next_cell().expect("a cell") {
        let text = match cell.get_value() {
            calamine::DataRef::String(text) => text.clone(),
            calamine::DataRef::SharedString(text) => (*text).to_owned(),
            _ => String::new(),
        };
        theirs.push((cell.get_position().0 + 1, cell.get_position().1, text));
    }
    theirs.retain(|(.., text)| !text.is_empty());
    let mut problems = Diagnostics::default();
    let wish = super::SheetWish { sheet: None, hidden: HiddenCells::Refuse };
    let sheet = super::read_sheet("a.xlsx", &bytes, wish, &mut problems, &mut Vec::new());
    let sheet = sheet.expect("a sheet");
    let mut ours = Vec::new();
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).from_reader(sheet.text.as_bytes());
    for (record, row) in reader.records().zip([1_u32, 3]) {
        let record = record.expect("a record");
        let cells = (0_u32..).zip(record.iter()).filter(|(_, text)| !text.is_empty());
        ours.extend(cells.map(|(column, text)| (row, column, text.to_owned())));
    }
    assert_eq!(ours, theirs);
}
