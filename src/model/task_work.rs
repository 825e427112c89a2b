//! What a task does, apart from its device.
//!
//! Owns actions with their parameters and how their end is known, and the hash of that. Must never know the names of
//! actions or parameters.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use super::{DeviceId, End, Repeat, Risk, Sealed, SecretSource, at_rest};

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
}

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
        }
    }
}

/// Parameters by API key; a nested key is written with a dot (`ReturnToService.Enabled`).
pub type Params = BTreeMap<String, ParamValue>;

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
    /// What the request of a task with this work is, as the intent to send it to `device` records it.
    #[must_use]
    pub fn sends(&self, device: &DeviceId) -> SentRequest {
        let mut hash = Sha256::new();
        add_params(&mut hash, &self.params);
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

/// Of a secret only its presence goes in.
pub(super) fn add_params(hash: &mut Sha256, params: &Params) {
    for (key, value) in params {
        add_field(hash, key);
        match value {
            ParamValue::Secret(_) => add_field(hash, "secret"),
            plain => add_field(hash, &plain.written()),
        }
    }
}
