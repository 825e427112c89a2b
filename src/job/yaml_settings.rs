//! The settings that a YAML job may have.
//!
//! Owns the way from nodes to values, by the table of settings, and the rules between two of them. Must never fill in a
//! default: where the job is silent, so is this.

use super::diagnostics::Flaw;
use super::nodes::NodeReader;
use super::tree::{Content, MapEntry};
use super::yaml_setting_values::{keys_below, read_value, source_of};
use super::yaml_window::read_window;
use crate::model::settings::{SettingSpec, SettingValues, pace, safety, settings};

/// Keys of the table that another part of the job reads.
const READ_ELSEWHERE: [&str; 4] = ["reason", "targets", "exclude", "require"];

/// The keys at the top of a job that are settings.
pub(super) fn setting_keys() -> Vec<&'static str> {
    let mut keys: Vec<&'static str> = Vec::new();
    for path in settings().filter_map(|setting| setting.job_key) {
        let key = path.split('.').next().unwrap_or(path);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// Reads the settings among the entries of a job, except those that another part of the job reads.
pub(super) fn read_settings(
    reader: &mut NodeReader<'_, '_>,
    entries: &[MapEntry],
) -> SettingValues {
    let mut values = SettingValues::default();
    let keys = setting_keys();
    for entry in entries {
        let key = entry.key.as_str();
        if !keys.contains(&key) || READ_ELSEWHERE.contains(&key) {
            continue;
        }
        if key == "window" {
            read_window(reader, entry, &mut values);
        } else if let Some(setting) = whole(entry) {
            read_entry(reader, entry, setting, &mut values);
        } else {
            read_below(reader, entry, &mut values);
        }
    }
    check_pairs(reader, entries, &values);
    values
}

/// The setting that a key at the top is by itself.
fn whole(entry: &MapEntry) -> Option<&'static SettingSpec> {
    let key = Some(entry.key.as_str());
    let is_scalar = matches!(entry.value.content, Content::Scalar(..));
    settings().find(|setting| setting.job_key == key || (is_scalar && setting.job_key_short == key))
}

/// Reads the settings below a key at the top.
fn read_below(reader: &mut NodeReader<'_, '_>, top: &MapEntry, values: &mut SettingValues) {
    let known = keys_below(&top.key);
    for entry in reader.map(&top.value, &top.key, &known).unwrap_or_default() {
        let path = format!("{}.{}", top.key, entry.key);
        if let Some(setting) = settings().find(|setting| setting.job_key == Some(&path)) {
            read_entry(reader, entry, setting, values);
        }
    }
}

/// Reads one setting and notes its line.
fn read_entry(
    reader: &mut NodeReader<'_, '_>,
    entry: &MapEntry,
    setting: &SettingSpec,
    values: &mut SettingValues,
) {
    if let Some(value) = read_value(reader, &entry.value, setting, &entry.key) {
        values.set(setting, value, source_of(reader, entry));
    }
}

/// Refuses settings that contradict each other.
fn check_pairs(reader: &mut NodeReader<'_, '_>, entries: &[MapEntry], values: &SettingValues) {
    let find = |key: &str| entries.iter().find(|entry| entry.key == key);
    let first = values.duration_ms(&pace::RETRY_DELAY);
    let longest = values.duration_ms(&pace::RETRY_DELAY_MAX);
    if let (Some(entry), Some(first), Some(longest)) = (find("retries"), first, longest)
        && first > longest
    {
        let flaw = Flaw::new("delay is longer than max_delay").hint("swap the two, or remove one");
        reader.refuse(&entry.value.range, flaw);
    }
    let Some(Content::Map(secrets)) = find("secrets").map(|entry| &entry.value.content) else {
        return;
    };
    let has_keys = secrets.iter().any(|entry| entry.key == safety::ENCRYPT_TO.job_word());
    let lonely = |entry: &&MapEntry| entry.key == safety::SINGLE_KEY.job_word() && !has_keys;
    for entry in secrets.iter().filter(lonely) {
        let flaw = Flaw::new("single_key has no effect without encrypt_to")
            .hint("put the key under encrypt_to, or remove the line");
        reader.refuse(&entry.key_range, flaw);
    }
}
