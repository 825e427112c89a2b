//! Secrets of devices: what they are called and where a PIN came from.
//!
//! Owns the words for them. Must never hold one outside of [`Sealed`].

use serde::{Deserialize, Serialize};

use super::{Sealed, UnixMillis, at_rest};

/// A place of the API from which secrets of a device are read, before an erase or a delete takes them away.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// The key that opens the encrypted disk of a Mac.
    FilevaultKey,
    /// The codes that remove Activation Lock, by user and by device.
    BypassCode,
    /// The password of the recovery system of a Mac.
    RecoveryPassword,
}

impl SecretSource {
    /// All of them, in the order in which they are read.
    pub const ALL: [Self; 3] = [Self::FilevaultKey, Self::BypassCode, Self::RecoveryPassword];

    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::FilevaultKey => "FileVault key",
            Self::BypassCode => "bypass code",
            Self::RecoveryPassword => "recovery password",
        }
    }
}

/// A secret of a device with its name, kept before an erase or a delete takes it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// Its name, the API's own key: `key`, `user_based_albc`, `device_based_albc`, `recovery_password`.
    pub name: String,
    /// The secret, sealed.
    #[serde(with = "at_rest")]
    pub value: Sealed,
}

/// What reports show instead of a PIN, in the column `lock_pin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPin {
    /// The PIN as the API sent it, sealed.
    pub pin: Sealed,
    /// What is wrong with its form, as the rest of a sentence that begins with "the PIN"; `None` for six digits.
    pub flaw: Option<String>,
}

/// What one read of a lock's PIN showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinReading {
    /// The tenant shows one.
    Found {
        /// The PIN, as it came.
        #[serde(with = "at_rest")]
        pin: Sealed,
        /// Whether it is the one that was known before; `None` where none was, or where both are encrypted
        /// by different processes.
        agrees: Option<bool>,
    },
    /// The state directory has it: another run has locked the Mac, and this lock found it locked.
    Known {
        /// The PIN, as that run keeps it.
        #[serde(with = "at_rest")]
        pin: Sealed,
        /// That run.
        run: String,
    },
    /// The tenant shows something that is no PIN: a placeholder, or an unknown form. It neither replaces nor
    /// verifies one.
    Odd {
        /// As it came.
        #[serde(with = "at_rest")]
        pin: Sealed,
        /// What is wrong with it.
        flaw: String,
    },
    /// The tenant shows none, or none yet.
    Nothing,
    /// The answer could not be used.
    Unreadable {
        /// What it was.
        reason: String,
        /// The token lacks the permission: asking again is in vain.
        is_forbidden: bool,
    },
}

/// Where a PIN came from: the answer to a lock or erase, sortie itself, a read from the tenant, or another run.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PinOrigin {
    /// The answer to the lock or erase.
    Answer,
    /// Drawn by us and sent with the erase.
    Drawn,
    /// Read from the tenant, while the run went on.
    Recovered,
    /// Read from the tenant after the task had ended.
    RecoveredLater,
    /// From the lock of another run, which is in force.
    OtherRun,
}

impl PinOrigin {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Drawn => "drawn",
            Self::Recovered => "recovered",
            Self::RecoveredLater => "recovered later",
            Self::OtherRun => "another run",
        }
    }
}

/// A PIN of a task, as its record keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldPin {
    /// The PIN, as it came.
    #[serde(with = "at_rest")]
    pub pin: Sealed,
    /// Where it came from.
    pub origin: PinOrigin,
    /// When it was recorded.
    pub at: UnixMillis,
    /// The tenant showed the same after the device had taken the lock.
    pub is_verified: bool,
    /// It was read before the device had taken the lock, and may be that of an older one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_be_older: bool,
    /// What is wrong with its form; `None` for six digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flaw: Option<String>,
    /// The run whose lock set it, where that is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// The PIN of a lock that another run of this state directory has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPin {
    /// The PIN, sealed as this run seals.
    pub pin: Sealed,
    /// The run whose lock set it.
    pub run: String,
}
