//! The report about a device that shows the state an action asked for.
//!
//! Owns the request of that report and the comparison with the state. The report may hold personal data, such as a
//! location: of its content nothing but the compared value leaves this file. Must never take a failed read for a proof.

use serde_json::Value;

use super::body::{error_text, json};
use super::headers::retry_after_ms;
use super::path::device_path;
use crate::model::wire::{Method, Reply, Request};
use crate::model::{DeviceId, DeviceState, Repeat, Sighting, StateSign, UnixMillis};

/// Largest report, in bytes: it describes one device in a few lines.
const STATE_BODY_BYTES_MAX: usize = 64 * 1024;

/// The request of the report.
pub(super) fn state_request(device: &DeviceId, state: &DeviceState) -> Request {
    Request {
        method: Method::Get,
        path_and_query: device_path(device, &state.path_suffix),
        body: None,
        repeat: Repeat::Safe,
        body_bytes_max: STATE_BODY_BYTES_MAX,
    }
}

/// What the report shows. `sent_at` is by the server's clock, with the clocks' uncertainty already subtracted.
///
/// A report that cannot be read says nothing about the state: where the command history is the other witness, that goes
/// on being read, no matter what the token may not read here.
pub(super) fn state_sighting(reply: &Reply, state: &DeviceState, sent_at: UnixMillis) -> Sighting {
    if reply.status == 429 {
        return Sighting::Throttled { retry_after_ms: retry_after_ms(reply) };
    }
    let report = state.path_suffix.trim_start_matches('/');
    let nothing = |evidence: String| Sighting::Nothing { evidence };
    let proven = |evidence: String| Sighting::Proven { evidence };
    match (reply.status, &state.sign) {
        (200, StateSign::Since { key, value, time_key }) => {
            let Ok(body) = json::<Value>(&reply.body) else {
                return nothing(format!("{report} cannot be read"));
            };
            let name = key.rsplit('.').next().unwrap_or(key);
            let found = at_key(&body, key).and_then(Value::as_str).unwrap_or_default();
            let since = at_key(&body, time_key).and_then(Value::as_str).and_then(UnixMillis::parse);
            match since {
                _ if !found.eq_ignore_ascii_case(value) => {
                    nothing(format!("{name} in {report} is not {value}"))
                }
                Some(at) if at >= sent_at => proven(format!("{name} is {value} since {at}")),
                Some(at) => nothing(format!("{name} is {value} since {at}, before the request")),
                None => nothing(format!("{name} is {value}, and it is not said since when")),
            }
        }
        (200, StateSign::Said { words }) => {
            nothing(format!("{report} has a report, and does not say '{words}'"))
        }
        (400, sign) => {
            let said = error_text(&reply.body);
            match sign {
                StateSign::Said { words } if says(&said, words) => proven(said),
                _ => nothing(format!("{report} answers HTTP 400: {said}")),
            }
        }
        (status, _) => nothing(format!("{report} answers HTTP {status}")),
    }
}

/// Whether a text of the API has these words, which are in lower case.
pub(super) fn says(text: &str, words: &str) -> bool {
    text.to_lowercase().contains(words)
}

/// The value of a key; nested keys with a dot.
fn at_key<'a>(body: &'a Value, key: &str) -> Option<&'a Value> {
    key.split('.').try_fold(body, |value, part| value.get(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: &str = "2026-01-01T00:00:10Z";

    fn on() -> DeviceState {
        let [key, value, time_key] =
            ["lost_mode.lost_mode_status", "ENABLED", "lost_mode.enable_status_at"]
                .map(str::to_owned);
        let sign = StateSign::Since { key, value, time_key };
        DeviceState { path_suffix: "/details/lostmode".to_owned(), sign }
    }

    fn off() -> DeviceState {
        let sign = StateSign::Said { words: "not in lost mode".to_owned() };
        DeviceState { sign, ..on() }
    }

    fn seen(state: &DeviceState, status: u16, body: &str) -> (bool, String) {
        let reply = Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() };
        match state_sighting(&reply, state, UnixMillis::parse(SENT).expect("a time")) {
            Sighting::Proven { evidence } => (true, evidence),
            Sighting::Nothing { evidence } => (false, evidence),
            other => panic!("{other:?}"),
        }
    }

    fn report(status: &str, at: &str) -> String {
        format!(
            r#"{{"device_id":"d","lost_mode":{{"lost_mode_status":"{status}","enable_status_at":"{at}",
               "last_location":{{"latitude":"48.20817","longitude":"16.37382"}}}}}}"#
        )
    }

    #[test]
    fn only_a_state_that_began_after_the_request_is_proof() {
        for (status, at, is_proof) in [
            ("ENABLED", "2026-01-01T00:00:11.5Z", true),
            ("enabled", "2026-01-01 00:00:11+00:00", true),
            ("ENABLED", "2026-01-01T00:00:09Z", false),
            ("ENABLED", "", false),
            ("PENDING", "2026-01-01T00:00:11Z", false),
            ("", "", false),
        ] {
            let (is_proven, evidence) = seen(&on(), 200, &report(status, at));
            assert_eq!(is_proven, is_proof, "{status} {at}: {evidence}");
            assert!(!evidence.contains("48.2"), "a location is personal data: {evidence}");
        }
    }

    #[test]
    fn the_words_of_the_api_prove_that_a_state_has_ended() {
        let no = r#"["Device is not in lost mode."]"#;
        assert_eq!(seen(&off(), 400, no), (true, "Device is not in lost mode.".to_owned()));
        assert!(seen(&off(), 400, r#"{"detail":"DEVICE IS NOT IN LOST MODE"}"#).0);
        assert!(!seen(&on(), 400, no).0);
        let (is_proven, evidence) = seen(&off(), 200, &report("ENABLED", "2026-01-01T00:00:11Z"));
        assert!(!is_proven && !evidence.contains("48.2"), "{evidence}");
    }

    #[test]
    fn a_report_that_cannot_be_read_proves_nothing() {
        for state in [on(), off()] {
            for (status, body) in [(200, ""), (200, "<html>"), (403, "{}"), (404, ""), (500, "x")] {
                assert!(!seen(&state, status, body).0, "{status} {body}");
            }
            let reply = Reply { status: 429, ..Reply::default() };
            let sighting = state_sighting(&reply, &state, UnixMillis(0));
            assert!(matches!(sighting, Sighting::Throttled { .. }), "{sighting:?}");
        }
    }
}
