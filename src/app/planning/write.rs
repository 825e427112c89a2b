//! Writing a plan to a file, for a later start.
//!
//! Owns what has to hold before, and the record that this state directory made it. What an approval can heal does not keep a plan
//! from being written. Must never write one that holds a secret.

use std::path::Path;

use super::plan_file_reasons::PlanStorageReason;
use super::plan_files::write_plan;
use crate::app::refusal::Reason;
use crate::app::{Prepared, Workspace};
use crate::drive::{Clock, WallClock};
use crate::journal::PlanRow;
use crate::plan::PlanFile;

/// A plan that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPlan {
    /// Digest of the plan.
    pub digest: String,
    /// Another person has to approve it before it can be started.
    pub needs_approval: bool,
}

impl Workspace {
    /// Writes a plan to a new file that its owner alone may read, and enters it in the state directory.
    ///
    /// # Errors
    /// A check of the plan refuses, or the file cannot be written.
    pub fn write_plan(&self, prepared: &Prepared, path: &Path) -> Result<WrittenPlan, Reason> {
        prepared.verify_for_writing(self)?;
        let file = prepared.plan();
        let needs_approval = prepared.needs_approval(self);
        let bytes = file
            .to_bytes()
            .map_err(|error| PlanStorageReason::Secret { detail: error.to_string() })?;
        write_plan(path, &bytes)?;
        let digest = remember_plan(self, file)?;
        Ok(WrittenPlan { digest, needs_approval })
    }
}

/// Enters a plan that was written in the state directory, and returns its digest.
pub(crate) fn remember_plan(workspace: &Workspace, file: &PlanFile) -> Result<String, Reason> {
    let digest = file.digest();
    workspace.index().add_plan(&PlanRow {
        digest: digest.clone(),
        made_at: file.made_at,
        made_by: file.made_by.clone(),
        job: file.job.clone(),
        tenant: file.tenant.clone(),
        run: None,
    })?;
    let body = serde_json::json!({
        "who": file.made_by, "job": file.job, "tenant": file.tenant, "plan": digest,
        "policy": file.policy_digest, "devices": file.plan.devices(),
        "risk": file.plan.risk().word(),
    });
    workspace.index().note(WallClock.now(), "planned", None, &body)?;
    Ok(digest)
}
