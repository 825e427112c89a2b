//! X25519 keys of age: recipients (public) and identities (private).
//!
//! Owns their text forms. Must never print a private key or repeat a text that is not a key: people paste private ones.
//! Invariant: a [`Recipient`] is a point to which a file can be encrypted.

use aws_lc_rs::agreement::{PrivateKey, X25519};
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroizing;

use super::bech32;
use super::primitives::{KEY_BYTES, can_agree_with};

const RECIPIENT_PREFIX: &str = "age";
const IDENTITY_PREFIX: &str = "age-secret-key-";

/// Why a text is not a key. It does not say more, because the text may be a secret.
#[derive(Copy, Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a valid age key")]
pub(crate) struct KeyError;

/// A public key, to which files are encrypted. Its text form begins with `age1`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipient {
    bytes: [u8; KEY_BYTES],
}

impl Recipient {
    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }
}

impl FromStr for Recipient {
    type Err = KeyError;

    /// Reads a text form. A point of low order is refused: any person could open what is encrypted to it.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let data = bech32::decode(RECIPIENT_PREFIX, text).ok_or(KeyError)?;
        let bytes = data.as_slice().try_into().map_err(|_| KeyError)?;
        can_agree_with(&bytes).then_some(Self { bytes }).ok_or(KeyError)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&bech32::encode(RECIPIENT_PREFIX, &self.bytes))
    }
}

/// A private key, which opens files. Its text form begins with `AGE-SECRET-KEY-1`. Its memory is overwritten when it is
/// dropped, and it has no Debug.
#[derive(Clone)]
pub(crate) struct Identity {
    secret: Zeroizing<[u8; KEY_BYTES]>,
    public: [u8; KEY_BYTES],
}

impl Identity {
    pub(super) fn secret(&self) -> &[u8; KEY_BYTES] {
        &self.secret
    }

    pub(super) fn public(&self) -> &[u8; KEY_BYTES] {
        &self.public
    }
}

impl FromStr for Identity {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let data = bech32::decode(IDENTITY_PREFIX, text).ok_or(KeyError)?;
        let mut secret = Zeroizing::new([0; KEY_BYTES]);
        if data.len() != KEY_BYTES {
            return Err(KeyError);
        }
        secret.copy_from_slice(&data);
        let private = PrivateKey::from_private_key(&X25519, &*secret).map_err(|_| KeyError)?;
        let public = private.compute_public_key().map_err(|_| KeyError)?;
        let public = public.as_ref().try_into().map_err(|_| KeyError)?;
        Ok(Self { secret, public })
    }
}
