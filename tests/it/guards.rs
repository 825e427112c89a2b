//! What a plan refuses or names because of the harm that an action does besides what it is for.
//!
//! Owns the three rules as operators meet them: Macs that a lock deactivates, secrets that an erase or a
//! delete takes away, devices with Activation Lock. Must never look at how the plan finds out.

use sortie::simulator::{DeviceKind, Faults, MissingPermission, NewDevice, Switches, World};

use crate::harness::{Bench, Ran, Tenant, add, prompt_world, serial, world, writes};

const DEACTIVATED: &str = "deactivates a Mac with Apple silicon before macOS 11.5";

fn add_mac(world: &mut World, kind: DeviceKind, serial: &str, os_version: &str) -> String {
    let (serial_number, os_version) = (serial.to_owned(), os_version.to_owned());
    world.add_device(NewDevice { serial_number, os_version, ..NewDevice::new(kind) })
}

/// Asserts that these words are said or not said in the messages or the plan.
#[track_caller]
fn says(ran: &Ran, words: &[&str], absent: &[&str]) {
    let all = format!("{}{}", ran.stdout, ran.stderr);
    for word in words {
        assert!(all.contains(word), "'{word}' is missing:\n{all}");
    }
    for word in absent {
        assert!(!all.contains(word), "'{word}' is said:\n{all}");
    }
}

#[test]
fn a_lock_that_deactivates_a_mac_is_refused_until_allowed() {
    let mut world = prompt_world(Faults::default());
    let old = add_mac(&mut world, DeviceKind::MacAppleSiliconOld, &serial(0), "11.4");
    let new = add(&mut world, DeviceKind::MacAppleSilicon, &serial(1));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let rows = [format!("{},lock", serial(0)), format!("{},lock", serial(1))];
    let job = bench.job("job.csv", "serial_number,action", &rows);
    for arguments in [
        &["run", &job, "--confirm", "2"][..],
        &["plan", &job],
        &["send", "lock", "--serial", &serial(0)],
    ] {
        let ran = bench.sortie(arguments).expect(4);
        says(&ran, &[DEACTIVATED, "--allow-deactivation", "unsupported", &serial(0)], &[]);
    }
    assert_eq!(writes(&tenant.ledger()), 0);

    let skipping = ["run", &job, "--confirm", "1", "--wait", "0", "--skip-refused", "unsupported"];
    bench.sortie(&skipping).expect(7);
    let ledger = tenant.ledger();
    assert_eq!((ledger.count(&old, "lock"), ledger.count(&new, "lock")), (0, 1));

    // Shown only: a lock without a PIN is asked for it for a while.
    let allowed = ["send", "lock", "--serial", &serial(0), "-n", "--allow-deactivation"];
    says(&bench.sortie(&allowed).expect(0), &["may be deactivated"], &[DEACTIVATED]);
}

#[test]
fn a_job_may_allow_it_itself() {
    let mut world = prompt_world(Faults::default());
    add_mac(&mut world, DeviceKind::MacAppleSiliconOld, &serial(0), "11.2.3");
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let job = |settings: &str| {
        let serial = serial(0);
        let text = format!(
            "version: 1\naction: lock\ntargets: {{ devices: [{{ serial_number: {serial} }}] }}\n{settings}\n"
        );
        bench.write("job.yaml", &text);
        bench.sortie(&["plan", "job.yaml"])
    };
    says(&job("").expect(4), &[DEACTIVATED], &[]);
    says(&job("allow_deactivation: false").expect(4), &[DEACTIVATED], &[]);
    says(&job("allow_deactivation: true").expect(0), &["may be deactivated"], &[DEACTIVATED]);
}

#[test]
fn only_an_old_mac_has_its_processor_read_and_intel_is_locked() {
    let mut world = prompt_world(Faults::default());
    add_mac(&mut world, DeviceKind::MacIntel, &serial(0), "11.4");
    add_mac(&mut world, DeviceKind::MacAppleSilicon, &serial(1), "11.5");
    add(&mut world, DeviceKind::IPad, &serial(2));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let rows: Vec<String> = (0..3).map(|number| format!("{},lock", serial(number))).collect();
    let job = bench.job("job.csv", "serial_number,action", &rows);
    bench.sortie(&["run", &job, "--confirm", "3", "--wait", "0"]).expect(0);
    assert_eq!(tenant.ledger().count_all("lock"), 3);
    assert_eq!(tenant.seen("get-details"), 1);
    bench
        .sortie(&["run", &job, "--confirm", "3", "--wait", "0", "--allow-deactivation", "-n"])
        .expect(0);
    assert_eq!(tenant.seen("get-details"), 1, "what is allowed need not be known");
}

#[test]
fn a_processor_that_cannot_be_read_counts_as_apple_silicon() {
    for missing_permission in [MissingPermission::Forbidden, MissingPermission::Unauthorized] {
        let mut world = prompt_world(Faults::default());
        world.switches_mut().missing_permission = missing_permission;
        world.switches_mut().denied.insert("get-details".to_owned());
        add_mac(&mut world, DeviceKind::MacIntel, &serial(0), "11.4");
        add(&mut world, DeviceKind::IPad, &serial(1));
        let tenant = Tenant::serving(world);
        let bench = Bench::at(&tenant);
        let ran =
            bench.sortie(&["send", "lock", "--serial", &serial(0), "--confirm", "1"]).expect(4);
        says(&ran, &[DEACTIVATED, "its processor is unknown", "cannot read the details"], &[]);
        assert_eq!(writes(&tenant.ledger()), 0);
        let allowed =
            ["send", "lock", "--serial", &serial(0), "--confirm", "1", "--allow-deactivation"];
        bench.sortie(&[&allowed[..], &["--wait", "0"]].concat()).expect(0);
        assert_eq!(tenant.ledger().count_all("lock"), 1);
        // For an erase it is worth a note and no more.
        let ran = bench.sortie(&["send", "erase", "--serial", &serial(1), "-n"]).expect(0);
        says(&ran, &["cannot read the details of 1 of the devices"], &["have Activation Lock on"]);
    }
}

#[test]
fn asking_for_details_ends_where_it_is_in_vain() {
    let mut world = prompt_world(Faults::default());
    world.switches_mut().denied.insert("get-details".to_owned());
    for number in 0..60 {
        add(&mut world, DeviceKind::IPad, &serial(number));
    }
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench.allow_many();
    let ran = bench.sortie(&["send", "erase", "--all", "-n"]).expect(0);
    says(&ran, &["cannot read the details of 60 of the devices"], &[]);
    assert!(tenant.seen("get-details") <= 10, "{}", tenant.seen("get-details"));
}

#[test]
fn secrets_are_not_lost_without_a_word() {
    let mut world = prompt_world(Faults::default());
    let mac = add(&mut world, DeviceKind::MacIntel, &serial(0));
    let pad = add(&mut world, DeviceKind::IPad, &serial(1));
    let pc = add(&mut world, DeviceKind::Windows, &serial(2));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let all = |action: &str| {
        let rows: Vec<String> =
            (0..3).map(|number| format!("{},{action}", serial(number))).collect();
        bench.job(&format!("{action}.csv"), "serial_number,action", &rows)
    };
    for (action, devices, phrase) in [
        ("erase", "recovery password of 1 device", "ERASE 3 ON 127.0.0.1"),
        ("delete-device", "recovery password of 2 device", "DELETE 3 ON 127.0.0.1"),
    ] {
        let job = all(action);
        for more in [&[][..], &["-n"], &["--skip-refused", "unsupported,removed,not_found"]] {
            let ran = bench.sortie(&[&["run", &job, "--confirm", phrase], more].concat()).expect(8);
            says(&ran, &[devices, "--capture-secrets", "--secrets-elsewhere", "secrets: "], &[]);
        }
        bench.sortie(&["plan", &job]).expect(8);
    }
    let ledger = tenant.ledger();
    assert_eq!(writes(&ledger), 0);
    assert!(ledger.accepted.is_empty());
    assert_eq!(bench.sortie(&["runs", "--format", "json"]).expect(0).stdout.trim(), "[]");

    // Nothing of the kind is asked of a device that has no secrets there.
    let delete = ["send", "delete-device", "--serial", &serial(2)];
    let phrase = ["--confirm", "DELETE 1 ON 127.0.0.1"];
    let ran = bench.sortie(&[&delete[..], &phrase].concat()).expect(0);
    says(&ran, &[], &["--capture-secrets", "--secrets-elsewhere", "secrets of"]);
    assert_eq!(tenant.ledger().count(&pc, "delete-device"), 1);
    let phrase = ["--confirm", "ERASE 1 ON 127.0.0.1"];
    bench.sortie(&[&["send", "erase", "--serial", &serial(1)][..], &phrase].concat()).expect(0);
    assert_eq!(tenant.ledger().count(&pad, "erase"), 1);

    let erase = ["send", "erase", "--serial", &serial(0)];
    let captured = bench.sortie(&[&erase[..], &["--capture-secrets", "-n"]].concat()).expect(0);
    says(&captured, &["secrets of 1 device are read and kept before", "3 to read secrets"], &[]);
    bench
        .sortie(&[&erase[..], &["--secrets-elsewhere", "--capture-secrets", "-n"]].concat())
        .expect(2);
    assert_eq!(tenant.ledger().count(&mac, "erase"), 0);
    let elsewhere = bench.sortie(&[&erase[..], &["--secrets-elsewhere"], &phrase].concat());
    says(&elsewhere.expect(0), &[], &["are read and kept"]);
    assert_eq!(tenant.ledger().count(&mac, "erase"), 1);
}

#[test]
fn erase_targets_with_activation_lock_on_are_named_and_counted() {
    let mut world = prompt_world(Faults::default());
    for number in 0..14 {
        let mut device = NewDevice::new(DeviceKind::IPad);
        device.serial_number = serial(number);
        device.name = format!("Pad {number}");
        device.is_activation_locked = number != 1;
        world.add_device(device);
    }
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench.allow_many();
    let rows: Vec<String> = (0..14).map(serial).collect();
    let job = bench.job("job.csv", "serial_number", &rows);
    let ran = bench.sortie(&["run", &job, "--action", "erase", "-n"]).expect(0);
    let first = format!("{} 'Pad 0'", serial(0));
    let tenth = format!("{} 'Pad 10'", serial(10));
    let named =
        "Activation Lock is on for 13 devices, which will need the bypass code after the erase";
    says(&ran, &[named], &[]);
    let all = format!("{}{}", ran.stdout, ran.stderr);
    let line = all.lines().find(|line| line.contains(named)).expect("a line of its own");
    let has = |word: &str| line.contains(word);
    assert!(has(&first) && has(&tenth) && has("and 3 more"), "{line}");
    assert!(!has("'Pad 1'") && !has("'Pad 11'"), "{line}");
    // Counted among the requests of the plan.
    let by_plan = tenant.ledger().requests;
    assert_eq!(tenant.seen("get-details"), 14);
    says(&ran, &[&format!("({by_plan} by this plan)")], &[]);
    let other = bench.sortie(&["send", "restart", "--all", "-n"]).expect(0);
    says(&other, &[], &["Activation Lock"]);
}

#[test]
fn a_large_erase_reads_only_its_first_devices() {
    // A read that is told to come back would be counted twice.
    let switches = Switches { limit_per_second: 100_000, ..Switches::default() };
    let mut world = world(switches, Faults::default());
    for number in 0..203 {
        add(&mut world, DeviceKind::IPad, &serial(number));
    }
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench.allow_many();
    let ran = bench.sortie(&["send", "erase", "--all", "-n", "--per-second", "50"]).expect(0);
    says(&ran, &["the first 200 devices", "it is unknown for 3 more"], &[]);
    assert_eq!(tenant.seen("get-details"), 200);
}

#[test]
fn steps_that_can_never_follow_one_another_refuse_the_job() {
    let mut world = prompt_world(Faults::default());
    add(&mut world, DeviceKind::MacAppleSilicon, &serial(0));
    add(&mut world, DeviceKind::IPad, &serial(1));
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let plan = |number: usize, steps: [&str; 2]| {
        let text = format!(
            "version: 1\nname: order\nsecrets: elsewhere\ntargets: {{ devices: [{{ serial_number: {} }}] }}\n\
             steps:\n  - action: {}\n  - {{ action: {}, after: accepted }}\n",
            serial(number),
            steps[0],
            steps[1]
        );
        bench.write("job.yaml", &text);
        bench.sortie(&["run", "job.yaml", "--yes", "-n"])
    };
    says(&plan(0, ["lock", "erase"]).expect(4), &["erase cannot follow lock", "its PIN"], &[]);
    says(&plan(0, ["delete-device", "lock"]).expect(4), &["lock cannot follow delete-device"], &[]);
    plan(0, ["lock", "delete-device"]).expect(0);
    plan(1, ["lock", "erase"]).expect(0);
    assert_eq!(writes(&tenant.ledger()), 0);
}
