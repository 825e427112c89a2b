//! Tokens and PINs, searched for wherever they must not be.
//!
//! Owns the list of places where a PIN may stand: the journal, and the four files of a report that the
//! operator asked for. A token may stand nowhere. Must never list a place without a reason.

use sortie::simulator::{DeviceKind, FaultKind, FaultMatcher, FaultMoment, Faults, World};
use std::path::{Path, PathBuf};

use crate::harness::{Bench, Ran, Tenant, add, canned, prompt_world, serial};

/// A PIN of a job. No time of day and no part of a year, so that nothing else looks like it.
const PIN: &str = "730291";
/// What a person might give as the passcode of a work profile, which sortie does not take.
const PASSCODE: &str = "Kestrel-94";
/// Reports that hold PINs because they are what they are for, or because a job has to be repeated.
const PIN_REPORTS: [&str; 4] = ["report.csv", "report.jsonl", "failed.csv", "unprocessed.csv"];
/// What the test itself wrote.
const INPUT: &str = "input";

/// Everything that was written while the test ran, and what must not be in it.
struct Search {
    bench: Bench,
    tenant: Tenant,
    said: Vec<(String, Ran)>,
}

fn search() -> Search {
    let mut world = prompt_world(Faults::default());
    world.switches_mut().erase_returns_pin = true;
    fill(&mut world);
    let tenant = Tenant::serving(world);
    let bench = Bench::at(&tenant);
    std::fs::create_dir(bench.path(INPUT)).expect("a directory");
    Search { bench, tenant, said: Vec::new() }
}

fn fill(world: &mut World) {
    for number in 0..40 {
        let kind = if number % 4 == 3 { DeviceKind::IPad } else { DeviceKind::MacIntel };
        add(world, kind, &serial(number));
    }
}

impl Search {
    /// Runs the program and keeps what it said.
    fn run(&mut self, arguments: &[&str]) -> i32 {
        let ran = self.bench.sortie(arguments);
        self.keep(arguments, ran)
    }

    fn keep(&mut self, arguments: &[&str], ran: Ran) -> i32 {
        let code = ran.code;
        assert_ne!(code, -1, "{arguments:?} was killed");
        let is_broken = ran.stderr.contains("panicked") || code == 12;
        assert!(!is_broken, "{arguments:?}: {code}\n{}", ran.stderr);
        self.said.push((arguments.join(" "), ran));
        code
    }

    fn job(&self, name: &str, text: &str) -> String {
        let path = self.bench.path(INPUT).join(name);
        std::fs::write(&path, text).expect("it can be written");
        path.to_string_lossy().into_owned()
    }

    /// All PINs: the one of the jobs, and those that the tenant issued. One that is a time of day is
    /// left out, because run ids hold such.
    fn pins(&self) -> Vec<String> {
        let issued = self.tenant.ledger().accepted;
        let issued = issued.into_iter().filter_map(|accepted| accepted.pin);
        let mut pins: Vec<String> = issued.filter(|pin| !is_time_of_day(pin)).collect();
        pins.push(PIN.to_owned());
        pins
    }

    /// Where a secret stands that must not stand there.
    fn finds(&self) -> Vec<String> {
        let (token, pins) = (self.tenant.token(), self.pins());
        let mut finds = Vec::new();
        for (arguments, ran) in &self.said {
            for (stream, text) in [("stdout", &ran.stdout), ("stderr", &ran.stderr)] {
                if text.contains(&token) {
                    finds.push(format!("the token on {stream} of: {arguments}"));
                }
                if pins.iter().any(|pin| has_number(text.as_bytes(), pin)) {
                    finds.push(format!("a PIN on {stream} of: {arguments}\n{text}"));
                }
            }
        }
        for path in files_below(&self.bench.path(".")) {
            let bytes = std::fs::read(&path).expect("it can be read");
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let place = path.display();
            if bytes.windows(token.len()).any(|part| part == token.as_bytes()) {
                finds.push(format!("the token in {place}"));
            }
            let is_journal = path.parent().is_some_and(|parent| parent.ends_with("runs"));
            let may_hold_pins = is_journal || PIN_REPORTS.contains(&name.as_str());
            if !may_hold_pins && pins.iter().any(|pin| has_number(&bytes, pin)) {
                finds.push(format!("a PIN in {place}"));
            }
        }
        finds
    }
}

/// All files below a directory but those that the test wrote.
pub fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true if path.ends_with(INPUT) => {}
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}

/// Whether the bytes hold this number with no digit before or after it.
pub fn has_number(bytes: &[u8], number: &str) -> bool {
    let is_digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
    bytes.windows(number.len()).enumerate().any(|(at, part)| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        part == number.as_bytes() && !is_digit(before) && !is_digit(bytes.get(at + number.len()))
    })
}

pub fn is_time_of_day(pin: &str) -> bool {
    let part = |at: usize| pin.get(at..at + 2).and_then(|text| text.parse::<u32>().ok());
    part(0).is_some_and(|hour| hour < 24)
        && part(2).is_some_and(|minute| minute < 60)
        && part(4).is_some_and(|second| second < 60)
}

#[test]
fn the_search_finds_what_is_planted() {
    let mut search = search();
    assert_eq!(search.run(&["runs"]), 0);
    assert_eq!(search.finds(), Vec::<String>::new());
    let said = |text: String| Ran { code: 0, stdout: text, stderr: String::new() };
    search.said.push(("planted".to_owned(), said(format!("pin: {PIN}."))));
    search.said.push(("planted".to_owned(), said(format!("Bearer {}", search.tenant.token()))));
    search.said.push(("no PIN".to_owned(), said(format!("1{PIN} {PIN}0"))));
    std::fs::create_dir_all(search.bench.path("state")).expect("the bench can be written");
    search.bench.write("state/leak.bin", &format!("\0{PIN}\0"));
    search.bench.write("state/leak.txt", &search.tenant.token());
    assert_eq!(search.finds().len(), 4, "{:?}", search.finds());
}

/// Without a word about its secrets no Mac is erased.
const KEPT: &str = "--secrets-elsewhere";
/// What a person types to erase one device.
const ERASE_ONE: &str = "ERASE 1 ON 127.0.0.1";
const ERASE_AND_LOCK: &str = "ERASE 1 AND LOCK 2 ON 127.0.0.1";

#[test]
fn no_command_shows_a_secret_in_any_form() {
    let mut search = search();
    search.bench.allow_many();
    let forms = [
        &["--progress", "plain"][..],
        &["--progress", "json"],
        &["--progress", "bar"],
        &["--progress", "none"],
        &["-v"],
        &["-vvv", "--color", "always"],
        &["-q"],
    ];
    for (at, form) in forms.iter().enumerate() {
        let base = at * 4;
        let rows = format!(
            "serial_number,action,PIN\n{},lock,\n{},erase,{PIN}\n{},lock,\n",
            serial(base),
            serial(base + 1),
            serial(base + 2)
        );
        let job = search.job("good.csv", &rows);
        assert_eq!(search.run(&[&["check", &job], form_of(form)].concat()), 0);
        assert_eq!(search.run(&[&["plan", &job, KEPT], form_of(form)].concat()), 0);
        assert_eq!(search.run(&[&["run", &job, "-n", KEPT][..], form].concat()), 0);
        assert_eq!(search.run(&[&["run", &job, "--no-input", KEPT][..], form].concat()), 8);
        // One lock is refused, one erase loses its answer, which reading makes good.
        if at % 2 == 1 {
            let no =
                canned(400, &format!("\"the PIN {PIN} is no good\""), FaultMoment::BeforeApplying);
            search.tenant.script(FaultMatcher::action("lock"), no);
            search.tenant.script(FaultMatcher::action("erase"), FaultKind::Truncate);
        }
        let expected = if at % 2 == 1 { 7 } else { 0 };
        let run =
            ["run", &job, KEPT, "--confirm", ERASE_AND_LOCK, "--wait", "0", "--max-errors", "100%"];
        assert_eq!(search.run(&[&run[..], form].concat()), expected);
        if at % 2 == 1 {
            assert_eq!(search.run(&[&["resume"][..], form].concat()), 0);
        }
    }
    for arguments in [
        &["status"][..],
        &["status", "--format", "json"],
        &["runs"],
        &["runs", "--format", "json"],
        &["history", &serial(0)],
        &["history", &serial(1)],
        &["report"],
        &["report", "--report-dir", "copy"],
        &["devices"],
        &["commands", &serial(0)],
        &["commands", &serial(1), "--format", "json"],
        &["actions", "erase"],
    ] {
        assert_eq!(search.run(arguments), 0, "{arguments:?}");
    }
    let pin = format!("PIN={PIN}");
    let (mac, end) = (serial(29), ["--confirm", ERASE_ONE, "--wait", "0"]);
    let erase = ["send", "erase", KEPT, "--serial", &mac, "--param", &pin];
    assert_eq!(search.run(&[&erase[..], &end].concat()), 0);
    assert_eq!(search.finds(), Vec::<String>::new());
    let pins = search.pins();
    assert!(pins.len() >= 8, "{}", pins.len());
    // The control: where PINs belong, they are.
    let report = std::fs::read(search.bench.report_dir().join("report.csv")).expect("a report");
    assert!(has_number(&report, PIN));
}

/// Commands that show no progress do not take the flag for it.
fn form_of<'a>(form: &'a [&'a str]) -> &'a [&'a str] {
    if form[0] == "--progress" { &[] } else { form }
}

#[test]
fn a_bad_job_is_refused_without_repeating_its_pins() {
    let mut search = search();
    let mac = serial(0);
    for (name, text) in [
        ("row.csv", format!("serial_number,action,PIN\n{mac},erase,{PIN}\nall,erase,{PIN}\n")),
        ("action.csv", format!("serial_number,action,PIN\n{mac},destroy,{PIN}\n")),
        ("place.csv", format!("serial_number,action,PIN\n{mac},restart,{PIN}\n")),
        ("shifted.csv", format!("serial_number,action,PIN\n{mac},{PIN},erase\n")),
        ("long.csv", format!("serial_number,action,PIN\n{mac},erase,{PIN},more\n")),
        ("quoted.csv", format!("serial_number,action,PIN\n{mac},erase,x\"{PIN}\n")),
        ("spaced.csv", format!("serial_number,action,PIN\n{mac},erase,{PIN} x\n")),
        ("column.csv", format!("serial_number,action,unlock_pin\n{mac},erase,{PIN}\n")),
        ("misspelt.csv", format!("serial_number,action,PINS\n{mac},erase,{PIN}\n")),
        ("twice.csv", format!("serial_number,action,PIN\n{mac},erase,{PIN}\n{mac},erase,{PIN}\n")),
        (
            "number.yaml",
            format!(
                "version: 1\naction: erase\nwith: {{ PIN: {PIN} }}\ntargets: {{ devices: [{{ serial_number: {mac} }}] }}\n"
            ),
        ),
        (
            "key.yaml",
            format!(
                "version: 1\naction: erase\nwith: {{ Pim: \"{PIN}\" }}\ntargets: {{ devices: [{{ serial_number: {mac} }}] }}\n"
            ),
        ),
        (
            "broken.yaml",
            format!(
                "version: 1\naction: erase\nwith: {{ PIN: \"{PIN}\"\ntargets: {{ devices: [{{ serial_number: {mac} }}] }}\n"
            ),
        ),
        (
            "tag.yaml",
            format!(
                "version: 1\naction: erase\nwith: {{ PIN: !!str {PIN} }}\ntargets: {{ devices: [{{ serial_number: {mac} }}] }}\n"
            ),
        ),
    ] {
        let job = search.job(name, &text);
        for form in [&[][..], &["-v"], &["--color", "always"]] {
            assert_eq!(search.run(&[&["check", &job], form].concat()), 2, "{name}");
        }
        assert_eq!(search.run(&["run", &job, "--yes"]), 2, "{name}");
    }
    for pin in [format!("PIN={PIN}1"), format!("PIN={PIN} "), format!("Pim={PIN}")] {
        let send = ["send", "erase", "--serial", &mac, "--param", &pin, "--yes"];
        let ran = search.bench.sortie(&send);
        // The command line is the operator's own; its value is still not repeated.
        assert!(!ran.stderr.contains(PIN), "{pin}: {}", ran.stderr);
        assert_eq!(search.keep(&["send", "erase"], ran), 2, "{pin}");
    }
    assert_eq!(search.finds(), Vec::<String>::new());
    assert_eq!(search.tenant.ledger().requests, 0);
}

#[test]
fn a_passcode_of_a_work_profile_is_refused_and_not_kept() {
    let mut search = search();
    let phone = serial(0);
    let reset = "reset-work-profile-passcode";
    let column = |name: &str| format!("serial_number,action,{name}\n{phone},{reset},{PASSCODE}\n");
    let with = |name: &str| {
        format!(
            "version: 1\naction: {reset}\nwith: {{ {name}: {PASSCODE} }}\ntargets: {{ devices: [{{ serial_number: {phone} }}] }}\n"
        )
    };
    for (name, text) in [
        ("new.csv", column("newPassword")),
        ("flags.csv", column("resetPasswordFlags")),
        ("new.yaml", with("newPassword")),
        ("flags.yaml", with("resetPasswordFlags")),
    ] {
        let job = search.job(name, &text);
        assert_eq!(search.run(&["check", &job, "-v"]), 2, "{name}");
        assert_eq!(search.run(&["run", &job, "--yes"]), 2, "{name}");
    }
    for name in ["newPassword", "resetPasswordFlags"] {
        let param = format!("{name}={PASSCODE}");
        let send = ["send", reset, "--serial", &phone, "--param", &param, "--yes"];
        assert_eq!(search.run(&send), 2, "{name}");
    }
    for (arguments, ran) in &search.said {
        let is_repeated = ran.stdout.contains(PASSCODE) || ran.stderr.contains(PASSCODE);
        assert!(!is_repeated, "{arguments}\n{}\n{}", ran.stdout, ran.stderr);
    }
    for path in files_below(&search.bench.path(".")) {
        let bytes = std::fs::read(&path).expect("it can be read");
        let is_kept = bytes.windows(PASSCODE.len()).any(|part| part == PASSCODE.as_bytes());
        assert!(!is_kept, "{}", path.display());
    }
    assert_eq!(search.tenant.ledger().requests, 0);
}

#[test]
fn a_token_is_neither_shown_nor_kept_however_it_comes() {
    use std::os::unix::fs::PermissionsExt;
    let mut search = search();
    let token = search.tenant.token();
    let file = search.job("token", &format!("{token}\n"));
    let bare = Bench::new(&search.tenant.base_url(), "");
    let mode = |mode| {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let push = ["send", "blank-push", "--serial", &serial(0), "-v"];
    mode(0o600);
    let command = format!("cat '{file}'");
    for (more, code) in [
        (vec!["--token-file", &file], 0),
        (vec!["--token-command", &command], 0),
        // A token where something else belongs.
        (vec!["--token-file", &token], 3),
        (vec!["--token", &token], 2),
        (vec!["--token-file", &file, "--base-url", &token], 2),
        (vec!["--token-file", &file, "--base-url", "https://x.api.kandji.io/?token=x"], 2),
    ] {
        let arguments = [&push[..], &more].concat();
        let mut command = bare.command();
        command.env("SORTIE_STATE_DIR", search.bench.path("state")).args(&arguments);
        let ran = Ran::of(command.output().expect("it starts"));
        assert_eq!(ran.code, code, "{arguments:?}: {}", ran.stderr);
        search.keep(&arguments, ran);
    }
    mode(0o644);
    let ran = bare.sortie(&[&push[..], &["--token-file", &file]].concat());
    assert_eq!(search.keep(&push, ran), 3);
    // Refusals of the tenant, and answers that repeat the token.
    let echo = format!("{{\"detail\":\"token {token} is revoked\"}}");
    for status in [401, 403, 400, 500] {
        for action in ["blank-push", "list-devices"] {
            let kind = canned(status, &echo, FaultMoment::BeforeApplying);
            search.tenant.script(FaultMatcher::action(action), kind);
            search.run(&["send", "blank-push", "--serial", &serial(1), "-v", "--progress", "json"]);
        }
    }
    let leaks = search.finds();
    assert_eq!(leaks, Vec::<String>::new());
}
