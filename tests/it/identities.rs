//! Which device is meant, with the real program: ids that are none, and names that only look alike.
//!
//! Owns the cases that take a tenant; how single texts compare is tested beside the code. Must never take a message for a
//! proof: the ledger is one.

use serde_json::json;
use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment};

use crate::bench::{canned, serial};
use crate::fleet::{Fleet, says};

#[test]
fn an_id_that_leads_to_another_endpoint_is_no_device() {
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
    says(&ran, &["its id is no UUID", "1 of 1 devices"]);
}
