//! Tokens in the keyring of the system: the macOS Keychain or the Windows Credential Manager.
//!
//! Owns how an entry is named, and how long the keyring may take. Must never keep a token, and never use a keyring on another
//! system: a Linux keyring can block a cron job forever.

use std::sync::mpsc;
use std::time::Duration;

use serde::Serialize;

use crate::model::Sealed;

/// How long the keyring may take: a locked one asks the user for a password.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Why the keyring was not used, or holds no token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum KeyringError {
    /// The program was built without it.
    #[error("this build of sortie has no keyring: it lacks the feature 'keyring'")]
    NotBuilt,
    /// sortie uses no keyring on this system.
    #[error("sortie uses the keyring on macOS and Windows only")]
    OtherSystem,
    /// It holds no token of this profile.
    #[error("the keyring has no token of the profile '{profile}'")]
    Empty {
        /// Name of the profile.
        profile: String,
    },
    /// The entry is not a text.
    #[error("the keyring's entry of the profile '{profile}' is not text")]
    NotText {
        /// Name of the profile.
        profile: String,
    },
    /// It took too long.
    #[error("the keyring did not answer within {limit_s} s")]
    Slow {
        /// The limit, in seconds.
        limit_s: u64,
    },
    /// It is locked, or refuses this program.
    #[error("the keyring refused access: {why}")]
    Refused {
        /// What the system says.
        why: String,
    },
}

/// Whether this build has a keyring on this system.
#[must_use]
pub const fn has_keyring() -> bool {
    cfg!(all(feature = "keyring", any(target_os = "macos", windows)))
}

/// Reads the token of a profile.
pub(super) fn token_of(profile: &str) -> Result<Sealed, KeyringError> {
    let profile = profile.to_owned();
    in_time(move || entries::read(&entries::store()?, &profile))
}

/// Stores the token of a profile, in place of the one before.
///
/// # Errors
/// There is no keyring here, or it refuses.
pub fn store_in_keyring(profile: &str, token: &Sealed) -> Result<(), KeyringError> {
    let (profile, token) = (profile.to_owned(), token.clone());
    in_time(move || entries::write(&entries::store()?, &profile, &token))
}

/// Removes the token of a profile.
///
/// # Errors
/// There is no keyring here, it holds no token of the profile, or it refuses.
pub fn forget_in_keyring(profile: &str) -> Result<(), KeyringError> {
    let profile = profile.to_owned();
    in_time(move || entries::remove(&entries::store()?, &profile))
}

/// Uses the keyring on a thread of its own, which is left behind when it takes too long.
fn in_time<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KeyringError> + Send + 'static,
) -> Result<T, KeyringError> {
    let (sender, receiver) = mpsc::channel();
    // Without a receiver the answer is dropped.
    std::thread::spawn(move || drop(sender.send(work())));
    let slow = KeyringError::Slow { limit_s: TIME_MAX.as_secs() };
    receiver.recv_timeout(TIME_MAX).unwrap_or(Err(slow))
}

/// The entries, where the program was built with a keyring.
#[cfg(feature = "keyring")]
mod entries {
    use std::sync::Arc;

    use keyring_core::{CredentialStore, Entry, Error};

    use super::KeyringError;
    use crate::model::Sealed;

    /// The service under which the keyring lists the tokens.
    const SERVICE: &str = "sortie";

    /// The keyring of this system.
    pub(super) fn store() -> Result<Arc<CredentialStore>, KeyringError> {
        #[cfg(target_os = "macos")]
        return match apple_native_keyring_store::keychain::Store::new() {
            Ok(store) => Ok(store),
            Err(error) => Err(why(error, "")),
        };
        #[cfg(windows)]
        return match windows_native_keyring_store::Store::new() {
            Ok(store) => Ok(store),
            Err(error) => Err(why(error, "")),
        };
        #[cfg(not(any(target_os = "macos", windows)))]
        Err(KeyringError::OtherSystem)
    }

    pub(super) fn read(
        store: &Arc<CredentialStore>,
        profile: &str,
    ) -> Result<Sealed, KeyringError> {
        let text = entry(store, profile)?.get_password();
        text.map(Sealed::clear).map_err(|error| why(error, profile))
    }

    pub(super) fn write(
        store: &Arc<CredentialStore>,
        profile: &str,
        token: &Sealed,
    ) -> Result<(), KeyringError> {
        let text = token.expose().unwrap_or_default();
        entry(store, profile)?.set_password(text).map_err(|error| why(error, profile))
    }

    pub(super) fn remove(store: &Arc<CredentialStore>, profile: &str) -> Result<(), KeyringError> {
        entry(store, profile)?.delete_credential().map_err(|error| why(error, profile))
    }

    fn entry(store: &Arc<CredentialStore>, profile: &str) -> Result<Entry, KeyringError> {
        Entry::new_in_store(store, SERVICE, profile).map_err(|error| why(error, profile))
    }

    /// The error of the keyring, without what an entry holds.
    fn why(error: Error, profile: &str) -> KeyringError {
        match error {
            Error::NoEntry => KeyringError::Empty { profile: profile.to_owned() },
            Error::BadEncoding(_) | Error::BadDataFormat(..) => {
                KeyringError::NotText { profile: profile.to_owned() }
            }
            other => KeyringError::Refused { why: other.to_string() },
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_token_is_stored_read_and_removed_by_profile() {
            let store: Arc<CredentialStore> = keyring_core::mock::Store::new().expect("a store");
            let empty = KeyringError::Empty { profile: "acme".to_owned() };
            assert_eq!(read(&store, "acme").map(drop), Err(empty.clone()));
            write(&store, "acme", &Sealed::clear("s3cret".to_owned())).expect("it is stored");
            write(&store, "other", &Sealed::clear("s4cret".to_owned())).expect("it is stored");
            let token = read(&store, "acme").expect("a token");
            assert_eq!(token.expose(), Some("s3cret"));
            remove(&store, "acme").expect("it is removed");
            assert_eq!(read(&store, "acme").map(drop), Err(empty.clone()));
            assert_eq!(remove(&store, "acme"), Err(empty));
            assert_eq!(read(&store, "other").expect("a token").expose(), Some("s4cret"));
        }

        #[test]
        fn an_error_of_the_keyring_shows_no_letter_of_a_token() {
            let error = why(Error::BadEncoding(b"s3cret".to_vec()), "acme");
            assert_eq!(error, KeyringError::NotText { profile: "acme".to_owned() });
            assert!(!error.to_string().contains("s3cret") && !format!("{error:?}").contains("115"));
        }
    }
}

/// No entries: the program was built without a keyring.
#[cfg(not(feature = "keyring"))]
mod entries {
    use super::KeyringError;
    use crate::model::Sealed;

    pub(super) fn store() -> Result<(), KeyringError> {
        Err(KeyringError::NotBuilt)
    }

    pub(super) fn read((): &(), _: &str) -> Result<Sealed, KeyringError> {
        Err(KeyringError::NotBuilt)
    }

    pub(super) fn write((): &(), _: &str, _: &Sealed) -> Result<(), KeyringError> {
        Err(KeyringError::NotBuilt)
    }

    pub(super) fn remove((): &(), _: &str) -> Result<(), KeyringError> {
        Err(KeyringError::NotBuilt)
    }
}
