//! Encryption of secrets to the keys of those who may read them.
//!
//! Owns what is encrypted to which keys of age. Must never write a private key or a secret
//! anywhere, and must never repeat what was given as a key: people paste private ones.

use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

use super::age::{DecryptError, Identity, Recipient, decrypt_armored, encrypt_armored};
use crate::app::files::private_file::read_private_file;
use crate::app::settings::{Profile, SecretKeys};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::drive::Sealer;
use crate::job::Job;
use crate::model::Sealed;
use crate::model::settings::safety;

/// What a test decryption encrypts. Says what it is, for whoever finds it.
const TEST_TEXT: &str = "sortie: test decryption";
/// Most keys of one run, which is more than anybody has.
const KEYS_MAX: usize = 1024;

/// The public keys to which the secrets of a run are encrypted. At least one; duplicates are taken out.
pub(crate) struct Recipients {
    keys: Vec<Recipient>,
}

impl Recipients {
    /// The keys for a job: its own, else those of profile and configuration. `None` when secrets stand in
    /// clear.
    pub(crate) fn choose(job: &Job, profile: &Profile) -> Result<Option<Self>, Failure> {
        let values = &job.settings.values;
        let Some(texts) = values.texts(&safety::ENCRYPT_TO).filter(|texts| !texts.is_empty())
        else {
            return Self::of_configuration(profile);
        };
        let keys = SecretKeys {
            encrypt_to: Some(texts.to_vec()),
            single_key: values.is_on(&safety::SINGLE_KEY),
        };
        Self::complete(&keys).map(Some)
    }

    /// The keys of profile and configuration.
    pub(crate) fn of_configuration(profile: &Profile) -> Result<Option<Self>, Failure> {
        match &profile.secrets.encrypt_to {
            Some(texts) if !texts.is_empty() => Self::complete(&profile.secrets).map(Some),
            _ => Ok(None),
        }
    }

    /// The keys that a run's header names; how many there must be was decided when it began.
    pub(crate) fn of_run(texts: &[String]) -> Result<Option<Self>, Failure> {
        let keys = Self::parse(texts)?;
        Ok((!keys.keys.is_empty()).then_some(keys))
    }

    /// Reads the keys, and sees to it that the loss of one does not lose the PINs.
    fn complete(settings: &SecretKeys) -> Result<Self, Failure> {
        let recipients = Self::parse(settings.encrypt_to.as_deref().unwrap_or_default())?;
        if recipients.keys.len() < 2 && !settings.single_key {
            return Err(Failure::usage(
                "encrypt_to names one key: whoever loses it loses every PIN of the run",
            )
            .next("add the key of a second person, or say single_key: true"));
        }
        Ok(recipients)
    }

    fn parse(texts: &[String]) -> Result<Self, Failure> {
        if texts.len() > KEYS_MAX {
            return Err(Failure::usage(format!("encrypt_to names more than {KEYS_MAX} keys")));
        }
        let mut keys: Vec<Recipient> = Vec::new();
        for (at, text) in texts.iter().enumerate() {
            let key = text.trim().parse::<Recipient>().map_err(|_| not_a_key(at + 1, text))?;
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Ok(Self { keys })
    }

    /// The keys as they are written.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.keys.iter().map(ToString::to_string).collect()
    }

    /// What seals secrets to these keys at the moment of receipt. Its marks compare within this process
    /// only.
    pub(crate) fn sealer(&self) -> Result<Sealer, Failure> {
        let mut marking_key = Zeroizing::new([0_u8; 32]);
        getrandom::fill(&mut *marking_key)
            .map_err(|error| Failure::new(Exit::Unexpected, format!("no randomness: {error}")))?;
        let keys = self.keys.clone();
        Ok(Arc::new(move |secret: &Sealed| match secret.expose() {
            Some(text) => Sealed::encrypted(encrypt(&keys, text), Some(mark(&marking_key, text))),
            // Encrypted already, perhaps by another process: there is nothing to add.
            None => secret.clone(),
        }))
    }

    /// Encrypts a text to these keys and opens it with a file of private ones, as somebody will have to one
    /// day.
    pub(crate) fn test(&self, identity: &Path) -> Result<(), Failure> {
        let identities = Identities::read(identity)?;
        let sealed = Sealed::encrypted(encrypt(&self.keys, TEST_TEXT), None);
        match identities.open(&sealed) {
            Ok(opened) if opened.expose() == Some(TEST_TEXT) => Ok(()),
            Ok(_) => Err(Failure::new(Exit::Unexpected, "the test text came out changed")),
            Err(OpenError::OtherKey) => Err(Failure::usage(
                "the test decryption failed: the identity file holds none of the keys of encrypt_to",
            )
            .next("compare the output of 'age-keygen -y FILE' with encrypt_to")),
            Err(OpenError::Damaged(why)) => {
                Err(Failure::new(Exit::Unexpected, format!("the test decryption failed: {why}")))
            }
        }
    }
}

fn not_a_key(number: usize, text: &str) -> Failure {
    let what = |what: &str| format!("key {number} of encrypt_to {what}");
    let text = text.trim();
    let failure = if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
        Failure::usage(what("is a private key, which belongs to its owner alone"))
    } else if text.starts_with("ssh-") {
        Failure::usage(what("is an SSH key; only keys of age are understood"))
    } else if text.starts_with("age1") {
        Failure::usage(what("is damaged, or of a kind that is not understood (plugins, tags)"))
    } else {
        Failure::usage(what("is not a public key of age"))
    };
    failure.next("write the line that 'age-keygen -y FILE' prints; it begins with age1")
}

/// Encrypts to all keys, as armored text.
fn encrypt(keys: &[Recipient], text: &str) -> String {
    encrypt_armored(text.as_bytes(), keys)
        .expect("there is at least one key and at most KEYS_MAX, and the system has randomness")
}

/// Tells two secrets apart without opening them. SHA-256 over a key and the text is sound here, where
/// nobody sees the result: it is kept in memory alone.
fn mark(key: &[u8; 32], text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(key);
    hash.update(text.as_bytes());
    hash.finalize().into()
}

/// Private keys of somebody who may read secrets. Their memory is overwritten when they are dropped.
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
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let refused = |why: String| {
            Failure::usage(format!("the identity file {why}"))
                .next("name the file with your AGE-SECRET-KEY-1... line")
        };
        let text = Zeroizing::new(read_private_file(path).map_err(refused)?);
        let mut keys = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let number = at + 1;
            keys.push(line.parse::<Identity>().map_err(|_| {
                refused(format!("has no private key of age (AGE-SECRET-KEY-1...) in line {number}"))
            })?);
        }
        if keys.is_empty() {
            return Err(refused("holds no key".to_owned()));
        }
        Ok(Self { keys })
    }

    /// Opens a secret. One that stands in clear is open already.
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

    fn keys(texts: Vec<String>, single_key: bool) -> SecretKeys {
        SecretKeys { encrypt_to: Some(texts), single_key }
    }

    fn holder(identity: &x25519::Identity) -> Identities {
        let text = ::age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
        Identities { keys: vec![text.parse().expect("a key")] }
    }

    #[test]
    fn a_single_key_has_to_be_wanted_and_a_duplicate_is_no_second_one() {
        let [one, other] = pair().map(|identity| public(&identity));
        let count = |texts: Vec<String>, single_key| {
            Recipients::complete(&keys(texts, single_key)).map(|found| found.keys.len()).ok()
        };
        assert_eq!(count(vec![one.clone(), other.clone()], false), Some(2));
        assert_eq!(count(vec![one.clone()], false), None);
        assert_eq!(count(vec![one.clone(), format!(" {one} ")], false), None);
        assert_eq!(count(vec![one.clone(), one.clone()], true), Some(1));
        assert_eq!(count(vec![one.clone(), other, one], false), Some(2));
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        let [one, _] = pair();
        let private = one.to_string();
        let private = ::age::secrecy::ExposeSecret::expose_secret(&private).to_owned();
        let mut damaged = public(&one);
        damaged.pop();
        for (text, expect) in [
            (private, "is a private key"),
            (damaged, "is damaged"),
            (
                "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"
                    .to_owned(),
                "is damaged",
            ),
            ("ssh-ed25519 AAAA".to_owned(), "is an SSH key"),
            ("ann@example.org".to_owned(), "is not a public key"),
            (String::new(), "is not a public key"),
        ] {
            let Err(failure) = Recipients::parse(&[public(&one), text.clone()]) else {
                panic!("{expect}")
            };
            assert!(
                failure.what.contains(&format!("key 2 of encrypt_to {expect}")),
                "{}",
                failure.what
            );
            assert!(text.is_empty() || !failure.what.contains(&text), "{}", failure.what);
        }
    }

    #[test]
    fn each_holder_opens_and_a_stranger_does_not() {
        let [one, other] = pair();
        let recipients = Recipients::parse(&[public(&one), public(&other)]).expect("keys");
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
        let recipients = Recipients::parse(&[public(&one), public(&other)]).expect("keys");
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
