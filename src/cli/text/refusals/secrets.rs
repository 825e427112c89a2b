//! What is refused about PINs and other secrets, in words.
//!
//! Owns the texts. Must never show a secret, nor a text that was given as a key.

use super::outside::read;
use super::words::Words;
use crate::app::RefusalFacts;
use crate::app::{IdentityFault, KeyFault, RefusalClass, SecretsReason};
use crate::journal::JournalError;

pub(super) fn secrets(reason: &SecretsReason) -> Words {
    match reason {
        SecretsReason::SingleKey { .. } => Words::new(
            "encrypt_to names one key: whoever loses it loses every PIN of the run",
            "add the key of a second person, or say single_key: true",
        ),
        SecretsReason::TooManyKeys { keys_max, .. } => {
            Words::new(format!("encrypt_to names more than {keys_max} keys"), "")
        }
        SecretsReason::NotAKey { number, fault, .. } => Words::new(
            format!("key {number} of encrypt_to {}", key_fault(*fault)),
            "write the line that 'age-keygen -y FILE' prints; it begins with age1",
        ),
        SecretsReason::NoKeys { run } => Words::new(
            format!("neither the configuration nor run {run} names keys to encrypt to"),
            "name them with encrypt_to under [secrets] in the configuration, or in the job",
        ),
        SecretsReason::NoRandomness { error } => Words::new(format!("no randomness: {error}"), ""),
        SecretsReason::IdentityFile { why, .. } => Words::new(
            format!("the identity file {}", identity_fault(why)),
            "name the file with your AGE-SECRET-KEY-1... line",
        ),
        SecretsReason::TestChanged => Words::new("the test text came out changed", ""),
        SecretsReason::TestOtherKey => Words::new(
            "the test decryption failed: the identity file holds none of the keys of encrypt_to",
            "compare the output of 'age-keygen -y FILE' with encrypt_to",
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
                "give an id, a serial number, a name or a user's address in full",
            )
        }
        SecretsReason::OtherKeys => Words::new(
            "the identity file opens none of them: they are encrypted to other keys",
            "use the file of one of those whose keys encrypt_to named when the run began",
        ),
        SecretsReason::RunUnderWay { run } => Words::new(
            JournalError::Busy { run: run.clone() }.to_string(),
            format!(
                "the run reads missing PINs itself while it goes on; see them with: sortie pins {run}"
            ),
        ),
        SecretsReason::RecoveryStopped { cause } => {
            let words = read(cause).state(
                "what was found until then is in the journal, and the reports have been written again",
            );
            match cause.class() {
                RefusalClass::Authentication | RefusalClass::Permission => Words {
                    next: "grant the token the permission to read device secrets (unlock PIN)"
                        .to_owned(),
                    ..words
                },
                _ => words,
            }
        }
    }
}

fn key_fault(fault: KeyFault) -> &'static str {
    match fault {
        KeyFault::Private => "is a private key, which belongs to its owner alone",
        KeyFault::Ssh => "is an SSH key; only keys of age are understood",
        KeyFault::Damaged => "is damaged, or of a kind that is not understood (plugins, tags)",
        KeyFault::Other => "is not a public key of age",
    }
}

fn identity_fault(fault: &IdentityFault) -> String {
    match fault {
        IdentityFault::File(fault) => fault.to_string(),
        IdentityFault::NotAKey { line } => {
            format!("has no private key of age (AGE-SECRET-KEY-1...) in line {line}")
        }
        IdentityFault::Empty => "holds no key".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::KeyPlace;

    #[test]
    fn words_name_the_key_and_what_it_is() {
        for (fault, expected) in [
            (KeyFault::Private, "key 2 of encrypt_to is a private key"),
            (KeyFault::Ssh, "key 2 of encrypt_to is an SSH key"),
            (KeyFault::Damaged, "key 2 of encrypt_to is damaged"),
            (KeyFault::Other, "key 2 of encrypt_to is not a public key"),
        ] {
            let reason = SecretsReason::NotAKey { place: KeyPlace::Job, number: 2, fault };
            let words = secrets(&reason);
            assert!(words.what.starts_with(expected), "{}", words.what);
            assert!(words.next.contains("age-keygen -y FILE"));
        }
    }
}
