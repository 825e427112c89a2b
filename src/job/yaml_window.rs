//! The hours in which a YAML job may send.
//!
//! Owns the key `window`. Must never read a clock, and must never accept half a window: hours without a time zone
//! are other hours elsewhere.

use super::diagnostics::{Flaw, quote};
use super::nodes::NodeReader;
use super::tree::{MapEntry, Node};
use crate::model::{OutsideWindow, Window, WindowError};

/// What makes a window, all of it needed.
const NEEDED: [&str; 4] = ["days", "from", "to", "timezone"];
/// The words for what becomes of a run while the window is closed.
const OUTSIDE: [(&str, OutsideWindow); 2] =
    [("refuse", OutsideWindow::Refuse), ("wait", OutsideWindow::Wait)];
/// A window as an example.
const EXAMPLE: &str =
    "such as window: {days: [sat, sun], from: \"22:00\", to: \"06:00\", timezone: Europe/Berlin}";

/// Reads `window`: the window, and what becomes of the run outside it.
pub(super) fn read_window(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
) -> (Option<Window>, Option<OutsideWindow>) {
    let known: Vec<&str> = NEEDED.into_iter().chain(["outside"]).collect();
    let Some(entries) = reader.map(node, "window", &known) else { return (None, None) };
    let outside = entries
        .iter()
        .find(|entry| entry.key == "outside")
        .and_then(|entry| read_outside(reader, &entry.value));
    let is_given = |key: &&str| entries.iter().any(|entry| entry.key == *key);
    let missing: Vec<&str> = NEEDED.into_iter().filter(|key| !is_given(key)).collect();
    if !missing.is_empty() {
        let flaw = Flaw::new(format!("window does not say {}", missing.join(", "))).hint(EXAMPLE);
        reader.refuse(&node.range, flaw);
        return (None, outside);
    }
    (read_hours(reader, node, entries), outside)
}

fn read_hours(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
    entries: &[MapEntry],
) -> Option<Window> {
    let count_before = reader.problems.count();
    let mut days: Vec<(&Node, &str)> = Vec::new();
    let mut texts: [Option<(&Node, &str)>; 3] = [None; 3];
    for MapEntry { key, value, .. } in entries {
        match key.as_str() {
            "days" => days = reader.texts(value, key),
            "from" => texts[0] = reader.text(value, key).map(|text| (value, text)),
            "to" => texts[1] = reader.text(value, key).map(|text| (value, text)),
            "timezone" => texts[2] = reader.text(value, key).map(|text| (value, text)),
            _ => {}
        }
    }
    let [Some(from), Some(to), Some(timezone)] = texts else { return None };
    if reader.problems.count() > count_before {
        return None;
    }
    let words: Vec<&str> = days.iter().map(|(_, day)| *day).collect();
    match Window::new(&words, from.1, to.1, timezone.1) {
        Ok(window) => Some(window),
        Err(error) => {
            let guilty = match &error {
                WindowError::Day(day) => days.iter().rfind(|(_, text)| text == day).copied(),
                WindowError::Hour(hour) => [from, to].into_iter().find(|(_, text)| text == hour),
                WindowError::Timezone(_) => Some(timezone),
                WindowError::NoDays | WindowError::Empty => None,
            };
            let place = guilty.map_or(&node.range, |(node, _)| &node.range);
            reader.refuse(place, flaw_of(error));
            None
        }
    }
}

/// The error in two parts, and what was written in the form in which messages may repeat it.
fn flaw_of(error: WindowError) -> Flaw {
    let shown = |text: &str| quote(text).trim_matches('\'').to_owned();
    let error = match &error {
        WindowError::Day(text) => WindowError::Day(shown(text)),
        WindowError::Hour(text) => WindowError::Hour(shown(text)),
        WindowError::Timezone(text) => WindowError::Timezone(shown(text)),
        WindowError::NoDays | WindowError::Empty => error,
    };
    let sentence = error.to_string();
    match sentence.rsplit_once("; ") {
        Some((what, cure)) => Flaw::new(what).hint(cure),
        None => Flaw::new(sentence),
    }
}

fn read_outside(reader: &mut NodeReader<'_, '_>, node: &Node) -> Option<OutsideWindow> {
    let text = reader.text(node, "outside")?;
    let found = OUTSIDE.into_iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let flaw = Flaw::new(format!("outside must be refuse or wait, not {}", quote(text)))
            .hint("refuse does not start outside the window; wait starts when it opens");
        reader.refuse(&node.range, flaw);
    }
    found.map(|(_, meaning)| meaning)
}
