//! Whole job files: what is accepted, what is refused and with which words.
//!
//! Owns the tables of `reference/bad-inputs.md` that concern files, and the searches for panics and leaks.
//! Must never hold code of the product.

use proptest::prelude::*;

use super::*;
use crate::model::{Gate, MaxErrors, ParamValue};

const ID: &str = "d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f";

fn no_files(name: &str) -> Result<Vec<u8>, String> {
    Err(format!("no file {name}"))
}

fn read(name: &str, bytes: &[u8], options: &ParseOptions) -> Result<Job, Diagnostics> {
    parse(&Input { name, bytes }, options, &no_files)
}

/// All problems, as people see them, or `ok`.
fn said(name: &str, bytes: &[u8], options: &ParseOptions) -> String {
    match read(name, bytes, options) {
        Ok(_) => "ok".to_owned(),
        Err(problems) => problems.to_string(),
    }
}

fn check(text: &str, expect: &str) {
    check_with(&ParseOptions::default(), text, expect);
}

fn check_with(options: &ParseOptions, text: &str, expect: &str) {
    let said = said("job.csv", text.as_bytes(), options);
    assert!(said.contains(expect), "{text}\n--- said:\n{said}\n--- should contain:\n{expect}");
    assert_eq!(said == "ok", expect == "ok");
}

fn check_yaml(text: &str, expect: &str) {
    let said = said("job.yaml", text.as_bytes(), &ParseOptions::default());
    assert!(said.contains(expect), "{text}\n--- said:\n{said}\n--- should contain:\n{expect}");
    assert_eq!(said == "ok", expect == "ok");
}

fn job(text: &str) -> Job {
    job_with(&ParseOptions::default(), text)
}

fn job_with(options: &ParseOptions, text: &str) -> Job {
    read("job.csv", text.as_bytes(), options)
        .unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn yaml(text: &str) -> Job {
    read("job.yaml", text.as_bytes(), &ParseOptions::default())
        .unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn action(name: &str) -> ParseOptions {
    ParseOptions { action: Some(name.to_owned()), ..ParseOptions::default() }
}

#[test]
fn tables_that_cannot_be_read_are_refused() {
    for (text, expect) in [
        ("", "job.csv: the file is empty: 0 jobs"),
        ("\u{feff}", "0 jobs"),
        ("\n \n\r\n", "0 jobs"),
        ("# only\n# comments\n", "no header and no rows: 0 jobs"),
        ("serial,action\n", "a header and no rows: 0 jobs"),
        ("serial,action\n\n,\n", "a header and no rows: 0 jobs"),
        ("C02XK1ABJG5J,restart\n", "job.csv:1:1: no column of the first line is known"),
        ("C02XK1ABJG5J,restart\n", "the first line must name the columns"),
        ("serial,action,Action\nA1,lock,lock\n", "job.csv:1:15: columns 2 and 3"),
        ("serial,Serial Number,action\nA1,A1,lock\n", "mean the same"),
        ("serial,action,note,Note\nA1,lock,a,b\n", "mean the same"),
        ("serial,action,message,lock_message\nA1,lock,a,b\n", "mean the same"),
        ("serial;x,action\nA1;x,lock\n", "job.csv: it is not clear which character"),
        ("serial|action\nA1|lock\n", "give --delimiter"),
        ("serial,action\nA1\n", "job.csv:2:1: the row has 1 cell, the header has 2"),
        ("serial,action\nA1,lock,x\n", "job.csv:2:1: the row has 3 cells, the header has 2"),
        ("serial,action\nA\"1,lock\n", "job.csv:2:2: a quotation mark stands inside"),
        ("serial,action\n\"A1\"x,lock\n", "job.csv:2:4: there is text behind a closing"),
        ("serial,action\nA1,\"lock\nA2,lock\n", "job.csv:2:4: this quotation mark is never"),
        ("serial,action\n\"A\n1\",lock\n", "job.csv:2:1: column 'serial' holds a line break"),
        ("serial,action\nA1,lock\rA2,lock\n", "job.csv:2:8: a carriage return stands"),
        ("note,action\nx,lock\n", "no column names the device"),
        ("device_name,action\nx,lock\n", "names repeat"),
        ("serial\nA1\n", "no column says what is to be done"),
        ("serial,action,,\nA1,lock,x,\n", "job.csv:2:9: the cell belongs to a column without"),
        ("serial,action,token\nA1,lock,abc\n", "job.csv:1:15: column 'token' holds secrets"),
        ("serial,action,API Key\nA1,lock,abc\n", "column 'API Key' holds secrets"),
        ("serial,action,unlock_pin\nA1,lock,abc\n", "column 'unlock_pin' holds secrets"),
        ("serial,acton\nA1,lock\n", "job.csv:1:8: unknown column 'acton' looks like 'action'"),
        ("serial,acton\nA1,lock\n", "--map \"acton=action\""),
        ("serial,action,mesage\nA1,lock,x\n", "looks like 'Message', misspelt"),
        ("serial,action,pins\nA1,erase,\n", "looks like 'PIN', misspelt"),
    ] {
        check(text, expect);
    }
    let long = format!("serial,action,note\nA1,lock,{}\n", "x".repeat(5_000));
    check(&long, "job.csv:2:9: the cell has 5000 bytes, at most 4096");
}

#[test]
fn rows_that_cannot_be_done_are_refused() {
    let user = "job.csv:2:4: ";
    for (text, expect) in [
        ("serial,action\n,lock\n", "job.csv:2:1: the row names no device"),
        ("serial,action\nall,lock\n", "there is no wildcard"),
        ("serial,action\nА1,lock\n", "job.csv:2:1: 'А1' contains a Cyrillic letter (U+0410)"),
        ("action,serial\nlock, “A1\n", "job.csv:2:7: '“A1' contains a typographic quotation mark"),
        ("device_id,action\nC02XK1ABJG5J,lock\n", "put it into the column serial_number"),
        ("serial,action\nd2b2eafe-2dc2-4b13-bd2b-f93735f0e59f,lock\n", "the column device_id"),
        ("serial,action\n1.23E+11,lock\n", "scientific notation"),
        ("serial,action\n1-Mar,lock\n", "made a date"),
        ("serial,action\nA1,\n", "no action is given"),
        ("serial,action\nA1,wipe\n", "write 'erase' if that is what you mean"),
        ("serial,action\nA1,restrat\n", "did you mean 'restart'"),
        ("serial,action,step\nA1,lock,0\n", "step must be a whole number from 1"),
        ("serial,action,step\nA1,lock,two\n", "job.csv:2:9: step must be"),
        ("serial,action,message\nA1,restart,hi\n", "job.csv:2:12: restart has no parameter"),
        ("serial,action,notify_user\nA1,restart,yes\n", "must be true or false, not 'yes'"),
        ("serial,action,user_name\nA1,unlock-account,\n", "and the cell is empty"),
        ("serial,action\nA1,unlock-account\n", "unlock-account needs the parameter UserName"),
        (
            "serial,action,wifi_profile_id\nA1,erase,x\n",
            "needs the parameter ReturnToService.Enabled",
        ),
        ("serial,action,erase_mode\nA1,erase,WIPE_PROTECTED\n", "--allow-wipe-protected"),
        ("serial,action,erase_mode\nA1,erase,wipe\n", "must be one of WIPE"),
        ("serial,action,new_name\nA1,set-name,\"a\nb\"\n", "holds a line break"),
        (
            "serial,action\nA1,lock\na1,lock\n",
            "job.csv:3:1: device 'a1' has lock twice: lines 2 and 3",
        ),
        ("serial,action\nA1,lock\nA1,erase\n", "two actions, lock and erase: lines 2 and 3"),
        (
            "serial,action,step\nA1,lock,1\nA1,erase,1\n",
            "step 1 twice: lines 2 and 3 (lock, erase)",
        ),
        (
            "serial,action,message\nA1,lock,a\nA1,lock,b\n",
            "lock twice with different values: lines 2 and 3",
        ),
    ] {
        check(text, expect);
    }
    check("id,action\n{d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f},lock\n", "brackets");
    let name = "x".repeat(65);
    check(&format!("serial,action,new_name\nA1,set-name,{name}\n"), "has 65 characters");
    check("serial,action\nA1,nix\n", user);
}

#[test]
fn every_problem_is_told_at_once_from_top_to_bottom() {
    let text = "serial,action,new_name\nall,lock,\nA1,nix,\nA2,set-name,\nA3,set-name,\nA4\n";
    let problems = read("job.csv", text.as_bytes(), &ParseOptions::default()).expect_err("bad");
    let lines: Vec<u32> = problems.items.iter().map(|item| item.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6], "{problems}");
}

#[test]
fn a_rename_without_a_new_name_is_told_once_with_the_cure() {
    let text =
        "serial,Display Name,action\nA1,x,set-name\nA2,y,set-name\nA3,z,set-name\nA4,,set-name\n";
    let problems = read("job.csv", text.as_bytes(), &ParseOptions::default()).expect_err("bad");
    assert_eq!(problems.count(), 1, "{problems}");
    let said = problems.to_string();
    assert!(said.contains("(4 rows: lines 2, 3, 4, ...)"), "{said}");
    assert!(said.contains("--map \"Display Name=new_name\""), "{said}");
    let options = ParseOptions {
        map: vec![("display name".to_owned(), "new_name".to_owned())],
        ..ParseOptions::default()
    };
    let mapped = job_with(&options, "serial,Display Name,action\nA1,Lab 1,set-name\n");
    let name = mapped.rows[0].steps[0].params.get("DeviceName").expect("there").written();
    assert_eq!(name, "Lab 1");
    assert_eq!(mapped.rows[0].target.device_name, None);
}

#[test]
fn lines_and_columns_are_right_for_every_line_end() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["# c", "serial,action", "", "A1,lock", "ä,lock", ""].join(end);
        check(&text, "job.csv:5:1: 'ä' contains a letter outside ASCII");
    }
    check("serial,action,message\nA1,lock,\"a\nb\"\nA2,nix,\n", "job.csv:4:4: ");
}

#[test]
fn accepted_forms_of_tables() {
    let rows = |text: &str| {
        let job = job(text);
        let shown: Vec<String> = job
            .rows
            .iter()
            .map(|row| {
                let serial = row.target.serial_number.as_deref().unwrap_or_default();
                format!("{}@{}:{serial}={}", row.number, row.line, row.steps[0].action.name)
            })
            .collect();
        shown.join(" ")
    };
    for text in [
        "serial,action\nA1,lock\nA2,restart\n",
        "serial,action\r\nA1,lock\r\nA2,restart",
        "serial,action\nA1,lock\r\nA2,restart\n",
        "serial,action\rA1,lock\rA2,restart\r",
        "\u{feff}serial,action\nA1,lock\nA2,restart\n",
        "\"\u{feff}SERIAL Number\", Action \nA1,lock\nA2, restart \n",
        "Computer-Serial;command\nA1;lock\nA2;restart\n",
        "Mobile Device Serial\taction\nA1\tlockDevice\nA2\tRestart\n",
    ] {
        assert_eq!(rows(text), "1@2:A1=lock 2@3:A2=restart", "{text}");
    }
    assert_eq!(rows("serial,action,step\nA1,lock,2\nA1,restart,1\n"), "1@2:A1=lock 2@3:A1=restart");
    let upper = format!("id,action\n{},lock\n", ID.to_uppercase());
    let upper = job(&upper);
    assert_eq!(upper.rows[0].target.device_id.as_ref().expect("there").as_str(), ID);
    assert!(upper.notes.iter().any(|note| note.contains("upper case")), "{:?}", upper.notes);
    check_with(&action("restart"), "serial\nA1\nA2\n", "ok");
    // One user with two devices is no duplicate.
    check("serial,email,action\nA1,jo@x.de,lock\nA2,jo@x.de,lock\n", "ok");
}

#[test]
fn what_is_passed_over_is_said() {
    let text =
        "serial;action;note;outcome;lock_pin\n# old\nA1;lock;\"x;y\";failed;123456\n;;;;\n\n";
    let job = job(text);
    assert_eq!(job.rows[0].carried, [("note".to_owned(), "x;y".to_owned())]);
    let notes = job.notes.join("\n");
    for expect in [
        "separated by semicolons",
        "2 result columns of an earlier report ignored: 'outcome', 'lock_pin'",
        "1 column carried into the report: 'note'",
        "2 blank rows skipped",
        "1 line starting with '#'",
    ] {
        assert!(notes.contains(expect), "{notes}\n--- should contain {expect}");
    }
    assert!(!notes.contains("123456"));
}

#[test]
fn a_spreadsheets_guard_comes_off_and_nothing_else() {
    let text =
        "serial,action,message\nA1,lock,'=1+1\nA2,lock,'hello\nA3,lock,''=x\nA4,lock,\"'\rx\"\n";
    let values: Vec<String> = job(text)
        .rows
        .iter()
        .map(|row| row.steps[0].params.get("Message").expect("there").written())
        .collect();
    assert_eq!(values, ["=1+1", "'hello", "''=x", "\rx"]);
}

#[test]
fn identical_rows_are_dropped_only_when_asked() {
    let options = ParseOptions { dedupe: true, ..ParseOptions::default() };
    let job = job_with(&options, "serial,action\nA1,lock\nA2,lock\nA1,lock\n");
    assert_eq!(job.rows.len(), 2);
    assert!(job.notes.join("\n").contains("1 identical row dropped: lines 4"), "{:?}", job.notes);
    check_with(&options, "serial,action\nA1,lock\nA1,erase\n", "two actions");
    check_with(&options, "serial,action\nA1,lock\na1,lock\n", "lock twice");
}

#[test]
fn flags_complete_or_contradict_a_table() {
    let flags = |action: &str, params: &[(&str, &str)]| ParseOptions {
        action: Some(action.to_owned()),
        params: params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        ..ParseOptions::default()
    };
    check_with(&flags("lock", &[("message", "hi")]), "serial\nA1\n", "ok");
    check_with(&flags("lock", &[("messge", "hi")]), "serial\nA1\n", "did you mean 'Message'");
    check_with(&flags("wipe", &[]), "serial\nA1\n", "<command line>: 'wipe' is not an action");
    check_with(&flags("lock", &[]), "serial,action\nA1,lock\n", "both in the file and in --action");
    check_with(&flags("lock", &[]), "serial,step\nA1,1\n", "a step column has no meaning");
    check_with(&flags("set-name", &[]), "serial,new_name\nA1,x\n", "ok");
    let loose = ParseOptions {
        params: vec![("message".to_owned(), "x".to_owned())],
        ..ParseOptions::default()
    };
    check_with(&loose, "serial,action\nA1,lock\n", "--param is given without --action");
    let ignore = |name: &str| ParseOptions {
        ignore_columns: vec![name.to_owned()],
        ..ParseOptions::default()
    };
    check_with(&ignore("Token"), "serial,action,token\nA1,lock,abc\n", "ok");
    check_with(&ignore("acton"), "serial,acton,action\nA1,x,lock\n", "ok");
    let map = |from: &str, to: &str| ParseOptions {
        map: vec![(from.to_owned(), to.to_owned())],
        ..ParseOptions::default()
    };
    check_with(&map("Gerät", "serial_number"), "Gerät,action\nA1,lock\n", "ok");
    check_with(&map("nope", "serial"), "serial,action\nA1,lock\n", "no column 'nope' to rename");
    let pipe = ParseOptions { delimiter: Some(b'|'), ..ParseOptions::default() };
    check_with(&pipe, "serial|action\nA1|lock\n", "ok");
    let quote = ParseOptions { delimiter: Some(b'"'), ..ParseOptions::default() };
    check_with(&quote, "serial,action\nA1,lock\n", "--delimiter must be");
    let wipe = ParseOptions { allow_wipe_protected: true, ..ParseOptions::default() };
    check_with(&wipe, "serial,action,erase_mode\nA1,erase,WIPE_PROTECTED\n", "ok");
}

#[test]
fn one_identity_is_enough_for_harmless_actions_only() {
    let by =
        |identify_by| ParseOptions { identify_by: Some(identify_by), ..ParseOptions::default() };
    let serial = by(IdentifyBy::SerialNumber);
    let job = job_with(&serial, "serial,id,device_name,action\nA1,broken,x,blank-push\n");
    let expect = Target { serial_number: Some("A1".to_owned()), ..Target::default() };
    assert_eq!(job.rows[0].target, expect);
    check_with(
        &serial,
        "serial,action\nA1,restart\nA2,restart\n",
        "refused for restart, which is disruptive (2 rows",
    );
    check_with(&serial, "id,action\nx,blank-push\n", "no column names the device: serial_number");
}

#[test]
fn pins_and_secrets_are_never_repeated() {
    let pin = "481593";
    for text in [
        format!("serial,action,pin\nA1,nix,{pin}\n"),
        format!("serial,action,pin\nA1,lock,{pin}\n"),
        format!("serial,action,pin\nA1,erase,{pin}9\n"),
        format!("serial,action,pin\nA1,erase,{pin},x\n"),
        format!("serial,action,pin\nA\"1,erase,{pin}\n"),
        format!("serial,action,pin\n\"A1,erase,{pin}\nA2,erase,{pin}\n"),
        format!("serial,action,pin\nA1,\"erase,{pin}\nA2,\",{pin}\n"),
        format!("serial,lock_pin,action\nA1,{pin},nix\n"),
        format!("serial,token,action\nA1,{pin},nix\n"),
        format!("serial,action,pin\nA1,erase,{pin}\nA1,erase,{pin}\nA1,erase,123{pin}\n"),
    ] {
        let problems = read("job.csv", text.as_bytes(), &ParseOptions::default()).expect_err("bad");
        let everything = format!("{problems:?} {problems}");
        assert!(!everything.contains(pin), "{text}\n{everything}");
    }
    for text in [
        format!("version: 1\naction: erase\nwith: {{PIN: {pin}}}\ntargets: {{all: true}}\n"),
        format!("version: 1\naction: erase\nwith: [PIN, {pin}]\ntargets: {{all: true}}\n"),
        format!("version: 1\naction: nix\nwith: {{PIN: \"{pin}\"}}\ntargets: {{all: true}}\n"),
        format!("version: 1\naction: erase\nwith: {{PIN: \"{pin}\" }}}}\n"),
        format!("version: 1\naction: erase\nwith: {{PIN: \"{pin}9\"}}\ntargets: {{all: true}}\n"),
    ] {
        let said = said("job.yaml", text.as_bytes(), &ParseOptions::default());
        let problems =
            read("job.yaml", text.as_bytes(), &ParseOptions::default()).expect_err("bad");
        assert!(!format!("{problems:?} {said}").contains(pin), "{text}\n{problems:?}");
    }
    let options = ParseOptions { params: vec![("pin".into(), pin.into())], ..action("erase") };
    let job = job_with(&options, "serial\nA1\n");
    assert!(!format!("{job:?}").contains(pin));
    let value = job.rows[0].steps[0].params.get("PIN").expect("there");
    assert!(matches!(value, ParamValue::Secret(_)));
}

const LAB: &str = "\
version: 1
name: design-lab-restart
reason: CHG-1042
targets:
  devices:
    - serial_number: 0012345
      device_name: Lab 1
    - device_id: d2b2eafe-2dc2-4b13-bd2b-f93735f0e59f
      with: { NotifyUser: false }
exclude: { platform: Windows, serial_numbers: [A9], user_email: boss@example.com }
steps:
  - action: blank-push
  - action: restart
    after: accepted
    with: { notify_user: true }
wait: 2h
send_until: 8h
limits: { concurrency: 16, per_second: 20, per_hour: 4000, max_devices: 200 }
retries: { count: 4, delay: 1s, max_delay: 60s, jitter: true }
stop: { max_errors: 5% }
report: { dir: reports, formats: [csv, jsonl] }
skip_refused: [unsupported, not_found]
";

#[test]
fn a_whole_yaml_job_is_read() {
    let job = yaml(LAB);
    assert_eq!(
        (job.name.as_str(), job.reason.as_deref()),
        ("design-lab-restart", Some("CHG-1042"))
    );
    let [first, second] = &job.rows[..] else { panic!("two rows") };
    assert_eq!((first.number, first.line, second.line), (1, 6, 8));
    assert_eq!(first.target.serial_number.as_deref(), Some("0012345"));
    assert_eq!(first.steps[1].after, Some(Gate::Accepted));
    let notify = |row: &Row| row.steps[1].params.get("NotifyUser").cloned();
    assert_eq!(notify(first), Some(ParamValue::Bool(true)));
    assert_eq!(notify(second), Some(ParamValue::Bool(false)));
    assert_eq!(job.exclude.serial_numbers, ["A9"]);
    assert_eq!(job.exclude.filter.platform, [crate::model::Platform::Windows]);
    let expect = JobSettings {
        wait_ms: Some(7_200_000),
        send_until: Some(SendUntil::After(28_800_000)),
        concurrency: Some(16),
        per_second: Some(20),
        per_hour: Some(4_000),
        max_devices: Some(200),
        retry_count: Some(4),
        retry_delay_ms: Some(1_000),
        retry_delay_ms_max: Some(60_000),
        retry_jitter: Some(true),
        max_errors: Some(MaxErrors::Percent(5.0)),
        report_dir: Some("reports".to_owned()),
        report_formats: Some(vec!["csv".to_owned(), "jsonl".to_owned()]),
        skip_refused: vec![SkipKind::Unsupported, SkipKind::NotFound],
    };
    assert_eq!(job.settings, expect);
}

/// A short job with one line put in the place of another.
fn with_lines(lines: &str) -> String {
    format!("version: 1\naction: restart\ntargets: {{all: true}}\n{lines}\n")
}

#[test]
fn yaml_that_a_job_may_not_use_is_refused() {
    for (lines, expect) in [
        ("", "ok"),
        ("forse: true", "job.yaml:4:1: unknown key 'forse' in the job"),
        ("dry_runn: true", "unknown key 'dry_runn'"),
        ("wiat: 2h", "did you mean 'wait'?"),
        ("wait: 2h\nwait: 3h", "job.yaml:5:1: key 'wait' is given twice"),
        ("reason: &a x", "job.yaml:4:12: anchors and aliases"),
        ("reason: &a x\nname: *a", "job.yaml:5:7: anchors and aliases"),
        ("name: *a", "not YAML"),
        ("limits: {<<: {per_hour: 1}}", "job.yaml:4:10: merge keys"),
        ("reason: !!str x", "tags ('!...') are not allowed"),
        ("reason: !x x", "tags"),
        ("---\nversion: 1", "job.yaml:4:1: a second document begins"),
        ("limits:\n\tper_hour: 1", "job.yaml:5:"),
        ("limits:\n\tper_hour: 1", "indented with a tab"),
        ("limits: {per_hour: 1", "not YAML"),
        ("[a]: b", "job.yaml:4:1: a list or map stands where a key is due"),
        ("limits: [1]", "job.yaml:4:9: limits must be a map"),
        ("limits:", "limits has no value"),
        ("limits: {concurrency: 0}", "from 1 to 256, not '0'"),
        ("limits: {concurrency: \"4\"}", "must be a whole number"),
        ("limits: {per_second: 51}", "from 1 to 50"),
        ("limits: {per_hour: 1e3}", "must be a whole number"),
        ("wait: 10", "wait must be a duration, not '10'"),
        ("wait: 900d", "longer than a year"),
        ("send_until: \"18:00\"", "a time with its offset"),
        ("send_until: 2026-11-23T18:00:00Z", "ok"),
        ("retries: {delay: 2m, max_delay: 1m}", "delay is longer than max_delay"),
        ("retries: {jitter: yes}", "jitter must be true or false"),
        ("stop: {max_errors: 200%}", "max_errors must be a number or a share"),
        ("report: {formats: [xlsx]}", "the formats are csv, jsonl"),
        ("skip_refused: [all]", "the kinds are unsupported, removed, not_found"),
        ("name: ../x", "cannot be part of a path"),
        ("columns: {a: b}", "no meaning without 'targets: {file: ...}'"),
        ("exclude: {}", "exclude is empty"),
        ("exclude: {device_ids: [x]}", "is not a UUID"),
        ("exclude: {tag: []}", "tag is an empty list"),
        ("steps: [{action: lock}]", "both steps and 'action'"),
    ] {
        check_yaml(&with_lines(lines), expect);
    }
    let deep = format!("version: 1\nreason: {}\n", "[".repeat(20_000));
    check_yaml(&deep, "job.yaml:2:");
    let long = format!("version: 1\nreason: {}\n", "x".repeat(5_000));
    check_yaml(&long, "5000 bytes, at most 4096");
}

#[test]
fn yaml_targets_and_steps_are_checked() {
    for (text, expect) in [
        ("version: 1\naction: restart\n", "the job has no targets"),
        ("action: restart\ntargets: {all: true}\n", "the job has no version"),
        ("version: 2\naction: restart\ntargets: {all: true}\n", "job.yaml:1:10: this version"),
        ("version: 1\ntargets: {all: true}\n", "does not say what is to be done"),
        ("version: 1\naction: no\ntargets: {all: true}\n", "job.yaml:2:9: unknown action 'no'"),
        ("version: 1\naction: ~\ntargets: {all: true}\n", "action has no value"),
        ("version: 1\naction: restart\ntargets: {all: yes}\n", "all must be true or false"),
        ("version: 1\naction: restart\ntargets: {all: false}\n", "selects nothing"),
        ("version: 1\naction: restart\ntargets: {}\n", "targets is empty"),
        ("version: 1\naction: restart\ntargets: {filter: {}}\n", "the whole fleet"),
        ("version: 1\naction: restart\ntargets: {filter: {tag: \"\"}}\n", "tag is empty"),
        ("version: 1\naction: restart\ntargets: {filter: {platform: Mac, tag: [a, b]}}\n", "ok"),
        (
            "version: 1\naction: restart\ntargets: {filter: {platform: Linux}}\n",
            "job.yaml:3:30: unknown platform",
        ),
        ("version: 1\naction: restart\ntargets: {all: true, filter: {tag: a}}\n", "exactly one of"),
        ("version: 1\naction: restart\ntargets: [A1]\n", "targets must be a map"),
        (
            "version: 1\naction: restart\ntargets: {devices: [A1]}\n",
            "such as '- serial_number: ...'",
        ),
        ("version: 1\naction: restart\ntargets: {devices: []}\n", "an empty list"),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serial: ~}]}\n",
            "serial_number has no value",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serial: A1, serial_number: A1}]}\n",
            "given twice",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serail: A1}]}\n",
            "unknown key 'serail' of a device",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{device_name: A1}]}\n",
            "not enough to find a device",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serial: all}]}\n",
            "job.yaml:3:30: 'all' is not a serial_number",
        ),
        (
            "version: 1\naction: restart\ntargets: {devices: [{serial: A}, {serial: a}]}\n",
            "listed twice: lines 3 and 3",
        ),
        (
            "version: 1\naction: lock\nwith: {PIN: \"012345\"}\ntargets: {all: true}\n",
            "lock has no parameter 'PIN'",
        ),
        (
            "version: 1\naction: erase\nwith: {PIN: 012345}\ntargets: {all: true}\n",
            "PIN must be in quotation marks",
        ),
        (
            "version: 1\naction: erase\nwith: {PIN: \"012345\", pin: \"012345\"}\ntargets: {all: true}\n",
            "PIN is given twice",
        ),
        ("version: 1\naction: erase\nwith: {PIN: \"012347\"}\ntargets: {all: true}\n", "ok"),
        (
            "version: 1\naction: erase\nwith: {PreserveDataPlan: \"yes\"}\ntargets: {all: true}\n",
            "remove the quotation marks",
        ),
        (
            "version: 1\naction: erase\nwith: {ReturnToService: {Enabled: true, ProfileId: \"x\"}}\ntargets: {all: true}\n",
            "ok",
        ),
        (
            "version: 1\naction: erase\nwith: {ReturnToService: {ProfileId: \"x\"}}\ntargets: {all: true}\n",
            "needs the parameter ReturnToService.Enabled",
        ),
        (
            "version: 1\naction: erase\nwith: {ReturnToService: {Profil: \"x\"}}\ntargets: {all: true}\n",
            "erase has no parameter 'ReturnToService.Profil'",
        ),
        (
            "version: 1\naction: erase\nwith: {erase_flags: [WIPE_ESIMS]}\ntargets: {all: true}\n",
            "ok",
        ),
        ("version: 1\naction: set-name\ntargets: {all: true}\n", "needs the parameter DeviceName"),
        (
            "version: 1\naction: set-name\ntargets: {devices: [{serial: A, with: {new_name: x}}]}\n",
            "ok",
        ),
        (
            "version: 1\naction: set-name\ntargets: {devices: [{serial: A, with: {new_name: x}}, {serial: B}]}\n",
            "job.yaml:3:55: set-name needs",
        ),
        ("version: 1\nsteps: [restart]\ntargets: {all: true}\n", "a step must be a map"),
        (
            "version: 1\nsteps:\n- action: restart\n  after: completed\ntargets: {all: true}\n",
            "no meaning on the first step",
        ),
        ("version: 1\nsteps:\n- with: {}\ntargets: {all: true}\n", "the step has no action"),
    ] {
        check_yaml(text, expect);
    }
}

#[test]
fn a_yaml_job_may_name_a_table_of_targets() {
    let text = "version: 1\ntargets: {file: lab.csv}\ncolumns: {Neu: new_name}\n\
                steps: [{action: set-name}, {action: blank-push}]\n";
    let table = "serial,Neu,note\nA1,Lab 1,x\nA2,Lab 2,y\n".as_bytes();
    let input = Input { name: "job.yaml", bytes: text.as_bytes() };
    let options = ParseOptions::default();
    let read = |table: &[u8]| {
        let table = table.to_vec();
        parse(&input, &options, &move |name| {
            assert_eq!(name, "lab.csv");
            Ok(table.clone())
        })
    };
    let job = read(table).expect("a job");
    assert_eq!(job.rows[1].steps.len(), 2);
    assert_eq!(job.rows[1].steps[0].params["DeviceName"].written(), "Lab 2");
    assert_eq!(job.rows[1].carried, [("note".to_owned(), "y".to_owned())]);
    let other = read(b"serial,Neu,note\nA1,Lab 1,x\nA2,Lab 3,y\n").expect("a job");
    assert_ne!(job.digest, other.digest);
    for (table, expect) in [
        ("serial,Neu,message\nA1,x,hi\n", "lab.csv:2:6: set-name has no parameter 'message'"),
        ("serial,Neu,action\nA1,x,lock\n", "both in the file and in the YAML file"),
        ("serial,Neu\nA1,\n", "lab.csv:2:4: set-name needs the parameter DeviceName"),
        ("serial\nA1\n", "lab.csv:1:1: there is no column 'Neu' to rename"),
        ("\u{0}", "lab.csv:1:1: the file contains a NUL byte"),
    ] {
        let said = read(table.as_bytes()).expect_err(table).to_string();
        assert!(said.contains(expect), "{said}\n--- should contain {expect}");
    }
    let said = said("job.yaml", text.as_bytes(), &options);
    assert!(said.contains("job.yaml:2:17: cannot read 'lab.csv': no file lab.csv"), "{said}");
}

#[test]
fn sixty_thousand_devices_fit_and_a_row_too_many_does_not() {
    let mut text = String::from("version: 1\naction: blank-push\ntargets:\n  devices:\n");
    for number in 0..60_000 {
        text.push_str(&format!("    - serial_number: S{number}\n      asset_tag: T{number}\n"));
    }
    assert_eq!(yaml(&text).rows.len(), 60_000);
    let mut text = String::from("serial\n");
    for number in 0..=250_000 {
        text.push_str(&format!("S{number}\n"));
    }
    check_with(
        &action("blank-push"),
        &text,
        "job.csv:250002:1: the file has more than 250000 rows",
    );
}

#[test]
fn jobs_from_the_command_line_pass_the_same_checks() {
    let target =
        |serial: &str| Target { serial_number: Some(serial.to_owned()), ..Target::default() };
    let make =
        |action: &str, params: &[(&str, &str)], targets: Vec<Target>, all: Option<Filter>| {
            let params: Vec<(String, String)> =
                params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            match ad_hoc("send", action, &params, targets, all, &ParseOptions::default()) {
                Ok(_) => "ok".to_owned(),
                Err(problems) => problems.to_string(),
            }
        };
    let all = || Some(Filter::default());
    for (said, expect) in [
        (make("restart", &[], vec![target("A"), target("B")], None), "ok"),
        (make("restart", &[], vec![], all()), "ok"),
        (make("restart", &[], vec![], None), "<command line>: no device is named"),
        (make("restart", &[], vec![target("A")], all()), "both named and selected"),
        (make("restart", &[], vec![Target::default()], None), "names no device"),
        (make("restart", &[], vec![target("A"), target("a")], None), "'a' is named twice"),
        (make("wipe", &[], vec![], all()), "write 'erase'"),
        (make("set-name", &[], vec![], all()), "give --param DeviceName=VALUE"),
        (make("erase", &[("pin", "4512")], vec![], all()), "exactly six digits"),
        (make("restart", &[("x", "y")], vec![], all()), "restart has no parameter 'x'"),
    ] {
        assert!(said.contains(expect), "{said}\n--- should contain {expect}");
    }
}

/// Changes a valid file at one place.
fn mutated(text: &str, at: usize, byte: u8, cut: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let at = at % (bytes.len() + 1);
    let end = (at + cut).min(bytes.len());
    bytes.splice(at..end, [byte]);
    bytes
}

const TABLE: &str = "# c\r\nserial,action,step,message,PIN,note\r\n\"A1\",lock,1,\"a\nb\",,x\r\nA2,erase,,,012345,y\r\n";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for name in ["a.csv", "a.yaml", "<stdin>"] {
            let _ = read(name, &bytes, &ParseOptions::default());
        }
    }

    #[test]
    fn arbitrary_texts_never_panic(text in "[-a-c:,;#'\"&*!{}\\[\\]|>%@`\n\r\t äа\u{feff}]{0,120}") {
        for (name, head) in [("a.csv", "serial,action\n"), ("a.yaml", "version: 1\n"), ("x", "")] {
            let _ = read(name, format!("{head}{text}").as_bytes(), &ParseOptions::default());
        }
    }

    #[test]
    fn damaged_files_never_panic_and_problems_have_a_place(
        at in any::<usize>(), byte in any::<u8>(), cut in 0usize..12,
    ) {
        for (name, text) in [("a.csv", TABLE), ("a.yaml", LAB)] {
            let bytes = mutated(text, at, byte, cut);
            let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u32 + 1;
            if let Err(problems) = read(name, &bytes, &ParseOptions::default()) {
                prop_assert!(!problems.items.is_empty());
                for item in &problems.items {
                    prop_assert!(item.line <= lines, "{item}");
                    prop_assert!(!item.message.is_empty());
                }
            }
        }
    }
}
