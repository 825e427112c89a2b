//! Values of parameters, and what a request makes of them.
//!
//! Owns their types, how a job writes them, and the lists that a request builds on. Must never know the name of a
//! parameter or of an action.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Sealed, at_rest, is_same_text};

/// What a job writes to clear what is there.
pub const CLEAR_WORD: &str = "null";

/// Parameters by API key; a nested key is written with a dot (`ReturnToService.Enabled`).
pub type Params = BTreeMap<String, ParamValue>;

/// Value of one parameter of an action, with the type that the action table names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParamValue {
    /// true or false
    Bool(bool),
    /// a whole number
    Number(u32),
    /// a text
    Text(String),
    /// a PIN
    Secret(#[serde(with = "at_rest")] Sealed),
    /// several texts, in this order
    List(Vec<String>),
    /// nothing, in place of what is there
    Clear,
    /// something that the tenant knows by an id
    Named(NamedValue),
    /// texts that a list of the record gains or loses
    Edit(ListEdit),
}

/// Something that the tenant knows by an id, such as a blueprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedValue {
    /// Its id, which is sent.
    pub id: String,
    /// Its name, for people; of a user the address.
    pub name: String,
}

/// Texts that a list of the record gains or loses. The API replaces whole lists, so the list is read just before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListEdit {
    /// The API's key of the list.
    pub list: String,
    /// Which of the two.
    pub change: ListChange,
    /// The texts.
    pub texts: Vec<String>,
}

/// Whether a list gains or loses texts.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListChange {
    /// It gains them, unless it has them.
    Add,
    /// It loses them.
    Remove,
}

/// The lists of a device's record, by API key, as they were read just before a request that changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordLists(pub BTreeMap<String, Vec<String>>);

impl ParamValue {
    /// The value as a job file writes it. Exposes a secret: only for requests and reports. One that only the
    /// holders of keys can read is empty.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::Text(value) => value.clone(),
            Self::Secret(value) => value.expose().unwrap_or_default().to_owned(),
            Self::List(texts) | Self::Edit(ListEdit { texts, .. }) => written_list(texts),
            Self::Clear => CLEAR_WORD.to_owned(),
            Self::Named(value) => value.id.clone(),
        }
    }

    /// The value for people: of a thing with an id the name.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::Named(value) if !value.name.is_empty() => value.name.clone(),
            value => value.written(),
        }
    }
}

/// A list as a cell has it: with commas between the texts, or as a JSON array where that would be read otherwise.
#[must_use]
fn written_list(texts: &[String]) -> String {
    let is_plain = |text: &String| {
        !text.contains(',') && !text.starts_with('[') && text.trim() == text && !text.is_empty()
    };
    if !texts.is_empty() && texts.iter().all(is_plain) {
        return texts.join(",");
    }
    serde_json::Value::from(texts).to_string()
}

/// The texts of a list in a cell: with commas between them, or a JSON array of texts.
///
/// # Errors
/// What is wrong with it.
pub fn read_list(text: &str) -> Result<Vec<String>, &'static str> {
    if text.starts_with('[') {
        return serde_json::from_str(text).map_err(|_| "it is not a JSON array of texts");
    }
    Ok(text.split(',').map(|part| part.trim().to_owned()).collect())
}

/// The parameters that a request sends: changes of lists become the whole lists that follow from what was read.
#[must_use]
pub fn sent_params<'p>(params: &'p Params, lists: Option<&RecordLists>) -> Cow<'p, Params> {
    if !params.values().any(|value| matches!(value, ParamValue::Edit(_))) {
        return Cow::Borrowed(params);
    }
    let mut sent = Params::new();
    let mut edited: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (key, value) in params {
        let ParamValue::Edit(edit) = value else {
            sent.insert(key.clone(), value.clone());
            continue;
        };
        let list = edited.entry(&edit.list).or_insert_with(|| {
            lists.and_then(|lists| lists.0.get(&edit.list)).cloned().unwrap_or_default()
        });
        match edit.change {
            ListChange::Add => {
                for text in &edit.texts {
                    if !has_text(list, text) {
                        list.push(text.clone());
                    }
                }
            }
            ListChange::Remove => list.retain(|text| !has_text(&edit.texts, text)),
        }
    }
    let lists = edited.into_iter();
    sent.extend(lists.map(|(key, texts)| (key.to_owned(), ParamValue::List(texts))));
    Cow::Owned(sent)
}

/// Whether a list has this text, in any of its composed forms: as the record is compared with the request.
fn has_text(texts: &[String], text: &str) -> bool {
    texts.iter().any(|known| is_same_text(known, text))
}

/// Whether a request with these parameters follows from lists that have to be read just before.
#[must_use]
pub fn needs_lists(params: &Params) -> bool {
    params.values().any(|value| matches!(value, ParamValue::Edit(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn edit(change: ListChange, words: &[&str]) -> ParamValue {
        ParamValue::Edit(ListEdit { list: "tags".to_owned(), change, texts: texts(words) })
    }

    #[test]
    fn a_list_in_a_cell_is_read_back_as_it_was() {
        for words in [&["lab"][..], &["lab", "front desk"], &["a,b"], &["[x"], &[" a"], &[], &[""]]
        {
            let list = ParamValue::List(texts(words));
            assert_eq!(read_list(&list.written()), Ok(texts(words)), "{}", list.written());
        }
        assert_eq!(read_list("lab , kiosk"), Ok(texts(&["lab", "kiosk"])));
        assert!(read_list("[1]").is_err() && read_list("[lab").is_err());
    }

    #[test]
    fn a_changed_list_is_sent_whole_and_the_rest_as_given() {
        let params = Params::from([
            ("add_tags".to_owned(), edit(ListChange::Add, &["new", "lab"])),
            ("asset_tag".to_owned(), ParamValue::Clear),
            ("remove_tags".to_owned(), edit(ListChange::Remove, &["old"])),
        ]);
        let read = RecordLists([("tags".to_owned(), texts(&["lab", "old", "vip"]))].into());
        let expected = Params::from([
            ("asset_tag".to_owned(), ParamValue::Clear),
            ("tags".to_owned(), ParamValue::List(texts(&["lab", "vip", "new"]))),
        ]);
        assert_eq!(*sent_params(&params, Some(&read)), expected);
        assert_eq!(*sent_params(&expected, Some(&read)), expected);
    }

    #[test]
    fn a_text_of_a_list_is_found_in_any_composed_form() {
        let read = RecordLists([("tags".to_owned(), texts(&["cafe\u{301}", "lab"]))].into());
        for (change, expected) in
            [(ListChange::Remove, &["lab"][..]), (ListChange::Add, &["cafe\u{301}", "lab"])]
        {
            let params = Params::from([("edit".to_owned(), edit(change, &["caf\u{e9}"]))]);
            let sent = Params::from([("tags".to_owned(), ParamValue::List(texts(expected)))]);
            assert_eq!(*sent_params(&params, Some(&read)), sent);
        }
    }

    #[test]
    fn values_are_kept_in_a_form_that_is_read_back() {
        for (value, kept) in [
            (ParamValue::List(texts(&["a"])), r#"{"list":["a"]}"#),
            (ParamValue::Clear, r#""clear""#),
            (
                edit(ListChange::Add, &["a"]),
                r#"{"edit":{"list":"tags","change":"add","texts":["a"]}}"#,
            ),
            (
                ParamValue::Named(NamedValue { id: "7".to_owned(), name: "Lab".to_owned() }),
                r#"{"named":{"id":"7","name":"Lab"}}"#,
            ),
            (ParamValue::Text("a".to_owned()), r#"{"text":"a"}"#),
        ] {
            assert_eq!(serde_json::to_string(&value).expect("JSON"), kept);
            assert_eq!(serde_json::from_str::<ParamValue>(kept).expect("a value"), value);
        }
    }
}
