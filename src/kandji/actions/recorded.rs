//! What a device's record says of the values that an action gives it.
//!
//! Owns the fields of a record that an action can change, and the comparison of each with a parameter. Must never name
//! an action, and never take a value that is only similar for the same.

use std::collections::BTreeMap;

use super::record_field::RecordField;
use super::spec::{ActionSpec, EndSpec};
use crate::model::{
    Device, DeviceFacts, ListChange, ListEdit, ParamValue, Params, RecordLists, SharedText,
    is_alike, is_same_text, sent_params,
};

/// What a record shows of the fields that actions can change.
#[derive(Copy, Clone, Debug)]
pub struct ShownRecord<'a> {
    blueprint_id: &'a str,
    blueprint: &'a str,
    asset_tag: &'a str,
    user_email: &'a str,
    user_name: &'a str,
    is_user_archived: bool,
    tags: &'a [SharedText],
    has_unread_tags: bool,
}

impl<'a> From<&'a Device> for ShownRecord<'a> {
    fn from(device: &'a Device) -> Self {
        Self {
            blueprint_id: &device.make.blueprint_id,
            asset_tag: &device.asset_tag,
            is_user_archived: device.is_user_archived,
            has_unread_tags: device.has_unread_tags,
            ..Self::from(&*device.facts)
        }
    }
}

impl<'a> From<&'a DeviceFacts> for ShownRecord<'a> {
    fn from(facts: &'a DeviceFacts) -> Self {
        Self {
            blueprint_id: "",
            blueprint: &facts.blueprint,
            asset_tag: &facts.old_asset_tag,
            user_email: &facts.user_email,
            user_name: &facts.user_name,
            is_user_archived: false,
            tags: &facts.tags,
            has_unread_tags: false,
        }
    }
}

/// One field that an action gives a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordChange {
    /// The field.
    pub field: RecordField,
    /// What the record shows, for people; empty for nothing.
    pub old: String,
    /// What it is to show, for people; empty for nothing.
    pub new: String,
    /// The record shows it.
    pub is_borne: bool,
}

impl RecordChange {
    /// The change as a phrase: `blueprint 'Lab' -> 'Sales'`.
    #[must_use]
    pub fn phrase(&self) -> String {
        format!("{} {} -> {}", self.field.word(), quoted(&self.old), quoted(&self.new))
    }

    /// What the record shows, as a phrase: `blueprint 'Lab'`.
    fn shown(&self) -> String {
        format!("{} {}", self.field.word(), quoted(&self.old))
    }
}

fn quoted(text: &str) -> String {
    if text.is_empty() { "none".to_owned() } else { format!("'{text}'") }
}

impl ActionSpec {
    /// Whether it changes the device's record, which shows by itself what is done.
    #[must_use]
    pub fn changes_records(&self) -> bool {
        matches!(self.end, EndSpec::Recorded(_))
    }

    /// The fields of the record that these parameters change; empty for an action that changes none.
    #[must_use]
    pub fn record_changes(&self, params: &Params, shown: ShownRecord<'_>) -> Vec<RecordChange> {
        let EndSpec::Recorded(fields) = self.end else { return Vec::new() };
        let change = |(key, field): &(&str, RecordField)| {
            let values: Vec<&ParamValue> = params
                .iter()
                .filter(|(name, value)| is_about(key, name, value))
                .map(|(_, value)| value)
                .collect();
            (!values.is_empty()).then(|| shown.change(*field, key, &values))
        };
        fields.iter().filter_map(change).collect()
    }

    /// The lists of the record that requests of this action build on.
    #[must_use]
    pub fn record_lists(&self, device: &Device) -> RecordLists {
        let EndSpec::Recorded(fields) = self.end else { return RecordLists::default() };
        let tags = fields.iter().filter(|(_, field)| *field == RecordField::Tags);
        let texts = || device.tags.iter().map(ToString::to_string).collect();
        RecordLists(tags.map(|(key, _)| ((*key).to_owned(), texts())).collect())
    }
}

/// Whether a parameter gives a value to this key, or changes the list of this key.
fn is_about(key: &str, name: &str, value: &ParamValue) -> bool {
    match value {
        ParamValue::Edit(edit) => edit.list == key,
        _ => name == key,
    }
}

impl ShownRecord<'_> {
    fn change(&self, field: RecordField, key: &str, values: &[&ParamValue]) -> RecordChange {
        let first = values.first().map_or_else(String::new, |value| match value {
            ParamValue::Clear => String::new(),
            value => value.shown(),
        });
        let (old, new, is_borne) = match field {
            RecordField::Blueprint => {
                (self.blueprint.to_owned(), first, self.has_blueprint(values))
            }
            RecordField::AssetTag => {
                let is_borne = is_same_text(&first, self.asset_tag);
                (self.asset_tag.to_owned(), first, is_borne)
            }
            RecordField::User => {
                let old = match self.user_email {
                    "" => self.user_name,
                    email => email,
                };
                // A user who was archived and one who was not may have the same address.
                let is_known = first.is_empty() || !self.is_user_archived;
                let is_borne = is_known && is_alike(old, &first);
                (old.to_owned(), first, is_borne)
            }
            RecordField::Tags => {
                let new = self.tags_after(key, values);
                let is_borne =
                    !self.has_unread_tags && values.iter().all(|value| self.bears_tags(value));
                (joined(self.tags), joined(&new), is_borne)
            }
        };
        RecordChange { field, old, new, is_borne }
    }

    /// By its id where the record shows one.
    fn has_blueprint(&self, values: &[&ParamValue]) -> bool {
        values.iter().all(|value| match value {
            ParamValue::Named(named) if self.blueprint_id.is_empty() => {
                is_same_text(&named.name, self.blueprint)
            }
            ParamValue::Named(named) => named.id.eq_ignore_ascii_case(self.blueprint_id),
            _ => false,
        })
    }

    fn has_tag(&self, text: &str) -> bool {
        self.tags.iter().any(|tag| is_same_text(tag, text))
    }

    fn bears_tags(&self, value: &ParamValue) -> bool {
        match value {
            ParamValue::List(texts) => {
                let is_asked = |tag: &SharedText| texts.iter().any(|text| is_same_text(tag, text));
                texts.iter().all(|text| self.has_tag(text)) && self.tags.iter().all(is_asked)
            }
            ParamValue::Edit(ListEdit { change: ListChange::Add, texts, .. }) => {
                texts.iter().all(|text| self.has_tag(text))
            }
            ParamValue::Edit(ListEdit { change: ListChange::Remove, texts, .. }) => {
                !texts.iter().any(|text| self.has_tag(text))
            }
            _ => false,
        }
    }

    /// The tags as they are when the request has been applied.
    fn tags_after(&self, key: &str, values: &[&ParamValue]) -> Vec<String> {
        let numbered = values.iter().enumerate().map(|(at, value)| {
            let name =
                if matches!(value, ParamValue::Edit(_)) { at.to_string() } else { key.to_owned() };
            (name, (*value).clone())
        });
        let tags = self.tags.iter().map(ToString::to_string).collect();
        let lists = RecordLists(BTreeMap::from([(key.to_owned(), tags)]));
        match sent_params(&numbered.collect(), Some(&lists)).get(key) {
            Some(ParamValue::List(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }
}

fn joined<T: AsRef<str>>(texts: &[T]) -> String {
    texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ")
}

/// What a record shows of a request, after it or instead of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordStanding {
    /// It bears everything.
    Borne {
        /// What it shows.
        evidence: String,
        /// A change that another client made at the same time, as a sentence.
        drift: Option<String>,
    },
    /// It does not.
    Differs {
        /// What it shows instead.
        evidence: String,
    },
}

/// Says whether a record bears what the parameters say. `lists` are those that the request was built on.
#[must_use]
pub fn record_standing(
    action: &ActionSpec,
    params: &Params,
    lists: Option<&RecordLists>,
    device: &Device,
) -> RecordStanding {
    let changes = action.record_changes(params, device.into());
    let (borne, different): (Vec<_>, Vec<_>) = changes.into_iter().partition(|it| it.is_borne);
    if different.is_empty() && !borne.is_empty() {
        let shown: Vec<String> = borne.iter().map(RecordChange::shown).collect();
        let evidence = format!("the record shows {}", shown.join(", "));
        return RecordStanding::Borne { evidence, drift: drift(action, params, lists, device) };
    }
    let shown: Vec<String> = different
        .iter()
        .map(|it| format!("{} instead of {}", it.shown(), quoted(&it.new)))
        .collect();
    RecordStanding::Differs { evidence: format!("the record shows {}", shown.join(", ")) }
}

/// What the record's lists show that the request did not say: another client has changed them at the same time.
fn drift(
    action: &ActionSpec,
    params: &Params,
    lists: Option<&RecordLists>,
    device: &Device,
) -> Option<String> {
    let sent = sent_params(params, Some(lists?));
    let shown = action.record_lists(device);
    for (key, texts) in &shown.0 {
        let Some(ParamValue::List(sent)) = sent.get(key) else { continue };
        let lost = missing(sent, texts);
        let gained = missing(texts, sent);
        let told = |what: &str, texts: &[&str]| {
            let (them, verb) = (texts.join("', '"), if texts.len() == 1 { "was" } else { "were" });
            format!("'{them}' {verb} {what} by another change at the same time")
        };
        match (lost.as_slice(), gained.as_slice()) {
            ([], []) => {}
            (lost, []) => return Some(format!("{key}: {}", told("removed", lost))),
            ([], gained) => return Some(format!("{key}: {}", told("added", gained))),
            (lost, gained) => {
                return Some(format!(
                    "{key}: {}; {}",
                    told("removed", lost),
                    told("added", gained)
                ));
            }
        }
    }
    None
}

/// The texts that the other list does not have.
fn missing<'t>(texts: &'t [String], others: &[String]) -> Vec<&'t str> {
    let is_there = |text: &str| others.iter().any(|other| is_same_text(other, text));
    texts.iter().map(String::as_str).filter(|text| !is_there(text)).collect()
}
