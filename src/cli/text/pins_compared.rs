//! PINs that were compared with the tenant, as people and programs read them.
//!
//! Owns the words for each result, and which PIN to type first. Must never show a PIN.

use serde_json::{Value, json};

use crate::app::{ComparedPin, PinComparison, PinsCompared, WhyClosed};
use crate::cli::text::layout::one_line;
use crate::cli::text::pin_news::word_of;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};

const COLUMNS: [TableColumn; 6] = [
    TableColumn::whole("SERIAL"),
    TableColumn::text("NAME").at_least(16),
    TableColumn::text("USER").at_least(16).optional(),
    TableColumn::whole("TENANT SHOWS"),
    TableColumn::text("WHAT TO DO").at_least(28),
    TableColumn::whole("RUN").optional(),
];

/// One line for each device.
pub(crate) fn table_of(compared: &PinsCompared, screen: &Screen) -> String {
    let mut table = Table::new(&COLUMNS);
    for device in &compared.devices {
        let (tone, result) = result_of(&device.comparison);
        let facts = &device.device;
        let serial = match facts.serial_number.as_str() {
            "" => facts.id.as_str(),
            serial => serial,
        };
        let [serial, name, user] =
            [serial, &facts.name, &facts.user_email].map(|text| one_line(text).into_owned());
        let advice = advice(device, screen);
        table.row::<TableCell>([
            serial.into(),
            name.into(),
            user.into(),
            TableCell::toned(tone, result),
            one_line(&advice).into_owned().into(),
            device.run.clone().into(),
        ]);
    }
    table.render(screen)
}

/// What the tenant shows, in a word or two.
fn result_of(comparison: &PinComparison) -> (Tone, &'static str) {
    match comparison {
        PinComparison::Same => (Tone::Good, "the same PIN"),
        PinComparison::SameAsOther { .. } => (Tone::Caution, "an older saved PIN"),
        PinComparison::LockedAgain => (Tone::Bad, "another PIN"),
        PinComparison::MayBeOlder => (Tone::Caution, "another PIN"),
        PinComparison::Odd { .. } => (Tone::Caution, "not a PIN"),
        PinComparison::NotShown => (Tone::Caution, "no PIN"),
        PinComparison::DeviceGone => (Tone::Caution, "no such device"),
        PinComparison::Forbidden => (Tone::Bad, "permission denied"),
        PinComparison::Unreadable { .. } => (Tone::Bad, "unusable answer"),
        PinComparison::NotAsked
        | PinComparison::NotSaved
        | PinComparison::Pruned
        | PinComparison::Closed { .. } => (Tone::Caution, "not asked"),
    }
}

/// What to do at the Mac, and why.
fn advice(compared: &ComparedPin, screen: &Screen) -> String {
    let run = &compared.run;
    let device = word_of(&compared.device.serial_number, compared.device.id.as_str());
    match &compared.comparison {
        PinComparison::Same => String::new(),
        PinComparison::SameAsOther { run, saved_at } => {
            let at = saved_at.map(|at| format!(", saved {}", screen.time(at))).unwrap_or_default();
            format!("first type the PIN of run {run}{at}, then the one marked first")
        }
        PinComparison::LockedAgain => {
            "the Mac was locked again outside of sortie: first type the PIN that the tenant's \
             console shows, then the saved one"
                .to_owned()
        }
        PinComparison::MayBeOlder => {
            "the Mac has not confirmed the lock, so the tenant may show an older PIN: first type \
             the saved PIN, then the one that the tenant's console shows"
                .to_owned()
        }
        PinComparison::Odd { flaw } => format!("use the saved PIN; what the tenant shows {flaw}"),
        PinComparison::NotShown => {
            "keep the saved PIN: the Mac may be unlocked, or has not taken the lock yet".to_owned()
        }
        PinComparison::DeviceGone => {
            "keep the saved PIN: the tenant no longer has this device".to_owned()
        }
        PinComparison::Forbidden => "the token may not read unlock PINs".to_owned(),
        PinComparison::Unreadable { reason } => format!("compare it again later: {reason}"),
        PinComparison::NotAsked => "compare it again later".to_owned(),
        PinComparison::NotSaved => {
            format!("no PIN is saved: sortie pins {run} --device {device} --recover")
        }
        PinComparison::Pruned => {
            "the PIN was pruned: look it up in the tenant's console".to_owned()
        }
        PinComparison::Closed { why: WhyClosed::Encrypted } => {
            "the PIN is encrypted: add --identity FILE".to_owned()
        }
        PinComparison::Closed { why: WhyClosed::OtherKeys } => {
            "the PIN is encrypted to other keys: use the identity of a key holder".to_owned()
        }
        PinComparison::Closed { why: WhyClosed::Damaged } => {
            "the saved PIN is damaged: look it up in the tenant's console".to_owned()
        }
    }
}

/// The same for programs.
pub(crate) fn json_of(compared: &PinsCompared) -> Value {
    let devices: Vec<Value> = compared.devices.iter().map(object_of).collect();
    json!({ "asked": compared.asked, "same": compared.same(), "devices": devices })
}

fn object_of(compared: &ComparedPin) -> Value {
    let device = &compared.device;
    let advice = advice(compared, &Screen::plain());
    json!({
        "device_id": device.id.as_str(), "serial_number": device.serial_number,
        "device_name": device.name, "user_email": device.user_email, "run": compared.run,
        "comparison": compared.comparison, "what_to_do": advice,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceFacts, DeviceId, UnixMillis};

    #[test]
    fn each_result_says_which_pin_to_type_or_what_to_do() {
        let at = UnixMillis(1_796_000_000_000);
        for (comparison, shown, words) in [
            (PinComparison::Same, "the same PIN", ""),
            (
                PinComparison::SameAsOther { run: "B".to_owned(), saved_at: Some(at) },
                "an older saved PIN",
                "first type the PIN of run B, saved 2026-11-30",
            ),
            (PinComparison::LockedAgain, "another PIN", "was locked again"),
            (PinComparison::MayBeOlder, "another PIN", "first type the saved PIN"),
            (PinComparison::Odd { flaw: "is masked".to_owned() }, "not a PIN", "is masked"),
            (PinComparison::NotShown, "no PIN", "keep the saved PIN"),
            (PinComparison::DeviceGone, "no such device", "keep the saved PIN"),
            (PinComparison::Forbidden, "permission denied", "may not read"),
            (
                PinComparison::Unreadable { reason: "HTTP 500".to_owned() },
                "unusable answer",
                "later: HTTP 500",
            ),
            (PinComparison::NotAsked, "not asked", "again later"),
            (PinComparison::NotSaved, "not asked", "sortie pins A --device SN --recover"),
            (PinComparison::Pruned, "not asked", "pruned"),
            (PinComparison::Closed { why: WhyClosed::Encrypted }, "not asked", "--identity FILE"),
            (PinComparison::Closed { why: WhyClosed::OtherKeys }, "not asked", "other keys"),
            (PinComparison::Closed { why: WhyClosed::Damaged }, "not asked", "damaged"),
        ] {
            let device = DeviceFacts {
                id: DeviceId::from_api("d1"),
                serial_number: "SN".into(),
                ..DeviceFacts::default()
            };
            let compared = ComparedPin { device: device.into(), run: "A".to_owned(), comparison };
            assert_eq!(result_of(&compared.comparison).1, shown);
            let advice = advice(&compared, &Screen::plain());
            assert!(advice.contains(words), "{advice}");
        }
    }
}
