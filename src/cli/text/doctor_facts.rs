//! Each fact of the doctor in words.
//!
//! Owns what a line says, and what to do next. Must never show a token or a key.

use crate::app::doctor::{DiskLevel, DoctorCheck, DoctorFact, DoctorFinding, EndpointPermission};
use crate::app::{ReadReason, Reason};
use crate::cli::text::layout::{counted, one_line};
use crate::cli::text::profiles::profile_error;
use crate::cli::text::refusals::{Words, words};
use crate::drive::ReadError;

/// Most runs that are named; the others are counted.
const RUNS_NAMED_MAX: usize = 3;

/// A finding in words.
pub(crate) struct Told {
    pub detail: String,
    /// What to do; empty where nothing is to be done. A command stands on a line of its own, after two spaces.
    pub next: String,
}

impl Told {
    fn new(detail: impl Into<String>, next: impl Into<String>) -> Self {
        Self { detail: detail.into(), next: next.into() }
    }

    fn fine(detail: impl Into<String>) -> Self {
        Self::new(detail, "")
    }
}

impl From<Words> for Told {
    fn from(words: Words) -> Self {
        Self::new(words.what, words.next)
    }
}

/// What people call a check.
pub(crate) fn name_of(check: DoctorCheck) -> &'static str {
    match check {
        DoctorCheck::Configuration => "configuration",
        DoctorCheck::StateDirectory => "state directory",
        DoctorCheck::DiskSpace => "disk space",
        DoctorCheck::Policy => "policy",
        DoctorCheck::Sending => "STOP file",
        DoctorCheck::Runs => "unfinished runs",
        DoctorCheck::Doubts => "tasks in doubt",
        DoctorCheck::EncryptionKeys => "encryption keys",
        DoctorCheck::SigningTool => "ssh-keygen",
        DoctorCheck::Address => "address",
        DoctorCheck::TokenSource => "token source",
        DoctorCheck::Connection => "connection",
        DoctorCheck::Token => "token",
        DoctorCheck::DeviceList => "device list",
        DoctorCheck::DeviceRecord => "device record",
        DoctorCheck::DeviceDetails => "device details",
        DoctorCheck::DeviceCommands => "device commands",
        DoctorCheck::DeviceSecrets => "device secrets",
        DoctorCheck::Actions => "actions",
        DoctorCheck::Clock => "clock",
        DoctorCheck::Quota => "quota",
    }
}

/// A finding in words. `proxy` is the proxy that the environment names.
pub(crate) fn told(finding: &DoctorFinding, proxy: Option<&str>) -> Told {
    match &finding.fact {
        DoctorFact::Refused(reason) => refused(reason),
        DoctorFact::SkippedAfter(check) => Told::fine(needs(*check)),
        DoctorFact::NoDevice => Told::fine("because the tenant has no device"),
        DoctorFact::NotTested => Told::fine(not_tested(finding.check)),
        DoctorFact::ConfigurationRefused(error) => profile_error(error).into(),
        DoctorFact::Configuration { .. }
        | DoctorFact::StateDirectory { .. }
        | DoctorFact::StateDirectoryReadOnly { .. }
        | DoctorFact::DiskSpace { .. }
        | DoctorFact::DiskSpaceUnknown => told_of_disk(&finding.fact),
        DoctorFact::Policy { .. }
        | DoctorFact::SendingAllowed
        | DoctorFact::EncryptionKeys { .. }
        | DoctorFact::NoEncryptionKeys
        | DoctorFact::SigningTool { .. }
        | DoctorFact::SigningToolMissing => told_of_rules(&finding.fact),
        DoctorFact::Runs { unfinished, running } => runs(unfinished, *running),
        DoctorFact::Doubts { runs, unread } => doubts(runs, *unread),
        _ => told_of_tenant(&finding.fact, proxy),
    }
}

/// Several checks that are skipped after the same one.
pub(crate) fn skipped(findings: &[&DoctorFinding]) -> Told {
    let after = findings.iter().find_map(|finding| match finding.fact {
        DoctorFact::SkippedAfter(check) => Some(needs(check)),
        _ => None,
    });
    let names: Vec<&str> = findings.iter().map(|finding| name_of(finding.check)).collect();
    Told::fine(format!("{}: {}", after.unwrap_or_default(), names.join(", ")))
}

fn needs(check: DoctorCheck) -> String {
    format!("because '{}' failed", name_of(check))
}

fn refused(reason: &Reason) -> Told {
    match reason {
        Reason::Read(read) => match &**read {
            ReadReason::Failed(ReadError::Unauthorized(answer)) => Told::new(
                format!("not accepted: HTTP 401: {}", one_line(answer.trim_end_matches('.'))),
                "check the token source, or create a token under Settings > Access with the permission 'Device list'",
            ),
            _ => words(reason).into(),
        },
        _ => words(reason).into(),
    }
}

fn not_tested(check: DoctorCheck) -> &'static str {
    match check {
        DoctorCheck::DeviceSecrets => "not tested: the answer would reveal a secret",
        DoctorCheck::Actions => "not tested: the request would act on a device",
        _ => "not tested",
    }
}

fn told_of_disk(fact: &DoctorFact) -> Told {
    match fact {
        DoctorFact::Configuration { path: None, .. } => {
            Told::fine("no file: flags and environment variables apply")
        }
        DoctorFact::Configuration { path: Some(path), profile } => Told::fine(match profile {
            Some(profile) => format!("profile '{profile}' of {}", path.display()),
            None => format!("{}, no profile in use", path.display()),
        }),
        DoctorFact::StateDirectory { path, mode, other_owner, is_open } => {
            let mode = mode.map_or_else(String::new, |mode| format!(", mode {mode:04o}"));
            let owner = other_owner.map_or_else(String::new, |uid| format!(", owned by uid {uid}"));
            let place = format!("{}{mode}{owner}", path.display());
            match is_open {
                false => Told::fine(format!("{place}, writable")),
                true => Told::new(
                    format!("{place}: other users of this host can enter it"),
                    format!("make it private:\n  chmod 700 '{}'", path.display()),
                ),
            }
        }
        DoctorFact::StateDirectoryReadOnly { path, error } => Told::new(
            format!("cannot write to {}: {error}", path.display()),
            "give your user write permission, or choose another directory with --state-dir",
        ),
        DoctorFact::DiskSpace { free_bytes, level } => {
            let detail = format!("{} free", size(*free_bytes));
            match level {
                DiskLevel::Enough => Told::fine(detail),
                DiskLevel::Low => Told::new(detail, "free space before you start a large run"),
                DiskLevel::Full => {
                    Told::new(detail, "free space: sortie sends nothing that it cannot record")
                }
            }
        }
        _ => Told::fine("because the system does not report the free space"),
    }
}

fn told_of_rules(fact: &DoctorFact) -> Told {
    match fact {
        DoctorFact::Policy { path, allowed_signers } => {
            let policy = match path {
                Some(path) => format!("{}, valid", path.display()),
                None => "no file: the built-in rules apply".to_owned(),
            };
            Told::fine(match allowed_signers {
                Some(signers) => format!("{policy}; approvers in {}", signers.display()),
                None => policy,
            })
        }
        DoctorFact::SendingAllowed => Told::fine("none: sending is allowed"),
        DoctorFact::EncryptionKeys { count } => Told::fine(format!(
            "{}, valid; test yours with: sortie pins --test-identity FILE",
            counted(*count, "key")
        )),
        DoctorFact::NoEncryptionKeys => Told::new(
            "none: PINs and captured secrets are stored unencrypted",
            "list the age keys (age1...) of two people as encrypt_to under [secrets] in the configuration",
        ),
        DoctorFact::SigningTool { path } => Told::fine(match path {
            Some(path) => path.display().to_string(),
            None => "found in PATH".to_owned(),
        }),
        _ => Told::new("not found: approving a plan needs it", "install OpenSSH"),
    }
}

fn runs(unfinished: &[String], running: usize) -> Told {
    let running = match running {
        0 => String::new(),
        running => format!("; {} in progress", counted(running, "run")),
    };
    if unfinished.is_empty() {
        return Told::fine(format!("none{running}"));
    }
    let detail = format!("{}: {}{running}", unfinished.len(), named(unfinished.iter()));
    Told::new(detail, "resume or close each:\n  sortie resume RUN\n  sortie close RUN")
}

fn doubts(runs: &[(String, u32)], unread: usize) -> Told {
    let unread = match unread {
        0 => String::new(),
        unread => format!("; {} not read", counted(unread, "older run")),
    };
    let Some((newest, _)) = runs.first() else {
        return Told::fine(format!("none{unread}"));
    };
    let tasks: u32 = runs.iter().map(|(_, count)| count).sum();
    let names = named(runs.iter().map(|(run, _)| run));
    let detail = format!("{tasks} in {}: {names}{unread}", counted(runs.len(), "run"));
    Told::new(detail, format!("decide what happened:\n  sortie resolve {newest}"))
}

/// The first of these runs, and how many more there are.
fn named<'a>(runs: impl ExactSizeIterator<Item = &'a String>) -> String {
    let more = runs.len().saturating_sub(RUNS_NAMED_MAX);
    let names: Vec<&str> = runs.take(RUNS_NAMED_MAX).map(String::as_str).collect();
    match more {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

fn told_of_tenant(fact: &DoctorFact, proxy: Option<&str>) -> Told {
    match fact {
        DoctorFact::Address { url, named_by } => Told::fine(format!("{url}, from {named_by}")),
        DoctorFact::Simulated => Told::fine("a simulated tenant inside sortie"),
        DoctorFact::TokenSource { named_by } => Told::fine(named_by.as_str()),
        DoctorFact::Connected { is_encrypted: false } => {
            Told::fine("HTTP without TLS, which never leaves this host")
        }
        DoctorFact::Connected { is_encrypted: true } => Told::fine(match proxy {
            Some(proxy) => format!("HTTPS, certificate verified; {proxy}"),
            None => "HTTPS, certificate verified; no proxy is set".to_owned(),
        }),
        DoctorFact::TokenAccepted => Told::fine("accepted"),
        DoctorFact::Permitted(permission) => {
            Told::fine(format!("permitted ({})", permission.endpoint))
        }
        DoctorFact::Denied { permission, answer } => {
            let EndpointPermission { name, endpoint } = permission;
            Told::new(
                one_line(answer),
                format!("under Settings > Access, grant the token '{name}' ({endpoint})"),
            )
        }
        DoctorFact::Clock { skew_ms, is_wrong } => clock(*skew_ms, *is_wrong),
        DoctorFact::ClockUnknown => Told::fine("because the tenant sends no date"),
        DoctorFact::Quota { used, used_max, left, is_low } => {
            let here =
                format!("sortie used {} of {} on this host", grouped(*used), grouped(*used_max));
            let detail = match left {
                Some((left, limit)) => format!(
                    "{} of {} requests left this hour; {here}",
                    grouped(*left),
                    grouped(*limit)
                ),
                None => format!("{here} this hour; the tenant sends no limits"),
            };
            let next =
                if *is_low { "wait for the next hour before you start a large run" } else { "" };
            Told::new(detail, next)
        }
        _ => Told::fine(""),
    }
}

fn clock(skew_ms: i64, is_wrong: bool) -> Told {
    let seconds = skew_ms.unsigned_abs() / 1_000;
    let side = if skew_ms > 0 { "behind" } else { "ahead of" };
    let detail = match seconds {
        0 | 1 => "agrees with the tenant's clock".to_owned(),
        seconds => format!("{seconds} s {side} the tenant's clock"),
    };
    let next = match is_wrong {
        true => "set this host's clock: windows, limits and approvals depend on it",
        false => "",
    };
    Told::new(detail, next)
}

/// A number of bytes, as disks are labelled.
fn size(bytes: u64) -> String {
    let megabytes = bytes / 1_000_000;
    match megabytes {
        0..1_000 => format!("{megabytes} MB"),
        1_000..100_000 => format!("{:.1} GB", megabytes as f64 / 1_000.0),
        _ => format!("{} GB", megabytes / 1_000),
    }
}

/// A number with separators from 10,000 on.
fn grouped(number: u32) -> String {
    match number {
        0..10_000 => number.to_string(),
        10_000..1_000_000 => format!("{},{:03}", number / 1_000, number % 1_000),
        _ => format!("{},{:03},{:03}", number / 1_000_000, number / 1_000 % 1_000, number % 1_000),
    }
}
