//! Secrets of a device: the PIN of its lock, and what an erase or a delete removes.
//!
//! Owns their paths and keys. Must never print one, and never take an empty answer for a secret.

use serde_json::Value;

use super::body::{complaint, json};
use super::path::device_path;
use super::pin_form::shown_pin;
use crate::model::wire::{Method, Reply, Request};
use crate::model::{DeviceId, PinReading, Repeat, Sealed, Secret, SecretSource, ShownPin};

/// Largest answer body, in bytes: a key or two.
const SECRET_BODY_BYTES_MAX: usize = 64 * 1024;

/// Why an answer proves nothing. Its words are not repeated: they may hold a secret.
const COMPLAINT: &str = "HTTP 200, but the answer reports an error";

/// The PIN that unlocks a Mac. Before the Mac has taken the lock it may be missing, or that of an older
/// lock.
#[must_use]
pub fn pin_request(device: &DeviceId) -> Request {
    get(device, "unlockpin")
}

/// The read request for the secrets of one place of a device, such as its FileVault key.
#[must_use]
pub fn secret_request(device: &DeviceId, source: SecretSource) -> Request {
    let path = match source {
        SecretSource::FilevaultKey => "filevaultkey",
        SecretSource::BypassCode => "bypasscode",
        SecretSource::RecoveryPassword => "recoverypassword",
    };
    get(device, path)
}

fn get(device: &DeviceId, path: &str) -> Request {
    Request {
        method: Method::Get,
        path_and_query: device_path(device, &format!("/secrets/{path}")),
        body: None,
        repeat: Repeat::Safe,
        body_bytes_max: SECRET_BODY_BYTES_MAX,
    }
}

/// Reads the PIN of a lock. What it agrees with is not known here.
#[must_use]
pub fn read_pin(reply: &Reply) -> PinReading {
    match object_of(reply) {
        Err((reason, is_forbidden)) => PinReading::Unreadable { reason, is_forbidden },
        Ok(body) => {
            let mut shown: Vec<ShownPin> =
                ["pin", "PIN"].iter().filter_map(|key| shown_pin(&body[*key])).collect();
            // Of two the one that is a PIN.
            shown.sort_by_key(|shown| shown.flaw.is_some());
            match shown.into_iter().next() {
                None if complaint(&reply.body).is_some() => {
                    PinReading::Unreadable { reason: COMPLAINT.to_owned(), is_forbidden: false }
                }
                None => PinReading::Nothing,
                Some(ShownPin { pin, flaw: None }) => PinReading::Found { pin, agrees: None },
                Some(ShownPin { pin, flaw: Some(flaw) }) => PinReading::Odd { pin, flaw },
            }
        }
    }
}

/// Reads the secrets of one place; there may be none.
///
/// # Errors
/// Why the answer cannot be used, and whether the token lacks the permission, for anything but a 200 with an
/// object.
pub fn read_secrets(reply: &Reply, source: SecretSource) -> Result<Vec<Secret>, (String, bool)> {
    let body = object_of(reply)?;
    let keys: &[&str] = match source {
        SecretSource::FilevaultKey => &["key"],
        SecretSource::BypassCode => &["user_based_albc", "device_based_albc"],
        SecretSource::RecoveryPassword => &["recovery_password"],
    };
    let secret = |key: &&str| {
        let value = Sealed::clear(text_of(&body[*key])?);
        Some(Secret { name: (*key).to_owned(), value })
    };
    let secrets: Vec<Secret> = keys.iter().filter_map(secret).collect();
    if secrets.is_empty() && complaint(&reply.body).is_some() {
        return Err((COMPLAINT.to_owned(), false));
    }
    Ok(secrets)
}

fn object_of(reply: &Reply) -> Result<Value, (String, bool)> {
    let is_forbidden = matches!(reply.status, 401 | 403);
    let said = || format!("HTTP {}: {}", reply.status, super::masked_error_text(&reply.body));
    if reply.status != 200 {
        return Err((said(), is_forbidden));
    }
    match json(&reply.body) {
        Ok(body @ Value::Object(_)) => Ok(body),
        // The content may be a secret in an unexpected form: it is not repeated.
        _ => Err(("HTTP 200, but the answer is not an object".to_owned(), false)),
    }
}

/// Null, empty and missing all mean none.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() }
    }

    #[test]
    fn null_empty_and_missing_mean_no_pin() {
        for body in [r#"{"pin":""}"#, r#"{"pin":null}"#, "{}", r#"{"pin":false}"#] {
            assert_eq!(read_pin(&reply(200, body)), PinReading::Nothing, "{body}");
        }
        for (body, pin) in [
            ("\u{feff}{\"pin\":\"012345\"}", "012345"),
            (r#"{"pin":"012345"}"#, "012345"),
            (r#"{"PIN":"496406"}"#, "496406"),
            (r#"{"pin":471100}"#, "471100"),
            (r#"{"pin":"******","PIN":"496406"}"#, "496406"),
        ] {
            let PinReading::Found { pin: read, .. } = read_pin(&reply(200, body)) else {
                panic!("{body}")
            };
            assert_eq!(read.expose(), Some(pin));
        }
    }

    #[test]
    fn only_six_digits_are_a_pin_and_other_texts_are_kept() {
        for (body, text) in [
            (r#"{"pin":"******"}"#, "******"),
            (r#"{"pin":"N/A"}"#, "N/A"),
            (r#"{"pin":" "}"#, " "),
            (r#"{"PIN":"1234"}"#, "1234"),
            (r#"{"pin":4711}"#, "4711"),
            (r#"{"pin":["496406"]}"#, r#"["496406"]"#),
            (r#"{"pin":{"value":"496406"}}"#, r#"{"value":"496406"}"#),
        ] {
            let PinReading::Odd { pin, flaw } = read_pin(&reply(200, body)) else {
                panic!("{body}")
            };
            assert_eq!(pin.expose(), Some(text));
            assert!(!flaw.contains("1234") && !flaw.contains("496406"), "{flaw}");
        }
    }

    #[test]
    fn an_invalid_answer_does_not_prove_that_there_is_no_secret() {
        for (status, body, forbidden) in [
            (200, "", false),
            (200, "<html>Log in</html>", false),
            (200, "\"496406\"", false),
            (200, r#"{"detail":"Not found."}"#, false),
            (200, r#"{"status":"error","message":"496406"}"#, false),
            (500, "{}", false),
            (401, "{}", true),
            (403, "{}", true),
            (404, "{}", false),
        ] {
            let read = read_pin(&reply(status, body));
            let PinReading::Unreadable { reason, is_forbidden } = read else { panic!("{status}") };
            assert_eq!(is_forbidden, forbidden, "{status}");
            assert!(!reason.contains("496406"), "{reason}");
            let secrets = read_secrets(&reply(status, body), SecretSource::FilevaultKey);
            assert!(secrets.is_err(), "{status} {body}");
        }
    }

    #[test]
    fn both_bypass_codes_are_read_by_their_own_names() {
        let body = r#"{"user_based_albc":"U","device_based_albc":""}"#;
        let secrets = read_secrets(&reply(200, body), SecretSource::BypassCode).expect("an answer");
        let names: Vec<&str> = secrets.iter().map(|secret| secret.name.as_str()).collect();
        assert_eq!(names, ["user_based_albc"]);
    }
}
