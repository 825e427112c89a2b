//! Details, status and apps of many devices, against a tenant.
//!
//! Owns the counting of requests: what is read once, what is read again, and what is never read. Must never repeat what the
//! unit tests of the kept file compare.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::harness::{Bench, Ran, Tenant, add, canned, eventually, prompt_world, serial};
use crate::rig::{HOUR_MS, START, add_device, empty_world, in_virtual_time};
use sortie::drive::{GatherError, Quota, Reads, SectionRead, VirtualClock, gather};
use sortie::journal::{Index, StateDir};
use sortie::kandji::DeviceSection;
use sortie::model::wire::{Fault, Reply, Request};
use sortie::model::{DeviceId, Retries, UnixMillis};
use sortie::simulator::{
    DeviceKind, FaultMatcher, FaultMoment, Faults, InProcess, NewDevice, Switches, World,
};
use sortie::transport::Transport;

/// Macs with serial numbers, and their ids.
fn macs(count: usize) -> (World, Vec<String>) {
    let mut world = prompt_world(Faults::default());
    let ids =
        (0..count).map(|number| add(&mut world, DeviceKind::MacAppleSilicon, &serial(number)));
    let ids = ids.collect();
    (world, ids)
}

fn rows(ran: &Ran) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

const ALL: [&str; 3] = ["devices", "--with", "details,status,apps"];

#[test]
fn the_export_has_the_sections_and_is_a_valid_job() {
    let mut world = prompt_world(Faults::default());
    add(&mut world, DeviceKind::MacAppleSilicon, &serial(1));
    add(&mut world, DeviceKind::IPad, &serial(2));
    add(&mut world, DeviceKind::Windows, &serial(3));
    add(&mut world, DeviceKind::Android, &serial(4));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let ran = bench.sortie(&[&ALL[..], &["--apps-file", "apps.csv"]].concat()).expect(0);
    let cost = "details, status and apps of 4 devices: 12 requests, about 1 s, 1 % of the hour";
    assert!(ran.stderr.contains(cost), "{}", ran.stderr);
    let rows = rows(&ran);
    assert_eq!(rows.len(), 4);
    let of = |platform: &str| rows.iter().find(|row| row["platform"] == platform).expect("a row");
    let mac = of("Mac");
    for (column, expected) in [
        ("filevault_enabled", "true"),
        ("supervised", "true"),
        ("activation_lock", "false"),
        ("memory", "16 GB"),
        ("storage_available", "182.66 GB"),
        ("library_items", "4"),
        ("apps", "3"),
        ("gather_errors", ""),
    ] {
        assert_eq!(mac[column], expected, "{column}");
    }
    assert!(mac["processor"].starts_with("Apple"), "{mac:?}");
    assert_eq!((&*of("iPad")["filevault_enabled"], &*of("iPad")["supervised"]), ("", "true"));
    assert_eq!(of("Windows")["storage_capacity"], "486061");
    assert_eq!(of("Android")["ownership"], "COMPANY_OWNED");
    let apps = crate::harness::read_csv(&bench.path("apps.csv"));
    assert_eq!(apps.len(), 3 + 2 + 2 + 2);
    assert!(apps.iter().any(|app| app["app_name"] == "Safari" && app["platform"] == "Mac"));
    bench.write("devices.csv", &ran.stdout);
    let plan = bench.sortie(&[
        "plan",
        "devices.csv",
        "--action",
        "get-commands",
        "--skip-refused",
        "unsupported",
    ]);
    assert!(plan.expect(0).stdout.contains(&serial(1)));
}

#[test]
fn json_has_the_whole_answers_and_picks_fields() {
    let (world, _) = macs(2);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let ran = bench.sortie(&[&ALL[..], &["--format", "json"]].concat()).expect(0);
    let list: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(list.as_array().map(Vec::len), Some(2));
    assert_eq!(list[0]["details"]["filevault"]["filevault_enabled"], true);
    assert_eq!(list[0]["apps"].as_array().map(Vec::len), Some(3));
    assert!(list[0]["status"]["library_items"].is_array());
    assert_eq!(ran.stdout.lines().count(), 3, "a line for each device");
    let picked = bench.sortie(&["devices", "--with", "details", "--json", "serial_number,details"]);
    let list: serde_json::Value = serde_json::from_str(&picked.expect(0).stdout).expect("JSON");
    assert_eq!(list[0].as_object().map(serde_json::Map::len), Some(2));
}

#[test]
fn what_was_just_read_is_not_read_again_unless_fresh() {
    let (world, _) = macs(5);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench.sortie(&["devices", "--with", "details"]).expect(0);
    let again = bench.sortie(&["devices", "--with", "details,apps"]).expect(0);
    assert!(again.stderr.contains("5 read since"), "{}", again.stderr);
    assert_eq!((tenant.seen("get-details"), tenant.seen("get-apps")), (5, 5));
    assert_eq!(rows(&again).iter().filter(|row| row["memory"] == "16 GB").count(), 5);
    let kept = || std::fs::read_dir(bench.path("state/gathered")).expect("a directory");
    let lines = || -> usize {
        let paths = kept().map(|entry| entry.expect("a file").path());
        paths.map(|path| std::fs::read_to_string(path).expect("a text").lines().count()).sum()
    };
    let before = lines();
    bench.sortie(&["devices", "--with", "details"]).expect(0);
    assert_eq!(lines(), before, "what was read before does not become younger");
    bench.sortie(&["devices", "--with", "details", "--fresh"]).expect(0);
    assert_eq!(tenant.seen("get-details"), 10);
}

#[test]
fn a_gather_that_ended_early_goes_on_without_repeating() {
    let (world, ids) = macs(30);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let revoked = canned(401, r#"{"detail":"Invalid token."}"#, FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action_on("get-details", &ids[12]), revoked);
    let ran = bench.sortie(&["devices", "--with", "details"]).expect(3);
    assert!(ran.stderr.contains("the same command then continues"), "{}", ran.stderr);
    let so_far = tenant.seen("get-details");
    assert!((13..30).contains(&so_far), "{so_far}");
    let ran = bench.sortie(&["devices", "--with", "details"]).expect(0);
    assert_eq!(tenant.seen("get-details"), 31, "only the refused read is made again");
    assert!(rows(&ran).iter().all(|row| row["memory"] == "16 GB"));
}

#[cfg(unix)]
#[test]
fn a_gather_that_was_killed_goes_on_where_it_was() {
    let (world, _) = macs(40);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let mut command = bench.command();
    command.args(["devices", "--with", "details"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    eventually("a part was read", || tenant.seen("get-details") >= 15);
    child.kill().expect("it is there");
    child.wait().expect("it ends");
    let ran = bench.sortie(&["devices", "--with", "details"]).expect(0);
    let seen = tenant.seen("get-details");
    assert!((40..=48).contains(&seen), "at most the 8 in progress are repeated: {seen}");
    assert_eq!(rows(&ran).iter().filter(|row| row["memory"] == "16 GB").count(), 40);
}

#[test]
fn single_devices_fail_in_their_rows_and_all_devices_as_a_whole() {
    let (world, ids) = macs(4);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let gone = canned(404, r#"{"detail":"Not found."}"#, FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action_on("get-details", &ids[1]), gone);
    let ran = bench.sortie(&["devices", "--with", "details"]).expect(0);
    let failed: Vec<_> =
        rows(&ran).into_iter().filter(|row| !row["gather_errors"].is_empty()).collect();
    assert_eq!((failed.len(), &failed[0]["device_id"]), (1, &ids[1]), "{failed:?}");
    assert!(failed[0]["gather_errors"].contains("404"), "{failed:?}");
    assert!(ran.stderr.contains(&format!("not read: details of {}", serial(1))), "{}", ran.stderr);
    bench.sortie(&["devices", "--with", "details"]).expect(0);
    assert_eq!(tenant.seen("get-details"), 5, "only the failed one is asked for again");
    tenant.with_world(|world| world.switches_mut().denied.extend(["get-apps".to_owned()]));
    let ran = bench.sortie(&["devices", "--with", "apps"]).expect(5);
    assert!(ran.stderr.contains("cannot read the apps of any device"), "{}", ran.stderr);
    assert!(ran.stderr.contains("permission 'Device apps'"), "{}", ran.stderr);
}

#[test]
fn many_requests_need_a_confirmation_before_the_first() {
    let (world, _) = macs(334);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let ran = bench.sortie(&ALL).expect(8);
    assert!(ran.stderr.contains("1,002 requests, about 51 s, 14 % of the hour"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert_eq!(tenant.seen("get-details"), 0);
    let wrong = bench.sortie(&["devices", "--with", "secrets"]).expect(2);
    assert!(wrong.stderr.contains("details"), "{}", wrong.stderr);
    bench.sortie(&["devices", "--with", "details", "--apps-file", "a.csv"]).expect(2);
    bench.sortie(&["devices", "--fresh"]).expect(2);
}

#[test]
fn a_gather_reads_no_secret() {
    let (world, _) = macs(3);
    let tenant = Tenant::serving(world);
    Bench::at(&tenant).sortie(&ALL).expect(0);
    let kinds: Vec<String> = tenant.ledger().by_kind.into_keys().collect();
    assert_eq!(kinds, ["get-apps", "get-details", "get-status", "list-devices"]);
}

/// The door, with a record of when requests came.
struct Watched {
    door: InProcess,
    arrived: Mutex<Vec<UnixMillis>>,
}

impl Transport for Watched {
    async fn send(&self, request: Request) -> Result<Reply, Fault> {
        self.arrived.lock().expect("the list").push(self.door.now());
        self.door.send(request).await
    }
}

#[test]
fn no_hour_of_a_long_gather_is_over_the_quota() {
    const PER_HOUR: usize = 20;
    in_virtual_time(async {
        let mut world = empty_world(7, Switches::default(), Faults::default());
        let section = DeviceSection::Details;
        let wanted: Vec<SectionRead> = (0..50)
            .map(|_| add_device(&mut world, NewDevice::new(DeviceKind::MacIntel)).id)
            .map(|device: DeviceId| SectionRead { device, section })
            .collect();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let state = StateDir::open(&directory.path().join("state")).expect("a state directory");
        let index = Arc::new(Mutex::new(Index::open(&state).expect("an index")));
        let door = InProcess::new(Arc::new(Mutex::new(world)), START);
        let watched = Arc::new(Watched { door, arrived: Mutex::default() });
        let quota = Quota::new(index, "tenant", PER_HOUR as u32);
        let clock = VirtualClock::starting_at(START);
        let reads = Reads::new(Arc::clone(&watched), clock, quota, Retries::default(), 20)
            .waiting_at_most(HOUR_MS + 100_000);
        let mut read = 0;
        let keep = |_: &SectionRead, body: Result<serde_json::Value, String>| {
            read += usize::from(body.is_ok());
            Ok::<(), GatherError>(())
        };
        gather(&reads, &wanted, keep).await.expect("all is read");
        let arrived = watched.arrived.lock().expect("the list");
        assert_eq!((read, arrived.len()), (50, 50));
        for pair in arrived.windows(PER_HOUR + 1) {
            assert!(pair[PER_HOUR].remaining_ms(pair[0]) >= HOUR_MS, "{pair:?}");
        }
    });
}
