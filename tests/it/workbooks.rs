//! Excel workbooks: a job that is one, a report that is one, and the way back.
//!
//! Owns the proof that no spreadsheet on the way changes an identifier or a PIN. Must never need a spreadsheet program:
//! what only LibreOffice can show is skipped with a line where it is not installed.

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::Path;
use std::process::Command;

use calamine::{DataRef, Reader, Xlsx};
use sortie::simulator::{DeviceKind, Faults};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::harness::{Bench, Ran, Tenant, add, prompt_world, serial};
use crate::notify::Receiver;
use crate::secrets::has_number;

type Row = BTreeMap<String, String>;

/// A workbook with one sheet, whose cells are texts where they are in quotation marks, and numbers else.
fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut data = String::new();
    for (row, cells) in (1..).zip(rows) {
        data += &format!("<row r=\"{row}\">");
        for (letter, cell) in ('A'..).zip(*cells) {
            data += &match cell.strip_prefix('\'') {
                Some(text) => {
                    format!("<c r=\"{letter}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
                }
                None => format!("<c r=\"{letter}{row}\"><v>{cell}</v></c>"),
            };
        }
        data += "</row>";
    }
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |kind: &str, target: &str| {
        format!(
            "<Relationships><Relationship Id=\"r1\" Type=\"{office}/{kind}\" Target=\"{target}\"/></Relationships>"
        )
    };
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "sheet.xml")),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns:r=\"{office}\"><sheets><sheet name=\"Devices\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        ("xl/sheet.xml", format!("<worksheet><sheetData>{data}</sheetData></worksheet>")),
    ] {
        zip.start_file(name, SimpleFileOptions::default()).expect("a part");
        zip.write_all(text.as_bytes()).expect("memory");
    }
    zip.finish().expect("memory").into_inner()
}

/// The rows of the sheet `Tasks` as another program reads them. A cell that is no text fails.
fn tasks_in(path: &Path) -> Vec<Row> {
    let bytes = std::fs::read(path).expect("it can be read");
    let mut book: Xlsx<_> = Reader::new(Cursor::new(bytes)).expect("a workbook");
    let mut cells = book.worksheet_cells_reader("Tasks").expect("a sheet");
    let mut rows: BTreeMap<u32, BTreeMap<u32, String>> = BTreeMap::new();
    while let Some(cell) = cells.next_cell().expect("a cell") {
        let (row, column) = cell.get_position();
        let text = match cell.get_value() {
            DataRef::String(text) => text.clone(),
            DataRef::SharedString(text) => (*text).to_owned(),
            DataRef::Empty => continue,
            other => panic!("{}: a cell of row {row} is no text: {other:?}", path.display()),
        };
        rows.entry(row).or_default().insert(column, text);
    }
    let header = rows.remove(&0).expect("a header");
    let named = |row: BTreeMap<u32, String>| {
        let cell = |at: &u32| row.get(at).cloned().unwrap_or_default();
        header.iter().map(|(at, name)| (name.clone(), cell(at))).collect()
    };
    rows.into_values().map(named).collect()
}

/// A run of locks from a workbook, whose report is a workbook too.
fn locked(bench: &Bench) {
    let (one, two) = (format!("'{}", serial(0)), format!("'{}", serial(1)));
    let bytes = workbook(&[
        &["'serial_number", "'action", "'message", "'door code", "'floor"],
        &[&one, "'lock", "'=1+1", "'012345", "7"],
        &[&two, "'lock", "'Please call us.", "'=cmd", "8"],
    ]);
    std::fs::write(bench.path("locks.xlsx"), bytes).expect("it can be written");
    let run = ["run", "locks.xlsx", "--confirm", "2", "--wait", "20s"];
    bench.sortie(&[&run[..], &["--report-format", "csv,xlsx"]].concat()).expect(0);
}

fn two_macs() -> Tenant {
    let mut world = prompt_world(Faults::default());
    (0..2).for_each(|number| {
        add(&mut world, DeviceKind::MacIntel, &serial(number));
    });
    Tenant::serving(world)
}

#[test]
fn a_job_in_a_workbook_ends_in_a_report_that_is_one() {
    let tenant = two_macs();
    let bench = Bench::at(&tenant);
    locked(&bench);
    let report = bench.report_dir().join("report.xlsx");
    let rows = tasks_in(&report);
    assert_eq!(rows, bench.report(), "both reports have the same cells");
    assert!(rows.iter().all(|row| row["outcome"] == "completed" && row["lock_pin"].len() == 6));
    assert_eq!((rows[0]["door code"].as_str(), rows[0]["floor"].as_str()), ("012345", "7"));
    assert_eq!(rows[0]["Message"], "'=1+1", "a copy that is saved as CSV runs nothing");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&report).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }
    // Written again from the journal, it is the same file.
    let again = ["report", "--report-dir", "again", "--report-format", "xlsx"];
    bench.sortie(&again).expect(0);
    let copy = std::fs::read(bench.path("again").join("report.xlsx")).expect("a report");
    assert_eq!(copy, std::fs::read(&report).expect("a report"));
    let ran = bench.sortie(&["check", &report.to_string_lossy()]).expect(0);
    assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
}

#[test]
fn a_workbook_ends_in_a_report_a_page_and_a_slack_message() {
    let tenant = two_macs();
    let bench = Bench::at(&tenant);
    let chat = Receiver::answering(&[]);
    let profile =
        "default_profile = \"acme\"\n[profile.acme.notify.ops]\nslack = { url_env = \"HOOK\" }\n";
    bench.write("config.toml", profile);
    let first = format!("'{}", serial(0));
    let second = format!("'{}", serial(1));
    let rows: [&[&str]; 3] = [
        &["'serial_number", "'action", "'asset"],
        &[&first, "'lock", "'007"],
        &[&second, "'lock", "'8"],
    ];
    std::fs::write(bench.path("job.xlsx"), workbook(&rows)).expect("written");
    let mut command = bench.command();
    command.env("SORTIE_CONFIG", bench.path("config.toml")).env("HOOK", chat.url());
    command.args(["run", "job.xlsx", "--confirm", "2", "--wait", "30s"]);
    command.args(["--report-format", "xlsx,html,csv"]);
    Ran::of(command.output().expect("the program starts")).expect(0);
    let tasks = tasks_in(&bench.report_dir().join("report.xlsx"));
    assert_eq!(tasks, bench.report());
    assert_eq!(tasks[0]["asset"], "007");
    let page = std::fs::read_to_string(bench.report_dir().join("report.html")).expect("a page");
    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"));
    let received = chat.received();
    assert_eq!(received.len(), 1, "{received:?}");
    let message = received[0].json();
    assert!(message["blocks"].is_array() && message["text"].is_string(), "{message}");
    for task in &tasks {
        assert!(page.contains(&task["serial_number"]), "the page names each device");
        let pin = &task["lock_pin"];
        let told = message.to_string();
        assert!(!has_number(page.as_bytes(), pin) && !has_number(told.as_bytes(), pin));
    }
}

#[test]
fn a_workbook_that_libreoffice_saved_keeps_zeros_and_is_a_job() {
    let tenant = two_macs();
    let bench = Bench::at(&tenant);
    locked(&bench);
    let report = bench.report_dir().join("report.xlsx");
    let profile = format!("-env:UserInstallation=file://{}", bench.path("office").display());
    let office = Command::new("soffice")
        .args([&profile, "--headless", "--convert-to", "xlsx:Calc MS Excel 2007 XML"])
        .args(["--outdir".as_ref(), bench.path("saved").as_os_str(), report.as_os_str()])
        .output();
    let Ok(office) = office else {
        println!("skipped: LibreOffice is not installed");
        return;
    };
    let saved = bench.path("saved").join("report.xlsx");
    assert!(saved.is_file(), "{}", String::from_utf8_lossy(&office.stderr));
    assert_eq!(tasks_in(&saved), tasks_in(&report));
    let ran = bench.sortie(&["check", &saved.to_string_lossy()]).expect(0);
    assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
    let plan = bench.sortie(&["run", &saved.to_string_lossy(), "-n"]).expect(0);
    assert!(plan.stdout.contains("lock 2 devices"), "{}", plan.stdout);
}

#[test]
fn a_number_in_a_workbook_sends_nothing_and_shows_its_cell() {
    let bench = Bench::offline();
    let bytes = workbook(&[
        &["'serial_number", "'action"],
        &["'C02XK1ABJG5J", "'restart"],
        &["12345", "'restart"],
    ]);
    std::fs::write(bench.path("job.xlsx"), bytes).expect("it can be written");
    let ran = bench.sortie(&["run", "job.xlsx", "--simulate", "--yes"]).expect(2);
    assert!(ran.stderr.contains("job.xlsx, Devices!A3"), "{}", ran.stderr);
    assert!(ran.stderr.contains("12345,restart"), "the row is shown: {}", ran.stderr);
    assert!(ran.stderr.contains("format the column as text"), "{}", ran.stderr);
    let ran = bench.sortie(&["check", "job.xlsx", "--format", "json"]).expect(2);
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("Devices!A3"), "{}", ran.stderr);
}

#[test]
fn a_list_of_targets_and_a_required_list_may_be_workbooks() {
    let bench = Bench::offline();
    let list = workbook(&[&["'serial_number"], &["'C02XK1ABJG5J"]]);
    std::fs::write(bench.path("list.xlsx"), &list).expect("it can be written");
    let job = "version: 1\naction: restart\ntargets: {file: list.xlsx}\n\
        require: {file: list.xlsx, on: serial_number}\n";
    bench.write("job.yaml", job);
    bench.sortie(&["check", "job.yaml"]).expect(0);
    std::fs::write(bench.path("list.xlsx"), workbook(&[&["'serial_number"], &["12345"]]))
        .expect("it can be written");
    let ran = bench.sortie(&["check", "job.yaml"]).expect(2);
    assert_eq!(ran.stderr.matches("list.xlsx, Devices!A2").count(), 2, "{}", ran.stderr);
    std::fs::write(bench.path("list.xlsx"), &list).expect("it can be written");
    let bytes = std::fs::read(bench.path("list.xlsx")).expect("it can be read");
    std::fs::write(bench.path("job.csv"), bytes).expect("it can be written");
    let ran = bench.sortie(&["check", "job.csv", "--action", "restart"]).expect(2);
    assert!(ran.stderr.contains("rename it to end in .xlsx"), "{}", ran.stderr);
}
