//! What becomes of a run's secrets.
//!
//! Owns how the secrets of a plan would be stored. Must never say that keys were used where no run proves it.

use super::sealing::Recipients;
use crate::app::Workspace;
use crate::journal::RunReader;
use crate::kandji::find_action;
use crate::model::{Platform, Task, Turn};

/// How many earlier runs are searched for one that encrypted to the same keys. Older ones say little about who
/// can open what today.
const EARLIER_RUNS_MAX: usize = 50;

/// How the secrets of a plan would be stored.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum SecretsStorage {
    /// The plan receives and sends no secrets.
    NotNeeded,
    /// Unencrypted, in report and journal: no keys are named.
    InClear,
    /// Encrypted to keys that one of the last runs used too.
    KnownKeys,
    /// Encrypted to keys to which no run encrypted yet: it is time for a test decryption.
    NewKeys,
}

impl SecretsStorage {
    /// How the secrets of these tasks would be stored.
    pub(crate) fn of(
        tasks: &[Task],
        recipients: Option<&Recipients>,
        workspace: &Workspace,
    ) -> Self {
        match recipients {
            _ if !tasks.iter().any(bears_secrets) => Self::NotNeeded,
            None => Self::InClear,
            Some(recipients) if has_been_used(recipients, workspace) => Self::KnownKeys,
            Some(_) => Self::NewKeys,
        }
    }
}

/// Whether a task receives or sends a PIN, or captures secrets.
pub(crate) fn bears_secrets(task: &Task) -> bool {
    let is_mac = task.device.platform == Platform::Mac;
    let has_pin = find_action(&task.action)
        .is_ok_and(|action| is_mac && (action.gives_pin || action.takes_pin.is_some()));
    task.turn == Turn::Do && (has_pin || !task.capture.is_empty())
}

/// Whether one of the last runs encrypted to the same keys. A run that cannot be read proves nothing.
fn has_been_used(recipients: &Recipients, workspace: &Workspace) -> bool {
    let texts = recipients.texts();
    let runs = workspace.index().runs().unwrap_or_default();
    runs.iter().take(EARLIER_RUNS_MAX).any(|run| {
        RunReader::open(&workspace.dir, &run.id)
            .and_then(|reader| reader.header())
            .is_ok_and(|header| header.is_some_and(|header| header.encrypt_to == texts))
    })
}
