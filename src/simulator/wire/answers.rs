//! The answers that the tenant has ready: success, refusals in all their shapes, pages.
//!
//! Owns bodies and content types. Must never decide which of them is due.

use std::sync::Arc;

use serde_json::{Value, json};

use super::exchange::{Delivery, SimReply};
use crate::simulator::setup::faults::ErrorPage;
use crate::simulator::setup::switch_values::{ErrorShape, NotFoundBody, UnauthorizedBody};
use crate::simulator::setup::switches::Switches;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const NOT_FOUND_PAGE: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n  <title>Not Found</title>\n</head>\n<body>\n  <h1>Not Found</h1><p>The requested resource was not found on this server.</p>\n</body>\n</html>\n";
const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Sign in to your network</title></head><body><form method=\"post\" action=\"/login\"><input name=\"user\"><input name=\"password\" type=\"password\"></form></body></html>";

/// The refusal of an action for the wrong platform or state. Documented.
pub(crate) const NOT_ALLOWED: &str = "Command is not allowed for current device";
/// The refusal while the same action is pending. Documented.
pub(crate) const ALREADY_RUNNING: &str = "Command already running";
/// The refusal of a lock while the device is locked. Documented.
pub(crate) const ALREADY_LOCKED: &str = "This device is already locked.";
/// The refusal of an erase whose Wi-Fi profile is not in scope. Documented.
pub(crate) const NOT_IN_SCOPE: &str = "The specified profile is not in scope for the device";

/// The refusal of what needs Lost Mode while it is off, and the answer to a read of it. Documented for the read.
const NOT_IN_LOST_MODE: &str = "Device is not in lost mode.";
/// The refusal of a second request to turn Lost Mode off while the first is pending. Documented without a status.
pub(crate) const DISABLE_PENDING: &str = "Disable lost mode is already pending for this device.";
/// The refusal to turn Lost Mode on where it is on. Inferred.
pub(crate) const ALREADY_LOST: &str = "Device is already in lost mode.";

/// What the tenant says where Lost Mode is off.
pub(crate) fn not_in_lost_mode() -> SimReply {
    json(400, &json!([NOT_IN_LOST_MODE]))
}

/// An answer without a body and without headers.
pub(crate) fn empty(status: u16) -> SimReply {
    SimReply {
        status,
        headers: Vec::new(),
        body: Vec::new(),
        latency_ms: 0,
        delivery: Delivery::Whole,
    }
}

/// An answer with a JSON body.
pub(crate) fn json(status: u16, value: &Value) -> SimReply {
    // A value has nothing in it that cannot be written.
    with_body(status, JSON, serde_json::to_vec(value).unwrap_or_default())
}

/// An array of which each item is already written.
pub(crate) fn json_array(items: &[Arc<str>]) -> SimReply {
    with_body(200, JSON, format!("[{}]", items.join(",")).into_bytes())
}

/// An answer with an HTML page.
pub(crate) fn page(status: u16, body: &str) -> SimReply {
    with_body(status, HTML, body.as_bytes().to_vec())
}

fn with_body(status: u16, content_type: &str, body: Vec<u8>) -> SimReply {
    let mut reply = empty(status);
    reply.set_header("Content-Type", content_type.to_owned());
    reply.body = body;
    reply
}

/// A refusal with status 400 whose wrapper was never published.
pub(crate) fn refusal(switches: &Switches, text: &str) -> SimReply {
    let body = match switches.error_shape {
        ErrorShape::BareString => json!(text),
        ErrorShape::Array => json!([text]),
        ErrorShape::Detail => json!({ "detail": text }),
        ErrorShape::ErrorKey => json!({ "error": text }),
    };
    json(400, &body)
}

/// An answer as the API's framework writes errors. Inferred.
pub(crate) fn detail(status: u16, text: &str) -> SimReply {
    json(status, &json!({ "detail": text }))
}

/// A known path with a method that it does not take; `allow` lists those that it takes.
pub(crate) fn wrong_method(method: &str, allow: &str) -> SimReply {
    let mut reply = detail(405, &format!("Method \"{method}\" not allowed."));
    reply.set_header("Allow", allow.to_owned());
    reply
}

/// The answer to an id that the tenant does not have.
pub(crate) fn not_found(switches: &Switches) -> SimReply {
    match switches.not_found_body {
        NotFoundBody::Json => detail(404, "Not found."),
        NotFoundBody::Html => page(404, NOT_FOUND_PAGE),
        NotFoundBody::Empty => empty(404),
    }
}

/// The answer to a wrong or missing token; `text` says which.
pub(crate) fn unauthorized(switches: &Switches, text: &str) -> SimReply {
    match switches.unauthorized_body {
        UnauthorizedBody::Detail => detail(401, text),
        UnauthorizedBody::Gateway => json(401, &json!({ "message": "Unauthorized" })),
    }
}

/// An answer of the gateway itself, pretty-printed as the gateway does.
pub(crate) fn gateway(status: u16, message: &str, request_id: Option<&str>) -> SimReply {
    let body = match request_id {
        Some(id) => format!("{{\n  \"message\":\"{message}\",\n  \"request_id\":\"{id}\"\n}}"),
        None => format!("{{\n  \"message\":\"{message}\"\n}}"),
    };
    let mut reply = with_body(status, "application/json; charset=utf-8", body.into_bytes());
    if let Some(id) = request_id {
        reply.set_header("X-Kong-Request-Id", id.to_owned());
    }
    reply
}

/// A server error; an unknown status is written as 500 is.
pub(crate) fn server_error(status: u16, as_page: ErrorPage) -> SimReply {
    let text = match status {
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Internal Server Error",
    };
    match as_page {
        ErrorPage::Json => json(status, &json!({ "error": text })),
        ErrorPage::Html => {
            page(status, &format!("<html><body><h1>{status} {text}</h1></body></html>"))
        }
    }
}

/// The log-in page of a proxy between client and tenant, with status 200.
pub(crate) fn login_page() -> SimReply {
    page(200, LOGIN_PAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_come_in_every_published_wrapper() {
        let body =
            |error_shape| refusal(&Switches { error_shape, ..Switches::default() }, "No.").text();
        assert_eq!(body(ErrorShape::BareString), "\"No.\"");
        assert_eq!(body(ErrorShape::Array), "[\"No.\"]");
        assert_eq!(body(ErrorShape::Detail), "{\"detail\":\"No.\"}");
        assert_eq!(body(ErrorShape::ErrorKey), "{\"error\":\"No.\"}");
    }

    #[test]
    fn not_found_has_three_faces() {
        let reply = |not_found_body| not_found(&Switches { not_found_body, ..Switches::default() });
        assert_eq!(reply(NotFoundBody::Json).json()["detail"], "Not found.");
        let html = reply(NotFoundBody::Html);
        assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
        let empty = reply(NotFoundBody::Empty);
        assert!(empty.body.is_empty() && empty.header("content-type").is_none());
    }
}
