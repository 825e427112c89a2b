//! What is refused about PINs and other secrets, in words.
//!
//! Owns the texts. Must never show a secret, nor a text that was given as a key.

use super::outside::read;
use super::words::Words;
use crate::app::RefusalFacts;
use crate::app::{IdentityFault, KeyFault, ReadReason, RefusalClass, SecretsReason};
use crate::journal::JournalError;

pub(super) fn secrets(reason: &SecretsReason) -> Words {
    match reason {
        SecretsReason::SingleKey { .. } => Words::new(
            "encrypt_to names one key: if it is lost, so is every PIN of the run",
            "add the key of a second person, or set 'single_key: true'",
        ),
        SecretsReason::TooManyKeys { keys_max, .. } => {
            Words::new(format!("encrypt_to names more than {keys_max} keys"), "")
        }
        SecretsReason::NotAKey { number, fault, .. } => Words::new(
            format!("key {number} in encrypt_to {}", key_fault(*fault)),
            "use the line that begins with age1; this prints it:\n  age-keygen -y FILE",
        ),
        SecretsReason::NoKeys { run } => Words::new(
            format!("no encryption keys are set, neither in the configuration nor in run {run}"),
            "set encrypt_to under [secrets] in the configuration, or in the job",
        ),
        SecretsReason::NoRandomness { error } => {
            Words::new(format!("the system gave no random numbers: {error}"), "")
        }
        SecretsReason::IdentityFile { why, .. } => Words::new(
            format!("the identity file {}", identity_fault(why)),
            "give the file that contains your AGE-SECRET-KEY-1... line",
        ),
        SecretsReason::TestChanged => {
            Words::new("the test decryption failed: the text changed", "")
        }
        SecretsReason::TestOtherKey => Words::new(
            "the test decryption failed: the identity file has none of the keys in encrypt_to",
            "compare the public key with encrypt_to:\n  age-keygen -y FILE",
        ),
        SecretsReason::TestFailed { fault } => {
            Words::new(format!("the test decryption failed: {fault}"), "")
        }
        SecretsReason::DeviceWithoutTask { device, run, state_directory } => {
            let place = match run {
                Some(run) => format!("run {run}"),
                None => format!("the runs of {}", state_directory.display()),
            };
            Words::new(
                format!("no task for '{device}' in {place}"),
                "give the full device id, serial number, name or user e-mail",
            )
        }
        SecretsReason::OtherKeys => Words::new(
            "the identity file decrypts none of the PINs: they are encrypted to other keys",
            "use an identity whose key was in encrypt_to when the run began",
        ),
        SecretsReason::RunUnderWay { run } => Words::new(
            JournalError::Busy { run: run.clone() }.to_string(),
            format!("the run reads missing PINs itself; see the ones it has:\n  sortie pins {run}"),
        ),
        SecretsReason::RecoveryStopped { cause } => {
            stopped(cause, "the PINs found before that are in the journal and in the reports")
        }
        SecretsReason::VerificationStopped { cause } => {
            stopped(cause, "the PINs compared before that are listed")
        }
    }
}

/// Reads of PINs that ended early, with the permission that they need.
fn stopped(cause: &ReadReason, state: &str) -> Words {
    let words = read(cause).state(state);
    match cause.class() {
        RefusalClass::Authentication | RefusalClass::Permission => Words {
            next: "grant the token the permission to read device secrets (unlock PIN)".to_owned(),
            ..words
        },
        _ => words,
    }
}

fn key_fault(fault: KeyFault) -> &'static str {
    match fault {
        KeyFault::Private => "is a private key; use the public key",
        KeyFault::Ssh => "is an SSH key; only age keys are supported",
        KeyFault::Damaged => "is damaged, or of a kind that is not supported (plugins, tags)",
        KeyFault::Other => "is not an age public key",
    }
}

fn identity_fault(fault: &IdentityFault) -> String {
    match fault {
        IdentityFault::File(fault) => fault.to_string(),
        IdentityFault::NotAKey { line } => {
            format!("has no age private key (AGE-SECRET-KEY-1...) in line {line}")
        }
        IdentityFault::Empty => "contains no key".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::KeyPlace;

    #[test]
    fn words_name_the_key_and_what_it_is() {
        for (fault, expected) in [
            (KeyFault::Private, "key 2 in encrypt_to is a private key"),
            (KeyFault::Ssh, "key 2 in encrypt_to is an SSH key"),
            (KeyFault::Damaged, "key 2 in encrypt_to is damaged"),
            (KeyFault::Other, "key 2 in encrypt_to is not an age public key"),
        ] {
            let reason = SecretsReason::NotAKey { place: KeyPlace::Job, number: 2, fault };
            let words = secrets(&reason);
            assert!(words.what.starts_with(expected), "{}", words.what);
            assert!(words.next.contains("age-keygen -y FILE"));
        }
    }
}
