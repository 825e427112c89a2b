//! Values of parameters, read from text.
//!
//! Owns the limits of texts, lists, names and PINs. Must never repair a value, and never repeat a PIN.

use super::named_kind::NamedKind;
use crate::model::{
    CLEAR_WORD, DeviceId, ListChange, ListEdit, NamedValue, ParamValue, Sealed, first_steering,
    read_list,
};

/// Longest text of a list, in characters, and most texts: no tenant is known to take more.
const LIST_TEXT_CHARS_MAX: usize = 255;
const LIST_TEXTS_MAX: usize = 100;
/// Longest name of something at the tenant, in characters (RFC 5321 allows 254 for an address).
const NAMED_CHARS_MAX: usize = 255;
/// Longest address, in characters.
const URL_CHARS_MAX: usize = 1_000;
/// PINs that anyone would try first.
const WEAK_PINS: [&str; 12] = [
    "000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777", "888888",
    "999999", "123456", "654321",
];

pub(super) fn read_text(
    key: &str,
    text: &str,
    chars_max: usize,
    lines: bool,
) -> Result<ParamValue, String> {
    if text.trim().is_empty() {
        return Err(format!("{key} is empty"));
    }
    let length = text.chars().count();
    if length > chars_max {
        return Err(format!("{key} has {length} characters; at most {chars_max} are allowed"));
    }
    let stray = text
        .chars()
        .find(|letter| letter.is_control() && !(lines && matches!(letter, '\n' | '\r' | '\t')));
    if let Some(letter) = stray {
        return Err(format!("{key} contains the control character U+{:04X}", u32::from(letter)));
    }
    if let Some((at, letter)) = first_steering(text) {
        return Err(format!(
            "{key} contains an invisible character (U+{:04X}) at character {}, which can disguise the text",
            u32::from(letter),
            text[..at].chars().count() + 1
        ));
    }
    Ok(ParamValue::Text(text.to_owned()))
}

/// The texts of a list: at least one, and no text twice.
pub(super) fn read_texts(key: &str, text: &str) -> Result<Vec<String>, String> {
    let texts = read_list(text).map_err(|why| format!("{key} cannot be read: {why}"))?;
    if texts.is_empty() {
        return Err(format!("{key} is empty"));
    }
    if texts.len() > LIST_TEXTS_MAX {
        let count = texts.len();
        return Err(format!("{key} has {count} values; at most {LIST_TEXTS_MAX} are allowed"));
    }
    for (at, text) in texts.iter().enumerate() {
        read_text(key, text, LIST_TEXT_CHARS_MAX, false)?;
        if text.trim() != text {
            return Err(format!("{key} has a value with spaces around it: '{text}'"));
        }
        if text.eq_ignore_ascii_case(CLEAR_WORD) {
            return Err(format!("{key} has the value '{text}', which means nothing in a list"));
        }
        if texts[..at].contains(text) {
            return Err(format!("{key} has '{text}' twice"));
        }
    }
    Ok(texts)
}

pub(super) fn read_edit(
    key: &str,
    text: &str,
    list: &str,
    change: ListChange,
) -> Result<ParamValue, String> {
    let texts = read_texts(key, text)?;
    Ok(ParamValue::Edit(ListEdit { list: list.to_owned(), change, texts }))
}

/// Reads a name or an id; the tenant is asked for the other one when the plan is made.
pub(super) fn read_named(key: &str, text: &str, kind: NamedKind) -> Result<ParamValue, String> {
    if text.eq_ignore_ascii_case(CLEAR_WORD) {
        return Err(format!("{key} cannot be cleared: every device has a {}", kind.word()));
    }
    read_text(key, text, NAMED_CHARS_MAX, false)?;
    if DeviceId::parse(text).is_ok() {
        let (id, name) = (text.to_ascii_lowercase(), String::new());
        return Ok(ParamValue::Named(NamedValue { id, name }));
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    if kind == NamedKind::User && is_number {
        return Err(format!(
            "{key} '{text}' is a user number, which the API no longer takes; give the e-mail address"
        ));
    }
    if kind == NamedKind::User && !text.contains('@') {
        return Err(format!("{key} must be an e-mail address or the id of a user, not '{text}'"));
    }
    Ok(ParamValue::Text(text.to_owned()))
}

/// Reads an address with https: a host, no user, no white space. What the server there does is not checked.
pub(super) fn read_https_url(key: &str, text: &str) -> Result<ParamValue, String> {
    let value = read_text(key, text, URL_CHARS_MAX, false)?;
    let rest = text.strip_prefix("https://").ok_or_else(|| {
        format!("{key} must be an address that begins with https://, not '{text}'")
    })?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_host = !host.is_empty()
        && host.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '-' | ':'));
    if !is_host || text.chars().any(char::is_whitespace) {
        return Err(format!("{key} must be an address such as https://host/path, not '{text}'"));
    }
    Ok(value)
}

/// Whether a PIN is one of those that people try first.
#[must_use]
pub fn is_weak_pin(pin: &str) -> bool {
    WEAK_PINS.contains(&pin)
}

/// Reads a PIN. The message never repeats it.
pub(super) fn read_pin(key: &str, text: &str) -> Result<ParamValue, String> {
    if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!(
            "{key} must be exactly six digits, but has {} characters (did a spreadsheet drop leading zeros?)",
            text.chars().count()
        ));
    }
    if is_weak_pin(text) {
        return Err(format!("{key} is one of the first PINs that people try; choose another"));
    }
    Ok(ParamValue::Secret(Sealed::clear(text.to_owned())))
}
