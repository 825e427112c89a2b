//! What an engine did: its report without ids and times, its verdict, and what reached the tenant.
//!
//! Owns what counts as equal between two engines. Must never read anything of one engine only.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::tenant::RunningTenant;

/// What came of a scenario.
#[derive(Clone, Debug, Default)]
pub struct Observed {
    /// The rows of `report.jsonl`, in the order of the plan.
    pub rows: Vec<Row>,
    /// What reached the tenant.
    pub sent: Vec<Sent>,
    /// The verdict on the run, or `refused: CLASS`.
    pub verdict: String,
    /// Why the run stopped.
    pub stop: Option<String>,
    /// What is wrong, as the engine itself found it; anything here is a difference.
    pub faults: Vec<String>,
    /// What helps to understand a difference.
    pub notes: Vec<String>,
}

/// One row of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Row {
    pub device: String,
    pub row: u64,
    pub step: u64,
    pub action: String,
    pub outcome: String,
    pub reason: String,
    pub http_status: Option<u64>,
    pub command_status: Option<String>,
    pub pin: Option<String>,
    pub attempts: u64,
}

/// Requests of one action for one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub device: String,
    pub action: String,
    /// Requests that reached the tenant.
    pub arrived: u32,
    /// Requests that the tenant applied.
    pub applied: u32,
}

impl Row {
    /// A line of `report.jsonl`.
    #[must_use]
    pub fn of_line(line: &Value) -> Self {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| line[key].as_u64().unwrap_or_default();
        Self {
            device: text("serial_number"),
            row: number("row"),
            step: number("step"),
            action: text("action"),
            outcome: text("outcome"),
            reason: without_ids_and_times(&text("reason")),
            http_status: line["http_status"].as_u64(),
            command_status: line["command_status"].as_str().map(str::to_owned),
            pin: line["lock_pin"].as_str().map(str::to_owned),
            attempts: number("attempts"),
        }
    }

    /// All lines of `report.jsonl`.
    #[must_use]
    pub fn of_text(text: &str) -> Vec<Self> {
        let line = |line: &str| serde_json::from_str(line).expect("a line of JSON");
        text.lines().map(|text| Self::of_line(&line(text))).collect()
    }
}

impl Observed {
    /// A run that was refused before it began.
    #[must_use]
    pub fn refused(class: &str, tenant: &RunningTenant, said: String) -> Self {
        let verdict = format!("refused: {class}");
        Self { verdict, sent: sent_to(tenant), notes: vec![said], ..Self::default() }
    }
}

/// What reached the tenant, by device and action, reads left out.
#[must_use]
pub fn sent_to(tenant: &RunningTenant) -> Vec<Sent> {
    let ledger = tenant.ledger();
    let mut sent = Vec::new();
    for (serial, id) in tenant.devices() {
        for action in
            sortie::kandji::ACTIONS.iter().filter(|it| it.risk != sortie::model::Risk::Read)
        {
            let arrived = ledger.arrived(id, action.name);
            let applied = ledger.count(id, action.name);
            if arrived + applied > 0 {
                let (device, action) = (serial.clone(), action.name.to_owned());
                sent.push(Sent { device, action, arrived, applied });
            }
        }
    }
    sent
}

/// A reason in which a time is TIME and an id is ID.
fn without_ids_and_times(reason: &str) -> String {
    let word = |word: &str| {
        let core = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let plain = |found: &str| word.replace(core, found);
        let is_hex = core.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-');
        let is_clock = |letter: char| letter.is_ascii_digit() || "-:.TZ".contains(letter);
        if core.len() == 36 && is_hex {
            plain("ID")
        } else if core.len() >= 5 && core.contains(':') && core.chars().all(is_clock) {
            plain("TIME")
        } else if core.len() == 10 && core.chars().all(|it| it.is_ascii_digit() || it == '-') {
            plain("DATE")
        } else {
            word.to_owned()
        }
    };
    reason.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
