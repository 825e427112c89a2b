//! One job on several tenants, run side by side: each tenant ends by itself, and all are reported together.
//!
//! Owns the proof at the tenants' ledgers that nothing is sent twice and nothing to a tenant that was left out. Must never accept a
//! report that leaves out a tenant.

use sortie::simulator::{
    DeviceKind, Faults, FleetSpec, Oddities, Revocation, Switches, World, wall_clock,
};
use std::collections::BTreeMap;
use std::process::Stdio;

use crate::harness::{Bench, Tenant, add, eventually, read_csv, serial};

const NAMES: [&str; 3] = ["acme", "globex", "initech"];
const DEVICES: usize = 5;
/// No run of a test waits for devices longer than this.
const WAIT: [&str; 2] = ["--wait", "20s"];

/// A tenant whose gateway does not count seconds.
fn tenant(seed: u64, devices: usize) -> Tenant {
    let switches = Switches {
        push_ms: 1..=5,
        run_ms: 1..=5,
        limit_per_second: 100_000,
        ..Switches::default()
    };
    let fleet = FleetSpec { devices: 0, oddities: Oddities::None, seed, ..FleetSpec::default() };
    let mut world = World::new(&fleet, switches, Faults::default(), wall_clock());
    for number in 0..devices {
        add(&mut world, DeviceKind::IPad, &serial_of(seed, number));
    }
    Tenant::serving(world)
}

fn serial_of(seed: u64, number: usize) -> String {
    serial(usize::try_from(seed).expect("small") * 1_000 + number)
}

/// A bench with a profile for each tenant, and a job that names the devices of all.
fn bench(tenants: &[(&str, &Tenant)], devices: usize, action: &str) -> Bench {
    let bench = Bench::offline();
    let mut config = String::new();
    let mut job = "tenant,serial_number,action\n".to_owned();
    for (seed, (name, tenant)) in (1..).zip(tenants) {
        config.push_str(&profile(&bench, name, tenant, &tenant.token()));
        for number in 0..devices {
            job.push_str(&format!("{name},{},{action}\n", serial_of(seed, number)));
        }
    }
    private(&bench, "config.toml", &config);
    bench.write("job.csv", &job);
    bench
}

fn profile(bench: &Bench, name: &str, tenant: &Tenant, token: &str) -> String {
    let file = format!("{name}.token");
    private(bench, &file, token);
    let file = bench.path(&file);
    format!(
        "[profile.{name}]\nbase_url = \"{}\"\ntoken_file = \"{}\"\n",
        tenant.base_url(),
        file.display()
    )
}

fn private(bench: &Bench, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = bench.write(name, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("our own file");
}

fn arguments<'a>(words: &[&'a str], count: &'a str) -> Vec<&'a str> {
    let confirmed = ["--confirm", count, "--no-input"];
    ["--config", "config.toml"]
        .into_iter()
        .chain(words.iter().copied())
        .chain(WAIT)
        .chain(confirmed)
        .collect()
}

fn three() -> [Tenant; 3] {
    [tenant(1, DEVICES), tenant(2, DEVICES), tenant(3, DEVICES)]
}

fn named(tenants: &[Tenant; 3]) -> Vec<(&'static str, &Tenant)> {
    NAMES.into_iter().zip(tenants).collect()
}

fn rows_by_tenant(bench: &Bench) -> BTreeMap<String, Vec<String>> {
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in bench.report() {
        rows.entry(row["tenant"].clone()).or_default().push(row["outcome"].clone());
    }
    rows
}

fn summary(bench: &Bench) -> serde_json::Value {
    let text = std::fs::read_to_string(bench.report_dir().join("summary.json")).expect("written");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn three_tenants_are_run_and_reported_together() {
    let tenants = three();
    let bench = bench(&named(&tenants), DEVICES, "restart");
    let ran = bench.sortie(&arguments(&["run", "job.csv", "--format", "json"], "15")).expect(0);
    let ended: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one object");
    assert_eq!(ended["outcomes"]["completed"], 15, "{ended}");
    assert!(tenants.iter().all(|tenant| tenant.seen("restart") == DEVICES as u64));
    let rows = rows_by_tenant(&bench);
    assert_eq!(rows.len(), 3);
    assert!(rows.values().all(|rows| rows.len() == DEVICES), "{rows:?}");
    for name in NAMES {
        let own = read_csv(&bench.report_dir().join(name).join("report.csv"));
        assert_eq!(own.len(), DEVICES);
        assert!(!own[0].contains_key("tenant"), "the columns of a single run stay as they are");
    }
    let group = ended["group_id"].as_str().expect("an id");
    let before = std::fs::read(bench.report_dir().join("report.csv")).expect("written");
    bench.sortie(&["report", group]).expect(0);
    let after = std::fs::read(bench.report_dir().join("report.csv")).expect("written");
    assert_eq!(before, after, "made from the journals alone");
    let runs = bench.sortie(&["runs"]).expect(0).stdout;
    assert_eq!(runs.matches(group).count(), 1, "{runs}");
    assert_eq!(runs.lines().count(), 2, "{runs}");
    let refused = bench.sortie(&["retry", group]).expect(2);
    assert!(refused.stderr.contains("group of 3 runs"), "{}", refused.stderr);
}

#[test]
fn a_tenant_whose_token_fails_is_left_out_alone() {
    let tenants = three();
    let bench = bench(&named(&tenants), DEVICES, "restart");
    private(&bench, "globex.token", "5f0d8c6e-0000-4000-8000-000000000000");
    let ran = bench.sortie(&arguments(&["run", "job.csv"], "10"));
    assert_ne!(ran.code, 0);
    assert_eq!(
        tenants.each_ref().map(|tenant| tenant.seen("restart")),
        [5, 0, 5],
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("globex"), "{}", ran.stderr);
    let summary = summary(&bench);
    let left_out: Vec<&serde_json::Value> = summary["tenants"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|tenant| tenant["left_out"].is_string())
        .collect();
    assert_eq!(left_out.len(), 1, "{summary}");
    assert_eq!(left_out[0]["tenant"], "globex");
    assert_eq!(ran.code, 3, "the code of the tenant that was left out: {}", ran.stderr);
}

#[test]
fn a_token_revoked_in_the_middle_stops_its_tenant_alone() {
    let tenants = three();
    let bench = bench(&named(&tenants), DEVICES, "restart");
    bench.sortie(&["--config", "config.toml", "plan", "job.csv"]).expect(0);
    // The run plans in the same way, then sends: the token fails at its third request.
    let of_plan: u64 = tenants[1].ledger().by_kind.values().sum();
    tenants[1].with_world(|world| {
        world.switches_mut().token_revoked = Some(Revocation::AfterRequests(2 * of_plan + 2));
    });
    let ran = bench.sortie(&arguments(&["run", "job.csv"], "15")).expect(3);
    let sent = tenants.each_ref().map(|tenant| tenant.ledger().accepted.len());
    assert_eq!((sent[0], sent[2]), (5, 5), "{}", ran.stderr);
    let rows = rows_by_tenant(&bench);
    for name in ["acme", "initech"] {
        assert!(rows[name].iter().all(|outcome| outcome == "completed"), "{rows:?}");
    }
    assert!(rows["globex"].iter().any(|outcome| outcome == "not_attempted"), "{rows:?}");
    let fresh = tenants[1].with_world(|world| {
        world.add_token("11111111-2222-4333-8444-555555555555");
        "11111111-2222-4333-8444-555555555555"
    });
    private(&bench, "globex.token", fresh);
    let config = ["--config", "config.toml"];
    let resume = [&config[..], &["resume", "latest", "--no-input"]].concat();
    bench.sortie(&resume).expect(0);
    let once = tenants.each_ref().map(|tenant| tenant.seen("restart"));
    assert_eq!((once[0], once[2]), (5, 5), "what had ended is not sent again");
    let rows = rows_by_tenant(&bench);
    assert!(rows.values().flatten().all(|outcome| outcome == "completed"), "{rows:?}");
}

#[test]
fn a_killed_group_is_resumed_and_sends_nothing_twice() {
    const MANY: usize = 40;
    let tenants = [tenant(1, MANY), tenant(2, MANY), tenant(3, MANY)];
    let bench = bench(&named(&tenants), MANY, "restart");
    bench.allow_many();
    let mut child = bench
        .command()
        .args(arguments(&["run", "job.csv", "--per-second", "5", "--waves", "100%"], "120"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    eventually("each tenant has got something", || {
        tenants.iter().all(|tenant| tenant.seen("restart") > 2)
    });
    child.kill().expect("it still goes on");
    child.wait().expect("it is ours");
    let resume = ["--config", "config.toml", "resume", "latest", "--no-input", "--wait", "20s"];
    let ran = bench.sortie(&resume);
    for tenant in &tenants {
        let mut devices = BTreeMap::new();
        for done in &tenant.ledger().accepted {
            *devices.entry(done.device_id.clone()).or_insert(0) += 1;
        }
        assert!(devices.values().all(|count| *count == 1), "{devices:?}");
    }
    let rows = rows_by_tenant(&bench);
    assert!(rows.values().all(|rows| rows.len() == MANY), "{}", ran.stderr);
    let sent: usize = tenants.iter().map(|tenant| tenant.ledger().accepted.len()).sum();
    let done = rows.values().flatten().filter(|outcome| *outcome == "completed").count();
    assert!(ran.code == 0 || ran.code == 11, "{}", ran.stderr);
    assert!(done <= sent && sent <= 3 * MANY, "{done} of {sent}");
    if ran.code == 0 {
        assert_eq!(sent, 3 * MANY);
    }
}

#[test]
#[ignore = "100 tenants take some minutes in a debug build"]
fn a_hundred_tenants_run_in_one_process() {
    let bench = Bench::offline();
    let mut job = "tenant,serial_number,action\n".to_owned();
    for tenant in 0..100 {
        for number in 0..200 {
            job.push_str(&format!("tenant-{tenant:03},{},blank-push\n", serial_of(tenant, number)));
        }
    }
    bench.write("job.csv", &job);
    let run = ["run", "job.csv", "--simulate", "--confirm", "20000", "--no-input"];
    bench.sortie(&run).expect(0);
    let rows = rows_by_tenant(&bench);
    assert_eq!(rows.len(), 100);
    assert!(rows.values().all(|rows| rows.len() == 200));
    assert_eq!(summary(&bench)["outcomes"]["accepted"], 20_000);
}
