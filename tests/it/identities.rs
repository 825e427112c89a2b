//! Which device is meant, with the real program: ids that are none, and names that only look alike.
//!
//! Owns the cases that take a tenant; how single texts compare is tested beside the code. Must never take a message for a
//! proof: the ledger is one.

use serde_json::json;
use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment};

use crate::fleet::{Fleet, says};
use crate::harness::{canned, serial};

#[test]
fn an_id_that_leads_to_another_endpoint_is_refused() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let rows = json!([
        {"device_id": fleet.ids[0], "serial_number": serial(0), "device_name": "good",
         "platform": "iPad", "os_version": "17.4", "mdm_enabled": true},
        {"device_id": format!("{}/action/erase?x=", fleet.ids[1]), "serial_number": serial(1),
         "device_name": "odd", "platform": "iPad", "os_version": "17.4", "mdm_enabled": true},
    ]);
    let answer_next_list = || {
        let answer = canned(200, &rows.to_string(), FaultMoment::BeforeApplying);
        fleet.tenant.script(FaultMatcher::action("list-devices"), answer);
    };
    // Named, it refuses the job.
    let job = fleet.job("update-inventory", 0..2);
    (0..2).for_each(|_| answer_next_list());
    let ran = fleet.bench.sortie(&["run", &job, "--wait", "0"]).expect(4);
    says(&ran, &["unusable id", "no request can name it", "'odd'", "/action/erase?x="]);
    assert_eq!(fleet.writes(), 0);
    // Selected, it is left out, and the others are done.
    answer_next_list();
    let send = ["send", "update-inventory", "--all", "--wait", "0", "--yes"];
    let ran = fleet.bench.sortie(&send).expect(0);
    says(&ran, &["no request can name it"]);
    assert_eq!(fleet.reached("update-inventory"), [1, 0]);
    assert_eq!(fleet.tenant.seen("erase"), 0);
    // Listed, it is told of and no part of the table, which is a job.
    answer_next_list();
    let ran = fleet.bench.sortie(&["devices"]).expect(0);
    assert!(!ran.stdout.contains("erase"), "{}", ran.stdout);
    says(&ran, &["is not a UUID", "1 of 1 device"]);
}

#[test]
fn a_blueprint_is_protected_however_its_name_is_typed() {
    let fleet = Fleet::with(DeviceKind::IPad, 2, |at, device| {
        device.blueprint = if at == 0 { "Noe\u{301}mie’s Kiosk" } else { "Lab" }.to_owned();
    });
    let job = fleet.job("restart", 0..1);
    for entry in ["Noémie’s Kiosk", "NOÉMIE'S kiosk"] {
        fleet.policy(&format!("[protect]\nblueprints = [\"{entry}\"]\n"));
        says(&fleet.run(&job, "1", &[]).expect(8), &["protected", "no flag overrides"]);
    }
    assert_eq!(fleet.writes(), 0);
    // An entry that protects nothing is said whenever the whole fleet was read.
    fleet.policy("[protect]\nblueprints = [\"Noemie's Kiosk\", \"Lab\"]\n");
    let ran = fleet.bench.sortie(&["send", "update-inventory", "--all", "-n"]).expect(0);
    says(&ran, &["protects nothing", "did you mean 'Noémie’s Kiosk'?"]);
    assert!(!ran.stdout.contains("'Lab'"), "{}", ran.stdout);
}

#[test]
fn an_exclusion_without_a_match_refuses_the_plan_until_allowed() {
    let fleet = Fleet::with(DeviceKind::IPad, 2, |at, device| {
        device.tags = vec![if at == 0 { "boss" } else { "lab" }.to_owned()];
    });
    let job = |exclude: &str| {
        let text = format!(
            "version: 1\naction: update-inventory\ntargets: {{all: true}}\nexclude: {{{exclude}}}\n"
        );
        fleet.bench.write("job.yaml", &text);
        "job.yaml"
    };
    let run = |job: &str, more: &[&str]| {
        fleet.bench.sortie(&[&["run", job, "--wait", "0", "--yes"], more].concat())
    };
    let ran = run(job("tag: bos"), &[]).expect(4);
    says(
        &ran,
        &["exclude tag 'bos' matches no device; did you mean 'boss'?", "--allow-unmatched-exclude"],
    );
    assert_eq!(fleet.writes(), 0);
    run(job("tag: [bos, boss]"), &["--allow-unmatched-exclude"]).expect(0);
    assert_eq!(fleet.reached("update-inventory"), [0, 1]);
    run(job("tag: [bos, boss], allow_unmatched: true"), &[]).expect(0);
    assert_eq!(fleet.reached("update-inventory"), [0, 2]);
}

#[test]
fn a_rename_job_can_be_run_twice() {
    let fleet = Fleet::with(DeviceKind::IPad, 1, |_, device| device.name = "Old".to_owned());
    let rows = [format!("{},Old,New,set-name", serial(0))];
    let job = fleet.bench.job("rename.csv", "serial_number,device_name,new_name,action", &rows);
    let run = || fleet.bench.sortie(&["run", &job, "--yes", "--wait", "20s"]);
    run().expect(0);
    run().expect(0);
    assert_eq!(fleet.reached("set-name"), [2]);
    let lock = [format!("{},Old,blank-push", serial(0))];
    let other = fleet.bench.job("push.csv", "serial_number,device_name,action", &lock);
    let ran = fleet.bench.sortie(&["run", &other, "--yes", "--wait", "0"]).expect(4);
    says(&ran, &["identities disagree", "--ignore-column device_name"]);
    let ignoring = ["run", &other, "--yes", "--wait", "0", "--ignore-column", "device_name"];
    fleet.bench.sortie(&ignoring).expect(0);
}
