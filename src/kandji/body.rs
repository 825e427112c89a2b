//! How the body of an answer is decoded, and what it says besides its status.
//!
//! Owns the byte-order mark, the words of an error, and the recognition of an error under a status of success.
//! Every reader of an answer decodes through this file. Must never repeat six digits in a row of an answer that may
//! hold a PIN, nor anything of an answer that was to hold a device's data.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::model::wire::Reply;

/// What some gateways put before a text in UTF-8. No JSON begins with it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Longest piece of an answer that is shown in a reason, in characters.
const EXCERPT_CHARS_MAX: usize = 200;
/// The least status, or code in a body, that means an error.
const ERROR_CODE_MIN: u64 = 400;
/// Parts of texts that say no. Only a text under a status of success is searched for them.
const NO_TEXTS: [&str; 17] = [
    "error",
    "fail",
    "not found",
    "not allowed",
    "not permitted",
    "denied",
    "forbidden",
    "unauthor",
    "invalid",
    "field is required",
    "exceeded",
    "already running",
    "already locked",
    "already pending",
    "unavailable",
    "rejected",
    "maintenance",
];

/// The body without a byte-order mark.
pub(super) fn content(body: &[u8]) -> &[u8] {
    body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body)
}

/// Whether the body says nothing.
pub(super) fn is_blank(body: &[u8]) -> bool {
    content(body).iter().all(u8::is_ascii_whitespace)
}

/// The first byte that is no white space.
pub(super) fn first_byte(body: &[u8]) -> Option<u8> {
    content(body).iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// Reads the body as JSON.
pub(super) fn json<'body, T: Deserialize<'body>>(body: &'body [u8]) -> serde_json::Result<T> {
    serde_json::from_slice(content(body))
}

/// The words of an error body, in any of the shapes of the API, on one line and cut short.
/// Not for an answer that may hold a PIN: see [`masked_error_text`].
#[must_use]
pub fn error_text(body: &[u8]) -> String {
    excerpt(&error_words(body))
}

/// The same with six digits in a row masked: they may be a PIN.
#[must_use]
pub fn masked_error_text(body: &[u8]) -> String {
    mask_digits(&error_text(body))
}

/// Why an answer cannot be used that was to hold `expected`. Nothing of a body under a status of success is repeated
/// but the words of an error: the rest is data of a device.
#[must_use]
pub fn unusable(reply: &Reply, expected: &str) -> String {
    let status = reply.status;
    if status != 200 {
        return format!("HTTP {status}: {}", masked_error_text(&reply.body));
    }
    if first_byte(&reply.body) == Some(b'<') {
        return "HTTP 200, but the answer is a web page".to_owned();
    }
    let why = match (json::<IgnoredAny>(&reply.body), complaint(&reply.body)) {
        (Err(error), _) => format!("cannot be read: {}", json_flaw(&error)),
        (Ok(_), Some(words)) => format!("reports an error: {}", mask_digits(&words)),
        (Ok(_), None) => format!("is not {expected}"),
    };
    format!("HTTP 200, but the answer {why}")
}

/// What is wrong with a JSON text, without its content: the content may be a PIN.
pub(super) fn json_flaw(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let kind = match error.classify() {
        serde_json::error::Category::Eof => "it ends too early",
        serde_json::error::Category::Syntax if said.starts_with("trailing characters") => {
            "it continues after its end"
        }
        serde_json::error::Category::Syntax => "it is not JSON",
        _ if said.starts_with("duplicate field") => "a key appears twice",
        _ => "a value has an unexpected form",
    };
    format!("{kind} (line {}, column {})", error.line(), error.column())
}

fn error_words(body: &[u8]) -> String {
    match json::<Value>(body) {
        Ok(value) => words_of(&value),
        Err(_) => String::from_utf8_lossy(content(body)).into_owned(),
    }
}

/// The words with which a body under a status of success says that there was an error, where it does.
///
/// Success is documented as an empty body, an object with what was asked for, or a `message`. Gateways and proxies
/// also answer 200 with `{"status":"error"}` or `{"detail":"Not found."}`.
pub(super) fn complaint(body: &[u8]) -> Option<String> {
    let value: Value = json(body).ok()?;
    let words = match &value {
        Value::Object(fields) => {
            let (key, value) = fields.iter().find(|(key, value)| says_no(key, value))?;
            format!("{key}: {}", words_of(value))
        }
        Value::String(_) | Value::Array(_) => Some(words_of(&value)).filter(|text| is_no(text))?,
        _ => return None,
    };
    Some(excerpt(&words))
}

/// Whether a field of a body says that there was an error.
fn says_no(key: &str, value: &Value) -> bool {
    match key.to_ascii_lowercase().as_str() {
        "error" | "errors" | "detail" | "non_field_errors" => !is_nothing(value),
        "success" | "ok" => *value == Value::Bool(false) || value.as_str() == Some("false"),
        "status" | "status_code" | "statuscode" | "code" | "message" | "result" | "title" => {
            value.as_u64().is_some_and(|code| code >= ERROR_CODE_MIN)
                || value.as_str().is_some_and(|text| {
                    is_no(text) || text.parse().is_ok_and(|code: u64| code >= ERROR_CODE_MIN)
                })
        }
        // `{"UserName":["This field is required."]}`
        _ => value.is_array() && is_no(&words_of(value)),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn is_no(text: &str) -> bool {
    let text = text.to_lowercase();
    NO_TEXTS.iter().any(|no| text.contains(no))
}

fn words_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(words_of).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            for key in ["detail", "message", "error"] {
                if let Some(text) = fields.get(key).and_then(Value::as_str) {
                    return text.to_owned();
                }
            }
            let pairs: Vec<String> =
                fields.iter().map(|(key, value)| format!("{key}: {}", words_of(value))).collect();
            pairs.join("; ")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A piece of an answer for people: one line, cut short.
pub(super) fn excerpt(text: &str) -> String {
    let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut shown: String =
        folded.chars().filter(|letter| !letter.is_control()).take(EXCERPT_CHARS_MAX).collect();
    if shown.chars().count() < folded.chars().count() {
        shown.push('…');
    }
    shown
}

/// Masks runs of exactly six digits.
pub(super) fn mask_digits(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut digits = String::new();
    for letter in text.chars().chain(std::iter::once('\0')) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        masked.push_str(if digits.len() == 6 { "······" } else { &digits });
        digits.clear();
        if letter != '\0' {
            masked.push(letter);
        }
    }
    masked
}

/// Whether a 404 is the API's own word that there is no such record, in any of the forms it was seen in.
/// A gateway that does not know the path says `message`, and says nothing about the device.
pub(super) fn is_own_not_found(reply: &Reply) -> bool {
    let text = error_text(&reply.body).to_lowercase();
    is_blank(&reply.body)
        || says_not_found(reply)
        || text.contains("requested resource was not found")
}

/// The strictest of these forms: what is concluded from it may open the way for an irreversible step.
pub(super) fn says_not_found(reply: &Reply) -> bool {
    json::<Value>(&reply.body).is_ok_and(|body| body["detail"].is_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_that_reports_an_error_is_recognized() {
        for body in [
            r#"{"error":"Bad Request"}"#,
            r#"{"errors":[{"code":12}]}"#,
            r#"{"status":"error"}"#,
            r#"{"status":"FAILED","message":""}"#,
            r#"{"status":404}"#,
            r#"{"code":"502"}"#,
            r#"{"detail":"Not found."}"#,
            r#"{"success":false}"#,
            r#"{"message":"API rate limit exceeded"}"#,
            r#"{"UserName":["This field is required."]}"#,
            r#"["Command is not allowed for current device"]"#,
            r#""This device is already locked.""#,
            "\u{feff}{\"status\":\"error\"}",
        ] {
            assert!(complaint(body.as_bytes()).is_some(), "{body}");
        }
        for body in [
            "",
            "{}",
            "null",
            "\"\"",
            "[]",
            r#"{"message":"queued"}"#,
            r#"{"status":"success","code":200}"#,
            r#"{"PIN":"012345"}"#,
            r#"{"error":null,"errors":[],"detail":"","success":true}"#,
        ] {
            assert_eq!(complaint(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_a_body() {
        assert!(is_blank(b"\xef\xbb\xbf \n"));
        assert_eq!(first_byte(b"\xef\xbb\xbf <html>"), Some(b'<'));
        assert_eq!(error_text("\u{feff}{\"detail\":\"no\"}".as_bytes()), "no");
        assert!(json::<Value>("\u{feff}{}".as_bytes()).is_ok());
    }

    #[test]
    fn a_reason_never_repeats_six_digits() {
        let body = br#"{"detail":"PIN 496406 of 1234567"}"#;
        assert_eq!(masked_error_text(body), "PIN ······ of 1234567");
        let request = br#"{"detail":"request 496406 was refused"}"#;
        assert_eq!(error_text(request), "request 496406 was refused");
    }

    #[test]
    fn an_unusable_answer_is_explained_and_not_repeated() {
        for (body, why) in [
            (r#"[{"device_id":"1","pin":"496406"}"#, "cannot be read: it ends too early"),
            (r#"{"device_name":"Ann"} x"#, "cannot be read: it continues after its end"),
            ("device Ann", "cannot be read: it is not JSON"),
            ("<html>", "is a web page"),
            (r#"{"detail":"Not found."}"#, "reports an error: detail: Not found."),
            (r#"{"device_name":"Ann"}"#, "is not a history"),
        ] {
            let reply = Reply { status: 200, body: body.as_bytes().to_vec(), ..Reply::default() };
            let said = unusable(&reply, "a history");
            assert!(said.starts_with(&format!("HTTP 200, but the answer {why}")), "{said}");
            assert!(!said.contains("Ann") && !said.contains("496406"), "{said}");
        }
    }
}
