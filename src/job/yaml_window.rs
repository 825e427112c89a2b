//! The hours in which a YAML job may send.
//!
//! Owns the key `window`. Must never read a clock, and must never accept half a window: hours without a time zone
//! are other hours elsewhere.

use super::diagnostics::{Flaw, quote};
use super::nodes::NodeReader;
use super::tree::{MapEntry, Node};
use super::yaml_setting_values::{keys_below, read_value, source_of};
use crate::model::settings::{SettingValue, SettingValues, safety};
use crate::model::{Window, WindowError};

/// What makes a window, all of it needed.
pub(super) const WINDOW_KEYS: [&str; 4] = ["days", "from", "to", "timezone"];
/// A window as an example.
const EXAMPLE: &str = "for example window: {days: [sat, sun], from: \"22:00\", to: \"06:00\", timezone: Europe/Berlin}";

/// Reads `window`: the window, and what becomes of the run outside it.
pub(super) fn read_window(
    reader: &mut NodeReader<'_, '_>,
    entry: &MapEntry,
    values: &mut SettingValues,
) {
    let node = &entry.value;
    let known: Vec<&str> = WINDOW_KEYS.into_iter().chain(keys_below("window")).collect();
    let Some(entries) = reader.map(node, "window", &known) else { return };
    let outside = &safety::OUTSIDE_WINDOW;
    if let Some(entry) = entries.iter().find(|entry| entry.key == outside.job_word())
        && let Some(value) = read_value(reader, &entry.value, outside, &entry.key)
    {
        values.set(outside, value, source_of(reader, entry));
    }
    let is_given = |key: &&str| entries.iter().any(|entry| entry.key == *key);
    let missing: Vec<&str> = WINDOW_KEYS.into_iter().filter(|key| !is_given(key)).collect();
    if !missing.is_empty() {
        let flaw = Flaw::new(format!("window has no {}", missing.join(", "))).hint(EXAMPLE);
        reader.refuse(&node.range, flaw);
        return;
    }
    if let Some(window) = read_hours(reader, node, entries) {
        values.set(&safety::WINDOW, SettingValue::Window(window), source_of(reader, entry));
    }
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
