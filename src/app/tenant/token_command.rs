//! The command that prints the token.
//!
//! Owns how it is run and bounded: in time, in what it may print, and with everything that it started when it is given up.
//! Must never let it see a token of the environment, and never wait for programs that it left behind.

use std::io::Read;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::request::TenantRequest;

/// How long a token command may take. It may ask a keychain over the network, but nothing is sent meanwhile.
const TIME_MAX: Duration = Duration::from_secs(30);
/// How often to look whether it has ended.
const POLL: Duration = Duration::from_millis(20);
/// How long the last bytes may take after its end; a program that it left behind may hold the pipe open forever.
const REST_MAX: Duration = Duration::from_millis(500);
/// Most bytes that a token command may print: a token has some dozens.
const BYTES_MAX: usize = 64 * 1024;

/// A command that prints a token, and what it must not see.
#[derive(Clone)]
pub(super) struct TokenCommand {
    line: String,
    hidden_variables: Arc<[String]>,
}

impl TokenCommand {
    /// The command with this line of the system's shell.
    pub(super) fn new(line: &str, request: &TenantRequest) -> Self {
        let hidden_variables = request.token_variables.as_slice().into();
        Self { line: line.to_owned(), hidden_variables }
    }
}

/// Why a token command gave no token. A run records the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum TokenCommandError {
    /// It could not be started.
    #[error("cannot run the token command: {why}")]
    NotStarted {
        /// What the system says.
        why: String,
    },
    /// The system does not say how it ended.
    #[error("lost track of the token command: {why}")]
    Lost {
        /// What the system says.
        why: String,
    },
    /// It ended with an error.
    #[error("the token command failed ({status})")]
    Failed {
        /// How it ended.
        status: String,
    },
    /// It took too long.
    #[error("the token command did not finish within {limit_s} s")]
    Slow {
        /// The limit, in seconds.
        limit_s: u64,
    },
    /// It printed more than a token can be.
    #[error("the token command printed more than {bytes_max} bytes")]
    Long {
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// What it printed is not UTF-8.
    #[error("the token command printed binary data, not a token")]
    NotText,
}

/// Whose group the command's processes form.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
enum Group {
    /// Their own, which is killed as a whole when the command is given up.
    Own,
    /// Ours: only so can it ask a person on the terminal, and Ctrl-C end it.
    Ours,
}

/// Runs the command at the start of a program, where it may ask a person if one is there.
pub(super) fn first_token(
    command: &TokenCommand,
    is_attended: bool,
) -> Result<String, TokenCommandError> {
    let group = if is_attended { Group::Ours } else { Group::Own };
    let mut running = Running::start(command, group)?;
    loop {
        if let Some(line) = running.poll(TIME_MAX)? {
            return Ok(line);
        }
        std::thread::sleep(POLL);
    }
}

/// Runs a command that prints another secret than a token, bounded in the same way. No person is there.
pub(crate) fn secret_of_command(
    line: &str,
    hidden_variables: &[String],
) -> Result<String, TokenCommandError> {
    let command = TokenCommand { line: line.to_owned(), hidden_variables: hidden_variables.into() };
    first_token(&command, false)
}

/// Runs the command during a run. When the future is dropped the command is killed.
pub(super) async fn next_token(command: &TokenCommand) -> Result<String, TokenCommandError> {
    let mut running = Running::start(command, Group::Own)?;
    loop {
        if let Some(line) = running.poll(TIME_MAX)? {
            return Ok(line);
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A command that is running; killed with what it started when it is dropped before its end.
struct Running {
    child: Child,
    group: Group,
    printed: Arc<Mutex<Printed>>,
    waited: Duration,
    /// How it ended, and after how long.
    ended: Option<(ExitStatus, Duration)>,
}

/// What it has printed so far.
#[derive(Default)]
struct Printed {
    bytes: Vec<u8>,
    is_whole: bool,
    /// The pipe of a command that printed too much: while it is open the command waits, and can be killed with what it
    /// started.
    clogged: Option<ChildStdout>,
}

impl Running {
    /// Starts it in the shell.
    fn start(command: &TokenCommand, group: Group) -> Result<Self, TokenCommandError> {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut prepared = Command::new(shell);
        // The command is asked because the environment is not: a token there is not its business.
        for variable in command.hidden_variables.iter() {
            prepared.env_remove(variable);
        }
        #[cfg(unix)]
        if group == Group::Own {
            std::os::unix::process::CommandExt::process_group(&mut prepared, 0);
        }
        let mut child = prepared
            .args([flag, command.line.as_str()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .map_err(|error| TokenCommandError::NotStarted { why: error.to_string() })?;
        let printed: Arc<Mutex<Printed>> = Arc::default();
        if let Some(output) = child.stdout.take() {
            let shared = Arc::clone(&printed);
            // It ends when the pipe is closed. Nothing waits for it.
            std::thread::spawn(move || collect(output, &shared));
        }
        Ok(Self { child, group, printed, waited: Duration::ZERO, ended: None })
    }

    /// Looks whether it has come to its end; its first line then. Call it each [`POLL`].
    fn poll(&mut self, time_max: Duration) -> Result<Option<String>, TokenCommandError> {
        let lost = |error: std::io::Error| TokenCommandError::Lost { why: error.to_string() };
        if self.ended.is_none() {
            self.ended = self.child.try_wait().map_err(lost)?.map(|status| (status, self.waited));
        }
        let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        if printed.bytes.len() > BYTES_MAX {
            return Err(TokenCommandError::Long { bytes_max: BYTES_MAX });
        }
        match self.ended {
            Some((status, _)) if !status.success() => {
                return Err(TokenCommandError::Failed { status: status.to_string() });
            }
            Some((_, at))
                if printed.is_whole
                    || printed.bytes.contains(&b'\n')
                    || self.waited >= at + REST_MAX =>
            {
                return first_line(&printed.bytes).map(Some);
            }
            None if self.waited >= time_max => {
                return Err(TokenCommandError::Slow { limit_s: time_max.as_secs() });
            }
            Some(_) | None => {}
        }
        self.waited += POLL;
        Ok(None)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended.is_some() {
            return;
        }
        // It is being given up; whether it can be killed changes nothing.
        #[cfg(unix)]
        if self.group == Group::Own
            && let Some(group) =
                i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads up to one byte more than may be printed.
fn collect(mut output: ChildStdout, shared: &Mutex<Printed>) {
    let mut part = [0; 4_096];
    loop {
        let count = output.read(&mut part).unwrap_or(0);
        let mut printed = shared.lock().unwrap_or_else(PoisonError::into_inner);
        printed.bytes.extend_from_slice(&part[..count]);
        if printed.bytes.len() > BYTES_MAX {
            printed.clogged = Some(output);
            return;
        }
        if count == 0 {
            printed.is_whole = true;
            return;
        }
    }
}

fn first_line(bytes: &[u8]) -> Result<String, TokenCommandError> {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let text = std::str::from_utf8(line).map_err(|_| TokenCommandError::NotText)?;
    Ok(text.to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use rustix::process::{Pid, test_kill_process};

    fn of(line: &str) -> TokenCommand {
        TokenCommand::new(line, &TenantRequest::default())
    }

    fn run(command: &str, time_max: Duration) -> Result<String, TokenCommandError> {
        let mut running = Running::start(&of(command), Group::Own)?;
        loop {
            if let Some(line) = running.poll(time_max)? {
                return Ok(line);
            }
            std::thread::sleep(POLL);
        }
    }

    #[test]
    fn the_first_line_counts_and_nothing_left_behind_is_waited_for() {
        for command in ["echo T", "echo T; echo second", "sleep 50 & echo T", "sleep 50 & printf T"]
        {
            // The limit is shorter than what is left behind lives.
            assert_eq!(run(command, Duration::from_secs(20)).as_deref(), Ok("T"), "{command}");
        }
        assert_eq!(run("true", TIME_MAX).as_deref(), Ok(""));
    }

    #[test]
    fn output_too_long_or_slow_stops_the_command_and_children() {
        let dir = tempfile::tempdir().expect("a directory");
        let file = dir.path().join("child");
        let children = format!("sleep 50 & echo $! > '{}'; wait", file.display());
        let endless = format!("sleep 50 & echo $! > '{}'; yes", file.display());
        for (command, expected) in [(children, "did not finish"), (endless, "printed more than")] {
            // Long enough for the shell to have written the number of its child.
            let mut running = Running::start(&of(&command), Group::Own).expect("it starts");
            let text = loop {
                let text = std::fs::read_to_string(&file).unwrap_or_default();
                if text.ends_with('\n') {
                    break text;
                }
                std::thread::sleep(POLL);
            };
            let why = loop {
                match running.poll(Duration::ZERO) {
                    Err(why)
                        if expected == "did not finish" || why.to_string().contains(expected) =>
                    {
                        break why.to_string();
                    }
                    other => drop(other),
                }
                std::thread::sleep(POLL);
            };
            assert!(why.contains(expected), "{why}");
            drop(running);
            let child = text.trim().parse().ok().and_then(Pid::from_raw).expect("a number");
            // Whoever inherits it may take a moment to bury it.
            let is_gone = || {
                let stat = std::fs::read_to_string(format!("/proc/{}/stat", text.trim()));
                test_kill_process(child).is_err() || stat.is_ok_and(|stat| stat.contains(") Z "))
            };
            while !is_gone() {
                std::thread::sleep(POLL);
            }
            std::fs::remove_file(&file).expect("ours");
        }
    }
}
