//! The command line: what it refuses, how it ends, and what it shows.
//!
//! Owns the exit codes and messages as scripts and people meet them. Must never test a rule of the engine
//! that has nothing to do with the command line.

use sortie::simulator::{
    DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, NewDevice, Presence, Revocation,
    SimUser, Switches, World,
};
use std::process::{Child, Command, Stdio};

use crate::harness::{
    Bench, Ran, Tenant, add, canned, canned_with, eventually, on_threads, prompt_world, read_csv,
    serial, writes,
};

/// A prompt tenant with so many Macs.
fn macs(count: usize) -> Tenant {
    let mut world = prompt_world(Faults::default());
    add_macs(&mut world, count);
    Tenant::serving(world)
}

fn add_macs(world: &mut World, count: usize) {
    for number in 0..count {
        add(world, DeviceKind::MacAppleSilicon, &serial(number));
    }
}

/// A job of one action for each of so many Macs.
fn job_of(bench: &Bench, action: &str, count: usize) -> String {
    let rows: Vec<String> =
        (0..count).map(|number| format!("{},{action}", serial(number))).collect();
    bench.job("job.csv", "serial_number,action", &rows)
}

/// Asserts that all of these stand in the messages.
#[track_caller]
fn says(ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(ran.stderr.contains(word), "'{word}' is missing:\n{}", ran.stderr);
    }
}

// Help and looking.

#[test]
fn a_state_directory_that_is_named_like_a_uri_is_a_directory() {
    let bench = Bench::offline();
    bench.job("job.csv", "serial_number,action", &[format!("{},blank-push", serial(0))]);
    for name in ["file:x#y?mode=memory", "file:z"] {
        let there = ["--state-dir", name];
        let run = ["run", "job.csv", "--simulate", "--yes"];
        bench.sortie(&[&run[..], &there].concat()).expect(0);
        assert!(bench.path(name).join("sortie.db").is_file());
        let listed = bench.sortie(&[&["runs"][..], &there].concat()).expect(0);
        assert!(listed.stdout.contains("finished"), "{}", listed.stdout);
    }
}

#[test]
fn help_and_version_are_no_errors() {
    let bench = Bench::offline();
    let help = bench.sortie(&["--help"]).expect(0);
    for word in ["Usage", "run", "resume", "Exit codes", "12  the journal or the disk failed"] {
        assert!(help.stdout.contains(word), "{word}:\n{}", help.stdout);
    }
    assert_eq!(
        bench.sortie(&["--version"]).expect(0).stdout.trim(),
        concat!("sortie ", env!("CARGO_PKG_VERSION"))
    );
    bench.sortie(&["run", "--help"]).expect(0);
    bench.sortie(&[]).expect(2);
    bench.sortie(&["fly"]).expect(2);
    bench.sortie(&["run"]).expect(2);
    bench.sortie(&["run", "x.csv", "--token", "secret"]).expect(2);
}

#[test]
fn the_action_table_is_shown_as_a_list_in_full_and_as_json() {
    let bench = Bench::offline();
    let list = bench.sortie(&["actions"]).expect(0).stdout;
    let json = bench.sortie(&["actions", "--format", "json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(sortie::kandji::ACTIONS.len()));
    for action in sortie::kandji::ACTIONS {
        assert!(list.contains(action.name), "{}", action.name);
        let full = bench.sortie(&["actions", action.name]).expect(0).stdout;
        assert!(full.contains(action.summary) && full.contains("example:\n  sortie"), "{full}");
        let one = bench.sortie(&["actions", action.name, "--format", "json"]).expect(0).stdout;
        let one: serde_json::Value = serde_json::from_str(&one).expect("JSON of one action");
        assert_eq!(one["name"], action.name);
    }
    let ran = bench.sortie(&["actions", "destroy"]).expect(2);
    says(&ran, &["destroy", "sortie actions"]);
    assert!(!bench.path("state").exists(), "looking at a table needs no state");
}

#[test]
fn the_inventory_is_valid_job_input() {
    let mut world = prompt_world(Faults::default());
    for (name, tag) in
        [("=cmd|'x'", "a;b"), ("Lab, \"1\"\nnext", "N/A"), ("-3", "-"), ("Zoë ", "x")]
    {
        let user = SimUser { email: "zoe@example.com".to_owned(), name: "Zoë".to_owned() };
        let tags = vec![tag.to_owned()];
        let name = name.to_owned();
        let user = Some(user);
        world.add_device(NewDevice {
            name,
            tags,
            user,
            asset_tag: tag.to_owned(),
            ..NewDevice::new(DeviceKind::MacIntel)
        });
    }
    add_macs(&mut world, 3);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let devices = bench.sortie(&["devices"]).expect(0);
    says(&devices, &["7 of 7 devices"]);
    let run = ["run", "-", "--action", "blank-push"];
    bench.sortie_with_input(&run, &devices.stdout).expect(0);
    assert_eq!(tenant.ledger().accepted.len(), 7);
    bench.write("devices.csv", &devices.stdout);
    assert_eq!(read_csv(&bench.path("devices.csv")).len(), 7);
    let few = bench.sortie(&["devices", "--name-like", "lab"]).expect(0);
    says(&few, &["1 of 7 devices"]);
}

#[test]
fn what_was_done_is_shown_by_run_and_by_device() {
    let mut world = prompt_world(Faults::default());
    let email = "ada@example.com".to_owned();
    let user = Some(SimUser { email, name: "Ada".to_owned() });
    let (serial_number, name) = (serial(5), "Ada's Mac".to_owned());
    let device = NewDevice { serial_number, name, user, ..NewDevice::new(DeviceKind::MacIntel) };
    let id = world.add_device(device);
    add_macs(&mut world, 2);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench
        .sortie(&["send", "lock", "--serial", &serial(5), "--confirm", "1", "--wait", "10s"])
        .expect(0);
    bench.sortie(&["send", "blank-push", "--serial", &serial(5), "--serial", &serial(0)]).expect(0);
    let runs = bench.sortie(&["runs"]).expect(0).stdout;
    assert_eq!(runs.lines().count(), 3, "{runs}");
    assert!(runs.contains("1 completed") && runs.contains("2 accepted"), "{runs}");
    for device in [
        serial(5),
        serial(5).to_lowercase(),
        "Ada's Mac".to_owned(),
        "ada@example.com".to_owned(),
        id,
    ] {
        let history = bench.sortie(&["history", &device]).expect(0).stdout;
        assert!(history.contains("lock") && history.contains("blank-push"), "{device}:\n{history}");
        assert!(!history.contains(&serial(0)), "{device}:\n{history}");
    }
    says(&bench.sortie(&["history", "nobody"]).expect(4), &["nobody", "full device id"]);
    let commands = bench.sortie(&["commands", &serial(5)]).expect(0).stdout;
    assert!(commands.contains("DeviceLock") && commands.contains("completed"), "{commands}");
    let json = bench.sortie(&["commands", &serial(5), "--format", "json"]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert!(json.as_array().is_some_and(|rows| !rows.is_empty()));
    bench.sortie(&["commands", "NOSUCHMAC099"]).expect(4);
    let status = bench.sortie(&["status", "--format", "json"]).expect(0).stdout;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    assert_eq!(status["outcomes"]["accepted"], 2);
    assert_eq!((&status["running"], &status["state"]), (&false.into(), &"finished".into()));
    says(&bench.sortie(&["status", "20001231"]).expect(2), &["20001231", "sortie runs"]);
}

#[test]
fn reports_are_made_again_from_the_journal_byte_for_byte() {
    let tenant = macs(6);
    let bench = Bench::at(&tenant);
    tenant.script(FaultMatcher::action("lock"), canned(404, "", FaultMoment::BeforeApplying));
    let job = job_of(&bench, "lock", 6);
    bench.sortie(&["run", &job, "--confirm", "6", "--wait", "20s"]).expect(7);
    let directory = bench.report_dir();
    let read = |name: &str| std::fs::read(directory.join(name)).expect("a report");
    let files = ["report.csv", "report.jsonl", "failed.csv", "unprocessed.csv", "summary.json"];
    let before = files.map(read);
    std::fs::remove_dir_all(&directory).expect("it can be removed");
    let ran = bench.sortie(&["report"]).expect(0);
    assert_eq!(ran.stdout.trim(), directory.to_string_lossy());
    for (file, before) in files.iter().zip(before) {
        let (before, after) = (String::from_utf8(before), String::from_utf8(read(file)));
        assert_eq!(after, before, "{file}");
    }
    bench.sortie(&["report", "--report-dir", "elsewhere"]).expect(0);
    let copy = std::fs::read(bench.path("elsewhere").join("report.csv")).expect("a report");
    assert_eq!(copy, read("report.csv"));
}

// Bad input.

#[test]
fn bad_jobs_are_refused_with_every_problem_and_its_place() {
    let tenant = macs(1);
    let bench = Bench::at(&tenant);
    let header = "serial_number,action,PIN,new_name";
    let utf16: Vec<u8> =
        "serial_number,action\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let long = format!("serial_number,action,message\nC02,lock,{}\n", "x".repeat(70_000));
    let deep = format!("version: 1\ntargets: {}\n", "[".repeat(200_000));
    let bomb: String = std::iter::once("a0: &a0 x\n".to_owned())
        .chain((1..30).map(|n| format!("a{n}: &a{n} [*a{}, *a{}]\n", n - 1, n - 1)))
        .collect();
    let mac = serial(0);
    let cases: Vec<(&str, Vec<u8>, Vec<&str>)> = vec![
        ("empty.csv", b"".to_vec(), vec!["empty.csv"]),
        ("bom.csv", b"\xef\xbb\xbf\n\n".to_vec(), vec!["bom.csv"]),
        ("header.csv", b"serial_number,action\n".to_vec(), vec!["header.csv"]),
        ("no-header.csv", format!("{mac},restart\n").into_bytes(), vec!["no-header.csv:1"]),
        ("utf16.csv", utf16, vec!["UTF-16"]),
        ("latin.csv", b"serial_number,action\nC02\xe9,lock\n".to_vec(), vec!["latin.csv:2"]),
        ("nul.csv", b"serial_number,action\nC02\0,lock\n".to_vec(), vec!["nul.csv:2"]),
        ("long.csv", long.into_bytes(), vec!["long.csv:2"]),
        (
            "many.csv",
            format!(
                "{header}\n{mac},destroy,,\n{mac},erase,12345,\nall,restart,,\n{mac},restart,,x\n{mac},set-name,,\n"
            )
            .into_bytes(),
            vec!["many.csv:2:", "many.csv:3:", "many.csv:4:", "many.csv:5:", "many.csv:6", "destroy"],
        ),
        (
            "twice.csv",
            format!("serial_number,action\n{mac},restart\n{mac},restart\n").into_bytes(),
            vec!["twice.csv:3", "--dedupe"],
        ),
        ("token.csv", b"serial_number,action,token\nC02ABCDEFGH1,lock,x\n".to_vec(), vec!["token.csv:1"]),
        ("column.csv", b"serial_number,action,mesage\nC02ABCDEFGH1,lock,x\n".to_vec(), vec!["mesage", "Message"]),
        ("key.yaml", b"version: 1\nforse: true\naction: lock\ntargets: {devices: [{serial_number: C02ABCDEFGH1}]}\n".to_vec(), vec!["key.yaml:2:1", "forse"]),
        ("anchor.yaml", b"version: 1\naction: &a lock\ntargets: {devices: [{serial_number: C02ABCDEFGH1}]}\n".to_vec(), vec!["anchor.yaml:2"]),
        ("double.yaml", b"version: 1\naction: lock\naction: erase\ntargets: {devices: [{serial_number: C02ABCDEFGH1}]}\n".to_vec(), vec!["double.yaml:3"]),
        ("no.yaml", b"version: 1\naction: no\ntargets: {devices: [{serial_number: C02ABCDEFGH1}]}\n".to_vec(), vec!["no.yaml:2"]),
        ("tab.yaml", b"version: 1\n\taction: lock\n".to_vec(), vec!["tab.yaml:2"]),
        ("several.yaml", b"version: 1\n---\nversion: 1\n".to_vec(), vec!["several.yaml"]),
        ("deep.yaml", deep.into_bytes(), vec!["deep.yaml"]),
        ("bomb.yaml", bomb.into_bytes(), vec!["bomb.yaml"]),
        ("is-csv.yaml", format!("serial_number,action\n{mac},restart\n").into_bytes(), vec!["is-csv.yaml"]),
        ("is-yaml.csv", b"version: 1\naction: lock\ntargets: {devices: [{serial_number: C02ABCDEFGH1}]}\n".to_vec(), vec!["is-yaml.csv"]),
        ("missing-targets.yaml", b"version: 1\naction: lock\ntargets: {file: nowhere.csv}\n".to_vec(), vec!["nowhere.csv"]),
        ("plan.json", br#"{"plan": 1}"#.to_vec(), vec!["plan.json"]),
    ];
    for (name, bytes, words) in cases {
        std::fs::write(bench.path(name), bytes).expect("it can be written");
        for arguments in [&["check", name][..], &["run", name, "--yes"]] {
            let ran = bench.sortie(arguments);
            assert_eq!(ran.code, 2, "{name}: {}", ran.stderr);
            says(&ran, &words);
            says(&ran, &["nothing was sent", "next:"]);
        }
    }
    assert_eq!(tenant.ledger().requests, 0);
    assert_eq!(bench.sortie(&["runs", "--format", "json"]).expect(0).stdout.trim(), "[]");
}

#[test]
fn a_file_that_is_not_a_job_is_refused_by_its_format() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let bench = Bench::offline();
    std::fs::create_dir(bench.path("directory")).expect("a directory");
    let fifo = Command::new("mkfifo").arg(bench.path("fifo")).status().expect("mkfifo");
    assert!(fifo.success());
    symlink(bench.path("nowhere"), bench.path("dangling")).expect("a link");
    symlink(bench.path("loop"), bench.path("loop")).expect("a link");
    bench.write("secret.csv", "serial_number,action\nC02ABCDEFGH1,lock\n");
    let closed = std::fs::Permissions::from_mode(0o000);
    std::fs::set_permissions(bench.path("secret.csv"), closed).expect("a mode");
    let is_readable = std::fs::File::open(bench.path("secret.csv")).is_ok();
    for (name, word) in [
        ("directory", "is a directory"),
        ("fifo", "give - to read standard input"),
        ("/dev/zero", "not a regular file"),
        ("missing.csv", "No such file"),
        ("dangling", "No such file"),
        ("loop", "symbolic link"),
        ("secret.csv", "ermission"),
    ] {
        // The superuser may read everything.
        if name == "secret.csv" && is_readable {
            continue;
        }
        for command in ["check", "run"] {
            let ran = bench.sortie(&[command, name]).expect(2);
            says(&ran, &[name, word, "nothing was sent"]);
        }
    }
    for input in ["", "\n\n", "# nothing\n"] {
        let ran = bench.sortie_with_input(&["check", "-"], input).expect(2);
        says(&ran, &["<stdin>", "nothing was sent"]);
    }
}

#[test]
fn a_required_export_must_be_recent_and_list_a_device() {
    let tenant = macs(2);
    let bench = Bench::at(&tenant);
    let job = "version: 1\naction: restart\ntargets: {all: true}\n\
               require: {file: lists/e.csv, on: serial_number, max_age: 24h}\n";
    bench.write("job.yaml", job);
    std::fs::create_dir(bench.path("lists")).expect("a directory");
    let run = ["run", "job.yaml", "--confirm", "1"];
    let export = |text: &str, older_s: i64| {
        let path = bench.write("lists/e.csv", text);
        let file = std::fs::File::options().append(true).open(path).expect("the export");
        let written = file.metadata().and_then(|it| it.modified()).expect("a date");
        let by = std::time::Duration::from_secs(older_s.unsigned_abs());
        let dated = if older_s > 0 { written - by } else { written + by };
        file.set_modified(dated).expect("another date");
    };
    let somebody = format!("Serial Number\n{}\n", serial(0));
    export(&somebody, 25 * 3_600);
    let cure = "export lists/e.csv again, or raise max_age in the job";
    says(&bench.sortie(&run).expect(8), &["e.csv is 1 d 1 h old", "allows at most 1 d 0 h", cure]);
    export(&somebody, -600);
    says(&bench.sortie(&run).expect(8), &["e.csv is dated", "min", "in the future", cure]);
    export("Serial Number\n\n", 0);
    says(&bench.sortie(&run).expect(2), &["lists no serial_number"]);
    export("Serial Number\nOTHER1\n", 0);
    says(&bench.sortie(&run).expect(4), &["no device is left: lists/e.csv lists none of them"]);
    assert_eq!(writes(&tenant.ledger()), 0);
    export(&somebody, 23 * 3_600);
    bench.sortie(&run).expect(0);
    let skipped = bench.report().into_iter().find(|row| row["outcome"] == "skipped");
    assert_eq!(skipped.expect("the other one")["reason"], "not listed in lists/e.csv");
    assert_eq!(writes(&tenant.ledger()), 1);
}

// The way to the tenant.

#[test]
fn a_token_has_to_be_there_right_and_well_kept() {
    use std::os::unix::fs::PermissionsExt;
    let tenant = macs(1);
    let bench = Bench::new(&tenant.base_url(), "");
    let push = ["send", "blank-push", "--serial", &serial(0)];
    let with = |more: &[&str]| bench.sortie(&[&push[..], more].concat());
    says(&with(&[]).expect(3), &["no API token", "SORTIE_TOKEN", "nothing was sent"]);
    assert_eq!(tenant.ledger().requests, 0);
    let path = bench.write("token", &format!("{}\n", tenant.token()));
    let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
    for open in [0o644, 0o640, 0o604] {
        mode(open).expect("a mode");
        says(&with(&["--token-file", "token"]).expect(3), &["chmod 600"]);
    }
    mode(0o600).expect("a mode");
    with(&["--token-file", "token"]).expect(0);
    with(&["--token-command", "cat token"]).expect(0);
    says(&with(&["--token-command", "exit 4"]).expect(3), &["token command failed"]);
    says(&with(&["--token-file", "nowhere"]).expect(3), &["cannot be read"]);
    for (text, expected) in [
        (format!("\u{feff}{}", tenant.token()), "byte order mark"),
        (format!("{}\u{200b}", tenant.token()), "U+200B"),
        (format!("Bearer {}", tenant.token()), "begins with 'Bearer'"),
    ] {
        std::fs::write(&path, text).expect("ours");
        says(&with(&["--token-file", "token"]).expect(3), &[expected, "nothing was sent"]);
    }
    let mut pipe = std::process::Command::new("mkfifo");
    pipe.args(["-m", "600"]).arg(bench.path("pipe"));
    assert!(pipe.status().expect("mkfifo is there").success());
    says(&with(&["--token-file", "pipe"]).expect(3), &["the token is empty"]);
    std::fs::write(&path, tenant.token()).expect("ours");
    let config = format!(
        "[profile.lab]\nbase_url = \"{}\"\ntoken_command = \"cat token\"\n",
        tenant.base_url()
    );
    bench.write("config.toml", &config);
    with(&["--config", "config.toml", "--profile", "lab"]).expect(0);
    let ran = with(&["--config", "config.toml", "--profile", "lob"]).expect(2);
    says(&ran, &["lob", "lab"]);
    let accepted = tenant.ledger().accepted.len();
    assert_eq!(accepted, 3);
    let wrong = Bench::new(&tenant.base_url(), "11111111-2222-4333-8444-555555555555");
    let ran = wrong.sortie(&push).expect(3);
    says(&ran, &["401", "nothing was sent", "token"]);
    assert_eq!(writes(&tenant.ledger()), 3);
}

#[test]
fn a_revoked_token_stops_the_run_and_a_fresh_one_resumes_it() {
    let mut world = prompt_world(Faults::default());
    add_macs(&mut world, 30);
    world.add_token("a-fresh-token");
    world.switches_mut().token_revoked = Some(Revocation::AfterRequests(12));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench.allow_many();
    let job = job_of(&bench, "restart", 30);
    let run = ["run", &job, "--confirm", "30", "--waves", "100%", "--wait", "20s"];
    let ran = bench.sortie(&run).expect(3);
    says(&ran, &["token", "sortie resume", "not attempted"]);
    let sent = tenant.ledger().count_all("restart");
    assert!((1..30).contains(&sent), "{sent}");
    // The first refusals stop the run; only what was under way may be refused with them.
    assert!(tenant.seen("restart") <= u64::from(sent) + 16);
    bench.sortie(&["resume"]).expect(3);
    assert_eq!(tenant.ledger().count_all("restart"), sent);
    let resumed = bench.command().env("SORTIE_TOKEN", "a-fresh-token").arg("resume").output();
    Ran::of(resumed.expect("it starts")).expect(0);
    assert_eq!(tenant.ledger().count_all("restart"), 30);
    assert!(tenant.ledger().duplicates().is_empty());
    assert!(bench.outcomes().values().all(|outcome| outcome == "completed"));
}

#[test]
fn a_token_command_is_asked_once_more_when_the_token_is_revoked() {
    let mut world = prompt_world(Faults::default());
    add_macs(&mut world, 10);
    world.add_token("a-fresh-token");
    world.switches_mut().token_revoked = Some(Revocation::AfterRequests(12));
    let tenant = Tenant::serving(world);
    let bench = Bench::new(&tenant.base_url(), "");
    bench.write("first", &tenant.token());
    bench.write("second", "a-fresh-token");
    let job = job_of(&bench, "restart", 10);
    let command = "cat first; mv second first 2>&- || true";
    bench
        .sortie(&[
            "run",
            &job,
            "--confirm",
            "10",
            "--wait",
            "0",
            "-j",
            "1",
            "--token-command",
            command,
        ])
        .expect(0);
    assert_eq!(tenant.ledger().count_all("restart"), 10);
    assert!(tenant.ledger().duplicates().is_empty());
}

#[test]
fn a_missing_permission_stops_its_action_and_no_other() {
    let mut world = prompt_world(Faults::default());
    add_macs(&mut world, 12);
    world.switches_mut().denied.insert("restart".to_owned());
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let rows: Vec<String> = (0..12)
        .map(|at| format!("{},{}", serial(at), if at % 2 == 0 { "restart" } else { "blank-push" }))
        .collect();
    bench.job("job.csv", "serial_number,action", &rows);
    let ran =
        bench.sortie(&["run", "job.csv", "--confirm", "12", "--wait", "0", "-j", "1"]).expect(5);
    says(&ran, &["permission", "no more restart requests are sent", "sortie resume"]);
    assert_eq!(tenant.ledger().count_all("blank-push"), 6);
    assert_eq!(tenant.seen("restart"), 1);
    tenant.with_world(|world| world.switches_mut().denied.clear());
    // What was refused stays so; what was not attempted is done now.
    bench.sortie(&["resume"]).expect(7);
    assert_eq!(tenant.ledger().count_all("restart"), 5);
    assert!(tenant.ledger().duplicates().is_empty());
}

#[test]
fn a_server_that_is_not_the_api_sees_no_action_or_second_token() {
    let nobody = Bench::new("http://127.0.0.1:9", "a-token");
    let push = ["send", "blank-push", "--serial", "C02ABCDEFGH1"];
    let job = "version: 1\nname: x\naction: blank-push\nretries: { count: 0 }\n\
               targets: { devices: [{ serial_number: C02ABCDEFGH1 }] }\n";
    nobody.write("job.yaml", job);
    let ran = nobody.sortie(&["run", "job.yaml"]).expect(1);
    says(&ran, &["cannot reach the tenant", "nothing was sent", "check the address"]);
    let elsewhere = macs(1);
    for (status, location) in [(302, elsewhere.base_url()), (307, elsewhere.base_url())] {
        let tenant = macs(1);
        let to = vec![("Location", format!("{location}/api/v1/devices"))];
        let redirect = canned_with(status, to, b"", FaultMoment::BeforeApplying);
        tenant.script(FaultMatcher::default(), redirect);
        let ran = Bench::at(&tenant).sortie(&push).expect(1);
        says(&ran, &["redirect", "base URL", "nothing was sent"]);
        assert_eq!(tenant.ledger().requests, 1);
    }
    assert_eq!(elsewhere.ledger().requests, 0);
    let tenant = macs(1);
    tenant.script(FaultMatcher::default(), FaultKind::LoginPage);
    let ran = Bench::at(&tenant).sortie(&push).expect(1);
    says(&ran, &["base URL", "nothing was sent"]);
    assert_eq!(tenant.ledger().requests, 1);
}

#[test]
fn the_token_is_only_sent_where_it_belongs() {
    let bench = Bench::offline();
    for (url, words) in [
        ("http://accuhive.api.kandji.io", vec!["https://"]),
        ("http://192.0.2.7", vec!["https://"]),
        ("https://accuhive.example.com", vec!["accuhive.example.com", "--allow-other-host"]),
        ("https://user:pass@accuhive.api.kandji.io", vec!["user name or password"]),
        ("https://accuhive.api.kandji.io/other", vec!["has a path after the host"]),
        ("ftp://accuhive.api.kandji.io", vec!["https://"]),
        ("accuhive", vec!["--subdomain"]),
        ("", vec!["the base URL is empty"]),
    ] {
        let arguments = ["send", "blank-push", "--all", "--base-url", url];
        let ran = bench.command().env("SORTIE_TOKEN", "x").args(arguments).output();
        let ran = Ran::of(ran.expect("it starts")).expect(2);
        says(&ran, &words);
        says(&ran, &["nothing was sent"]);
    }
    let ran = bench.sortie(&["send", "blank-push", "--all"]).expect(2);
    says(&ran, &["no tenant is given", "--base-url", "--simulate"]);
}

// Agreement and rules.

#[test]
fn disruptive_work_without_a_terminal_is_refused() {
    let tenant = macs(2);
    let bench = Bench::at(&tenant);
    let job = job_of(&bench, "restart", 2);
    for more in [&[][..], &["--no-input"]] {
        let ran = bench.command().args(["run", &job]).args(more).output();
        // The test itself may have a terminal; a session of its own has none.
        let ran = if more.is_empty() {
            let mut without = Command::new("setsid");
            without.arg("--wait").arg(env!("CARGO_BIN_EXE_sortie")).args(["run", &job]);
            without.current_dir(bench.path(".")).env("SORTIE_STATE_DIR", bench.path("state"));
            without.env("SORTIE_BASE_URL", tenant.base_url()).env("SORTIE_TOKEN", tenant.token());
            without.stdin(Stdio::null()).output()
        } else {
            ran
        };
        let ran = Ran::of(ran.expect("it starts")).expect(8);
        says(&ran, &["disruptive", "2 devices", "--confirm 2", "nothing was sent"]);
    }
    // A yes is no answer to it, and no other number, verb or tenant is.
    let ran = bench.sortie(&["run", &job, "--yes"]).expect(8);
    says(&ran, &["--yes is not enough", "--confirm 2", "max_devices: 3", "send_until"]);
    for other in ["1", "3", "02", "2.0", "two", "yes", "", "RESTART 2 ON 127.0.0.1"] {
        let ran = bench.sortie(&["run", &job, "--yes", "--confirm", other]).expect(8);
        says(&ran, &["does not confirm restarting 2 devices", "--confirm 2", "nothing was sent"]);
    }
    assert_eq!(writes(&tenant.ledger()), 0);
    assert_eq!(bench.sortie(&["runs", "--format", "json"]).expect(0).stdout.trim(), "[]");
}

#[test]
fn looking_and_planning_never_write_to_the_tenant() {
    let tenant = macs(3);
    let bench = Bench::at(&tenant);
    let job = job_of(&bench, "erase", 3);
    bench.sortie(&["check", &job]).expect(0);
    assert_eq!(tenant.ledger().requests, 0);
    for arguments in [
        &["plan", &job, "--secrets-elsewhere"][..],
        &["run", &job, "-n", "--secrets-elsewhere"],
        &["run", &job, "-n", "--yes", "--capture-secrets"],
        &["send", "erase", "--all", "--dry-run", "--yes", "--secrets-elsewhere"],
        &["send", "lock", "--serial", &serial(0), "-n", "--no-input"],
        &["devices"],
        &["commands", &serial(0)],
    ] {
        bench.sortie(arguments).expect(0);
    }
    let ledger = tenant.ledger();
    assert_eq!(writes(&ledger), 0);
    assert!(ledger.accepted.is_empty() && ledger.requests > 0);
    assert_eq!(bench.sortie(&["runs", "--format", "json"]).expect(0).stdout.trim(), "[]");
}

#[test]
fn ad_hoc_sends_take_filters_and_parameters_and_refuse_nonsense() {
    let mut world = prompt_world(Faults::default());
    let tagged = |name: &str, tag: &str, blueprint: &str, kind| NewDevice {
        name: name.to_owned(),
        tags: vec![tag.to_owned()],
        blueprint: blueprint.to_owned(),
        ..NewDevice::new(kind)
    };
    let lab = world.add_device(tagged("Lab Mac", "lab", "Design", DeviceKind::MacIntel));
    world.add_device(tagged("Kiosk Mac", "kiosk", "Design", DeviceKind::MacIntel));
    world.add_device(tagged("Lab Pad", "lab", "Sales", DeviceKind::IPad));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let send = |arguments: &[&str]| bench.sortie(&[&["send"], arguments].concat());
    send(&[
        "lock",
        "--platform",
        "mac",
        "--tag",
        "lab",
        "--param",
        "Message=a=b",
        "--confirm",
        "1",
        "--wait",
        "0",
    ])
    .expect(0);
    let ledger = tenant.ledger();
    assert_eq!(ledger.accepted.len(), 1);
    assert_eq!(
        (&ledger.accepted[0].device_id, &ledger.accepted[0].body[..]),
        (&lab, r#"{"Message":"a=b"}"#)
    );
    send(&["blank-push", "--blueprint", "design"]).expect(0);
    assert_eq!(tenant.ledger().count_all("blank-push"), 2);
    for (arguments, words) in [
        (&["blank-push"][..], &["no device is named"][..]),
        (&["blank-push", "--all", "--tag", "lab"], &["contradict"]),
        (&["blank-push", "--serial", "all"], &["--serial", "all"]),
        (&["blank-push", "--device", "C02ABCDEFGH1"], &["--device"]),
        (&["destroy", "--all"], &["destroy"]),
        (&["set-name", "--all"], &["DeviceName"]),
        (&["lock", "--all", "--param", "Mesage=x"], &["Mesage"]),
        (&["lock", "--all", "--param", "Message"], &["NAME=VALUE"]),
        (&["blank-push", "--platform", "amiga"], &["amiga"]),
        (&["blank-push", "--checked-in-within", "soon"], &["soon"]),
        (&["blank-push", "--all", "--wait", "soon"], &["soon"]),
        (&["blank-push", "--all", "--max-errors", "many"], &["many"]),
        (&["erase", "--serial", "C02ABCDEFGH1", "--param", "PIN=1234"], &["PIN"]),
    ] {
        let ran = send(arguments).expect(2);
        says(&ran, words);
    }
    assert_eq!(writes(&tenant.ledger()), 3);
}

// How runs end.

#[test]
fn too_many_errors_stop_the_run() {
    let tenant = macs(20);
    for _ in 0..20 {
        let no = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
        tenant.script(FaultMatcher::action("restart"), no);
    }
    let bench = Bench::at(&tenant);
    bench.allow_many();
    let job = job_of(&bench, "restart", 20);
    let run = ["run", &job, "--confirm", "20", "--wait", "0", "-j", "1", "--max-errors", "2"];
    let ran = bench.sortie(&run).expect(9);
    says(&ran, &["3 errors", "at most 2", "17 not attempted", "sortie resume"]);
    assert_eq!(tenant.seen("restart"), 3);
    // A resume forgives what was, and stops at the same number again.
    bench.sortie(&["resume"]).expect(9);
    assert_eq!(tenant.seen("restart"), 6);
}

/// Starts a run in the background.
fn start(bench: &Bench, arguments: &[&str]) -> Child {
    let mut command = bench.command();
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program starts")
}

fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(status.expect("kill").success());
}

#[test]
fn the_first_ctrl_c_drains_and_a_resume_finishes() {
    let tenant = macs(40);
    let bench = Bench::at(&tenant);
    bench.allow_many();
    let job = job_of(&bench, "restart", 40);
    let run = ["run", &job, "--confirm", "40", "--waves", "100%", "--wait", "0"];
    let child = start(&bench, &[&run[..], &["--per-second", "10"]].concat());
    eventually("some were sent", || tenant.seen("restart") >= 3);
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().expect("it ends")).expect(9);
    says(&ran, &["stopping: no more requests are sent", "sortie resume"]);
    let sent = tenant.ledger().count_all("restart");
    assert!(sent < 40, "{sent}");
    let accepted = bench.outcomes().values().filter(|outcome| *outcome == "accepted").count();
    assert_eq!(accepted, sent as usize, "every answer is in the report");
    bench.sortie(&["resume"]).expect(0);
    assert_eq!(tenant.ledger().count_all("restart"), 40);
    assert!(tenant.ledger().duplicates().is_empty());
}

#[test]
fn the_second_ctrl_c_interrupts_and_a_resume_settles_the_rest() {
    let tenant = macs(2);
    tenant.script(FaultMatcher::action("restart"), FaultKind::Hang);
    let bench = Bench::at(&tenant);
    let job = job_of(&bench, "restart", 2);
    let child = start(&bench, &["run", &job, "--confirm", "2", "--wait", "0", "-j", "1"]);
    eventually("one is sent", || tenant.seen("restart") == 1);
    interrupt(&child);
    let run = {
        let list = bench.sortie(&["runs", "--format", "json"]).expect(0).stdout;
        let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
        list[0]["id"].as_str().expect("a run").to_owned()
    };
    eventually("the run drains", || {
        let path = bench.path("state").join("runs").join(format!("{run}.db"));
        let journal = rusqlite::Connection::open(path).expect("the journal");
        let stops = "SELECT count(*) FROM entries WHERE kind = 'stopped'";
        journal.query_row(stops, [], |row| row.get::<_, i64>(0)) == Ok(1)
    });
    interrupt(&child);
    let ran = Ran::of(child.wait_with_output().expect("it ends")).expect(130);
    says(&ran, &["sortie resume"]);
    // The one that was under way is never sent again by itself; the other one is sent now.
    assert!(bench.outcomes().values().any(|outcome| outcome == "in_doubt"));
    bench.sortie(&["resume"]).expect(0);
    assert_eq!(tenant.seen("restart"), 2);
    assert!(tenant.ledger().duplicates().is_empty());
}

#[test]
fn a_job_that_cannot_fit_before_its_deadline_is_not_begun() {
    let tenant = macs(20);
    let bench = Bench::at(&tenant);
    let job = job_of(&bench, "blank-push", 20);
    let run = ["run", &job, "--per-second", "2", "--send-until", "3s"];
    says(
        &bench.sortie(&run).expect(6),
        &["does not allow 20 requests", "--send-until", "nothing was sent"],
    );
    assert_eq!(writes(&tenant.ledger()), 0);
    // What turns out slower than was forecast ends in order.
    let run = ["run", &job, "--per-second", "20", "--send-until", "3s", "-j", "1"];
    tenant.with_world(|world| world.faults_mut().latency_ms = 400..=400);
    let ran = bench.sortie(&run);
    assert_eq!(ran.code, 6, "{}", ran.stderr);
    let left = bench.outcomes().values().filter(|outcome| *outcome == "not_attempted").count();
    assert_eq!(left as u64, 20 - writes(&tenant.ledger()));
    says(&ran, &["the time for sending ended", "not attempted"]);
}

#[test]
fn what_has_not_ended_is_pending_and_may_be_awaited_again() {
    let mut world = prompt_world(Faults::default());
    let mac = NewDevice {
        presence: Presence::Offline,
        serial_number: serial(0),
        ..NewDevice::new(DeviceKind::MacIntel)
    };
    let id = world.add_device(mac);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let send = ["send", "restart", "--serial", &serial(0), "--confirm", "1", "--wait", "300ms"];
    let ran = bench.sortie(&send).expect(10);
    says(&ran, &["still pending", "sortie watch", "--once"]);
    assert_eq!(bench.report()[0]["outcome"], "pending");
    bench.sortie(&["resume", "--pending-ok"]).expect(0);
    tenant.with_world(|world| world.wake(&id));
    bench.sortie(&["resume", "--wait", "30s"]).expect(0);
    assert_eq!(bench.report()[0]["outcome"], "completed");
    assert_eq!(tenant.seen("restart"), 1);
}

#[test]
fn a_short_wait_ends_with_a_look() {
    let tenant = macs(3);
    let bench = Bench::at(&tenant);
    let job = job_of(&bench, "restart", 3);
    bench.sortie(&["run", &job, "--confirm", "3", "--wait", "700ms"]).expect(0);
    assert!(bench.outcomes().values().all(|outcome| outcome == "completed"));
}

// Journal and disk.

#[test]
fn a_full_disk_stops_the_run_and_a_resume_repeats_nothing() {
    let tenant = macs(60);
    // Once while the run is made, later in the middle of it: blocks of 1 KiB that a file may have.
    for (limit, is_begun) in [(8, false), (260, true)] {
        let bench = Bench::at(&tenant);
        bench.allow_many();
        let action = if is_begun { "restart" } else { "shutdown" };
        let job = job_of(&bench, action, 60);
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let plain = bench.command();
        let mut command = Command::new("bash");
        command.args([
            "-c",
            &script,
            env!("CARGO_BIN_EXE_sortie"),
            "run",
            &job,
            "--confirm",
            "60",
            "--waves",
            "100%",
            "--wait",
            "0",
            "--per-second",
            "50",
        ]);
        command.current_dir(bench.path(".")).env_clear().stdin(Stdio::null());
        for (name, value) in plain.get_envs() {
            command.env(name, value.unwrap_or_default());
        }
        let ran = Ran::of(command.output().expect("it starts"));
        assert_eq!(ran.code, 12, "limit {limit}:\n{}", ran.stderr);
        let sent = tenant.ledger().count_all(action);
        if !is_begun {
            assert_eq!(sent, 0);
            says(&ran, &["nothing was sent", "disk"]);
            continue;
        }
        says(&ran, &["journal", "sortie resume"]);
        assert!((1..60).contains(&sent), "limit {limit}: {sent} sent\n{}", ran.stderr);
        let resumed = bench.sortie(&["resume"]);
        assert!([0, 11].contains(&resumed.code), "{}", resumed.stderr);
        let ledger = tenant.ledger();
        assert!(ledger.duplicates().is_empty(), "{:?}", ledger.duplicates());
        for row in bench.report() {
            let applied = ledger.count(&row["device_id"], action);
            match row["outcome"].as_str() {
                "accepted" | "completed" => assert_eq!(applied, 1, "{row:?}"),
                "in_doubt" => assert!(applied <= 1, "{row:?}"),
                other => panic!("{other}: {row:?}"),
            }
        }
    }
}

#[test]
fn a_locked_database_is_reported_as_locked() {
    let tenant = macs(1);
    let bench = Bench::at(&tenant);
    bench.sortie(&["send", "blank-push", "--serial", &serial(0)]).expect(0);
    let before = tenant.ledger().requests;
    let database =
        rusqlite::Connection::open(bench.path("state").join("sortie.db")).expect("it opens");
    database.execute_batch("BEGIN EXCLUSIVE").expect("it can be locked");
    let ran = bench.sortie(&["send", "blank-push", "--serial", &serial(0)]).expect(12);
    says(&ran, &["another process", "sortie.db", "nothing was sent", "try again"]);
    assert_eq!(tenant.ledger().requests, before);
    database.execute_batch("ROLLBACK").expect("it can be unlocked");
    bench.sortie(&["send", "blank-push", "--serial", &serial(0)]).expect(0);
}

#[test]
fn a_run_that_another_process_drives_is_left_alone() {
    let tenant = macs(2);
    let bench = Bench::at(&tenant);
    tenant.script(FaultMatcher::action("restart"), canned(401, "", FaultMoment::BeforeApplying));
    let job = job_of(&bench, "restart", 2);
    bench.sortie(&["run", &job, "--confirm", "2", "--wait", "0", "-j", "1"]).expect(3);
    let run = bench.latest_run();
    let path = bench.path("state").join("runs").join(format!("{run}.lock"));
    let lock = std::fs::OpenOptions::new().write(true).open(path).expect("the lock file");
    lock.lock().expect("it can be locked");
    let ran = bench.sortie(&["resume"]).expect(13);
    says(&ran, &[&run, "wait for the other process", "sortie watch --attach"]);
    let status = bench.sortie(&["status"]).expect(0);
    assert!(status.stdout.contains("running in another process now"), "{}", status.stdout);
    assert_eq!(writes(&tenant.ledger()), 1);
    lock.unlock().expect("it can be unlocked");
    bench.sortie(&["resume"]).expect(0);
    assert_eq!(tenant.ledger().count_all("restart"), 2);
}

#[test]
fn runs_that_begin_together_do_not_get_into_each_others_way() {
    let tenant = macs(24);
    let bench = Bench::at(&tenant);
    on_threads(0..24, |number| {
        let push = ["send", "blank-push", "--serial", &serial(number)];
        bench.sortie(&push).expect(0);
    });
    let runs = bench.sortie(&["runs", "--format", "json"]).expect(0);
    let runs: serde_json::Value = serde_json::from_str(&runs.stdout).expect("JSON");
    assert_eq!(runs.as_array().map(Vec::len), Some(24));
    assert_eq!(tenant.ledger().accepted.len(), 24);
    assert!(tenant.ledger().duplicates().is_empty());
}

#[test]
fn a_run_belongs_to_its_tenant() {
    let (tenant, other) = (macs(2), macs(2));
    let bench = Bench::at(&tenant);
    tenant.script(FaultMatcher::action("restart"), canned(401, "", FaultMoment::BeforeApplying));
    let job = job_of(&bench, "restart", 2);
    bench.sortie(&["run", &job, "--confirm", "2", "--wait", "0", "-j", "1"]).expect(3);
    let ran = bench.sortie(&["resume", "--base-url", &other.base_url()]).expect(2);
    says(&ran, &["the run is for", "nothing was sent"]);
    for arguments in [&["resume", "--concurrency", "64"][..], &["resume", "--wait", "1h"]] {
        bench.sortie(arguments).expect(2);
    }
    assert_eq!(other.ledger().requests, 0);
    bench.sortie(&["resume", "--concurrency", "1"]).expect(0);
    let simulated = Bench::offline();
    simulated.allow_many();
    let restart = ["send", "restart", "--platform", "Mac", "--simulate", "--wait", "1s"];
    let all_at_once = ["--confirm", "28", "--waves", "100%"];
    simulated.sortie(&[&restart[..], &all_at_once].concat()).expect(10);
    for named in [&["resume"][..], &["resume", &simulated.latest_run()]] {
        let ran = simulated.sortie(named).expect(2);
        says(&ran, &["simulated tenant", "sortie simulate"]);
    }
    says(&Bench::at(&tenant).sortie(&["resume"]).expect(2), &["no runs yet"]);
}

#[test]
fn a_tenant_that_counts_seconds_is_obeyed() {
    let switches =
        Switches { limit_per_second: 5, push_ms: 1..=5, run_ms: 1..=5, ..Switches::default() };
    let mut world = crate::harness::world(switches, Faults::default());
    add_macs(&mut world, 12);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench.allow_many();
    let job = job_of(&bench, "restart", 12);
    bench.sortie(&["run", &job, "--confirm", "12", "--wait", "0", "--per-second", "50"]).expect(0);
    assert!(tenant.ledger().by_status.contains_key(&429));
    assert_eq!(tenant.ledger().count_all("restart"), 12);
    assert!(tenant.ledger().duplicates().is_empty());
}
