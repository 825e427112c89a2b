//! Signing with the standard tool, `ssh-keygen -Y sign`.
//!
//! Owns how it is found, run and bounded. No shell is involved. Must never be asked whether a signature counts: the person
//! who is checked chooses what runs on their host (`signatures` checks in this process).

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;

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
/// How long signing may take: somebody types a passphrase or touches a key.
const SIGN_LIMIT: Duration = Duration::from_secs(120);
/// How often to look whether it has ended.
const POLL: Duration = Duration::from_millis(10);
/// Most bytes that it may print; no more fits a pipe that nobody empties.
const PRINTED_BYTES_MAX: u64 = 64 * 1024;
/// Variables that signing needs: to be found, to find keys and agents, and to ask for a passphrase or a touch.
const SIGN_VARIABLES: [&str; 11] = [
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

/// Signs a message with a key. What the tool has to say goes to standard error.
pub(crate) fn sign(key: &Path, message: &[u8]) -> Result<String, Failure> {
    let program = installed().unwrap_or_else(|| PathBuf::from(PROGRAM));
    let mut command = Command::new(program);
    command.args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"]).arg(key).stderr(Stdio::inherit());
    command
        .env_clear()
        .envs(SIGN_VARIABLES.into_iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    let (status, printed) = run(command, message, SIGN_LIMIT)?;
    if !status.success() || !printed.starts_with("-----BEGIN SSH SIGNATURE-----") {
        let what = format!("{PROGRAM} did not sign with {} ({status})", key.display());
        return Err(Failure::new(Exit::Unexpected, what).next(
            "give --key FILE: your private SSH key, or the public one of a key in your agent",
        ));
    }
    Ok(printed)
}

fn installed() -> Option<PathBuf> {
    PLACES.into_iter().map(PathBuf::from).find(|path| path.is_file())
}

fn missing() -> Failure {
    Failure::new(Exit::Policy, format!("{PROGRAM} is not installed, and approvals are signed with it"))
        .next("install OpenSSH: apt install openssh-client, dnf install openssh, or Windows' optional feature")
}

/// Runs it to its end, but not for ever.
fn run(
    mut command: Command,
    input: &[u8],
    limit: Duration,
) -> Result<(ExitStatus, String), Failure> {
    let lost = |error: std::io::Error| {
        Failure::new(Exit::Unexpected, format!("{PROGRAM} cannot be run: {error}"))
            .next("try it by hand: ssh-keygen -Y sign")
    };
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = match started {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(missing()),
        started => started.map_err(lost)?,
    };
    if let Some(mut pipe) = child.stdin.take() {
        // One that ends before it has read everything says so by its status.
        let _ = pipe.write_all(input);
    }
    let status = wait_for(&mut child, limit)?;
    let mut printed = Vec::new();
    if let Some(output) = child.stdout.take() {
        output.take(PRINTED_BYTES_MAX).read_to_end(&mut printed).map_err(lost)?;
    }
    Ok((status, String::from_utf8_lossy(&printed).into_owned()))
}

fn wait_for(child: &mut Child, limit: Duration) -> Result<ExitStatus, Failure> {
    let mut waited = Duration::ZERO;
    loop {
        let what = match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if waited < limit => {
                std::thread::sleep(POLL);
                waited += POLL;
                continue;
            }
            Ok(None) => format!("{PROGRAM} did not end within {} s", limit.as_secs()),
            Err(error) => format!("{PROGRAM} was lost: {error}"),
        };
        // It is being given up on; whether it can be ended changes nothing.
        let _ = child.kill();
        let _ = child.wait();
        return Err(Failure::new(Exit::Unexpected, what).next("try again"));
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_given_up_on() {
        let mut command = Command::new("sleep");
        command.arg("30");
        let failure = run(command, b"", Duration::from_millis(30)).expect_err("too long");
        assert!(failure.what.contains("did not end"), "{}", failure.what);
    }

    #[test]
    fn one_that_is_not_there_is_told_with_the_cure() {
        let command = Command::new("/nowhere/ssh-keygen");
        let failure = run(command, b"", SIGN_LIMIT).expect_err("it is not there");
        assert!(failure.what.contains("not installed"), "{}", failure.what);
        assert!(failure.next.contains("install OpenSSH"), "{}", failure.next);
    }
}
