//! What a job requires of another system: which exports are read, which are refused and with which words.
//!
//! Owns the key `require` with its export. Must never test what a plan makes of it.

use super::*;
use crate::model::{Device, DeviceFacts, DeviceGroup, DeviceId, Platform, UnixMillis};
use std::sync::Arc;

const HOUR_MS: u64 = 3_600_000;

fn read_with(lines: &str, export: &[u8]) -> Result<Job, Diagnostics> {
    let text = format!("version: 1\naction: restart\ntargets: {{all: true}}\n{lines}\n");
    let export = export.to_vec();
    parse(
        &Input { name: "job.yaml", bytes: text.as_bytes() },
        &ParseOptions::default(),
        &move |name| if name == "e.csv" { Ok(export.clone()) } else { no_files(name) },
    )
}

fn job_of(on: &str, export: &str) -> Job {
    let lines = format!("require: {{file: e.csv, on: {on}}}");
    read_with(&lines, export.as_bytes()).unwrap_or_else(|problems| panic!("{export}\n{problems}"))
}

fn required(on: &str, export: &str) -> RequiredDevices {
    job_of(on, export).settings.require.expect("a requirement")
}

fn device(id: &str, serial: &str, email: &str) -> Device {
    let facts = DeviceFacts {
        id: DeviceId::from_api(id),
        serial_number: serial.into(),
        group: DeviceGroup::on(Platform::Mac),
        user_email: email.into(),
        ..DeviceFacts::default()
    };
    Device { facts: Arc::new(facts), mdm_enabled: true, ..Device::default() }
}

#[test]
fn an_export_lists_devices_whole_and_without_regard_to_case() {
    for (on, export, expect) in [
        ("serial_number", "serial_number\nC02\n", "C02"),
        ("serial_number", "\u{feff}Owner;Computer Serial\r\nJo, A;c02\r\n;\"PAD\"\r\n", "C02 PAD"),
        ("serial_number", "a\tSerial\tb\n1\tC02X\t2\n", ""),
        ("serial_number", "Serial\nC0\nC02 \n\n# no\nc02\nPAD\n", "C02 PAD"),
        ("serial_number", "serial,PIN,user_email\nPAD,481593,c02@x.de\n", "PAD"),
        ("device_id", &format!("UUID\n{}\n", ID.to_uppercase()), "C02"),
        ("user_email", "Serial,Email\nPAD,C02@X.de\nPAD,c02@x.de\n", "C02"),
    ] {
        let requirement = required(on, export);
        let fleet =
            [device(ID, "C02", "c02@x.de"), device("b", "pad", "Pad@x.de"), device("", "", "")];
        let listed = fleet.iter().filter(|device| requirement.lists(device));
        let listed: Vec<String> =
            listed.map(|device| device.serial_number.to_uppercase()).collect();
        assert_eq!(listed.join(" "), expect, "{on} {export}");
    }
    let job = job_of("serial_number", "serial,x\nA1,\na1,\n,y\n,z\n,\n#,\n");
    assert_eq!(
        job.notes,
        [
            "required by serial_number: 'e.csv' lists 1 device",
            "2 rows of 'e.csv' without serial_number ignored",
            "1 line of 'e.csv' starting with '#' ignored as comments",
        ]
    );
}

#[test]
fn the_digest_of_a_job_covers_its_export() {
    let digest = |export: &str| job_of("serial_number", export).digest;
    assert_eq!(digest("serial\nA1\n"), digest("serial\nA1\n"));
    assert_ne!(digest("serial\nA1\n"), digest("serial\nA1\n\n"));
}

#[test]
fn an_export_that_cannot_be_relied_on_is_refused_with_its_place() {
    let whole = "require: {file: e.csv, on: serial_number, max_age: 24h}";
    for (lines, export, expect) in [
        (whole, "serial\nA1\n", "ok"),
        (whole, "", "e.csv: the file lists no serial_number, so no device would be left"),
        (whole, "serial,x\n", "e.csv: the file lists no serial_number"),
        (whole, "serial,x\n,y\n ,z\n", "e.csv: the file lists no serial_number"),
        (whole, "user_email\njo@x.de\n", "e.csv:1:1: the first line has no column serial_number"),
        (whole, "A1,hunter2\nA2,hunter2\n", "the first line must name the columns"),
        (whole, "x,serail_number\n,A1\n", "e.csv:1:3: the first line has no column"),
        (whole, "x,serail_number\n,A1\n", "'serail_number' looks like a misspelling"),
        (whole, "serial,x,Serial Number\nA1,,A1\n", "e.csv:1:10: columns 1 and 3 both mean"),
        (whole, "serial,x\nA1\n", "e.csv:2:1: the row has 1 cell, but the header has 2"),
        (whole, "x,serial\n1,A1\n2,1.23E+11\n", "e.csv:3:3: '1.23E+11' is not a serial number"),
        (whole, "x,serial\n1,N/A\n", "e.csv:2:3: 'N/A' is not a serial_number"),
        (whole, "x,serial\n1,all\n", "wildcards and empty values are not supported"),
        (
            whole,
            "x,serial\n1,\"A1,A2\"\n",
            "e.csv:2:3: the cell contains ',', which is not valid in a serial_number",
        ),
        (whole, "x,serial\n1,\"A1\n2,A2\"\n", "e.csv:2:3: the cell contains '\\n'"),
        (whole, "x,serial\n1,A\"1\n", "e.csv:2:4: an unquoted cell contains a quotation mark"),
        (whole, "\"x,serial\n1,A1\n", "e.csv:1:1: this quotation mark is never closed"),
        (whole, "serial\nA1\0\n", "e.csv:2:3: the file contains a NUL byte"),
        (whole, "version: 1\n", "the first line has no column serial_number"),
        ("require: e.csv", "", "job.yaml:4:10: require must be a map"),
        ("require: {file: e.csv}", "", "job.yaml:4:10: require has no on"),
        ("require: {on: serial_number}", "", "require has no file"),
        ("require: {file: f.csv, on: device_id}", "", "job.yaml:4:17: cannot read 'f.csv'"),
        ("require: {file: \"e\\e.csv\", on: device_id}", "", "file contains a control character"),
        ("require: {file: e.csv, on: device_name}", "", "4:28: devices cannot be required by"),
        ("require: {file: e.csv, on: serial_numer}", "", "did you mean 'serial_number'?"),
        (
            "require: {file: e.csv, on: serial_number, max_age: 24}",
            "",
            "max_age must be a duration",
        ),
        ("require: {file: e.csv, on: serial_number, max_age: 0}", "", "must be at least 1 s"),
        ("require: {file: e.csv, on: serial_number, max_age: 900d}", "", "longer than a year"),
        ("require: {file: e.csv, on: serial_number, maxage: 1h}", "", "did you mean 'max_age'?"),
        ("requires: {file: e.csv, on: serial_number}", "", "did you mean 'require'?"),
    ] {
        let said = match read_with(lines, export.as_bytes()) {
            Ok(_) => "ok".to_owned(),
            Err(problems) => problems.to_string(),
        };
        assert!(said.contains(expect), "{lines}\n{export}\n--- said:\n{said}\n--- not: {expect}");
        assert_eq!(said == "ok", expect == "ok");
        assert!(!said.contains("hunter2"), "{said}");
    }
    let many = format!("serial\n{}", "A1\n".repeat(250_001));
    let said = read_with(whole, many.as_bytes()).expect_err("too many").to_string();
    assert!(said.starts_with("e.csv:250002:1: the file has more than 250000 rows"), "{said}");
}

#[test]
fn what_else_an_export_holds_is_never_repeated() {
    let whole = "require: {file: e.csv, on: serial_number}";
    let secret = "hunter-22";
    for export in [
        format!("serial,recovery_key\nA*,{secret}\n"),
        format!("serial,recovery_key\n\"A1,{secret}\nA2\",{secret}\n"),
        format!("serial,recovery_key\n\"A1,{secret}\",x\n"),
        format!("serial,recovery_key\n\"A1\"\",{secret}\",x\n"),
        format!("serial,recovery_key\nA1,{secret},x\n"),
        format!("serial,recovery_key\nA1,\"{secret}\n"),
        format!("A1,{secret}\nA2,{secret}\n"),
        format!("{secret},serial,serial\nA1,{secret},{secret}\n"),
    ] {
        let problems = read_with(whole, export.as_bytes()).expect_err("refused");
        let everything = format!("{problems:?} {problems}");
        assert!(!everything.contains(secret), "{export}\n{everything}");
    }
}

#[test]
fn problems_of_several_files_are_grouped_by_file() {
    let text = "version: 1\naction: restart\ntargets: {file: t.csv}\n\
                require: {file: e.csv, on: serial_number}\nwait: 1\n";
    let load = |_: &str| Ok(b"serial\nA1\nA*\nA*\n".to_vec());
    let input = Input { name: "job.yaml", bytes: text.as_bytes() };
    let problems = parse(&input, &ParseOptions::default(), &load).expect_err("refused");
    let places: Vec<String> =
        problems.items.iter().map(|item| format!("{}:{}", item.file, item.line)).collect();
    assert_eq!(places.join(" "), "job.yaml:5 e.csv:3 e.csv:4 t.csv:3 t.csv:4");
}

#[test]
fn an_export_counts_only_while_it_is_young_enough() {
    let mut aged = required("serial_number", "serial\nA1\n");
    let mut check = |max_age_ms: Option<u64>, written_at: Option<i64>, expect: &str| {
        aged.max_age_ms = max_age_ms;
        aged.written_at = written_at.map(UnixMillis);
        let now = UnixMillis(1_800_000_000_000);
        let said = aged.check_age(now).map_or_else(|error| error.to_string(), |()| "ok".to_owned());
        assert_eq!(said, expect);
    };
    let now = 1_800_000_000_000;
    let day = Some(24 * HOUR_MS);
    check(None, None, "ok");
    check(None, Some(0), "ok");
    check(day, Some(now - 86_400_000), "ok");
    check(
        day,
        Some(now - 86_400_001 - 3_600_000),
        "e.csv is 1 d 1 h old (written 2027-01-14T06:59:59.999Z), but the job allows at most 1 d 0 h",
    );
    check(day, Some(now + 300_000), "ok");
    check(
        day,
        Some(now + 300_001),
        "e.csv is dated 2027-01-15T08:05:00.001Z, 5 min in the future, so its age is unknown; the job allows at most 1 d 0 h",
    );
    check(day, None, "the age of e.csv is unknown, and the job allows at most 1 d 0 h");
}
