//! Which names mean a PIN or another secret.
//!
//! Owns the words. Must never see the secrets themselves.

use crate::kandji::{ACTIONS, ParamKind, fold};

/// Parts of folded names that mean a secret, which has no place in a job file.
const SECRETS: [&str; 13] = [
    "token",
    "password",
    "passwd",
    "passphrase",
    "passcode",
    "secret",
    "apikey",
    "bearer",
    "authorization",
    "credential",
    "privatekey",
    "recoverykey",
    "bypasscode",
];
/// Longest word that is taken for a name, in bytes.
const WORD_BYTES_MAX: usize = 64;

fn is_secret_name(folded: &str) -> bool {
    SECRETS.iter().any(|word| folded.contains(word))
        || folded.ends_with("pin")
        || folded.ends_with("pincode")
}

fn is_pin_param(name: &str) -> bool {
    ACTIONS
        .iter()
        .filter_map(|action| action.param(name))
        .any(|param| matches!(param.kind, ParamKind::Pin))
}

/// Whether a text has a word in it that may be the name of a secret.
pub(super) fn mentions_secrets(text: &str) -> bool {
    let pins: Vec<String> = ACTIONS
        .iter()
        .flat_map(|action| action.params)
        .filter(|param| matches!(param.kind, ParamKind::Pin))
        .flat_map(|param| param.names())
        .map(fold)
        .collect();
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '-')
        .filter(|word| !word.is_empty() && word.len() <= WORD_BYTES_MAX)
        .map(fold)
        .any(|word| is_secret_name(&word) || pins.contains(&word))
}

/// Whether text under this name may be a PIN or another secret.
pub(super) fn may_be_secret(name: &str) -> bool {
    is_secret_name(&fold(name)) || is_pin_param(name)
}
