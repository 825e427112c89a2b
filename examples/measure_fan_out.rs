//! What a durable run costs when its pace is lifted: a benign request for each task, every intent and answer on disk.
//!
//! `cargo run --release --example measure_fan_out DIRECTORY http://127.0.0.1:8099 20000 64` sends so many requests, so many
//! at once. Give it a server on this machine that answers any POST with 200, and nothing else. Must never assert a time.

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use sortie::drive::{
    Clock, Control, NoWatchdog, Quiet, Quota, RunParts, WallClock, facts_of, run, system_pins,
};
use sortie::engine::{Engine, EngineState};
use sortie::journal::{Index, Provenance, RequestCounts, RunHeader, RunJournal, StateDir, Writer};
use sortie::model::{Policy, ReportOptions, RunId, Sealed, Task, UnixMillis};
use sortie::transport::{HttpSettings, HttpTransport};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [directory, base_url, tasks, concurrency] = arguments.as_slice() else {
        return Err("give a directory, a URL, the number of tasks and of requests at once".into());
    };
    let state = StateDir::open(Path::new(directory))?;
    let tasks: Arc<[Task]> = (0..tasks.parse()?).map(task).collect::<Result<_, _>>()?;
    let now = WallClock.now();
    let policy = Policy {
        concurrency: concurrency.parse()?,
        per_second: 10_000_000,
        per_hour: u32::MAX / 2,
        ..Policy::default_at(now, 1)
    };
    let header = header(now, base_url, policy.clone());
    let journal = RunJournal::create(&state, &header, &tasks)?;
    let transport = HttpTransport::new(&HttpSettings {
        base_url: base_url.clone(),
        token: Sealed::clear("00000000-0000-0000-0000-000000000000".to_owned()),
        timeout_ms: 60_000,
        ca_file: None,
        user_agent: "sortie".to_owned(),
    })?;
    let (facts, actions) = facts_of(&tasks, &policy);
    let index = Arc::new(Mutex::new(Index::open(&state)?));
    let parts = RunParts {
        transport: Arc::new(transport),
        clock: WallClock,
        journal: Writer::start(journal)?,
        quota: Quota::new(index, "tenant", policy.per_hour),
        engine: Engine::new(EngineState::new(facts, actions, policy)),
        tasks: Arc::clone(&tasks),
        requests: RequestCounts::new(),
        program: "sortie".to_owned(),
        renew_token: None,
        sealer: None,
        draw_pin: system_pins(),
        watchdog: Box::new(NoWatchdog),
    };
    let (_sender, mut control) = tokio::sync::watch::channel(Control::Go);
    let began = Instant::now();
    let ended = run(parts, &mut control, &mut Quiet).await?;
    let seconds = began.elapsed().as_secs_f64();
    let progress = ended.progress;
    println!(
        "{} requests, {} errors, {} tasks settled in {seconds:.3} s: {:.0} a second",
        progress.requests,
        progress.errors,
        progress.settled,
        progress.requests as f64 / seconds
    );
    Ok(())
}

fn header(now: UnixMillis, base_url: &str, policy: Policy) -> RunHeader {
    RunHeader {
        run: RunId("20270115-000000-aaaaa".to_owned()),
        job: "fan-out".to_owned(),
        job_digest: String::new(),
        reason: None,
        tenant: "tenant".to_owned(),
        base_url: base_url.to_owned(),
        simulated: false,
        started_at: now,
        policy,
        report_dir: "reports".into(),
        report_formats: Vec::new(),
        report_options: ReportOptions::default(),
        metrics_file: None,
        confirmation: "yes".to_owned(),
        pending_ok: false,
        encrypt_to: Vec::new(),
        provenance: Provenance::default(),
    }
}

/// A blank push for one Mac.
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
            "platform": "Mac",
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
