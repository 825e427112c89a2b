//! The plans of several tenants in a file: written for a later start, and read again.
//!
//! Owns what has to hold before. Each section is known to the state directory as a plan of its own, so that none runs twice. Must
//! never write a set of which a section cannot be started without an approval: an approval is of one tenant's plan.

use std::path::Path;

use super::prepared_group::{PreparedGroup, TenantSection};
use super::reason::GroupReason;
use crate::app::planning::plan_file_reasons::PlanStorageReason;
use crate::app::planning::plan_files::write_plan;
use crate::app::planning::write::remember_plan;
use crate::app::preflight::Attended;
use crate::app::refusal::{LeftOutTenant, TenantsRefused};
use crate::app::runs::prepare::Frozen;
use crate::app::tenant::TenantRequest;
use crate::app::{Notifications, Reason, Workspace};
use crate::plan::{PlanSection, PlanSet};

/// What a plan set from a file is prepared with.
pub struct PlanSetRequest<'a> {
    /// Path of the file.
    pub path: &'a Path,
    /// The set, as it was read.
    pub set: PlanSet,
    /// For each section, what names its tenant and holds a token for it, and the channels of its profile.
    pub tenants: Vec<(TenantRequest, Notifications)>,
    /// Whether a person can be asked between waves.
    pub attended: Attended,
    /// Pending commands at the end are no error.
    pub pending_ok: bool,
}

/// A plan set that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenPlanSet {
    /// Digest of the set.
    pub digest: String,
}

impl Workspace {
    /// Prepares the plans of a set as they are in their file. A section that may not be started here and now, or whose tenant
    /// cannot be connected to, is left out with its reason.
    ///
    /// # Errors
    /// No section is left.
    pub fn prepare_plan_set(&self, request: PlanSetRequest<'_>) -> Result<PreparedGroup, Reason> {
        let PlanSetRequest { path, set, tenants, attended, pending_ok } = request;
        let job = set.sections.first().map(|it| it.file.job.clone()).unwrap_or_default();
        let (mut sections, mut left_out) = (Vec::new(), Vec::new());
        for (section, (request, notifications)) in set.sections.into_iter().zip(tenants) {
            let PlanSection { tenant, file } = section;
            let workspace = self.for_tenant(notifications);
            let frozen = Frozen { path, file, approval: None };
            match workspace.prepare_frozen(frozen, &request, attended, pending_ok) {
                Ok(prepared) => sections.push(TenantSection { tenant, workspace, prepared }),
                Err(reason) => left_out.push(LeftOutTenant { tenant, reason }),
            }
        }
        match sections.is_empty() {
            true => Err(TenantsRefused { left_out }.into()),
            false => Ok(PreparedGroup { job, sections, left_out }),
        }
    }

    /// Writes the plans of a group to a new file that its owner alone may read, and enters each in the state directory.
    ///
    /// # Errors
    /// A section needs an approval, a check of a plan refuses, or the file cannot be written.
    pub fn write_plan_set(
        &self,
        group: &PreparedGroup,
        path: &Path,
    ) -> Result<WrittenPlanSet, Reason> {
        let mut needing = Vec::new();
        for TenantSection { tenant, workspace, prepared } in &group.sections {
            prepared.verify_for_writing(workspace)?;
            if prepared.needs_approval(workspace) {
                needing.push(tenant.clone());
            }
        }
        if !needing.is_empty() {
            return Err(GroupReason::NeedsApproval { tenants: needing }.into());
        }
        let section = |it: &TenantSection| PlanSection {
            tenant: it.tenant.clone(),
            file: it.prepared.plan().clone(),
        };
        let set = PlanSet { sections: group.sections.iter().map(section).collect() };
        let bytes = set
            .to_bytes()
            .map_err(|error| PlanStorageReason::Secret { detail: error.to_string() })?;
        write_plan(path, &bytes)?;
        for section in &set.sections {
            remember_plan(self, &section.file)?;
        }
        Ok(WrittenPlanSet { digest: set.digest() })
    }
}
