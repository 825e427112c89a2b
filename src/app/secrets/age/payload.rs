//! The payload of a file: the text, encrypted in chunks (STREAM with ChaCha20-Poly1305).
//!
//! Owns the order of chunks and which one is the last. Must never give out a part of a text whose end was cut off: the
//! text is returned in whole or not at all.

use aws_lc_rs::aead::{Aad, Nonce};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::primitives::{FileKey, TAG_BYTES, Unusable, cipher, derive};

/// Length of the nonce at the beginning of a payload.
pub(super) const NONCE_BYTES: usize = 16;
/// Length of a chunk of the text; only the last one may be shorter.
const CHUNK_BYTES: usize = 64 * 1024;
const SEALED_CHUNK_BYTES: usize = CHUNK_BYTES + TAG_BYTES;
const LABEL: &[u8] = b"payload";

/// The nonce and the encrypted chunks of a text, appended to `file`.
pub(super) fn write(file: &mut Vec<u8>, text: &[u8], file_key: &FileKey) -> Result<(), Unusable> {
    let mut nonce = [0; NONCE_BYTES];
    rand::fill(&mut nonce).map_err(|_| Unusable)?;
    let cipher = cipher(&*derive(&nonce, &**file_key, LABEL)?)?;
    // Reserved in one piece: a buffer that grows would leave copies of the text behind.
    let chunks = text.len().div_ceil(CHUNK_BYTES).max(1);
    file.reserve_exact(NONCE_BYTES + text.len() + chunks * TAG_BYTES);
    file.extend_from_slice(&nonce);
    for number in 0..chunks {
        let start = number * CHUNK_BYTES;
        let end = text.len().min(start + CHUNK_BYTES);
        let at = file.len();
        file.extend_from_slice(&text[start..end]);
        let nonce = chunk_nonce(number, number + 1 == chunks);
        let tag = cipher.seal_in_place_separate_tag(nonce, Aad::empty(), &mut file[at..]);
        file.extend_from_slice(tag.map_err(|_| Unusable)?.as_ref());
    }
    Ok(())
}

/// The text of a payload (without its nonce); `None` when anything was changed, added or cut off.
pub(super) fn read(
    nonce: &[u8; NONCE_BYTES],
    sealed: &[u8],
    file_key: &FileKey,
) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = cipher(&*derive(nonce, &**file_key, LABEL).ok()?).ok()?;
    let mut text = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let mut number = 0;
    let mut rest = sealed;
    loop {
        let (chunk, behind) = rest.split_at(rest.len().min(SEALED_CHUNK_BYTES));
        let is_last = behind.is_empty();
        // Only the text of no bytes has an empty chunk.
        if chunk.len() < TAG_BYTES || (chunk.len() == TAG_BYTES && number > 0) {
            return None;
        }
        let at = text.len();
        text.extend_from_slice(chunk);
        let nonce = chunk_nonce(number, is_last);
        cipher.open_in_place(nonce, Aad::empty(), &mut text[at..]).ok()?;
        text.truncate(at + chunk.len() - TAG_BYTES);
        if is_last {
            return Some(text);
        }
        number += 1;
        rest = behind;
    }
}

/// The nonce of a chunk: its number in eleven bytes, and whether it is the last one.
fn chunk_nonce(number: usize, is_last: bool) -> Nonce {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&(number as u64).to_be_bytes());
    nonce[11] = u8::from(is_last);
    Nonce::assume_unique_for_key(nonce)
}
