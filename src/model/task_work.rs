//! What a task does, apart from its device.
//!
//! Owns actions with their parameters and how their end is known, and the hash of that. Must never know the names of
//! actions or parameters.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::param_value::sent_params;
use super::{
    DeviceId, End, ListChange, ParamValue, Params, RecordLists, Repeat, Risk, SecretSource,
};

/// What a task does. Tasks of one step on devices of one kind share it: a plan has a million tasks, and few of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskWork {
    /// Name of the action.
    pub action: String,
    /// Parameters of the action.
    pub params: Params,
    /// Risk of the action.
    pub risk: Risk,
    /// Whether it may be repeated after doubt.
    pub repeat: Repeat,
    /// How its end is known on this device.
    pub end: End,
    /// Secrets of the device to read and keep before the request that takes them away.
    pub capture: Vec<SecretSource>,
}

impl TaskWork {
    /// What the request of a task with this work is, as the intent to send it to `device` records it. `lists` are those
    /// of the record that it builds on, where it does.
    #[must_use]
    pub fn sends(&self, device: &DeviceId, lists: Option<&RecordLists>) -> SentRequest {
        let mut hash = Sha256::new();
        add_params(&mut hash, &sent_params(&self.params, lists));
        SentRequest {
            device: device.clone(),
            action: self.action.clone(),
            params: super::hexadecimal(&hash.finalize()),
        }
    }
}

/// What a request is: recorded with the intent to send it, so that the journal by itself proves what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRequest {
    /// Id of the device.
    pub device: DeviceId,
    /// Name of the action.
    pub action: String,
    /// SHA-256 of the parameters, 64 hexadecimal digits. Of a secret only its presence goes in: pruning or encrypting one
    /// changes nothing.
    pub params: String,
}

pub(super) fn add_field(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_be_bytes());
    hash.update(text.as_bytes());
}

/// What goes before values that are no single text. No text of a job holds the control character in it.
const CLEARED: &str = "\0clear";
const LIST: &str = "\0list";
const ADDED: &str = "\0add";
const REMOVED: &str = "\0remove";

fn add_list(hash: &mut Sha256, mark: &str, texts: &[String]) {
    add_field(hash, mark);
    add_field(hash, &texts.len().to_string());
    for text in texts {
        add_field(hash, text);
    }
}

/// Of a secret only its presence goes in, of a thing with an id only that.
pub(super) fn add_params(hash: &mut Sha256, params: &Params) {
    for (key, value) in params {
        add_field(hash, key);
        match value {
            ParamValue::Secret(_) => add_field(hash, "secret"),
            ParamValue::Clear => add_field(hash, CLEARED),
            ParamValue::List(texts) => add_list(hash, LIST, texts),
            ParamValue::Edit(edit) => {
                add_list(
                    hash,
                    if edit.change == ListChange::Add { ADDED } else { REMOVED },
                    &edit.texts,
                );
            }
            plain => add_field(hash, &plain.written()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ListEdit, NamedValue};

    #[test]
    fn each_kind_of_value_has_a_hash_of_its_own() {
        let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let edit = |change| {
            ParamValue::Edit(ListEdit { list: "tags".to_owned(), change, texts: texts(&["a"]) })
        };
        let named = |name: &str| {
            ParamValue::Named(NamedValue { id: "7".to_owned(), name: name.to_owned() })
        };
        let hash = |value: ParamValue| {
            let mut hash = Sha256::new();
            add_params(&mut hash, &Params::from([("tags".to_owned(), value)]));
            super::super::hexadecimal(&hash.finalize())
        };
        let hashes: std::collections::BTreeSet<String> = [
            ParamValue::Clear,
            ParamValue::Text("null".to_owned()),
            ParamValue::List(texts(&["a"])),
            ParamValue::List(texts(&["a", "b"])),
            ParamValue::List(texts(&["a,b"])),
            ParamValue::List(Vec::new()),
            ParamValue::Text("a".to_owned()),
            edit(ListChange::Add),
            edit(ListChange::Remove),
        ]
        .map(hash)
        .into();
        assert_eq!(hashes.len(), 9);
        assert_eq!(hash(named("Lab")), hash(named("")), "the id alone counts");
    }
}
