//! What a YAML job says about secrets.
//!
//! Owns the key `secrets` and its two forms. Must never hold a secret, and must never judge a key beyond its
//! looks: whether it can be encrypted to is found out before anything is sent.

use super::diagnostics::Flaw;
use super::nodes::NodeReader;
use super::tree::{Content, MapEntry, Node};
use super::{BeforeLoss, SecretSettings};

/// Most keys of one job: a team. A mistaken list of a whole company would make every PIN a long text.
const KEYS_MAX: usize = 20;
/// How every key begins.
const KEY_PREFIX: &str = "age1";
/// The words for what is done before secrets are lost.
const BEFORE_LOSS: [(&str, BeforeLoss); 2] =
    [("capture", BeforeLoss::Capture), ("elsewhere", BeforeLoss::Elsewhere)];

/// Reads `secrets`: one word, or a map.
pub(super) fn read_secrets(reader: &mut NodeReader<'_, '_>, node: &Node) -> SecretSettings {
    let mut settings = SecretSettings::default();
    if matches!(node.content, Content::Scalar(..)) {
        settings.before_loss = read_before_loss(reader, node, "secrets");
        return settings;
    }
    let known = ["before_loss", "encrypt_to", "single_key"];
    let Some(entries) = reader.map(node, "secrets", &known) else { return settings };
    for MapEntry { key, value, .. } in entries {
        match key.as_str() {
            "before_loss" => settings.before_loss = read_before_loss(reader, value, key),
            "encrypt_to" => settings.encrypt_to = read_keys(reader, value),
            "single_key" => {
                settings.is_single_key_allowed = reader.switch(value, key).unwrap_or_default();
            }
            _ => {}
        }
    }
    let has_keys = entries.iter().any(|entry| entry.key == "encrypt_to");
    for entry in entries.iter().filter(|entry| entry.key == "single_key" && !has_keys) {
        let flaw = Flaw::new("single_key says nothing without encrypt_to")
            .hint("write the key under encrypt_to, or remove the line");
        reader.refuse(&entry.key_range, flaw);
    }
    settings
}

fn read_before_loss(
    reader: &mut NodeReader<'_, '_>,
    node: &Node,
    what: &str,
) -> Option<BeforeLoss> {
    let text = reader.text(node, what)?;
    let found = BEFORE_LOSS.into_iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let flaw = Flaw::new(format!("{what} must be capture or elsewhere")).hint(
            "capture reads and keeps them before the request; elsewhere says that you have them",
        );
        reader.refuse(&node.range, flaw);
    }
    found.map(|(_, meaning)| meaning)
}

fn read_keys(reader: &mut NodeReader<'_, '_>, node: &Node) -> Vec<String> {
    let texts = reader.texts(node, "encrypt_to");
    if texts.len() > KEYS_MAX {
        let flaw = Flaw::new(format!("encrypt_to has {} keys, at most {KEYS_MAX}", texts.len()));
        reader.refuse(&node.range, flaw);
        return Vec::new();
    }
    let mut keys = Vec::new();
    for (item, text) in texts {
        if looks_like_key(text) {
            keys.push(text.to_owned());
        } else {
            // What was written may be a private key, so it is not repeated.
            let flaw = Flaw::new("an item of encrypt_to is not a public key of age")
                .hint("public keys begin with age1; 'age-keygen -y FILE' prints the one of a file");
            let problem = reader.source.diagnostic_without_text(item.range.clone(), flaw);
            reader.problems.push(problem);
        }
    }
    keys
}

/// The form of a public key. Its check digits are looked at where it is put to use.
fn looks_like_key(text: &str) -> bool {
    let is_key_letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.strip_prefix(KEY_PREFIX)
        .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(is_key_letter))
}
