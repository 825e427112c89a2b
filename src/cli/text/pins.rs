//! PINs as people and programs read them.
//!
//! Owns their layout. Must never decide whether they may be shown: the caller has decided that.

use serde_json::{Value, json};

use crate::app::{PinProvenance, RevealedValue, TaskPins, WhyClosed};
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::model::UnixMillis;

/// A task whose secrets may be shown.
type Revealed = TaskPins<RevealedValue>;

/// Digits of a usual PIN, and of the groups in which it is read aloud.
const PIN_DIGITS: usize = 6;
const GROUP_DIGITS: usize = 3;
/// Narrowest column of a device's name or user: what can be told from a neighbor's.
const NAME_LEAST: usize = 16;

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

/// The locks without PIN, then the PINs, then the secrets, each as a table. A PIN or a secret is never shortened.
pub(crate) fn text_of(found: &[Revealed], screen: &Screen) -> String {
    let titled = |table: Table| {
        format!("{}\n{}", screen.toned(Tone::Bad, "LOCKED WITHOUT PIN"), table.render(screen))
    };
    let tables = [
        missing_table(found, screen).map(titled),
        pin_table(found, screen).map(|table| table.render(screen)),
        secret_table(found, screen).map(|table| table.render(screen)),
    ];
    tables.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// Macs that are locked and have no known PIN.
fn missing_table(found: &[Revealed], screen: &Screen) -> Option<Table> {
    let mut table = Table::new(&[
        TableColumn::whole("SERIAL"),
        TableColumn::text("NAME").at_least(NAME_LEAST),
        TableColumn::text("USER").at_least(NAME_LEAST).optional(),
        TableColumn::text("REASON").at_least(28),
        TableColumn::whole("LOCKED AT").optional(),
        TableColumn::whole("RUN").optional(),
    ]);
    let missing: Vec<_> =
        found.iter().filter_map(|found| Some((found, lack_text(found)?))).collect();
    for (found, reason) in &missing {
        let [serial, name, user, _] = device_cells(found);
        let when = moment(found.requested_at, screen);
        table.row([serial, name, user, reason.clone(), when, found.run.clone()]);
    }
    (!missing.is_empty()).then_some(table)
}

/// PINs by device. Which to try first is said where a device has several.
fn pin_table(found: &[Revealed], screen: &Screen) -> Option<Table> {
    let pins: Vec<_> =
        found.iter().flat_map(|found| found.pins.iter().map(move |pin| (found, pin))).collect();
    let has_order = pins.iter().any(|(_, pin)| !pin.is_first);
    let mut columns = vec![TableColumn::whole("PIN")];
    columns.extend(has_order.then_some(TableColumn::whole("TRY")));
    columns.extend([
        TableColumn::whole("SERIAL"),
        TableColumn::text("NAME").at_least(NAME_LEAST),
        TableColumn::text("USER").at_least(NAME_LEAST).optional(),
        TableColumn::whole("VERIFIED"),
        TableColumn::text("ORIGIN").optional(),
        TableColumn::whole("SAVED AT").optional(),
        TableColumn::whole("ACTION").optional(),
        TableColumn::whole("RUN").optional(),
    ]);
    let mut table = Table::new(&columns);
    for (found, pin) in &pins {
        let value = pin.value.read().map_or_else(closed_text, grouped);
        let mut cells = vec![TableCell::toned(Tone::Strong, value)];
        cells.extend(has_order.then(|| if pin.is_first { "first" } else { "then" }.into()));
        let [serial, name, user, action] = device_cells(found);
        cells.extend([serial, name, user].map(TableCell::from));
        cells.push(match pin.is_verified {
            true => TableCell::toned(Tone::Good, "yes"),
            false => TableCell::toned(Tone::Caution, "no"),
        });
        let rest = [source_text(&pin.source), moment(pin.at, screen), action, found.run.clone()];
        cells.extend(rest.map(TableCell::from));
        table.row(cells);
    }
    (!pins.is_empty()).then_some(table)
}

/// Secrets that were captured before an erase or a delete.
fn secret_table(found: &[Revealed], screen: &Screen) -> Option<Table> {
    let secrets: Vec<_> = found
        .iter()
        .flat_map(|found| found.secrets.iter().map(move |secret| (found, secret)))
        .collect();
    let mut table = Table::new(&[
        TableColumn::whole("SECRET"),
        TableColumn::whole("KIND"),
        TableColumn::whole("SERIAL"),
        TableColumn::text("NAME").at_least(NAME_LEAST),
        TableColumn::text("USER").at_least(NAME_LEAST).optional(),
        TableColumn::whole("SAVED AT").optional(),
        TableColumn::whole("ACTION").optional(),
        TableColumn::whole("RUN").optional(),
    ]);
    for (found, secret) in &secrets {
        let value = secret.value.read().map_or_else(closed_text, plain);
        let [serial, name, user, action] = device_cells(found);
        let rest = [
            what_is(&secret.name),
            serial,
            name,
            user,
            moment(found.requested_at, screen),
            action,
            found.run.clone(),
        ];
        let value = TableCell::toned(Tone::Strong, value);
        table.row(std::iter::once(value).chain(rest.map(TableCell::from)));
    }
    (!secrets.is_empty()).then_some(table)
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

/// Where a PIN came from, and why it may not be the right one.
pub(crate) fn source_text(source: &PinProvenance) -> String {
    match source {
        PinProvenance::GivenByJob => "given by the job".to_owned(),
        PinProvenance::Held { origin, flaw: Some(flaw), .. } => {
            format!("{}; not a PIN: it {flaw}", origin.word())
        }
        PinProvenance::Held { may_be_older: true, .. } => "may be from an older lock".to_owned(),
        PinProvenance::Held { run: Some(run), .. } => format!("lock by run {run}"),
        PinProvenance::Held { origin, .. } => origin.word().to_owned(),
    }
}

/// Why a lock has no PIN.
pub(crate) fn lack_text(found: &Revealed) -> Option<String> {
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

fn moment(at: Option<UnixMillis>, screen: &Screen) -> String {
    at.map(|at| screen.time(at)).unwrap_or_default()
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
