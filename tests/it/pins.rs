//! PINs in custody: sealed to the keys of those who may read them, shown to who asks, recovered later.
//!
//! Owns what an operator relies on when a Mac stands locked in front of them. Must never accept a test that
//! finds no PIN where the control finds one.

use age::secrecy::ExposeSecret;
use age::x25519;
use sortie::simulator::{DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, Switches};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::harness::{Bench, Ran, Tenant, add, canned, eventually, prompt_world, serial, world};
use crate::secrets::{files_below, has_number, is_time_of_day};

/// Somebody who may read PINs.
pub struct Holder {
    pub public: String,
    /// Their identity file.
    pub file: String,
}

pub fn holder(bench: &Bench, name: &str) -> Holder {
    let identity = x25519::Identity::generate();
    let text = identity.to_string();
    let content = format!("# created: today\n{}\n", text.expose_secret());
    let path = bench.write(name, &content);
    set_mode(&path, 0o600);
    Holder { public: identity.to_public().to_string(), file: name.to_owned() }
}

fn set_mode(path: &std::path::Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

pub fn macs(count: usize) -> Tenant {
    let mut world = prompt_world(Faults::default());
    for number in 0..count {
        add(&mut world, DeviceKind::MacIntel, &serial(number));
    }
    Tenant::serving(world)
}

/// In the order in which they were added.
pub fn ids_of(tenant: &Tenant) -> Vec<String> {
    tenant.with_world(|world| world.device_ids().map(str::to_owned).collect())
}

/// A job that locks the first devices, with more lines of YAML.
pub fn lock_job(bench: &Bench, count: usize, lines: &str) -> String {
    let devices: Vec<String> =
        (0..count).map(|number| format!("{{serial_number: {}}}", serial(number))).collect();
    let text = format!(
        "version: 1\nname: locks\naction: lock\ntargets: {{devices: [{}]}}\n{lines}\n",
        devices.join(", ")
    );
    bench.write("locks.yaml", &text);
    "locks.yaml".to_owned()
}

pub fn encrypt_to(holders: &[&Holder]) -> String {
    let keys: Vec<&str> = holders.iter().map(|holder| holder.public.as_str()).collect();
    format!("secrets: {{encrypt_to: [{}]}}", keys.join(", "))
}

/// The PINs that the tenant issued, by serial number.
pub fn issued(tenant: &Tenant, bench: &Bench) -> BTreeMap<String, String> {
    let ledger = tenant.ledger();
    bench
        .report()
        .iter()
        .filter_map(|row| {
            Some((row["serial_number"].clone(), ledger.pins(&row["device_id"]).pop()?))
        })
        .collect()
}

/// Where one of these numbers stands: in what was said, or in a file of the bench.
fn places(bench: &Bench, said: &[&Ran], numbers: &[String]) -> Vec<String> {
    let holds = |bytes: &[u8]| numbers.iter().any(|number| has_number(bytes, number));
    let mut places: Vec<String> = files_below(&bench.path("."))
        .into_iter()
        .filter(|path| holds(&std::fs::read(path).expect("it can be read")))
        .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    for ran in said {
        if holds(ran.stdout.as_bytes()) || holds(ran.stderr.as_bytes()) {
            places.push(format!("said:\n{}{}", ran.stdout, ran.stderr));
        }
    }
    places
}

/// PINs that nothing else looks like.
fn telling(pins: impl IntoIterator<Item = String>) -> Vec<String> {
    let pins: Vec<String> = pins.into_iter().filter(|pin| !is_time_of_day(pin)).collect();
    assert!(!pins.is_empty());
    pins
}

/// The PINs that `sortie pins` shows, by serial number.
fn shown(bench: &Bench, arguments: &[&str]) -> BTreeMap<String, String> {
    let all = [&["pins", "--format", "json"][..], arguments].concat();
    let list = bench.sortie(&all).expect(0).stdout;
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let list = list.as_array().expect("a list").clone();
    list.iter()
        .filter_map(|found| {
            let serial = found["serial_number"].as_str()?.to_owned();
            Some((serial, found["pins"][0]["pin"].as_str()?.to_owned()))
        })
        .collect()
}

#[test]
fn sealed_pins_are_unreadable_and_open_for_each_key_holder() {
    // More than are locked: a share of the fleet is the most that a day allows.
    let tenant = macs(12);
    let bench = Bench::at(&tenant);
    bench.allow_many();
    std::fs::create_dir(bench.path("tmp")).expect("a directory");
    let (ann, bob, eve) = (holder(&bench, "ann"), holder(&bench, "bob"), holder(&bench, "eve"));
    let job = lock_job(&bench, 6, &encrypt_to(&[&ann, &bob]));
    let mut said = Vec::new();
    let loud = |arguments: &[&str]| {
        let mut command = bench.command();
        command.env("RUST_LOG", "trace").env("TMPDIR", bench.path("tmp"));
        Ran::of(command.args(arguments).output().expect("it starts"))
    };
    said.push(loud(&["run", &job, "--confirm", "6", "-vvv", "--wait", "20s"]).expect(0));
    assert!(said[0].stderr.contains("sortie pins --test-identity FILE"), "{}", said[0].stderr);
    let pins = issued(&tenant, &bench);
    assert_eq!(pins.len(), 6);
    for row in bench.report() {
        assert_eq!(row["lock_pin"], "captured");
    }
    for arguments in [
        &["status", "-vvv"][..],
        &["report"],
        &["history", &serial(0)],
        &["runs", "--format", "json"],
        &["pins"],
        &["pins", "--all"],
        &["pins", "--format", "json"],
        &["pins", "--identity", "eve"],
    ] {
        said.push(loud(arguments));
    }
    let said: Vec<&Ran> = said.iter().collect();
    let numbers = telling(pins.values().cloned());
    assert_eq!(places(&bench, &said, &numbers), Vec::<String>::new());
    let token = tenant.token();
    for path in files_below(&bench.path(".")) {
        let bytes = std::fs::read(&path).expect("it can be read");
        assert!(!bytes.windows(token.len()).any(|part| part == token.as_bytes()), "{path:?}");
    }
    assert!(said.iter().all(|ran| !ran.stdout.contains(&token) && !ran.stderr.contains(&token)));
    // Both open all of them, leading zeros included; a stranger is told so.
    for holder in [&ann, &bob] {
        assert_eq!(shown(&bench, &["--identity", &holder.file]), pins);
    }
    let ran = bench.sortie(&["pins", "--identity", &eve.file]).expect(2);
    assert!(ran.stderr.contains("encrypted to other keys"), "{}", ran.stderr);
    let ran = bench.sortie(&["pins"]).expect(0);
    assert!(ran.stdout.matches("encrypted").count() == 6, "{}", ran.stdout);
    assert!(ran.stderr.contains("--identity FILE"), "{}", ran.stderr);
    set_mode(&bench.path("ann"), 0o640);
    let ran = bench.sortie(&["pins", "--identity", "ann"]).expect(2);
    assert!(ran.stderr.contains("chmod 600"), "{}", ran.stderr);
    // The keys are known to work by then, so nothing is said the next time.
    set_mode(&bench.path("ann"), 0o600);
    let again = bench.sortie(&["run", &job, "--confirm", "6", "--wait", "0"]).expect(0);
    assert!(!again.stderr.contains("--test-identity"), "{}", again.stderr);
}

#[test]
fn the_search_for_pins_finds_them_without_keys_and_says_so() {
    let tenant = macs(3);
    let bench = Bench::at(&tenant);
    let job = lock_job(&bench, 3, "");
    let ran = bench.sortie(&["run", &job, "--confirm", "3", "--wait", "20s"]).expect(0);
    assert!(ran.stderr.contains("contain PINs and captured secrets unencrypted"), "{}", ran.stderr);
    assert!(ran.stderr.contains("secrets.encrypt_to"), "{}", ran.stderr);
    let pins = issued(&tenant, &bench);
    let run = bench.latest_run();
    for (serial, pin) in &pins {
        let places = places(&bench, &[&ran], std::slice::from_ref(pin));
        let journal = places.iter().any(|place| place.starts_with(&format!("{run}.db")));
        assert!(journal, "{places:?}");
        assert!(places.contains(&"report.csv".to_owned()), "{places:?}");
        let line =
            format!("PIN of {serial} saved; show it with: sortie pins {run} --device {serial}");
        assert!(ran.stderr.contains(&line), "{}", ran.stderr);
    }
    let report = bench.report_dir().join("report.csv");
    let mode = std::fs::metadata(report).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(shown(&bench, &[]), pins);
}

#[test]
fn pins_can_be_shown_during_a_run_and_its_log_is_sealed() {
    let tenant = macs(4);
    let ids = ids_of(&tenant);
    tenant.script(FaultMatcher::action_on("lock", &ids[3]), FaultKind::Hang);
    let bench = Bench::at(&tenant);
    let (ann, bob) = (holder(&bench, "ann"), holder(&bench, "bob"));
    let job = lock_job(&bench, 4, &encrypt_to(&[&ann, &bob]));
    let mut child = bench
        .command()
        .args(["run", &job, "--confirm", "4", "--wait", "0", "-j", "1", "-q"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    eventually("the last lock hangs", || tenant.seen("lock") == 4);
    let seen = shown(&bench, &["--identity", "bob"]);
    assert_eq!(seen.len(), 3);
    for (serial, pin) in &seen {
        let ledger = tenant.ledger();
        let issued = ledger.accepted.iter().filter_map(|accepted| accepted.pin.clone());
        assert!(issued.clone().any(|issued| issued == *pin), "{serial}");
    }
    let logs: Vec<PathBuf> = files_below(&bench.path("state/runs"))
        .into_iter()
        .filter(|path| path.to_string_lossy().ends_with(".db-wal"))
        .collect();
    assert!(logs.iter().any(|log| std::fs::metadata(log).is_ok_and(|log| log.len() > 0)));
    assert_eq!(places(&bench, &[], &telling(seen.into_values())), Vec::<String>::new());
    let ran = bench.sortie(&["pins", "--recover"]).expect(13);
    assert!(ran.stderr.contains("reads missing PINs itself"), "{}", ran.stderr);
    child.kill().expect("it runs");
    child.wait().expect("it has ended");
}

#[test]
fn one_pin_is_shown_at_once_several_on_request_all_recorded() {
    let tenant = macs(2);
    let bench = Bench::at(&tenant);
    let job = lock_job(&bench, 2, "");
    bench.sortie(&["run", &job, "--confirm", "2", "--wait", "20s"]).expect(0);
    let pins = issued(&tenant, &bench);
    let run = bench.latest_run();
    let records = || {
        let index = rusqlite::Connection::open(bench.path("state/sortie.db")).expect("it opens");
        let count = "SELECT count(*), max(run), max(shown_by) FROM pin_shown";
        let row =
            |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?));
        index.query_row(count, [], row).expect("a table")
    };
    let ran = bench.sortie(&["pins"]).expect(2);
    assert!(ran.stderr.contains("2 PINs match") && ran.stderr.contains("--all"), "{}", ran.stderr);
    assert_eq!(records(), (0, None));
    let pin = &pins[&serial(1)];
    let ran = bench.sortie(&["pins", "--device", &serial(1).to_lowercase()]).expect(0);
    let grouped = format!("{} {}", &pin[..3], &pin[3..]);
    let line = ran.stdout.lines().nth(1).expect("a line under the header");
    assert!(line.starts_with(&format!("{grouped}  {}  ", serial(1))), "{line}");
    assert!(line.contains("  answer  ") && line.ends_with(&run), "{line}");
    assert_eq!(records(), (1, Some(run.clone())));
    let ran = bench.sortie(&["pins", &run, "--all"]).expect(0);
    assert_eq!(ran.stdout.lines().count(), 3, "{}", ran.stdout);
    assert_eq!(records().0, 3);
    // Whoever the environment says it is: the record says what the system knows.
    let mut other = bench.command();
    let ran = Ran::of(
        other.env("USER", "mallory").args(["pins", &run, "--all"]).output().expect("it starts"),
    );
    ran.expect(0);
    let audit = bench.sortie(&["audit", "--format", "json"]).expect(0).stdout;
    let notes: Vec<&str> = audit.lines().filter(|line| line.contains("pins_shown")).collect();
    assert_eq!(notes.len(), 3, "{audit}");
    for note in notes {
        assert!(
            note.contains(&run) && note.contains("(uid ") && !note.contains("mallory"),
            "{note}"
        );
        assert!(pins.values().all(|pin| !note.contains(pin)), "{note}");
    }
    let ran = bench.sortie(&["pins", "--device", "NOSUCHDEVICE"]).expect(4);
    assert!(ran.stderr.contains("NOSUCHDEVICE"), "{}", ran.stderr);
    // Who needs a PIN gets it from a directory that a newer program has taken over.
    let index = rusqlite::Connection::open(bench.path("state/sortie.db")).expect("it opens");
    index.pragma_update(None, "user_version", 999).expect("a version");
    drop(index);
    let ran = bench.sortie(&["pins", "--device", &serial(1)]).expect(0);
    assert!(ran.stdout.contains(&grouped), "{}", ran.stdout);
    assert!(ran.stderr.contains("does not say that this was shown"), "{}", ran.stderr);
}

#[test]
fn a_job_may_not_give_pins_that_could_not_be_kept_closed() {
    let tenant = macs(1);
    let bench = Bench::at(&tenant);
    let (ann, bob) = (holder(&bench, "ann"), holder(&bench, "bob"));
    let configuration =
        format!("[secrets]\nencrypt_to = [\"{}\", \"{}\"]\n", ann.public, bob.public);
    bench.write("config.toml", &configuration);
    let job = bench.job(
        "erase.csv",
        "serial_number,action,PIN",
        &[format!("{},erase,730291", serial(0))],
    );
    let erase = ["run", &job, "--confirm", "ERASE 1 ON 127.0.0.1"];
    for arguments in [&erase[..], &["run", &job, "-n"], &["plan", &job]] {
        let more = ["--config", "config.toml", "--secrets-elsewhere"];
        let ran = bench.sortie(&[arguments, &more].concat()).expect(8);
        assert!(ran.stderr.contains("remove the PIN"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("730291"), "{}", ran.stderr);
    }
    assert_eq!(tenant.ledger().count_all("erase"), 0);
}

#[test]
fn keys_come_from_job_then_profile_then_configuration() {
    let tenant = macs(1);
    let bench = Bench::at(&tenant);
    let holders = ["ann", "bob", "cat", "dan"].map(|name| holder(&bench, name));
    let [ann, bob, cat, dan] = &holders;
    bench.write(
        "config.toml",
        &format!(
            "[secrets]\nencrypt_to = [\"{}\"]\nsingle_key = true\n\
             [profile.lab.secrets]\nencrypt_to = [\"{}\", \"{}\"]\n\
             [profile.silent]\nper_hour = 4000\n\
             [profile.open.secrets]\nencrypt_to = []\n",
            ann.public, bob.public, cat.public
        ),
    );
    let own = format!("secrets: {{encrypt_to: [{}], single_key: true}}", dan.public);
    for (lines, profile, expected) in [
        ("", None, &[0][..]),
        ("", Some("silent"), &[0]),
        ("", Some("lab"), &[1, 2]),
        ("", Some("open"), &[]),
        (own.as_str(), Some("lab"), &[3]),
    ] {
        let job = lock_job(&bench, 1, lines);
        let mut run = vec!["run", &job, "--confirm", "1", "--wait", "0", "--config", "config.toml"];
        run.extend(profile.iter().flat_map(|profile| ["--profile", profile]));
        bench.sortie(&run);
        let path = bench.path("state/runs").join(format!("{}.db", bench.latest_run()));
        let journal = rusqlite::Connection::open(path).expect("the journal");
        let body: String =
            journal.query_row("SELECT body FROM header", [], |row| row.get(0)).expect("a header");
        for (at, holder) in holders.iter().enumerate() {
            assert_eq!(body.contains(&holder.public), expected.contains(&at), "{profile:?} {at}");
        }
    }
    // Tried out with the configuration's keys, and with those of the latest run where it has none.
    let config = ["pins", "--config", "config.toml", "--test-identity"];
    for (file, code) in [("ann", 0), ("bob", 2)] {
        bench.sortie(&[&config[..], &[file]].concat()).expect(code);
    }
    for (file, code) in [("dan", 0), ("ann", 2)] {
        bench.sortie(&["pins", "--test-identity", file]).expect(code);
    }
    for (lines, expect) in [
        (format!("secrets: {{encrypt_to: [{}]}}", ann.public), "names one key"),
        (format!("secrets: {{encrypt_to: [{0}, {0}]}}", ann.public), "names one key"),
        ("secrets: {encrypt_to: [age1qqqq]}".to_owned(), "is damaged"),
    ] {
        let before = tenant.ledger().requests;
        let job = lock_job(&bench, 1, &lines);
        let ran = bench.sortie(&["run", &job, "--confirm", "1"]).expect(2);
        assert!(ran.stderr.contains(expect), "{}", ran.stderr);
        assert_eq!(tenant.ledger().requests, before);
    }
}

#[test]
fn two_different_pins_are_both_shown_secrets_only_on_request() {
    use sortie::journal::{RequestCounts, RunJournal, StateDir};
    use sortie::model::{Entry, Event, PinReading, Sealed, Secret, SecretSource, TaskIndex};
    let tenant = macs(1);
    let bench = Bench::at(&tenant);
    let job = lock_job(&bench, 1, "");
    bench.sortie(&["run", &job, "--confirm", "1", "--wait", "20s"]).expect(0);
    let state = StateDir::open(&bench.path("state")).expect("it is there");
    let mut journal = RunJournal::open(&state, &bench.latest_run()).expect("it opens");
    let (task, at) = (TaskIndex(0), sortie::simulator::wall_clock());
    let clear = |text: &str| Sealed::clear(text.to_owned());
    let reading = PinReading::Found { pin: clear("000111"), agrees: Some(false) };
    let secrets = vec![Secret { name: "key".to_owned(), value: clear("ABCD-EFGH-2468") }];
    let source = SecretSource::FilevaultKey;
    let entries = [
        Entry { at, event: Event::PinRead { task, reading } },
        Entry { at, event: Event::SecretsRead { task, source, secrets } },
    ];
    journal.append(&entries, &RequestCounts::new()).expect("it can be written");
    drop(journal);
    bench.sortie(&["pins"]).expect(2);
    let ran = bench.sortie(&["pins", "--all"]).expect(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[1].starts_with("000 111  first  "), "{}", ran.stdout);
    assert!(lines[1].contains("  yes       recovered later  "), "{}", ran.stdout);
    assert!(lines[2].contains("  then   "), "{}", ran.stdout);
    assert!(!ran.stdout.contains("ABCD"), "{}", ran.stdout);
    let ran = bench.sortie(&["pins", "--all", "--secrets"]).expect(0);
    assert!(ran.stdout.contains("\nABCD-EFGH-2468  FileVault key  "), "{}", ran.stdout);
}

/// A tenant that answers locks without PIN, and shows it only when it is asked to.
pub fn forgetful(count: usize) -> Tenant {
    let tenant = macs(count);
    for _ in 0..count {
        let nothing = canned(200, "{}", FaultMoment::AfterApplying);
        tenant.script(FaultMatcher::action("lock"), nothing);
    }
    for _ in 0..count * 20 {
        let nothing = canned(200, r#"{"pin":""}"#, FaultMoment::BeforeApplying);
        tenant.script(FaultMatcher::action("get-unlock-pin"), nothing);
    }
    tenant
}

#[test]
fn a_missing_pin_is_listed_first_and_recovered_later() {
    let tenant = forgetful(2);
    let bench = Bench::at(&tenant);
    let (ann, bob) = (holder(&bench, "ann"), holder(&bench, "bob"));
    let job = lock_job(&bench, 2, &encrypt_to(&[&ann, &bob]));
    let ran = bench.sortie(&["run", &job, "--confirm", "2", "--wait", "20s"]).expect(7);
    let run = bench.latest_run();
    assert!(ran.stderr.contains("locked without a known PIN: 2 tasks"), "{}", ran.stderr);
    assert!(ran.stderr.contains("was answered without a PIN"), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("sortie pins {run} --recover")), "{}", ran.stderr);
    assert!(bench.report().iter().all(|row| row["lock_pin"] == "missing"));
    let ran = bench.sortie(&["pins"]).expect(0);
    assert!(ran.stdout.starts_with("LOCKED WITHOUT PIN"), "{}", ran.stdout);
    assert!(ran.stdout.contains("pin_missing"), "{}", ran.stdout);
    // Nothing there yet: said for each, and nothing is changed.
    let writes = tenant.ledger().count_all("lock");
    let ran = bench.sortie(&["pins", "--recover"]).expect(7);
    for number in 0..2 {
        assert!(ran.stderr.contains(&format!("{}: no PIN found", serial(number))));
    }
    assert!(ran.stderr.contains("2 of 2 PINs still missing"), "{}", ran.stderr);
    tenant.with_world(|world| world.faults_mut().script.clear());
    let ran = bench.sortie(&["pins", "--recover", "--device", &serial(0)]).expect(0);
    assert!(ran.stderr.contains(&format!("{}: PIN recovered", serial(0))), "{}", ran.stderr);
    let audit = bench.sortie(&["audit"]).expect(0).stdout;
    let note = audit.lines().rfind(|line| line.contains("  recovered  ")).expect("it was noted");
    assert!(note.contains("1 of 1 PIN") && note.contains("(uid "), "{note}");
    let by_serial = |column: &str| -> BTreeMap<String, String> {
        let rows = bench.report();
        rows.into_iter().map(|row| (row["serial_number"].clone(), row[column].clone())).collect()
    };
    assert_eq!(by_serial("lock_pin")[&serial(0)], "recovered");
    assert_eq!(by_serial("outcome")[&serial(0)], "completed");
    assert_eq!(by_serial("lock_pin")[&serial(1)], "missing");
    let ran = bench.sortie(&["pins", &run, "--recover"]).expect(0);
    assert!(!ran.stderr.contains(&serial(0)), "{}", ran.stderr);
    let pins = issued(&tenant, &bench);
    assert_eq!(shown(&bench, &["--identity", "ann"]), pins);
    assert_eq!(places(&bench, &[&ran], &telling(pins.into_values())), Vec::<String>::new());
    assert_eq!(tenant.ledger().count_all("lock"), writes);
    let runs = bench.sortie(&["runs"]).expect(0);
    assert!(runs.stdout.contains("2 completed"), "{}", runs.stdout);
    let ran = bench.sortie(&["pins", "--recover"]).expect(0);
    assert!(ran.stderr.contains("no run has a locked Mac"), "{}", ran.stderr);
    let ran = bench.sortie(&["pins", "--all", "--identity", "bob"]).expect(0);
    assert_eq!(ran.stdout.matches("recovered later").count(), 2, "{}", ran.stdout);
}

#[test]
fn a_token_that_may_not_read_secrets_is_reported() {
    let tenant = forgetful(1);
    let bench = Bench::at(&tenant);
    let job = lock_job(&bench, 1, "");
    bench.sortie(&["run", &job, "--confirm", "1", "--wait", "20s"]).expect(7);
    tenant.with_world(|world| world.faults_mut().script.clear());
    let no = canned(403, r#"{"detail":"no"}"#, FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action("get-unlock-pin"), no);
    let ran = bench.sortie(&["pins", "--recover"]).expect(5);
    assert!(ran.stderr.contains("permission to read device secrets"), "{}", ran.stderr);
    assert_eq!(bench.report()[0]["lock_pin"], "missing");
}

#[test]
fn many_pins_are_listed_in_six_lines_and_not_in_quiet_mode() {
    let tenant = macs(8);
    let bench = Bench::at(&tenant);
    let job = lock_job(&bench, 8, "");
    let ran = bench.sortie(&["run", &job, "--confirm", "8", "--wait", "0"]).expect(0);
    assert_eq!(
        ran.stderr.matches(" saved; show it with: sortie pins ").count(),
        5,
        "{}",
        ran.stderr
    );
    let rest = format!("more PINs are saved; show them with: sortie pins {}", bench.latest_run());
    assert_eq!(ran.stderr.matches(&rest).count(), 1, "{}", ran.stderr);
    let quiet = macs(1);
    let bench = Bench::at(&quiet);
    let job = lock_job(&bench, 1, "");
    let ran = bench.sortie(&["run", &job, "--confirm", "1", "--wait", "0", "-q"]).expect(0);
    assert!(!ran.stderr.contains("sortie pins"), "{}", ran.stderr);
}

#[test]
fn a_token_command_sees_neither_tokens_nor_pins() {
    let switches = Switches { push_ms: 1..=5, run_ms: 1..=5, ..Switches::default() };
    let mut world = world(switches, Faults::default());
    for number in 0..3 {
        add(&mut world, DeviceKind::MacIntel, &serial(number));
    }
    let tenant = Tenant::serving(world);
    let bench = Bench::new(&tenant.base_url(), "");
    bench.write("token", &tenant.token());
    // What it sees: its environment, its arguments and those of the program that called it.
    bench.write(
        "command.sh",
        "env >> seen; tr '\\0' ' ' < /proc/$$/cmdline >> seen; tr '\\0' ' ' < /proc/$PPID/cmdline >> seen; echo asked >> seen; cat token\n",
    );
    let job = lock_job(&bench, 3, "");
    // The third lock is refused, so that the command is asked again when two PINs are known.
    let ids = ids_of(&tenant);
    let no = canned(401, "{}", FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action_on("lock", &ids[2]), no);
    let mut command = bench.command();
    for name in ["SORTIE_TOKEN", "IRU_API_TOKEN", "KANDJI_API_TOKEN", "KANDJI_TOKEN"] {
        command.env(name, "another-planted-token");
    }
    command.env("PLANTED", "what it may see");
    let run = ["run", &job, "--confirm", "3", "--wait", "0", "-j", "1"];
    command.args(run).args(["--token-command", "sh command.sh"]);
    Ran::of(command.output().expect("it starts")).expect(0);
    let seen = std::fs::read_to_string(bench.path("seen")).expect("it was asked");
    assert!(seen.matches("asked").count() >= 2, "{seen}");
    assert!(seen.contains("PLANTED=what it may see"), "{seen}");
    assert!(!seen.contains("another-planted-token") && !seen.contains(&tenant.token()), "{seen}");
    let pins = telling(issued(&tenant, &bench).into_values());
    assert_eq!(pins.iter().find(|pin| has_number(seen.as_bytes(), pin)), None);
}

#[test]
fn a_placeholder_of_the_tenant_comes_after_the_answers_pin() {
    let tenant = macs(1);
    let bench = Bench::at(&tenant);
    let placeholder = canned(200, r#"{"pin":"******"}"#, FaultMoment::BeforeApplying);
    tenant.script(FaultMatcher::action("get-unlock-pin"), placeholder);
    let job = lock_job(&bench, 1, "");
    bench.sortie(&["run", &job, "--confirm", "1", "--wait", "20s"]).expect(0);
    let row = &bench.report()[0];
    let pins = issued(&tenant, &bench);
    assert_eq!(row["lock_pin"], pins[&serial(0)], "{row:?}");
    assert!(row["reason"].contains("PIN unverified"), "{row:?}");
    let shown = bench.sortie(&["pins", "--all"]).expect(0).stdout;
    let lines: Vec<&str> = shown.lines().collect();
    assert!(lines[1].contains("  first  ") && lines[1].contains("  answer "), "{shown}");
    assert!(
        lines[2].starts_with("******   then  ") && lines[2].contains("not a PIN: it"),
        "{shown}"
    );
}

#[test]
fn a_second_lock_of_a_sleeping_mac_shows_the_first_pin() {
    let mut world = prompt_world(Faults::default());
    let mut mac = sortie::simulator::NewDevice::new(DeviceKind::MacAppleSilicon);
    mac.serial_number = serial(0);
    mac.presence = sortie::simulator::Presence::Offline;
    let id = world.add_device(mac);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    let lock = ["send", "lock", "--serial", &serial(0), "--confirm", "1", "--wait", "1s"];
    bench.sortie(&lock).expect(10);
    let first = bench.latest_run();
    let ran = bench.sortie(&lock).expect(0);
    let said = format!("1 device was already locked by run {first}, and the lock is still pending");
    assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    let row = &bench.report()[0];
    assert_eq!(row["outcome"], "already_in_effect", "{row:?}");
    assert!(row["reason"].contains(&format!("locked by run {first}")), "{row:?}");
    let pins = tenant.ledger().pins(&id);
    assert_eq!((pins.len(), &row["lock_pin"]), (1, &pins[0]));
    let shown = bench.sortie(&["pins", &bench.latest_run(), "--all"]).expect(0).stdout;
    assert!(shown.contains(&format!("lock by run {first}")), "{shown}");
}
