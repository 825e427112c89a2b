//! What reading a large journal costs: the audit of a run, and what opens it again.
//!
//! `cargo run --release --example measure_journal DIRECTORY 1000000` writes a run of so many tasks, with three entries for
//! each, into an empty state directory, then reads it. `... DIRECTORY 10 1000` writes a thousand runs of ten tasks. The
//! directory stays: `sortie status`, `audit` and `runs` can be measured on it. Must never assert a time.

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use sortie::drive::facts_of;
use sortie::engine::EngineState;
use sortie::journal::{
    Index, Opening, Provenance, RequestCounts, RunHeader, RunJournal, RunReader, RunRow, RunState,
    StateDir,
};
use sortie::model::{
    Answer, Entry, Event, Outcome, Policy, ReportOptions, RunId, Task, TaskIndex, UnixMillis,
    Verdict,
};

const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
/// Tasks whose entries are written in one transaction: a run commits as many at most.
const TASKS_PER_COMMIT: usize = 1_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, tasks, more @ ..] = arguments.as_slice() else {
        return Err("give a directory, the number of tasks, and optionally of runs".into());
    };
    let state = StateDir::open(Path::new(directory))?;
    let tasks: usize = tasks.parse()?;
    let runs: usize = more.first().map_or(Ok(1), |runs| runs.parse())?;
    let id = |run: usize| format!("20270115-{run:06}-aaaaa");
    if !state.run_path(&id(0)).exists() {
        let tasks = (0..tasks).map(task).collect::<Result<Vec<Task>, _>>()?;
        timed("written", || (0..runs).try_for_each(|run| write(&state, &id(run), &tasks)))?;
    }
    let index = Index::open(&state)?;
    let audit = timed("audit", || RunReader::open(&state, &id(0))?.audit())?;
    println!("{} entries, fault: {:?}", audit.entries, audit.fault);
    timed("opened again, with the engine's state", || {
        let opening = Opening::of(&state, &index, &id(0))?;
        let policy = opening.header().policy.clone();
        let (facts, actions) = facts_of(opening.tasks(), &policy);
        let mut replayed = EngineState::new(facts, actions, policy);
        let run = opening.follow(|entry| replayed.apply(entry).map(drop).expect("it follows"))?;
        Ok::<_, Box<dyn Error>>((run, replayed))
    })?;
    Ok(())
}

fn timed<T, E>(what: &str, work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let began = Instant::now();
    let result = work();
    println!("{what}: {:.3} s", began.elapsed().as_secs_f64());
    result
}

/// One run with three entries for each task, written as a run writes them.
fn write(state: &StateDir, id: &str, tasks: &[Task]) -> Result<(), Box<dyn Error>> {
    let count = u32::try_from(tasks.len())?;
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
    Index::open(state)?.add_run(&row, tasks)?;
    let mut journal = RunJournal::create(state, &header(id), tasks)?;
    let program = "sortie".to_owned();
    journal
        .append(&[Entry { at: NOW, event: Event::Opened { program } }], &RequestCounts::new())?;
    for (at, part) in (0..).step_by(TASKS_PER_COMMIT).zip(tasks.chunks(TASKS_PER_COMMIT)) {
        let numbered = || (at..).map(TaskIndex).zip(part);
        let intents = numbered().map(|(task, it)| Event::Intent {
            task,
            attempt: 1,
            pin: None,
            sends: Some(Box::new(it.sends())),
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
        let requests = RequestCounts::from([("send".to_owned(), part.len() as u64)]);
        journal.append(&entries, &requests)?;
    }
    Ok(())
}

fn header(id: &str) -> RunHeader {
    RunHeader {
        run: RunId(id.to_owned()),
        job: "large".to_owned(),
        job_digest: String::new(),
        reason: None,
        tenant: "tenant".to_owned(),
        base_url: "http://127.0.0.1:8099".to_owned(),
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

/// A task as a plan for a fleet of Macs freezes it.
fn task(at: usize) -> Result<Task, serde_json::Error> {
    serde_json::from_value(serde_json::json!({
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
    }))
}
