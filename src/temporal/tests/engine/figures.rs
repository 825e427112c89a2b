//! The same job on both engines: requests a second, and processor time for each task.
//!
//! Owns the measurement. Its numbers depend on the machine and on how the program was built, so nothing but the work itself is asserted.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use sortie::model::settings::SettingValues;

use crate::processes::{Fleet, WorkerSettings};
use crate::rig::{Tenant, hand_over, job_of, outlast, submit_to, workspace};
use crate::server::DevServer;
use crate::upgrade::history;

const DEVICES: usize = 500;
/// Ticks of the processor's clock in a second (Linux).
const TICKS: f64 = 100.0;

/// `cargo build && cargo test -p sortie-temporal --test engine -- --ignored figures --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures; build the program 'sortie' first"]
async fn both_engines_side_by_side() {
    let dir = tempfile::tempdir().expect("a directory");
    local(dir.path()).await;
    on_temporal(dir.path()).await;
}

async fn local(dir: &Path) {
    let program = std::env::current_exe().expect("this program");
    let program: PathBuf = program.parent().expect("deps").with_file_name("sortie");
    let tenant = Tenant::without_limits(DEVICES).await;
    let job = dir.join("check-in.csv");
    std::fs::write(&job, job_of("check-in", DEVICES)).expect("a file");
    let before = children_s();
    let began = Instant::now();
    let status = Command::new(program)
        .arg("--state-dir")
        .arg(dir.join("local"))
        .args(["run", "--yes", "--per-second", "50", "--per-hour", "10000", "--confirm", "500"])
        .arg(&job)
        .env("SORTIE_BASE_URL", tenant.base_url())
        .env("SORTIE_TOKEN", &tenant.server.token)
        .current_dir(dir)
        .stdout(Stdio::null())
        .status()
        .expect("it is built");
    let took = began.elapsed().as_secs_f64();
    println!("local: {status}, {:.1} tasks/s in {took:.1} s", DEVICES as f64 / took);
    println!(
        "local: {:.2} ms of processor for each task",
        1_000.0 * (children_s() - before) / DEVICES as f64
    );
    assert_eq!(tenant.server.ledger().count_all("daily-checkin") as usize, DEVICES);
}

async fn on_temporal(dir: &Path) {
    let Some(server) = DevServer::start() else { return };
    let tenant = Tenant::without_limits(DEVICES).await;
    let workspace = workspace(dir);
    let (text, values) = (job_of("check-in", DEVICES), SettingValues::default());
    let (mut header, tasks) =
        hand_over(&workspace, &tenant, &text, values, &DEVICES.to_string()).await;
    (header.policy.per_second, header.policy.per_hour) = (50, 10_000);
    let client = server.client().await;
    let fleet = Fleet::start(&WorkerSettings::new(&server, &[&tenant], dir), 1, dir);
    let began = Instant::now();
    let before = (of_process_s(fleet.pids()[0]), of_process_s(server.pid()));
    let section = submit_to(&client, &header, &tasks, None).await;
    let result = outlast(&server.address(), &section).await;
    let took = began.elapsed().as_secs_f64();
    let after = (of_process_s(fleet.pids()[0]), of_process_s(server.pid()));
    assert_eq!(result.progress.settled as usize, DEVICES);
    println!("Temporal: {:.1} tasks/s in {took:.1} s", DEVICES as f64 / took);
    let each = |seconds: f64| 1_000.0 * seconds / DEVICES as f64;
    println!(
        "Temporal: {:.2} ms of worker, {:.2} ms of server for each task",
        each(after.0 - before.0),
        each(after.1 - before.1)
    );
    let shards = DEVICES / 100;
    let ids = (0..shards).map(|shard| format!("{section}/{shard:04}")).chain([section.clone()]);
    let (mut events, mut bytes) = (0, 0);
    for id in ids {
        events += history(&client, &id).into_events().await.expect("a history").len();
        bytes += history(&client, &id).to_json().await.expect("a history").len();
    }
    println!(
        "Temporal: {:.1} events and {} bytes of JSON for each task",
        events as f64 / DEVICES as f64,
        bytes / DEVICES
    );
}

/// Processor time of all processes that this one started and waited for, in seconds.
fn children_s() -> f64 {
    ticks("/proc/self/stat", 15)
}

/// Processor time of a process, in seconds.
fn of_process_s(pid: u32) -> f64 {
    ticks(&format!("/proc/{pid}/stat"), 13)
}

/// The sum of two neighbouring fields of a file of `/proc`, from 0.
fn ticks(path: &str, first: usize) -> f64 {
    let text = std::fs::read_to_string(path).expect("Linux");
    // The name of the program, in brackets, may hold blanks.
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let after_name = 2;
    let fields: Vec<f64> = fields
        .split_whitespace()
        .skip(first - after_name)
        .take(2)
        .filter_map(|it| it.parse().ok())
        .collect();
    fields.iter().sum::<f64>() / TICKS
}
