//! Approving a plan.
//!
//! Owns the way from a plan to a signed approval file. Needs neither the tenant nor a database, so that it works on another
//! host than the run's. Must never sign before a front end showed the draft to the approver.

use std::io::Write;
use std::path::Path;
use tempfile::NamedTempFile;

use super::reason::ApprovalReason;
use super::statement::{ApprovalFile, Statement};
use crate::app::operator::Operator;
use crate::app::ssh_keygen::{SigningKey, SigningReason, sign};
use crate::drive::{Clock, WallClock};
use crate::model::UnixMillis;
use crate::plan::PlanFile;

/// A plan and the statement that approves it, before it is signed.
#[derive(Debug)]
pub struct ApprovalDraft {
    /// The plan to approve.
    pub plan: PlanFile,
    /// What would be signed.
    pub statement: Statement,
}

impl ApprovalDraft {
    /// Drafts the current user's approval of a plan, which expires after `valid_ms` milliseconds, and not later than the
    /// plan's latest start.
    ///
    /// # Errors
    /// The plan can no longer be started.
    pub fn of(plan: PlanFile, valid_ms: u64) -> Result<Self, ApprovalReason> {
        let now = WallClock.now();
        if plan.start_until <= now {
            return Err(ApprovalReason::TooLate { start_until: plan.start_until });
        }
        let approver = Operator::current().shown();
        let statement = Statement::of(&plan, &approver, now, now.plus_ms(valid_ms));
        Ok(Self { plan, statement })
    }

    /// When the draft was made.
    #[must_use]
    pub fn made_at(&self) -> UnixMillis {
        self.statement.made_at
    }

    /// Whether the approver made the plan: their own approval of it does not count.
    #[must_use]
    pub fn is_own_plan(&self) -> bool {
        self.statement.approved_by == self.plan.made_by
    }

    /// Signs the statement; the approval file as text. The signing tool may ask for a passphrase or a touch.
    ///
    /// # Errors
    /// The tool is not there, or did not sign.
    pub fn sign(&self, key: &SigningKey) -> Result<String, SigningReason> {
        self.statement.sign(key)
    }
}

impl Statement {
    /// Signs it; the approval file as text.
    pub(super) fn sign(&self, key: &SigningKey) -> Result<String, SigningReason> {
        let statement = self.text();
        let signature = sign(key, statement.as_bytes())?;
        Ok(ApprovalFile::new(statement, signature).text())
    }
}

/// Writes an approval file whole or not at all. Every user may read it: the user who runs the plan has to, and it is no
/// secret. A file at that path is replaced, and no link is followed.
///
/// # Errors
/// The system cannot write there.
pub fn write_approval(path: &Path, text: &str) -> Result<(), ApprovalReason> {
    let failed = |error: std::io::Error| ApprovalReason::Unwritable {
        path: path.to_owned(),
        error: error.to_string(),
    };
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let mut file = NamedTempFile::new_in(parent.unwrap_or(Path::new("."))).map_err(failed)?;
    fill(&mut file, text).map_err(failed)?;
    file.persist(path).map(drop).map_err(|error| failed(error.error))
}

/// Writes through the handle: by its name another file could be meant by now.
fn fill(file: &mut NamedTempFile, text: &str) -> std::io::Result<()> {
    file.as_file_mut().write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.as_file().sync_all()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn an_approval_is_never_written_through_a_link() {
        let dir = tempfile::tempdir().expect("a directory");
        let (victim, path) = (dir.path().join("victim"), dir.path().join("plan.approval"));
        std::fs::write(&victim, "kept").expect("written");
        std::os::unix::fs::symlink(&victim, &path).expect("made");
        write_approval(&path, "approved").expect("written");
        assert!(path.symlink_metadata().expect("there").is_file());
        // Somebody swaps the temporary file for a link before it is filled.
        let mut file = tempfile::NamedTempFile::new_in(dir.path()).expect("made");
        std::fs::remove_file(file.path()).expect("ours");
        std::os::unix::fs::symlink(&victim, file.path()).expect("made");
        fill(&mut file, "approved").expect("written");
        assert_eq!(std::fs::read_to_string(&victim).expect("readable"), "kept");
    }
}
