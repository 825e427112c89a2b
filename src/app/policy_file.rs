//! Where the organization's policy is read from.
//!
//! Owns its places, its owner check and its digest. Must never be led to another file by a flag or a variable: the person who
//! is bound by the policy must not choose it.

use std::path::{Path, PathBuf};

use crate::app::files::BindingFileReason;
use crate::app::files::toml_place::described;
use crate::app::files::trusted_file::{Stamp, Trust, read_trusted, stamp};
use crate::model::sha256;
use crate::plan::FleetPolicy;

/// The policy of a host, which outranks that of a state directory: another state directory is one flag away.
const SYSTEM_POLICY: &str = "/etc/sortie/policy.toml";
/// Its name in a state directory.
const POLICY_NAME: &str = "policy.toml";
/// Largest policy: some ten thousand entries of its protect list.
const POLICY_BYTES_MAX: u64 = 1024 * 1024;

/// The places of a policy, strongest first.
#[derive(Clone, Debug)]
struct Places {
    candidates: Vec<PathBuf>,
    state_dir: PathBuf,
}

/// The policy, with what a plan says about it.
#[derive(Clone, Debug)]
pub(crate) struct PolicyFile {
    pub policy: FleetPolicy,
    /// SHA-256 of the file; empty for the built-in rules.
    pub digest: String,
    /// The file; `None` for the built-in rules.
    pub path: Option<PathBuf>,
    /// Whose files are believed.
    pub trust: Trust,
    places: Places,
    /// The state of each place before it was read.
    stamps: Vec<Option<Stamp>>,
}

/// Whether a policy still is what it was.
#[derive(Debug)]
pub(crate) enum Reread {
    Unchanged,
    Changed(Box<PolicyFile>),
}

impl Places {
    fn of(state_dir: &Path) -> Self {
        let system = cfg!(unix).then(|| PathBuf::from(SYSTEM_POLICY));
        Self::with_system(system, state_dir)
    }

    fn with_system(system: Option<PathBuf>, state_dir: &Path) -> Self {
        let candidates = system.into_iter().chain([state_dir.join(POLICY_NAME)]).collect();
        Self { candidates, state_dir: state_dir.to_owned() }
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        self.candidates.iter().map(|path| stamp(path)).collect()
    }
}

impl PolicyFile {
    /// Reads the host's policy, else the state directory's; where there is neither, the built-in rules hold.
    pub(crate) fn read(state_dir: &Path) -> Result<Self, BindingFileReason> {
        Self::read_at(Places::of(state_dir))
    }

    fn read_at(places: Places) -> Result<Self, BindingFileReason> {
        let trust = Trust::of(&places.state_dir);
        // Before reading: what changes meanwhile is seen the next time.
        let stamps = places.stamps();
        for path in &places.candidates {
            if let Some(bytes) = read_trusted(path, &trust, POLICY_BYTES_MAX)? {
                let policy = parse(path, &bytes)?;
                let digest = sha256(&bytes);
                return Ok(Self {
                    policy,
                    digest,
                    path: Some(path.clone()),
                    trust,
                    places,
                    stamps,
                });
            }
        }
        let policy = FleetPolicy::default();
        Ok(Self { policy, digest: String::new(), path: None, trust, places, stamps })
    }

    /// Looks again, for a run in progress. Nothing is read while the files look as they did.
    pub(crate) fn reread(&self) -> Result<Reread, BindingFileReason> {
        if self.places.stamps() == self.stamps {
            return Ok(Reread::Unchanged);
        }
        let now = Self::read_at(self.places.clone())?;
        let is_same = (&now.digest, &now.path) == (&self.digest, &self.path);
        Ok(if is_same { Reread::Unchanged } else { Reread::Changed(Box::new(now)) })
    }

    /// The file of the keys that may approve; a relative path is beside the policy.
    pub(crate) fn allowed_signers(&self) -> Option<PathBuf> {
        let beside = self.path.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        self.policy.approval.allowed_signers.as_ref().map(|path| beside.join(path))
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<FleetPolicy, BindingFileReason> {
    let refuse = |fault: &str| BindingFileReason::Invalid {
        path: path.to_owned(),
        fault: fault.trim_end().to_owned(),
    };
    let text = std::str::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8 text"))?;
    toml::from_str(text).map_err(|error| refuse(&described(text, &error)))
}

#[cfg(all(test, unix))]
pub(crate) mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// Writes a file that is believed.
    pub(crate) fn write(path: &Path, text: &str) {
        std::fs::write(path, text).expect("written");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).expect("ours");
    }

    /// The policy of a state directory, whatever the host has.
    pub(crate) fn policy_in(state_dir: &Path) -> Result<PolicyFile, BindingFileReason> {
        PolicyFile::read_at(Places::with_system(None, state_dir))
    }

    #[test]
    fn the_host_s_policy_outranks_the_state_directory_s() {
        let (host, state) = (tempfile::tempdir(), tempfile::tempdir());
        let (host, state) = (host.expect("a directory"), state.expect("a directory"));
        let system = host.path().join("policy.toml");
        let places = Places::with_system(Some(system.clone()), state.path());
        let none = PolicyFile::read_at(places.clone()).expect("nothing to read");
        assert_eq!((none.digest.as_str(), &none.path), ("", &None));
        assert_eq!(none.policy, FleetPolicy::default());

        write(&state.path().join("policy.toml"), "[emergency]\nrequests_per_hour = 7\n");
        let own = PolicyFile::read_at(places.clone()).expect("readable");
        assert_eq!((own.digest.len(), own.policy.emergency.requests_per_hour), (64, 7));

        write(&system, "[approval]\nallowed_signers = \"signers\"\n");
        let above = PolicyFile::read_at(places).expect("readable");
        assert_eq!(above.policy.emergency.requests_per_hour, 500);
        assert_eq!(above.allowed_signers(), Some(host.path().join("signers")));
        assert!(matches!(above.reread(), Ok(Reread::Unchanged)));
        let Ok(Reread::Changed(seen)) = own.reread() else { panic!("a stronger one came") };
        assert_eq!(seen.digest, above.digest);
    }

    #[test]
    fn a_change_during_a_run_is_seen_and_a_touch_is_not() {
        let state = tempfile::tempdir().expect("a directory");
        let path = state.path().join("policy.toml");
        write(&path, "[emergency]\nrequests_per_hour = 7\n");
        let before = policy_in(state.path()).expect("readable");
        write(&path, "[emergency]\nrequests_per_hour = 7\n");
        assert!(matches!(before.reread(), Ok(Reread::Unchanged)));
        write(&path, "[emergency]\nrequests_per_hour = 8\n");
        let Ok(Reread::Changed(after)) = before.reread() else { panic!("it changed") };
        assert_eq!(after.policy.emergency.requests_per_hour, 8);
        std::fs::remove_file(&path).expect("ours");
        let Ok(Reread::Changed(gone)) = before.reread() else { panic!("it is gone") };
        assert_eq!(gone.digest, "");
        write(&path, "[emergency");
        assert!(before.reread().is_err());
    }

    #[test]
    fn a_policy_that_cannot_be_read_refuses_everything() {
        let state = tempfile::tempdir().expect("a directory");
        let path = state.path().join("policy.toml");
        for text in ["[caps", "unknown = 1", "[caps.disruptive]\nshare = \"0%\"", "\u{0}"] {
            write(&path, text);
            let refused = policy_in(state.path()).expect_err(text);
            let is_named =
                matches!(&refused, BindingFileReason::Invalid { path: at, .. } if *at == path);
            assert!(is_named, "{refused:?}");
        }
        std::fs::write(&path, [0xff, 0xfe]).expect("written");
        let refused = policy_in(state.path()).expect_err("no text");
        assert!(format!("{refused:?}").contains("UTF-8"), "{refused:?}");
        let long = "#".repeat(POLICY_BYTES_MAX as usize + 1);
        write(&path, &long);
        let refused = policy_in(state.path()).expect_err("too long");
        assert!(matches!(refused, BindingFileReason::TooLarge { .. }), "{refused:?}");
    }
}
