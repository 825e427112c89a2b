//! Tables: what is accepted, what is refused and with which words.
//!
//! Owns the lines of `reference/bad-inputs.md` that concern tables, and the jobs of `sortie send`. Must never
//! test what YAML jobs say.

use super::*;

#[test]
fn tables_that_cannot_be_read_are_refused() {
    for (text, expect) in [
        ("", "job.csv: the file is empty: 0 jobs"),
        ("\u{feff}", "0 jobs"),
        ("\n \n\r\n", "0 jobs"),
        ("# only\n# comments\n", "no header and no rows: 0 jobs"),
        ("serial,action\n", "a header and no rows: 0 jobs"),
        ("serial,action\n\n,\n", "a header and no rows: 0 jobs"),
        ("C02XK1ABJG5J,restart\n", "job.csv:1:1: the first line has no known column"),
        ("C02XK1ABJG5J,restart\n", "the first line must name the columns"),
        ("serial,action,Action\nA1,lock,lock\n", "job.csv:1:15: columns 2 and 3"),
        ("serial,Serial Number,action\nA1,A1,lock\n", "have the same meaning"),
        ("serial,action,note,Note\nA1,lock,a,b\n", "have the same meaning"),
        ("serial,action,message,lock_message\nA1,lock,a,b\n", "have the same meaning"),
        ("serial;x,action\nA1;x,lock\n", "job.csv: cannot tell which character"),
        ("serial|action\nA1|lock\n", "give --delimiter"),
        ("serial,action\nA1\n", "job.csv:2:1: the row has 1 cell, but the header has 2"),
        ("serial,action\nA1,lock,x\n", "job.csv:2:1: the row has 3 cells, but the header has 2"),
        ("serial,action\nA\"1,lock\n", "job.csv:2:2: an unquoted cell contains"),
        ("serial,action\n\"A1\"x,lock\n", "job.csv:2:4: text follows a closing"),
        ("serial,action\nA1,\"lock\nA2,lock\n", "job.csv:2:4: this quotation mark is never"),
        ("serial,action\n\"A\n1\",lock\n", "job.csv:2:1: column 'serial' contains a line break"),
        ("serial,action\nA1,lock\rA2,lock\n", "job.csv:2:8: the line contains a carriage return"),
        ("note,action\nx,lock\n", "no column identifies the device"),
        ("device_name,action\nx,lock\n", "names repeat"),
        ("serial\nA1\n", "no column gives the action"),
        ("serial,action,,\nA1,lock,x,\n", "job.csv:2:9: the cell belongs to a column without"),
        ("serial,action,token\nA1,lock,abc\n", "job.csv:1:15: column 'token' contains secrets"),
        ("serial,action,API Key\nA1,lock,abc\n", "column 'API Key' contains secrets"),
        ("serial,action,unlock_pin\nA1,lock,abc\n", "column 'unlock_pin' contains secrets"),
        (
            "serial,acton\nA1,lock\n",
            "job.csv:1:8: unknown column 'acton' looks like a misspelling of 'action'",
        ),
        ("serial,acton\nA1,lock\n", "--map \"acton=action\""),
        ("serial,action,mesage\nA1,lock,x\n", "looks like a misspelling of 'Message'"),
        ("serial,action,pins\nA1,erase,\n", "looks like a misspelling of 'PIN'"),
    ] {
        check(text, expect);
    }
    let long = format!("serial,action,note\nA1,lock,{}\n", "x".repeat(5_000));
    check(&long, "job.csv:2:9: the cell has 5000 bytes; at most 4096");
}

#[test]
fn rows_that_cannot_be_done_are_refused() {
    let user = "job.csv:2:4: ";
    for (text, expect) in [
        ("serial,action\n,lock\n", "job.csv:2:1: the row names no device"),
        ("serial,action\nall,lock\n", "wildcards and empty values are not supported"),
        ("serial,action\nА1,lock\n", "job.csv:2:1: 'А1' contains a Cyrillic letter (U+0410)"),
        ("action,serial\nlock, “A1\n", "job.csv:2:7: '“A1' contains a typographic quotation mark"),
        ("device_id,action\nC02XK1ABJG5J,lock\n", "put it in the column serial_number"),
        ("serial,action\nd2b2eafe-2dc2-4b13-bd2b-f93735f0e59f,lock\n", "the column device_id"),
        ("serial,action\n1.23E+11,lock\n", "scientific notation"),
        ("serial,action\n1-Mar,lock\n", "changed it to a date"),
        ("serial,action\nA1,\n", "no action is given"),
        ("serial,action\nA1,wipe\n", "write the exact name of the action that you mean"),
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
        ("serial,action,new_name\nA1,set-name,\"a\nb\"\n", "contains a line break"),
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
fn every_problem_is_reported_at_once_from_top_to_bottom() {
    let text = "serial,action,new_name\nall,lock,\nA1,nix,\nA2,set-name,\nA3,set-name,\nA4\n";
    let problems = read("job.csv", text.as_bytes(), &ParseOptions::default()).expect_err("bad");
    let lines: Vec<u32> = problems.items.iter().map(|item| item.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6], "{problems}");
}

#[test]
fn a_rename_without_a_new_name_is_reported_once() {
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
    assert_eq!(job.rows[0].carried, [("note", "x;y")]);
    let notes = job.notes.join("\n");
    for expect in [
        "separated by semicolons",
        "2 columns from an earlier report or export ignored: 'outcome', 'lock_pin'",
        "1 column copied to the report: 'note'",
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
    // One apostrophe comes off wherever a report would have put one on, so every text has a spelling.
    assert_eq!(values, ["=1+1", "'hello", "'=x", "\rx"]);
}

#[test]
fn identical_rows_are_dropped_only_when_asked() {
    let options = ParseOptions { dedupe: true, ..ParseOptions::default() };
    let job = job_with(&options, "serial,action\nA1,lock\nA2,lock\nA1,lock\n");
    assert_eq!(job.rows.len(), 2);
    assert!(job.notes.join("\n").contains("1 identical row dropped: line 4"), "{:?}", job.notes);
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
    check_with(&flags("lock", &[]), "serial,step\nA1,1\n", "a step column has no effect");
    check_with(&flags("set-name", &[]), "serial,new_name\nA1,x\n", "ok");
    let loose = ParseOptions {
        params: vec![("message".to_owned(), "x".to_owned())],
        ..ParseOptions::default()
    };
    check_with(&loose, "serial,action\nA1,lock\n", "--param needs --action");
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
    let expect = Target::by_serial("A1");
    assert_eq!(job.rows[0].target, expect);
    check_with(
        &serial,
        "serial,action\nA1,restart\nA2,restart\n",
        "not allowed for restart, which is disruptive (2 rows",
    );
    check_with(
        &serial,
        "id,action\nx,blank-push\n",
        "no column identifies the device: serial_number",
    );
}

#[test]
fn jobs_from_the_command_line_pass_the_same_checks() {
    let target = |serial: &str| Target::by_serial(serial);
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
        (make("restart", &[], vec![], None), "<command line>: no devices are given"),
        (make("restart", &[], vec![target("A")], all()), "both by name and by filter"),
        (make("restart", &[], vec![Target::default()], None), "names no device"),
        (make("restart", &[], vec![target("A"), target("a")], None), "'a' is given twice"),
        (make("wipe", &[], vec![], all()), "write the exact name"),
        (make("set-name", &[], vec![], all()), "give --param DeviceName=VALUE"),
        (make("erase", &[("pin", "4512")], vec![], all()), "exactly six digits"),
        (make("restart", &[("x", "y")], vec![], all()), "restart has no parameter 'x'"),
    ] {
        assert!(said.contains(expect), "{said}\n--- should contain {expect}");
    }
}

#[test]
fn contradicting_parameters_are_refused_in_every_place() {
    let both = "contradict each other: UserName cannot be used while DeleteAllUsers is true";
    check(
        "serial_number,action,UserName,DeleteAllUsers\nC02XK1ABJG5J,delete-user,jo,true\n",
        &format!("job.csv:2:26: UserName and DeleteAllUsers of delete-user {both}"),
    );
    check(
        "serial_number,action,UserName,DeleteAllUsers\nC02XK1ABJG5J,delete-user,jo,false\n",
        "ok",
    );
    let with_flag = ParseOptions {
        params: vec![("DeleteAllUsers".to_owned(), "true".to_owned())],
        ..action("delete-user")
    };
    check_with(&with_flag, "serial_number,UserName\nC02XK1ABJG5J,jo\n", both);
    let yaml = |with: &str, targets: &str| {
        format!("version: 1\naction: delete-user\nwith: {with}\ntargets: {targets}\n")
    };
    check_yaml(&yaml("{UserName: jo, DeleteAllUsers: true}", "{all: true}"), both);
    let device = "{devices: [{serial_number: C02XK1ABJG5J, with: {UserName: jo}}]}";
    check_yaml(&yaml("{DeleteAllUsers: true}", device), both);
    let flags = [("UserName", "jo"), ("DeleteAllUsers", "true")];
    let flags = flags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let target = Target::by_serial("C02XK1ABJG5J");
    let options = ParseOptions::default();
    let problems = ad_hoc("x", "delete-user", &flags, vec![target], None, &options);
    assert!(problems.expect_err("refused").to_string().contains(both));
}

#[test]
fn a_placeholder_serial_number_names_no_device() {
    let id = ID;
    check("serial_number,action\nTo be filled by O.E.M.,restart\n", "job.csv:2:1: 'To be filled");
    let both = format!("device_id,serial_number,action\n{id},Default string,restart\n");
    let read = job(&both);
    assert_eq!(read.rows[0].target.serial_number, None);
    assert!(read.notes.iter().any(|note| note.contains("1 serial number not compared")));
}

fn notes_of(text: &str) -> String {
    job(text).notes.join("\n")
}

#[test]
fn a_number_sign_line_is_a_comment_unless_it_is_a_row() {
    let text = "# run 7, failed\nasset,serial,action\n#12,A1,lock\n# note\n13,A2,lock\n# b\n";
    let read = job(text);
    assert_eq!(read.rows.len(), 2);
    assert_eq!(read.rows[0].carried, [("asset", "#12")]);
    let notes = read.notes.join("\n");
    assert!(
        notes.contains("3 lines starting with '#' skipped as comments: lines 1, 4, 6"),
        "{notes}"
    );
    check("serial,action\n#N/A,lock\nA2,lock\n", "job.csv:2:1: '#N/A' is not a serial number");
    check("serial,action\n#A1,lock\nA2,lock\n", "has as many cells as the header is read as a row");
    check_with(&action("lock"), "serial\n#N/A\nA2\n", "job.csv:2:1: '#N/A'");
    check_with(&action("lock"), "serial\n# lab\nA2\n", "ok");
}

#[test]
fn a_header_with_a_number_sign_is_named_at_its_line() {
    let expect = "the header begins with '#' and is read as a comment";
    check("#serial_number,action\nA1,lock\n", &format!("job.csv:1:1: {expect}"));
    check("# from Jamf\n# Serial; Action\nA1;lock\n", &format!("job.csv:2:1: {expect}"));
    check("# serial,action\nserial,action\nA1,lock\n", "ok");
}

#[test]
fn the_first_line_may_say_the_delimiter() {
    for (text, delimiter) in [
        ("sep=;\r\nserial;action;note\r\nA1;lock;x,y\r\n", "semicolon"),
        ("\u{feff}\"sep=,\"\nserial,action,note\nA1,lock,\"x,y\"\n", "comma"),
        ("SEP=|\nserial|action|note\nA1|lock|x,y\n", "'|'"),
    ] {
        let read = job(text);
        assert_eq!((read.rows[0].line, read.rows[0].carried[0].1.as_str()), (3, "x,y"));
        let expect = format!("the columns are separated by {delimiter}s, as the first line says");
        assert!(read.notes.contains(&expect), "{:?}", read.notes);
    }
    check("sep=;\nserial;action\nA1;nix\n", "job.csv:3:4: unknown action 'nix'");
    let commas = ParseOptions { delimiter: Some(b','), ..ParseOptions::default() };
    check_with(&commas, "sep=;\nserial;action\nA1;lock\n", "job.csv:1:1: --delimiter says comma");
    assert_eq!(said("job", b"sep=;\nserial;action\nA1;lock\n", &ParseOptions::default()), "ok");
}

#[test]
fn a_carried_cell_keeps_its_lines_unless_it_swallows_rows() {
    let read = job("serial,action,note\nA1,lock,\"two\nlines\"\nA2,lock,\n");
    assert_eq!(read.rows[0].carried[0].1, "two\nlines");
    assert!(read.notes.iter().any(|note| note.contains("copied cell of several lines: line 2")));
    let swallowed = "serial,action,note\nA1,lock,\"x\nA2,lock,y\nA3,lock,\"\n";
    check(swallowed, "job.csv:2:9: column 'note' contains a line break");
}

#[test]
fn columns_of_other_tools_are_copied_unless_they_are_parameters() {
    let template =
        "serial_number,blueprint_name,asset_tag,username,user\nA1,Design,,jo,jo@example.com\n";
    let read = job_with(&action("restart"), &format!("\u{feff}{template}"));
    let carried = [("blueprint_name", "Design"), ("username", "jo"), ("user", "jo@example.com")];
    assert_eq!(read.rows[0].carried, carried);
    let notes = read.notes.join("\n");
    assert!(notes.contains("column 'username' copied to the report in 1 row"), "{notes}");
    let jamf = "Computer Serial,Display Name,Username,Phone Number\nA1,,jo,+1 555\n";
    assert_eq!(job_with(&action("restart"), jamf).rows[0].carried.len(), 2);
    let own = job_with(&action("unlock-account"), "serial,username\nA1,jo\n");
    assert_eq!(own.rows[0].steps[0].params["UserName"].written(), "jo");
    assert!(own.rows[0].carried.is_empty());
    check_with(&action("restart"), "serial,message\nA1,x\n", "restart has no parameter 'message'");
}

#[test]
fn a_header_in_the_middle_is_two_files_that_were_joined() {
    let joined = "serial,action\nA1,lock\nserial,action\nA2,lock\n";
    check(joined, "job.csv:3:1: the header is repeated: two files were joined");
    let with_flag = "serial,name\nA1,x\nSerial, Name\nA2,y\n";
    check_with(&action("lock"), with_flag, "job.csv:3:1: the header is repeated");
    let others = "serial_number,name\nA1,x\nserial_number,owner\nA2,y\n";
    check_with(&action("lock"), others, "job.csv:3:1: 'serial_number' is the name of a column");
}

#[test]
fn a_merge_conflict_and_other_formats_are_reported_in_place() {
    let text = "serial,action\n<<<<<<< HEAD\nA1,lock\n=======\nA1,restart\n>>>>>>> other\n";
    check(text, "job.csv:2:1: a merge conflict");
    check_yaml("version: 1\n<<<<<<< HEAD\n", "job.yaml:2:1: a merge conflict");
    let gzip = said("job.csv", b"\x1f\x8b\x08\0\0\0\0\0", &ParseOptions::default());
    assert!(gzip.contains("job.csv: the file is compressed (gzip), not a job"), "{gzip}");
}

#[test]
fn what_steers_a_display_does_not_reach_the_report_as_it_is() {
    let read = job("serial,action,note\nA1,lock,a\u{1b}[31mb\u{202e}\u{9b}\n");
    assert_eq!(read.rows[0].carried[0].1, "a\\u{1b}[31mb\\u{202e}\\u{9b}");
    assert!(read.notes.iter().any(|note| note.contains("1 carried cell with invisible")));
    check("serial,action,no\u{1b}te\nA1,lock,x\n", "job.csv:1:15: the column name");
    check("serial,action,no\u{202e}te\nA1,lock,x\n", "contains U+202E");
}

#[test]
fn a_table_is_read_in_the_encoding_of_its_mark_or_of_the_flag() {
    let text = "serial;action;note\nA1;lock;Müller\n";
    let utf16: Vec<u8> =
        [0xfeff_u16].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let read_as = |bytes: &[u8], encoding| {
        let options = ParseOptions { encoding, ..ParseOptions::default() };
        read("job.csv", bytes, &options).map(|job| job.rows[0].carried[0].1.to_string())
    };
    assert_eq!(read_as(&utf16, None).as_deref(), Ok("Müller"));
    let latin = b"serial;action;note\nA1;lock;M\xfcller\n";
    assert_eq!(read_as(latin, Some(Encoding::Windows1252)).as_deref(), Ok("Müller"));
    let problems = read_as(latin, None).expect_err("nobody says so").to_string();
    assert!(problems.contains("job.csv:2:10: byte 0xFC is not UTF-8"), "{problems}");
    assert!(problems.contains("--encoding windows-1252"), "{problems}");
}

#[test]
fn a_rename_compares_the_name_only_where_it_says_so() {
    let text = "serial,device_name,new_name,action\nA1,Old,New,set-name\nA2,Mac 2,,lock\n";
    let read = job(text);
    assert_eq!(read.rows[0].target.device_name, None);
    assert_eq!(read.rows[1].target.device_name.as_deref(), Some("Mac 2"));
    let notes = notes_of(text);
    assert!(notes.contains("'device_name' is not compared in 1 row"), "{notes}");
    let said_so = job("serial,current_name,new_name,action\nA1,Old,New,set-name\n");
    assert_eq!(said_so.rows[0].target.device_name.as_deref(), Some("Old"));
    let ignored = ParseOptions { ignore_columns: vec!["device_name".to_owned()], ..action("lock") };
    let read = job_with(&ignored, "serial,Display Name\nA1,Old\n");
    assert_eq!(read.rows[0].target.device_name, None);
}

#[test]
fn what_a_report_neutralizes_is_read_back_as_it_was() {
    use crate::model::{neutralized, quoted};
    for message in ["x;=cmd|'/c calc'!A1", "'=1;'=2", "\u{ff1d}1", "a\n=b\r\n-c", "\"=x\";\"=y\""] {
        let cell = neutralized(message);
        let text =
            format!("serial_number,action,'=h,message\nC02XK1ABJG5J,lock,,{}\n", quoted(&cell));
        let job = job(&text);
        assert_eq!(job.rows[0].steps[0].params["Message"].written(), message);
        assert_eq!(job.rows[0].carried[0].0, "=h");
    }
}

#[test]
fn the_vendors_template_gives_only_what_its_cells_say() {
    let text = "\u{feff}serial_number,blueprint_name,asset_tag,username,user\r\n\
        A1, Lab,22222, (for reference only),\r\n\
        A2,,null,,JO@example.com\r\n\
        A3,97E4E175-1631-43f6-a02b-33fd1c748ab8,,,null\r\n";
    let options =
        ParseOptions { action: Some("update-device".to_owned()), ..ParseOptions::default() };
    let job = job_with(&options, text);
    let given = |at: usize| {
        let params = job.rows[at].steps[0].params.iter();
        params.map(|(key, value)| format!("{key}={}", value.written())).collect::<Vec<_>>()
    };
    assert_eq!(given(0), ["asset_tag=22222", "blueprint_id=Lab"]);
    assert_eq!(given(1), ["asset_tag=null", "user=JO@example.com"]);
    assert_eq!(given(2), ["blueprint_id=97e4e175-1631-43f6-a02b-33fd1c748ab8", "user=null"]);
    assert!(job.rows.iter().all(|row| row.target.asset_tag.is_none()));
    assert!(job.notes.iter().any(|note| note.contains("'asset_tag' is the new asset tag")));
}

#[test]
fn changes_of_a_record_that_mean_nothing_are_refused() {
    let header = "serial,action,blueprint,asset_tag,user,tags,add_tags,remove_tags\n";
    for (cells, expect) in [
        (",,,,,", "update-device needs at least one of blueprint_id"),
        ("null,,,,,", "cannot be cleared"),
        (",NULL,,,,", "write null in lower case"),
        (",,345,,,", "which the API no longer takes"),
        (",,jo,,,", "must be an e-mail address"),
        (",,,lab,vip,", "tags and add_tags cannot be used together"),
        (",,,,vip,vip", "must not share a value"),
        (",,,,\"a,a\",", "'a' twice"),
        (",,,,\"a,,b\",", "add_tags is empty"),
    ] {
        let text = format!("{header}A1,update-device,{cells}\n");
        check(&text, expect);
    }
    // Where no action has the parameter, the column is another tool's.
    let other = job_with(&ParseOptions::default(), "serial,action,user,tags\nA1,restart,jo,lab\n");
    assert_eq!(other.rows[0].carried.iter().count(), 2);
    // For other actions the asset tag is compared with the device.
    let other = job_with(&ParseOptions::default(), "serial,action,asset_tag\nA1,restart,B7\n");
    assert_eq!(other.rows[0].target.asset_tag.as_deref(), Some("B7"));
}
