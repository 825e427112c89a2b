//! What reading a large journal costs: `audit`, `status` and the verification before a resume.

use std::path::Path;
use std::process::Command;

use sortie::journal::{
    Index, Provenance, RequestCounts, RunHeader, RunJournal, RunRow, RunState, StateDir,
};
use sortie::model::thousands;
use sortie::model::{
    Answer, Entry, Event, Outcome, Policy, ReportOptions, RunId, Task, TaskIndex, UnixMillis,
    Verdict,
};

use crate::Setup;
use crate::process::{Cost, run};
use crate::table::{median, print};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
/// Tasks whose entries are written in one transaction.
const TASKS_PER_COMMIT: usize = 1_000;
/// Tasks of the large runs; each has three entries.
const TASKS: [usize; 4] = [1_000, 10_000, 333_333, 1_000_000];
const RUNS: usize = 1_000;

/// Large journals, then many small ones.
pub fn measure(setup: &Setup) {
    let mut rows = Vec::new();
    for tasks in TASKS {
        let directory = tempfile::tempdir().expect("a directory");
        write_runs(directory.path(), 1, tasks);
        let mut cells = vec![thousands(3 * tasks as u64 + 1)];
        for command in [
            &["audit", "latest"][..],
            &["status", "latest"],
            &["stats", "latest"],
            &["resume", "latest", "--no-input"],
        ] {
            cells.push(cell(setup, directory.path(), command));
        }
        rows.push(cells);
    }
    print(&["entries", "audit", "status", "stats", "resume, with its reports"], &rows);
    let directory = tempfile::tempdir().expect("a directory");
    write_runs(directory.path(), RUNS, 10);
    println!(
        "\n`runs` of {}: {}",
        thousands(RUNS as u64),
        cell(setup, directory.path(), &["runs"])
    );
}

/// Seconds and memory of a command, the median of its runs.
fn cell(setup: &Setup, directory: &Path, command: &[&str]) -> String {
    let costs: Vec<Cost> = (0..setup.runs)
        .map(|_| {
            let mut program = Command::new(&setup.program);
            program.arg("--state-dir").arg(directory).args(command).current_dir(directory);
            program.env("SORTIE_BASE_URL", "http://127.0.0.1:9").env("SORTIE_TOKEN", "none");
            program.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::null());
            let said = std::fs::File::create(directory.join("stderr")).expect("a file");
            run(program.stderr(said))
        })
        .collect();
    let middle = |of: fn(&Cost) -> f64| median(costs.iter().map(of).collect());
    format!("{:.3} s, {:.0} MB", middle(|cost| cost.wall_s), middle(|cost| cost.peak_mb))
}

fn write_runs(directory: &Path, runs: usize, tasks: usize) {
    let state = StateDir::open(directory).expect("a state directory");
    let tasks: Vec<Task> = (0..tasks).map(task).collect();
    (0..runs).for_each(|run| write_run(&state, &format!("20270115-{run:06}-aaaaa"), &tasks));
}

/// One run with three entries for each task, written as a run writes them.
fn write_run(state: &StateDir, id: &str, tasks: &[Task]) {
    let count = u32::try_from(tasks.len()).expect("a run is not larger");
    let row = RunRow {
        id: id.to_owned(),
        job: "large".to_owned(),
        tenant: "tenant".to_owned(),
        tasks: count,
        state: RunState::Paused,
        started_at: NOW,
        ended_at: Some(NOW),
        summary: format!("{count} accepted"),
    };
    let mut index = Index::open(state).expect("an index");
    index.add_run(&row, tasks).expect("written");
    let facts = serde_json::json!({ "url": "http://127.0.0.1:9", "reached_by": "a measurement" });
    index.note(NOW, "started", Some(id), &facts).expect("written");
    let mut journal = RunJournal::create(state, &header(id), tasks).expect("a journal");
    let mut append = |entries: &[Entry], requests: u64| {
        let requests = RequestCounts::from([("action".to_owned(), requests)]);
        journal.append(entries, &requests).expect("written");
    };
    append(&[Entry { at: NOW, event: Event::Opened { program: "sortie".to_owned() } }], 0);
    for (at, part) in (0..).step_by(TASKS_PER_COMMIT).zip(tasks.chunks(TASKS_PER_COMMIT)) {
        let numbered = || (at..).map(TaskIndex).zip(part);
        let intents = numbered().map(|(task, it)| Event::Intent {
            task,
            attempt: 1,
            pin: None,
            sends: Some(Box::new(it.sends(None))),
            lists: None,
        });
        let ends = numbered().flat_map(|(task, _)| {
            let verdict = Verdict::Accepted(Answer::default());
            let reason = "accepted; a blank push creates no command".to_owned();
            [
                Event::Answered { task, attempt: 1, http_status: Some(200), verdict },
                Event::Settled { task, outcome: Outcome::Accepted, reason },
            ]
        });
        let entries: Vec<Entry> =
            intents.chain(ends).map(|event| Entry { at: NOW, event }).collect();
        append(&entries, part.len() as u64);
    }
}

/// The header of a run.
pub fn header(id: &str) -> RunHeader {
    RunHeader {
        run: RunId(id.to_owned()),
        job: "large".to_owned(),
        job_digest: String::new(),
        reason: None,
        tenant: "tenant".to_owned(),
        base_url: "http://127.0.0.1:9".to_owned(),
        simulated: false,
        started_at: NOW,
        policy: Policy::default_at(NOW, 1),
        report_dir: "reports".into(),
        report_formats: vec!["csv".to_owned()],
        report_options: ReportOptions::default(),
        metrics_file: None,
        confirmation: "yes".to_owned(),
        pending_ok: false,
        encrypt_to: Vec::new(),
        provenance: Provenance::default(),
    }
}

/// A blank push for one Mac, as a plan freezes it.
pub fn task(at: usize) -> Task {
    let body = serde_json::json!({
        "id": format!("{at:016x}"),
        "row": at + 1,
        "step": 1,
        "device": {
            "id": format!("0b1b7c5e-3b0c-4a92-9ad2-{at:012x}"),
            "serial_number": format!("C02{at:09}"),
            "name": format!("MacBook Pro {at}"),
            "user_email": format!("user{at}@example.com"),
            "user_name": format!("User {at}"),
            "platform": "Mac",
            "blueprint": "Standard Mac",
            "last_check_in": NOW.0 - 3_600_000,
        },
        "action": "blank-push",
        "params": {},
        "risk": "benign",
        "repeat": "safe",
        "end": { "acceptance": { "why": "a blank push creates no command that could be followed" } },
        "after": null,
        "turn": "do",
        "carried": [],
    });
    serde_json::from_value(body).expect("a task of this format")
}
