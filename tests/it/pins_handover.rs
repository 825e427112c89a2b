//! PINs that leave for people: as CSV, as pages to print, compared with the tenant before.
//!
//! Owns what the person at a locked Mac is given. Must never accept a page that shows a PIN which is not the one to type.

use sortie::simulator::{
    DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, LockAgain, NewDevice, Presence,
    SamePending, SimUser,
};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use crate::harness::{Bench, Ran, Tenant, canned, eventually, prompt_world, serial};
use crate::pins::{encrypt_to, forgetful, holder, ids_of, issued, lock_job, macs};

const HOSTILE: &str = "=HYPERLINK(\"x\")</td><script>alert(1)</script>";

/// Macs that the bench has locked, each with its PIN.
fn locked(tenant: &Tenant, count: usize) -> Bench {
    let bench = Bench::at(tenant);
    bench.allow_many();
    let job = lock_job(&bench, count, "reason: stolen from the lab");
    let confirm = count.to_string();
    bench.sortie(&["run", &job, "--confirm", &confirm, "--wait", "20s"]).expect(0);
    bench
}

fn hostile_tenant() -> Tenant {
    let mut world = prompt_world(Faults::default());
    for number in 0..2 {
        let mut mac = NewDevice::new(DeviceKind::MacIntel);
        mac.serial_number = serial(number);
        mac.name = HOSTILE.to_owned();
        mac.blueprint = "Lab & loan".to_owned();
        let (email, name) = (format!("ada{number}@example.com"), "Ada <b>King</b>".to_owned());
        mac.user = Some(SimUser { email, name });
        world.add_device(mac);
    }
    Tenant::serving(world)
}

/// A CSV as maps from column to cell.
fn rows_of(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(|row| row.expect("a row")).collect()
}

fn notes(bench: &Bench, kind: &str) -> Vec<serde_json::Value> {
    let listed = bench.sortie(&["audit", "--kind", kind, "--json", "body"]).expect(0).stdout;
    let list: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    list.as_array().expect("a list").iter().map(|note| note["body"].clone()).collect()
}

/// The PIN that the tenant shows for a device from now on, once.
fn shows(tenant: &Tenant, id: &str, status: u16, body: &str) {
    let answer = canned(status, body, FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action_on("get-unlock-pin", id), answer);
}

fn in_two_groups(pin: &str) -> String {
    format!("{} {}", &pin[..3], &pin[3..])
}

#[test]
fn pins_as_csv_keep_zeros_and_run_no_formula() {
    let tenant = hostile_tenant();
    let bench = locked(&tenant, 2);
    let pins = issued(&tenant, &bench);
    let plain = bench.sortie(&["pins", "--csv"]).expect(0);
    assert_eq!(bench.sortie(&["pins", "--format", "csv"]).expect(0).stdout, plain.stdout);
    let rows = rows_of(&plain.stdout);
    assert_eq!(rows.len(), 2);
    for row in &rows {
        assert_eq!(row["pin"], pins[&row["serial_number"]]);
        assert_eq!(row["device_name"], format!("'{HOSTILE}"));
        assert_eq!(row["user_name"], "Ada <b>King</b>");
        let same = ["action", "kind", "state", "try", "verified", "secret"].map(|name| &*row[name]);
        assert_eq!(same, ["lock", "pin", "readable", "1", "yes", ""]);
        assert_eq!((row["run"].as_str(), row["job"].as_str()), (&*bench.latest_run(), "locks"));
    }
    let excel = bench.sortie(&["pins", "--csv=excel-semicolon"]).expect(0).stdout;
    assert!(excel.starts_with("\u{feff}run;job;device_id;"), "{excel}");
    let noted = notes(&bench, "pins_shown");
    assert_eq!(noted.len(), 3);
    for note in &noted {
        assert_eq!((&note["as"], &note["pins"]), (&"csv".into(), &2.into()), "{note}");
        assert!(pins.values().all(|pin| !note.to_string().contains(pin)), "{note}");
    }
    let both = bench.sortie(&["pins", "--csv", "--format", "json"]).expect(2);
    assert!(both.stderr.contains("exclude each other"), "{}", both.stderr);
    bench.sortie(&["pins", "--recover", "--format", "csv"]).expect(2);
    bench.sortie(&["pins", "--csv=tabs"]).expect(2);
}

#[test]
fn csv_says_which_pins_are_missing_or_encrypted() {
    let tenant = forgetful(1);
    let bench = Bench::at(&tenant);
    let (ann, bob) = (holder(&bench, "ann"), holder(&bench, "bob"));
    let job = lock_job(&bench, 1, &encrypt_to(&[&ann, &bob]));
    bench.sortie(&["run", &job, "--confirm", "1", "--wait", "20s"]).expect(7);
    let ran = bench.sortie(&["pins", "--csv"]).expect(0);
    let row = &rows_of(&ran.stdout)[0];
    assert_eq!((&*row["state"], &*row["pin"], &*row["try"]), ("missing", "", ""));
    assert!(row["reason"].contains("pin_missing") && row["origin"].is_empty(), "{row:?}");
    tenant.with_world(|world| world.faults_mut().script.clear());
    bench.sortie(&["pins", "--recover"]).expect(0);
    let row = &rows_of(&bench.sortie(&["pins", "--csv"]).expect(0).stdout)[0];
    assert_eq!((&*row["state"], &*row["pin"], &*row["try"]), ("encrypted", "", "1"));
    let row = &rows_of(&bench.sortie(&["pins", "--csv", "--identity", "ann"]).expect(0).stdout)[0];
    assert_eq!(row["pin"], issued(&tenant, &bench)[&serial(0)]);
}

#[test]
fn sheets_are_private_and_hostile_names_stay_text() {
    let tenant = hostile_tenant();
    let bench = locked(&tenant, 2);
    let pins = issued(&tenant, &bench);
    let ran = bench.sortie(&["pins", "--sheets", "sheets.html"]).expect(0);
    assert!(ran.stderr.contains("2 pages written to sheets.html"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    let mode = std::fs::metadata(bench.path("sheets.html")).expect("it is there").permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let page = std::fs::read_to_string(bench.path("sheets.html")).expect("it can be read");
    assert_eq!(page.matches("CONFIDENTIAL").count(), 2, "{page}");
    for (serial, pin) in &pins {
        assert!(page.contains(serial) && page.contains(&in_two_groups(pin)), "{page}");
    }
    for harmful in ["<script", "<b>", HOSTILE, "http://", "https://"] {
        assert!(!page.contains(harmful), "{harmful}\n{page}");
    }
    assert!(page.contains("stolen from the lab") && !page.contains("may not be locked"), "{page}");
    let noted = notes(&bench, "pins_shown");
    let shown: u64 = noted.iter().filter_map(|note| note["pins"].as_u64()).sum();
    assert_eq!((shown, &noted[0]["as"]), (2, &"sheets".into()));
    // A file that is there already may be another person's.
    let before = std::fs::read(bench.path("sheets.html")).expect("it can be read");
    let ran = bench.sortie(&["pins", "--sheets", "sheets.html"]).expect(2);
    assert!(ran.stderr.contains("is there already"), "{}", ran.stderr);
    assert_eq!(std::fs::read(bench.path("sheets.html")).expect("it can be read"), before);
    assert_eq!(notes(&bench, "pins_shown").len(), noted.len());
}

#[test]
fn a_page_for_people_has_a_name_that_a_browser_opens() {
    let tenant = macs(1);
    let bench = locked(&tenant, 1);
    for name in ["-", "sheets", "sheets.pdf", ".html"] {
        let ran = bench.sortie(&["pins", "--sheets", name]).expect(2);
        let text = &ran.stderr;
        assert!(
            text.contains("does not end in .html") && text.contains("ending in .html"),
            "{text}"
        );
        assert!(!bench.path(name).exists());
    }
    assert_eq!(notes(&bench, "pins_shown").len(), 0);
    bench.sortie(&["pins", "--sheets", "sheets.HTM"]).expect(0);
}

#[test]
fn a_report_that_shows_pins_is_recorded_before_it_is_written() {
    let tenant = macs(1);
    let bench = locked(&tenant, 1);
    let report = ["report", "--report-format", "html", "--report-dir"];
    let write = |more: &[&str]| bench.sortie(&[&report[..], more].concat());
    write(&["hidden"]).expect(0);
    bench.sortie(&["report", "--report-format", "csv", "--report-pins"]).expect(0);
    assert_eq!(notes(&bench, "pins_shown").len(), 0);
    write(&["shown", "--report-pins"]).expect(0);
    std::fs::write(bench.path("taken"), "a file").expect("written");
    write(&["taken", "--report-pins"]).expect(12);
    let noted = notes(&bench, "pins_shown");
    assert_eq!(noted.len(), 2);
    for note in &noted {
        assert_eq!((&note["as"], &note["pins"]), (&"html".into(), &1.into()), "{note}");
        assert!(issued(&tenant, &bench).values().all(|pin| !note.to_string().contains(pin)));
    }
}

#[test]
fn a_run_without_pins_names_the_way_to_runs_with_some() {
    let tenant = macs(1);
    let bench = locked(&tenant, 1);
    let push = ["send", "blank-push", "--serial", &serial(0), "--wait", "0"];
    bench.sortie(&push).expect(0);
    let ran = bench.sortie(&["pins", "latest"]).expect(0);
    let expected = format!("no PINs in run {} of job blank-push", bench.latest_run());
    assert!(ran.stderr.contains(&expected), "{}", ran.stderr);
    assert!(ran.stderr.contains("\n  sortie pins\n"), "{}", ran.stderr);
}

#[test]
fn a_sheet_says_that_its_mac_may_not_be_locked_yet() {
    let mut world = prompt_world(Faults::default());
    let mut mac = NewDevice::new(DeviceKind::MacAppleSilicon);
    mac.serial_number = serial(0);
    mac.presence = Presence::Offline;
    world.add_device(mac);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let lock = ["send", "lock", "--serial", &serial(0), "--confirm", "1", "--wait", "1s"];
    bench.sortie(&lock).expect(10);
    bench.sortie(&["pins", "--sheets", "sheets.html"]).expect(0);
    let page = std::fs::read_to_string(bench.path("sheets.html")).expect("it can be read");
    for words in ["This Mac may not be locked yet", "returned when the lock was sent"] {
        assert!(page.contains(words), "{words}\n{page}");
    }
}

#[test]
fn sheets_are_recorded_before_a_pin_reaches_the_disk() {
    let tenant = macs(1);
    let bench = locked(&tenant, 1);
    let ran = bench.sortie(&["pins", "--sheets", "missing/sheets.html"]).expect(12);
    assert!(ran.stderr.contains("missing"), "{}", ran.stderr);
    assert_eq!(notes(&bench, "pins_shown").len(), 1);
}

#[test]
fn a_sheet_without_pin_says_so_and_what_to_do() {
    let tenant = macs(2);
    let ids = ids_of(&tenant);
    let nothing = || canned(200, "{}", FaultMoment::AfterApplying);
    tenant.script(FaultMatcher::action_on("lock", &ids[0]), nothing());
    (0..20).for_each(|_| shows(&tenant, &ids[0], 200, "{}"));
    let bench = Bench::at(&tenant);
    let (ann, bob) = (holder(&bench, "ann"), holder(&bench, "bob"));
    let job = lock_job(&bench, 2, &encrypt_to(&[&ann, &bob]));
    bench.sortie(&["run", &job, "--confirm", "2", "--wait", "20s"]).expect(7);
    let ran = bench.sortie(&["pins", "--sheets", "closed.html"]).expect(2);
    assert!(ran.stderr.contains("none of the PINs can be read"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--identity FILE"), "{}", ran.stderr);
    assert!(!bench.path("closed.html").exists());
    assert_eq!(notes(&bench, "pins_shown").len(), 0);
    let open = ["pins", "--sheets", "open.html", "--identity", "bob", "--format", "json"];
    let ran = bench.sortie(&open).expect(7);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&answer["pages"], &answer["without_pin"]), (&2.into(), &1.into()), "{answer}");
    let page = std::fs::read_to_string(bench.path("open.html")).expect("it can be read");
    assert_eq!(page.matches("<h1>PIN unknown: do not hand out</h1>").count(), 1, "{page}");
    assert_eq!(page.matches("this page opens a Mac").count(), 1, "{page}");
    assert_eq!(page.matches("class=\"pin\"").count(), 1, "{page}");
    let run = bench.latest_run();
    let command = format!("sortie pins {run} --device {} --recover", serial(0));
    assert!(page.contains(&command), "{page}");
    let pin = tenant.ledger().pins(&ids[1]).concat();
    assert!(page.contains(&in_two_groups(&pin)), "{page}");
}

#[test]
fn verify_finds_equal_different_missing_and_gone() {
    let tenant = macs(7);
    let ids = ids_of(&tenant);
    let bench = locked(&tenant, 7);
    let pins = issued(&tenant, &bench);
    let ran = bench.sortie(&["pins", "--verify"]).expect(0);
    assert_eq!(ran.stdout.matches("the same PIN").count(), 7, "{}", ran.stdout);
    shows(&tenant, &ids[1], 200, r#"{"pin":"000111"}"#);
    shows(&tenant, &ids[2], 200, r#"{"pin":""}"#);
    shows(&tenant, &ids[3], 404, r#"{"detail":"Not found."}"#);
    shows(&tenant, &ids[4], 200, r#"{"pin":"******"}"#);
    shows(&tenant, &ids[5], 200, "[]");
    shows(&tenant, &ids[6], 404, r#"{"detail":"Not found."}"#);
    let before = tenant.seen("get-unlock-pin");
    let ran = bench.sortie(&["pins", "--verify", "--format", "json"]).expect(7);
    assert_eq!(tenant.seen("get-unlock-pin") - before, 7);
    let answer: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!((&answer["asked"], &answer["same"]), (&7.into(), &1.into()), "{answer}");
    let results: BTreeMap<&str, &str> = answer["devices"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| Some((row["device_id"].as_str()?, row["comparison"]["result"].as_str()?)))
        .collect();
    let expected =
        ["same", "locked_again", "not_shown", "device_gone", "odd", "unreadable", "device_gone"];
    for (id, expected) in ids.iter().zip(expected) {
        assert_eq!(results[id.as_str()], expected, "{answer}");
    }
    assert!(ran.stderr.contains("6 of 7 PINs"), "{}", ran.stderr);
    for number in pins.values().map(String::as_str).chain(["000111"]) {
        assert!(!ran.stdout.contains(number) && !ran.stderr.contains(number), "{answer}");
    }
    let noted = notes(&bench, "pins_compared");
    assert_eq!(noted.len(), 2);
    assert_eq!(noted[0]["devices"].as_array().map(Vec::len), Some(7), "{}", noted[0]);
    assert_eq!(notes(&bench, "pins_shown").len(), 0);
    // A comparison changes nothing that is saved.
    bench.sortie(&["pins", "--verify"]).expect(0);
}

#[test]
fn verify_names_the_older_lock_whose_pin_is_in_force() {
    let mut world = prompt_world(Faults::default());
    world.switches_mut().lock_again = LockAgain::NewPin;
    world.switches_mut().same_pending = SamePending::Accepted;
    let mut mac = NewDevice::new(DeviceKind::MacAppleSilicon);
    mac.serial_number = serial(0);
    mac.presence = Presence::Offline;
    let id = world.add_device(mac);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let lock = ["send", "lock", "--serial", &serial(0), "--confirm", "1", "--wait", "1s"];
    bench.sortie(&lock).expect(10);
    let first = bench.latest_run();
    bench.sortie(&lock).expect(10);
    let pins = tenant.ledger().pins(&id);
    assert_eq!(pins.len(), 2);
    let verify = ["pins", "--device", &serial(0), "--verify"];
    shows(&tenant, &id, 200, &format!(r#"{{"pin":"{}"}}"#, pins[1]));
    bench.sortie(&verify).expect(0);
    shows(&tenant, &id, 200, &format!(r#"{{"pin":"{}"}}"#, pins[0]));
    let ran = bench.sortie(&verify).expect(7);
    assert!(ran.stdout.contains("an older saved PIN"), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("first type the PIN of run {first}")), "{}", ran.stdout);
    // The Mac has confirmed no lock, so a PIN that no run has may be that of an older lock.
    shows(&tenant, &id, 200, r#"{"pin":"000111"}"#);
    let ran = bench.sortie(&verify).expect(7);
    assert!(ran.stdout.contains("first type the saved PIN"), "{}", ran.stdout);
}

#[test]
fn verify_stops_where_the_token_may_not_read_pins() {
    let tenant = macs(3);
    let ids = ids_of(&tenant);
    let bench = locked(&tenant, 3);
    shows(&tenant, &ids[1], 403, r#"{"detail":"no"}"#);
    let before = tenant.seen("get-unlock-pin");
    let ran = bench.sortie(&["pins", "--verify"]).expect(5);
    assert_eq!(tenant.seen("get-unlock-pin") - before, 2);
    for words in ["the same PIN", "permission denied", "not asked"] {
        assert_eq!(ran.stdout.matches(words).count(), 1, "{}", ran.stdout);
    }
    assert!(ran.stderr.contains("permission to read device secrets"), "{}", ran.stderr);
}

#[test]
fn verify_asks_for_no_pin_that_it_cannot_compare() {
    let tenant = macs(1);
    let bench = Bench::at(&tenant);
    let (ann, bob) = (holder(&bench, "ann"), holder(&bench, "bob"));
    let job = lock_job(&bench, 1, &encrypt_to(&[&ann, &bob]));
    bench.sortie(&["run", &job, "--confirm", "1", "--wait", "20s"]).expect(0);
    let before = tenant.seen("get-unlock-pin");
    let ran = bench.sortie(&["pins", "--verify"]).expect(7);
    assert!(ran.stdout.contains("add --identity FILE"), "{}", ran.stdout);
    assert_eq!(tenant.seen("get-unlock-pin"), before);
    assert_eq!(notes(&bench, "pins_compared").len(), 0);
    bench.sortie(&["pins", "--verify", "--identity", "ann"]).expect(0);
    assert_eq!(notes(&bench, "pins_compared").len(), 1);
}

#[test]
fn a_comparison_is_recorded_before_the_tenant_is_asked() {
    let tenant = macs(1);
    let ids = ids_of(&tenant);
    let bench = locked(&tenant, 1);
    tenant.script(FaultMatcher::action_on("get-unlock-pin", &ids[0]), FaultKind::Hang);
    let before = tenant.seen("get-unlock-pin");
    let mut child = bench
        .command()
        .args(["pins", "--verify"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    eventually("the tenant is asked", || tenant.seen("get-unlock-pin") > before);
    assert_eq!(notes(&bench, "pins_compared").len(), 1);
    child.kill().expect("it runs");
    Ran::of(child.wait_with_output().expect("it has ended"));
}
