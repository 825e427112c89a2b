//! What people are told while they wait, and what a refusal says of when to come back.
//!
//! Owns the proof that no wait is silent. Must never assert how long anything takes.

use sortie::simulator::{DeviceKind, FaultKind, FaultMatcher};

use crate::fleet::{Fleet, says};

#[test]
fn retries_of_reads_say_what_is_retried_and_when() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let job = fleet.job("restart", 0..2);
    for arguments in [&["plan", &job][..], &["devices"]] {
        let busy = FaultKind::Unavailable { retry_after_s: Some(1) };
        fleet.tenant.script(FaultMatcher::action("list-devices"), busy);
        let ran = fleet.bench.sortie(arguments).expect(0);
        says(&ran, &["reading the devices failed: HTTP 503", "; retry 1 of 4 at 20"]);
        assert!(!ran.stdout.contains("retry"), "it is no data: {}", ran.stdout);
    }
}

#[test]
fn a_cap_says_what_is_used_what_is_left_and_when_more_is_free() {
    let fleet = Fleet::of(DeviceKind::IPad, 6);
    fleet.policy("[caps.action.restart]\nper_run = 4\nper_day = 4\nshare = \"100%\"\n");
    let first = fleet.job("restart", 0..3);
    let ran = fleet.bench.sortie(&["plan", &first]).expect(0);
    says(&ran, &["restart     0          3      4"]);
    fleet.run(&first, "3", &["--waves", "100%"]).expect(0);
    let more = fleet.job("restart", 3..5);
    let ran = fleet.run(&more, "2", &["--waves", "100%"]).expect(8);
    says(&ran, &["restart     3          2      4"]);
    says(&ran, &["plus 3 in the last 24 hours", "1 left now, 3 more from 20"]);
    assert_eq!(fleet.tenant.seen("restart"), 3);
}
