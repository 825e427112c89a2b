//! The test decryption before the first run that encrypts to new keys.
//!
//! Owns the question for an identity file, and the notes about how secrets are stored. Must never read a key itself.

use std::path::Path;

use crate::app::secrets::custody::SecretsStorage;
use crate::app::secrets::sealing::Recipients;
use crate::cli::failure::Failure;
use crate::cli::options::GlobalOptions;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::ask;

/// Whether a person may be asked for an identity file.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyTest {
    Offered,
    Skipped,
}

impl KeyTest {
    /// Neither `--yes` nor `--no-input` leaves anything to ask.
    pub(crate) fn of(global: &GlobalOptions, yes: bool) -> Self {
        if yes || global.no_input { Self::Skipped } else { Self::Offered }
    }
}

/// Says how the secrets of a plan are stored, and before the first run that encrypts to new keys offers to test whether
/// they can be opened.
pub(crate) fn prepare(
    storage: SecretsStorage,
    recipients: Option<&Recipients>,
    test: KeyTest,
    printer: &Printer,
) -> Result<(), Failure> {
    let recipients = match (storage, recipients) {
        (SecretsStorage::NewKeys, Some(recipients)) => recipients,
        (SecretsStorage::InClear, _) => {
            printer.say(
                "note: the report and the journal will contain PINs and captured secrets unencrypted (mode 0600); \
                 to encrypt them, set secrets.encrypt_to in the job or the configuration",
            );
            return Ok(());
        }
        _ => return Ok(()),
    };
    let answer = match test {
        KeyTest::Offered => ask(
            "No run has encrypted to these keys yet. To try whether its PINs can be opened, give the path of an \
             identity file (Enter skips): ",
        ),
        KeyTest::Skipped => None,
    };
    match answer.as_deref().map(str::trim) {
        Some(path) if !path.is_empty() => {
            recipients.test(Path::new(path))?;
            printer.say("test decryption: it can be opened");
        }
        _ => printer.say(
            "note: no run has encrypted to these keys yet; try whether its PINs can be opened with: \
             sortie pins --test-identity FILE",
        ),
    }
    Ok(())
}
