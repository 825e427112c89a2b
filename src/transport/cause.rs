//! The cause at the bottom of a failed request.
//!
//! Owns the walk through a library's chain of errors and the words that are made of it. Must never
//! decide whether a request was sent: the client does.

use std::error::Error;
use std::io;

/// Longest reason, in characters: certificates and proxies can be talkative, reports have one cell.
pub(super) const REASON_CHARS_MAX: usize = 200;

/// The causes of an error from the outside in. An `io::Error` hides the error it wraps from `source`.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// The first cause, which says most; the outer ones repeat the URL.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    shortened(&causes(error).last().map(ToString::to_string).unwrap_or_default())
}

/// While a connection is being built, only TLS finds data invalid: certificates, alerts, garbage.
pub(super) fn is_tls(error: &(dyn Error + 'static)) -> bool {
    causes(error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::InvalidData)
}

/// The proxy answered our CONNECT, and not with 200. The type is private to the library, its words are
/// not; a test notices when they change.
pub(super) fn proxy_refusal(error: &(dyn Error + 'static)) -> Option<&'static str> {
    causes(error).find_map(|cause| match cause.to_string().as_str() {
        "tunnel error: proxy authorization required" => {
            Some("it requires a user name and password")
        }
        "tunnel error: unsuccessful" => Some("it refused the connection"),
        _ => None,
    })
}

pub(super) fn shortened(text: &str) -> String {
    let one_line: String =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    match one_line.char_indices().nth(REASON_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &one_line[..at]),
        None => one_line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_innermost_cause_is_found_through_wrapped_io_errors() {
        let alert = io::Error::new(io::ErrorKind::InvalidData, "invalid peer certificate");
        let wrapped = io::Error::other(alert);
        assert!(is_tls(&wrapped));
        assert_eq!(innermost(&wrapped), "invalid peer certificate");
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert!(!is_tls(&reset));
    }

    #[test]
    fn reasons_are_one_line_of_limited_length() {
        assert_eq!(shortened("a\nb\u{1b}[0m"), "a b [0m");
        assert_eq!(shortened(&"é".repeat(500)).chars().count(), REASON_CHARS_MAX + 1);
    }
}
