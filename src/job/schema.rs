//! The JSON Schema of YAML jobs.
//!
//! Owns its shape. Keys and limits derive from the table of settings, the action table and the tables by which the
//! reader reads. Must never accept less than the reader does for the names that the documents use.

use serde_json::{Map, Value, json};

use super::Filter;
use super::cells::TargetField;

use super::tenant_choice::{TENANT_NAME, TENANTS};
use super::yaml::JOB_KEYS;
use super::yaml_settings::setting_keys;
use super::yaml_targets::{ALLOW_IDLE, EXCLUDED_LISTS, TARGET_KINDS};
use super::yaml_window::WINDOW_KEYS;
use crate::kandji::{ACTIONS, ActionSpec, ParamKind, ParamSpec};
use crate::model::settings::{self, SettingKind, SettingSpec, settings};

/// The version of JSON Schema.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";
/// A number of devices or a share, as a text.
const SHARE: &str = r"^\s*[0-9]+(\.[0-9]+)?\s*%?\s*$";
/// A duration with its unit, or a moment.
const DURATION: &str = r"^\s*[+]?[Pp]?[Tt]?[0-9].*[A-Za-z]";

/// The schema, draft-07. The names of actions, parameters and columns are those that the documents use; the reader also
/// takes other spellings of them.
///
/// ```
/// let schema = sortie::job::job_schema();
/// assert_eq!(schema["properties"]["limits"]["properties"]["per_second"]["maximum"], 50);
/// ```
#[must_use]
pub fn job_schema() -> Value {
    let mut properties = Map::new();
    for key in JOB_KEYS.into_iter().chain(setting_keys()) {
        properties.insert(key.to_owned(), property(key));
    }
    json!({
        "$schema": DRAFT,
        "title": "A sortie job",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "required": ["version", "targets"],
        "oneOf": [{ "required": ["steps"] }, { "required": ["action"] }],
        "dependencies": { "with": ["action"] },
        "allOf": rules_of_actions(),
    })
}

/// The schema of a key at the top.
fn property(key: &str) -> Value {
    match key {
        "version" => json!({ "enum": [1, "1"] }),
        "name" => described(text(), "Name of the job and of its report directory"),
        "targets" => targets(),
        "exclude" => exclusion(),
        "steps" => json!({ "type": "array", "minItems": 1, "items": step() }),
        "action" => action_names(),
        "with" => params_of(&all_params()),
        "columns" => {
            json!({ "type": "object", "minProperties": 1, "additionalProperties": text() })
        }
        _ => settings_under(key),
    }
}

/// The settings at a key, or below it.
fn settings_under(key: &str) -> Value {
    let mut forms: Vec<Value> = Vec::new();
    let whole = settings()
        .find(|setting| setting.job_key == Some(key) || setting.job_key_short == Some(key));
    if let Some(setting) = whole.filter(|setting| setting.kind != SettingKind::Window) {
        forms.push(of_setting(setting));
    }
    let prefix = format!("{key}.");
    let mut below = Map::new();
    for setting in settings() {
        if let Some(name) = setting.job_key.and_then(|path| path.strip_prefix(&prefix)) {
            below.insert(name.to_owned(), of_setting(setting));
        }
    }
    let mut required: Vec<&str> = Vec::new();
    if key == "window" {
        required.extend(WINDOW_KEYS);
        below.insert("days".to_owned(), one_or_many(&text()));
        for name in WINDOW_KEYS.into_iter().filter(|name| *name != "days") {
            below.insert(name.to_owned(), text());
        }
    }
    if key == "require" {
        required.extend(["file", "on"]);
    }
    if !below.is_empty() {
        forms.push(json!({
            "type": "object",
            "properties": below,
            "additionalProperties": false,
            "minProperties": 1,
            "required": required,
        }));
    }
    any_of(forms)
}

/// The schema of one setting's value.
fn of_setting(setting: &SettingSpec) -> Value {
    let value = match setting.kind {
        SettingKind::Switch => json!({ "type": "boolean" }),
        SettingKind::Count { least, most, .. } => {
            json!({ "type": "integer", "minimum": least, "maximum": most })
        }
        SettingKind::Number | SettingKind::Repeats => json!({ "type": "integer", "minimum": 0 }),
        SettingKind::Duration { least_ms: 0, .. } => {
            any_of(vec![json!({ "const": 0 }), duration()])
        }
        SettingKind::Duration { .. } => duration(),
        SettingKind::DurationOrMoment { .. } => duration(),
        SettingKind::CountOrShare => share(0),
        SettingKind::WaveEnds { items_max } => {
            any_of(vec![share(1), list(&share(1), Some(items_max))])
        }
        SettingKind::Word(words) => json!({ "enum": words }),
        SettingKind::Words(words) => {
            let word = json!({ "enum": words });
            let mut many = list(&word, None);
            many["uniqueItems"] = Value::Bool(true);
            any_of(vec![word, many])
        }
        SettingKind::Keys { items_max } => {
            let key = json!({ "type": "string", "pattern": "^age1[a-z0-9]+$" });
            any_of(vec![key.clone(), list(&key, Some(items_max))])
        }
        SettingKind::Names { items_max } => {
            let name = json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+$" });
            any_of(vec![name.clone(), list(&name, Some(items_max))])
        }
        SettingKind::Text | SettingKind::Path | SettingKind::Window | SettingKind::IfRunning => {
            text()
        }
    };
    described(value, setting.help)
}

fn targets() -> Value {
    let kinds: Vec<Value> = TARGET_KINDS
        .into_iter()
        .map(|kind| {
            let value = match kind {
                "devices" => list(&device(), None),
                "filter" => conditions(&[]),
                "all" => json!({ "const": true }),
                _ => text(),
            };
            json!({
                "type": "object",
                "properties": { kind: value, TENANTS: of_setting(&settings::targets::TENANTS) },
                "additionalProperties": false,
                "required": [kind],
            })
        })
        .collect();
    json!({ "oneOf": kinds })
}

fn exclusion() -> Value {
    let mut schema = conditions(&EXCLUDED_LISTS);
    schema["properties"][ALLOW_IDLE] = json!({ "type": "boolean" });
    schema
}

/// Conditions on devices, and lists of devices.
fn conditions(lists: &[&str]) -> Value {
    let mut properties = Map::new();
    for key in Filter::KEYS.iter().chain(lists) {
        let value = match Filter::SWITCHES.contains(key) {
            true => json!({ "type": "boolean" }),
            false => one_or_many(&text()),
        };
        properties.insert((*key).to_owned(), value);
    }
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 1,
    })
}

/// One device of a list.
fn device() -> Value {
    let mut properties = Map::new();
    for field in TargetField::ALL {
        properties.insert(field.word().to_owned(), text());
    }
    properties.insert(TENANT_NAME.to_owned(), text());
    properties.insert("with".to_owned(), params_of(&all_params()));
    let identities = TargetField::ALL.into_iter().filter(|field| field.is_identity());
    let one_of_them: Vec<Value> =
        identities.map(|field| json!({ "required": [field.word()] })).collect();
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "anyOf": one_of_them,
    })
}

fn step() -> Value {
    json!({
        "type": "object",
        "properties": {
            "action": action_names(),
            "with": params_of(&all_params()),
            "after": { "enum": ["accepted", "completed"] },
        },
        "additionalProperties": false,
        "required": ["action"],
        "allOf": rules_of_actions(),
    })
}

fn action_names() -> Value {
    let names: Vec<&str> = ACTIONS.iter().flat_map(|action| names_of(action)).collect();
    json!({ "enum": names })
}

fn names_of(action: &ActionSpec) -> Vec<&'static str> {
    std::iter::once(action.name).chain(action.aliases.iter().copied()).collect()
}

/// For each action: only its parameters may be under `with`.
fn rules_of_actions() -> Vec<Value> {
    let rule = |action: &&'static ActionSpec| {
        let params: Vec<&ParamSpec> = action.params.iter().collect();
        let allowed = match params.is_empty() {
            true => json!({ "not": { "required": ["with"] } }),
            false => json!({ "properties": { "with": params_of(&params) } }),
        };
        json!({
            "if": {
                "properties": { "action": { "enum": names_of(action) } },
                "required": ["action"],
            },
            "then": allowed,
        })
    };
    ACTIONS.iter().map(rule).collect()
}

fn all_params() -> Vec<&'static ParamSpec> {
    ACTIONS.iter().flat_map(|action| action.params).collect()
}

/// Parameters under `with`, a nested one also as a map of its own.
fn params_of(params: &[&ParamSpec]) -> Value {
    let mut kinds: Map<String, Value> = Map::new();
    let mut nested: Map<String, Value> = Map::new();
    for param in params {
        for name in param.names() {
            add_form(&mut kinds, name, of_param(param));
            if let Some((outer, inner)) = name.split_once('.') {
                let inside = nested.entry(outer.to_owned()).or_insert_with(|| json!({}));
                if let Value::Object(inside) = inside {
                    add_form(inside, inner, of_param(param));
                }
            }
        }
    }
    for (name, properties) in nested {
        let map = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "minProperties": 1,
        });
        add_form(&mut kinds, &name, map);
    }
    json!({
        "type": "object",
        "properties": kinds,
        "additionalProperties": false,
        "minProperties": 1,
    })
}

/// Adds a form of a key that may have others, such as a parameter of two actions.
fn add_form(forms: &mut Map<String, Value>, key: &str, form: Value) {
    let joined = match forms.remove(key) {
        None => form,
        Some(old) if old == form => form,
        Some(mut old) => match old.get_mut("anyOf").and_then(Value::as_array_mut) {
            Some(known) if known.contains(&form) => old,
            Some(known) => {
                known.push(form);
                old
            }
            None => json!({ "anyOf": [old, form] }),
        },
    };
    forms.insert(key.to_owned(), joined);
}

fn of_param(param: &ParamSpec) -> Value {
    of_kind(param.kind)
}

fn of_kind(kind: ParamKind) -> Value {
    match kind {
        ParamKind::Bool => json!({ "type": "boolean" }),
        ParamKind::Number(most) => json!({ "type": "integer", "minimum": 0, "maximum": most }),
        ParamKind::HttpsUrl => json!({ "type": "string", "pattern": "^https://" }),
        ParamKind::Pin => json!({ "type": "string", "pattern": "^[0-9]{6}$" }),
        ParamKind::Choice(words) => json!({ "enum": words }),
        ParamKind::Flags(_)
        | ParamKind::Texts
        | ParamKind::AddsTo(_)
        | ParamKind::RemovesFrom(_) => one_or_many(&text()),
        ParamKind::Choices(words) => one_or_many(&json!({ "enum": words })),
        ParamKind::Name | ParamKind::Message | ParamKind::Label(_) | ParamKind::Named(_) => text(),
        ParamKind::Clearable(kind) => json!({ "anyOf": [of_kind(*kind), { "type": "null" }] }),
    }
}

/// A text. YAML reads some texts as numbers; the reader takes each as it is written.
fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"], "minLength": 1 })
}

fn duration() -> Value {
    json!({ "type": "string", "pattern": DURATION })
}

fn share(least: u32) -> Value {
    any_of(vec![
        json!({ "type": "integer", "minimum": least }),
        json!({ "type": "string", "pattern": SHARE }),
    ])
}

fn list(item: &Value, items_max: Option<usize>) -> Value {
    let mut list = json!({ "type": "array", "minItems": 1, "items": item });
    if let Some(most) = items_max {
        list["maxItems"] = json!(most);
    }
    list
}

fn one_or_many(item: &Value) -> Value {
    any_of(vec![item.clone(), list(item, None)])
}

/// One of several forms; a single form is used alone.
fn any_of(mut forms: Vec<Value>) -> Value {
    match forms.len() {
        1 => forms.remove(0),
        _ => json!({ "anyOf": forms }),
    }
}

fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = json!(description);
    schema
}
