//! Each fact of the doctor in words.
//!
//! Owns what a line says, and what to do next. Must never show a token or a key.

use std::path::Path;

use crate::app::doctor::{
    DiskLevel, DoctorCheck, DoctorFact, DoctorFinding, DoctorOwner, EndpointPermission, FileGuard,
};
use crate::app::{ReadReason, Reason};
use crate::cli::text::layout::{counted, one_line, thousands};
use crate::cli::text::profiles::profile_error;
use crate::cli::text::refusals::{Words, words};
use crate::drive::ReadError;
use crate::model::human_duration;

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

/// What the texts name besides the findings.
#[derive(Copy, Clone, Debug)]
pub(crate) struct DoctorPlaces<'a> {
    /// The proxy that the environment names.
    pub proxy: Option<&'a str>,
    /// The configuration file, whether there is one or not.
    pub configuration: &'a Path,
}

/// A finding in words.
pub(crate) fn told(finding: &DoctorFinding, places: &DoctorPlaces<'_>) -> Told {
    match &finding.fact {
        DoctorFact::Refused(reason) => refused(reason),
        DoctorFact::SkippedAfter(check) => Told::fine(needs(*check)),
        DoctorFact::NoDevice => Told::fine("because the tenant has no device"),
        DoctorFact::NotTested => Told::fine(not_tested(finding.check)),
        DoctorFact::ConfigurationRefused(error) => profile_error(error).into(),
        DoctorFact::Configuration { path: None, .. } => Told::fine(format!(
            "no file {}: flags and environment variables apply",
            places.configuration.display()
        )),
        DoctorFact::NoEncryptionKeys => Told::new(
            "none: PINs and captured secrets are stored unencrypted",
            format!(
                "add the age keys of two people to {}:\n  [secrets]\n  encrypt_to = [\"age1...\", \"age1...\"]",
                places.configuration.display()
            ),
        ),
        DoctorFact::Configuration { .. }
        | DoctorFact::StateDirectory { .. }
        | DoctorFact::StateDirectoryReadOnly { .. }
        | DoctorFact::DiskSpace { .. }
        | DoctorFact::DiskSpaceUnknown => told_of_disk(&finding.fact),
        DoctorFact::Policy { .. }
        | DoctorFact::SendingAllowed
        | DoctorFact::EncryptionKeys { .. }
        | DoctorFact::SigningTool { .. }
        | DoctorFact::SigningToolMissing => told_of_rules(&finding.fact),
        DoctorFact::Runs { unfinished, running } => runs(unfinished, *running),
        DoctorFact::Doubts { runs, unread } => doubts(runs, *unread),
        _ => told_of_tenant(&finding.fact, places.proxy),
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
        DoctorFact::Configuration { path: Some(path), profile } => Told::fine(match profile {
            Some(profile) => format!("profile '{profile}' of {}", path.display()),
            None => format!("{}, no profile in use", path.display()),
        }),
        DoctorFact::StateDirectory { path, guard, is_open } => {
            let place = format!("{}{}", path.display(), guarded(*guard));
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
        DoctorFact::Policy { path, guard, allowed_signers } => {
            let policy = match path {
                Some(path) => format!("{}{}, valid", path.display(), guarded(*guard)),
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
            let here = format!(
                "sortie used {} of {} on this host",
                thousands(*used),
                thousands(*used_max)
            );
            let detail = match left {
                Some((left, limit)) => format!(
                    "{} of {} requests left this hour; {here}",
                    thousands(*left),
                    thousands(*limit)
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
    let off_ms = skew_ms.unsigned_abs();
    let side = if skew_ms > 0 { "behind" } else { "ahead of" };
    let detail = match off_ms {
        // The tenant's date has whole seconds, and the answer took a while.
        0..2_000 => "agrees with the tenant's clock".to_owned(),
        _ => format!("{} {side} the tenant's clock", human_duration(off_ms)),
    };
    let next = match is_wrong {
        true => "set this host's clock: windows, limits and approvals depend on it",
        false => "",
    };
    Told::new(detail, next)
}

/// Who owns a file, and who may do what with it.
fn guarded(guard: FileGuard) -> String {
    let mode = guard.mode.map_or_else(String::new, |mode| format!(", mode {mode:04o}"));
    let owner = guard.owner.map_or_else(String::new, |owner| match owner {
        DoctorOwner::You => ", owned by you".to_owned(),
        DoctorOwner::Root => ", owned by root".to_owned(),
        DoctorOwner::Other(uid) => format!(", owned by uid {uid}"),
    });
    mode + &owner
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_runs_are_counted_and_few_are_named() {
        let ids = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>();
        for (count, running, expected) in [
            (0, 0, "none"),
            (0, 1, "none; 1 run in progress"),
            (2, 0, "2: 0, 1"),
            (5, 2, "5: 0, 1, 2 and 2 more; 2 runs in progress"),
        ] {
            let told = runs(&ids(count), running);
            assert_eq!(told.detail, expected);
            assert_eq!(told.next.is_empty(), count == 0);
        }
    }

    #[test]
    fn doubts_are_summed_and_unread_runs_are_listed() {
        let run = |name: &str, count| (name.to_owned(), count);
        for (found, unread, expected) in [
            (vec![], 0, "none"),
            (vec![], 3, "none; 3 older runs not read"),
            (vec![run("b", 2), run("a", 1)], 1, "3 in 2 runs: b, a; 1 older run not read"),
        ] {
            assert_eq!(doubts(&found, unread).detail, expected);
        }
    }

    #[test]
    fn owners_sizes_and_clocks_are_shown_in_short() {
        for (bytes, expected) in [
            (0, "0 MB"),
            (999_999_999, "999 MB"),
            (1_500_000_000, "1.5 GB"),
            (200 * 1_000_000_000, "200 GB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
        for (skew_ms, expected) in [
            (-1_900, "agrees with the tenant's clock"),
            (2_000, "2 s behind the tenant's clock"),
            (-90_000, "1 min 30 s ahead of the tenant's clock"),
            (7_200_000, "2 h 00 min behind the tenant's clock"),
        ] {
            assert_eq!(clock(skew_ms, false).detail, expected);
        }
        let of = |mode, owner| FileGuard { mode: Some(mode), owner: Some(owner) };
        assert_eq!(guarded(of(0o644, DoctorOwner::Root)), ", mode 0644, owned by root");
        assert_eq!(guarded(of(0o700, DoctorOwner::You)), ", mode 0700, owned by you");
        assert_eq!(guarded(of(0o2770, DoctorOwner::Other(501))), ", mode 2770, owned by uid 501");
        assert_eq!(guarded(FileGuard::default()), "");
    }
}
