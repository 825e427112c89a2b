//! A file as a whole: armor, header and payload.
//!
//! Owns the order in which they are checked. Must never return a text before the MAC of the header and every chunk of the
//! payload are verified.

use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::armor;
use super::header::{self, Header, STANZAS_MAX};
use super::keys::{Identity, Recipient};
use super::payload::{self, NONCE_BYTES};
use super::primitives::{FILE_KEY_BYTES, FileKey, Unusable};
use super::wrap::{self, Wrapped};

/// Longest file that is read, in bytes: everything is held in memory, and what sortie encrypts is far shorter.
const FILE_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The kind of stanza for passphrases, which has to be alone in a header.
const PASSPHRASE_TAG: &str = "scrypt";

/// Why a text was not encrypted.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EncryptError {
    /// It could never be opened.
    #[error("it has no recipient")]
    NoRecipient,
    /// More than [`STANZAS_MAX`].
    #[error("it has more than {STANZAS_MAX} recipients")]
    TooManyRecipients,
    /// No randomness or no memory.
    #[error("the cryptographic library failed")]
    Library,
}

/// Why a file stays closed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecryptError {
    /// More than [`FILE_BYTES_MAX`].
    #[error("it is larger than {FILE_BYTES_MAX} bytes")]
    TooLong,
    /// The text is not armor.
    #[error("its armor is damaged")]
    Armor,
    /// The header is not as the format says.
    #[error("its header is damaged, or its version is not supported")]
    Header,
    /// The file was encrypted to other keys.
    #[error("it is encrypted to other keys")]
    NoMatch,
    /// The header was changed after it was made.
    #[error("its header was changed")]
    Mac,
    /// The payload was changed, or its end is missing.
    #[error("its content is damaged or truncated")]
    Payload,
}

/// Encrypts a text to all recipients, as armored text.
///
/// # Errors
/// No recipient, more than [`STANZAS_MAX`], or a failure of the system's randomness.
pub(crate) fn encrypt_armored(
    text: &[u8],
    recipients: &[Recipient],
) -> Result<String, EncryptError> {
    encrypt(text, recipients).map(|file| armor::write(&file))
}

/// Decrypts an armored text with the first identity that fits.
///
/// # Errors
/// See [`DecryptError`]; nothing of the text is given out then.
pub(crate) fn decrypt_armored(
    armored: &str,
    identities: &[Identity],
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    // Armor takes a third more than the file, and line feeds.
    if armored.len() > FILE_BYTES_MAX / 2 * 3 {
        return Err(DecryptError::TooLong);
    }
    let file = armor::read(armored).ok_or(DecryptError::Armor)?;
    decrypt(&file, identities)
}

pub(super) fn encrypt(text: &[u8], recipients: &[Recipient]) -> Result<Vec<u8>, EncryptError> {
    if recipients.is_empty() {
        return Err(EncryptError::NoRecipient);
    }
    if recipients.len() > STANZAS_MAX {
        return Err(EncryptError::TooManyRecipients);
    }
    write(text, recipients).map_err(|Unusable| EncryptError::Library)
}

fn write(text: &[u8], recipients: &[Recipient]) -> Result<Vec<u8>, Unusable> {
    let mut file_key: FileKey = Zeroizing::new([0; FILE_KEY_BYTES]);
    rand::fill(&mut *file_key).map_err(|_| Unusable)?;
    let wrapped = recipients.iter().map(|recipient| wrap::wrap(&file_key, recipient));
    let stanzas: Vec<_> = wrapped.collect::<Result<_, _>>()?;
    let mut file = header::write(&stanzas, &file_key)?;
    payload::write(&mut file, text, &file_key)?;
    Ok(file)
}

pub(super) fn decrypt(
    file: &[u8],
    identities: &[Identity],
) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    if file.len() > FILE_BYTES_MAX {
        return Err(DecryptError::TooLong);
    }
    let (header, rest) = Header::read(file).ok_or(DecryptError::Header)?;
    let file_key = file_key_of(&header, identities)?;
    if !header.is_authentic(&file_key) {
        return Err(DecryptError::Mac);
    }
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(DecryptError::Header)?;
    payload::read(nonce, sealed, &file_key).ok_or(DecryptError::Payload)
}

/// The key of the file, from the first stanza that opens. Every X25519 stanza has to be well-formed.
fn file_key_of(header: &Header<'_>, identities: &[Identity]) -> Result<FileKey, DecryptError> {
    let stanzas = &header.stanzas;
    if stanzas.len() > 1 && stanzas.iter().any(|stanza| stanza.tag() == PASSPHRASE_TAG) {
        return Err(DecryptError::Header);
    }
    let known = stanzas.iter().filter(|stanza| stanza.tag() == wrap::STANZA_TAG);
    let wrapped = known.map(|stanza| Wrapped::read(stanza).ok_or(DecryptError::Header));
    let wrapped: Vec<Wrapped> = wrapped.collect::<Result<_, _>>()?;
    for identity in identities {
        for stanza in &wrapped {
            let found = stanza.unwrap_for(identity).map_err(|Unusable| DecryptError::Header)?;
            if let Some(file_key) = found {
                return Ok(file_key);
            }
        }
    }
    Err(DecryptError::NoMatch)
}
