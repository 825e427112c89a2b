//! Signatures of webhook deliveries.
//!
//! Owns the form of the header. Must never sign a body without its time: an old delivery could be replayed forever.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};

use crate::model::{Sealed, UnixMillis};

/// The name of the header.
pub(super) const SIGNATURE_HEADER: &str = "sortie-signature";

/// `t=1700000000,v1=5257a8…`: HMAC-SHA256 over the time, a period and the body.
pub(super) fn signature(secret: &Sealed, at: UnixMillis, body: &[u8]) -> String {
    let seconds = at.0.div_euclid(1_000);
    let key = Key::new(HMAC_SHA256, secret.expose().unwrap_or_default().trim().as_bytes());
    let mut signed = format!("{seconds}.").into_bytes();
    signed.extend_from_slice(body);
    let digits: String =
        sign(&key, &signed).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={digits}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_openssl() {
        // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac key
        let secret = Sealed::clear(" key\n".to_owned());
        assert_eq!(
            signature(&secret, UnixMillis(1_700_000_000_999), br#"{"a":1}"#),
            "t=1700000000,v1=a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03"
        );
    }
}
