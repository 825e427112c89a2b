//! Pages to print with PINs: what each page says.
//!
//! Owns which PIN of a device stands first, and the words for why there is none. Must never put what cannot be a PIN, or was
//! pruned, in the place of one.

use std::collections::BTreeMap;

use crate::app::{FoundPin, PinProvenance, RevealedValue, TaskPins, WhyClosed};
use crate::cli::text::layout::one_line;
use crate::cli::text::pin_news::word_of;
use crate::cli::text::pins::{lack_text, source_text};
use crate::cli::text::screen::Screen;
use crate::model::{DeviceFacts, PinOrigin};
use crate::report::{OtherPin, PinSheet, PinSheetOrigin, SheetPin};

type Revealed = TaskPins<RevealedValue>;

/// One page for each device, in the order of the listing. `screen` says how times are written.
pub(crate) fn sheets_of(found: &[Revealed], screen: &Screen) -> Vec<PinSheet> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    let mut devices: Vec<Vec<&Revealed>> = Vec::new();
    for found in found {
        let place = *places.entry(found.device.id.as_str()).or_insert(devices.len());
        match devices.get_mut(place) {
            Some(device) => device.push(found),
            None => devices.push(vec![found]),
        }
    }
    devices.iter().filter_map(|tasks| sheet_of(tasks, screen)).collect()
}

/// The page of a device, from its tasks in the order of the listing.
fn sheet_of(tasks: &[&Revealed], screen: &Screen) -> Option<PinSheet> {
    let newest = *tasks.first()?;
    let mut pins: Vec<(&Revealed, &FoundPin<RevealedValue>)> =
        tasks.iter().flat_map(|task| task.pins.iter().map(move |pin| (*task, pin))).collect();
    let lacking = tasks.iter().find(|task| task.lack.is_some());
    let first = pins.iter().position(|(_, pin)| digits_of(pin).is_some());
    // A newer lock without a known PIN makes those of older locks wrong: none of them may stand first.
    let outdated = lacking.filter(|lacking| {
        first.is_none_or(|first| pins[first].0.requested_at <= lacking.requested_at)
    });
    let (task, pin) = match (outdated, first) {
        (Some(lacking), _) => (*lacking, missing(lacking)),
        (None, Some(first)) => {
            // What stands before it cannot be typed.
            let (task, pin) = pins.remove(first);
            (task, known(pin, screen))
        }
        (None, None) => (newest, unreadable(newest, pins.first().map(|(_, pin)| *pin))),
    };
    let others = pins.iter().filter_map(|(task, pin)| other(task, pin, screen)).collect();
    Some(page(task, pin, others, screen))
}

fn page(task: &Revealed, pin: SheetPin, others: Vec<OtherPin>, screen: &Screen) -> PinSheet {
    let device = &task.device;
    let line = |text: &str| one_line(text).into_owned();
    PinSheet {
        serial_number: line(serial_of(device)),
        device_name: line(&device.name),
        user: user_of(device),
        blueprint: line(&device.blueprint),
        origin: PinSheetOrigin {
            action: task.action.clone(),
            at: task.requested_at.map(|at| screen.time(at)).unwrap_or_default(),
            run: task.run.clone(),
            job: line(&task.job),
            purpose: line(task.purpose.as_deref().unwrap_or_default()),
        },
        pin,
        others,
        compare: format!("sortie pins --device {} --verify", word(device)),
    }
}

/// The digits of a PIN that can be typed; `None` for what is closed, pruned or no PIN.
fn digits_of(pin: &FoundPin<RevealedValue>) -> Option<&str> {
    let is_pin = !matches!(pin.source, PinProvenance::Held { flaw: Some(_), .. });
    pin.value.read().ok().filter(|text| is_pin && !text.is_empty())
}

fn known(pin: &FoundPin<RevealedValue>, screen: &Screen) -> SheetPin {
    let digits = digits_of(pin).unwrap_or_default().to_owned();
    let verified = match pin.is_verified {
        true => "the tenant showed the same PIN",
        false => "not verified against the tenant",
    };
    SheetPin::Known { digits, origin: format!("{}; {verified}", origin(pin, screen)) }
}

/// Where a PIN came from, and when it was saved.
fn origin(pin: &FoundPin<RevealedValue>, screen: &Screen) -> String {
    let source = match &pin.source {
        PinProvenance::Held { origin: PinOrigin::Answer, .. } => "from the answer".to_owned(),
        source => source_text(source),
    };
    let at = pin.at.map(|at| format!(", saved {}", screen.time(at))).unwrap_or_default();
    one_line(&format!("{source}{at}")).into_owned()
}

/// A PIN to try later. What was pruned or cannot be a PIN has no line.
fn other(task: &Revealed, pin: &FoundPin<RevealedValue>, screen: &Screen) -> Option<OtherPin> {
    let origin = format!("{}, {} by run {}", origin(pin, screen), task.action, task.run);
    match (digits_of(pin), pin.value.read()) {
        (Some(digits), _) => Some(OtherPin { digits: digits.to_owned(), origin }),
        (None, Err(why)) => {
            Some(OtherPin { digits: String::new(), origin: format!("{}; {origin}", closed(why)) })
        }
        (None, Ok(_)) => None,
    }
}

fn missing(task: &Revealed) -> SheetPin {
    let reason = lack_text(task).unwrap_or_default();
    SheetPin::None {
        reason: one_line(&format!("No PIN of this lock is known: {reason}")).into_owned(),
        next: "Read it from the tenant, then print the page again:".to_owned(),
        command: format!("sortie pins {} --device {} --recover", task.run, word(&task.device)),
    }
}

fn unreadable(task: &Revealed, pin: Option<&FoundPin<RevealedValue>>) -> SheetPin {
    let (reason, next, command) = match pin.map(|pin| pin.value.read()) {
        Some(Err(why @ (WhyClosed::Encrypted | WhyClosed::OtherKeys))) => (
            format!("The PIN is {}.", closed(why)),
            "A holder of one of its keys prints the page:",
            format!(
                "sortie pins {} --device {} --identity FILE --sheets NEW.html",
                task.run,
                word(&task.device)
            ),
        ),
        Some(Err(WhyClosed::Damaged)) => (
            "The saved PIN is damaged.".to_owned(),
            "Look it up in the tenant's console, or compare the journal:",
            format!("sortie audit {}", task.run),
        ),
        Some(Ok("")) => (
            "The PIN was removed by sortie prune.".to_owned(),
            "Look it up in the tenant's console.",
            String::new(),
        ),
        Some(Ok(_)) | None => (
            "What the tenant showed is not a PIN.".to_owned(),
            "Look it up in the tenant's console.",
            String::new(),
        ),
    };
    SheetPin::None { reason, next: next.to_owned(), command }
}

fn closed(why: WhyClosed) -> &'static str {
    match why {
        WhyClosed::Encrypted => "encrypted",
        WhyClosed::OtherKeys => "encrypted to other keys",
        WhyClosed::Damaged => "damaged",
    }
}

fn word(device: &DeviceFacts) -> &str {
    word_of(&device.serial_number, device.id.as_str())
}

fn serial_of(device: &DeviceFacts) -> &str {
    match device.serial_number.as_str() {
        "" => device.id.as_str(),
        serial => serial,
    }
}

fn user_of(device: &DeviceFacts) -> String {
    let text = match (device.user_name.as_str(), device.user_email.as_str()) {
        ("", email) => email.to_owned(),
        (name, "") => name.to_owned(),
        (name, email) => format!("{name} ({email})"),
    };
    one_line(&text).into_owned()
}
