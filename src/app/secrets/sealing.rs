//! Encryption of secrets to the keys of those who may read them.
//!
//! Owns what is encrypted to which keys of age. Must never write a private key or a secret
//! anywhere, and must never repeat what was given as a key: people paste private ones.

use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

use super::age::{DecryptError, Identity, Recipient, decrypt_armored, encrypt_armored};
use super::reason::{IdentityFault, KeyFault, KeyPlace, SecretsReason};
use crate::app::files::private_file::read_private_file;
use crate::app::settings::SecretKeys;
use crate::drive::Sealer;
use crate::job::Job;
use crate::model::Sealed;
use crate::model::settings::safety;

/// What a test decryption encrypts. Says what it is, for a person who finds it.
const TEST_TEXT: &str = "sortie: test decryption";
/// Most keys of one run, which is more than enough.
const KEYS_MAX: usize = 1024;

/// The public keys to which the secrets of a run are encrypted. At least one; duplicates are taken out.
pub struct Recipients {
    keys: Vec<Recipient>,
}

impl Recipients {
    /// The keys for a job: its own, else those of the configuration. `None` when secrets are unencrypted.
    ///
    /// # Errors
    /// A text is not a key, or there is only one key and that was not allowed.
    pub fn choose(job: &Job, configuration: &SecretKeys) -> Result<Option<Self>, SecretsReason> {
        let values = &job.settings.values;
        match values.texts(&safety::ENCRYPT_TO).filter(|texts| !texts.is_empty()) {
            None => Self::of_configuration(configuration),
            Some(texts) => {
                let is_single_allowed = values.is_on(&safety::SINGLE_KEY);
                Self::complete(texts, is_single_allowed, KeyPlace::Job).map(Some)
            }
        }
    }

    /// The keys of the configuration; `None` when it names none.
    ///
    /// # Errors
    /// A text is not a key, or there is only one key and that was not allowed.
    pub fn of_configuration(keys: &SecretKeys) -> Result<Option<Self>, SecretsReason> {
        match keys.encrypt_to.as_deref() {
            None | Some([]) => Ok(None),
            Some(texts) => {
                Self::complete(texts, keys.single_key, KeyPlace::Configuration).map(Some)
            }
        }
    }

    /// The keys that a run's header names; how many there must be was decided when it began.
    pub(crate) fn of_run(texts: &[String]) -> Result<Option<Self>, SecretsReason> {
        let keys = Self::parse(texts, KeyPlace::Run)?;
        Ok((!keys.keys.is_empty()).then_some(keys))
    }

    /// Reads the keys, and refuses a single one where it was not allowed.
    fn complete(
        texts: &[String],
        is_single_allowed: bool,
        place: KeyPlace,
    ) -> Result<Self, SecretsReason> {
        let recipients = Self::parse(texts, place)?;
        if recipients.keys.len() < 2 && !is_single_allowed {
            return Err(SecretsReason::SingleKey { place });
        }
        Ok(recipients)
    }

    fn parse(texts: &[String], place: KeyPlace) -> Result<Self, SecretsReason> {
        if texts.len() > KEYS_MAX {
            return Err(SecretsReason::TooManyKeys { place, keys_max: KEYS_MAX });
        }
        let mut keys: Vec<Recipient> = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let key = text.trim().parse::<Recipient>().map_err(|_| SecretsReason::NotAKey {
                place,
                number: at + 1,
                fault: fault_of(text),
            })?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Ok(Self { keys })
    }

    /// The keys as they are written.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        self.keys.iter().map(ToString::to_string).collect()
    }

    /// What seals secrets to these keys at the moment of receipt. Its marks are hashes with a key of this process and never
    /// reach the disk: a stored one would let a million PINs be tried. A PIN that one process sealed and another reads
    /// back is unverified, not different.
    pub(crate) fn sealer(&self) -> Result<Sealer, SecretsReason> {
        let mut marking_key = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *marking_key)
            .map_err(|error| SecretsReason::NoRandomness { error: error.to_string() })?;
        let keys = self.keys.clone();
        Ok(Arc::new(move |secret: &Sealed| match secret.expose() {
            Some(text) => Sealed::encrypted(encrypt(&keys, text), Some(mark(&marking_key, text))),
            // Encrypted already, perhaps by another process: there is nothing to add.
            None => secret.clone(),
        }))
    }

    /// Encrypts a test text to these keys and opens it with a file of private ones.
    ///
    /// # Errors
    /// The file cannot be used, or does not open the text.
    pub fn test(&self, identity: &Path) -> Result<(), SecretsReason> {
        let identities = Identities::read(identity)?;
        let sealed = Sealed::encrypted(encrypt(&self.keys, TEST_TEXT), None);
        match identities.open(&sealed) {
            Ok(opened) if opened.expose() == Some(TEST_TEXT) => Ok(()),
            Ok(_) => Err(SecretsReason::TestChanged),
            Err(OpenError::OtherKey) => Err(SecretsReason::TestOtherKey),
            Err(OpenError::Damaged(fault)) => Err(SecretsReason::TestFailed { fault }),
        }
    }
}

/// What a text is that is not a public key. The text itself is not repeated: it may be a private key.
fn fault_of(text: &str) -> KeyFault {
    let text = text.trim();
    if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
        KeyFault::Private
    } else if text.starts_with("ssh-") {
        KeyFault::Ssh
    } else if text.starts_with("age1") {
        KeyFault::Damaged
    } else {
        KeyFault::Other
    }
}

/// Encrypts to all keys, as armored text.
fn encrypt(keys: &[Recipient], text: &str) -> String {
    encrypt_armored(text.as_bytes(), keys)
        .expect("there is at least one key and at most KEYS_MAX, and the system has randomness")
}

/// Tells two secrets apart without opening them. SHA-256 over a key and the text is sound here, where
/// no person sees the result: it is kept in memory alone.
fn mark(key: &[u8; 32], text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update(text.as_bytes());
    hash.finalize().into()
}

/// Private keys of a person who may read secrets. Their memory is overwritten when they are dropped.
pub(crate) struct Identities {
    keys: Vec<Identity>,
}

/// Why a secret stays closed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// It was encrypted to other keys.
    OtherKey,
    /// The text is damaged.
    Damaged(String),
}

impl Identities {
    /// Reads a file as 'age-keygen' writes it. One that others can read is refused.
    pub(crate) fn read(path: &Path) -> Result<Self, SecretsReason> {
        let refused = |why| SecretsReason::IdentityFile { path: path.to_owned(), why };
        let text = read_private_file(path).map_err(|fault| refused(IdentityFault::File(fault)))?;
        let text = Zeroizing::new(text);
        let mut keys = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let not_a_key = |_| refused(IdentityFault::NotAKey { line: at + 1 });
            keys.push(line.parse::<Identity>().map_err(not_a_key)?);
        }
        if keys.is_empty() {
            return Err(refused(IdentityFault::Empty));
        }
        Ok(Self { keys })
    }

    /// Opens a secret. One that is unencrypted is open already.
    pub(crate) fn open(&self, secret: &Sealed) -> Result<Sealed, OpenError> {
        let Some(text) = secret.ciphertext() else { return Ok(secret.clone()) };
        let mut opened = decrypt_armored(text, &self.keys).map_err(|error| match error {
            DecryptError::NoMatch => OpenError::OtherKey,
            error => OpenError::Damaged(error.to_string()),
        })?;
        // The text moves without a copy, so that nothing of it stays behind.
        match String::from_utf8(std::mem::take(&mut *opened)) {
            Ok(opened) => Ok(Sealed::clear(opened)),
            Err(error) => {
                drop(Zeroizing::new(error.into_bytes()));
                Err(OpenError::Damaged("its content is not text".to_owned()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::age::x25519;

    /// Two people.
    fn pair() -> [x25519::Identity; 2] {
        [x25519::Identity::generate(), x25519::Identity::generate()]
    }

    fn public(identity: &x25519::Identity) -> String {
        identity.to_public().to_string()
    }

    fn parse(texts: &[String]) -> Result<Recipients, SecretsReason> {
        Recipients::parse(texts, KeyPlace::Job)
    }

    fn holder(identity: &x25519::Identity) -> Identities {
        let text = ::age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
        Identities { keys: vec![text.parse().expect("a key")] }
    }

    #[test]
    fn a_single_key_needs_consent_and_a_duplicate_is_not_a_second() {
        let [one, other] = pair().map(|identity| public(&identity));
        let count = |texts: Vec<String>, single_key| {
            Recipients::complete(&texts, single_key, KeyPlace::Job)
                .map(|found| found.keys.len())
                .ok()
        };
        assert_eq!(count(vec![one.clone(), other.clone()], false), Some(2));
        assert_eq!(count(vec![one.clone()], false), None);
        assert_eq!(count(vec![one.clone(), format!(" {one} ")], false), None);
        assert_eq!(count(vec![one.clone(), one.clone()], true), Some(1));
        assert_eq!(count(vec![one.clone(), other, one], false), Some(2));
    }

    #[test]
    fn an_invalid_key_is_refused_without_being_shown() {
        let [one, _] = pair();
        let private = one.to_string();
        let private = ::age::secrecy::ExposeSecret::expose_secret(&private).to_owned();
        let mut damaged = public(&one);
        damaged.pop();
        for (text, expect) in [
            (private, KeyFault::Private),
            (damaged, KeyFault::Damaged),
            (
                "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"
                    .to_owned(),
                KeyFault::Damaged,
            ),
            ("ssh-ed25519 AAAA".to_owned(), KeyFault::Ssh),
            ("ann@example.org".to_owned(), KeyFault::Other),
            (String::new(), KeyFault::Other),
        ] {
            let Err(reason) = parse(&[public(&one), text.clone()]) else { panic!("{expect:?}") };
            let is_expected = matches!(
                reason,
                SecretsReason::NotAKey { number: 2, fault, .. } if fault == expect
            );
            assert!(is_expected, "{reason:?}");
            let facts = serde_json::to_string(&reason).expect("facts can be written");
            assert!(text.is_empty() || !facts.contains(&text), "{facts}");
        }
    }

    #[test]
    fn each_holder_opens_and_a_stranger_does_not() {
        let [one, other] = pair();
        let recipients = parse(&[public(&one), public(&other)]).expect("keys");
        let sealer = recipients.sealer().expect("randomness");
        let sealed = sealer(&Sealed::clear("012345".to_owned()));
        assert_eq!(sealed.expose(), None);
        let text = sealed.ciphertext().expect("encrypted");
        assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\n"));
        for identity in [&one, &other] {
            let opened = holder(identity).open(&sealed).expect("it is for them");
            assert_eq!(opened.expose(), Some("012345"));
        }
        let stranger = holder(&x25519::Identity::generate());
        assert_eq!(stranger.open(&sealed).err(), Some(OpenError::OtherKey));
        let half = Sealed::encrypted(text[..text.len() / 2].to_owned(), None);
        assert!(matches!(holder(&one).open(&half), Err(OpenError::Damaged(_))));
        let clear = Sealed::clear("1".to_owned());
        assert_eq!(stranger.open(&clear).expect("it is open").expose(), Some("1"));
    }

    #[test]
    fn marks_tell_secrets_apart_within_one_process_alone() {
        let [one, other] = pair();
        let recipients = parse(&[public(&one), public(&other)]).expect("keys");
        let (here, elsewhere) =
            (recipients.sealer().expect("randomness"), recipients.sealer().expect("randomness"));
        let seal = |sealer: &Sealer, text: &str| sealer(&Sealed::clear(text.to_owned()));
        assert_eq!(seal(&here, "012345").is_same(&seal(&here, "012345")), Some(true));
        assert_eq!(seal(&here, "012345").is_same(&seal(&here, "12345")), Some(false));
        // Another key makes other marks, so a list of marks of all PINs would be of no use.
        assert_eq!(seal(&here, "012345").is_same(&seal(&elsewhere, "012345")), Some(false));
        assert_ne!(seal(&here, "1").ciphertext(), seal(&here, "1").ciphertext());
        let sealed = seal(&here, "1");
        assert!(here(&sealed) == sealed, "what is encrypted stays as it is");
    }
}
