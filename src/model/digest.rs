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
    let digits = bytes.iter().flat_map(|byte| hexadecimal_of(*byte)).collect();
    String::from_utf8(digits).expect("digits are ASCII")
}

/// The two digits of one byte.
#[must_use]
pub(crate) fn hexadecimal_of(byte: u8) -> [u8; 2] {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}
