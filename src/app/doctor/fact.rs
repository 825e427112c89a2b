//! What the checks found.
//!
//! Owns the checks by name, and which facts are problems. Must never contain a sentence, a token or a key.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::Profile;
use crate::app::refusal::{Reason, RefusalClass};
use crate::app::settings::ProfileError;

/// One check of the doctor. It serializes as its name.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DoctorCheck {
    /// The configuration can be read, and has the profile that is asked for.
    Configuration,
    /// The state directory can be used, and is private.
    StateDirectory,
    /// The disk of the state directory has room.
    DiskSpace,
    /// The policy, and the list of signers that it names, can be obeyed.
    Policy,
    /// No file STOP blocks sending.
    Sending,
    /// No run was left before its end.
    Runs,
    /// No task is in doubt.
    Doubts,
    /// PINs and secrets are encrypted, and the keys are valid.
    EncryptionKeys,
    /// `ssh-keygen` is installed.
    SigningTool,
    /// Something names a tenant.
    Address,
    /// There is a token that belongs to the tenant.
    TokenSource,
    /// The tenant answers.
    Connection,
    /// The tenant accepts the token.
    Token,
    /// The token may list devices.
    DeviceList,
    /// The token may read the record of a device.
    DeviceRecord,
    /// The token may read the details of a device.
    DeviceDetails,
    /// The token may read the command history of a device.
    DeviceCommands,
    /// The token may read secrets. It is never tried: the answer would reveal one.
    DeviceSecrets,
    /// The token may send actions. It is never tried.
    Actions,
    /// The clock of this host agrees with the tenant's.
    Clock,
    /// Requests are left in this hour.
    Quota,
}

impl DoctorCheck {
    /// The checks of this host, in their order.
    pub const HOST: [Self; 9] = [
        Self::Configuration,
        Self::StateDirectory,
        Self::DiskSpace,
        Self::Policy,
        Self::Sending,
        Self::Runs,
        Self::Doubts,
        Self::EncryptionKeys,
        Self::SigningTool,
    ];
    /// The checks of the tenant and the token, in their order.
    pub const TENANT: [Self; 12] = [
        Self::Address,
        Self::TokenSource,
        Self::Connection,
        Self::Token,
        Self::DeviceList,
        Self::DeviceRecord,
        Self::DeviceDetails,
        Self::DeviceCommands,
        Self::DeviceSecrets,
        Self::Actions,
        Self::Clock,
        Self::Quota,
    ];
}

/// How a check ended.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DoctorResult {
    /// It is in order.
    Ok,
    /// It works, and may cause trouble later.
    Warning,
    /// Commands fail because of it.
    Problem,
    /// It was not checked.
    Skipped,
}

/// What one check found.
#[derive(Debug)]
pub struct DoctorFinding {
    /// The check that was made.
    pub check: DoctorCheck,
    /// The result of the check.
    pub fact: DoctorFact,
}

/// An endpoint that the token may read or not, as the tenant's settings list it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct EndpointPermission {
    /// The permission's name.
    pub name: &'static str,
    /// The endpoint that it opens.
    pub endpoint: &'static str,
}

/// Owner and permissions of a file or directory; `None` where files have none.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct FileGuard {
    /// The file's permissions, as a mode.
    pub mode: Option<u32>,
    /// The file's owner.
    pub owner: Option<DoctorOwner>,
}

/// The owner of a file, as seen by the user who runs sortie.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum DoctorOwner {
    /// This user.
    You,
    /// root, where this user is another.
    Root,
    /// The user with this number.
    Other(u32),
}

/// How much room a disk has.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum DiskLevel {
    /// Enough for any run.
    Enough,
    /// Enough for a small run.
    Low,
    /// Not enough for a run.
    Full,
}

/// What a check found.
#[derive(Debug)]
pub enum DoctorFact {
    /// The configuration and the profile in use; `None` where there is none.
    Configuration {
        /// The file.
        path: Option<PathBuf>,
        /// Name of the profile.
        profile: Option<String>,
    },
    /// The configuration cannot be used.
    ConfigurationRefused(ProfileError),
    /// The state directory can be used.
    StateDirectory {
        /// The directory.
        path: PathBuf,
        /// Its owner and permissions.
        guard: FileGuard,
        /// Other users than its owner, and than the group that it was set up for, may enter it.
        is_open: bool,
    },
    /// Nothing can be written to the state directory.
    StateDirectoryReadOnly {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        error: String,
    },
    /// The room that is left on the disk.
    DiskSpace {
        /// Free bytes for this user.
        free_bytes: u64,
        /// How much that is.
        level: DiskLevel,
    },
    /// The system does not say how much room is left.
    DiskSpaceUnknown,
    /// The policy in force; `None` for the built-in rules.
    Policy {
        /// The file.
        path: Option<PathBuf>,
        /// Its owner and permissions.
        guard: FileGuard,
        /// The list of signers that it names.
        allowed_signers: Option<PathBuf>,
    },
    /// Nothing blocks sending.
    SendingAllowed,
    /// How many runs were left before their end, and how many are in progress.
    Runs {
        /// Ids of those that no process drives now, the newest first.
        unfinished: Vec<String>,
        /// Number of those that a process drives.
        running: usize,
    },
    /// Tasks in doubt: their requests may or may not have been applied.
    Doubts {
        /// Runs that have some, the newest first, each with the number of its tasks in doubt.
        runs: Vec<(String, u32)>,
        /// Number of older unfinished runs that were not read.
        unread: usize,
    },
    /// PINs and secrets are encrypted.
    EncryptionKeys {
        /// Number of keys.
        count: usize,
    },
    /// PINs and secrets are unencrypted in the state directory.
    NoEncryptionKeys,
    /// The signing tool is there.
    SigningTool {
        /// Where it is; `None` where it was found by the search path.
        path: Option<PathBuf>,
    },
    /// The signing tool is not installed.
    SigningToolMissing,
    /// The address of the tenant.
    Address {
        /// It.
        url: String,
        /// What names it, in the front end's words.
        named_by: String,
    },
    /// The tenant is a simulated one inside this process.
    Simulated,
    /// The place of the token.
    TokenSource {
        /// Its name in the front end's words.
        named_by: String,
    },
    /// The tenant answers.
    Connected {
        /// The connection is encrypted and its certificate was verified; else the tenant is on this host.
        is_encrypted: bool,
    },
    /// The tenant accepts the token.
    TokenAccepted,
    /// The token has a permission.
    Permitted(EndpointPermission),
    /// The token lacks a permission.
    Denied {
        /// The permission.
        permission: EndpointPermission,
        /// What the tenant said.
        answer: String,
    },
    /// The clocks of this host and of the tenant.
    Clock {
        /// How far the tenant's clock is ahead of this host's, in milliseconds.
        skew_ms: i64,
        /// They differ by more than 30 s.
        is_wrong: bool,
    },
    /// The tenant does not say what time it is.
    ClockUnknown,
    /// Requests of this hour.
    Quota {
        /// Requests that sortie made on this host, those of the doctor included.
        used: u32,
        /// Most requests an hour that sortie makes on this host.
        used_max: u32,
        /// What the tenant says is left for all tools, and of how many; `None` where it says nothing.
        left: Option<(u32, u32)>,
        /// Little is left.
        is_low: bool,
    },
    /// The tenant has no device to try it with.
    NoDevice,
    /// It is not tried, because of what it would do.
    NotTested,
    /// It was not checked, because this check failed before.
    SkippedAfter(DoctorCheck),
    /// It is refused, as a command would be that needs it.
    Refused(Reason),
}

impl DoctorFinding {
    pub(super) fn new(check: DoctorCheck, fact: DoctorFact) -> Self {
        Self { check, fact }
    }

    /// How the check ended.
    #[must_use]
    pub fn result(&self) -> DoctorResult {
        use DoctorFact as Fact;
        match &self.fact {
            _ if self.class().is_some() => DoctorResult::Problem,
            Fact::StateDirectory { is_open: true, .. }
            | Fact::DiskSpace { level: DiskLevel::Low, .. }
            | Fact::NoEncryptionKeys
            | Fact::SigningToolMissing
            | Fact::Clock { is_wrong: true, .. }
            | Fact::Quota { is_low: true, .. } => DoctorResult::Warning,
            Fact::Runs { unfinished, .. } if !unfinished.is_empty() => DoctorResult::Warning,
            Fact::Doubts { runs, .. } if !runs.is_empty() => DoctorResult::Warning,
            Fact::DiskSpaceUnknown
            | Fact::ClockUnknown
            | Fact::NoDevice
            | Fact::NotTested
            | Fact::SkippedAfter(_) => DoctorResult::Skipped,
            _ => DoctorResult::Ok,
        }
    }

    /// The kind of obstacle; `None` where it is none.
    #[must_use]
    pub fn class(&self) -> Option<RefusalClass> {
        match &self.fact {
            DoctorFact::Refused(reason) => Some(reason.class()),
            DoctorFact::ConfigurationRefused(_) => Some(RefusalClass::Usage),
            DoctorFact::Denied { .. } => Some(RefusalClass::Permission),
            DoctorFact::StateDirectoryReadOnly { .. }
            | DoctorFact::DiskSpace { level: DiskLevel::Full, .. } => Some(RefusalClass::Journal),
            _ => None,
        }
    }
}

impl DoctorFact {
    /// The configuration in use.
    pub(super) fn of_profile(path: Option<PathBuf>, read: &Result<Profile, ProfileError>) -> Self {
        match read {
            Ok(profile) => Self::Configuration { path, profile: profile.name.clone() },
            Err(error) => Self::ConfigurationRefused(error.clone()),
        }
    }

    /// A fact, or the reason instead of it.
    pub(super) fn or_reason(fact: Result<Self, Reason>) -> Self {
        fact.unwrap_or_else(Self::Refused)
    }
}

/// Skips these checks, because another one failed.
pub(super) fn skip(findings: &mut Vec<DoctorFinding>, checks: &[DoctorCheck], after: DoctorCheck) {
    let skipped = |check: &DoctorCheck| DoctorFinding::new(*check, DoctorFact::SkippedAfter(after));
    findings.extend(checks.iter().map(skipped));
}
