//! The rows of each scenario as the local engine wrote them: what every engine has to write.
//!
//! Owns the files in `recorded/`. With `SORTIE_CONFORMANCE_RECORD` set, the local engine writes them anew; review the
//! difference. Must never record a scenario that ended otherwise than expected.

use super::observed::{Observed, Row};
use super::scenario::{Scenario, home};

/// The variable that has the local engine write the files.
const RECORD: &str = "SORTIE_CONFORMANCE_RECORD";

fn rows_of(scenario: &Scenario, observed: &Observed) -> Vec<Row> {
    let mut rows = observed.rows.clone();
    for row in &mut rows {
        // Decimal PINs differ with the seed of each run.
        let is_open = row.pin.as_ref().is_some_and(|pin| pin.bytes().all(|it| it.is_ascii_digit()));
        if is_open {
            row.pin = Some("PIN".to_owned());
        }
        if scenario.any_device {
            row.device = String::new();
            row.row = 0;
        }
        if scenario.loses_process() {
            let is_held = row.pin.as_ref().is_some_and(|pin| pin != "missing");
            row.pin = row.pin.take().map(|pin| if is_held { "held".to_owned() } else { pin });
            (row.reason, row.http_status, row.attempts) = (String::new(), None, 0);
        }
    }
    if scenario.any_device {
        rows.sort();
    }
    if scenario.counts_vary {
        rows.dedup();
    }
    rows
}

fn path_of(scenario: &Scenario) -> std::path::PathBuf {
    home().join("recorded").join(format!("{}.jsonl", scenario.name))
}

/// Whether the files are to be written.
#[must_use]
pub fn is_recording() -> bool {
    std::env::var_os(RECORD).is_some()
}

/// Writes what the local engine did.
pub fn record(scenario: &Scenario, observed: &Observed) {
    let line = |row: &Row| serde_json::to_string(row).expect("a row") + "\n";
    let text: String = rows_of(scenario, observed).iter().map(line).collect();
    std::fs::write(path_of(scenario), text).expect("the file can be written");
}

/// In what an engine's rows differ from the recorded ones.
#[must_use]
pub fn differences(scenario: &Scenario, observed: &Observed) -> Vec<String> {
    if scenario.loses_process() && scenario.counts_vary {
        return Vec::new();
    }
    let Ok(text) = std::fs::read_to_string(path_of(scenario)) else {
        return vec![format!("{}: no recorded rows; set {RECORD}=1", scenario.name)];
    };
    let line = |line: &str| serde_json::from_str::<Row>(line).expect("a recorded row");
    let recorded: Vec<Row> = text.lines().map(line).collect();
    let rows = rows_of(scenario, observed);
    let mut found = Vec::new();
    if recorded.len() != rows.len() {
        found.push(format!("{} rows recorded, {} written", recorded.len(), rows.len()));
    }
    for (recorded, row) in recorded.iter().zip(&rows).filter(|(recorded, row)| recorded != row) {
        found.push(format!("a row differs\n  recorded: {recorded:?}\n  written:  {row:?}"));
    }
    found.iter().map(|what| format!("{}: {what}", scenario.name)).collect()
}
