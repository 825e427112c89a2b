//! Jobs that name blueprints and users, and the vendor's own template.
//!
//! Owns what the program does with names and columns of update-device, against a tenant. Must never look into the
//! program.

use serde_json::{Value, json};
use sortie::simulator::{Faults, NewDevice, SimUser, World};

use super::old_device;
use crate::harness::{Bench, Tenant, prompt_world, serial};

/// What the vendor's script for device records reads.
const TEMPLATE: &str = "\u{feff}serial_number,blueprint_name,asset_tag,username,user\r\n";

fn tenant() -> Tenant {
    let mut world = prompt_world(Faults::default());
    for (number, blueprint, email) in [
        (1, "Old", "ada@example.com"),
        (2, "Old", "eve@example.com"),
        (3, "Lab", "grandada@example.com"),
        (4, "Labor", "left@example.com"),
    ] {
        let user = Some(SimUser { email: email.to_owned(), name: "Some One".to_owned() });
        let serial_number = serial(number);
        let blueprint = blueprint.to_owned();
        world.add_device(NewDevice { serial_number, blueprint, user, ..old_device() });
    }
    world.switches_mut().archived_users.insert("left@example.com".to_owned());
    Tenant::serving(world)
}

/// The record of a device by its serial number.
fn record(tenant: &Tenant, number: usize) -> (String, String, String, Vec<String>) {
    tenant.with_world(|world: &mut World| {
        let ids: Vec<String> = world.device_ids().map(str::to_owned).collect();
        let facts = ids
            .iter()
            .filter_map(|id| world.device(id))
            .find(|facts| facts.serial_number == serial(number))
            .expect("it is there");
        let user = facts.user.as_ref().map_or(String::new(), |user| user.email.clone());
        (facts.blueprint.clone(), facts.asset_tag.clone(), user, facts.tags.clone())
    })
}

fn bodies(tenant: &Tenant) -> Vec<Value> {
    let bodies = tenant.ledger().accepted.into_iter().map(|it| it.body);
    bodies.map(|body| serde_json::from_str(&body).expect("JSON")).collect()
}

#[test]
fn the_template_of_the_vendor_runs_as_it_stands() {
    let tenant = tenant();
    let bench = Bench::at(&tenant);
    let rows = format!(
        "{TEMPLATE}{}, Lab, 22222, (for reference only),\r\n{},,null, (for reference only),ADA@example.com\r\n{},,,,null\r\n",
        serial(1),
        serial(2),
        serial(3)
    );
    bench.write("input_template.csv", &rows);
    let run = ["run", "input_template.csv", "--action", "update-device", "--confirm", "3"];
    let ran = bench.sortie(&run).expect(0);
    assert_eq!(record(&tenant, 1).0, "Lab", "{}", ran.stderr);
    assert_eq!((record(&tenant, 1).1.as_str(), record(&tenant, 2).1.as_str()), ("22222", ""));
    assert_eq!(record(&tenant, 2).2, "ada@example.com");
    assert_eq!((record(&tenant, 3).2.as_str(), record(&tenant, 3).0.as_str()), ("", "Lab"));
    let bodies = bodies(&tenant);
    assert_eq!(bodies.len(), 3);
    // Only what the row gives.
    let keys =
        |body: &Value| body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let found: Vec<_> = bodies.iter().map(keys).collect();
    assert!(found.contains(&vec!["asset_tag".to_owned(), "blueprint_id".to_owned()]), "{found:?}");
    assert!(bodies.contains(&json!({ "user": null })), "{bodies:?}");
    for row in bench.report() {
        assert_eq!(row["outcome"], "completed", "{row:?}");
        assert!(row.contains_key("username"), "{row:?}");
    }
    // The same again: nothing is left to do.
    let again = bench.sortie(&run);
    assert_eq!(super::names::bodies(&tenant).len(), 3, "{}{}", again.stdout, again.stderr);
}

#[test]
fn a_plan_shows_old_and_new_values_and_holds_ids() {
    let tenant = tenant();
    let bench = Bench::at(&tenant);
    let job = format!(
        "serial_number,action,blueprint,add_tags,remove_tags\n{},update-device,Lab,\"new,vip\",lab\n",
        serial(1)
    );
    bench.write("move.csv", &job);
    let ran = bench.sortie(&["plan", "move.csv", "--format", "json"]).expect(0);
    let plan: Value = serde_json::from_str(&ran.stdout).expect("JSON");
    let changes = &plan["record_changes"];
    assert_eq!(changes[0]["field"], "blueprint");
    assert_eq!((&changes[0]["old"], &changes[0]["new"]), (&json!("Old"), &json!("Lab")));
    assert_eq!((&changes[1]["old"], &changes[1]["new"]), (&json!("lab, vip"), &json!("vip, new")));
    let blueprint = &plan["tasks"][0]["parameters"]["blueprint_id"];
    assert_eq!(blueprint["name"], "Lab");
    assert_eq!(blueprint["id"].as_str().map(str::len), Some(36));
    assert_eq!(plan["requests"]["recheck"], 1, "the tags are read before the request");
    assert_eq!(plan["risk"], "disruptive");
    assert_eq!(crate::harness::writes(&tenant.ledger()), 0);
    assert_eq!(tenant.seen("list-blueprints"), 1, "one look-up for one name");
}

#[test]
fn a_name_that_is_not_exactly_one_refuses_the_plan() {
    let tenant = tenant();
    let bench = Bench::at(&tenant);
    for (column, value, expect) in [
        ("blueprint", "lab", "similar names: 'Lab', 'Labor'"),
        ("blueprint", "Lba", "the tenant has no blueprint 'Lba'"),
        ("blueprint", "11111111-2222-4333-8444-555555555555", "no blueprint id 11111111"),
        ("user", "da@example.com", "the tenant has no user 'da@example.com'"),
        ("user", "left@example.com", "is archived"),
    ] {
        let job = format!("serial_number,action,{column}\n{},update-device,{value}\n", serial(1));
        bench.write("move.csv", &job);
        let ran = bench.sortie(&["plan", "move.csv"]);
        assert!(
            ran.code != 0 && ran.stderr.contains(expect),
            "{value}: {} {}",
            ran.code,
            ran.stderr
        );
        assert!(ran.stderr.contains("nothing was sent"), "{value}: {}", ran.stderr);
    }
    assert_eq!(crate::harness::writes(&tenant.ledger()), 0);
}

#[test]
fn an_asset_tag_is_the_new_value_and_names_no_device() {
    let tenant = tenant();
    let bench = Bench::at(&tenant);
    bench.write("tags.csv", &format!("serial_number,asset_tag\n{},B7\n", serial(1)));
    bench.sortie(&["run", "tags.csv", "--action", "update-device", "--yes"]).expect(0);
    assert_eq!(record(&tenant, 1).1, "B7");
    bench.write("tags.csv", "serial_number,asset_tag\n,B8\n");
    let ran = bench.sortie(&["plan", "tags.csv", "--action", "update-device"]);
    assert!(
        ran.stderr.contains("'asset_tag' is the new value and names no device"),
        "{}",
        ran.stderr
    );
    // For other actions it is compared with the device.
    bench.write("tags.csv", &format!("serial_number,asset_tag\n{},B9\n", serial(1)));
    let ran = bench.sortie(&["plan", "tags.csv", "--action", "blank-push"]);
    assert!(ran.code != 0 && ran.stderr.contains("B9"), "{}", ran.stderr);
    bench.write("tags.csv", &format!("serial_number,blueprint\n{},\n", serial(1)));
    let ran = bench.sortie(&["plan", "tags.csv", "--action", "update-device"]);
    assert!(ran.stderr.contains("needs at least one of"), "{}", ran.stderr);
}
