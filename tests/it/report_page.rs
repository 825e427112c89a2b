//! `report.html` as runs leave it.
//!
//! Owns what the page says of a run that stopped, waits or was closed, and when it shows PINs. `browser` tests how it looks.

use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment, Presence};

use crate::fleet::Fleet;
use crate::harness::{Ran, canned, read_csv};

/// The page of the newest run.
fn page(fleet: &Fleet) -> String {
    let path = fleet.bench.report_dir().join("report.html");
    std::fs::read_to_string(path).expect("the page")
}

/// Fails unless the page says these words, and says exactly the same when it is written again.
fn says_and_stays(fleet: &Fleet, words: &[&str]) {
    let before = page(fleet);
    for word in words {
        assert!(before.contains(word), "{word}");
    }
    fleet.bench.sortie(&["report"]).expect(0);
    assert_eq!(page(fleet), before);
}

fn with_page(fleet: &Fleet, job: &str, confirm: &str, more: &[&str]) -> Ran {
    let run = ["run", job, "--confirm", confirm, "--report-format", "csv,html"];
    fleet.bench.sortie(&[&run[..], more].concat())
}

#[test]
fn the_page_of_a_stopped_run_names_cause_and_advice() {
    let fleet = Fleet::of(DeviceKind::IPad, 3);
    let no = canned(400, r#"{"detail":"<b>no</b>"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action("lock"), no);
    let job = fleet.job("lock", 0..3);
    with_page(&fleet, &job, "3", &["--max-errors", "0", "-j", "1", "--wait", "30s"]).expect(9);
    let run = fleet.bench.latest_run();
    let retry = format!("sortie retry {run} --refused");
    let stopped = ["Stopped", "Why it stopped:", "1 task refused", &retry, "not attempted"];
    says_and_stays(&fleet, &stopped);
    assert!(!page(&fleet).contains("<b>no</b>"));
    fleet.bench.sortie(&["resume", "--wait", "30s"]).expect(7);
    says_and_stays(&fleet, &["Completed with problems", "2 of 3 tasks ended well; 1 refused."]);
    assert!(!page(&fleet).contains("Why it stopped:"), "a resume forgets the stop");
}

#[test]
fn the_page_of_a_closed_run_says_who_closed_it() {
    let asleep = |_, device: &mut sortie::simulator::NewDevice| {
        device.presence = Presence::Offline;
    };
    let fleet = Fleet::with(DeviceKind::MacIntel, 2, asleep);
    let job = fleet.job("restart", 0..2);
    with_page(&fleet, &job, "2", &["--wait", "300ms"]).expect(10);
    says_and_stays(&fleet, &["Waiting for devices", "2 pending", "Last check-in (UTC)"]);
    let run = fleet.bench.latest_run();
    fleet.bench.sortie(&["close", &run, "--yes"]).expect(0);
    says_and_stays(&fleet, &["Closed by "]);
}

#[test]
fn a_page_shows_pins_only_on_request() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 2);
    let job = fleet.job("lock", 0..2);
    with_page(&fleet, &job, "2", &["--wait", "30s"]).expect(0);
    let rows = read_csv(&fleet.bench.report_dir().join("report.csv"));
    let pins: Vec<String> = rows.iter().map(|row| row["lock_pin"].clone()).collect();
    assert!(pins.iter().all(|pin| pin.len() == 6), "{pins:?}");
    let hidden = page(&fleet);
    assert!(pins.iter().all(|pin| !hidden.contains(pin)) && !hidden.contains("Confidential"));
    says_and_stays(&fleet, &["Completed", "All 2 tasks ended well.", "captured"]);
    let shown = ["report", "--report-format", "html", "--report-pins", "--report-dir", "shown"];
    fleet.bench.sortie(&shown).expect(0);
    let path = fleet.bench.path("shown/report.html");
    let text = std::fs::read_to_string(&path).expect("the page");
    assert!(pins.iter().all(|pin| text.contains(pin)) && text.contains("Confidential"));
    let mode = std::fs::metadata(&path).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::mode(&mode.permissions());
    assert_eq!(mode & 0o777, 0o600);
}
