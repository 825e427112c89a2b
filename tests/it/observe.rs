//! The log file and the file of metrics, as the programs around sortie meet them.
//!
//! Owns a strict reader of the text format of Prometheus, and the search for secrets in both files at the most verbose filter.
//! Must never accept a line that the collector would refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use sortie::model::{Outcome, OutcomeCounts, UnixMillis};
use sortie::report::{JobMetrics, RunMetrics, metrics_text};
use sortie::simulator::{CommandEnd, DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults};

use crate::fleet::Fleet;
use crate::harness::{
    Bench, Ran, Tenant, add, canned, canned_with, eventually, prompt_world, serial,
};
use crate::pseudo_terminal::Terminal;
use crate::secrets::{has_number, is_time_of_day};

/// The series of a file: name and labels with the value.
type Series = BTreeMap<(String, BTreeMap<String, String>), f64>;

/// Reads the text format as strictly as it is defined, and as the textfile collector takes it: no moments, one block for each
/// metric, every series once, a line break at the end.
fn parse(text: &str) -> Result<Series, String> {
    let mut series = Series::new();
    let mut typed: BTreeSet<String> = BTreeSet::new();
    let (mut helped, mut current) = (String::new(), String::new());
    if !text.ends_with('\n') {
        return Err("no line break at the end".to_owned());
    }
    for line in text.lines() {
        let wrong = |why: &str| format!("{why}: {line}");
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or_else(|| wrong("no help"))?;
            if !is_name(name) || help.is_empty() || !typed.insert(format!("help {name}")) {
                return Err(wrong("help"));
            }
            name.clone_into(&mut helped);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or_else(|| wrong("no type"))?;
            // A gauge must not be called like a counter.
            if name != helped || kind != "gauge" || name.ends_with("_total") {
                return Err(wrong("type"));
            }
            if !typed.insert(name.to_owned()) {
                return Err(wrong("typed twice"));
            }
            name.clone_into(&mut current);
        } else {
            let (name, labels, value) = sample(line).ok_or_else(|| wrong("no sample"))?;
            if name != current {
                return Err(wrong("outside of its block"));
            }
            if series.insert((name, labels), value).is_some() {
                return Err(wrong("twice"));
            }
        }
    }
    Ok(series)
}

fn is_name(name: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    !name.is_empty()
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.chars().all(is_letter)
}

/// Name, labels and value of a line. A moment after the value is refused.
fn sample(line: &str) -> Option<(String, BTreeMap<String, String>, f64)> {
    let (name, mut rest) = line.split_once('{')?;
    let mut labels = BTreeMap::new();
    loop {
        let (label, after) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut letters = after.char_indices();
        let end = loop {
            match letters.next()? {
                (at, '"') => break at,
                (_, '\\') => value.push(match letters.next()?.1 {
                    'n' => '\n',
                    letter @ ('"' | '\\') => letter,
                    _ => return None,
                }),
                (_, letter) => value.push(letter),
            }
        };
        if !is_name(label) || labels.insert(label.to_owned(), value).is_some() {
            return None;
        }
        rest = &after[end + 1..];
        match rest.strip_prefix(',') {
            Some(more) => rest = more,
            None => break,
        }
    }
    let value = rest.strip_prefix("} ")?;
    let is_number = value.chars().all(|letter| letter.is_ascii_digit() || letter == '.');
    (is_name(name) && is_number).then_some((name.to_owned(), labels, value.parse().ok()?))
}

fn label(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// The value of the only series of this name with this label.
#[track_caller]
fn value(series: &Series, name: &str, more: Option<(&str, &str)>) -> Option<f64> {
    let more = more.map(|(name, value)| label(name, value));
    let fits = |(known, labels): &(String, BTreeMap<String, String>)| {
        known == name && more.as_ref().is_none_or(|(name, value)| labels.get(name) == Some(value))
    };
    let found: Vec<f64> =
        series.iter().filter(|(key, _)| fits(key)).map(|(_, value)| *value).collect();
    assert!(found.len() < 2, "{name}: {found:?}");
    found.first().copied()
}

#[track_caller]
fn metrics_at(path: &Path) -> Series {
    let text = std::fs::read_to_string(path).expect("the file of metrics is there");
    parse(&text).unwrap_or_else(|why| panic!("{why}\n{text}"))
}

#[test]
fn the_metrics_parser_refuses_what_the_collector_refuses() {
    let block = "# HELP a b\n# TYPE a gauge\n";
    assert_eq!(parse(&format!("{block}a{{job=\"x\\\\\\n\\\"\"}} 1.5\n")).map(|it| it.len()), Ok(1));
    for wrong in [
        format!("{block}a{{job=\"x\"}} 1"),
        format!("{block}a{{job=\"x\"}} 1 1796000000000\n"),
        format!("{block}a{{job=\"x\"}} 1\na{{job=\"x\"}} 2\n"),
        format!("{block}a{{job=\"x\",job=\"y\"}} 1\n"),
        format!("{block}a{{job=\"\\x\"}} 1\n"),
        format!("{block}b{{job=\"x\"}} 1\n"),
        format!("{block}{block}"),
        "a{job=\"x\"} 1\n".to_owned(),
        "# HELP a_total b\n# TYPE a_total gauge\n".to_owned(),
        format!("{block}a{{0=\"x\"}} 1\n"),
        format!("{block}a{{job=\"x\"}} none\n"),
        format!("{block}\n"),
    ] {
        assert!(parse(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn every_metric_is_valid_and_every_outcome_is_there() {
    let mut counts = OutcomeCounts::default();
    Outcome::ALL.into_iter().for_each(|outcome| counts.add(outcome));
    let evil = "a\"} 1\nsortie_run_tasks{job=\"b\\";
    let metrics = JobMetrics {
        job: evil.to_owned(),
        tenant: "acme".to_owned(),
        exit_code: Some(11),
        ended_at: Some(UnixMillis(1_796_000_000_123)),
        succeeded_at: Some(UnixMillis(0)),
        run: Some(RunMetrics {
            counts,
            requests: [("send".to_owned(), 8), ("follow".to_owned(), 4)].into(),
            quota: Some((12, 8_000)),
            ..RunMetrics::default()
        }),
    };
    let series = parse(&metrics_text(&metrics)).expect("valid");
    for (name, labels) in series.keys() {
        assert_eq!(labels["job"], evil, "{name}");
        assert_eq!(labels["tenant"], "acme");
    }
    for outcome in Outcome::ALL {
        let more = Some(("outcome", outcome.word()));
        assert_eq!(value(&series, "sortie_run_tasks", more), Some(1.0), "{outcome}");
    }
    assert_eq!(value(&series, "sortie_last_success_timestamp_seconds", None), Some(0.0));
    assert_eq!(value(&series, "sortie_last_end_timestamp_seconds", None), Some(1_796_000_000.123));
    assert_eq!(value(&series, "sortie_run_active", None), Some(1.0));
    assert_eq!(value(&series, "sortie_run_end_timestamp_seconds", None), None);
    // A command that was refused before anything was known says so all the same.
    let refused = JobMetrics { exit_code: Some(2), job: "lab".to_owned(), ..JobMetrics::default() };
    let series = parse(&metrics_text(&refused)).expect("valid");
    assert_eq!(series.len(), 1);
    assert_eq!(value(&series, "sortie_last_exit_code", None), Some(2.0));
}

/// A request that is turned away has done nothing.
const BEFORE: FaultMoment = FaultMoment::BeforeApplying;

/// A tenant of three Macs and a bench with a job that restarts them.
fn lab() -> (Tenant, Bench) {
    let mut world = prompt_world(Faults::default());
    (0..3).for_each(|number| drop(add(&mut world, DeviceKind::MacIntel, &serial(number))));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let rows: Vec<String> = (0..3).map(|number| format!("{},restart", serial(number))).collect();
    bench.job("lab.csv", "serial_number,action", &rows);
    (tenant, bench)
}

const RUN: [&str; 6] = ["run", "lab.csv", "--confirm", "3", "--wait", "10s"];

#[test]
fn metrics_show_success_failure_and_refusal_of_a_job() {
    let (tenant, bench) = lab();
    let flags = ["--metrics-file", "m/sortie-{job}.prom"];
    std::fs::create_dir(bench.path("m")).expect("made");
    let file = bench.path("m/sortie-lab.prom");
    // A 429 comes first: it is counted, and the task is sent again.
    let headers =
        vec![("Retry-After", "1".to_owned()), ("Content-Type", "application/json".to_owned())];
    let later = canned_with(429, headers, b"{\"detail\":\"slow down\"}", BEFORE);
    tenant.script(FaultMatcher::action("restart"), later);
    bench.sortie(&[&RUN[..], &flags].concat()).expect(0);
    let good = metrics_at(&file);
    let of = |series: &Series, name: &str| value(series, name, None);
    let outcome =
        |series: &Series, word: &str| value(series, "sortie_run_tasks", Some(("outcome", word)));
    assert_eq!(of(&good, "sortie_last_exit_code"), Some(0.0));
    assert_eq!((outcome(&good, "completed"), outcome(&good, "in_doubt")), (Some(3.0), Some(0.0)));
    assert_eq!(of(&good, "sortie_run_rate_limited_requests"), Some(1.0));
    assert!(of(&good, "sortie_run_pauses") >= Some(1.0));
    assert_eq!(of(&good, "sortie_run_active"), Some(0.0));
    assert_eq!(of(&good, "sortie_run_pins_missing"), Some(0.0));
    assert_eq!(value(&good, "sortie_run_requests", Some(("kind", "action"))), Some(4.0));
    assert!(of(&good, "sortie_quota_used_requests") >= Some(4.0));
    let succeeded = of(&good, "sortie_last_success_timestamp_seconds").expect("it is there");
    let ended = of(&good, "sortie_run_end_timestamp_seconds").expect("it is there");
    assert!((succeeded - ended).abs() < 5.0 && succeeded > 1.7e9, "{succeeded} {ended}");
    // A run that fails keeps the moment of the last success.
    tenant.script(FaultMatcher::action("restart"), canned(400, "\"no\"", BEFORE));
    bench.sortie(&[&RUN[..], &flags].concat()).expect(7);
    let failed = metrics_at(&file);
    assert_eq!(of(&failed, "sortie_last_exit_code"), Some(7.0));
    assert_eq!(outcome(&failed, "refused"), Some(1.0));
    assert_eq!(of(&failed, "sortie_last_success_timestamp_seconds"), Some(succeeded));
    // A job that is refused is seen, beside what its latest run left.
    bench.write("state/STOP", "");
    bench.sortie(&[&RUN[..], &flags].concat()).expect(9);
    let refused = metrics_at(&file);
    assert_eq!(of(&refused, "sortie_last_exit_code"), Some(9.0));
    assert_eq!(outcome(&refused, "refused"), Some(1.0));
    assert_eq!(of(&refused, "sortie_last_success_timestamp_seconds"), Some(succeeded));
    // So is one whose file cannot be read as a job.
    bench.write("lab.csv", "serial_number,action\nC02,wipe\n");
    bench.sortie(&[&RUN[..], &flags].concat()).expect(2);
    assert_eq!(of(&metrics_at(&file), "sortie_last_exit_code"), Some(2.0));
    let names = std::fs::read_dir(bench.path("m")).expect("a directory").count();
    assert_eq!(names, 1, "no leftovers, and one file for the job");
}

#[test]
fn a_metrics_file_never_changes_the_exit_code() {
    let (_tenant, bench) = lab();
    let ran = bench.sortie(&[&RUN[..], &["--metrics-file", "no/such/m.prom"]].concat()).expect(0);
    let warnings = ran.stderr.matches("cannot write the metrics file").count();
    assert_eq!(warnings, 1, "{}", ran.stderr);
    let ran = bench.sortie(&[&RUN[..], &["--metrics-file", "m.txt"]].concat()).expect(2);
    assert!(ran.stderr.contains("has no name that ends in .prom"), "{}", ran.stderr);
    assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
}

#[test]
fn a_job_names_its_metrics_file_for_later_commands_too() {
    let (tenant, bench) = lab();
    let job = "version: 1\nname: nightly\nmetrics_file: nightly.prom\naction: restart\n\
               targets: {all: true}\n";
    bench.write("nightly.yaml", job);
    let file = bench.path("nightly.prom");
    bench.sortie(&["run", "nightly.yaml", "--dry-run"]).expect(0);
    bench.sortie(&["plan", "nightly.yaml", "--out", "nightly.plan"]).expect(0);
    let simulated = ["run", "nightly.yaml", "--simulate", "--confirm", "1", "--wait", "0"];
    bench.sortie(&simulated);
    assert!(!file.exists(), "a trial, a plan and a dry run write none");
    // The plan keeps it, and so does the run that is watched later.
    bench.sortie(&["run", "nightly.plan", "--confirm", "3"]).expect(0);
    let series = metrics_at(&file);
    assert!(series.keys().all(|(_, labels)| labels["job"] == "nightly"));
    assert_eq!(value(&series, "sortie_last_exit_code", None), Some(0.0));
    // Devices that sleep: the run ends while their commands are pending.
    tenant.with_world(|world| world.switches_mut().push_ms = 3_600_000..=3_600_000);
    bench.sortie(&["run", "nightly.yaml", "--confirm", "3", "--wait", "1s"]).expect(10);
    assert_eq!(value(&metrics_at(&file), "sortie_last_exit_code", None), Some(10.0));
    std::fs::remove_file(&file).expect("removed");
    bench.sortie(&["watch", "--once"]).expect(10);
    let series = metrics_at(&file);
    assert_eq!(value(&series, "sortie_last_exit_code", None), Some(10.0));
    let pending = value(&series, "sortie_run_tasks", Some(("outcome", "pending")));
    assert_eq!(pending, Some(3.0));
}

#[test]
fn a_doubt_that_a_person_settles_leaves_the_metrics() {
    let (tenant, bench) = lab();
    let file = bench.path("lab.prom");
    tenant.script(FaultMatcher::action("restart"), FaultKind::CloseBefore);
    let in_doubt =
        |series: &Series| value(series, "sortie_run_tasks", Some(("outcome", "in_doubt")));
    bench.sortie(&[&RUN[..], &["--metrics-file", "lab.prom"]].concat()).expect(11);
    let series = metrics_at(&file);
    assert_eq!(value(&series, "sortie_last_exit_code", None), Some(11.0));
    assert_eq!(in_doubt(&series), Some(1.0));
    bench.sortie(&["resolve", "--as", "done", "--all", "--yes"]).expect(0);
    let series = metrics_at(&file);
    assert_eq!(
        (in_doubt(&series), value(&series, "sortie_last_exit_code", None)),
        (Some(0.0), None)
    );
    assert_eq!(value(&series, "sortie_run_active", None), Some(0.0));
    // A run that does not exist belongs to no job, and changes no file.
    let before = std::fs::read(&file).expect("it is there");
    bench.sortie(&["resume", "no-such-run", "--metrics-file", "lab.prom"]).expect(2);
    assert_eq!(std::fs::read(&file).expect("it is there"), before);
}

/// Everything that the log says of a lock with PINs and a token, at every target's most verbose level.
const ALL: &str = "trace,transport=trace";
/// A PIN of a job.
const PIN: &str = "730291";

#[test]
fn no_log_line_holds_a_secret_at_the_most_verbose_filter() {
    let mut world = prompt_world(Faults::default());
    world.switches_mut().erase_returns_pin = true;
    (0..3).for_each(|number| drop(add(&mut world, DeviceKind::MacIntel, &serial(number))));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let rows = [
        format!("{},lock,", serial(0)),
        format!("{},erase,{PIN}", serial(1)),
        format!("{},lock,", serial(2)),
    ];
    bench.job("job.csv", "serial_number,action,PIN", &rows);
    let no = canned(400, &format!("\"the PIN {PIN} is no good\""), BEFORE);
    tenant.script(FaultMatcher::action("lock"), no);
    tenant.script(FaultMatcher::action("erase"), FaultKind::Truncate);
    let run = |format: &str, arguments: &[&str]| {
        let mut command = bench.command();
        let log = ["--log-file", "sortie.log", "--log-format", format, "--log-level", ALL];
        command.args(arguments).args(log).env("RUST_LOG", "trace");
        Ran::of(command.output().expect("it starts"))
    };
    let phrase = "ERASE 1 AND LOCK 2 ON 127.0.0.1";
    let arguments = ["run", "job.csv", "--secrets-elsewhere", "--confirm", phrase];
    run("text", &[&arguments[..], &["--max-errors", "100%", "--wait", "0"]].concat()).expect(7);
    run("json", &["resume"]).expect(0);
    run("json", &["pins", "--all"]);
    run("text", &["status"]).expect(0);
    let log = std::fs::read_to_string(bench.path("sortie.log")).expect("a log");
    for said in ["POST", "/action/lock", "status=400", "run entered", "exit_code=7", "plan made"] {
        assert!(log.contains(said), "{said}:\n{log}");
    }
    let issued = tenant.ledger().accepted.into_iter().filter_map(|accepted| accepted.pin);
    let pins: Vec<String> = issued.filter(|pin| !is_time_of_day(pin)).chain([PIN.into()]).collect();
    assert!(pins.len() > 1, "the tenant issued PINs");
    let finds = |log: &str| {
        log.contains(&tenant.token()) || pins.iter().any(|pin| has_number(log.as_bytes(), pin))
    };
    assert!(!finds(&log), "{log}");
    // The search finds what is planted.
    assert!(finds(&format!("{log}PIN {PIN}\n")) && finds(&format!("{log}{}", tenant.token())));
}

#[test]
fn a_log_in_json_has_one_object_a_line() {
    let (_tenant, bench) = lab();
    let log = ["--log-file", "l.json", "--log-format", "json", "--log-level", "debug"];
    bench.sortie(&[&RUN[..], &log].concat()).expect(0);
    bench.sortie(&[&["status", "no-such-run"][..], &log].concat()).expect(2);
    let text = std::fs::read_to_string(bench.path("l.json")).expect("a log");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let with = |message: &str| {
        let of = |line: &&serde_json::Value| line["message"] == message;
        lines.iter().filter(of).collect::<Vec<_>>()
    };
    assert_eq!(with("command began").len(), 2);
    let ends = with("command ended");
    assert_eq!((&ends[0]["exit_code"], &ends[1]["exit_code"]), (&0.into(), &2.into()));
    assert_eq!(with("run entered").len(), 1);
    let (requests, answers) = (with("request"), with("answer"));
    assert!(requests.len() >= 6 && requests.len() == answers.len(), "{text}");
    let restarts = requests.iter().filter(|line| line["method"] == "POST");
    assert!(restarts.clone().all(|line| line["attempt"] == 1), "{text}");
    assert_eq!(restarts.count(), 3);
    assert!(answers.iter().all(|line| line["status"].is_u64() && line["ms"].is_i64()), "{text}");
    assert_eq!(with("error").len(), 1);
    for line in &lines {
        let at = line["at"].as_str().and_then(UnixMillis::parse);
        assert!(at.is_some() && line["pid"].is_u64() && line["level"].is_string(), "{line}");
    }
}

#[test]
fn a_log_that_cannot_be_written_is_a_warning() {
    let (_tenant, bench) = lab();
    let ran = bench.sortie(&[&RUN[..], &["--log-file", "no/such/l.log"]].concat()).expect(0);
    assert_eq!(ran.stderr.matches("cannot write the log file").count(), 1, "{}", ran.stderr);
    for (flags, what) in [
        (["--log-level", "loud"], "log level 'loud': 'loud' is not valid"),
        (["--log-level", "info,hyper=trace"], "'hyper=trace' is not valid"),
        (["--log-format", "xml"], "--log-format: 'xml' is not one of text, json"),
    ] {
        let ran = bench.sortie(&[&["runs"][..], &flags].concat()).expect(2);
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
    }
    for (variable, value, what) in [
        ("SORTIE_LOG_FORMAT", "xml", "SORTIE_LOG_FORMAT: 'xml' is not one of text, json"),
        ("SORTIE_LOG_LEVEL", "loud", "SORTIE_LOG_LEVEL: log level 'loud'"),
        ("SORTIE_TIMEOUT", "soon", "SORTIE_TIMEOUT: 'soon' is not a duration"),
    ] {
        let mut command = bench.command();
        command.args(["devices"]).env(variable, value);
        let ran = Ran::of(command.output().expect("it starts")).expect(2);
        assert!(ran.stderr.contains(what), "{}", ran.stderr);
        assert!(!ran.stderr.contains("--log-"), "{}", ran.stderr);
    }
}

#[test]
fn the_log_has_every_problem_of_a_job_and_no_pin() {
    let bench = Bench::offline();
    bench.write(
        "odd.csv",
        &format!("serial_number,action,PIN,message\nC02,blank-push,,hello\nC03,lock,{PIN}77,\n"),
    );
    bench.sortie(&["check", "odd.csv", "--log-file", "l.log"]).expect(2);
    let log = std::fs::read_to_string(bench.path("l.log")).expect("a log");
    let problems = log.lines().filter(|line| line.contains("ERROR sortie::notice problem"));
    assert!(problems.clone().any(|line| line.contains("odd.csv:2:")), "{log}");
    assert!(problems.count() >= 2 && !log.contains(PIN), "{log}");
}

#[test]
fn a_start_beside_an_active_run_leaves_its_metrics() {
    let fleet = Fleet::with(DeviceKind::MacAppleSilicon, 1, |_, device| {
        device.command_end = CommandEnd::NeverEnds;
    });
    let job = fleet.job("daily-checkin", 0..1);
    let file = fleet.bench.path("m.prom");
    let flags = ["run", &*job, "--metrics-file", "m.prom"];
    let mut first = fleet.bench.command();
    first.args(flags).args(["--wait", "60s"]);
    first.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut first = first.spawn().expect("it starts");
    eventually("the first run", || file.exists() && fleet.reached("daily-checkin") == [1]);
    for (more, code) in [(&["--if-running", "skip", "-q"][..], 0), (&[], 13)] {
        fleet.bench.sortie(&[&flags[..], more].concat()).expect(code);
        let series = metrics_at(&file);
        assert_eq!(value(&series, "sortie_run_active", None), Some(1.0));
        assert_eq!(value(&series, "sortie_last_exit_code", None), None, "of an active run");
    }
    let pid = first.id().to_string();
    let asked = std::process::Command::new("kill").args(["-TERM", &pid]).status();
    assert!(asked.expect("it starts").success());
    first.wait().expect("it ends");
    let series = metrics_at(&file);
    assert_eq!(value(&series, "sortie_run_active", None), Some(0.0));
    assert!(value(&series, "sortie_last_exit_code", None).is_some(), "its own end is there");
}

#[test]
fn a_profile_names_the_log_and_a_flag_outranks_it() {
    let bench = Bench::offline();
    bench.write(
        "config.toml",
        "default_profile = \"acme\"\n[profile.acme]\nlog_file = \"of-profile.log\"\nlog_format = \"json\"\n",
    );
    let run = |flags: &[&str]| {
        bench.sortie(&[&["actions", "lock", "--config", "config.toml"][..], flags].concat())
    };
    run(&[]).expect(0);
    run(&["--log-file", "of-flag.log", "--log-level", "off"]).expect(0);
    let text = std::fs::read_to_string(bench.path("of-profile.log")).expect("a log");
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.starts_with("{\"at\":\""), "{text}");
    assert_eq!(std::fs::read_to_string(bench.path("of-flag.log")).expect("a log"), "");
}

#[test]
fn processes_that_share_a_log_tear_no_line() {
    let bench = Bench::offline();
    let start = |_| {
        let mut command = bench.command();
        command.args(["actions", "lock", "--log-file", "shared.log", "--log-format", "json"]);
        command.stdout(std::process::Stdio::null()).spawn().expect("it starts")
    };
    let children: Vec<_> = (0..8).map(start).collect();
    for mut child in children {
        assert!(child.wait().expect("it ends").success());
    }
    let text = std::fs::read_to_string(bench.path("shared.log")).expect("a log");
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a whole line")).collect();
    assert_eq!(lines.len(), 16);
    let processes: BTreeSet<u64> = lines.iter().filter_map(|line| line["pid"].as_u64()).collect();
    assert_eq!(processes.len(), 8);
}

#[test]
fn the_live_view_shows_nothing_of_the_log() {
    let (_tenant, bench) = lab();
    let log = ["--log-file", "l.log", "--log-level", "trace"];
    let ran = Terminal::sized(&bench, 100, &[&RUN[..], &log].concat()).ends().expect(0);
    let text = std::fs::read_to_string(bench.path("l.log")).expect("a log");
    assert!(text.contains("sortie::transport request") && text.contains("run begins"), "{text}");
    assert!(!ran.stdout.contains("sortie::"), "{}", ran.stdout);
    assert!(ran.stdout.contains("3 tasks in"), "{}", ran.stdout);
}
