//! Plans that were written to files.
//!
//! Owns which of them were made here and which have run. Invariant: a plan is taken by one run. Must never hold a
//! plan itself: that is the file's.

use rusqlite::{OptionalExtension, params};

use super::super::error::{At, JournalError};
use super::Index;
use crate::model::UnixMillis;

/// A plan that was written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// Digest of the plan.
    pub digest: String,
    /// When it was made.
    pub made_at: UnixMillis,
    /// Who made it.
    pub made_by: String,
    /// Name of its job.
    pub job: String,
    /// Tenant of the plan.
    pub tenant: String,
    /// The run that took it; `None` while none has.
    pub run: Option<String>,
}

impl Index {
    /// Remembers a plan. One that is known already stays as it is: writing it again does not make it fresh.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn add_plan(&self, plan: &PlanRow) -> Result<(), JournalError> {
        self.connection
            .execute(
                "INSERT INTO plans (digest, made_at, made_by, job, tenant, run) VALUES (?,?,?,?,?,?)
                 ON CONFLICT (digest) DO NOTHING",
                params![plan.digest, plan.made_at.0, plan.made_by, plan.job, plan.tenant, plan.run],
            )
            .at(&self.path)
            .map(drop)
    }

    /// The plan with a digest; `None` where it was not made here, or an older program wrote the index.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn find_plan(&self, digest: &str) -> Result<Option<PlanRow>, JournalError> {
        if !self.has_table("plans")? {
            return Ok(None);
        }
        self.connection
            .query_row(
                "SELECT digest, made_at, made_by, job, tenant, run FROM plans WHERE digest = ?",
                [digest],
                |row| {
                    Ok(PlanRow {
                        digest: row.get(0)?,
                        made_at: UnixMillis(row.get(1)?),
                        made_by: row.get(2)?,
                        job: row.get(3)?,
                        tenant: row.get(4)?,
                        run: row.get(5)?,
                    })
                },
            )
            .optional()
            .at(&self.path)
    }

    /// Takes a plan for a run. `false` when another has taken it, or it is not known here.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn take_plan(&self, digest: &str, run: &str) -> Result<bool, JournalError> {
        self.connection
            .execute(
                "UPDATE plans SET run = ?2 WHERE digest = ?1 AND run IS NULL",
                params![digest, run],
            )
            .at(&self.path)
            .map(|changed| changed == 1)
    }
}
