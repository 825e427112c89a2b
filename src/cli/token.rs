//! Where the token comes from.
//!
//! Owns the order of the places that may hold it, and its renewal. Must never print one, never take one from
//! the command line, and never repeat what was given as a file's name: people paste tokens there.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use super::exit::Exit;
use super::failure::Failure;
use super::options::{TenantOptions, variable};
use super::settings::Profile;
use crate::drive::RenewToken;
use crate::model::Sealed;
use crate::transport::HttpTransport;

/// Variables that may hold the token, strongest first.
const TOKEN_VARIABLES: [&str; 4] =
    ["SORTIE_TOKEN", "IRU_API_TOKEN", "KANDJI_API_TOKEN", "KANDJI_TOKEN"];
/// How long a token command may take. It may ask a keychain over the network, but a run waits for it.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// How often to look whether it has ended.
const COMMAND_POLL: Duration = Duration::from_millis(20);
/// Most bytes that a token command may print.
const COMMAND_BYTES_MAX: u64 = 64 * 1024;

/// The place that holds the token.
pub(super) enum TokenSource {
    File(PathBuf),
    Command(String),
    Environment(Sealed),
}

impl TokenSource {
    /// Finds it: flag, environment, profile.
    pub(super) fn find(options: &TenantOptions, profile: &Profile) -> Result<Self, Failure> {
        if let Some(path) = &options.token_file {
            return Ok(Self::File(path.clone()));
        }
        if let Some(command) = &options.token_command {
            return Ok(Self::Command(command.clone()));
        }
        if let Some(text) = TOKEN_VARIABLES.into_iter().find_map(variable) {
            return Ok(Self::Environment(Sealed::clear(text)));
        }
        match (&profile.token_file, &profile.token_command) {
            (Some(path), _) => Ok(Self::File(path.clone())),
            (None, Some(command)) => Ok(Self::Command(command.clone())),
            (None, None) => Err(no_token("no token was given".to_owned())),
        }
    }

    /// Reads the token.
    pub(super) fn read(&self) -> Result<Sealed, Failure> {
        let text = match self {
            Self::File(path) => token_from_file(path)?,
            Self::Command(command) => run_command(command).map_err(no_token)?,
            Self::Environment(text) => text.expose().unwrap_or_default().to_owned(),
        };
        let token = text.trim();
        if token.is_empty() || token.chars().any(|letter| letter.is_control() || letter == ' ') {
            return Err(no_token("the token is empty or holds spaces".to_owned()));
        }
        Ok(Sealed::clear(token.to_owned()))
    }

    /// The command, which can be asked again when the token has died.
    pub(super) fn into_command(self) -> Option<String> {
        match self {
            Self::Command(command) => Some(command),
            Self::File(_) | Self::Environment(_) => None,
        }
    }
}

fn no_token(what: String) -> Failure {
    Failure::new(Exit::Authentication, what)
        .next("set SORTIE_TOKEN, or give --token-file or --token-command")
}

fn token_from_file(path: &Path) -> Result<String, Failure> {
    read_private_file(path).map_err(|why| no_token(format!("the token file {why}")))
}

/// Reads a file that holds a secret; refused, with the reason, when others can read it too.
pub(super) fn read_private_file(path: &Path) -> Result<String, String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata =
            std::fs::metadata(path).map_err(|error| format!("cannot be read: {error}"))?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err("can be read by others; make it yours alone with chmod 600".to_owned());
        }
    }
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))
}

/// Runs the command in the shell and takes the first line that it prints.
fn run_command(command: &str) -> Result<String, String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut prepared = Command::new(shell);
    // The command is asked because the environment is not: a token that stands there is none of its affair.
    for variable in TOKEN_VARIABLES {
        prepared.env_remove(variable);
    }
    let mut child = prepared
        .args([flag, command])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| format!("the token command cannot be run: {error}"))?;
    let status = wait_for(&mut child)?;
    if !status.success() {
        return Err(format!("the token command failed ({status})"));
    }
    let mut printed = String::new();
    let output = child.stdout.take().ok_or("the token command printed nothing")?;
    output
        .take(COMMAND_BYTES_MAX)
        .read_to_string(&mut printed)
        .map_err(|_| "the token command printed something that is not text".to_owned())?;
    Ok(printed.lines().next().unwrap_or_default().trim().to_owned())
}

/// Waits for the command, but not for ever.
fn wait_for(child: &mut Child) -> Result<std::process::ExitStatus, String> {
    let mut waited = Duration::ZERO;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if waited < COMMAND_TIMEOUT => {
                std::thread::sleep(COMMAND_POLL);
                waited += COMMAND_POLL;
            }
            Ok(None) => {
                // It is being given up on; whether it can be killed changes nothing.
                let _ = child.kill();
                let limit = COMMAND_TIMEOUT.as_secs();
                return Err(format!("the token command did not end within {limit} s"));
            }
            Err(error) => return Err(format!("the token command was lost: {error}")),
        }
    }
}

/// The way to a fresh token for a transport.
pub(super) fn renewal(command: &str, transport: &Arc<HttpTransport>) -> RenewToken {
    let (command, transport) = (command.to_owned(), Arc::clone(transport));
    Arc::new(move || {
        let (command, transport) = (command.clone(), Arc::clone(&transport));
        Box::pin(async move {
            let token = tokio::task::spawn_blocking(move || run_command(&command))
                .await
                .map_err(|error| error.to_string())??;
            transport.set_token(&Sealed::clear(token)).map_err(|error| error.to_string())
        })
    })
}
