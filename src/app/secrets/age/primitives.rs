//! The cryptography of the format, as aws-lc-rs offers it: key derivation, the cipher, and which points are usable.
//!
//! Owns the sizes and the errors of these calls. Must never know how a file is laid out.

use aws_lc_rs::aead::{CHACHA20_POLY1305, LessSafeKey, UnboundKey};
use aws_lc_rs::agreement::{PrivateKey, UnparsedPublicKey, X25519, agree};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

/// Length of public, private and derived keys.
pub(super) const KEY_BYTES: usize = 32;
/// Length of the key of a file.
pub(super) const FILE_KEY_BYTES: usize = 16;
/// Length of an authentication tag of ChaCha20-Poly1305.
pub(super) const TAG_BYTES: usize = 16;

/// The key of one file.
pub(super) type FileKey = Zeroizing<[u8; FILE_KEY_BYTES]>;

/// aws-lc failed: no randomness, no memory, or a point that cannot be used.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Unusable;

/// How many bytes are derived.
#[derive(Copy, Clone)]
struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// A key of 32 bytes by HKDF with SHA-256. An empty salt is the format's way to say none.
pub(super) fn derive(
    salt: &[u8],
    secret: &[u8],
    label: &[u8],
) -> Result<Zeroizing<[u8; KEY_BYTES]>, Unusable> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let pseudorandom = Salt::new(HKDF_SHA256, salt).extract(secret);
    let labels = [label];
    let material = pseudorandom.expand(&labels, Length(KEY_BYTES)).map_err(|_| Unusable)?;
    material.fill(&mut *key).map_err(|_| Unusable)?;
    Ok(key)
}

/// ChaCha20-Poly1305 with this key.
pub(super) fn cipher(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, Unusable> {
    UnboundKey::new(&CHACHA20_POLY1305, key).map(LessSafeKey::new).map_err(|_| Unusable)
}

/// Whether an agreement with this point gives a secret, which points of low order do not.
pub(super) fn can_agree_with(point: &[u8; KEY_BYTES]) -> bool {
    // X25519 clears the low bits of every private key, so that all of them fail with this point, or none.
    const ANY_KEY: [u8; KEY_BYTES] = [0x42; KEY_BYTES];
    let Ok(private) = PrivateKey::from_private_key(&X25519, &ANY_KEY) else { return false };
    let peer = UnparsedPublicKey::new(&X25519, point);
    agree(&private, peer, (), |_| Ok(())).is_ok()
}
