//! Filters by facts that the device list does not tell, against a tenant.
//!
//! Owns the tests that count requests and denied permissions. Must never repeat what the unit tests of filters compare.

use crate::harness::{Bench, Ran, Tenant, prompt_world};
use sortie::simulator::{DeviceKind, Faults, NewDevice, World};

/// A Mac with FileVault on, one with it off, three iPads and a PC.
fn fleet() -> World {
    let mut world = prompt_world(Faults::default());
    let device = |kind, serial: &str, os_version: &str| NewDevice {
        serial_number: serial.to_owned(),
        os_version: os_version.to_owned(),
        ..NewDevice::new(kind)
    };
    let on = device(DeviceKind::MacAppleSilicon, "C02ZKCCCJGH5", "15.3.2");
    let off = device(DeviceKind::MacIntel, "C02ZKDDDJGH5", "14.10");
    world.add_device(on);
    world.add_device(NewDevice { filevault: false, ..off });
    world.add_device(device(DeviceKind::IPad, "DMPZKFFFJGH5", "17.4"));
    let locked = device(DeviceKind::IPad, "DMPZKGGGJGH5", "18.1");
    world.add_device(NewDevice { is_activation_locked: true, ..locked });
    world.add_device(device(DeviceKind::IPadUnsupervised, "DMPZKHHHJGH5", "18.1"));
    world.add_device(device(DeviceKind::Windows, "PF3ZKJJJ", "24H2"));
    world
}

fn serials(ran: &Ran) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(ran.stdout.as_bytes());
    let mut serials: Vec<String> =
        reader.records().map(|row| row.expect("a row")[1].to_owned()).collect();
    serials.sort();
    serials
}

#[test]
fn devices_are_selected_by_each_new_condition() {
    let tenant = Tenant::serving(fleet());
    let bench = Bench::at(&tenant);
    for (flags, expected, requests) in [
        (&["--filevault", "true"][..], &["C02ZKCCCJGH5"][..], 0),
        (&["--filevault", "false"], &["C02ZKDDDJGH5"], 0),
        (&["--os-version", "<15", "--platform", "Mac"], &["C02ZKDDDJGH5"], 0),
        (&["--os-version", ">14.9 <15.4"], &["C02ZKCCCJGH5", "C02ZKDDDJGH5"], 0),
        (&["--agent", "false"], &[], 0),
        (&["--enrolled-for", "30d", "--platform", "Windows"], &["PF3ZKJJJ"], 0),
        (&["--enrolled-within", "30d"], &[], 0),
        (&["--supervised", "false"], &["DMPZKHHHJGH5"], 5),
        (&["--activation-lock", "true", "--platform", "iPad"], &["DMPZKGGGJGH5"], 3),
        (&["--supervised", "true", "--filevault", "true"], &["C02ZKCCCJGH5"], 1),
    ] {
        let before = tenant.seen("get-details");
        let ran = bench.sortie(&[&["devices"][..], flags].concat()).expect(0);
        assert_eq!(serials(&ran), expected, "{flags:?}: {}", ran.stderr);
        assert_eq!(tenant.seen("get-details") - before, requests, "{flags:?}");
        let tells = ran.stderr.contains("reading the details of");
        assert_eq!(tells, requests > 0, "{flags:?}: {}", ran.stderr);
    }
}

#[test]
fn a_job_plans_by_details_once_and_leaves_out_the_unknown() {
    let tenant = Tenant::serving(fleet());
    let bench = Bench::at(&tenant);
    bench.write(
        "job.yaml",
        "version: 1\nname: reset\naction: erase\nsecrets: {before_loss: elsewhere}\ntargets: {filter: {platform: iPad, supervised: true}}\nexclude: {activation_lock: true}\n",
    );
    let ran = bench.sortie(&["plan", "job.yaml", "--format", "json"]).expect(0);
    assert!(ran.stdout.contains("DMPZKFFFJGH5"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("DMPZKGGGJGH5") && !ran.stdout.contains("DMPZKHHHJGH5"));
    assert_eq!(tenant.seen("get-details"), 3, "an erase asks for nothing again");
    tenant.with_world(|world| world.switches_mut().denied.extend(["get-details".to_owned()]));
    let ran = bench.sortie(&["plan", "job.yaml"]).expect(5);
    assert!(ran.stderr.contains("permission 'Device details'"), "{}", ran.stderr);
}

#[test]
fn a_range_says_which_versions_it_cannot_compare() {
    let tenant = Tenant::serving(fleet());
    let bench = Bench::at(&tenant);
    let ran = bench.sortie(&["devices", "--os-version", "<18"]).expect(0);
    assert!(ran.stderr.contains("cannot compare the versions of 1 device"), "{}", ran.stderr);
    assert!(ran.stderr.contains("PF3ZKJJJ ('24H2')"), "{}", ran.stderr);
    assert!(ran.stderr.contains("several platforms"), "{}", ran.stderr);
}

#[test]
fn a_tenant_that_ignores_the_filter_is_refused() {
    for macs_only in [false, true] {
        let mut world = fleet();
        if macs_only {
            world = prompt_world(Faults::default());
            crate::harness::add(&mut world, DeviceKind::MacIntel, "C02ZKDDDJGH5");
        }
        world.switches_mut().ignored_filters.insert("filevault_enabled".to_owned());
        let tenant = Tenant::serving(world);
        let bench = Bench::at(&tenant);
        for value in ["true", "false"] {
            let ran = bench.sortie(&["devices", "--filevault", value]).expect(1);
            assert!(ran.stderr.contains("does not filter its device list"), "{}", ran.stderr);
            let send = ["send", "restart", "--filevault", value, "--yes"];
            let ran = bench.sortie(&send).expect(1);
            assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
        }
        assert_eq!(tenant.seen("restart"), 0);
    }
}

#[test]
fn wrong_conditions_are_refused_before_any_request() {
    let tenant = Tenant::serving(fleet());
    let bench = Bench::at(&tenant);
    for (flags, part) in [
        (&["--os-version", "<24H2"][..], "'24H2' is not a version of numbers"),
        (&["--os-version", ">=14", "--os-version", "<15.4"], "together every version"),
        (&["--filevault", "on"], "true, false"),
        (&["--enrolled-for", "soon"], "must be a duration"),
    ] {
        let ran = bench.sortie(&[&["devices"][..], flags].concat()).expect(2);
        assert!(ran.stderr.contains(part), "{flags:?}: {}", ran.stderr);
    }
    for (line, part) in [
        ("filter: {os_version: \"=15\"}", "is not a bound"),
        ("filter: {filevalt: true}", "did you mean 'filevault'"),
        ("filter: {filevault: \"true\"}", "filevault must be true or false"),
        ("filter: {supervised: [true, false]}", "supervised must be true or false"),
    ] {
        let job = format!("version: 1\naction: restart\ntargets:\n  {line}\n");
        bench.write("wrong.yaml", &job);
        let ran = bench.sortie(&["check", "wrong.yaml"]).expect(2);
        assert!(ran.stderr.contains(part), "{line}: {}", ran.stderr);
    }
    assert_eq!(tenant.seen("list-devices"), 0);
}
