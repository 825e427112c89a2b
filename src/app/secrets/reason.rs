//! Why PINs and other secrets are not sealed, shown, compared or recovered.
//!
//! Owns these reasons and their facts. Must never carry a secret, nor repeat what was given as a key: people paste private ones.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::files::PrivateFileFault;
use crate::app::outside::ReadReason;
use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// Why PINs and other secrets are not sealed, shown, compared or recovered.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SecretsReason {
    /// Only one key is named, and a single one was not allowed: its loss would lose every PIN of the run.
    #[serde(rename = "encryption_key_single")]
    SingleKey {
        /// Where the key is set.
        place: KeyPlace,
    },
    /// More keys are named than a run may have.
    #[serde(rename = "encryption_keys_too_many")]
    TooManyKeys {
        /// Where the keys are set.
        place: KeyPlace,
        /// The limit.
        keys_max: usize,
    },
    /// A text is not a public key.
    #[serde(rename = "encryption_key_invalid")]
    NotAKey {
        /// Where the key is set.
        place: KeyPlace,
        /// Its number in that list, from 1.
        number: usize,
        /// What the text is instead.
        fault: KeyFault,
    },
    /// Neither the configuration nor the run names keys to encrypt to.
    #[serde(rename = "encryption_keys_missing")]
    NoKeys {
        /// Id of the run.
        run: String,
    },
    /// The system gave no randomness.
    #[serde(rename = "randomness_missing")]
    NoRandomness {
        /// What the system says.
        error: String,
    },
    /// The identity file cannot be used.
    #[serde(rename = "identity_file_refused")]
    IdentityFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: IdentityFault,
    },
    /// The test text was decrypted to another text.
    #[serde(rename = "test_decryption_changed")]
    TestChanged,
    /// The identity file holds none of the keys.
    #[serde(rename = "test_decryption_other_key")]
    TestOtherKey,
    /// The test text was not decrypted.
    #[serde(rename = "test_decryption_failed")]
    TestFailed {
        /// What the decryption says.
        fault: String,
    },
    /// No run, or not the named one, has a task for the device.
    #[serde(rename = "device_without_task")]
    DeviceWithoutTask {
        /// The device as it was named.
        device: String,
        /// Id of the run; `None` where all runs were searched.
        run: Option<String>,
        /// The state directory.
        state_directory: PathBuf,
    },
    /// The identity file opens none of the secrets that were found.
    #[serde(rename = "secrets_of_other_keys")]
    OtherKeys,
    /// Another process drives the run, and reads missing PINs itself.
    #[serde(rename = "pins_read_by_run")]
    RunUnderWay {
        /// Id of the run.
        run: String,
    },
    /// The tenant could no longer be read. What was found until then is in the journal.
    #[serde(rename = "pin_recovery_stopped")]
    RecoveryStopped {
        /// Why it could not be read.
        cause: ReadReason,
    },
    /// The tenant could no longer be read while PINs were compared. The devices before that were compared.
    #[serde(rename = "pin_verification_stopped")]
    VerificationStopped {
        /// Why it could not be read.
        cause: ReadReason,
    },
}

/// Where public keys are set.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyPlace {
    /// In the job.
    Job,
    /// In the configuration or one of its profiles.
    Configuration,
    /// In a run or a plan.
    Run,
}

/// What a text is that was given as a public key.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyFault {
    /// A private key.
    Private,
    /// An SSH key.
    Ssh,
    /// A damaged key of age, or one of a kind that is not supported.
    Damaged,
    /// No key of age.
    Other,
}

/// What is wrong with an identity file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityFault {
    /// The file itself.
    File(PrivateFileFault),
    /// A line is not a private key of age.
    NotAKey {
        /// Its number, from 1.
        line: usize,
    },
    /// It holds no key.
    Empty,
}

impl RefusalFacts for SecretsReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::SingleKey { .. }
            | Self::TooManyKeys { .. }
            | Self::NotAKey { .. }
            | Self::NoKeys { .. }
            | Self::IdentityFile { .. }
            | Self::TestOtherKey
            | Self::OtherKeys => RefusalClass::Usage,
            Self::NoRandomness { .. } | Self::TestChanged | Self::TestFailed { .. } => {
                RefusalClass::Unexpected
            }
            Self::DeviceWithoutTask { .. } => RefusalClass::Target,
            Self::RunUnderWay { .. } => RefusalClass::Busy,
            Self::RecoveryStopped { cause } | Self::VerificationStopped { cause } => cause.class(),
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::TooManyKeys { .. }
            | Self::NoRandomness { .. }
            | Self::TestChanged
            | Self::TestFailed { .. } => Vec::new(),
            Self::SingleKey { .. }
            | Self::NotAKey { .. }
            | Self::NoKeys { .. }
            | Self::TestOtherKey => vec![NextStep::CorrectRequest { what: "encrypt_to" }],
            Self::IdentityFile { .. } | Self::OtherKeys => {
                vec![NextStep::CorrectRequest { what: "identity" }]
            }
            Self::DeviceWithoutTask { .. } => vec![NextStep::CorrectRequest { what: "device" }],
            Self::RunUnderWay { run } => vec![NextStep::ShowPins { run: run.clone() }],
            Self::RecoveryStopped { cause } | Self::VerificationStopped { cause } => cause.next(),
        }
    }
}
