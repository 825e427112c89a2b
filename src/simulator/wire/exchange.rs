//! One request and one answer as the simulated tenant sees them.
//!
//! Owns the shapes at the tenant's door, the fate of the connection included. Must never open a connection
//! or know a path.

use serde_json::Value;

/// The origin of a request that came over no network. The name is reserved and never resolves, so a
/// client that follows a link takes its token nowhere.
pub(crate) const NO_HOST: &str = "http://simulated.invalid";

/// A request as it arrives at the tenant. It may hold a PIN and a token, so it has no `Debug`.
///
/// ```
/// use sortie::simulator::SimRequest;
/// let request = SimRequest::get("/api/v1/devices?limit=300", "token");
/// assert_eq!(request.authorization.as_deref(), Some("Bearer token"));
/// ```
#[derive(Clone)]
pub struct SimRequest {
    /// The HTTP method in capitals: `POST`, for example.
    pub method: String,
    /// Scheme and host that the client addressed: `http://127.0.0.1:8800`, for example. Links in answers
    /// lead there, unless a switch says otherwise.
    pub origin: String,
    /// Path and query, percent-encoded.
    pub target: String,
    /// The header `Authorization`; `Bearer TOKEN` is documented.
    pub authorization: Option<String>,
    /// The header `Content-Type`; a body needs `application/json`.
    pub content_type: Option<String>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

impl SimRequest {
    /// A `GET` of this path and query with this token.
    #[must_use]
    pub fn get(target: &str, token: &str) -> Self {
        Self::with_method("GET", target, token, "")
    }

    /// A `POST` to this path with this token and JSON body; an empty text means no body.
    #[must_use]
    pub fn post(target: &str, token: &str, body: &str) -> Self {
        Self::with_method("POST", target, token, body)
    }

    /// A `DELETE` of this path with this token.
    #[must_use]
    pub fn delete(target: &str, token: &str) -> Self {
        Self::with_method("DELETE", target, token, "")
    }

    fn with_method(method: &str, target: &str, token: &str, body: &str) -> Self {
        Self {
            method: method.to_owned(),
            origin: NO_HOST.to_owned(),
            target: target.to_owned(),
            authorization: Some(format!("Bearer {token}")),
            content_type: (!body.is_empty()).then(|| "application/json".to_owned()),
            body: body.as_bytes().to_vec(),
        }
    }

    /// The path without query and trailing slash.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.target.split('?').next().unwrap_or_default();
        path.strip_suffix('/').unwrap_or(path)
    }

    /// The pairs of the query, decoded, in their order.
    #[must_use]
    pub fn query(&self) -> Vec<(String, String)> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query);
        query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                (decode(key), decode(value))
            })
            .collect()
    }
}

/// An answer of the tenant, and what the connection does with it. The body may hold a PIN, so there is no
/// `Debug`.
#[derive(Clone)]
pub struct SimReply {
    /// The HTTP status; 0 where no answer was formed.
    pub status: u16,
    /// All headers but `Content-Length`, which the server adds.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// How long the answer takes, in milliseconds. The server and `InProcess` wait for it.
    pub latency_ms: u64,
    /// What arrives of the answer.
    pub delivery: Delivery,
}

/// What arrives of an answer.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The whole answer.
    Whole,
    /// Nothing, because no connection was made: the request was never sent.
    NotConnected,
    /// Nothing: the connection is closed without an answer.
    Closed,
    /// Nothing: the connection stays open and silent.
    Hangs,
    /// The head and this many bytes of the body; then the connection is closed.
    Cut {
        /// Bytes of the body that arrive.
        bytes: usize,
    },
}

impl SimReply {
    /// The header with this name, without regard to case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let hit = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        hit.map(|(_, value)| value.as_str())
    }

    /// The body as JSON; `Null` if it is not JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text; what is not UTF-8 is replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Sets a header, in place of one with the same name.
    pub(crate) fn set_header(&mut self, name: &'static str, value: String) {
        self.headers.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.headers.push((name, value));
    }
}

/// Undoes `%40` and `+`. What is not a valid escape stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match (bytes[at], escape) {
            (_, Some(byte)) => {
                decoded.push(byte);
                at += 2;
            }
            (b'+', None) => decoded.push(b' '),
            (byte, None) => decoded.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_decoded_and_slashes_dropped() {
        let request = SimRequest::get("/a/b/?user_email=a%40b.c&x=1+2&y&%=%zz", "t");
        assert_eq!(request.path(), "/a/b");
        let pairs = request.query();
        assert_eq!(pairs[0], ("user_email".to_owned(), "a@b.c".to_owned()));
        assert_eq!(pairs[1].1, "1 2");
        assert_eq!(pairs[2], ("y".to_owned(), String::new()));
        assert_eq!(pairs[3], ("%".to_owned(), "%zz".to_owned()));
    }
}
