//! What a run does about its secrets before it begins.
//!
//! Owns the refusal of jobs whose PINs could not be kept closed, the test decryption and the notes about both.
//! Must never let a run with encryption hold a secret in clear.

use crate::app::Workspace;
use crate::app::secrets::sealing::Recipients;
use crate::cli::failure::Failure;
use crate::cli::options::GlobalOptions;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::ask;
use crate::journal::RunReader;
use crate::kandji::find_action;
use crate::model::{Platform, Task, Turn};

/// How many earlier runs are asked whether they encrypted to the same keys. Older ones say little about who
/// can open what today.
const EARLIER_RUNS_MAX: usize = 50;

/// Whether a task brings or sends a PIN, or captures secrets.
fn bears_secrets(task: &Task) -> bool {
    let is_mac = task.device.platform == Platform::Mac;
    let has_pin = find_action(&task.action)
        .is_ok_and(|action| is_mac && (action.gives_pin || action.takes_pin.is_some()));
    task.turn == Turn::Do && (has_pin || !task.capture.is_empty())
}

/// Says what becomes of the secrets of a run, and before the first run that seals to these keys lets
/// somebody try whether they can be opened.
pub(crate) fn prepare(
    recipients: Option<&Recipients>,
    tasks: &[Task],
    state: &Workspace,
    asking: Asking,
    printer: &Printer,
) -> Result<(), Failure> {
    if !tasks.iter().any(bears_secrets) {
        return Ok(());
    }
    let Some(recipients) = recipients else {
        printer.say(
            "note: PINs and captured secrets will stand in clear in report and journal (mode 0600); \
             name the keys of those who may read them with secrets.encrypt_to, in the job or the configuration",
        );
        return Ok(());
    };
    if has_been_used(recipients, state) {
        return Ok(());
    }
    let answer = match asking {
        Asking::Allowed => ask(
            "No run has encrypted to these keys yet. To try whether its PINs can be opened, give the path of an \
             identity file (Enter skips): ",
        ),
        Asking::Forbidden => None,
    };
    match answer.as_deref().map(str::trim) {
        Some(path) if !path.is_empty() => {
            recipients.test(std::path::Path::new(path))?;
            printer.say("test decryption: it can be opened");
        }
        _ => printer.say(
            "note: no run has encrypted to these keys yet; try whether its PINs can be opened with: \
             sortie pins --test-identity FILE",
        ),
    }
    Ok(())
}

/// Whether a person may be asked.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    Allowed,
    Forbidden,
}

impl Asking {
    /// Neither `--yes` nor `--no-input` leaves anything to ask.
    pub(crate) fn of(global: &GlobalOptions, yes: bool) -> Self {
        if yes || global.no_input { Self::Forbidden } else { Self::Allowed }
    }
}

/// Whether one of the last runs encrypted to the same keys. A run that cannot be read proves nothing.
fn has_been_used(recipients: &Recipients, state: &Workspace) -> bool {
    let texts = recipients.texts();
    let runs = state.index().runs().unwrap_or_default();
    runs.iter().take(EARLIER_RUNS_MAX).any(|run| {
        RunReader::open(&state.dir, &run.id)
            .and_then(|reader| reader.header())
            .is_ok_and(|header| header.is_some_and(|header| header.encrypt_to == texts))
    })
}
