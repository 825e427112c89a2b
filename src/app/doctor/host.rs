//! The checks of this host: state directory, disk, policy, runs, keys, tools.
//!
//! Owns their order and limits. Must never change anything but a state directory that is not there yet.

use std::path::Path;

use super::fact::{
    DiskLevel, DoctorCheck, DoctorFact, DoctorFinding, DoctorOwner, FileGuard, skip,
};
use crate::app::approval::allowed_signers;
use crate::app::operator::own_uid;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::StopFileReason;
use crate::app::refusal::Reason;
use crate::app::secrets::Recipients;
use crate::app::{Profile, Workspace, ssh_keygen};
use crate::journal::{RunRow, RunState, StateDir};
use crate::model::Outcome;

/// Free bytes below which no run should start: the journal and reports of a large run.
const FREE_BYTES_MIN: u64 = 50 * 1024 * 1024;
/// Free bytes below which the doctor warns: the journals of some large runs.
const FREE_BYTES_LOW: u64 = 1024 * 1024 * 1024;
/// Most unfinished runs whose journals are read for doubts, so that the doctor ends soon.
const JOURNALS_READ_MAX: usize = 50;

/// Makes the checks of this host, and returns the workspace where it can be used. `profile` is the profile in use, if it
/// could be read.
pub(super) fn examine(
    findings: &mut Vec<DoctorFinding>,
    opened: Result<Workspace, Reason>,
    profile: Option<&Profile>,
    state_dir: &Path,
) -> Option<Workspace> {
    let (fact, workspace) = match opened {
        Err(reason) => (DoctorFact::Refused(reason), None),
        Ok(workspace) => match write_probe(state_dir) {
            Err(error) => {
                let error = error.to_string();
                let path = state_dir.to_owned();
                (DoctorFact::StateDirectoryReadOnly { path, error }, None)
            }
            Ok(()) => (directory(state_dir), Some(workspace)),
        },
    };
    let mut found = |check, fact| findings.push(DoctorFinding::new(check, fact));
    found(DoctorCheck::StateDirectory, fact);
    found(DoctorCheck::DiskSpace, disk_space(state_dir));
    found(DoctorCheck::Policy, DoctorFact::or_reason(policy(state_dir)));
    found(DoctorCheck::Sending, sending(state_dir));
    match &workspace {
        Some(workspace) => {
            found(DoctorCheck::Runs, DoctorFact::or_reason(runs(workspace)));
            found(DoctorCheck::Doubts, DoctorFact::or_reason(doubts(workspace)));
        }
        None => {
            let left = [DoctorCheck::Runs, DoctorCheck::Doubts];
            skip(findings, &left, DoctorCheck::StateDirectory);
        }
    }
    match profile {
        Some(profile) => {
            let fact = DoctorFact::or_reason(encryption_keys(profile));
            findings.push(DoctorFinding::new(DoctorCheck::EncryptionKeys, fact));
        }
        None => skip(findings, &[DoctorCheck::EncryptionKeys], DoctorCheck::Configuration),
    }
    let tool = match ssh_keygen::find() {
        Some(path) => DoctorFact::SigningTool { path },
        None => DoctorFact::SigningToolMissing,
    };
    findings.push(DoctorFinding::new(DoctorCheck::SigningTool, tool));
    workspace
}

/// Writes a file that no name leads to, so that nothing is left behind.
fn write_probe(state_dir: &Path) -> std::io::Result<()> {
    use std::io::Write;
    tempfile::tempfile_in(state_dir)?.write_all(b"sortie doctor")
}

fn directory(state_dir: &Path) -> DoctorFact {
    let guard = guard_of(state_dir);
    let is_open = guard.mode.is_some_and(is_open);
    DoctorFact::StateDirectory { path: state_dir.to_owned(), guard, is_open }
}

#[cfg(unix)]
fn guard_of(path: &Path) -> FileGuard {
    use std::os::unix::fs::MetadataExt;
    let Ok(metadata) = std::fs::metadata(path) else { return FileGuard::default() };
    let owner = match metadata.uid() {
        uid if Some(uid) == own_uid() => DoctorOwner::You,
        0 => DoctorOwner::Root,
        uid => DoctorOwner::Other(uid),
    };
    FileGuard { mode: Some(metadata.mode() & 0o7777), owner: Some(owner) }
}

#[cfg(not(unix))]
fn guard_of(_: &Path) -> FileGuard {
    FileGuard::default()
}

/// Whether a directory of this mode is open to others than its owner. One with the set-group-id bit was set up for a group.
fn is_open(mode: u32) -> bool {
    let is_groups = mode & 0o2000 != 0;
    mode & 0o007 != 0 || (mode & 0o070 != 0 && !is_groups)
}

fn disk_space(state_dir: &Path) -> DoctorFact {
    // One that is not there yet will be on the disk of the directory above it.
    let place = state_dir.ancestors().find(|place| place.is_dir()).unwrap_or(Path::new("."));
    free_bytes(place).map_or(DoctorFact::DiskSpaceUnknown, level_of)
}

#[cfg(unix)]
fn free_bytes(place: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(place).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

fn level_of(free_bytes: u64) -> DoctorFact {
    let level = match free_bytes {
        _ if free_bytes < FREE_BYTES_MIN => DiskLevel::Full,
        _ if free_bytes < FREE_BYTES_LOW => DiskLevel::Low,
        _ => DiskLevel::Enough,
    };
    DoctorFact::DiskSpace { free_bytes, level }
}

fn policy(state_dir: &Path) -> Result<DoctorFact, Reason> {
    let policy = PolicyFile::read(state_dir)?;
    let signers = policy.allowed_signers();
    if signers.is_some() {
        allowed_signers(&policy)?;
    }
    let guard = policy.path.as_deref().map(guard_of).unwrap_or_default();
    Ok(DoctorFact::Policy { path: policy.path, guard, allowed_signers: signers })
}

fn sending(state_dir: &Path) -> DoctorFact {
    let path = StateDir::at(state_dir).stop_file();
    // A dangling link blocks too.
    match path.symlink_metadata() {
        Err(_) => DoctorFact::SendingAllowed,
        Ok(_) => DoctorFact::Refused(StopFileReason { path }.into()),
    }
}

fn runs(workspace: &Workspace) -> Result<DoctorFact, Reason> {
    let rows = workspace.index().runs()?;
    let is_left = |row: &&RunRow| matches!(row.state, RunState::Open | RunState::Paused);
    let (running, unfinished): (Vec<&RunRow>, Vec<&RunRow>) =
        rows.iter().filter(is_left).partition(|row| workspace.dir.is_held(&row.id));
    let unfinished = unfinished.into_iter().map(|row| row.id.clone()).collect();
    Ok(DoctorFact::Runs { unfinished, running: running.len() })
}

fn doubts(workspace: &Workspace) -> Result<DoctorFact, Reason> {
    let rows = workspace.index().runs()?;
    // What a run in progress has not heard of yet is no doubt.
    let is_asked = |row: &&RunRow| {
        !matches!(row.state, RunState::Finished | RunState::Closed)
            && !workspace.dir.is_held(&row.id)
    };
    let asked: Vec<&RunRow> = rows.iter().filter(is_asked).collect();
    let mut runs = Vec::new();
    for row in asked.iter().take(JOURNALS_READ_MAX) {
        let count = workspace.status(&row.id)?.counts.of(Outcome::InDoubt);
        if count > 0 {
            runs.push((row.id.clone(), count));
        }
    }
    Ok(DoctorFact::Doubts { runs, unread: asked.len().saturating_sub(JOURNALS_READ_MAX) })
}

fn encryption_keys(profile: &Profile) -> Result<DoctorFact, Reason> {
    let recipients = Recipients::of_configuration(&profile.secrets)?;
    Ok(match recipients {
        Some(recipients) => DoctorFact::EncryptionKeys { count: recipients.texts().len() },
        None => DoctorFact::NoEncryptionKeys,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_open_unless_it_is_the_owners_or_a_groups() {
        for (mode, expected) in
            [(0o700, false), (0o2770, false), (0o750, true), (0o755, true), (0o2775, true)]
        {
            assert_eq!(is_open(mode), expected, "{mode:o}");
        }
    }

    #[test]
    fn little_room_is_a_warning_and_none_a_problem() {
        use crate::app::doctor::DoctorResult;
        for (free_bytes, expected) in [
            (0, DoctorResult::Problem),
            (FREE_BYTES_MIN, DoctorResult::Warning),
            (FREE_BYTES_LOW, DoctorResult::Ok),
        ] {
            let finding = DoctorFinding::new(DoctorCheck::DiskSpace, level_of(free_bytes));
            assert_eq!(finding.result(), expected, "{free_bytes}");
        }
    }
}
