//! Data for programs: which command prints which form, and the shapes of its JSON.
//!
//! Owns a list of one command line for every command. A command without one fails, so none is forgotten. Must never compare
//! values, which differ between runs: a snapshot holds the fields and their types.

use serde_json::Value;
use sortie::simulator::{DeviceKind, FaultMatcher};
use std::collections::{BTreeMap, BTreeSet};

use crate::fleet::Fleet;
use crate::harness::{Bench, serial};
use crate::snapshots::{commands_of_help, compare_text};

/// What a command prints with `--format json`.
#[derive(Copy, Clone, PartialEq)]
enum Form {
    /// One value.
    Value,
    /// One object a line.
    Lines,
    /// Nothing: it is refused.
    Refused,
}

/// The listings whose fields `--json` picks, each with two of its fields.
const LISTINGS: [(&[&str], [&str; 2]); 10] = [
    (&["actions"], ["name", "risk"]),
    (&["settings"], ["setting", "value"]),
    (&["runs"], ["id", "state"]),
    (&["status", "latest", "--devices"], ["serial_number", "outcome"]),
    (&["history", "DEVICE"], ["at", "action"]),
    (&["audit"], ["at", "kind"]),
    (&["devices"], ["serial_number", "last_check_in"]),
    (&["commands", "DEVICE"], ["command", "status"]),
    (&["doctor"], ["check", "result"]),
    (&["profiles", "--config", "config.toml"], ["name", "address"]),
];

/// A tenant, and a host with a run that ended, one with a task in doubt, and a plan that is to be approved.
fn host() -> Fleet {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 3);
    let bench = &fleet.bench;
    bench.write("config.toml", "[profile.acme]\nsubdomain = \"acme\"\n");
    let place = format!("base_url = \"{}\"\ntoken_file = \"t\"\n", fleet.tenant.base_url());
    bench.write("named.toml", &format!("[profile.acme]\n{place}"));
    crate::fleet::set_mode(&bench.write("t", "unused\n"), 0o600);
    fleet.plan(&fleet.job("lock", 0..1), "lock.plan");
    crate::bypass::keys(bench, &["bob"], &["bob"]);
    let lock = ["send", "lock", "--serial", &serial(0), "--confirm", "1", "--wait", "10s"];
    bench.sortie(&lock).expect(0);
    fleet
}

/// One command line of each command, in this order, with the exit code and the form of its JSON.
fn command_lines(fleet: &Fleet) -> Vec<(Vec<String>, i32, Form)> {
    let (device, base_url) = (serial(0), fleet.tenant.base_url());
    let lines: Vec<(&[&str], i32, Form)> = vec![
        (&["doctor"], 0, Form::Value),
        (&["init", "other", "--config", "new.toml", "--base-url", "URL"], 0, Form::Value),
        (&["profiles", "--config", "config.toml"], 0, Form::Value),
        (&["token", "status", "acme", "--config", "named.toml"], 0, Form::Value),
        (&["actions"], 0, Form::Value),
        (&["settings"], 0, Form::Value),
        (&["schema", "job"], 0, Form::Value),
        (&["check", "restart.csv"], 0, Form::Value),
        (&["plan", "restart.csv", "--out", "restart.plan"], 0, Form::Value),
        (&["approve", "lock.plan", "--key", "bob", "--yes"], 0, Form::Value),
        (&["run", "restart.csv", "--confirm", "1", "--wait", "0", "--pending-ok"], 0, Form::Value),
        (
            &["send", "blank-push", "--serial", "DEVICE", "--wait", "0", "--pending-ok"],
            0,
            Form::Value,
        ),
        (&["watch", "latest", "--once"], 0, Form::Value),
        (&["resume", "latest"], 0, Form::Value),
        (&["retry", "latest", "--yes"], 0, Form::Value),
        (&["resolve", "latest"], 0, Form::Value),
        (&["close", "latest", "--yes"], 0, Form::Value),
        (&["runs"], 0, Form::Value),
        (&["status"], 0, Form::Value),
        (&["stats"], 0, Form::Value),
        (&["report"], 0, Form::Value),
        (&["history", "DEVICE"], 0, Form::Value),
        (&["audit"], 0, Form::Lines),
        (&["pins"], 0, Form::Value),
        (&["devices"], 0, Form::Value),
        (&["commands", "DEVICE"], 0, Form::Value),
        (&["prune", "--older-than", "0", "--yes"], 0, Form::Value),
        (&["repair-clock", "--yes"], 0, Form::Value),
        (&["version"], 0, Form::Value),
        (&["notify"], 0, Form::Value),
        (
            &["schedule", "push.csv", "--at", "hourly", "--emit", "cron", "--token-file", "token"],
            0,
            Form::Value,
        ),
        (&["simulate"], 2, Form::Refused),
        (&["completions", "bash"], 2, Form::Refused),
        (&["man", "--out", "man"], 0, Form::Value),
    ];
    let word = |word: &&str| match *word {
        "DEVICE" => device.clone(),
        "URL" => base_url.clone(),
        word => word.to_owned(),
    };
    lines
        .into_iter()
        .map(|(words, code, form)| (words.iter().map(word).collect(), code, form))
        .collect()
}

/// The fields of a value with their types, one a line. Elements of an array are one.
fn shape(value: &Value) -> String {
    let mut paths: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    add_paths(value, "", &mut paths);
    let line = |(path, types): (&String, &BTreeSet<&str>)| {
        format!("{path}: {}\n", types.iter().copied().collect::<Vec<_>>().join(" or "))
    };
    paths.iter().map(line).collect()
}

fn add_paths(value: &Value, path: &str, paths: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let mut add = |word| {
        let path = if path.is_empty() { "(whole)" } else { path };
        paths.entry(path.to_owned()).or_default().insert(word);
    };
    match value {
        Value::Null => add("null"),
        Value::Bool(_) => add("true or false"),
        Value::Number(_) => add("number"),
        Value::String(_) => add("text"),
        Value::Array(items) => {
            add("array");
            items.iter().for_each(|item| add_paths(item, &format!("{path}[]"), paths));
        }
        Value::Object(fields) => {
            add("object");
            let dot = if path.is_empty() { "" } else { "." };
            for (name, value) in fields {
                add_paths(value, &format!("{path}{dot}{name}"), paths);
            }
        }
    }
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn words(line: &[String]) -> Vec<&str> {
    line.iter().map(String::as_str).collect()
}

#[test]
fn every_command_prints_json_of_a_known_shape_or_refuses_it() {
    let fleet = host();
    let bench = &fleet.bench;
    bench.write("restart.csv", &format!("serial_number,action\n{},restart\n", serial(1)));
    bench.write("push.csv", &format!("serial_number,action\n{},blank-push\n", serial(1)));
    bench.write("token", "a-token-of-another-day");
    let lines = command_lines(&fleet);
    let tested: BTreeSet<String> = lines.iter().map(|(line, ..)| line[0].clone()).collect();
    assert_eq!(tested, commands_of_help(bench).into_iter().collect(), "one line a command");
    for (line, code, form) in lines {
        let line = words(&line);
        let ran = bench.sortie(&[&line[..], &["--format", "json"]].concat()).expect(code);
        let text = match form {
            Form::Value => shape(&read(&ran.stdout)),
            Form::Lines => {
                let objects: Vec<Value> = ran.stdout.lines().map(read).collect();
                let (last, others) = objects.split_last().expect("lines");
                format!("{}last line\n{}", shape(&Value::Array(others.to_vec())), shape(last))
            }
            Form::Refused => {
                assert_eq!(ran.stdout, "");
                read(&ran.stderr)["message"].as_str().expect("words").to_owned()
            }
        };
        compare_text(bench, &format!("json_{}", line[0]), &text, &[]);
    }
}

#[test]
fn every_command_prints_csv_or_refuses_it_before_it_acts() {
    let fleet = host();
    let bench = &fleet.bench;
    bench.write("restart.csv", &format!("serial_number,action\n{},restart\n", serial(1)));
    let sent = fleet.writes();
    for (line, ..) in command_lines(&fleet) {
        let line = words(&line);
        let csv = [&line[..], &["--format", "csv"]].concat();
        if matches!(line[0], "devices" | "history" | "pins") {
            assert!(bench.sortie(&csv).expect(0).stdout.contains("serial_number,"));
            continue;
        }
        let ran = bench.sortie(&csv).expect(2);
        assert_eq!(ran.stdout, "", "{line:?}");
        assert!(ran.stderr.contains("has no --format csv"), "{}", ran.stderr);
    }
    assert_eq!(fleet.writes(), sent);
    assert!(!bench.path("new.toml").exists() && !bench.path("restart.plan").exists());
}

#[test]
fn fields_of_listings_are_picked_listed_and_checked() {
    let fleet = host();
    let bench = &fleet.bench;
    let device = serial(0);
    for (line, fields) in LISTINGS {
        let line: Vec<&str> =
            line.iter().map(|word| if *word == "DEVICE" { &*device } else { word }).collect();
        let picked = fields.join(",");
        let ran = bench.sortie(&[&line[..], &["--json", &picked]].concat()).expect(0);
        let rows = read(&ran.stdout);
        let rows = rows.as_array().expect("an array");
        assert!(!rows.is_empty(), "{line:?}");
        for row in rows {
            let names: BTreeSet<&str> =
                row.as_object().expect("an object").keys().map(String::as_str).collect();
            assert_eq!(names, fields.into_iter().collect(), "{line:?}");
        }
        for (wrong, said) in
            [(&["--json"][..], "--json needs"), (&["--json", "nonsense"], "'nonsense'")]
        {
            let ran = bench.sortie(&[&line[..], wrong].concat()).expect(2);
            assert_eq!(ran.stdout, "", "{line:?}");
            for word in fields.iter().chain(&[said]) {
                assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
            }
        }
    }
    for line in [&["check", "x.csv", "--json", "job"][..], &["status", "--json", "run_id"]] {
        let ran = bench.sortie(line).expect(2);
        assert!(ran.stderr.contains("cannot pick"), "{}", ran.stderr);
    }
    let ran = bench.sortie(&["history", &device, "--json", "at", "--format", "csv"]).expect(2);
    assert!(ran.stderr.contains("another form"), "{}", ran.stderr);
    let one = bench.sortie(&["actions", "lock", "--json", "name"]).expect(0);
    assert_eq!(read(&one.stdout), serde_json::json!({ "name": "lock" }));
}

#[test]
fn a_run_that_does_not_end_well_prints_its_end_and_the_refusal() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let refused = crate::harness::canned(400, "{}", sortie::simulator::FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action_on("restart", &fleet.ids[0]), refused);
    let job = fleet.job("restart", 0..2);
    let run = ["run", &job, "--confirm", "2", "--wait", "0", "--format", "json"];
    let ran = fleet.bench.sortie(&run).expect(7);
    let end = read(&ran.stdout);
    assert_eq!((&end["exit_code"], &end["outcomes"]["refused"]), (&7.into(), &1.into()), "{end}");
    assert_eq!(end["run_id"], fleet.bench.latest_run());
    assert!(end["report_dir"].as_str().is_some_and(|path| path.contains("restart")), "{end}");
    let last = ran.stderr.lines().last().unwrap_or_default();
    assert_eq!(read(last)["exit_code"], 7, "{}", ran.stderr);
}

#[test]
fn listings_are_filtered_by_words_that_can_occur() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let bench: &Bench = &fleet.bench;
    for device in [0, 1] {
        bench.sortie(&["send", "blank-push", "--serial", &serial(device)]).expect(0);
    }
    let job = fleet.job("restart", 0..2);
    bench.sortie(&["run", &job, "--confirm", "2", "--wait", "0", "--pending-ok"]).expect(0);
    let latest = bench.latest_run();
    let count = |line: &[&str], field: &str| {
        let ran = bench.sortie(&[line, &["--json", field]].concat()).expect(0);
        read(&ran.stdout).as_array().expect("an array").len()
    };
    let device = serial(0);
    for (line, field, expected) in [
        (&["runs"][..], "id", 3),
        (&["runs", "--limit", "2"], "id", 2),
        (&["runs", "--job", "BLANK-PUSH"], "id", 2),
        (&["runs", "--state", "paused,closed"], "id", 0),
        (&["runs", "--since", "1h"], "id", 3),
        (&["runs", "--until", "1h"], "id", 0),
        (&["history", &device], "at", 2),
        (&["history", &device, "--limit", "1"], "at", 1),
        (&["history", &device, "--action", "restart"], "at", 1),
        (&["history", &device, "--run", &latest], "at", 1),
        (&["history", &device, "--job", "blank-push"], "at", 1),
        (&["history", &device, "--outcome", "failed,refused"], "at", 0),
        (&["audit"], "seq", 6),
        (&["audit", "--kind", "started"], "seq", 3),
        (&["audit", "--run", "latest"], "seq", 2),
        (&["audit", "--job", "blank-push", "--kind", "left"], "seq", 2),
        (&["audit", "--limit", "1"], "seq", 1),
        (&["audit", "--until", "1h"], "seq", 0),
    ] {
        assert_eq!(count(line, field), expected, "{line:?}");
    }
    for (line, words) in [
        (&["runs", "--state", "done"][..], &["open", "finished"][..]),
        (&["runs", "--limit", "0"], &["at least 1"]),
        (&["runs", "--since", "1h", "--until", "2h"], &["--until is not later"]),
        (&["history", &device, "--outcome", "broken"], &["completed", "in_doubt"]),
        (&["history", &device, "--action", "restrat"], &["restart", "sortie actions"]),
        (&["audit", "--kind", "begun"], &["started", "pins_shown"]),
        (&["audit", "latest", "--kind", "left"], &["--kind"]),
    ] {
        let ran = bench.sortie(line).expect(2);
        for word in words {
            assert!(ran.stderr.contains(word), "{word}: {}", ran.stderr);
        }
    }
    let newest = bench.sortie(&["runs", "--limit", "1", "--json", "id"]).expect(0).stdout;
    assert!(newest.contains(&latest), "{newest}");
}
