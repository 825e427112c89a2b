//! Compares what an engine did with what a scenario expects, and with what the local engine was recorded to do.
//!
//! Owns the rules that hold for every scenario: nothing that must happen once happens twice, outcomes add up, and no PIN
//! is lost without a word. Must never forgive a difference that the scenario does not name.

use std::collections::BTreeMap;

use sortie::kandji::find_action;
use sortie::model::{Outcome, Repeat};
use sortie::simulator::Ledger;

use super::observed::{Observed, Row, Sent};
use super::scenario::{Expectation, RowExpected, Scenario};
use super::tenant::RunningTenant;

/// Outcomes of which the tenant must not have applied anything.
const NOTHING_APPLIED: [&str; 3] = ["refused", "skipped", "not_attempted"];
/// Outcomes that say that the tenant applied the request once.
const APPLIED: [&str; 4] = ["completed", "accepted", "pending", "not_now"];

/// Everything in which an engine did not do what the scenario expects.
#[must_use]
pub fn differences(
    scenario: &Scenario,
    expected: &Expectation,
    observed: &Observed,
    tenant: &RunningTenant,
) -> Vec<String> {
    let mut found = observed.faults.clone();
    let mut compare = |what: &str, wanted: String, got: String| {
        if wanted != got {
            found.push(format!("{what}: expected {wanted}, got {got}"));
        }
    };
    // What a lost process leaves may be one of two.
    let is_one = expected.verdict.split(" or ").any(|verdict| verdict == observed.verdict);
    let wanted = if is_one { &observed.verdict } else { &expected.verdict };
    compare("verdict", wanted.clone(), observed.verdict.clone());
    let word = |stop: &Option<String>| stop.clone().unwrap_or_else(|| "none".to_owned());
    compare("stop cause", word(&expected.stop), word(&observed.stop));
    if !expected.outcomes.is_empty() {
        let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
        observed.rows.iter().for_each(|row| *outcomes.entry(row.outcome.clone()).or_default() += 1);
        compare("outcomes", format!("{:?}", expected.outcomes), format!("{outcomes:?}"));
    }
    let arrived = |action: &str| -> u32 {
        let sent = observed.sent.iter().filter(|sent| sent.action == action);
        sent.map(|sent| sent.arrived).sum()
    };
    for (action, count) in &expected.requests {
        compare(&format!("requests for {action}"), count.to_string(), arrived(action).to_string());
    }
    for (action, most) in &expected.requests_max {
        let got = arrived(action);
        compare(
            &format!("requests for {action} at most"),
            (*most).max(got).to_string(),
            most.to_string(),
        );
    }
    if !expected.outcomes_among.is_empty() {
        let known = &expected.outcomes_among;
        let other = observed.rows.iter().filter(|row| !known.contains(&row.outcome));
        let other: Vec<&str> = other.map(|row| row.outcome.as_str()).collect();
        compare("outcomes besides the expected ones", "[]".to_owned(), format!("{other:?}"));
    }
    if !expected.rows.is_empty() {
        compare("rows", expected.rows.len().to_string(), observed.rows.len().to_string());
    }
    for row in &expected.rows {
        found.extend(row_differences(row, observed));
    }
    found.extend(broken_rules(observed, &tenant.ledger(), tenant));
    found.iter().map(|what| format!("{}: {what}", scenario.name)).collect()
}

fn row_differences(expected: &RowExpected, observed: &Observed) -> Vec<String> {
    let place = format!("{} step {}", expected.device, expected.step);
    let is_it = |row: &&Row| row.device == expected.device && row.step == expected.step;
    let Some(row) = observed.rows.iter().find(is_it) else {
        return vec![format!("{place}: the report has no such row")];
    };
    let mut found = Vec::new();
    let mut compare = |what: &str, wanted: &str, got: &str| {
        if wanted != got {
            let reason = &row.reason;
            found.push(format!("{place}: {what}: expected {wanted}, got {got} ({reason})"));
        }
    };
    compare("outcome", &expected.outcome, &row.outcome);
    let word = |pin: &Option<String>| pin.clone().unwrap_or_else(|| "none".to_owned());
    compare("PIN", &word(&expected.pin), &word(&row.pin));
    if let Some(words) = expected.reason.as_ref().filter(|words| !row.reason.contains(*words)) {
        compare("reason", words, &row.reason);
    }
    let sent = sent_for(observed, row);
    let was_sent = !["skipped", "not_attempted"].contains(&expected.outcome.as_str());
    let requests = expected.requests.unwrap_or(u32::from(was_sent));
    compare("requests", &requests.to_string(), &sent.arrived.to_string());
    let is_applied = APPLIED.contains(&expected.outcome.as_str());
    let applied = expected.applied.unwrap_or(u32::from(is_applied));
    if expected.applied.is_some() || is_applied {
        compare("applied", &applied.to_string(), &sent.applied.to_string());
    }
    found
}

fn sent_for(observed: &Observed, row: &Row) -> Sent {
    let is_it = |sent: &&Sent| sent.device == row.device && sent.action == row.action;
    let nothing =
        || Sent { device: row.device.clone(), action: row.action.clone(), arrived: 0, applied: 0 };
    observed.sent.iter().find(is_it).cloned().unwrap_or_else(nothing)
}

/// Rules that hold for every scenario.
fn broken_rules(observed: &Observed, ledger: &Ledger, tenant: &RunningTenant) -> Vec<String> {
    let mut found = Vec::new();
    for sent in &observed.sent {
        let is_once =
            find_action(&sent.action).map_or(true, |action| action.repeat == Repeat::Once);
        let (device, action) = (&sent.device, &sent.action);
        let rows = observed.rows.iter().filter(|it| it.device == *device && it.action == *action);
        let tasks = u32::try_from(rows.clone().count()).unwrap_or(u32::MAX);
        if is_once && sent.applied > tasks {
            found.push(format!("{action} of {device} was applied {} times", sent.applied));
        }
        // Each request has an intent before it: a report that counts fewer lies.
        let attempts: u64 = rows.map(|row| row.attempts).sum();
        if attempts < u64::from(sent.arrived) {
            let arrived = sent.arrived;
            found.push(format!("{action} of {device}: {arrived} requests, {attempts} attempts"));
        }
    }
    for row in &observed.rows {
        let (device, outcome) = (&row.device, row.outcome.as_str());
        if !Outcome::ALL.iter().any(|known| known.word() == outcome) {
            found.push(format!("{device}: unknown outcome {outcome}"));
        }
        if NOTHING_APPLIED.contains(&outcome) && sent_for(observed, row).applied > 0 {
            found.push(format!("{device}: {outcome}, but the tenant applied it"));
        }
    }
    for (serial, id) in tenant.devices() {
        let Some(issued) = ledger.pins(id).pop() else { continue };
        let is_lock = |row: &&Row| row.device == *serial && row.action == "lock";
        let row = observed.rows.iter().find(is_lock);
        let pin = row.and_then(|row| row.pin.as_deref()).unwrap_or_default();
        let reason = row.map(|row| row.reason.as_str()).unwrap_or_default();
        let is_held = ["captured", "recovered"].contains(&pin) || pin == issued;
        let is_listed = pin == "missing" && !reason.is_empty();
        if !is_held && !is_listed {
            found.push(format!("{serial}: its PIN is lost ({pin}; {reason})"));
        }
    }
    found
}
