//! Whole jobs against a whole tenant: what every row says afterwards, and what the tenant saw.
//!
//! Owns the proof that a report and the tenant's ledger tell the same story. Must never accept a row that
//! is only roughly right.

use sortie::simulator::{
    CommandEnd, DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, Ledger, NewDevice,
    SimUser, World,
};
use std::collections::BTreeMap;

use crate::harness::{
    Bench, Tenant, add, canned, on_threads, prompt_world, read_csv, serial, writes,
};

/// Devices and rows of the large job.
const ROWS: usize = 300;
/// As fast as the program ever goes; the tenant's own limit is lifted where a test uses it.
const FAST: [&str; 2] = ["--per-second", "50"];

/// A tenant whose gateway does not count seconds.
fn quick_world() -> World {
    let switches = sortie::simulator::Switches {
        push_ms: 1..=5,
        run_ms: 1..=5,
        limit_per_second: 100_000,
        ..Default::default()
    };
    crate::harness::world(switches, Faults::default())
}

/// One row of the large job, and how it must end.
struct Row {
    id: String,
    serial: String,
    action: &'static str,
    name: String,
    outcome: &'static str,
    is_applied: bool,
}

impl Row {
    fn line(&self) -> String {
        let message = if self.action == "lock" { "Call us, \"now\"" } else { "" };
        let message = message.replace('"', "\"\"");
        format!("{},{},{},\"{message}\",Room {}", self.serial, self.action, self.name, self.serial)
    }
}

/// What is asked of which kind of device, and how that ends when nothing goes wrong.
const ASKED: [(&str, DeviceKind, &str); 12] = [
    ("lock", DeviceKind::MacAppleSilicon, "completed"),
    ("restart", DeviceKind::IPad, "completed"),
    ("daily-checkin", DeviceKind::IPhone, "completed"),
    ("set-name", DeviceKind::MacIntel, "completed"),
    ("clear-passcode", DeviceKind::IPhone, "completed"),
    ("shutdown", DeviceKind::MacAppleSilicon, "completed"),
    ("blank-push", DeviceKind::AppleTv, "accepted"),
    ("lock", DeviceKind::MacIntel, "completed"),
    ("daily-checkin", DeviceKind::Windows, "accepted"),
    ("lock", DeviceKind::Android, "accepted"),
    ("erase", DeviceKind::IPad, "completed"),
    ("delete-device", DeviceKind::Windows, "completed"),
];

/// Serial numbers of which one is the beginning of the next, and the next its end.
fn nested_serial(number: usize) -> String {
    let whole = serial(number / 3);
    match number % 3 {
        0 => whole,
        1 => format!("{whole}X"),
        _ => format!("9{whole}X"),
    }
}

/// Fills the tenant and says what the server is going to refuse.
fn large_job(world: &mut World) -> (Vec<Row>, Vec<(FaultMatcher, FaultKind)>) {
    let mut rows = Vec::new();
    let mut script = Vec::new();
    for number in 0..ROWS {
        let (mut action, mut kind, mut outcome) = ASKED[number % ASKED.len()];
        // A few erasures and deletions are enough, and no more than leave within a minute.
        let is_one_of_few = (action == "erase" && number % 72 == 10)
            || (action == "delete-device" && number % 60 == 11);
        if matches!(action, "erase" | "delete-device") && !is_one_of_few {
            (action, kind, outcome) = ASKED[0];
        }
        let serial = nested_serial(number);
        let fails = number % 97 == 12;
        let mut device = NewDevice::new(kind);
        device.serial_number = serial.clone();
        device.name = format!("Device {number}");
        if fails {
            device.command_end = CommandEnd::Fails;
        }
        let id = world.add_device(device.clone());
        if number % 10 == 3 {
            // The record of an earlier life of the same device.
            device.is_removed = true;
            device.mdm_enabled = false;
            world.add_device(device);
        }
        let refusal = match number {
            n if n % 31 == 7 => Some((400, r#""Command already running""#, "already_in_effect")),
            n if n % 29 == 5 => Some((404, r#"{"detail":"Not found."}"#, "refused")),
            n if n % 23 == 4 => {
                Some((400, r#"["Command is not allowed for current device"]"#, "refused"))
            }
            n if n % 36 == 0 => {
                Some((400, r#""This device is already locked.""#, "already_in_effect"))
            }
            _ => None,
        };
        let is_applied = refusal.is_none();
        match refusal {
            Some((status, body, word)) => {
                // Nobody has the PIN of a Mac that was locked by somebody else.
                let is_mac = kind.platform() == sortie::model::Platform::Mac;
                let has_no_pin = word == "already_in_effect" && action == "lock" && is_mac;
                outcome = if has_no_pin { "failed" } else { word };
                let kind = canned(status, body, FaultMoment::BeforeApplying);
                script.push((FaultMatcher::action_on(action, &id), kind));
            }
            None if fails && outcome == "completed" && action != "delete-device" => {
                outcome = "failed"
            }
            None => {}
        }
        let name = if action == "set-name" { format!("New name {number}") } else { String::new() };
        rows.push(Row { id, serial, action, name, outcome, is_applied });
    }
    (rows, script)
}

/// What is typed for all of them: each row names a device of its own.
fn phrase_of(rows: &[Row]) -> String {
    let verbs = [
        ("ERASE", "erase"),
        ("DELETE", "delete-device"),
        ("RESTART", "restart"),
        ("SHUTDOWN", "shutdown"),
        ("LOCK", "lock"),
        ("CLEAR-PASSCODE", "clear-passcode"),
    ];
    let parts: Vec<String> = verbs
        .into_iter()
        .map(|(verb, action)| (verb, rows.iter().filter(|row| row.action == action).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(verb, count)| format!("{verb} {count}"))
        .collect();
    format!("{} ON 127.0.0.1", parts.join(" AND "))
}

#[test]
fn every_row_of_a_large_mixed_job_ends_right() {
    let mut world = quick_world();
    let (rows, script) = large_job(&mut world);
    let tenant = Tenant::serving(world);
    for (matcher, kind) in script {
        tenant.script(matcher, kind);
    }
    let bench = Bench::at(&tenant);
    bench.allow_many();
    let lines: Vec<String> = rows.iter().map(Row::line).collect();
    bench.job("mixed.csv", "serial_number,action,new_name,message,room", &lines);
    let mut arguments =
        vec!["run", "mixed.csv", "--wait", "40s", "-j", "32", "--max-errors", "100%"];
    arguments.extend(["--errors-in-a-row", "300", "--waves", "100%"]);
    let phrase = phrase_of(&rows);
    assert!(phrase.starts_with("ERASE 5 AND DELETE 5 AND RESTART "), "{phrase}");
    arguments.extend(["--confirm", &phrase]);
    arguments.extend(FAST);
    bench.sortie(&arguments).expect(7);
    let report = bench.report();
    assert_eq!(report.len(), ROWS);
    let ledger = tenant.ledger();
    let mut pins = 0;
    let mut applied = 0;
    for (at, (row, found)) in rows.iter().zip(&report).enumerate() {
        assert_eq!(found["row"], (at + 1).to_string());
        assert_eq!(found["device_id"], row.id, "{found:?}");
        assert_eq!(found["serial_number"], row.serial, "{found:?}");
        assert_eq!(found["action"], row.action, "{found:?}");
        assert_eq!(found["outcome"], row.outcome, "{found:?}");
        assert_eq!(found["room"], format!("Room {}", row.serial), "{found:?}");
        assert_eq!(found["attempts"], "1", "{found:?}");
        assert_eq!(ledger.count(&row.id, row.action), u32::from(row.is_applied), "{found:?}");
        let issued = ledger.pins(&row.id);
        // The lock of another: its PIN is known to nobody here.
        let is_missing = row.action == "lock" && found["reason"].starts_with("pin_missing");
        let expected = if is_missing { "missing".to_owned() } else { issued.concat() };
        assert_eq!(found["lock_pin"], expected, "{found:?}");
        pins += issued.len();
        applied += usize::from(row.is_applied);
        if row.outcome == "completed" && row.action != "delete-device" {
            assert!(!found["command_uuid"].is_empty(), "{found:?}");
            assert_eq!(found["command_status"], "completed", "{found:?}");
        }
        if row.outcome == "failed" && !is_missing {
            assert!(found["reason"].contains("could not carry out"), "{found:?}");
        }
    }
    assert!(pins >= 40, "{pins}");
    assert!(report.iter().any(|row| row["lock_pin"].starts_with('0')));
    for outcome in ["completed", "accepted", "already_in_effect", "failed", "refused"] {
        assert!(rows.iter().any(|row| row.outcome == outcome), "no row is {outcome}");
    }
    // Nothing was done that no row asked for.
    assert_eq!(ledger.accepted.len(), applied);
    assert!(ledger.duplicates().is_empty());
    assert_eq!(writes(&ledger), ROWS as u64);
    // The ten targets of what cannot be undone were read again, each once.
    let summary = std::fs::read_to_string(bench.report_dir().join("summary.json"));
    let summary: serde_json::Value =
        serde_json::from_str(&summary.expect("a summary")).expect("JSON");
    assert_eq!(summary["requests"]["by_kind"]["recheck"], 10, "{summary}");
    assert_eq!(summary["requests"]["by_kind"]["action"], ROWS, "{summary}");
    // One list of 330 records, one request for each row, and a look or two for what is followed.
    assert!(ledger.requests <= (5 + ROWS + 3 * ROWS) as u64, "{}", ledger.requests);
    assert_eq!(tenant.with_world(|world| names_of(world, &rows)), 0, "not renamed");
}

/// How many devices do not have the name that their row asked for.
fn names_of(world: &World, rows: &[Row]) -> usize {
    rows.iter()
        .filter(|row| row.action == "set-name" && row.outcome == "completed")
        .filter(|row| world.device(&row.id).is_none_or(|device| device.name != row.name))
        .count()
}

/// Kind of device, action, and the cells after it.
type AwkwardRow = (DeviceKind, &'static str, Vec<&'static str>);

/// Rows whose requests are worth comparing: every awkward kind of parameter, each on its own device.
fn awkward_rows() -> (String, Vec<AwkwardRow>) {
    let header = "serial_number,action,message,phone_number,new_name,PIN,\
                  ReturnToService.Enabled,ReturnToService.ProfileId,EnableRemoteDesktop,UserName,room";
    let rows = vec![
        (
            DeviceKind::MacAppleSilicon,
            "lock",
            vec!["\"=Call, \"\"us\"\"\nnow\"", "+41 44 555", "", "", "", "", "", "", "=1+1"],
        ),
        (DeviceKind::MacIntel, "lock", vec!["'quoted", "0041", "", "", "", "", "", "", "007"]),
        (DeviceKind::MacIntel, "set-name", vec!["", "", "@home", "", "", "", "", "", "-3"]),
        (DeviceKind::MacIntel, "erase", vec!["", "", "", "012873", "", "", "", "", "ü"]),
        (
            DeviceKind::IPad,
            "erase",
            vec!["", "", "", "", "true", "c0148e35-c734-4402-b2fb-1c61aab72550", "", "", ""],
        ),
        (DeviceKind::MacIntel, "remote-desktop", vec!["", "", "", "", "", "", "true", "", ""]),
        (DeviceKind::MacIntel, "unlock-account", vec!["", "", "", "", "", "", "", "admin", ""]),
        (DeviceKind::IPhone, "restart", vec!["", "", "", "", "", "", "", "", ""]),
    ];
    (header.replace(' ', ""), rows)
}

/// A tenant and a bench with a job of the awkward rows.
fn awkward_bench() -> (Tenant, Bench, usize) {
    let (header, rows) = awkward_rows();
    let mut world = quick_world();
    let mut lines = Vec::new();
    for (number, (kind, action, cells)) in rows.iter().enumerate() {
        add(&mut world, *kind, &serial(number));
        lines.push(format!("{},{action},{}", serial(number), cells.join(",")));
    }
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench.job("job.csv", &header, &lines);
    (tenant, bench, rows.len())
}

/// What the tenant was asked for: the body by device and action.
fn bodies(ledger: &Ledger) -> BTreeMap<(String, String), String> {
    let accepted = ledger.accepted.iter();
    accepted.map(|one| ((one.device_id.clone(), one.action.clone()), one.body.clone())).collect()
}

/// What agrees to the job of awkward values, and to what it leaves after its first lock.
const ALL: &str = "ERASE 2 AND RESTART 1 AND LOCK 2 ON 127.0.0.1";
const WITHOUT_THE_FIRST_LOCK: &str = "ERASE 2 AND RESTART 1 AND LOCK 1 ON 127.0.0.1";

/// Runs a job that this phrase agrees to.
fn run_of<'a>(job: &'a str, phrase: &'a str) -> [&'a str; 7] {
    ["run", job, "--confirm", phrase, "--wait", "0", "--secrets-elsewhere"]
}

#[test]
fn what_failed_and_what_was_left_is_repeated_exactly() {
    let (tenant, bench, count) = awkward_bench();
    bench.sortie(&run_of("job.csv", ALL)).expect(0);
    let asked = bodies(&tenant.ledger());
    assert_eq!(asked.len(), count);
    let carried: Vec<String> = bench.report().iter().map(|row| row["room"].clone()).collect();

    let (tenant, bench, _) = awkward_bench();
    let refused = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    for action in [
        "lock",
        "lock",
        "set-name",
        "erase",
        "erase",
        "remote-desktop",
        "unlock-account",
        "restart",
    ] {
        tenant.script(FaultMatcher::action(action), refused.clone());
    }
    let run = run_of("job.csv", ALL);
    let go_on = ["--max-errors", "100%", "--errors-in-a-row", "100"];
    bench.sortie(&[&run[..], &go_on].concat()).expect(7);
    assert!(bodies(&tenant.ledger()).is_empty());
    let failed = bench.report_dir().join("failed.csv").to_string_lossy().into_owned();
    bench.sortie(&["check", &failed]).expect(0);
    bench.sortie(&run_of(&failed, ALL)).expect(0);
    assert_eq!(bodies(&tenant.ledger()), asked);
    let again: Vec<String> = bench.report().iter().map(|row| row["room"].clone()).collect();
    assert_eq!(again, carried);

    let (tenant, bench, _) = awkward_bench();
    tenant.script(FaultMatcher::action("lock"), refused);
    let stop = ["--max-errors", "0", "-j", "1"];
    bench.sortie(&[&run[..], &stop].concat()).expect(9);
    let left = bench.report_dir().join("unprocessed.csv");
    assert_eq!(read_csv(&left).len(), count - 1);
    let left = left.to_string_lossy();
    bench.sortie(&run_of(&left, WITHOUT_THE_FIRST_LOCK)).expect(0);
    let mut rest = asked;
    rest.retain(|(id, _), _| {
        tenant.with_world(|world| world.device(id).is_some_and(|d| d.serial_number != serial(0)))
    });
    assert_eq!(bodies(&tenant.ledger()), rest);
}

#[test]
fn failed_rows_repeat_exactly_from_files_for_excel() {
    let (tenant, bench, _) = awkward_bench();
    bench.sortie(&run_of("job.csv", ALL)).expect(0);
    let asked = bodies(&tenant.ledger());
    crate::harness::on_threads(["excel", "excel-semicolon"], |dialect| {
        let (tenant, bench, _) = awkward_bench();
        let refused = canned(400, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
        for (_, action, _) in awkward_rows().1 {
            tenant.script(FaultMatcher::action(action), refused.clone());
        }
        let go_on = ["--max-errors", "100%", "--errors-in-a-row", "100", "--csv", dialect];
        bench.sortie(&[&run_of("job.csv", ALL)[..], &go_on].concat()).expect(7);
        let failed = bench.report_dir().join("failed.csv");
        let text = std::fs::read_to_string(&failed).expect("it is there");
        assert!(text.starts_with('\u{feff}'), "{text}");
        for kept in ["'012873", "'0041", "'007"] {
            assert!(text.contains(kept), "{kept} in {text}");
        }
        let failed = failed.to_string_lossy();
        bench.sortie(&[&run_of(&failed, ALL)[..], &["--csv", dialect]].concat()).expect(0);
        let again = bodies(&tenant.ledger());
        let text = |bodies: &BTreeMap<(String, String), String>| {
            let mut texts: Vec<String> = bodies.values().cloned().collect();
            texts.sort();
            texts
        };
        assert_eq!(text(&again), text(&asked), "{dialect}");
    });
}

/// A tenant with one device of each kind of trouble; the ids by serial number.
fn troubled_world() -> (World, BTreeMap<&'static str, String>) {
    let mut world = prompt_world(Faults::default());
    let mut ids = BTreeMap::new();
    for (serial, kind) in [
        ("GOODMAC00001", DeviceKind::MacAppleSilicon),
        ("OTHERMAC0002", DeviceKind::MacIntel),
        ("WINDOWS00003", DeviceKind::Windows),
        ("OLDPAD000004", DeviceKind::IPadOld),
        ("TWIN00000005", DeviceKind::MacIntel),
        ("PAIRMAC00008", DeviceKind::MacIntel),
        ("PAIRMAC00009", DeviceKind::MacIntel),
    ] {
        ids.insert(serial, add(&mut world, kind, serial));
    }
    add(&mut world, DeviceKind::MacIntel, "TWIN00000005");
    let mac = NewDevice::new(DeviceKind::MacIntel);
    for (serial, is_removed) in [("REMOVED00006", true), ("UNMANAGED007", false)] {
        let serial_number = serial.to_owned();
        let device = NewDevice { serial_number, is_removed, mdm_enabled: false, ..mac.clone() };
        ids.insert(serial, world.add_device(device));
    }
    (world, ids)
}

#[test]
fn named_devices_that_cannot_be_done_refuse_the_whole_job() {
    let (world, ids) = troubled_world();
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let profile = "c0148e35-c734-4402-b2fb-1c61aab72550";
    let (good, pair) = (&ids["GOODMAC00001"], &ids["PAIRMAC00008"]);
    let absent = "11111111-2222-4333-8444-555555555555";
    let rows = [
        (",GOODMAC00001,restart,,".to_owned(), ""),
        (",OTHERMAC00,restart,,".to_owned(), "not found"),
        (",NOSUCHMAC099,restart,,".to_owned(), "not found"),
        (format!("{absent},,restart,,"), "not found"),
        (",TWIN00000005,restart,,".to_owned(), "ambiguous"),
        (",WINDOWS00003,restart,,".to_owned(), "unsupported"),
        (",REMOVED00006,restart,,".to_owned(), "removed"),
        (",UNMANAGED007,restart,,".to_owned(), "removed"),
        (format!("{pair},PAIRMAC00009,blank-push,,"), "identities disagree"),
        (format!(",OTHERMAC0002,erase,true,{profile}"), "unsupported"),
        (format!(",OLDPAD000004,erase,true,{profile}"), "unsupported"),
        (format!("{good},,restart,,"), "named twice"),
    ];
    let lines: Vec<String> = rows.iter().map(|(line, _)| line.clone()).collect();
    let header = "device_id,serial_number,action,ReturnToService.Enabled,ReturnToService.ProfileId";
    bench.job("job.csv", header, &lines);
    for arguments in
        [&["run", "job.csv", "--yes"][..], &["plan", "job.csv"], &["run", "job.csv", "-n"]]
    {
        let ran = bench.sortie(arguments).expect(4);
        for (at, (line, word)) in rows.iter().enumerate().filter(|(_, (_, word))| !word.is_empty())
        {
            let place = format!("line {}: ", at + 2);
            let said = ran.stderr.lines().find(|said| said.contains(&place));
            let said = said.unwrap_or_else(|| panic!("{line} is not listed:\n{}", ran.stderr));
            assert!(said.contains(&format!(": {word}: ")), "{line}: {said}");
        }
        let count = rows.len() - 1;
        assert!(ran.stderr.contains(&format!("{count} rows cannot be done")), "{}", ran.stderr);
        assert!(ran.stderr.contains("nothing was sent"), "{}", ran.stderr);
    }
    assert_eq!(writes(&tenant.ledger()), 0);
    assert_eq!(bench.sortie(&["runs", "--format", "json"]).expect(0).stdout.trim(), "[]");
}

#[test]
fn refusals_become_skips_by_kind_and_only_where_asked() {
    let (world, _) = troubled_world();
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let rows = ["GOODMAC00001", "WINDOWS00003", "REMOVED00006", "NOSUCHMAC099"];
    let lines: Vec<String> = rows.iter().map(|serial| format!("{serial},blank-push")).collect();
    bench.job("job.csv", "serial_number,action", &lines);
    for kinds in ["unsupported", "removed,not_found", "unsupported,removed"] {
        bench.sortie(&["run", "job.csv", &format!("--skip-refused={kinds}")]).expect(4);
    }
    assert_eq!(writes(&tenant.ledger()), 0);
    // Skips that were asked for are not what the job wanted: the exit code says so.
    let skip = "--skip-refused=unsupported,removed,not_found";
    bench.sortie(&["run", "job.csv", skip]).expect(7);
    let outcomes = bench.outcomes();
    assert_eq!(outcomes["GOODMAC00001"], "accepted");
    for serial in &rows[1..] {
        assert_eq!(outcomes[*serial], "skipped", "{serial}");
    }
    assert_eq!(writes(&tenant.ledger()), 1);
    bench.job("twin.csv", "serial_number,action", &["TWIN00000005,blank-push".to_owned()]);
    bench.sortie(&["run", "twin.csv", skip]).expect(4);
    assert_eq!(writes(&tenant.ledger()), 1);
}

#[test]
fn selected_devices_that_cannot_be_done_are_skipped() {
    let (world, _) = troubled_world();
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    bench.sortie(&["send", "blank-push", "--all"]).expect(0);
    let report = bench.report();
    let count = |outcome: &str| report.iter().filter(|row| row["outcome"] == outcome).count();
    assert_eq!((count("accepted"), count("skipped")), (7, 3));
    for row in report.iter().filter(|row| row["outcome"] == "skipped") {
        assert!(!row["reason"].is_empty(), "{row:?}");
        assert_eq!(row["attempts"].trim_start_matches('0'), "", "{row:?}");
    }
    assert_eq!(writes(&tenant.ledger()), 7);
}

#[test]
fn a_selection_may_be_neither_empty_nor_larger_than_allowed() {
    let (world, _) = troubled_world();
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let ran = bench.sortie(&["send", "restart", "--platform", "AppleTV", "--yes"]).expect(4);
    assert!(ran.stderr.contains("no device matches the selection"), "{}", ran.stderr);
    let job = "version: 1\nname: some\ntargets: { filter: { platform: Mac } }\n\
               action: restart\nlimits: { max_devices: 3 }\n";
    bench.write("job.yaml", job);
    let ran = bench.sortie(&["run", "job.yaml", "--confirm", "6"]).expect(8);
    assert!(
        ran.stderr.contains("6 devices") && ran.stderr.contains("max_devices"),
        "{}",
        ran.stderr
    );
    assert_eq!(writes(&tenant.ledger()), 0);
}

#[test]
fn a_device_is_distinguished_from_its_users_others() {
    let mut world = prompt_world(Faults::default());
    let user =
        |name: &str| Some(SimUser { email: format!("{name}@example.com"), name: name.to_owned() });
    for (serial, owner) in
        [("ADAMAC000001", "ada"), ("ADAPAD000002", "ada"), ("BOBMAC000003", "bob")]
    {
        let kind = if serial.contains("PAD") { DeviceKind::IPad } else { DeviceKind::MacIntel };
        let serial_number = serial.to_owned();
        world.add_device(NewDevice { serial_number, user: user(owner), ..NewDevice::new(kind) });
    }
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let push = |email: &str| bench.sortie(&["send", "blank-push", "--user-email", email]);
    push("ada@example.com").expect(4);
    push("da@example.com").expect(4);
    push("BOB@example.com").expect(0);
    assert_eq!(bench.report()[0]["serial_number"], "BOBMAC000003");
    assert_eq!(writes(&tenant.ledger()), 1);
}

#[test]
fn a_fleet_is_read_completely_at_any_page_size() {
    on_threads([10, 25, 99, 299, 300], |rows| {
        let mut world = quick_world();
        world.switches_mut().page_rows_max = rows;
        for number in 0..100 {
            add(&mut world, DeviceKind::MacAppleSilicon, &serial(number));
        }
        let tenant = Tenant::serving(world);
        let bench = Bench::at(&tenant);
        let ran = bench.sortie(&["devices"]).expect(0);
        assert_eq!(ran.stdout.lines().count(), 101, "pages of {rows}");
        assert!(ran.stderr.contains("100 of 100 devices"), "{}", ran.stderr);
        let before = tenant.seen("list-devices");
        // The second brings nothing new.
        assert!(before == 2 || rows < 100, "pages of {rows}: {before} requests");
        bench.sortie(&["send", "blank-push", "--serial", &serial(7), "--wait", "0"]).expect(0);
        assert_eq!(tenant.seen("list-devices"), before + 1, "a look-up is one request");
        let commands = || bench.sortie(&["commands", &serial(7), "--format", "json"]).expect(0);
        let in_pages = commands().stdout;
        tenant.with_world(|world| world.switches_mut().page_rows_max = 300);
        assert_eq!(in_pages, commands().stdout, "pages of {rows}");
    });
}

#[test]
fn a_fleet_of_several_pages_is_reached_once_even_if_pages_move() {
    on_threads([0.0, 100.0], |pages_shift_percent| {
        let mut world = quick_world();
        world.switches_mut().pages_shift_percent = pages_shift_percent;
        let kinds =
            [DeviceKind::Windows, DeviceKind::MacIntel, DeviceKind::Android, DeviceKind::IPad];
        let mut pushed = Vec::new();
        for number in 0..700 {
            let kind = kinds[number % kinds.len()];
            let id = add(&mut world, kind, &serial(number));
            if kind.platform().is_apple() {
                pushed.push(id);
            }
        }
        let tenant = Tenant::serving(world);
        let bench = Bench::at(&tenant);
        let mut arguments = vec!["send", "blank-push", "--all", "-j", "32"];
        arguments.extend(FAST);
        // Harmless work on more than a hundred devices takes a yes.
        let ran = bench.sortie(&arguments).expect(8);
        assert!(
            ran.stderr.contains("to 350 devices on 127.0.0.1 needs a confirmation"),
            "{}",
            ran.stderr
        );
        assert_eq!(writes(&tenant.ledger()), 0);
        arguments.push("--yes");
        bench.sortie(&arguments).expect(0);
        assert_eq!(bench.report().len(), 700);
        let ledger = tenant.ledger();
        assert_eq!(ledger.accepted.len(), pushed.len());
        for id in &pushed {
            assert_eq!(ledger.count(id, "blank-push"), 1, "{id}");
        }
    });
}
