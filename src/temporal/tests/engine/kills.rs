//! Workers and the server die at any moment, and nothing is sent twice.
//!
//! Owns the drill: tenants whose answers are late or lost, workers as processes, SIGKILL at moments drawn from a seed. Must never wait
//! for a moment at which a kill would be harmless.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, Instant};

use sortie::journal::RunHeader;
use sortie::model::settings::{SettingSource, SettingValue, SettingValues, safety};
use sortie::model::{Entry, Event, MaxErrors, Outcome, Random, Task, TaskRecord};
use sortie::simulator::{Faults, Switches};
use sortie_temporal::workflows::SendAttempts;

use crate::keys::Key;
use crate::processes::{Fleet, WorkerSettings};
use crate::rig::{
    Tenant, all_at_once, entries, hand_over_with, job_of, outlast, submit_to, workspace,
};
use crate::server::DevServer;

/// The seed of a drill, where none is named by the variable `SORTIE_TEST_SEED`.
const SEED: u64 = 20_261_129;

/// What is drilled.
struct Drill {
    /// The action on each tenant.
    actions: &'static [&'static str],
    devices: usize,
    workers: usize,
    worker_kills: usize,
    server_kills: usize,
    between_kills_ms: RangeInclusive<u64>,
    per_second: u32,
    faults: Faults,
    attempts: SendAttempts,
}

/// What a drill showed.
#[derive(Debug, Default)]
struct Shown {
    worker_kills: usize,
    server_kills: usize,
    duplicates: usize,
    /// Requests that no worker reported back from.
    lost: usize,
    outcomes: BTreeMap<&'static str, usize>,
    /// PINs that the tenants have, those of them in the records, and those that are missing with a reason.
    pins: (usize, usize, usize),
    /// Most requests of one tenant within any second.
    most_of_a_second: usize,
}

/// The run on one tenant.
struct Section {
    tenant: Tenant,
    id: String,
    header: RunHeader,
    tasks: Vec<Task>,
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_of_workers_and_server_repeat_nothing() {
    let drill = Drill {
        actions: &["lock", "erase"],
        devices: 50,
        workers: 3,
        worker_kills: 6,
        server_kills: 1,
        between_kills_ms: 400..=1_200,
        per_second: 8,
        faults: lossy(),
        attempts: SendAttempts::Once,
    };
    let Some(shown) = carry_out(&drill).await else { return };
    judge(&drill, &shown);
}

/// `cargo test -p sortie-temporal --test engine -- --ignored kills::sixty --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a quarter of an hour"]
async fn sixty_kills_of_workers_and_five_of_the_server_repeat_nothing() {
    let drill = Drill {
        actions: &["lock", "erase", "restart", "lock", "restart"],
        devices: 400,
        workers: 3,
        worker_kills: 60,
        server_kills: 5,
        between_kills_ms: 1_000..=5_000,
        per_second: 6,
        faults: lossy(),
        attempts: SendAttempts::Once,
    };
    let Some(shown) = carry_out(&drill).await else { return };
    judge(&drill, &shown);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_retries_of_temporal_repeat_requests() {
    let drill = Drill {
        actions: &["restart"],
        devices: 60,
        workers: 2,
        worker_kills: 6,
        server_kills: 0,
        between_kills_ms: 400..=1_200,
        per_second: 10,
        faults: Faults { latency_ms: 800..=1_600, ..Faults::default() },
        attempts: SendAttempts::Repeated,
    };
    let Some(shown) = carry_out(&drill).await else { return };
    println!("{shown:?}");
    assert_eq!(shown.worker_kills, drill.worker_kills);
    assert!(shown.duplicates > 0, "the drill would not notice a duplicate: {shown:?}");
}

/// Late answers, and answers and requests that get lost.
fn lossy() -> Faults {
    Faults {
        latency_ms: 200..=1_200,
        not_connected_percent: 1.0,
        close_before_percent: 2.0,
        close_after_percent: 3.0,
        hang_percent: 0.5,
        error_after_percent: 1.0,
        truncate_percent: 0.5,
        late_percent: 1.0,
        late_ms: 500..=3_000,
        ..Faults::default()
    }
}

fn judge(drill: &Drill, shown: &Shown) {
    println!("{shown:?}");
    assert_eq!(shown.duplicates, 0);
    assert_eq!((shown.worker_kills, shown.server_kills), (drill.worker_kills, drill.server_kills));
    assert!(shown.lost > 0, "no kill hit a request");
    assert_eq!(shown.outcomes.values().sum::<usize>(), drill.devices * drill.actions.len());
    let completed = shown.outcomes.get("completed").copied().unwrap_or_default();
    assert!(completed * 2 > drill.devices * drill.actions.len(), "{shown:?}");
    // Requests that leave in time may arrive a little closer together while all workers are busy with starting again.
    assert!(shown.most_of_a_second <= drill.per_second as usize + 1, "{shown:?}");
    let (there, kept, missing) = shown.pins;
    assert_eq!(there, kept + missing);
}

/// Runs a drill; `None` where there is no server.
async fn carry_out(drill: &Drill) -> Option<Shown> {
    let seed = std::env::var("SORTIE_TEST_SEED").ok().and_then(|text| text.parse().ok());
    let mut random = Random::new(seed.unwrap_or(SEED));
    println!("seed {}", seed.unwrap_or(SEED));
    let dir = tempfile::tempdir().expect("a directory");
    let mut server = DevServer::on_disk(&dir.path().join("temporal.db"))?;
    let (readers, workers) = (Key::new(), Key::new());
    let sections = submit(drill, &server, dir.path(), &readers, &workers).await;
    let tenants: Vec<&Tenant> = sections.iter().map(|section| &section.tenant).collect();
    let mut settings =
        WorkerSettings::new(&server, &tenants, dir.path()).with_identity(workers.write(dir.path()));
    if drill.attempts == SendAttempts::Repeated {
        settings = settings.repeating();
    }
    let mut fleet = Fleet::start(&settings, drill.workers, dir.path());
    let mut shown = Shown::default();
    let waiting: Vec<_> = sections
        .iter()
        .map(|section| {
            let (address, id) = (server.address(), section.id.clone());
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Runtime::new().expect("a runtime");
                runtime.block_on(outlast(&address, &id))
            })
        })
        .collect();
    while !tenants.iter().any(|tenant| sent(tenant) > 0) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let began = Instant::now();
    let kills = drill.worker_kills + drill.server_kills;
    let server_every = kills.checked_div(drill.server_kills).unwrap_or(usize::MAX);
    for kill in 1..=kills {
        let (least, most) = (*drill.between_kills_ms.start(), *drill.between_kills_ms.end());
        let pause = least + random.below(most - least);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        if waiting.iter().all(std::thread::JoinHandle::is_finished) {
            break;
        }
        if kill.checked_rem(server_every) == Some(0) {
            server.crash();
            shown.server_kills += 1;
        } else {
            fleet.kill(usize::try_from(random.below(1_000)).unwrap_or_default());
            shown.worker_kills += 1;
        }
    }
    println!("the last kill after {:?}", began.elapsed());
    for section in waiting {
        section.join().expect("it ends");
    }
    println!("ended after {:?}", began.elapsed());
    let client = server.client().await;
    for section in &sections {
        let entries = entries(&client, &section.id).await;
        look(section, &entries, &readers, &mut shown);
        let most = most_of_a_second(&section.tenant);
        shown.most_of_a_second = shown.most_of_a_second.max(most);
        println!("{}: {} requests, {most} in one second at most", section.id, total(section));
    }
    Some(shown)
}

fn total(section: &Section) -> u64 {
    section.tenant.server.ledger().requests
}

fn most_of_a_second(tenant: &Tenant) -> usize {
    crate::arrivals::most_within(&tenant.arrivals(), 1_000_000)
}

/// How many requests for tasks have reached a tenant.
fn sent(tenant: &Tenant) -> usize {
    tenant.server.with_world(|world| world.ledger().accepted.len())
}

async fn submit(
    drill: &Drill,
    server: &DevServer,
    dir: &Path,
    readers: &Key,
    workers: &Key,
) -> Vec<Section> {
    let workspace = workspace(dir);
    let client = server.client().await;
    let mut sections = Vec::new();
    for action in drill.actions {
        let tenant = Tenant::of_macs(drill.devices, Faults::default()).await.with_door().await;
        let text = job_of(action, drill.devices);
        let mut values = SettingValues::default();
        let elsewhere = SettingValue::Word("elsewhere");
        values.set(&safety::BEFORE_LOSS, elsewhere, SettingSource::Flag("secrets-elsewhere"));
        let keys = [readers.public()];
        let (mut header, mut tasks) =
            hand_over_with(&workspace, &tenant, &text, values, &keys, None).await;
        all_at_once(&mut header, &mut tasks);
        // A lost worker is noticed soon, and its task is looked for soon.
        let policy = &mut header.policy;
        (policy.timeout_ms, policy.quarantine_ms) = (4_000, 8_000);
        policy.wait_ms = 90_000;
        policy.per_second = drill.per_second;
        policy.irreversible_per_minute = Some(240);
        (policy.max_errors, policy.errors_in_a_row) = (MaxErrors::Count(1_000_000), None);
        tenant.server.with_world(|world| {
            *world.faults_mut() = drill.faults.clone();
            *world.switches_mut() = Switches {
                push_ms: 100..=400,
                run_ms: 200..=1_500,
                restart_ms: 500,
                ..Switches::default()
            };
        });
        tenant.forget();
        let id = submit_to(&client, &header, &tasks, Some(&workers.public())).await;
        sections.push(Section { tenant, id, header, tasks });
    }
    sections
}

/// Compares the records of a section with what its tenant did.
fn look(section: &Section, entries: &[Entry], readers: &Key, shown: &mut Shown) {
    let mut records: Vec<TaskRecord> = section.tasks.iter().map(TaskRecord::new).collect();
    for entry in entries {
        let Some(task) = entry.event.task() else { continue };
        records[task.at()].apply(entry.at, &entry.event);
        if let Event::Doubted { reason, .. } = &entry.event {
            shown.lost += usize::from(reason.starts_with("no worker reported back"));
        }
    }
    let ledger = section.tenant.server.ledger();
    for duplicate in ledger.duplicates() {
        println!("{} was sent twice: {duplicate:?}", section.header.tenant);
        shown.duplicates += 1;
    }
    for (task, record) in section.tasks.iter().zip(&records) {
        *shown.outcomes.entry(record.outcome().word()).or_default() += 1;
        let accepted = ledger.accepted.iter().rfind(|it| it.device_id == task.device.id.as_str());
        let Some(pin) = accepted.and_then(|it| it.pin.clone().or_else(|| drawn(&it.body))) else {
            continue;
        };
        let is_kept = record.pins.iter().any(|held| readers.open(&held.pin) == pin);
        let is_told = record.is_pin_missing() || record.outcome() == Outcome::InDoubt;
        assert!(is_kept || is_told, "a PIN is lost without a word: {record:?}");
        assert!(is_kept || !record.reason.is_empty());
        shown.pins.0 += 1;
        shown.pins.1 += usize::from(is_kept);
        shown.pins.2 += usize::from(!is_kept);
    }
}

/// The PIN that came with an erase.
fn drawn(body: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_str(body).ok()?;
    body.get("PIN")?.as_str().map(str::to_owned)
}
