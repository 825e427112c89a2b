//! Keys of age: of the people who read a run's secrets, and of the workers.
//!
//! Owns how tests make them and open with them.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use sortie::model::Sealed;

/// A private key with its public one.
pub struct Key {
    identity: Identity,
}

impl Key {
    pub fn new() -> Self {
        Self { identity: Identity::generate() }
    }

    pub fn public(&self) -> String {
        self.identity.to_public().to_string()
    }

    /// Writes the private key to a file that only its owner can read.
    pub fn write(&self, dir: &Path) -> PathBuf {
        let path = dir.join("worker.key");
        let mut options = std::fs::OpenOptions::new();
        let mut file =
            options.create_new(true).write(true).mode(0o600).open(&path).expect("a new file");
        let text = self.identity.to_string();
        writeln!(file, "{}", text.expose_secret()).expect("written");
        path
    }

    /// The secret; one that is not encrypted fails the test.
    pub fn open(&self, secret: &Sealed) -> String {
        let armored = secret.ciphertext().expect("encrypted in the records");
        let reader = age::armor::ArmoredReader::new(armored.as_bytes());
        let decryptor = age::Decryptor::new(reader).expect("an age file");
        let identity: &dyn age::Identity = &self.identity;
        let mut opened = decryptor.decrypt(std::iter::once(identity)).expect("it is for this key");
        let mut text = String::new();
        opened.read_to_string(&mut text).expect("text");
        text
    }
}
