//! Runs of several tenants that are ready to be confirmed together.
//!
//! Owns which sections there are, and which tenants are left out with the reason. Must never drop a tenant without a reason.

use super::question::{GroupQuestion, GroupedPlan};
use crate::app::refusal::{LeftOutTenant, TenantsRefused};
use crate::app::{Prepared, Reason, Workspace};

/// Sections that are ready to be confirmed, one a tenant.
pub struct PreparedGroup {
    /// Name of the job.
    pub job: String,
    /// The sections, in the order in which the job names their tenants.
    pub sections: Vec<TenantSection>,
    /// Tenants for which nothing is started, with the reasons.
    pub left_out: Vec<LeftOutTenant>,
}

/// What a job does on one tenant, ready to be confirmed.
pub struct TenantSection {
    /// The tenant, by the name of its profile.
    pub tenant: String,
    /// The run of the section.
    pub prepared: Prepared,
}

impl PreparedGroup {
    /// What has to be confirmed: every section that is left, by tenant and number of devices.
    #[must_use]
    pub fn question(&self) -> GroupQuestion {
        GroupQuestion::of(
            self.sections.iter().map(|section| GroupedPlan {
                tenant: &section.tenant,
                file: section.prepared.plan(),
            }),
        )
    }

    /// Makes every check that does not need the consent, section by section. A section that is refused is left out alone.
    ///
    /// # Errors
    /// No section is left.
    pub fn verify(mut self, workspace: &Workspace) -> Result<Self, Reason> {
        let mut sections = Vec::with_capacity(self.sections.len());
        for section in self.sections {
            match section.prepared.verify(workspace) {
                Ok(()) => sections.push(section),
                Err(reason) => {
                    self.left_out.push(LeftOutTenant { tenant: section.tenant, reason });
                }
            }
        }
        self.sections = sections;
        match self.sections.is_empty() {
            true => Err(TenantsRefused { left_out: self.left_out }.into()),
            false => Ok(self),
        }
    }
}
