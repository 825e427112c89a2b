//! One request and one reply as data.
//!
//! Owns the shapes that the codec writes, a transport carries and a simulator answers. Must never open a
//! connection or know a path of the API.

use super::Repeat;

/// An HTTP method that the API uses.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Acts.
    Post,
    /// Changes a record.
    Patch,
    /// Deletes a device.
    Delete,
}

impl Method {
    /// The method as HTTP/1.1 writes it, in upper case.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request, without host and token: those belong to the transport.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query, beginning with `/api/v1/`.
    pub path_and_query: String,
    /// JSON body. It may hold a PIN, so `Request` shows only its length when it is debugged.
    pub body: Option<String>,
    /// `Once` requests travel on a connection of their own, because a reset on a reused connection
    /// cannot be distinguished from a lost answer.
    pub repeat: Repeat,
    /// Largest answer body to accept, in bytes; a longer one is cut off and counts as no answer.
    pub body_bytes_max: usize,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let body_bytes = self.body.as_ref().map_or(0, String::len);
        write!(formatter, "{} {} ({body_bytes} bytes)", self.method.word(), self.path_and_query)
    }
}

/// An answer that arrived whole. The body may hold a PIN, so `Debug` shows only its length.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, lower case, empty when missing.
    pub content_type: String,
    /// `Retry-After` as it came.
    pub retry_after: Option<String>,
    /// `Date` as it came: the server's clock.
    pub date: Option<String>,
    /// `X-RateLimit-Remaining-Hour`: what is left of the tenant's hour, for all its tools.
    pub remaining_hour: Option<u32>,
    /// `X-RateLimit-Limit-Hour`: the tenant's requests an hour.
    pub limit_hour: Option<u32>,
    /// A body was announced under a status that has none (204). The HTTP library drops it.
    pub has_dropped_body: bool,
    /// Body of the answer, as received.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "HTTP {} ({} bytes)", self.status, self.body.len())
    }
}

/// Why there is no whole answer.
///
/// The difference between the two is the most important fact about a fault: what was not sent may be
/// sent again, what may have been applied may not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Nothing of the request left this machine: name look-up, connection refused, TLS handshake.
    #[error("not sent: {reason}")]
    NotSent {
        /// What happened.
        reason: String,
        /// Trying again cannot help (a certificate that does not verify, a proxy that refuses).
        lasting: bool,
    },
    /// The request may have been applied, and no usable answer came.
    #[error("no usable answer: {reason}")]
    Lost {
        /// What happened.
        reason: String,
    },
}
