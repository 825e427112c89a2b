//! The sample jobs that change records: what becomes of each record, and in which order.
//!
//! Owns the blueprint migration and the asset tags of the jobs directory, against a tenant that has what they name.
//! Must never repeat what `jobs.rs` asks of every sample.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sortie::model::UnixMillis;
use sortie::simulator::{
    Accepted, DeviceKind, Faults, NewDevice, Presence, SimUser, World, wall_clock,
};

use super::old_device;
use crate::harness::{Bench, Tenant, prompt_world, serial};

/// Macs that the migration moves. A tenth of them is a whole number.
const LAB_MACS: usize = 20;
/// How many of them have been moved after each wave.
const WAVES: [usize; 3] = [1, 2, LAB_MACS];
/// Numbers of the Macs that must stay, of the Mac that comes back, and of one in the new blueprint.
const STAYING: std::ops::Range<usize> = 30..34;
const BACK: usize = 40;
const NEW: usize = 50;
const DAY_MS: i64 = 86_400_000;

fn sample(name: &str) -> String {
    format!("{}/jobs/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A sample without its comments.
fn text_of(name: &str) -> String {
    let text = std::fs::read_to_string(sample(name)).expect("the sample is there");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| format!("{line}\n")).collect()
}

/// A Mac that the migration moves.
fn lab_mac(number: usize) -> NewDevice {
    NewDevice {
        serial_number: serial(number),
        blueprint: "Lab".to_owned(),
        tags: vec!["lab".to_owned(), "vip".to_owned()],
        last_check_in: Some(wall_clock()),
        ..NewDevice::new(DeviceKind::MacAppleSilicon)
    }
}

/// A lab, and devices that each miss one condition of the job.
fn lab() -> World {
    let mut world = prompt_world(Faults::default());
    for number in 0..LAB_MACS {
        world.add_device(lab_mac(number));
    }
    let long_ago = UnixMillis(wall_clock().0 - 3 * DAY_MS);
    let staying = [
        NewDevice {
            presence: Presence::Offline,
            last_check_in: Some(long_ago),
            ..lab_mac(STAYING.start)
        },
        NewDevice { tags: vec!["Kiosk".to_owned()], ..lab_mac(STAYING.start + 1) },
        NewDevice { blueprint: "Labor".to_owned(), ..lab_mac(STAYING.start + 2) },
        NewDevice {
            serial_number: serial(STAYING.start + 3),
            blueprint: "Lab".to_owned(),
            last_check_in: Some(wall_clock()),
            ..NewDevice::new(DeviceKind::IPad)
        },
    ];
    for device in staying {
        world.add_device(device);
    }
    world.add_device(NewDevice {
        blueprint: "Engineering".to_owned(),
        tags: Vec::new(),
        ..lab_mac(NEW)
    });
    world
}

/// The record of a device by its serial number.
fn record(tenant: &Tenant, serial_number: &str) -> NewDevice {
    tenant.with_world(|world: &mut World| {
        let ids: Vec<String> = world.device_ids().map(str::to_owned).collect();
        let mut devices = ids.iter().filter_map(|id| world.device(id));
        devices.find(|facts| facts.serial_number == serial_number).expect("it is there").clone()
    })
}

/// Devices of these requests that this action reached.
fn reached<'a>(requests: &'a [Accepted], action: &str) -> BTreeSet<&'a str> {
    let requests = requests.iter().filter(|it| it.action == action);
    requests.map(|it| it.device_id.as_str()).collect()
}

/// Each wave moves its Macs, has them check in, and rests before the next one.
#[track_caller]
fn assert_waves(requests: &[Accepted]) {
    assert_eq!(requests.len(), 2 * LAB_MACS);
    let mut begin = 0;
    for end in WAVES {
        let wave = &requests[2 * begin..2 * end];
        let moved = reached(wave, "update-device");
        assert_eq!(moved.len(), end - begin, "the wave up to {end}");
        assert_eq!(moved, reached(wave, "daily-checkin"), "the wave up to {end}");
        for device in moved {
            let first = wave.iter().find(|it| it.device_id == device).expect("it is one of them");
            assert_eq!(first.action, "update-device", "{device}");
        }
        if begin > 0 {
            let pause_ms = wave[0].at.0 - requests[2 * begin - 1].at.0;
            assert!(pause_ms >= 1_000, "{pause_ms} ms before the wave up to {end}");
        }
        begin = end;
    }
}

#[test]
fn the_blueprint_sample_moves_the_lab_in_waves() {
    let tenant = Tenant::serving(lab());
    let bench = Bench::at(&tenant);
    bench.allow_many();
    let job = sample("blueprint-migration.yaml");
    let staying = || -> Vec<(String, Vec<String>)> {
        let records = STAYING.map(|number| record(&tenant, &serial(number)));
        records.map(|facts| (facts.blueprint, facts.tags)).collect()
    };
    let before = staying();
    let run = |devices: &str| {
        let flags = ["--wait", "40s", "--wave-pause", "1s", "--skip-done", "--confirm", devices];
        bench.sortie(&[&["run", &job][..], &flags].concat())
    };
    run(&LAB_MACS.to_string()).expect(0);
    assert_waves(&tenant.ledger().accepted);
    let rows = bench.report();
    assert_eq!(rows.len(), 2 * LAB_MACS);
    for row in &rows {
        assert_eq!(row["outcome"], "completed", "{row:?}");
    }
    for number in 0..LAB_MACS {
        let facts = record(&tenant, &serial(number));
        assert_eq!(facts.blueprint, "Engineering");
        assert_eq!(facts.tags, ["vip", "migrated"]);
    }
    assert_eq!(staying(), before);
    let moved = ["devices", "--blueprint", "Engineering", "--tag", "migrated"];
    let listed = bench.sortie(&moved).expect(0).stdout;
    assert_eq!(listed.lines().count(), 1 + LAB_MACS, "{listed}");

    // The next night finds the Mac that is back, and no other.
    tenant.with_world(|world| world.add_device(lab_mac(BACK)));
    run("1").expect(0);
    assert_eq!(tenant.ledger().accepted.len(), 2 * LAB_MACS + 2);
    assert_eq!(record(&tenant, &serial(BACK)).blueprint, "Engineering");
    let ran = run("1").expect(4);
    assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
    assert_eq!(tenant.ledger().accepted.len(), 2 * LAB_MACS + 2);
    assert_eq!(staying(), before);
}

#[test]
fn a_mac_that_was_moved_back_is_moved_again() {
    let mut world = prompt_world(Faults::default());
    world.add_device(lab_mac(0));
    world.add_device(NewDevice { tags: vec!["kiosk".to_owned()], ..lab_mac(1) });
    world.add_device(NewDevice { blueprint: "Engineering".to_owned(), ..lab_mac(NEW) });
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let job = sample("blueprint-migration.yaml");
    let run = |flags: &[&str]| bench.sortie(&[&["run", &job, "--wait", "40s"][..], flags].concat());
    run(&["--confirm", "1"]).expect(0);
    let back = format!("serial_number,action,blueprint\n{},update-device,Lab\n", serial(0));
    bench.write("back.csv", &back);
    bench.sortie(&["run", "back.csv", "--confirm", "1"]).expect(0);
    assert_eq!(record(&tenant, &serial(0)).blueprint, "Lab");
    run(&["--confirm", "1", "--skip-done"]).expect(0);
    assert_eq!(record(&tenant, &serial(0)).blueprint, "Engineering");
}

#[test]
fn the_sample_of_asset_tags_changes_nothing_else() {
    let text = text_of("asset-tags.csv");
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["serial_number", "action", "asset_tag", "room"]);
    let rows = &rows[1..];
    let mut world = prompt_world(Faults::default());
    for row in rows {
        world.add_device(NewDevice { serial_number: row[0].to_owned(), ..old_device() });
    }
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let job = sample("asset-tags.csv");
    let run = ["run", &job, "--yes"];
    bench.sortie(&run).expect(0);
    let bodies = || -> BTreeSet<String> {
        let read = |body: &str| serde_json::from_str::<Value>(body).expect("JSON").to_string();
        tenant.ledger().accepted.iter().map(|it| read(&it.body)).collect()
    };
    let value = |tag: &str| if tag == "null" { Value::Null } else { json!(tag) };
    let expected: BTreeSet<String> =
        rows.iter().map(|row| json!({ "asset_tag": value(row[2]) }).to_string()).collect();
    assert_eq!(bodies(), expected);
    for row in rows {
        let (found, old) = (record(&tenant, row[0]), old_device());
        assert_eq!(found.asset_tag, if row[2] == "null" { "" } else { row[2] });
        assert_eq!((found.blueprint, found.tags), (old.blueprint, old.tags));
        let email = |user: Option<SimUser>| user.map(|user| user.email);
        assert_eq!(email(found.user), email(old.user));
    }
    for row in bench.report() {
        assert_eq!(row["outcome"], "completed", "{row:?}");
    }
    // The file can run again: no request is left.
    std::fs::remove_dir_all(bench.path("reports")).expect("it is there");
    bench.sortie(&run).expect(0);
    assert_eq!(tenant.ledger().accepted.len(), rows.len());
    for row in bench.report() {
        assert_eq!(row["outcome"], "already_in_effect", "{row:?}");
    }
}

#[test]
fn the_manual_shows_the_samples_as_they_stand() {
    let text = Bench::offline().sortie(&["help", "migration", "--markdown"]).expect(0).stdout;
    for name in ["blueprint-migration.yaml", "end-of-term-reset.yaml"] {
        let job = text_of(name);
        assert!(text.contains(&format!("```yaml\n{job}```\n")), "put into the topic:\n{job}");
    }
}
