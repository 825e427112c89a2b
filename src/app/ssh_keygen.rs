//! Signing with the standard tool, `ssh-keygen -Y sign`.
//!
//! Owns how it is found, run and bounded. No shell is involved. Must never be asked whether a signature counts: the person
//! who is checked chooses what runs on their host (`signatures` checks in this process).

use serde::Serialize;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};

/// What signatures of approvals are for: one made for another purpose is none.
pub(crate) const NAMESPACE: &str = "sortie-approval";
/// The program.
const PROGRAM: &str = "ssh-keygen";
/// Where systems keep it; it is looked for there first.
const PLACES: [&str; 5] = [
    "/usr/bin/ssh-keygen",
    "/usr/local/bin/ssh-keygen",
    "/run/current-system/sw/bin/ssh-keygen",
    "/run/current-system/profile/bin/ssh-keygen",
    r"C:\Windows\System32\OpenSSH\ssh-keygen.exe",
];
/// How long signing may take: a person types a passphrase or touches a key.
const SIGN_LIMIT: Duration = Duration::from_secs(120);
/// How long it may take to print its usage.
const FIND_LIMIT: Duration = Duration::from_secs(5);
/// How often to look whether it has ended.
const POLL: Duration = Duration::from_millis(10);
/// Most bytes that it may print; no more fits in a pipe without a reader.
const PRINTED_BYTES_MAX: u64 = 64 * 1024;
/// Environment variables that signing needs: to find the tool, keys and agents, and to ask for a passphrase or a touch.
pub const SIGNING_VARIABLES: [&str; 11] = [
    "PATH",
    "HOME",
    "TERM",
    "SSH_AUTH_SOCK",
    "SSH_ASKPASS",
    "SSH_ASKPASS_REQUIRE",
    "SSH_SK_PROVIDER",
    "SSH_SK_HELPER",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "XAUTHORITY",
];

/// A key to sign with, and what the signing tool needs to find it.
#[derive(Clone, Debug)]
pub struct SigningKey {
    /// A private SSH key, or the public one of a key in an agent.
    pub path: PathBuf,
    /// Values of [`SIGNING_VARIABLES`], as far as they are set. The tool gets no other variable.
    pub environment: Vec<(&'static str, OsString)>,
}

/// Why a statement was not signed.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SigningReason {
    /// The signing tool is not installed.
    #[serde(rename = "signing_tool_missing")]
    ToolMissing {
        /// Name of the tool.
        tool: &'static str,
    },
    /// The system cannot run the tool.
    #[serde(rename = "signing_tool_failed")]
    ToolFailed {
        /// Name of the tool.
        tool: &'static str,
        /// What the system says.
        error: String,
    },
    /// The tool was started and lost.
    #[serde(rename = "signing_tool_lost")]
    ToolLost {
        /// Name of the tool.
        tool: &'static str,
        /// What the system says.
        error: String,
    },
    /// The tool did not end in time.
    #[serde(rename = "signing_timed_out")]
    TimedOut {
        /// Name of the tool.
        tool: &'static str,
        /// The limit, in seconds.
        limit_s: u64,
    },
    /// The tool ended without a signature. It printed the reason.
    #[serde(rename = "not_signed")]
    NotSigned {
        /// Name of the tool.
        tool: &'static str,
        /// The key that was given.
        key: PathBuf,
        /// How the tool ended.
        status: String,
    },
}

impl RefusalFacts for SigningReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::ToolMissing { .. } => RefusalClass::Policy,
            _ => RefusalClass::Unexpected,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::ToolMissing { tool } => vec![NextStep::Install { tool }],
            Self::NotSigned { .. } => vec![NextStep::CorrectRequest { what: "key" }],
            _ => vec![NextStep::TryLater],
        }
    }
}

/// Signs a message with a key. What the tool has to say goes to standard error.
pub(super) fn sign(key: &SigningKey, message: &[u8]) -> Result<String, SigningReason> {
    let program = installed().unwrap_or_else(|| PathBuf::from(PROGRAM));
    let mut command = Command::new(program);
    let arguments = ["-q", "-Y", "sign", "-n", NAMESPACE, "-f"];
    command.args(arguments).arg(&key.path).stderr(Stdio::inherit());
    command.env_clear().envs(key.environment.iter().map(|(name, value)| (name, value)));
    let (status, printed) = run(command, message, SIGN_LIMIT)?;
    if !status.success() || !printed.starts_with("-----BEGIN SSH SIGNATURE-----") {
        let (key, status) = (key.path.clone(), status.to_string());
        return Err(SigningReason::NotSigned { tool: PROGRAM, key, status });
    }
    Ok(printed)
}

/// Whether the tool can be run, and where it is where systems keep it.
pub(crate) fn find() -> Option<Option<PathBuf>> {
    if let Some(path) = installed() {
        return Some(Some(path));
    }
    // An unknown option makes it print its usage and end.
    let mut command = Command::new(PROGRAM);
    command.arg("-?").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    wait_for(&mut child, FIND_LIMIT).ok().map(|_| None)
}

fn installed() -> Option<PathBuf> {
    PLACES.iter().map(Path::new).find(|path| path.is_file()).map(Path::to_owned)
}

/// Runs it to its end, but not forever.
fn run(
    mut command: Command,
    input: &[u8],
    limit: Duration,
) -> Result<(ExitStatus, String), SigningReason> {
    let failed = |error: std::io::Error| SigningReason::ToolFailed {
        tool: PROGRAM,
        error: error.to_string(),
    };
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => SigningReason::ToolMissing { tool: PROGRAM },
        _ => failed(error),
    })?;
    if let Some(mut pipe) = child.stdin.take() {
        // One that ends before it has read everything says so by its status.
        let _ = pipe.write_all(input);
    }
    let status = wait_for(&mut child, limit)?;
    let mut printed = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(PRINTED_BYTES_MAX).read_to_end(&mut printed).map_err(failed)?;
    }
    Ok((status, String::from_utf8_lossy(&printed).into_owned()))
}

fn wait_for(child: &mut Child, limit: Duration) -> Result<ExitStatus, SigningReason> {
    let mut waited = Duration::ZERO;
    loop {
        let reason = match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if waited < limit => {
                std::thread::sleep(POLL);
                waited += POLL;
                continue;
            }
            Ok(None) => SigningReason::TimedOut { tool: PROGRAM, limit_s: limit.as_secs() },
            Err(error) => SigningReason::ToolLost { tool: PROGRAM, error: error.to_string() },
        };
        // It is being given up on; whether it can be ended changes nothing.
        let _ = child.kill();
        let _ = child.wait();
        return Err(reason);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_given_up_on() {
        let mut command = Command::new("sleep");
        command.arg("30");
        let refused = run(command, b"", Duration::from_millis(30)).expect_err("too long");
        assert!(matches!(refused, SigningReason::TimedOut { limit_s: 0, .. }), "{refused:?}");
    }

    #[test]
    fn a_program_that_is_not_there_is_missing() {
        let command = Command::new("/nowhere/ssh-keygen");
        let refused = run(command, b"", SIGN_LIMIT).expect_err("it is not there");
        assert!(matches!(refused, SigningReason::ToolMissing { .. }), "{refused:?}");
    }
}
