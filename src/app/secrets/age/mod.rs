//! The file format age v1 with X25519 keys, as <https://c2sp.org/age> defines it.
//!
//! Owns the format: keys, header, payload and ASCII armor. Cryptography comes from aws-lc-rs, the library that also
//! protects the connection to the tenant: an auditor reads one folder in place of 93 packages. Published test
//! vectors and the package `age` (tests only) verify it. Must never read a file, log, or name anything else of this
//! crate, so that the folder can be audited on its own. Not supported: passphrases, plugins, SSH and post-quantum keys.
//!
//! Invariant: input that is malformed in any way is an error, never a panic and never a part of the plaintext.

mod armor;
mod bech32;
mod file;
mod header;
mod keys;
mod payload;
mod primitives;
mod wrap;

pub(crate) use file::{DecryptError, decrypt_armored, encrypt_armored};
pub(crate) use keys::{Identity, Recipient};

#[cfg(test)]
mod tests;
