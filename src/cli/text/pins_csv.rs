//! PINs for spreadsheets: one row for each PIN, secret, and lock without PIN.
//!
//! Owns the columns, which are only ever added to. Must never write a cell that a spreadsheet would run, nor a number
//! that orders a PIN which cannot be typed.

use std::collections::BTreeMap;

use crate::app::{FoundPin, PinProvenance, RevealedValue, TaskPins, WhyClosed};
use crate::cli::text::pins::{lack_text, source_text};
use crate::model::CsvDialect;
use crate::report::csv_text_for;

/// The columns. `try` counts the PINs of a device in the order in which to try them.
const COLUMNS: [&str; 19] = [
    "run",
    "job",
    "device_id",
    "serial_number",
    "device_name",
    "user_email",
    "user_name",
    "blueprint",
    "action",
    "outcome",
    "kind",
    "pin",
    "secret",
    "state",
    "try",
    "verified",
    "origin",
    "recorded_at",
    "reason",
];

/// The rows, in the order of the listing.
pub(crate) fn csv_of(found: &[TaskPins<RevealedValue>], dialect: CsvDialect) -> String {
    let mut tries: BTreeMap<&str, u32> = BTreeMap::new();
    let mut rows = Vec::new();
    for found in found {
        if found.lack.is_some() {
            let reason = lack_text(found).unwrap_or_default();
            rows.push(row(
                found,
                Cells { kind: "pin", state: "missing", reason, ..Cells::default() },
            ));
        }
        for pin in &found.pins {
            let place = tries.entry(found.device.id.as_str()).or_default();
            rows.push(row(found, cells_of_pin(pin, place)));
        }
        for secret in &found.secrets {
            let at = found.requested_at.map(|at| at.to_string()).unwrap_or_default();
            let (text, state) = text_and_state(&secret.value);
            let (secret, kind) = (text, secret.name.as_str());
            rows.push(row(found, Cells { kind, secret, state, at, ..Cells::default() }));
        }
    }
    csv_text_for(dialect, COLUMNS, rows.into_iter())
}

/// What a row says besides its task.
#[derive(Default)]
struct Cells<'a> {
    kind: &'a str,
    pin: String,
    secret: String,
    state: &'a str,
    order: String,
    verified: &'a str,
    origin: &'a str,
    at: String,
    reason: String,
}

fn cells_of_pin<'a>(pin: &FoundPin<RevealedValue>, place: &mut u32) -> Cells<'a> {
    let (text, mut state) = text_and_state(&pin.value);
    if matches!(pin.source, PinProvenance::Held { flaw: Some(_), .. }) && state == "readable" {
        state = "not_a_pin";
    }
    let mut order = String::new();
    // An encrypted PIN keeps its place, so that decryption changes no order.
    if !matches!(state, "not_a_pin" | "pruned") {
        *place += 1;
        order = place.to_string();
    }
    Cells {
        kind: "pin",
        pin: text,
        secret: String::new(),
        state,
        order,
        verified: if pin.is_verified { "yes" } else { "no" },
        origin: origin_word(&pin.source),
        at: pin.at.map(|at| at.to_string()).unwrap_or_default(),
        reason: doubt_of(&pin.source),
    }
}

/// Where a PIN came from, in one of a few words.
fn origin_word(source: &PinProvenance) -> &'static str {
    match source {
        PinProvenance::GivenByJob => "job",
        PinProvenance::Held { origin, .. } => origin.word(),
    }
}

/// Why a PIN may not be the right one, or which run it belongs to; empty where there is nothing to say.
fn doubt_of(source: &PinProvenance) -> String {
    match source {
        PinProvenance::Held { flaw: Some(flaw), .. } => format!("not a PIN: it {flaw}"),
        PinProvenance::Held { may_be_older: true, .. }
        | PinProvenance::Held { run: Some(_), .. } => source_text(source),
        PinProvenance::Held { .. } | PinProvenance::GivenByJob => String::new(),
    }
}

/// The secret, empty where it cannot be read, and the word that says why.
fn text_and_state(value: &RevealedValue) -> (String, &'static str) {
    match value.read() {
        Ok("") => (String::new(), "pruned"),
        Ok(text) => (text.to_owned(), "readable"),
        Err(WhyClosed::Encrypted) => (String::new(), "encrypted"),
        Err(WhyClosed::OtherKeys) => (String::new(), "encrypted_to_other_keys"),
        Err(WhyClosed::Damaged) => (String::new(), "damaged"),
    }
}

fn row(found: &TaskPins<RevealedValue>, cells: Cells<'_>) -> [String; COLUMNS.len()] {
    let device = &found.device;
    [
        found.run.clone(),
        found.job.clone(),
        device.id.to_string(),
        device.serial_number.to_string(),
        device.name.to_string(),
        device.user_email.to_string(),
        device.user_name.to_string(),
        device.blueprint.to_string(),
        found.action.clone(),
        found.outcome.word().to_owned(),
        cells.kind.to_owned(),
        cells.pin,
        cells.secret,
        cells.state.to_owned(),
        cells.order,
        cells.verified.to_owned(),
        cells.origin.to_owned(),
        cells.at,
        cells.reason,
    ]
}
