//! The X25519 recipient stanza: how the key of a file is wrapped for one recipient.
//!
//! Owns the key agreement and what is derived from it. Must never use a shared secret that is all zeros; aws-lc refuses
//! this agreement.

use aws_lc_rs::aead::{Aad, Nonce};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::header::Stanza;
use super::keys::{Identity, Recipient};
use super::primitives::{FILE_KEY_BYTES, FileKey, KEY_BYTES, TAG_BYTES, Unusable, cipher, derive};

/// The first argument of the stanza.
pub(super) const STANZA_TAG: &str = "X25519";
const LABEL: &[u8] = b"age-encryption.org/v1/X25519";
/// Each wrapping key is used once, so the nonce may be fixed; the format says zero.
const NONCE: [u8; 12] = [0; 12];

/// Wraps the key of a file for one recipient.
pub(super) fn wrap(file_key: &FileKey, recipient: &Recipient) -> Result<Stanza, Unusable> {
    let ephemeral = PrivateKey::generate(&X25519).map_err(|_| Unusable)?;
    let share = ephemeral.compute_public_key().map_err(|_| Unusable)?;
    let key = wrapping_key(&ephemeral, recipient.bytes(), share.as_ref(), recipient.bytes())?;
    let mut body = Vec::with_capacity(FILE_KEY_BYTES + TAG_BYTES);
    body.extend_from_slice(&**file_key);
    let nonce = Nonce::assume_unique_for_key(NONCE);
    let tag = cipher(&key)?.seal_in_place_separate_tag(nonce, Aad::empty(), &mut body);
    body.extend_from_slice(tag.map_err(|_| Unusable)?.as_ref());
    let share = STANDARD_NO_PAD.encode(share.as_ref());
    Ok(Stanza { arguments: vec![STANZA_TAG.to_owned(), share], body })
}

/// A well-formed X25519 stanza.
pub(super) struct Wrapped {
    share: [u8; KEY_BYTES],
    body: [u8; FILE_KEY_BYTES + TAG_BYTES],
}

impl Wrapped {
    /// Reads a stanza with the tag [`STANZA_TAG`]; `None` when it is malformed.
    pub(super) fn read(stanza: &Stanza) -> Option<Self> {
        let [_, share] = &stanza.arguments[..] else { return None };
        let share = STANDARD_NO_PAD.decode(share).ok()?.try_into().ok()?;
        Some(Self { share, body: stanza.body.as_slice().try_into().ok()? })
    }

    /// The key of the file, when it was wrapped for this identity. An error means that the share is a point of low
    /// order, which no honest sender writes.
    pub(super) fn unwrap_for(&self, identity: &Identity) -> Result<Option<FileKey>, Unusable> {
        let private =
            PrivateKey::from_private_key(&X25519, identity.secret()).map_err(|_| Unusable)?;
        let key = wrapping_key(&private, &self.share, &self.share, identity.public())?;
        let mut opened = Zeroizing::new(self.body);
        let nonce = Nonce::assume_unique_for_key(NONCE);
        match cipher(&key)?.open_in_place(nonce, Aad::empty(), &mut *opened) {
            Ok(text) => {
                let mut file_key = Zeroizing::new([0; FILE_KEY_BYTES]);
                file_key.copy_from_slice(text);
                Ok(Some(file_key))
            }
            Err(_) => Ok(None),
        }
    }
}

/// The key that wraps the key of a file: from the agreement of `private` and `peer`, bound to both public keys.
fn wrapping_key(
    private: &PrivateKey,
    peer: &[u8; KEY_BYTES],
    share: &[u8],
    recipient: &[u8; KEY_BYTES],
) -> Result<Zeroizing<[u8; KEY_BYTES]>, Unusable> {
    let salt = [share, recipient].concat();
    let peer = UnparsedPublicKey::new(&X25519, peer);
    agree(private, peer, Unusable, |shared| derive(&salt, shared, LABEL))
}
