//! The conformance suite on the local engine: the real program, with plan, run, kill and resume.
//!
//! Owns how a scenario is run with `sortie`. Must never judge what came of it: the suite does.

use std::process::{Child, Command, Stdio};

use serde::Serialize;
use serde_json::Value;
use sortie::app::{Events, Workspace};

use crate::fleet::interrupt;
use crate::harness::{Bench, Ran};
use crate::pins::{Holder, holder};

#[path = "../conformance/mod.rs"]
mod suite;

use suite::{Act, Engine, Observed, Row, RunningTenant, Scenario, Script};
use suite::{play, play_all, scenarios_in, sent_to};

/// How long the runner rests between two looks at the tenant.
const REST: std::time::Duration = std::time::Duration::from_millis(5);

/// The words of the exit codes with which a plan or a start is refused.
fn class_of(code: i32) -> String {
    let word = match code {
        2 => "usage",
        3 => "authentication",
        4 => "target",
        5 => "permission",
        6 => "quota",
        8 => "policy",
        13 => "busy",
        _ => return format!("exit code {code}"),
    };
    word.to_owned()
}

/// The engine of this program.
struct Local;

impl Engine for Local {
    fn name(&self) -> &'static str {
        "local"
    }

    fn run(&self, scenario: &Scenario, tenant: &RunningTenant) -> Observed {
        let bench = Bench::new(&tenant.base_url(), &tenant.token());
        bench.policy(&scenario.policy);
        let holders = [holder(&bench, "ann"), holder(&bench, "bob")];
        let (job, text) = scenario.job_file(&holders.each_ref().map(|it| it.public.clone()));
        bench.write(job, &text);
        let options = scenario.plan_options();
        let mut plan = vec!["plan", job, "--out", "job.plan"];
        plan.extend(options.iter().map(String::as_str));
        let planned = bench.sortie(&plan);
        if planned.code != 0 {
            return Observed::refused(&class_of(planned.code), tenant, planned.stderr);
        }
        let mut script = Script::new(&scenario.script);
        let mut said = Vec::new();
        let start = ["run", "job.plan", "--confirm", &scenario.confirm, "--no-input"];
        let mut code = drive(&bench, &start, &mut script, tenant, &mut said);
        // A lost process leaves no exit code, and another takes the run over.
        while code.is_none() {
            code = drive(&bench, &["resume", "--no-input"], &mut script, tenant, &mut said);
        }
        let has_run = bench.path("reports").exists();
        if !has_run {
            return Observed::refused(&class_of(code.unwrap_or(-1)), tenant, said.join("\n"));
        }
        let mut observed = observe(&bench, tenant);
        observed.faults.extend(script.left());
        observed.faults.extend(lost_pins(&bench, &holders[1], tenant, &observed));
        observed.notes = said;
        observed
    }
}

/// Runs the program to its end, or kills it when the script says so: then there is no exit code.
fn drive(
    bench: &Bench,
    arguments: &[&str],
    script: &mut Script,
    tenant: &RunningTenant,
    said: &mut Vec<String>,
) -> Option<i32> {
    let mut child = spawn(bench.command().args(arguments));
    loop {
        let has_ended = child.try_wait().expect("it can be asked").is_some();
        if has_ended {
            let ran = Ran::of(child.wait_with_output().expect("it has ended"));
            said.push(ran.stderr);
            return Some(ran.code);
        }
        match script.due(tenant) {
            Some(Act::LoseProcess) => {
                child.kill().expect("it can be killed");
                child.wait().expect("it can be waited for");
                said.push("killed".to_owned());
                return None;
            }
            Some(Act::Cancel) => interrupt(&child),
            Some(Act::WriteStopFile) => {
                bench.write("state/STOP", "");
            }
            _ => std::thread::sleep(REST),
        }
    }
}

fn spawn(command: &mut Command) -> Child {
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

/// A word of the product for a value.
fn word(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).expect("a word");
    value.as_str().expect("a text").to_owned()
}

/// What the run left behind.
fn observe(bench: &Bench, tenant: &RunningTenant) -> Observed {
    let workspace = Workspace::open(&bench.path("state"), Events::new()).expect("it is ours");
    let status = workspace.status("latest").expect("a run");
    let facts = status.facts();
    let report = bench.report_dir();
    let text = std::fs::read_to_string(report.join("report.jsonl")).expect("a report");
    let rows = Row::of_text(&text);
    let summary = std::fs::read_to_string(report.join("summary.json")).expect("a summary");
    let summary: Value = serde_json::from_str(&summary).expect("JSON");
    let counts = summary["outcomes"].as_object().expect("a map").values();
    let sum: u64 = counts.filter_map(Value::as_u64).sum();
    let mut faults = Vec::new();
    if (sum, Some(sum)) != (rows.len() as u64, summary["tasks"].as_u64()) {
        faults.push(format!("outcomes do not add up: {sum} of {} rows", rows.len()));
    }
    Observed {
        rows,
        sent: sent_to(tenant),
        verdict: facts.verdict.as_ref().map(word).unwrap_or_default(),
        stop: facts.record.stop.as_ref().map(|(cause, _)| word(cause)),
        faults,
        notes: Vec::new(),
    }
}

/// PINs that the report has and nobody can read, or that are not those of the tenant.
fn lost_pins(
    bench: &Bench,
    holder: &Holder,
    tenant: &RunningTenant,
    observed: &Observed,
) -> Vec<String> {
    let shown = bench.sortie(&["pins", "--all", "--format", "json", "--identity", &holder.file]);
    let shown: Vec<Value> = serde_json::from_str(&shown.stdout).unwrap_or_default();
    let ledger = tenant.ledger();
    let is_held = |row: &&Row| row.pin.as_ref().is_some_and(|pin| pin != "missing");
    let mut lost = Vec::new();
    for row in observed.rows.iter().filter(is_held) {
        let id = tenant.id_of(&row.device);
        let mut sent = ledger.accepted.iter().rev().filter(|it| it.device_id == id);
        let sent = sent.find_map(|it| serde_json::from_str::<Value>(&it.body).ok());
        let sent = sent.and_then(|body| body["PIN"].as_str().map(str::to_owned));
        let Some(valid) = ledger.pins(&id).pop().or(sent) else { continue };
        let of_device = shown.iter().filter(|found| found["device_id"] == id.as_str());
        let mut pins = of_device.filter_map(|found| found["pins"][0]["pin"].as_str());
        if !pins.any(|pin| pin == valid) {
            lost.push(format!("{}: a holder of a key cannot read its PIN", row.device));
        }
    }
    lost
}

#[test]
fn the_local_engine_meets_every_scenario() {
    play_all(&Local, scenarios_in("scenarios"));
}

#[test]
fn every_outcome_has_a_scenario() {
    let scenarios = scenarios_in("scenarios");
    let named = scenarios.iter().flat_map(|scenario| scenario.expect.outcomes_named());
    let named: std::collections::BTreeSet<&str> = named.collect();
    let all = sortie::model::Outcome::ALL.into_iter().map(sortie::model::Outcome::word);
    assert_eq!(named, all.collect());
}

/// The controls: each expects something that does not happen, and the suite must notice it.
#[test]
fn a_wrong_expectation_is_reported_as_different() {
    for control in scenarios_in("controls") {
        let found = play(&Local, &control);
        let wanted = &control.why;
        assert!(found.iter().any(|what| what.contains(wanted)), "{}: {found:#?}", control.name);
    }
}
