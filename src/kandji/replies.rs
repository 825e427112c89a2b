//! What an answer to an action means.
//!
//! Owns the classification of status codes, error texts and bodies into what is known to have happened.
//! The rule behind it: a request that is answered by a *no* of the API's own was not applied; one that
//! never left was not applied; after the first byte everything else is unknown. Must never repeat a PIN
//! in a reason.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use std::collections::BTreeMap;

use super::actions::{ActionSpec, EndSpec};
use super::body::{
    complaint, content, error_text, first_byte, is_blank, json, json_flaw, mask_digits,
};
use super::commands::CommandsPage;
use super::headers::retry_after_ms;
use super::pin_form::shown_pin;
use super::state::says;
use crate::model::wire::{Fault, Method, Reply};
use crate::model::{Answer, ApiRefusal, Platform, Repeat, THROTTLED_MS_MIN, Verdict};

/// What the API says when the same command waits already or the state is already so.
const IN_EFFECT_TEXTS: [&str; 4] =
    ["already running", "already locked", PENDING_TEXT, "already in lost mode"];
/// The part of it that the API says of a Lost Mode that is being turned off.
const PENDING_TEXT: &str = "already pending";

/// Says what is known after one request of an action.
#[must_use]
pub fn classify(
    action: &ActionSpec,
    platform: Platform,
    outcome: &Result<Reply, Fault>,
) -> (Option<u16>, Verdict) {
    match outcome {
        Err(Fault::NotSent { reason, lasting }) => {
            (None, Verdict::NotSent { reason: reason.clone(), ends_run: *lasting })
        }
        Err(Fault::Lost { reason }) => (
            None,
            Verdict::Unknown { reason: reason.clone(), ends_run: false, retry_after_ms: None },
        ),
        Ok(reply) => (Some(reply.status), classify_reply(action, platform, reply)),
    }
}

fn classify_reply(action: &ActionSpec, platform: Platform, reply: &Reply) -> Verdict {
    if (200..=299).contains(&reply.status) {
        return classify_success(action, platform, reply);
    }
    let text = said_by(action, error_text(&reply.body));
    let status = reply.status;
    let said = match text.as_str() {
        "" => format!("HTTP {status}"),
        text => format!("HTTP {status}: {text}{}", explained(text)),
    };
    let refused = |kind| Verdict::Refused { kind, reason: said.clone() };
    let unknown = |ends_run| Verdict::Unknown {
        reason: said.clone(),
        ends_run,
        retry_after_ms: retry_after_ms(reply),
    };
    match status {
        300..=399 => Verdict::Unknown {
            reason: format!(
                "HTTP {status}: a redirect, which sortie does not follow; check the base URL"
            ),
            ends_run: true,
            retry_after_ms: None,
        },
        404 => refused(ApiRefusal::NotFound),
        407 => Verdict::NotSent { reason: format!("the proxy refused: {said}"), ends_run: true },
        429 if is_own_limit(reply) => {
            Verdict::Throttled { retry_after_ms: retry_after_ms(reply), reason: said }
        }
        429 => Verdict::Unknown {
            reason: format!("{said} (not in the form of the API: a proxy or gateway answered)"),
            ends_run: false,
            retry_after_ms: retry_after_ms(reply).or(Some(THROTTLED_MS_MIN)),
        },
        400..=499 if is_html(reply) => unknown(true),
        400 if is_empty_result(action, &text) => Verdict::Accepted(Answer {
            result: Some(String::from_utf8_lossy(content(&reply.body)).into_owned()),
            note: Some(text),
            ..Answer::default()
        }),
        400 | 409 if is_in_effect(action, &text) => Verdict::InEffect { reason: text },
        401 => refused(ApiRefusal::Unauthorized),
        403 => refused(ApiRefusal::Forbidden),
        408 | 425 => unknown(false),
        400..=499 => refused(ApiRefusal::Rejected),
        _ => unknown(false),
    }
}

/// Whether the words of a refusal say that there is nothing to read: the result of a read, and no error.
fn is_empty_result(action: &ActionSpec, text: &str) -> bool {
    match &action.end {
        EndSpec::Answer(answer) => answer.nothing_words.is_some_and(|words| says(text, words)),
        _ => false,
    }
}

/// Whether the words of a refusal say that the same is pending, or that the state is already so.
fn is_in_effect(action: &ActionSpec, text: &str) -> bool {
    IN_EFFECT_TEXTS.iter().any(|known| says(text, known))
        || action.end.in_effect_words().is_some_and(|words| says(text, words))
}

/// What a refusal means where its words do not say so.
fn explained(text: &str) -> &'static str {
    match text.to_lowercase().contains("blueprint type does not match") {
        true => {
            " (the blueprint is of another type, classic or Assignment Map, than that of the device; choose one of the same type)"
        }
        false => "",
    }
}

/// Whether a 429 comes from the API's own gateway, which refuses a request before anything is applied: it says so in
/// JSON, counts the tenant's hour in its headers, or says when to come back. A web page, or words without a time, may come
/// from a proxy that has passed the request on before.
fn is_own_limit(reply: &Reply) -> bool {
    if reply.remaining_hour.is_some() || reply.limit_hour.is_some() {
        return true;
    }
    if is_html(reply) {
        return false;
    }
    if retry_after_ms(reply).is_some() {
        return true;
    }
    match json::<Value>(&reply.body) {
        Ok(Value::Object(fields)) => {
            ["message", "detail", "error"].iter().any(|key| fields.contains_key(*key))
        }
        Ok(value) => matches!(value, Value::String(_) | Value::Array(_)),
        Err(_) => false,
    }
}

/// Words of an answer, with six digits in a row masked where they may be a PIN: that of the answer, or of the request.
fn said_by(action: &ActionSpec, words: String) -> String {
    match action.gives_pin || action.takes_pin.is_some() {
        true => mask_digits(&words),
        false => words,
    }
}

/// The keys of a success that mean something. A struct and not a map, because a map keeps the last of
/// two equal keys without a word, and of two PINs it is unknown which is right.
#[derive(Default, Deserialize)]
struct SuccessBody {
    #[serde(default, alias = "pin", rename = "PIN")]
    pin: Option<Value>,
}

fn classify_success(action: &ActionSpec, platform: Platform, reply: &Reply) -> Verdict {
    let unknown = |reason: String, ends_run| Verdict::Unknown {
        reason: format!("HTTP {}, but {reason}", reply.status),
        ends_run,
        retry_after_ms: None,
    };
    if is_html(reply) {
        return unknown("the answer is a web page: this is not the API".to_owned(), true);
    }
    // What may be repeated is not worth a doubt. Elsewhere the body may have held a PIN, or an error.
    if reply.has_dropped_body
        && (action.repeat == Repeat::Once || matches!(action.end, EndSpec::Answer(_)))
    {
        return unknown("it has a body, but this status has none".to_owned(), false);
    }
    let body = if is_blank(&reply.body) {
        None
    } else {
        match read_success_body(&reply.body) {
            Ok(body) => Some(body),
            Err(detail) => return unknown(format!("the answer cannot be read: {detail}"), false),
        }
    };
    // A record may have any words in it, as names of tags.
    let is_record = action.changes_records() && says_device(&reply.body);
    if let Some(words) =
        complaint(&reply.body).filter(|_| !is_record).map(|words| said_by(action, words))
    {
        // The documents quote this text without a status: under a success it is no error.
        if says(&words, PENDING_TEXT) {
            return Verdict::InEffect { reason: words };
        }
        return unknown(format!("the answer reports an error: {words}"), false);
    }
    let mut answer = Answer::default();
    if let EndSpec::Answer(expected) = &action.end {
        if !has_key(&reply.body, expected.key) {
            return unknown(format!("the answer has no {}", expected.key), false);
        }
        answer.note = CommandsPage::read(reply)
            .filter(|page| page.count as usize > page.rows.len())
            .map(|page| format!("shows {} of {} commands", page.rows.len(), page.count));
        answer.result = Some(String::from_utf8_lossy(content(&reply.body)).into_owned());
        return Verdict::Accepted(answer);
    }
    let documented = if action.method == Method::Delete { 204 } else { 200 };
    if reply.status != documented {
        answer.note = Some(format!("answered HTTP {} instead of {documented}", reply.status));
    }
    let pin = body.and_then(|body| body.pin);
    if matches!(pin, Some(Value::Number(_))) {
        answer.note =
            Some("the PIN is a number in the answer: leading zeros may be lost".to_owned());
    }
    if let Some(shown) = pin.as_ref().and_then(shown_pin) {
        (answer.pin, answer.pin_flaw) = (Some(shown.pin), shown.flaw);
    }
    if let Some(flaw) = &answer.pin_flaw {
        answer.note = Some(format!("the PIN in the answer {flaw}; it is stored unchanged"));
    }
    answer.pin_missing =
        action.gives_pin && platform == Platform::Mac && answer.usable_pin().is_none();
    Verdict::Accepted(answer)
}

/// Whether the answer is the record of a device.
fn says_device(body: &[u8]) -> bool {
    json::<Value>(body).is_ok_and(|value| value["device_id"].is_string())
}

/// Reads an object with no key twice; any other JSON value counts as an answer without content.
fn read_success_body(bytes: &[u8]) -> Result<SuccessBody, String> {
    if first_byte(bytes) == Some(b'{') {
        return json(bytes).map_err(|error| json_flaw(&error));
    }
    match json::<Value>(bytes) {
        Ok(_) => Ok(SuccessBody::default()),
        Err(error) => Err(json_flaw(&error)),
    }
}

/// Whether the answer is an object with a value under this key.
fn has_key(bytes: &[u8], key: &str) -> bool {
    let fields = json::<BTreeMap<String, Option<IgnoredAny>>>(bytes);
    fields.is_ok_and(|fields| fields.get(key).is_some_and(Option::is_some))
}

/// Whether the answer is a web page. JSON that only calls itself HTML is none: it may hold a PIN.
fn is_html(reply: &Reply) -> bool {
    first_byte(&reply.body) == Some(b'<')
        || (reply.content_type.starts_with("text/html")
            && !content(&reply.body).is_empty()
            && json::<IgnoredAny>(&reply.body).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kandji::find_action;
    use crate::model::Sealed;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() }
    }

    fn verdict(action: &str, status: u16, body: &str) -> Verdict {
        let action = find_action(action).expect("an action");
        classify(action, Platform::Mac, &Ok(reply(status, body))).1
    }

    fn word(verdict: &Verdict) -> &'static str {
        match verdict {
            Verdict::Accepted(_) => "accepted",
            Verdict::InEffect { .. } => "in effect",
            Verdict::Refused { .. } => "refused",
            Verdict::Throttled { .. } => "throttled",
            Verdict::NotSent { .. } => "not sent",
            Verdict::Unknown { ends_run: true, .. } => "unknown, ends run",
            Verdict::Unknown { .. } => "unknown",
            Verdict::OtherDevice { .. } => "other device",
        }
    }

    #[test]
    fn every_answer_is_one_of_the_classes() {
        for (status, body, expected) in [
            (200, "", "accepted"),
            (200, "{}", "accepted"),
            (200, "\"\"", "accepted"),
            (200, r#"{"message":"queued"}"#, "accepted"),
            (202, "", "accepted"),
            (200, r#"{"error":"Bad Request"}"#, "unknown"),
            (200, "<html>Sign in</html>", "unknown, ends run"),
            (200, r#"{"PIN":"49"#, "unknown"),
            (200, "\u{0}", "unknown"),
            (200, r#"{"status":"error"}"#, "unknown"),
            (200, r#"{"detail":"Not found."}"#, "unknown"),
            (200, r#"["Command already running"]"#, "unknown"),
            (200, "\u{feff}", "accepted"),
            (200, "\u{feff}{}", "accepted"),
            (200, "\u{feff}<html>Sign in</html>", "unknown, ends run"),
            (300, "", "unknown, ends run"),
            (302, "", "unknown, ends run"),
            (304, "", "unknown, ends run"),
            (308, "", "unknown, ends run"),
            (400, r#""This device is already locked.""#, "in effect"),
            (400, r#"["Command already running"]"#, "in effect"),
            (400, r#"{"detail":"command ALREADY RUNNING"}"#, "in effect"),
            (400, r#"{"detail":"Command is not allowed for current device"}"#, "refused"),
            (400, "<html>", "unknown, ends run"),
            (400, "\u{feff}[\"Command already running\"]", "in effect"),
            (401, r#"{"message":"Unauthorized"}"#, "refused"),
            (403, "", "refused"),
            (404, "<html>Not Found</html>", "refused"),
            (404, "", "refused"),
            (405, "", "refused"),
            (407, "", "not sent"),
            (408, "", "unknown"),
            (409, "", "refused"),
            (415, "", "refused"),
            (429, r#"{"message":"API rate limit exceeded"}"#, "throttled"),
            (429, r#"{"detail":"Request was throttled."}"#, "throttled"),
            (429, "<html>", "unknown"),
            (429, "Too Many Requests", "unknown"),
            (429, "{}", "unknown"),
            (429, "", "unknown"),
            (500, r#"{"error":"x"}"#, "unknown"),
            (502, "<html>", "unknown"),
            (503, "", "unknown"),
            (999, "", "unknown"),
            (101, "", "unknown"),
        ] {
            assert_eq!(word(&verdict("restart", status, body)), expected, "{status} {body}");
        }
    }

    #[test]
    fn a_dropped_body_is_a_doubt_only_for_what_must_not_be_repeated() {
        for (action, expected) in [
            ("blank-push", "accepted"),
            ("set-name", "accepted"),
            ("restart", "unknown"),
            ("lock", "unknown"),
            ("delete-device", "unknown"),
            ("get-commands", "unknown"),
        ] {
            let spec = find_action(action).expect("an action");
            let reply = Reply { has_dropped_body: true, ..reply(204, "") };
            let verdict = classify(spec, Platform::Mac, &Ok(reply)).1;
            assert_eq!(word(&verdict), expected, "{action}");
        }
    }

    #[test]
    fn only_a_429_of_the_gateway_proves_that_nothing_was_applied() {
        let lock = find_action("lock").expect("an action");
        let html = || reply(429, "<html>Too Many Requests</html>");
        let wait = |verdict: &Verdict| match verdict {
            Verdict::Throttled { retry_after_ms, .. } | Verdict::Unknown { retry_after_ms, .. } => {
                *retry_after_ms
            }
            other => panic!("{other:?}"),
        };
        let after = |seconds: &str| Some(seconds.to_owned());
        for (reply, expected, wait_ms) in [
            (html(), "unknown", Some(60_000)),
            (Reply { retry_after: after("7"), ..html() }, "unknown", Some(7_000)),
            (Reply { limit_hour: Some(10_000), ..html() }, "throttled", None),
            (Reply { remaining_hour: Some(0), ..html() }, "throttled", None),
            (Reply { retry_after: after("7"), ..reply(429, "") }, "throttled", Some(7_000)),
            (
                Reply { retry_after: after("7"), ..reply(429, "slow down") },
                "throttled",
                Some(7_000),
            ),
            (reply(429, r#"{"message":"API rate limit exceeded"}"#), "throttled", None),
        ] {
            let verdict = classify(lock, Platform::Mac, &Ok(reply.clone())).1;
            assert_eq!((word(&verdict), wait(&verdict)), (expected, wait_ms), "{reply:?}");
        }
    }

    #[test]
    fn json_under_a_wrong_content_type_is_still_an_answer() {
        let action = find_action("lock").expect("an action");
        let of = |body: &str| {
            let content_type = "text/html; charset=utf-8".to_owned();
            let reply = Reply { content_type, ..reply(200, body) };
            classify(action, Platform::Mac, &Ok(reply)).1
        };
        let Verdict::Accepted(answer) = of(r#"{"PIN":"012345"}"#) else { panic!("accepted") };
        assert_eq!(answer.pin.as_ref().and_then(Sealed::expose), Some("012345"));
        assert_eq!(word(&of("Please log in")), "unknown, ends run");
        assert_eq!(word(&of(r#"{"PIN":"0123"#)), "unknown, ends run");
    }

    #[test]
    fn pins_are_kept_as_they_come() {
        for (body, expected) in [
            (r#"{"PIN":"012345"}"#, Some("012345")),
            (r#"{"pin":"496406"}"#, Some("496406")),
            ("\u{feff}{\"PIN\":\"012345\"}", Some("012345")),
            (r#"{"PIN":496406}"#, Some("496406")),
            (r#"{"PIN":"49640"}"#, Some("49640")),
            (r#"{"PIN":["496406"]}"#, Some(r#"["496406"]"#)),
            (r#"{"PIN":{"value":1}}"#, Some(r#"{"value":1}"#)),
            (r#"{"PIN":""}"#, None),
            (r#"{"PIN":null}"#, None),
            ("{}", None),
            ("", None),
        ] {
            let Verdict::Accepted(answer) = verdict("lock", 200, body) else { panic!("{body}") };
            assert_eq!(answer.pin.as_ref().and_then(Sealed::expose), expected, "{body}");
            let is_usable = expected
                .is_some_and(|pin| pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit()));
            assert_eq!(answer.pin_missing, !is_usable, "{body}");
            assert_eq!(answer.usable_pin().is_some(), is_usable, "{body}");
            assert_eq!(answer.pin_flaw.is_some(), expected.is_some() && !is_usable, "{body}");
        }
        for body in [r#"{"PIN":"111222","PIN":"333444"}"#, r#"{"PIN":"111222","pin":"333444"}"#] {
            assert_eq!(word(&verdict("lock", 200, body)), "unknown", "{body}");
        }
    }

    #[test]
    fn a_reason_never_repeats_six_digits() {
        let Verdict::Unknown { reason, .. } = verdict("lock", 200, r#"{"PIN":"496406","PIN":"1"}"#)
        else {
            panic!("unknown")
        };
        assert!(!reason.contains("496406"), "{reason}");
    }
}
