//! What can go wrong between the program and the tenant, case by case.
//!
//! Owns the table of faults with what each of them means for an action that may be repeated and for one
//! that may not. Every case asserts the outcome, the exit code, the number of requests that the server
//! saw, how often it applied them, and that no secret is in any output.

use sortie::simulator::{DeviceKind, ErrorPage, FaultKind, FaultMatcher, FaultMoment, Faults};

use crate::harness::{
    Bench, Ran, Tenant, add, canned, canned_with, on_threads, prompt_world, serial,
};
use crate::secrets::has_number;

/// How a case ends: outcome, exit code, requests that the server saw, times it applied them.
type End = (&'static str, i32, u64, u32);

/// One fault, met by so many requests in a row.
struct Case {
    name: &'static str,
    kind: FaultKind,
    times: usize,
    /// For blank-push, which may be repeated.
    safe: End,
    /// For lock, which may not.
    once: End,
}

/// So many that every retry meets the fault, too.
const ALWAYS: usize = 9;
/// Requests of one task with two retries.
const ALL_TRIES: u64 = 3;

const BEFORE: FaultMoment = FaultMoment::BeforeApplying;
const AFTER: FaultMoment = FaultMoment::AfterApplying;

/// It went through at once.
const FINE: End = ("accepted", 0, 1, 1);
/// It went through at the second try; the first was not applied.
const AGAIN: End = ("accepted", 0, 2, 1);
/// It went through at the second try, and the first had been applied, too.
const TWICE: End = ("accepted", 0, 2, 2);
/// Nobody knows, and reading shows nothing: the server had not applied it.
const DOUBT: End = ("in_doubt", 11, 1, 0);
/// The server had applied it; reading shows that, and brings the PIN.
const RECOVERED: End = ("completed", 0, 1, 1);
/// The API said no.
const REFUSED: End = ("refused", 7, 1, 0);
/// Nothing was applied and the run ends: trying the rest would end the same way.
const RUN_ENDS: End = ("not_attempted", 1, 1, 0);
/// A request left, nothing usable answered it, and the run ends.
const RUN_ENDS_IN_DOUBT: End = ("in_doubt", 11, 1, 0);

fn cases() -> Vec<Case> {
    let mut cases = connections();
    cases.extend(server_errors());
    cases.extend(refusals());
    cases.extend(successes_that_are_none());
    cases.extend(strange_successes());
    cases
}

/// A case whose fault happens once.
fn case(name: &'static str, kind: FaultKind, safe: End, once: End) -> Case {
    Case { name, kind, times: 1, safe, once }
}

fn connections() -> Vec<Case> {
    vec![
        case("closed before it was applied", FaultKind::CloseBefore, AGAIN, DOUBT),
        case("closed after it was applied", FaultKind::CloseAfter, TWICE, RECOVERED),
        case("cut off in the middle of the answer", FaultKind::Truncate, TWICE, RECOVERED),
        Case {
            times: ALWAYS,
            ..case(
                "closed every time",
                FaultKind::CloseBefore,
                ("in_doubt", 11, ALL_TRIES, 0),
                DOUBT,
            )
        },
        Case {
            times: ALWAYS,
            ..case(
                "closed every time after applying",
                FaultKind::CloseAfter,
                ("in_doubt", 11, ALL_TRIES, 3),
                RECOVERED,
            )
        },
    ]
}

fn server_errors() -> Vec<Case> {
    let mut cases = Vec::new();
    for status in [500, 502, 504] {
        for page in [ErrorPage::Json, ErrorPage::Html] {
            let before = FaultKind::ErrorBefore { status, page };
            cases.push(case("a server error before applying", before, AGAIN, DOUBT));
            let after = FaultKind::ErrorAfter { status, page };
            cases.push(case("a server error after applying", after, TWICE, RECOVERED));
        }
    }
    for retry_after_s in [None, Some(1)] {
        let kind = FaultKind::Unavailable { retry_after_s };
        cases.push(case("503", kind, AGAIN, DOUBT));
    }
    for status in [408, 425, 599, 999] {
        let kind = canned(status, r#"{"detail":"later"}"#, BEFORE);
        cases.push(case("a status that says nothing", kind, AGAIN, DOUBT));
    }
    // One that names no time, or a date without a clock to compare it with, pauses for a minute: that is tested where
    // time is virtual.
    let after = |content_type: &str| {
        let content_type = ("Content-Type", content_type.to_owned());
        vec![("Retry-After", "1".to_owned()), content_type]
    };
    let own = b"{\"message\":\"API rate limit exceeded\"}";
    let kind = canned_with(429, after("application/json"), own, BEFORE);
    cases.push(case("429", kind, AGAIN, AGAIN));
    let kind = canned_with(429, after("text/html"), b"<html>Too Many Requests</html>", BEFORE);
    cases.push(case("429 of a proxy", kind, AGAIN, DOUBT));
    cases
}

fn refusals() -> Vec<Case> {
    let not_allowed = [
        r#""Command is not allowed for current device""#,
        r#"["Command is not allowed for current device"]"#,
        r#"{"detail":"Command is not allowed for current device"}"#,
        r#"{"error":"Command is not allowed for current device"}"#,
        r#"{"DeviceName":["This field is required."]}"#,
        "",
    ];
    let mut cases: Vec<Case> = not_allowed
        .into_iter()
        .map(|body| case("400", canned(400, body, BEFORE), REFUSED, REFUSED))
        .collect();
    for body in [r#""This device is already locked.""#, r#"{"detail":"Command already running"}"#] {
        let in_effect = ("already_in_effect", 0, 1, 0);
        // Nobody has the PIN of a Mac that was locked before.
        let pin_missing = ("failed", 7, 1, 0);
        cases.push(case("already so", canned(400, body, BEFORE), in_effect, pin_missing));
    }
    for status in [404, 405, 409, 412, 413, 415, 422, 423] {
        let kind = canned(status, r#"{"detail":"no"}"#, BEFORE);
        cases.push(case("a definite no", kind, REFUSED, REFUSED));
    }
    for body in ["", "<html>Not Found</html>"] {
        let kind = canned_with(
            404,
            vec![("Content-Type", "text/html".to_owned())],
            body.as_bytes(),
            BEFORE,
        );
        cases.push(case("404 without JSON", kind, REFUSED, REFUSED));
    }
    let forbidden = ("refused", 5, 1, 0);
    cases.push(case("403", canned(403, r#"{"detail":"no"}"#, BEFORE), forbidden, forbidden));
    let unauthorized = ("not_attempted", 3, 1, 0);
    let kind = canned(401, r#"{"message":"Unauthorized"}"#, BEFORE);
    cases.push(case("401", kind, unauthorized, unauthorized));
    cases.push(case("a proxy's no", canned(407, "", BEFORE), RUN_ENDS, RUN_ENDS));
    cases
}

/// Answers that do not come from the API, or not as they should.
fn successes_that_are_none() -> Vec<Case> {
    let html = || vec![("Content-Type", "text/html".to_owned())];
    let both = RUN_ENDS_IN_DOUBT;
    let mut cases = vec![case("a log-in page", FaultKind::LoginPage, both, both)];
    let page = canned_with(400, html(), b"<html>blocked</html>", BEFORE);
    cases.push(case("a page with 400", page, both, both));
    let page = canned_with(200, html(), b"Please log in", BEFORE);
    cases.push(case("a page without a tag", page, both, both));
    for status in [300, 301, 302, 303, 304, 307, 308] {
        for to in ["/api/v1/elsewhere", "http://127.0.0.1:9/api/v1/devices"] {
            let kind = canned_with(status, vec![("Location", to.to_owned())], b"", BEFORE);
            cases.push(case("a redirect", kind, both, both));
        }
    }
    let nested = "[".repeat(100_000);
    let huge = format!("{{\"message\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    for (name, body) in [
        ("an error with 200", r#"{"error":"Bad Request"}"#.as_bytes()),
        ("a status of error with 200", br#"{"status":"error"}"#),
        ("a detail with 200", br#"{"detail":"Not found."}"#),
        ("a refusal as a text with 200", br#"["Command is not allowed for current device"]"#),
        ("a key twice", br#"{"PIN":"730518","PIN":"730519"}"#),
        ("a key in two spellings", br#"{"PIN":"730518","pin":"730519"}"#),
        ("not a number", br#"{"PIN":NaN}"#),
        ("half a character", br#"{"PIN":"\ud800"}"#),
        ("a number beyond all", br#"{"PIN":1e400}"#),
        ("no UTF-8", b"{\"PIN\":\"73\xff518\"}"),
        ("a body that ends early", br#"{"PIN":"7305"#),
        ("a hundred thousand arrays", nested.as_bytes()),
        ("a body of 3 MiB", huge.as_bytes()),
    ] {
        let json = vec![("Content-Type", "application/json".to_owned())];
        let kind = canned_with(200, json, body, AFTER);
        cases.push(case(name, kind, TWICE, RECOVERED));
    }
    let packed = vec![("Content-Encoding", "gzip".to_owned())];
    let kind = canned_with(200, packed, b"\x1f\x8b\x08\x00\x00\x00\x00\x00", AFTER);
    cases.push(case("packed without being asked to", kind, TWICE, RECOVERED));
    let long = vec![("X-Long", "x".repeat(600 * 1024))];
    let kind = canned_with(200, long, b"{\"PIN\":\"730518\"}", AFTER);
    cases.push(case("a header of 600 KiB", kind, TWICE, RECOVERED));
    cases
}

/// Answers that are to be taken although they look odd.
fn strange_successes() -> Vec<Case> {
    let mut cases =
        vec![case("JSON that calls itself HTML", FaultKind::WrongContentType, FINE, FINE)];
    for body in ["", "{}", "null", r#"{"PIN":null}"#, r#"{"PIN":""}"#, r#"{"message":"queued"}"#] {
        cases.push(case("success without PIN", canned(200, body, AFTER), FINE, RECOVERED));
    }
    for (status, body) in
        [(200, r#"{"pin":"030518"}"#), (201, r#"{"PIN":"030518"}"#), (202, r#"{"PIN":"030518"}"#)]
    {
        cases.push(case("another success", canned(status, body, AFTER), FINE, FINE));
    }
    let marked = "\u{feff}{\"PIN\":\"030518\"}";
    cases.push(case("a byte order mark", canned(200, marked, AFTER), FINE, FINE));
    let length = vec![("Content-Length", "16".to_owned())];
    let kind = canned_with(204, length, br#"{"PIN":"030518"}"#, AFTER);
    cases.push(case("a body with 204", kind, FINE, RECOVERED));
    cases
}

/// Another device's answer, by the kind of request that it is given to.
#[test]
fn an_answer_about_another_device_stops_the_run() {
    let stranger = "11111111-2222-4333-8444-555555555555";
    let body =
        format!(r#"{{"device_id":"{stranger}","PIN":"730518","commands":{{"results":[]}}}}"#);
    for (action, request, code, outcome) in [
        ("lock", "lock", 11, "in_doubt"),
        ("blank-push", "blank-push", 11, "in_doubt"),
        ("get-commands", "get-commands", 11, "in_doubt"),
        ("lock", "get-unlock-pin", 9, "pending"),
        ("restart", "get-commands", 9, "pending"),
    ] {
        let mut world = prompt_world(Faults::default());
        add(&mut world, DeviceKind::MacAppleSilicon, &serial(1));
        let tenant = Tenant::serving(world);
        tenant.script(FaultMatcher::action(request), canned(200, &body, AFTER));
        let bench = Bench::at(&tenant);
        let ran = bench.sortie(&["send", action, "--serial", &serial(1), "--confirm", "1"]);
        let what = format!("{action}, {request}\n{}", ran.stderr);
        assert!(ran.stderr.contains(stranger), "{what}");
        let row = &bench.report()[0];
        assert_eq!((row["outcome"].as_str(), ran.code), (outcome, code), "{what}");
        assert_ne!(row["lock_pin"], "730518", "{what}");
    }
}

#[test]
fn a_plan_refuses_an_answer_about_another_device() {
    let stranger = "11111111-2222-4333-8444-555555555555";
    let body = format!(r#"{{"device_id":"{stranger}","serial_number":"C02"}}"#);
    for (request, job) in [("get-device", "device_id"), ("get-details", "serial_number")] {
        let mut world = prompt_world(Faults::default());
        let id = add(&mut world, DeviceKind::MacAppleSilicon, &serial(1));
        let tenant = Tenant::serving(world);
        tenant.script(FaultMatcher::action(request), canned(200, &body, BEFORE));
        let bench = Bench::at(&tenant);
        let named = if job == "device_id" { id } else { serial(1) };
        bench.write("job.csv", &format!("{job},action\n{named},erase\n"));
        let ran = bench.sortie(&["plan", "job.csv", "--capture-secrets"]).expect(1);
        assert!(ran.stderr.contains(stranger), "{request}: {}", ran.stderr);
    }
}

#[test]
fn every_fault_ends_as_the_table_says() {
    on_threads(cases(), |case| {
        check(&case, "blank-push", case.safe);
        check(&case, "lock", case.once);
    });
}

fn check(case: &Case, action: &str, expected: End) {
    let mut world = prompt_world(Faults::default());
    let id = add(&mut world, DeviceKind::MacAppleSilicon, &serial(1));
    let tenant = Tenant::serving(world);
    for _ in 0..case.times {
        tenant.script(FaultMatcher::action(action), case.kind.clone());
    }
    let bench = Bench::at(&tenant);
    let job = format!(
        "version: 1\nname: faulty\ntargets:\n  devices:\n    - serial_number: {}\n\
         action: {action}\nretries: {{ count: 2, delay: 10ms, max_delay: 20ms }}\n",
        serial(1)
    );
    bench.write("job.yaml", &job);
    let ran = bench.sortie(&["run", "job.yaml", "--confirm", "1", "--wait", "0", "-v"]);
    let ledger = tenant.ledger();
    let rows = bench.report();
    let found =
        (rows[0]["outcome"].as_str(), ran.code, tenant.seen(action), ledger.count(&id, action));
    let what =
        format!("{} ({:?}), {action}\n{}{}", case.name, word(&case.kind), ran.stdout, ran.stderr);
    assert_eq!(found, expected, "{what}");
    let attempts = if rows[0]["attempts"].is_empty() { "0" } else { &rows[0]["attempts"] };
    assert_eq!(attempts.parse(), Ok(expected.2), "{what}");
    assert_no_secret(&ran, &tenant, &what);
    if action == "lock" && ["accepted", "completed"].contains(&expected.0) {
        assert_eq!(rows[0]["lock_pin"].len(), 6, "{what}");
    } else if action == "lock" {
        // A Mac that is locked and whose PIN nobody knows is named as such.
        let is_locked =
            expected.0 == "already_in_effect" || rows[0]["reason"].contains("pin_missing");
        assert_eq!(rows[0]["lock_pin"], if is_locked { "missing" } else { "" }, "{what}");
    }
    if expected.1 != 0 {
        assert!(!rows[0]["reason"].is_empty(), "{what}");
        assert!(ran.stderr.contains("next:"), "{what}");
    }
}

fn word(kind: &FaultKind) -> String {
    match kind {
        FaultKind::Canned(canned) => {
            let body: String = String::from_utf8_lossy(&canned.body).chars().take(60).collect();
            format!("{} {body}", canned.status)
        }
        other => format!("{other:?}"),
    }
}

fn assert_no_secret(ran: &Ran, tenant: &Tenant, what: &str) {
    let mut secrets = vec![tenant.token(), "730518".to_owned(), "030518".to_owned()];
    secrets.extend(tenant.ledger().accepted.iter().filter_map(|accepted| accepted.pin.clone()));
    for secret in secrets {
        // Digits of a PIN may stand inside a longer number, such as a seed.
        let is_in = |text: &str| has_number(text.as_bytes(), &secret);
        assert!(!is_in(&ran.stdout) && !is_in(&ran.stderr), "{what}");
    }
}

/// A restart whose connection dies, and which the tenant applies so long after.
fn applied_late(after_ms: u64) -> (Tenant, String, Bench) {
    let mut world = prompt_world(Faults::default());
    let id = add(&mut world, DeviceKind::MacAppleSilicon, &serial(1));
    let tenant = Tenant::serving(world);
    tenant.script(FaultMatcher::action("restart"), FaultKind::LateApply { after_ms });
    let bench = Bench::at(&tenant);
    (tenant, id, bench)
}

#[test]
fn a_request_applied_after_its_connection_died_is_found() {
    let (tenant, id, bench) = applied_late(1_000);
    let restart = ["send", "restart", "--serial", &serial(1), "--confirm", "1", "--wait", "0"];
    bench.sortie(&restart).expect(0);
    assert_eq!(bench.report()[0]["outcome"], "completed");
    assert_eq!((tenant.seen("restart"), tenant.ledger().count(&id, "restart")), (1, 1));
}

#[test]
fn one_applied_very_late_stays_in_doubt_until_it_is_read_again() {
    let (tenant, id, bench) = applied_late(25_000);
    let restart = ["send", "restart", "--serial", &serial(1), "--confirm", "1", "--wait", "0"];
    let ran = bench.sortie(&restart).expect(11);
    assert!(ran.stderr.contains("sortie resolve"), "{}", ran.stderr);
    let row = &bench.report()[0];
    assert_eq!(row["outcome"], "in_doubt");
    assert!(row["reason"].contains("no RestartDevice since"), "the evidence: {row:?}");
    crate::harness::eventually("the tenant applies it", || {
        tenant.with_world(|world| world.advance(sortie::simulator::wall_clock()));
        tenant.ledger().count(&id, "restart") == 1
    });
    bench.sortie(&["watch", "--once"]).expect(0);
    assert_eq!(bench.report()[0]["outcome"], "completed");
    assert_eq!(tenant.seen("restart"), 1);
}

#[test]
fn a_running_restart_settles_the_doubt_of_a_safe_action() {
    let mut world = prompt_world(Faults::default());
    add(&mut world, DeviceKind::MacAppleSilicon, &serial(1));
    world.switches_mut().push_ms = 60_000..=60_000;
    let tenant = Tenant::serving(world);
    tenant.script(FaultMatcher::action("renew-mdm-profile"), FaultKind::CloseAfter);
    let bench = Bench::at(&tenant);
    let job = format!(
        "version: 1\nname: renew\ntargets: {{ devices: [{{ serial_number: {} }}] }}\n\
         action: renew-mdm-profile\nretries: {{ count: 2, delay: 10ms }}\n",
        serial(1)
    );
    bench.write("job.yaml", &job);
    bench.sortie(&["run", "job.yaml", "--wait", "0"]).expect(0);
    let row = &bench.report()[0];
    assert_eq!(row["outcome"], "accepted");
    assert!(row["reason"].contains("done by an earlier request of this run"), "{row:?}");
    assert_eq!(tenant.ledger().count_all("renew-mdm-profile"), 1);
}

#[test]
fn reads_are_repeated_and_an_invalid_list_is_not_an_empty_fleet() {
    for (kind, code) in [
        (FaultKind::CloseAfter, 0),
        (FaultKind::ErrorBefore { status: 502, page: ErrorPage::Html }, 0),
        (FaultKind::Truncate, 0),
        (FaultKind::LoginPage, 1),
        (canned(200, r#"{"detail":"maintenance"}"#, BEFORE), 1),
        (canned(200, "", BEFORE), 1),
    ] {
        let mut world = prompt_world(Faults::default());
        add(&mut world, DeviceKind::MacAppleSilicon, &serial(1));
        let tenant = Tenant::serving(world);
        tenant.script(FaultMatcher::action("list-devices"), kind.clone());
        let bench = Bench::at(&tenant);
        let ran = bench.sortie(&["send", "blank-push", "--all"]);
        assert_eq!(ran.code, code, "{}\n{}", word(&kind), ran.stderr);
        let pushes = u64::from(code == 0);
        assert_eq!(tenant.seen("blank-push"), pushes, "{}", word(&kind));
    }
}
