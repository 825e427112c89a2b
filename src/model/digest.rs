//! Digests as people and files know them.
//!
//! Owns their form: hexadecimal digits in small letters. Must never be given a secret of few digits: it could be guessed.

use sha2::{Digest, Sha256};

/// SHA-256 as hexadecimal digits, as `sha256sum` writes it.
///
/// ```
/// let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
/// assert_eq!(sortie::model::sha256(b"abc"), abc);
/// ```
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

/// Bytes as lower-case hexadecimal digits, two for each byte, as `sha256sum` prints them.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
