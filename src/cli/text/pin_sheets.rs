//! Pages to print with PINs: what each page says.
//!
//! Owns which PIN of a device stands first, and the words for why there is none. Must never put what cannot be a PIN, or was
//! pruned, in the place of one.

use std::collections::BTreeMap;

use crate::app::{FoundPin, PinProvenance, RevealedValue, TaskPins, WhyClosed};
use crate::cli::text::layout::one_line;
use crate::cli::text::pin_news::word_of;
use crate::cli::text::pins::source_text;
use crate::cli::text::screen::Screen;
use crate::model::{DeviceFacts, Outcome, PIN_MISSING, PinOrigin};
use crate::report::{OtherPin, PinSheet, PinSheetOrigin, SheetPin};

/// Titles of pages without a PIN.
const UNKNOWN: &str = "PIN unknown";
const CLOSED: &str = "PIN not readable";
/// How a reason names the status of an answer.
const HTTP: &str = "HTTP ";
const STATUS_DIGITS: usize = 3;

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
        notice: notice(task, &pin),
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
        PinProvenance::Held { origin: PinOrigin::Answer, .. } => {
            "returned when the lock was sent".to_owned()
        }
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

/// That a Mac may not have done yet what its PIN is for.
fn notice(task: &Revealed, pin: &SheetPin) -> String {
    let is_open = matches!(task.outcome, Outcome::Pending | Outcome::NotNow | Outcome::Accepted);
    match (is_open, task.action.as_str(), pin) {
        (false, ..) => String::new(),
        (true, "lock", SheetPin::Known { .. }) => {
            "This Mac may not be locked yet. It takes the PIN once it is.".to_owned()
        }
        (true, "lock", SheetPin::None { .. }) => "This Mac may not be locked yet.".to_owned(),
        (true, action, _) => format!("This Mac may not have done the {action} yet."),
    }
}

fn missing(task: &Revealed) -> SheetPin {
    let device = word(&task.device);
    let (reason, next, command) = match task.outcome {
        Outcome::InDoubt => (
            "It is unknown whether the Mac took this lock".to_owned(),
            "See what is known, and decide:",
            format!("sortie resolve {}", task.run),
        ),
        _ => (
            "No PIN of this lock is known".to_owned(),
            "Read it from the tenant, then print the page again:",
            format!("sortie pins {} --device {device} --recover", task.run),
        ),
    };
    let detail = task.lack.as_ref().map(|lack| without_body(&lack.reason)).unwrap_or_default();
    let code = format!("{PIN_MISSING}: ");
    let detail = detail.strip_prefix(&code).unwrap_or(detail);
    let reason = match detail.is_empty() {
        true => format!("{reason}."),
        false => format!("{reason}: {}", one_line(detail)),
    };
    SheetPin::None { title: UNKNOWN, reason, next: next.to_owned(), command }
}

/// A reason without the body of an answer, which follows its status: `HTTP 502` says enough.
fn without_body(reason: &str) -> &str {
    let is_status = |at: &usize| {
        let status = reason.get(at + HTTP.len()..at + HTTP.len() + STATUS_DIGITS);
        status.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let at = reason.match_indices(HTTP).map(|(at, _)| at).find(is_status);
    at.map_or(reason, |at| &reason[..at + HTTP.len() + STATUS_DIGITS])
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
    let title =
        if matches!(pin.map(|pin| pin.value.read()), Some(Err(_))) { CLOSED } else { UNKNOWN };
    SheetPin::None { title, reason, next: next.to_owned(), command }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_of_an_answer_does_not_reach_a_page() {
        for (reason, shown) in [
            ("pin_missing: HTTP 502: <html><h1>Bad</h1>", "pin_missing: HTTP 502"),
            ("HTTP 503", "HTTP 503"),
            ("the HTTP way, HTTP 404: no", "the HTTP way, HTTP 404"),
            ("the connection was lost", "the connection was lost"),
            ("HTTP é", "HTTP é"),
        ] {
            assert_eq!(without_body(reason), shown);
        }
    }
}
