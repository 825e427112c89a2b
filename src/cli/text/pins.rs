//! PINs as people and programs read them.
//!
//! Owns their layout. Must never decide whether they may be shown: who calls it has decided that.

use serde_json::{Value, json};

use crate::app::{FoundPin, PinProvenance, RevealedValue, TaskPins, WhyClosed};
use crate::cli::text::layout::table;
use crate::model::UnixMillis;

/// A task whose secrets may be shown.
type Revealed = TaskPins<RevealedValue>;

/// Digits of a usual PIN, and of the groups in which it is read aloud.
const PIN_DIGITS: usize = 6;
const GROUP_DIGITS: usize = 3;

/// A PIN as it is read from a screen: six digits in two groups, anything else as it came.
pub(crate) fn grouped(pin: &str) -> String {
    if pin.is_empty() {
        return "pruned".to_owned();
    }
    if pin.len() == PIN_DIGITS && pin.bytes().all(|byte| byte.is_ascii_digit()) {
        let (first, second) = pin.split_at(GROUP_DIGITS);
        return format!("{first} {second}");
    }
    plain(pin)
}

/// Without characters that steer a terminal.
fn plain(text: &str) -> String {
    let shown = |letter: char| match letter.is_control() {
        true => letter.escape_unicode().collect::<String>(),
        false => letter.to_string(),
    };
    text.chars().map(shown).collect()
}

/// The locks without PIN, then the PINs, then the secrets, each as a table.
pub(crate) fn text_of(found: &[Revealed]) -> String {
    let missing: Vec<Vec<String>> = found.iter().filter_map(missing_line).collect();
    let pins: Vec<Vec<String>> = found
        .iter()
        .flat_map(|found| found.pins.iter().map(move |pin| pin_line(found, pin)))
        .collect();
    let secrets: Vec<Vec<String>> = found.iter().flat_map(secret_lines).collect();
    let mut tables = Vec::new();
    for (header, lines) in [
        (&["LOCKED WITHOUT PIN", "NAME", "USER", "ACTION", "WHEN", "RUN", "REASON"][..], missing),
        (
            &[
                "PIN", "TRY", "SERIAL", "NAME", "USER", "ACTION", "WHEN", "ORIGIN", "VERIFIED",
                "RUN",
            ],
            pins,
        ),
        (&["SECRET", "WHAT", "SERIAL", "NAME", "USER", "ACTION", "WHEN", "RUN"], secrets),
    ] {
        if !lines.is_empty() {
            tables.push(table(header, &lines));
        }
    }
    tables.join("\n")
}

/// Why a secret cannot be read.
fn closed_word(closed: WhyClosed) -> &'static str {
    match closed {
        WhyClosed::Encrypted => "encrypted",
        WhyClosed::OtherKeys => "encrypted to other keys",
        WhyClosed::Damaged => "damaged",
    }
}

fn closed_text(closed: WhyClosed) -> String {
    closed_word(closed).to_owned()
}

/// Where a PIN came from, and what speaks against it.
fn source_text(source: &PinProvenance) -> String {
    match source {
        PinProvenance::GivenByJob => "given by the job".to_owned(),
        PinProvenance::Held { origin, flaw: Some(flaw), .. } => {
            format!("{}, no PIN: it {flaw}", origin.word())
        }
        PinProvenance::Held { may_be_older: true, .. } => "may be of an older lock".to_owned(),
        PinProvenance::Held { run: Some(run), .. } => format!("lock by run {run}"),
        PinProvenance::Held { origin, .. } => origin.word().to_owned(),
    }
}

/// Why a lock has no PIN.
fn lack_text(found: &Revealed) -> Option<String> {
    let lack = found.lack.as_ref()?;
    Some(match lack.reason.as_str() {
        "" => found.outcome.word().to_owned(),
        reason if lack.is_pin_missing => reason.to_owned(),
        reason => format!("{}: {reason}", found.outcome),
    })
}

/// Serial number (or id), name, user, action.
fn device_cells(found: &Revealed) -> [String; 4] {
    let device = &found.device;
    let serial = match device.serial_number.as_str() {
        "" => device.id.as_str(),
        serial => serial,
    };
    [serial, &device.name, &device.user_email, &found.action].map(plain)
}

fn missing_line(found: &Revealed) -> Option<Vec<String>> {
    let reason = plain(&lack_text(found)?);
    let rest = [moment(found.requested_at), found.run.clone(), reason];
    Some(device_cells(found).into_iter().chain(rest).collect())
}

fn pin_line(found: &Revealed, pin: &FoundPin<RevealedValue>) -> Vec<String> {
    let first = [
        pin.value.read().map_or_else(closed_text, grouped),
        if pin.is_first { "first" } else { "then" }.to_owned(),
    ];
    let verified = if pin.is_verified { "yes" } else { "no" };
    let rest = [moment(pin.at), source_text(&pin.source), verified.to_owned(), found.run.clone()];
    first.into_iter().chain(device_cells(found)).chain(rest).collect()
}

fn secret_lines(found: &Revealed) -> impl Iterator<Item = Vec<String>> {
    found.secrets.iter().map(move |secret| {
        let first = [secret.value.read().map_or_else(closed_text, plain), what_is(&secret.name)];
        let rest = [moment(found.requested_at), found.run.clone()];
        first.into_iter().chain(device_cells(found)).chain(rest).collect()
    })
}

/// The words for the API's name of a secret.
fn what_is(name: &str) -> String {
    match name {
        "key" => "FileVault key".to_owned(),
        "user_based_albc" => "bypass code (user)".to_owned(),
        "device_based_albc" => "bypass code (device)".to_owned(),
        "recovery_password" => "recovery password".to_owned(),
        other => plain(other),
    }
}

fn moment(at: Option<UnixMillis>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

/// The same for programs, exact.
pub(crate) fn json_of(found: &[Revealed]) -> String {
    Value::Array(found.iter().map(object_of).collect()).to_string()
}

fn object_of(found: &Revealed) -> Value {
    let text = |value: &RevealedValue| value.read().ok().map(str::to_owned);
    let pins: Vec<Value> = found
        .pins
        .iter()
        .map(|pin| {
            json!({
                "pin": text(&pin.value), "closed": pin.value.read().err().map(closed_word), "origin": source_text(&pin.source),
                "at": pin.at.map(|at| at.to_string()), "verified": pin.is_verified,
                "try_first": pin.is_first,
            })
        })
        .collect();
    let secrets: Vec<Value> = found
        .secrets
        .iter()
        .map(|secret| {
            json!({
                "name": secret.name, "value": text(&secret.value),
                "closed": secret.value.read().err().map(closed_word),
            })
        })
        .collect();
    let device = &found.device;
    json!({
        "run": found.run, "task": found.task.0, "device_id": device.id.as_str(),
        "serial_number": device.serial_number, "device_name": device.name,
        "user_email": device.user_email, "action": found.action,
        "outcome": found.outcome.word(), "missing": lack_text(found),
        "requested_at": found.requested_at.map(|at| at.to_string()),
        "pins": pins, "secrets": secrets,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_are_grouped_and_nothing_else_is_touched() {
        for (pin, shown) in [
            ("496406", "496 406"),
            ("012345", "012 345"),
            ("12345", "12345"),
            ("1234567", "1234567"),
            ("49640a", "49640a"),
            ("", "pruned"),
            ("٤٩٦", "٤٩٦"),
            ("1\u{1b}[2J", "1\\u{1b}[2J"),
        ] {
            assert_eq!(grouped(pin), shown);
        }
    }
}
