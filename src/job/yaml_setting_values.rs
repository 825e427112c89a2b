//! Values of settings in a YAML job.
//!
//! Owns the way from one node to one value, by the table of settings. Must never show a line that may hold a private key.

use super::diagnostics::Flaw;
use super::nodes::NodeReader;
use super::tree::{MapEntry, Node};
use super::yaml_setting_flaws::{flaw_of, quoted_number};
use crate::model::settings::{
    SettingError, SettingFault, SettingKind, SettingLayer, SettingSource, SettingSpec,
    SettingValue, settings,
};

/// The keys below a key at the top, such as those of `limits`.
pub(super) fn keys_below(top: &str) -> Vec<&'static str> {
    let paths = settings().filter_map(|setting| setting.job_key);
    paths
        .filter_map(|path| path.split_once('.').filter(|(key, _)| *key == top).map(|(_, key)| key))
        .collect()
}

/// Where an entry is.
pub(super) fn source_of(reader: &NodeReader<'_, '_>, entry: &MapEntry) -> SettingSource {
    SettingSource::Job { line: reader.source.line_of(entry.key_range.start) }
}

/// Reads the value of a setting, which diagnostics call `what`.
pub(super) fn read_value(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
    setting: &SettingSpec,
    what: &str,
) -> Option<SettingValue> {
    let items = match setting.kind {
        SettingKind::Switch => return reader.switch(node, what).map(SettingValue::Switch),
        SettingKind::Words(_)
        | SettingKind::WaveEnds { .. }
        | SettingKind::Keys { .. }
        | SettingKind::Names { .. } => reader.texts(node, what),
        _ => reader.text(node, what).map(|text| (node, text)).into_iter().collect(),
    };
    if items.is_empty() {
        return None;
    }
    let texts: Vec<&str> = items.iter().map(|(_, text)| *text).collect();
    match setting.read(&texts, SettingLayer::Job) {
        Ok(SettingValue::Count(count)) if !node.is_plain() => {
            reader.refuse(&node.range, quoted_number(what, count));
            None
        }
        Ok(value) => Some(value),
        Err(errors) => {
            for error in errors {
                let (place, text) =
                    error.item.and_then(|at| items.get(at).copied()).unwrap_or((node, ""));
                refuse(reader, place, flaw_of(setting, what, error, text), error);
            }
            None
        }
    }
}

/// Notes a flaw. What was given as a public key may be a private one, so its line is not shown.
fn refuse(reader: &mut NodeReader<'_, '_>, place: &Node, flaw: Flaw, error: SettingError) {
    if error.fault == SettingFault::Key {
        let problem = reader.source.diagnostic_without_text(place.range.clone(), flaw);
        reader.problems.push(problem);
    } else {
        reader.refuse(&place.range, flaw);
    }
}
