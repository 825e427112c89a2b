//! `with:` of a YAML job.
//!
//! Owns how its entries reach the steps. Must never repeat a value in a message: it may be a PIN.

use super::diagnostics::Flaw;
use super::nodes::NodeReader;
use super::steps::{Form, ProtectedValues, StepDraft, find_param, read_value};
use super::tree::{Content, MapEntry, Node};
use crate::kandji::ParamKind;

/// Reads `with:` and gives each value to the steps whose action has the parameter.
pub(super) fn read_with(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
    drafts: &mut [StepDraft],
    protected_values: ProtectedValues,
) {
    let mut given: Vec<(u16, &'static str)> = Vec::new();
    for entry in reader.any_map(node, "with").unwrap_or_default() {
        match &entry.value.content {
            Content::Map(_) => {
                for inner in reader.any_map(&entry.value, &entry.key).unwrap_or_default() {
                    let name = format!("{}.{}", entry.key, inner.key);
                    read_param(reader, &name, inner, drafts, protected_values, &mut given);
                }
            }
            _ => read_param(reader, &entry.key, entry, drafts, protected_values, &mut given),
        }
    }
}

fn read_param(
    reader: &mut NodeReader<'_, '_>,
    name: &str,
    entry: &MapEntry,
    drafts: &mut [StepDraft],
    protected_values: ProtectedValues,
    given: &mut Vec<(u16, &'static str)>,
) {
    let mut unknown = None;
    let mut is_taken = false;
    for draft in drafts.iter_mut() {
        let param = match find_param(draft.action, name) {
            Ok(param) => param,
            Err(flaw) => {
                unknown = unknown.or(Some(flaw));
                continue;
            }
        };
        is_taken = true;
        if param.kind == ParamKind::Pin {
            reader.secrets.push(entry.value.range.clone());
        }
        if given.contains(&(draft.number, param.key)) {
            let flaw = Flaw::new(format!("{} is given twice", param.key)).hint("remove one");
            reader.refuse(&entry.key_range, flaw);
            return;
        }
        given.push((draft.number, param.key));
        let Some((text, form)) = value_text(reader, entry, param.key, param.kind) else { return };
        match read_value(param, &text, form, protected_values) {
            Ok(value) => {
                draft.params.insert(param.key.to_owned(), value);
            }
            Err(flaw) => {
                reader.refuse(&entry.value.range, flaw);
                return;
            }
        }
    }
    if let Some(flaw) = unknown.filter(|_| !is_taken) {
        reader.refuse(&entry.key_range, flaw);
    }
}

/// A parameter's text. A list is allowed where the parameter is one.
fn value_text(
    reader: &mut NodeReader<'_, '_>,
    entry: &MapEntry,
    key: &str,
    kind: ParamKind,
) -> Option<(String, Form)> {
    match (&entry.value.content, kind) {
        (Content::Scalar(text, form), _) => Some((text.clone(), *form)),
        (Content::List(_), kind) if kind.is_list() => {
            let words: Vec<&str> =
                reader.texts(&entry.value, key).into_iter().map(|(_, text)| text).collect();
            let is_array = !matches!(kind, ParamKind::Flags(_));
            let text = match is_array {
                // A text of the list may have a comma in it.
                true => serde_json::Value::from(words.clone()).to_string(),
                false => words.join(","),
            };
            (!words.is_empty()).then_some((text, Form::Quoted))
        }
        _ => {
            reader.refuse(&entry.value.range, Flaw::new(format!("{key} must be a single value")));
            None
        }
    }
}
