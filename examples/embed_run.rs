//! Embedding a run: a job, a tenant, a journal and an observer, without the command line.
//!
//! `cargo run --example embed_run` restarts three simulated Macs and tells how each ended.

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::error::Error;
use std::sync::{Arc, Mutex};

use sortie::drive::{
    Clock, Control, NoWatchdog, Observer, Quota, Reads, RunParts, WallClock, facts_of,
    read_inventory, run, system_pins,
};
use sortie::engine::{Engine, EngineState, Progress};
use sortie::job::{Input, ParseOptions, parse};
use sortie::journal::{Index, Provenance, RunHeader, RunJournal, StateDir, Writer};
use sortie::model::{Entry, Event, Policy, Random, RunId, Task};
use sortie::plan::{PlanOptions, build, need};
use sortie::simulator::{
    DeviceKind, Faults, FleetSpec, NewDevice, Switches, World, serve, wall_clock,
};
use sortie::transport::{HttpSettings, HttpTransport};

const JOB: &str =
    "serial_number,action\nC02AA1ABJGH5,restart\nC02AA2ABJGH5,restart\nC02AA3ABJGH5,restart\n";

/// Tells of every task that has ended, after it is on disk.
struct Teller;

impl Observer for Teller {
    fn committed(&mut self, entries: &[Entry], progress: &Progress) {
        for entry in entries {
            if let Event::Settled { task, outcome, .. } = &entry.event {
                println!(
                    "task {} is {outcome} ({} of {})",
                    task.0, progress.settled, progress.tasks
                );
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A tenant. With a real one, only the base URL and the token differ.
    let mut world =
        World::new(&FleetSpec::default(), Switches::default(), Faults::latency(), wall_clock());
    for serial in ["C02AA1ABJGH5", "C02AA2ABJGH5", "C02AA3ABJGH5"] {
        let mut device = NewDevice::new(DeviceKind::MacAppleSilicon);
        device.serial_number = serial.to_owned();
        world.add_device(device);
    }
    let server = serve("127.0.0.1:0".parse()?, world).await?;
    let transport = Arc::new(HttpTransport::new(&HttpSettings {
        base_url: server.base_url(),
        token: sortie::model::Sealed::clear(server.token.clone()),
        timeout_ms: 30_000,
        ca_file: None,
        user_agent: "embed-run".to_owned(),
    })?);

    // A job, resolved against the inventory into a plan.
    let input = Input { name: "macs.csv", bytes: JOB.as_bytes() };
    let job = parse(&input, &ParseOptions::default(), &|_| Err("no other file".to_owned()))?;
    let directory = tempfile::tempdir()?;
    let state_dir = StateDir::open(directory.path())?;
    let index = Arc::new(Mutex::new(Index::open(&state_dir)?));
    let now = WallClock.now();
    let policy = Policy { wait_ms: 60_000, ..Policy::default_at(now, 7) };
    let quota = Quota::new(index, &server.base_url(), policy.per_hour);
    let reads = Reads::new(
        Arc::clone(&transport),
        WallClock,
        quota.clone(),
        policy.retries,
        policy.per_second,
    );
    let inventory = read_inventory(&reads, &need(&job, 300)).await?;
    let plan = build(&job, &inventory, &PlanOptions::default(), now);
    assert!(plan.may_be_sent(), "a plan that is refused must not be run");

    // A journal, and the run.
    let header = RunHeader {
        run: RunId::new(now, &mut Random::new(policy.seed)),
        job: job.name.clone(),
        job_digest: job.digest.clone(),
        reason: None,
        tenant: "simulated".to_owned(),
        base_url: server.base_url(),
        simulated: true,
        started_at: now,
        policy: policy.clone(),
        report_dir: directory.path().join("reports"),
        report_formats: vec!["csv".to_owned()],
        confirmation: "by the program".to_owned(),
        pending_ok: false,
        encrypt_to: Vec::new(),
        provenance: Provenance::default(),
    };
    let tasks: Arc<[Task]> = plan.tasks.into();
    let journal = RunJournal::create(&state_dir, &header, &tasks)?;
    let (facts, actions) = facts_of(&tasks, &policy);
    let parts = RunParts {
        transport,
        clock: WallClock,
        journal: Writer::start(journal)?,
        quota,
        engine: Engine::new(EngineState::new(facts, actions, policy)),
        tasks,
        requests: reads.finish()?,
        program: "embed-run".to_owned(),
        renew_token: None,
        sealer: None,
        draw_pin: system_pins(),
        watchdog: Box::new(NoWatchdog),
    };
    let (_stop, mut control) = tokio::sync::watch::channel(Control::Go);
    let ended = run(parts, &mut control, &mut Teller).await?;
    println!("{} tasks, {} settled", ended.progress.tasks, ended.progress.settled);
    server.shutdown().await;
    Ok(())
}
