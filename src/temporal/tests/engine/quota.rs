//! Several workers keep the quota of each tenant, and use most of it.
//!
//! Owns the measurement at the tenants' doors. How much of a quota is used depends on the machine, so it is measured on
//! request; the machine that gives places out has a test of its own in virtual time. Must never average over a window in
//! which a shard had nothing to send.

use std::time::Duration;

use sortie::model::settings::SettingValues;
use sortie::model::{MaxErrors, StopCause};
use sortie::simulator::Faults;
use sortie_temporal::client;
use sortie_temporal::wire::SectionMessage;

use crate::arrivals::most_within;
use crate::processes::{Fleet, WorkerSettings};
use crate::rig::{Tenant, hand_over, job_of, submit_to, workspace};
use crate::server::DevServer;

const SECOND_US: i64 = 1_000_000;
const TENANTS: usize = 5;
const PER_SECOND: u32 = 5;
const DEVICES: usize = 150;
/// Of the tenant whose hour is spent soon.
const PER_HOUR: u32 = 60;
/// How often one looks whether that hour is spent, and for how long.
const LOOK_EVERY: Duration = Duration::from_millis(200);
const LOOKS: usize = 600;

#[tokio::test(flavor = "multi_thread")]
async fn three_workers_keep_the_quota_of_every_tenant() {
    run_of_six_tenants().await;
}

/// `cargo test -p sortie-temporal --test engine -- --ignored most_of_the_quota --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures, and needs the machine for itself"]
async fn three_workers_use_most_of_the_quota_of_every_tenant() {
    for used in run_of_six_tenants().await {
        assert!(used >= f64::from(PER_SECOND) * 0.8, "only {used:.2} requests a second");
    }
}

/// Asserts what must hold on every machine; answers the requests a second of each tenant with a rate.
async fn run_of_six_tenants() -> Vec<f64> {
    let Some(server) = DevServer::start() else { return Vec::new() };
    let dir = tempfile::tempdir().expect("a directory");
    let workspace = workspace(dir.path());
    let client = server.client().await;
    let (mut tenants, mut sections) = (Vec::new(), Vec::new());
    for number in 0..=TENANTS {
        let faults = Faults { latency_ms: 20..=200, ..Faults::default() };
        let tenant = Tenant::of_macs(DEVICES, Faults::default()).await.with_door().await;
        let (text, values) = (job_of("check-in", DEVICES), SettingValues::default());
        let confirm = DEVICES.to_string();
        let (mut header, tasks) = hand_over(&workspace, &tenant, &text, values, &confirm).await;
        let is_last = number == TENANTS;
        header.policy.per_second = if is_last { 20 } else { PER_SECOND };
        header.policy.per_hour = if is_last { PER_HOUR } else { 8_000 };
        header.policy.max_errors = MaxErrors::Count(1_000);
        tenant.server.with_world(|world| *world.faults_mut() = faults);
        tenant.forget();
        sections.push(submit_to(&client, &header, &tasks, None).await);
        tenants.push(tenant);
    }
    let known: Vec<&Tenant> = tenants.iter().collect();
    let _fleet = Fleet::start(&WorkerSettings::new(&server, &known, dir.path()), 3, dir.path());
    for section in &sections[..TENANTS] {
        let result = client::ended(&client, section).await.expect("it ends");
        assert_eq!(result.progress.settled as usize, DEVICES, "{:?}", result.progress);
    }
    let mut rates = Vec::new();
    for tenant in &tenants[..TENANTS] {
        let most = most_within(&tenant.arrivals(), SECOND_US);
        let used = used_per_second(&tenant.arrivals());
        println!("at most {most} and {used:.2} of {PER_SECOND} requests a second");
        assert!(most <= PER_SECOND as usize, "{most} requests in one second");
        rates.push(used);
    }
    let hour_of = &tenants[TENANTS];
    until_most_is_used(hour_of).await;
    let stop = SectionMessage::Stop { cause: StopCause::Operator, reason: "shown".to_owned() };
    client::tell(&client, &sections[TENANTS], stop).await.expect("told");
    let ended = client::ended(&client, &sections[TENANTS]);
    let result = tokio::time::timeout(Duration::from_secs(60), ended).await;
    let progress = result.expect("it ends soon").expect("it ends").progress;
    let hour = hour_of.arrivals();
    println!(
        "{} of {PER_HOUR} requests an hour, {} in a second",
        hour.len(),
        most_within(&hour, SECOND_US)
    );
    assert!(hour.len() <= PER_HOUR as usize, "{} requests in one hour", hour.len());
    assert_eq!(progress.settled as usize, hour.len(), "{progress:?}");
    rates
}

/// Waits until four fifths of the tenant's hour are used.
async fn until_most_is_used(tenant: &Tenant) {
    for _ in 0..LOOKS {
        if tenant.arrivals().len() * 10 >= PER_HOUR as usize * 8 {
            return;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    panic!("only {} of {PER_HOUR} requests of an hour", tenant.arrivals().len());
}

/// Requests a second between the first tenth and the last tenth, when all shards have something to send.
fn used_per_second(arrivals: &[i64]) -> f64 {
    let mut sorted = arrivals.to_vec();
    sorted.sort_unstable();
    let tenth = sorted.len() / 10;
    let middle = &sorted[tenth..sorted.len() - tenth];
    let took = middle.last().zip(middle.first()).map_or(0, |(last, first)| last - first);
    (middle.len() - 1) as f64 * SECOND_US as f64 / took as f64
}
