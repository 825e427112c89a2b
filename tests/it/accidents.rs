//! Accidents that happened elsewhere, tried with the real program against a simulated tenant.
//!
//! Owns one test or more for each of them that no other test shows; the README's table names all of them, with their
//! sources' numbers in the comments here. Every test ends at the tenant's ledger: it holds nothing that should not be
//! there.

use sortie::model::UnixMillis;
use sortie::simulator::{
    CommandEnd, DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, LockAgain, NewDevice,
    Presence, SamePending, SimUser, wall_clock,
};

use crate::fleet::{Fleet, end_of, erase_of, says};
use crate::harness::{
    Bench, OUTCOMES, Tenant, canned, canned_with, eventually, prompt_world, serial, writes,
};

/// An organization that allows runs on its whole fleet.
const WHOLE_FLEET: &str =
    "[caps.disruptive]\nshare = \"100%\"\n[caps.irreversible]\nshare = \"100%\"\n";

/// A device that was seen this long ago.
fn seen(device: &mut NewDevice, minutes_ago: i64) {
    device.last_check_in = Some(UnixMillis(wall_clock().0 - minutes_ago * 60_000));
}

/// Counts of the newest run's summary.
fn totals(bench: &Bench) -> (u64, u64) {
    let text = std::fs::read_to_string(bench.report_dir().join("summary.json"));
    let summary: serde_json::Value = serde_json::from_str(&text.expect("a summary")).expect("JSON");
    let outcomes = summary["outcomes"].as_object().expect("an object");
    assert_eq!(outcomes.len(), OUTCOMES.len());
    let sum = outcomes.values().filter_map(serde_json::Value::as_u64).sum();
    (summary["tasks"].as_u64().expect("a number"), sum)
}

/// A PIN as people are shown it.
fn in_two_groups(pin: &str) -> String {
    format!("{} {}", &pin[..3], &pin[3..])
}

// 1
#[test]
fn an_empty_variable_locks_no_device() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 5);
    let empty = ["", " ", "\t", "\u{a0}"];
    for value in empty {
        for agree in [&["--yes"][..], &["--confirm", "5"], &["--confirm", "1"]] {
            for flag in ["--serial", "--device", "--user-email"] {
                let lock = ["send", "lock", flag, value];
                fleet.bench.sortie(&[&lock[..], agree].concat()).expect(2);
            }
            fleet.bench.write("job.csv", &format!("serial_number,action\n{value},lock\n"));
            fleet.bench.sortie(&[&["run", "job.csv"], agree].concat()).expect(2);
            let targets = format!("devices: [{{ serial_number: \"{value}\" }}]");
            for targets in [&*targets, "devices: []", "filter: {}", ""] {
                let job = format!("version: 1\naction: lock\ntargets: {{ {targets} }}\n");
                fleet.bench.write("job.yaml", &job);
                fleet.bench.sortie(&[&["run", "job.yaml"], agree].concat()).expect(2);
            }
        }
    }
    assert_eq!(fleet.writes(), 0);
}

// 3
#[test]
fn a_connection_lost_at_the_third_device_repeats_nothing() {
    let fleet = Fleet::of(DeviceKind::MacIntel, 5);
    for kind in [FaultKind::CloseBefore, FaultKind::NotConnected, FaultKind::CloseBefore] {
        fleet.tenant.script(FaultMatcher::action_on("remote-desktop", &fleet.ids[2]), kind);
    }
    let rows: Vec<String> =
        (0..5).map(|at| format!("{},remote-desktop,true", serial(at))).collect();
    let job = fleet.bench.job("job.csv", "serial_number,action,EnableRemoteDesktop", &rows);
    fleet.bench.sortie(&["run", &job, "-j", "1"]).expect(0);
    assert_eq!(fleet.reached("remote-desktop"), [1; 5]);
    for accepted in fleet.tenant.ledger().accepted {
        assert!(accepted.body.contains("\"EnableRemoteDesktop\":true"), "{}", accepted.body);
    }

    // What must not happen twice is not tried twice.
    fleet.tenant.script(FaultMatcher::action_on("lock", &fleet.ids[2]), FaultKind::CloseAfter);
    let lock = fleet.job("lock", 0..5);
    fleet.bench.sortie(&["run", &lock, "--confirm", "5", "-j", "1", "--wait", "20s"]);
    assert_eq!(fleet.reached("lock"), [1; 5]);
    assert_eq!(fleet.tenant.seen("lock"), 5);
}

// 4
#[test]
fn every_pin_of_a_lock_is_kept_through_a_rate_limit() {
    let fleet = Fleet::of(DeviceKind::MacAppleSilicon, 5);
    let later = vec![("Retry-After", "1".to_owned())];
    let limited = canned_with(429, later, b"slow down", FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action_on("lock", &fleet.ids[2]), limited);
    let job = fleet.job("lock", 0..5);
    fleet.bench.sortie(&["run", &job, "--confirm", "5", "-j", "1", "--wait", "20s"]).expect(0);
    let ledger = fleet.tenant.ledger();
    assert_eq!(fleet.reached("lock"), [1; 5]);
    let report = fleet.bench.report();
    for (row, id) in report.iter().zip(&fleet.ids) {
        assert_eq!(row["lock_pin"], ledger.pins(id).concat(), "{row:?}");
        assert_eq!(row["lock_pin"].len(), 6, "{row:?}");
    }
    let pins = fleet.bench.sortie(&["pins", "--all"]).expect(0);
    for id in &fleet.ids {
        says(&pins, &[&in_two_groups(&ledger.pins(id)[0])]);
    }
}

// 5 and 6
#[test]
fn a_blank_cell_refuses_the_whole_file() {
    let fleet = Fleet::with(DeviceKind::MacIntel, 4, |at, device| {
        device.asset_tag = if at < 2 { String::new() } else { format!("A-{at}") };
    });
    let first = serial(0);
    for (header, rows) in [
        ("serial_number,action", format!("{first},delete-device\n,delete-device\n")),
        ("serial_number,action", format!("{first},delete-device\n\" \",delete-device\n")),
        ("serial_number,action", format!("{first},\n")),
        ("device_id,action", format!("{},delete-device\n,delete-device\n", fleet.ids[0])),
        ("user_email,action", ",delete-device\n".to_owned()),
        ("serial_number,asset_tag,action", ",,delete-device\n".to_owned()),
        ("asset_tag,action", ",delete-device\n".to_owned()),
        ("asset_tag,action", "A-2,delete-device\n".to_owned()),
        ("serial_number,action,new_name", format!("{first},set-name,\n")),
    ] {
        fleet.bench.write("job.csv", &format!("{header}\n{rows}"));
        for more in [&[][..], &["--skip-refused", "not_found,removed,unsupported"], &["--dedupe"]] {
            let agree = ["run", "job.csv", "--yes", "--secrets-elsewhere"];
            let ran = fleet.bench.sortie(&[&agree[..], more].concat()).expect(2);
            says(&ran, &["job.csv:", "nothing was sent"]);
            let phrase =
                ["run", "job.csv", "--confirm", "DELETE 1 ON 127.0.0.1", "--secrets-elsewhere"];
            fleet.bench.sortie(&[&phrase[..], more].concat()).expect(2);
        }
    }
    assert_eq!(fleet.tenant.ledger().requests, 0, "a file is judged before anything is asked");
}

// 7
#[test]
fn a_name_that_belongs_to_another_device_refuses_the_job() {
    let fleet = Fleet::with(DeviceKind::Windows, 3, |at, device| {
        device.name = format!("Desk {at}");
        device.asset_tag = format!("A-{at}");
        let email = format!("user{at}@example.com");
        device.user = Some(SimUser { email, name: format!("User {at}") });
    });
    let row = |cells: &str| {
        let header = "device_id,serial_number,device_name,asset_tag,user_email,action";
        fleet.bench.job("job.csv", header, &[format!("{cells},delete-device")])
    };
    let (own, other) = (&fleet.ids[0], &fleet.ids[1]);
    let (serial, serial_of_other) = (serial(0), serial(1));
    let delete = |job: &str| fleet.run(job, "DELETE 1 ON 127.0.0.1", &[]);
    for cells in [
        format!(",{serial},Desk 1,,"),
        format!("{own},{serial_of_other},,,"),
        format!("{own},,Desk 1,,"),
        format!("{own},,,A-1,"),
        format!(",{serial},,,user1@example.com"),
        format!("{other},{serial_of_other},Desk 0,A-1,user1@example.com"),
    ] {
        says(&delete(&row(&cells)).expect(4), &["identities disagree", "nothing was sent"]);
    }
    assert_eq!(fleet.writes(), 0);
    delete(&row(&format!("{own},{serial},Desk 0,A-0,user0@example.com"))).expect(0);
    assert_eq!(fleet.reached("delete-device"), [1, 0, 0]);
    // The id that was sent is the id that is shown.
    assert_eq!(fleet.bench.report()[0]["device_id"], *own);
}

// 8
#[test]
fn a_serial_number_of_two_records_matches_neither() {
    let mut world = prompt_world(Faults::default());
    let twin = || NewDevice { serial_number: serial(0), ..NewDevice::new(DeviceKind::IPad) };
    let ids = [world.add_device(twin()), world.add_device(twin())];
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    for more in [&[][..], &["--skip-refused", "not_found,removed,unsupported"]] {
        let erase = ["send", "erase", "--serial", &serial(0), "--confirm", &erase_of(1)];
        says(
            &bench.sortie(&[&erase[..], more].concat()).expect(4),
            &["ambiguous", &ids[0], &ids[1]],
        );
    }
    assert_eq!(writes(&tenant.ledger()), 0);
    let erase = ["send", "erase", "--device", &ids[1], "--confirm", &erase_of(1), "--wait", "0"];
    bench.sortie(&erase).expect(0);
    let ledger = tenant.ledger();
    assert_eq!((ledger.count(&ids[0], "erase"), ledger.count(&ids[1], "erase")), (0, 1));
}

// 9
#[test]
fn a_name_that_looks_like_a_number_is_a_text() {
    let names = ["14", "14.2", "014", "14.0", "+14", "1000", "1e3", "1_000", "0x3e8"];
    let fleet = Fleet::with(DeviceKind::IPad, names.len(), |at, device| {
        device.blueprint = names[at].to_owned();
        device.tags = vec![names[at].to_owned()];
    });
    for (at, name) in names.iter().enumerate() {
        let mut expected = fleet.reached("blank-push");
        expected[at] += 3;
        for flag in ["--blueprint", "--tag"] {
            fleet.bench.sortie(&["send", "blank-push", flag, name]).expect(0);
        }
        for form in [(*name).to_owned(), format!("\"{name}\"")] {
            let job = format!(
                "version: 1\naction: blank-push\ntargets: {{ filter: {{ blueprint: {form} }} }}\n"
            );
            fleet.bench.write("job.yaml", &job);
            let plan = fleet.bench.sortie(&["plan", "job.yaml"]);
            // Unquoted numbers may be refused; taken for another text they are not.
            if plan.code == 0 {
                says(&plan, &["1 device", &serial(at)]);
            }
        }
        fleet.bench.sortie(&["run", "job.yaml"]).expect(0);
        assert_eq!(fleet.reached("blank-push"), expected, "{name}");
    }
}

// 10
#[test]
fn an_id_of_something_else_finds_no_device() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let blueprint = fleet.tenant.with_world(|world| world.blueprint_id("Engineering"));
    let job = |value: &str| {
        fleet.bench.job("job.csv", "device_id,action", &[format!("{value},delete-device")])
    };
    let delete = |job: &str, more: &[&str]| {
        let more = [&["--secrets-elsewhere"][..], more].concat();
        fleet.run(job, "DELETE 1 ON 127.0.0.1", &more)
    };
    delete(&job(&blueprint), &[]).expect(4);
    // Left out by request, nothing is left.
    let ran = delete(&job(&blueprint), &["--skip-refused", "not_found"]);
    assert_ne!(ran.code, 0, "{}", ran.stderr);
    for value in
        [&serial(0), "all", "*", "00000000-0000-0000-0000-000000000000", "1", "Engineering"]
    {
        delete(&job(value), &[]).expect(2);
    }
    assert_eq!(fleet.writes(), 0);
}

// 11
#[test]
fn a_fleet_is_not_erased_overnight() {
    let fleet = Fleet::of(DeviceKind::IPad, 60);
    let all = ["send", "erase", "--all", "--wait", "0"];
    for agree in [
        &["--yes"][..],
        &["--confirm", &erase_of(60)],
        &["--confirm", &erase_of(60), "--yes", "--break-glass", "now", "--waves", "100%"],
    ] {
        says(&fleet.bench.sortie(&[&all[..], agree].concat()).expect(8), &["nothing was sent"]);
    }
    assert_eq!(fleet.writes(), 0);
    // Nor in small pieces: ten are the share of such a fleet, in a run and in a day.
    fleet.run(&fleet.job("erase", 0..10), &erase_of(10), &[]).expect(0);
    let piece = |from: usize, to: usize| {
        let rows: Vec<String> = (from..to).map(|at| format!("{},erase", serial(at))).collect();
        let job = fleet.bench.job("piece.csv", "serial_number,action", &rows);
        fleet.run(&job, &erase_of(to - from), &[])
    };
    for (from, to) in [(10, 11), (11, 21), (50, 60)] {
        says(&piece(from, to).expect(8), &["plus 10 in the last 24 hours"]);
    }
    assert_eq!(fleet.tenant.ledger().count_all("erase"), 10);
    assert_eq!(fleet.writes(), 10);
}

// 11
#[test]
fn what_may_be_erased_leaves_twelve_a_minute() {
    let fleet = Fleet::of(DeviceKind::IPad, 16);
    fleet.policy(WHOLE_FLEET);
    let job = fleet.job("erase", 0..16);
    let run = ["run", &job, "--confirm", &erase_of(16), "--wait", "0", "--per-second", "50"];
    let run = fleet.spawn(&run);
    eventually("twelve are erased", || fleet.tenant.seen("erase") >= 12);
    // Time for many more: these reads go the same way, one after the other.
    for _ in 0..20 {
        fleet.bench.sortie(&["devices"]).expect(0);
    }
    assert_eq!(fleet.tenant.seen("erase"), 12);
    crate::fleet::interrupt(&run);
    let ran = end_of(run);
    assert_eq!(ran.code, 9, "{}", ran.stderr);
    assert_eq!(fleet.tenant.ledger().count_all("erase"), 12);
    let left = fleet.bench.report();
    assert_eq!(left.iter().filter(|row| row["outcome"] == "not_attempted").count(), 4);
}

// 12 and 13
#[test]
fn a_command_to_all_devices_begins_with_one_and_can_be_stopped() {
    for (action, agree) in [("erase", erase_of(29)), ("restart", "29".to_owned())] {
        let fleet = Fleet::with(DeviceKind::IPad, 30, |at, device| {
            device.tags = if at == 7 { vec!["servers".to_owned()] } else { Vec::new() };
            seen(device, if at == 4 { 1 } else { 600 });
        });
        fleet.policy(
            "[protect]\ntags = [\"servers\"]\n[caps.disruptive]\nshare = \"100%\"\n\
             [caps.irreversible]\nper_run = 100\nper_day = 100\nshare = \"100%\"\n",
        );
        let run = fleet.spawn(&["send", action, "--all", "--confirm", &agree, "--wait", "20s"]);
        eventually("the canary", || fleet.tenant.seen(action) == 1);
        // The pause before the second wave is minutes long; somebody has noticed by then.
        eventually("the canary's end", || {
            let ran = fleet.bench.sortie(&["status", "--format", "json"]);
            ran.code == 0 && !ran.stdout.contains("\"completed\":0")
        });
        std::fs::write(fleet.bench.path("state/STOP"), "").expect("it is ours");
        end_of(run).expect(9);
        let reached = fleet.reached(action);
        assert_eq!((reached[4], reached.iter().sum::<u32>()), (1, 1), "the one seen last, alone");
        assert_eq!(fleet.writes(), 1, "{action}");
    }
}

// 14
#[test]
fn more_than_its_share_of_the_fleet_is_a_wrong_number() {
    let fleet = Fleet::of(DeviceKind::IPad, 60);
    for (action, share) in [("restart", 12), ("erase", 10)] {
        let agree = |count: usize| match action {
            "erase" => erase_of(count),
            _ => count.to_string(),
        };
        let ran = fleet.run(&fleet.job(action, 0..share + 1), &agree(share + 1), &[]).expect(8);
        says(&ran, &[&format!("at most {share} are allowed"), "of the tenant's 60 devices"]);
        assert_eq!(fleet.tenant.seen(action), 0);
        // A filter that means more than somebody thought is the same.
        let send = ["send", action, "--platform", "iPad", "--confirm", &agree(60)];
        fleet.bench.sortie(&send).expect(8);
        fleet.run(&fleet.job(action, 0..share), &agree(share), &["--per-second", "40"]).expect(0);
        assert_eq!(fleet.tenant.ledger().count_all(action), u32::try_from(share).expect("small"));
    }
    assert_eq!(fleet.writes(), 22);
}

// 15
#[test]
fn a_canary_that_fails_is_the_only_one_that_failed() {
    for end in [CommandEnd::Fails, CommandEnd::ByChance] {
        let fleet = Fleet::with(DeviceKind::IPad, 40, |at, device| {
            seen(device, if at == 9 { 1 } else { 600 });
            device.command_end = if at == 9 { end } else { CommandEnd::Completes };
        });
        fleet.policy(WHOLE_FLEET);
        if end == CommandEnd::ByChance {
            let no = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
            fleet.tenant.script(FaultMatcher::action("lock"), no);
        }
        let job = fleet.job("lock", 0..40);
        // Tolerance for errors is not for the canary.
        let run = ["--max-errors", "50%", "--wave-pause", "0", "--wait", "30s"];
        let run = [&["run", &job, "--confirm", "40"][..], &run].concat();
        let ran = fleet.bench.sortie(&run).expect(9);
        says(&ran, &["wave 1/"]);
        assert_eq!(fleet.tenant.seen("lock"), 1, "{}", ran.stderr);
        assert_eq!(fleet.writes(), 1);
        assert_eq!(totals(&fleet.bench), (40, 40));
    }
}

// 15
#[test]
fn a_wave_is_judged_by_itself_however_much_went_well_before() {
    let fleet = Fleet::with(DeviceKind::IPad, 40, |at, device| {
        // In the order of their serial numbers: 20 that work, 4 that do not, 16 that nobody should reach.
        seen(device, 10 + i64::try_from(at).expect("small"));
        let is_bad = (20..24).contains(&at);
        device.command_end = if is_bad { CommandEnd::Fails } else { CommandEnd::Completes };
    });
    fleet.policy(WHOLE_FLEET);
    let job = fleet.job("lock", 0..40);
    let run =
        ["--waves", "1,20,24,100%", "--wave-pause", "0", "--max-errors", "25%", "--wait", "30s"];
    let ran = fleet.bench.sortie(&[&["run", &job, "--confirm", "40"][..], &run].concat()).expect(9);
    says(&ran, &["wave 3/4"]);
    let expected: Vec<u32> = (0..40).map(|at| u32::from(at < 24)).collect();
    assert_eq!(fleet.reached("lock"), expected, "{}", ran.stderr);
    assert_eq!(fleet.writes(), 24);
}

// 17
#[test]
fn a_second_lock_leaves_the_first_pin_in_force() {
    for again in [LockAgain::AlreadyLocked, LockAgain::AlreadyRunning] {
        let mut world = prompt_world(Faults::default());
        world.switches_mut().lock_again = again;
        let fleet = Fleet::in_world(world, DeviceKind::MacAppleSilicon, 1, |_, _| {});
        let lock = ["send", "lock", "--all", "--confirm", "1", "--wait", "20s"];
        fleet.bench.sortie(&lock).expect(0);
        fleet.bench.sortie(&lock);
        let ledger = fleet.tenant.ledger();
        assert_eq!(fleet.reached("lock"), [1]);
        let pins = ledger.pins(&fleet.ids[0]);
        assert_eq!(pins.len(), 1);
        for row in fleet.bench.report() {
            assert_eq!(row["lock_pin"], pins[0], "{row:?}");
        }
        let shown = fleet.bench.sortie(&["pins", "--device", &serial(0), "--all"]).expect(0);
        says(&shown, &[&in_two_groups(&pins[0])]);
    }
}

// 18
#[test]
fn an_offline_device_gets_one_lock_from_repeated_jobs() {
    let fleet = Fleet::with(DeviceKind::MacAppleSilicon, 1, |_, device| {
        device.presence = Presence::Offline;
    });
    let lock = ["send", "lock", "--all", "--confirm", "1", "--wait", "1s"];
    let together: Vec<_> = (0..3).map(|_| fleet.spawn(&lock)).collect();
    together.into_iter().for_each(|run| drop(end_of(run)));
    fleet.bench.sortie(&lock);
    fleet.bench.sortie(&["resume"]);
    assert_eq!(fleet.reached("lock"), [1]);
    let pins = fleet.tenant.ledger().pins(&fleet.ids[0]);
    assert_eq!(pins.len(), 1);
    fleet.tenant.with_world(|world| world.wake(&fleet.ids[0]));
    let shown = fleet.bench.sortie(&["pins", "--device", &serial(0), "--all"]).expect(0);
    says(&shown, &[&in_two_groups(&pins[0])]);
}

// 18
#[test]
fn of_two_locks_that_a_tenant_took_both_pins_are_kept() {
    let mut world = prompt_world(Faults::default());
    world.switches_mut().lock_again = LockAgain::NewPin;
    world.switches_mut().same_pending = SamePending::Accepted;
    let fleet = Fleet::in_world(world, DeviceKind::MacAppleSilicon, 1, |_, device| {
        device.presence = Presence::Offline;
    });
    let lock = ["send", "lock", "--all", "--confirm", "1", "--wait", "1s"];
    for _ in 0..2 {
        fleet.bench.sortie(&lock).expect(10);
    }
    let pins = fleet.tenant.ledger().pins(&fleet.ids[0]);
    assert_eq!((fleet.reached("lock"), pins.len()), (vec![2], 2));
    let shown = fleet.bench.sortie(&["pins", "--device", &serial(0), "--all"]).expect(0);
    let line = |pin: &str| {
        let pin = in_two_groups(pin);
        shown.stdout.lines().position(|line| line.starts_with(&pin)).expect("it is shown")
    };
    assert!(line(&pins[1]) < line(&pins[0]), "the valid one first:\n{}", shown.stdout);
}

// 19
#[test]
fn results_are_on_disk_as_they_come_and_add_up_after_a_kill() {
    let slow = Faults { latency_ms: 100..=100, ..Faults::default() };
    let fleet = Fleet::in_world(prompt_world(slow), DeviceKind::IPad, 10, |_, _| {});
    let job = fleet.job("restart", 0..10);
    let mut run = fleet.spawn(&["run", &job, "--confirm", "10", "--wait", "0", "-j", "1"]);
    eventually("some are sent", || fleet.tenant.seen("restart") >= 4);
    run.kill().expect("it can be killed");
    run.wait().expect("it can be waited for");
    let ran = fleet.bench.sortie(&["report"]);
    assert!([0, 9, 11].contains(&ran.code), "{}", ran.stderr);
    assert_eq!(totals(&fleet.bench), (10, 10));
    let report = fleet.bench.report();
    assert_eq!(report.len(), 10);
    let reached = fleet.reached("restart");
    for (row, reached) in report.iter().zip(&reached) {
        match row["outcome"].as_str() {
            "accepted" => assert_eq!(*reached, 1, "{row:?}"),
            "not_attempted" => assert_eq!(*reached, 0, "{row:?}"),
            // What was under way when it was killed is called that.
            _ => assert!(*reached <= 1, "{row:?}"),
        }
    }
    assert!(report.iter().filter(|row| row["outcome"] == "accepted").count() >= 3);
    assert!(report.iter().any(|row| row["outcome"] == "not_attempted"));
    assert!(fleet.tenant.ledger().duplicates().is_empty());
}

// 20
#[test]
fn a_file_of_only_bad_serial_numbers_is_a_failure() {
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let rows: Vec<String> = (50..55).map(|at| format!("{},restart", serial(at))).collect();
    let job = fleet.bench.job("job.csv", "serial_number,action", &rows);
    for agree in ["0", "5"] {
        fleet.run(&job, agree, &[]).expect(4);
        let ran = fleet.run(&job, agree, &["--skip-refused", "not_found"]);
        assert_ne!(ran.code, 0, "{}", ran.stderr);
    }
    assert_eq!(fleet.writes(), 0);
    // Some good, some bad, all of them in the tally.
    let fleet = Fleet::of(DeviceKind::IPad, 2);
    let rows: Vec<String> = (1..5).map(|at| format!("{},restart", serial(at))).collect();
    let job = fleet.bench.job("some.csv", "serial_number,action", &rows);
    fleet.run(&job, "1", &["--skip-refused", "not_found"]).expect(7);
    assert_eq!(totals(&fleet.bench), (4, 4));
    assert_eq!((fleet.reached("restart"), fleet.writes()), (vec![0, 1], 1));
}

// 22
#[test]
fn an_edited_file_changes_nothing_for_a_run_that_is_resumed() {
    let fleet = Fleet::of(DeviceKind::IPad, 6);
    let no = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action("lock"), no);
    let rows: Vec<String> = (0..3).map(|at| format!("{},lock,call {at}", serial(at))).collect();
    let job = fleet.bench.job("job.csv", "serial_number,action,message", &rows);
    let run = ["--max-errors", "0", "-j", "1"];
    fleet.run(&job, "3", &run).expect(9);
    assert_eq!(fleet.writes(), 1);
    // Positions shift, devices and action change, and then the file is gone.
    let edited: Vec<String> = (3..6).map(|at| format!("{},erase,", serial(at))).collect();
    fleet.bench.job("job.csv", "serial_number,action,message", &edited);
    fleet.bench.sortie(&["resume", "--per-second", "1", "-j", "1"]).expect(7);
    std::fs::remove_file(fleet.bench.path("job.csv")).expect("it is ours");
    fleet.bench.sortie(&["resume"]).expect(0);
    assert_eq!(fleet.reached("lock"), [0, 1, 1, 0, 0, 0]);
    assert_eq!(fleet.reached("erase"), [0; 6]);
    let ledger = fleet.tenant.ledger();
    for at in [1, 2] {
        let body = ledger.accepted.iter().find(|it| it.device_id == fleet.ids[at]);
        let body = &body.expect("it was locked").body;
        assert!(body.contains(&format!("call {at}")), "{body}");
    }
}
