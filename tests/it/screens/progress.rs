//! Progress on a terminal, in a log and for programs, and the view of a run that another process drives.
//!
//! Owns a small terminal that plays what was drawn, so that what stays on it can be read. Must never depend on how far a run is
//! at a moment.

use std::process::Child;

use crate::fleet::{Fleet, end_of, says};
use crate::harness::{Bench, canned, eventually, serial};
use crate::pseudo_terminal::Terminal;
use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment};

/// What stands on a terminal after all that was written to it.
fn played(written: &str) -> Vec<String> {
    let mut lines: Vec<Vec<char>> = vec![Vec::new()];
    let (mut row, mut column) = (0, 0);
    let mut letters = written.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' => column = 0,
            '\n' => {
                row += 1;
                if row == lines.len() {
                    lines.push(Vec::new());
                }
            }
            '\u{1b}' => {
                assert_eq!(letters.next(), Some('['), "only such sequences are written");
                let mut digits = String::new();
                while let Some(digit) =
                    letters.next_if(|next| next.is_ascii_digit() || *next == ';')
                {
                    digits.push(digit);
                }
                match letters.next() {
                    Some('A') => row -= digits.parse::<usize>().expect("a number"),
                    Some('K') => lines[row].truncate(column),
                    Some('J') => {
                        lines[row].truncate(column);
                        lines.truncate(row + 1);
                    }
                    Some('m') => {}
                    other => panic!("an unknown sequence: {other:?}"),
                }
            }
            letter => {
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = letter;
                column += 1;
            }
        }
    }
    lines.into_iter().map(|line| line.into_iter().collect()).collect()
}

/// No line of the view is as wide as its terminal.
#[track_caller]
fn fits(written: &str, columns: usize) {
    let view = ["Ctrl-C    ", "  SENT", "  [", "  quota ", "  pace "];
    let lines = console::strip_ansi_codes(written).replace("\r\n", "\n");
    for line in lines.lines().filter(|line| view.iter().any(|label| line.contains(label))) {
        let width = console::measure_text_width(line);
        assert!(width < columns, "{width} columns on {columns}: {line}");
    }
}

/// A run that takes some seconds, whose second device is refused.
fn slow_run() -> (Fleet, [String; 6]) {
    let fleet = Fleet::of(DeviceKind::IPad, 40);
    let no = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action_on("blank-push", &fleet.ids[1]), no);
    let job = fleet.job("blank-push", 0..40);
    let run = ["run", &job, "--per-second", "5", "--max-errors", "50%"].map(str::to_owned);
    (fleet, run)
}

fn words(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[test]
fn the_live_view_fits_and_leaves_only_what_is_to_stay() {
    let (fleet, run) = slow_run();
    let terminal = Terminal::sized(&fleet.bench, 80, &words(&run));
    terminal.shows("stop sending and wait for answers; twice: leave at once");
    terminal.shows("refused ");
    let drawn = terminal.screen().len();
    terminal.resize(50);
    terminal.shows(" left at ");
    let ran = terminal.ends().expect(7);
    fits(&ran.stdout, 80);
    // The first drawing after the change may still have been under way.
    let after = &ran.stdout[drawn..];
    let settled = after.match_indices("Ctrl-C").nth(2).map(|(at, _)| at).expect("it goes on");
    fits(&after[settled..], 50);
    let left = played(&ran.stdout).join("\n");
    for gone in ["Ctrl-C", "NOT SENT", "requests left this hour"] {
        assert!(!left.contains(gone), "'{gone}' is left behind:\n{left}");
    }
    assert!(left.contains("reports/blank-push-40-"), "{left}");
}

#[test]
fn a_log_gets_lines_with_times_and_each_failure_and_no_drawing() {
    for form in [&["--progress", "plain"][..], &["--progress", "bar"], &[]] {
        let (fleet, run) = slow_run();
        let ran = fleet.bench.sortie(&[&words(&run)[..], form].concat()).expect(7);
        assert!(!ran.stderr.contains('\u{1b}') && !ran.stderr.contains("Ctrl-C"), "{}", ran.stderr);
        let failure = format!("Z refused: {} blank-push: ", serial(1));
        let line = ran.stderr.lines().find(|line| line.contains(&failure)).expect("it is told");
        assert!(line.starts_with("20") && line.as_bytes()[10] == b'T', "{line}");
    }
    let (fleet, run) = slow_run();
    let quiet = fleet.bench.sortie(&[&words(&run)[..], &["-q"]].concat()).expect(7);
    assert!(!quiet.stderr.contains("refused: "), "{}", quiet.stderr);
}

#[test]
fn programs_get_one_object_a_line_from_begin_to_end() {
    let (fleet, run) = slow_run();
    let ran = fleet.bench.sortie(&[&words(&run)[..], &["--progress", "json"]].concat()).expect(7);
    let lines: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let id = fleet.bench.latest_run();
    for line in &lines {
        assert_eq!((&line["version"], &line["run_id"]), (&1.into(), &id.as_str().into()), "{line}");
        assert!(line["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{line}");
    }
    let events: Vec<&str> = lines.iter().filter_map(|line| line["event"].as_str()).collect();
    assert_eq!((events.first(), events.last()), (Some(&"begin"), Some(&"end")));
    let count = |event: &str| events.iter().filter(|it| **it == event).count();
    assert_eq!((count("begin"), count("end"), count("reported"), count("intent")), (1, 1, 1, 40));
    // At 5 a second the run takes 8 seconds.
    assert!((2..=20).contains(&count("counts")), "{events:?}");
    let (begin, end) = (&lines[0], &lines[lines.len() - 1]);
    assert_eq!((&begin["tasks"], &begin["quota_per_hour"]), (&40.into(), &7_500.into()), "{begin}");
    for (key, value) in [("exit_code", 7), ("sent", 40), ("ok", 39), ("failed", 1), ("not_sent", 0)]
    {
        assert_eq!(end[key], value, "{end}");
    }
}

/// Starts the slow run and waits until something was sent.
fn driven() -> (Fleet, Child) {
    let (fleet, run) = slow_run();
    let child = fleet.spawn(&words(&run));
    eventually("something is sent", || fleet.writes() > 0);
    (fleet, child)
}

#[test]
fn attaching_to_a_run_shows_it_and_ctrl_c_leaves_only_the_view() {
    let (fleet, child) = driven();
    let mut terminal = Terminal::sized(&fleet.bench, 80, &["watch", "--attach"]);
    terminal.shows("leave this view; the run continues");
    terminal.types("\u{3}");
    let ran = terminal.ends().expect(130);
    let left = played(&ran.stdout).join("\n");
    assert!(left.contains("you left the view; run "), "{left}");
    assert!(!left.contains("NOT SENT"), "{left}");
    // The run is as if nobody had looked.
    end_of(child).expect(7);
    assert_eq!(fleet.reached("blank-push").iter().sum::<u32>(), 39);
    fleet.bench.sortie(&["audit", "latest"]).expect(0);
}

#[test]
fn a_status_that_watches_ends_with_the_process_and_its_summary() {
    let (fleet, child) = driven();
    let ran = fleet.bench.sortie(&["status", "--watch"]).expect(0);
    says(&ran, &["the process has left run", &serial(1)]);
    let failures = ran.stderr.lines().filter(|line| line.contains("refused: ")).count();
    assert!(failures <= 1, "{}", ran.stderr);
    end_of(child).expect(7);
}

/// Every file below the state directory with its content, but for those that SQLite makes beside a database that is read.
fn content(bench: &Bench) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut directories = vec![bench.path("state")];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("it is there") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true => directories.push(path),
                false if path.to_string_lossy().ends_with("-wal") => {}
                false if path.to_string_lossy().ends_with("-shm") => {}
                false => files.push((path.clone(), std::fs::read(path).expect("it can be read"))),
            }
        }
    }
    files.sort();
    files
}

#[test]
fn a_run_that_no_process_drives_is_shown_once_and_not_changed() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let no = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action("restart"), no);
    let job = fleet.job("restart", 0..3);
    fleet.run(&job, "3", &["-j", "1", "--max-errors", "0"]).expect(9);
    let before = content(&fleet.bench);
    for arguments in [&["watch", "--attach"][..], &["status", "--watch"]] {
        let ran = fleet.bench.sortie(arguments).expect(0);
        says(&ran, &["no process is running", "sortie resume"]);
    }
    let changed = |(path, bytes): &(std::path::PathBuf, Vec<u8>)| {
        before.iter().all(|(old, content)| (old, content) != (path, bytes))
    };
    let changed: Vec<std::path::PathBuf> =
        content(&fleet.bench).into_iter().filter(changed).map(|(path, _)| path).collect();
    assert_eq!(changed, Vec::<std::path::PathBuf>::new(), "looking writes nothing");
}
