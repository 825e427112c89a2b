//! Refusals for programs: one JSON object on standard error.
//!
//! Owns its fields and that every failing command writes it. Must never compare the words, which are for people.

use serde_json::{Value, json};
use sortie::simulator::{DeviceKind, FaultMatcher, FaultMoment, Presence};

use crate::fleet::Fleet;
use crate::harness::{Bench, canned, serial};

/// Every field of a refusal. Fields are only ever added.
const FIELDS: [&str; 9] =
    ["kind", "facts", "class", "sent", "next", "exit_code", "message", "state", "help"];

/// Runs a command that fails, and returns the object that it ends with.
#[track_caller]
fn refusal(bench: &Bench, arguments: &[&str], code: i32) -> Value {
    let ran = bench.sortie(&[arguments, &["--format", "json"]].concat()).expect(code);
    let last = ran.stderr.lines().last().unwrap_or_default();
    let object: Value =
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {}", ran.stderr));
    for field in FIELDS {
        assert!(object.get(field).is_some(), "{field} is missing: {object}");
    }
    assert_eq!(object["exit_code"], json!(code), "{object}");
    assert!(!object["message"].as_str().unwrap_or_default().is_empty(), "{object}");
    object
}

#[track_caller]
fn is(object: &Value, kind: &str, class: &str, sent: &Value, step: Option<&str>) {
    let found = (&object["kind"], &object["class"], &object["sent"]);
    assert_eq!(found, (&json!(kind), &json!(class), sent), "{object}");
    assert_eq!(object["next"][0]["step"], json!(step), "{object}");
}

#[test]
fn every_class_of_refusals_is_an_object_for_programs() {
    let fleet =
        Fleet::with(DeviceKind::MacIntel, 1, |_, device| device.presence = Presence::Offline);
    let (bench, nothing) = (&fleet.bench, json!("nothing"));
    let malformed = refusal(bench, &["status", "--nonsense"], 2);
    is(&malformed, "usage", "usage", &nothing, None);
    assert!(malformed["message"].as_str().expect("text").contains("--nonsense"), "{malformed}");
    is(&refusal(bench, &["status"], 2), "no_runs", "usage", &nothing, Some("start_run"));
    let job = fleet.job("restart", 0..1);
    let run = ["run", &*job, "--confirm", "1", "--wait", "300ms"];
    let pending = refusal(bench, &run, 10);
    is(&pending, "pending", "pending", &json!({ "some": { "tasks": 1 } }), None);
    let unknown = refusal(bench, &["history", "nobody"], 4);
    is(&unknown, "history_empty", "target", &nothing, Some("correct_request"));
    assert_eq!(unknown["facts"]["device"], json!("nobody"), "{unknown}");
    assert_eq!(unknown["facts"]["coverage"]["runs"], json!(1), "{unknown}");
    let unconfirmed = refusal(bench, &["close", "latest", "--no-input"], 8);
    is(&unconfirmed, "consent_missing", "policy", &nothing, Some("confirm"));
    let kind = canned(401, "{}", FaultMoment::BeforeApplying);
    fleet.tenant.script(FaultMatcher::action("list-devices"), kind);
    let rejected = refusal(bench, &["devices"], 3);
    is(&rejected, "token_rejected", "authentication", &nothing, Some("renew_token"));
    let nobody = Bench::new("http://127.0.0.1:9", "token");
    let unreachable = refusal(&nobody, &["commands", &serial(0), "--timeout", "1s"], 1);
    is(&unreachable, "tenant_unreachable", "unexpected", &nothing, Some("check_connection"));
    let path = bench.path("state").join("runs").join(format!("{}.db", bench.latest_run()));
    let connection = rusqlite::Connection::open(path).expect("a database");
    connection.execute_batch("DELETE FROM entries WHERE seq > 2").expect("its owner");
    let broken = refusal(bench, &["audit"], 12);
    is(&broken, "audit_broken", "journal", &nothing, Some("keep_copy"));
    assert_eq!(broken["facts"]["faults"][0]["run"], json!(bench.latest_run()), "{broken}");
    is(&refusal(bench, &["watch"], 12), "run_altered", "journal", &nothing, Some("restore_file"));
}
