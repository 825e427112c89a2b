//! A note about a device: its request, and what the answer means.
//!
//! Owns the path and the key. The answer is not documented in full, so every success counts, and every answer that is
//! none of the API's own counts as unknown. Must never let a note be written twice.

use serde_json::json;

use super::body::{error_text, first_byte};
use super::headers::retry_after_ms;
use super::path::device_path;
use crate::model::wire::{Fault, Method, Reply, Request};
use crate::model::{DeviceId, NoteResult, Repeat};

/// Largest answer to a note, in bytes: the note, and who wrote it when.
const NOTE_BODY_BYTES_MAX: usize = 64 * 1024;

/// The request that adds a note to a device.
#[must_use]
pub fn note_request(device: &DeviceId, content: &str) -> Request {
    Request {
        method: Method::Post,
        path_and_query: device_path(device, "/notes"),
        body: Some(json!({ "content": content }).to_string()),
        repeat: Repeat::Once,
        body_bytes_max: NOTE_BODY_BYTES_MAX,
    }
}

/// What came of the request for a note.
#[must_use]
pub fn note_result(outcome: &Result<Reply, Fault>) -> NoteResult {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(Fault::NotSent { reason, .. }) => {
            return NoteResult::Later { reason: reason.clone(), retry_after_ms: None };
        }
        Err(fault) => return NoteResult::Unknown { reason: fault.to_string() },
    };
    let status = reply.status;
    let is_page = first_byte(&reply.body) == Some(b'<');
    let reason = match (is_page, error_text(&reply.body)) {
        (true, _) => format!("HTTP {status} with a web page"),
        (false, text) if text.is_empty() => format!("HTTP {status}"),
        (false, text) => format!("HTTP {status}: {text}"),
    };
    match status {
        200..=299 if !is_page => NoteResult::Written,
        // A page with 404 or 405 is how the API's own router answers where there are no notes.
        401 | 403 | 404 | 405 | 407 => {
            let is_forbidden = matches!(status, 401 | 403 | 405 | 407) || is_page;
            NoteResult::NotWritten { reason, is_forbidden }
        }
        429 if !is_page => NoteResult::Later { reason, retry_after_ms: retry_after_ms(reply) },
        408 | 425 | 429 => NoteResult::Unknown { reason },
        400..=499 if !is_page => NoteResult::NotWritten { reason, is_forbidden: false },
        _ => NoteResult::Unknown { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(status: u16, body: &str) -> &'static str {
        let reply = Reply { status, body: body.as_bytes().to_vec(), ..Reply::default() };
        match note_result(&Ok(reply)) {
            NoteResult::Written => "written",
            NoteResult::NotWritten { is_forbidden: true, .. } => "forbidden",
            NoteResult::NotWritten { .. } => "not written",
            NoteResult::Later { .. } => "later",
            NoteResult::Unknown { .. } => "unknown",
        }
    }

    #[test]
    fn a_note_is_sent_as_the_api_documents_it() {
        let request = note_request(&DeviceId::from_api("D"), "lent \"out\"");
        assert_eq!(request.method, Method::Post);
        assert_eq!(request.path_and_query, "/api/v1/devices/D/notes");
        assert_eq!(request.body.as_deref(), Some(r#"{"content":"lent \"out\""}"#));
        assert_eq!(request.repeat, Repeat::Once);
    }

    #[test]
    fn only_a_definite_no_says_that_there_is_no_note() {
        for (status, body, expected) in [
            (201, r#"{"note_id":"x"}"#, "written"),
            (200, "", "written"),
            (204, "", "written"),
            (200, "<html>Sign in</html>", "unknown"),
            (302, "", "unknown"),
            (400, r#"{"content":["This field is required."]}"#, "not written"),
            (400, "<html>", "unknown"),
            (401, "", "forbidden"),
            (403, "{}", "forbidden"),
            (404, "<html>Not Found</html>", "forbidden"),
            (404, r#"{"detail":"Not found."}"#, "not written"),
            (405, "", "forbidden"),
            (429, r#"{"message":"API rate limit exceeded"}"#, "later"),
            (429, "<html>", "unknown"),
            (500, "", "unknown"),
            (503, "", "unknown"),
        ] {
            assert_eq!(word(status, body), expected, "{status} {body}");
        }
        let lost = note_result(&Err(Fault::Lost { reason: "reset".to_owned() }));
        assert!(matches!(lost, NoteResult::Unknown { .. }), "{lost:?}");
        let reason = "no route".to_owned();
        let not_sent = note_result(&Err(Fault::NotSent { reason, lasting: false }));
        assert!(matches!(not_sent, NoteResult::Later { .. }), "{not_sent:?}");
    }
}
