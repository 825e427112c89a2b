//! The settings that a YAML job may bring along.
//!
//! Owns their keys and limits. Must never fill in a default: where the job is silent, so is this.

use super::diagnostics::{Flaw, quote};
use super::nodes::NodeReader;
use super::tree::{MapEntry, Node};
use super::yaml_rollout::read_rollout;
use super::yaml_secrets::read_secrets;
use super::yaml_window::read_window;
use super::{JobSettings, SendUntil, SkipKind};
use crate::model::{MaxErrors, UnixMillis, parse_duration_ms};

/// Most requests at once: the API's rate is reached with a tenth of it.
const CONCURRENCY_MAX: u32 = 256;
/// Most requests a second: the API's own limit.
const PER_SECOND_MAX: u32 = 50;
/// Most requests an hour: a hundred times the documented quota, which tenants may have raised.
const PER_HOUR_MAX: u32 = 1_000_000;
/// Most retries of one task.
const RETRIES_MAX: u32 = 100;
/// Most errors in a row that a run may be told to take: more would stop nothing.
const ERRORS_IN_A_ROW_MAX: u32 = 1_000;
/// Longest duration, in milliseconds: a year. A longer one is a slip of the unit.
const DURATION_MS_MAX: u64 = 366 * 86_400_000;
/// Formats of reports.
const REPORT_FORMATS: [&str; 2] = ["csv", "jsonl"];
/// The keys at the top of a job that are settings.
pub(super) const SETTING_KEYS: [&str; 12] = [
    "wait",
    "send_until",
    "limits",
    "retries",
    "stop",
    "rollout",
    "window",
    "require",
    "report",
    "skip_refused",
    "allow_deactivation",
    "secrets",
];

/// Reads the settings among the entries of a job, those apart that need another file.
pub(super) fn read_settings(reader: &mut NodeReader<'_, '_>, entries: &[MapEntry]) -> JobSettings {
    let mut settings = JobSettings::default();
    for MapEntry { key, value, .. } in entries {
        match key.as_str() {
            "wait" => settings.wait_ms = read_span(reader, value, "wait"),
            "send_until" => settings.send_until = read_send_until(reader, value),
            "limits" => read_limits(reader, value, &mut settings),
            "retries" => read_retries(reader, value, &mut settings),
            "stop" => read_stop(reader, value, &mut settings),
            "rollout" => settings.rollout = read_rollout(reader, value),
            "window" => {
                (settings.window, settings.outside_window) = read_window(reader, value);
            }
            "report" => read_report(reader, value, &mut settings),
            "skip_refused" => read_skips(reader, value, &mut settings),
            "allow_deactivation" => {
                settings.is_deactivation_allowed = reader.switch(value, key).unwrap_or(false);
            }
            "secrets" => settings.secrets = read_secrets(reader, value),
            _ => {}
        }
    }
    settings
}

/// Reads a duration of at most a year, in milliseconds.
pub(super) fn read_span(reader: &mut NodeReader<'_, '_>, node: &Node, what: &str) -> Option<u64> {
    let duration = reader.duration(node, what)?;
    if duration > DURATION_MS_MAX {
        reader.refuse(&node.range, Flaw::new(format!("{what} is longer than a year")));
        return None;
    }
    Some(duration)
}

fn read_send_until(reader: &mut NodeReader<'_, '_>, node: &Node) -> Option<SendUntil> {
    let text = reader.text(node, "send_until")?;
    if let Some(moment) = UnixMillis::parse(text) {
        return Some(SendUntil::At(moment));
    }
    match parse_duration_ms(text) {
        Some(duration) if duration > 0 && duration <= DURATION_MS_MAX => {
            Some(SendUntil::After(duration))
        }
        _ => {
            let flaw = Flaw::new(format!(
                "send_until must be a duration or a time with its offset, not {}",
                quote(text)
            ))
            .hint("such as 8h, or 2026-11-23T18:00:00+01:00");
            reader.refuse(&node.range, flaw);
            None
        }
    }
}

fn read_limits(reader: &mut NodeReader<'_, '_>, node: &Node, settings: &mut JobSettings) {
    let known = ["concurrency", "per_second", "per_hour", "max_devices"];
    let Some(entries) = reader.map(node, "limits", &known) else { return };
    for MapEntry { key, value, .. } in entries {
        match key.as_str() {
            "concurrency" => {
                settings.concurrency = reader.number(value, key, (1, CONCURRENCY_MAX));
            }
            "per_second" => settings.per_second = reader.number(value, key, (1, PER_SECOND_MAX)),
            "per_hour" => settings.per_hour = reader.number(value, key, (1, PER_HOUR_MAX)),
            "max_devices" => settings.max_devices = reader.number(value, key, (1, u32::MAX)),
            _ => {}
        }
    }
}

fn read_retries(reader: &mut NodeReader<'_, '_>, node: &Node, settings: &mut JobSettings) {
    let known = ["count", "delay", "max_delay", "jitter"];
    let Some(entries) = reader.map(node, "retries", &known) else { return };
    for MapEntry { key, value, .. } in entries {
        match key.as_str() {
            "count" => settings.retry_count = reader.number(value, key, (0, RETRIES_MAX)),
            "delay" => settings.retry_delay_ms = read_span(reader, value, key),
            "max_delay" => settings.retry_delay_ms_max = read_span(reader, value, key),
            "jitter" => settings.retry_jitter = reader.switch(value, key),
            _ => {}
        }
    }
    if let (Some(first), Some(longest)) = (settings.retry_delay_ms, settings.retry_delay_ms_max)
        && first > longest
    {
        let flaw = Flaw::new("delay is longer than max_delay").hint("swap them, or remove one");
        reader.refuse(&node.range, flaw);
    }
}

fn read_stop(reader: &mut NodeReader<'_, '_>, node: &Node, settings: &mut JobSettings) {
    let Some(entries) = reader.map(node, "stop", &["max_errors", "in_a_row"]) else { return };
    for MapEntry { key, value, .. } in entries {
        match key.as_str() {
            "max_errors" => settings.max_errors = read_max_errors(reader, value),
            "in_a_row" => {
                settings.errors_in_a_row = reader.number(value, key, (1, ERRORS_IN_A_ROW_MAX));
            }
            _ => {}
        }
    }
}

fn read_max_errors(reader: &mut NodeReader<'_, '_>, node: &Node) -> Option<MaxErrors> {
    let text = reader.text(node, "max_errors")?;
    let max_errors = MaxErrors::parse(text);
    if max_errors.is_none() {
        let flaw =
            Flaw::new(format!("max_errors must be a number or a share, not {}", quote(text)))
                .hint("such as 10 or 5%");
        reader.refuse(&node.range, flaw);
    }
    max_errors
}

fn read_report(reader: &mut NodeReader<'_, '_>, node: &Node, settings: &mut JobSettings) {
    let Some(entries) = reader.map(node, "report", &["dir", "formats"]) else { return };
    for MapEntry { key, value, .. } in entries {
        match key.as_str() {
            "dir" => {
                let dir = reader.text(value, "dir");
                if dir.is_some_and(|dir| dir.chars().any(char::is_control)) {
                    let flaw = Flaw::new("dir contains a control character");
                    reader.refuse(&value.range, flaw);
                }
                settings.report_dir = dir.map(str::to_owned);
            }
            "formats" => {
                let mut formats: Vec<String> = Vec::new();
                for (item, text) in reader.texts(value, "formats") {
                    let is_new = !formats.iter().any(|format| format == text);
                    if REPORT_FORMATS.contains(&text) && is_new {
                        formats.push(text.to_owned());
                        continue;
                    }
                    let what = if is_new { "is no format of reports" } else { "is given twice" };
                    let flaw = Flaw::new(format!("{} {what}", quote(text)))
                        .hint(format!("the formats are {}", REPORT_FORMATS.join(", ")));
                    reader.refuse(&item.range, flaw);
                }
                settings.report_formats = Some(formats);
            }
            _ => {}
        }
    }
}

fn read_skips(reader: &mut NodeReader<'_, '_>, node: &Node, settings: &mut JobSettings) {
    for (item, text) in reader.texts(node, "skip_refused") {
        match SkipKind::parse(text) {
            Some(kind) if settings.skip_refused.contains(&kind) => {
                reader.refuse(&item.range, Flaw::new(format!("{} is given twice", quote(text))));
            }
            Some(kind) => settings.skip_refused.push(kind),
            None => {
                let words = SkipKind::ALL.map(SkipKind::word).join(", ");
                let flaw = Flaw::new(format!("{} is no kind of refusal", quote(text)))
                    .hint(format!("the kinds are {words}"));
                reader.refuse(&item.range, flaw);
            }
        }
    }
}
