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
    /// The workspace as the tenant's runs use it: with the channels of its profile.
    pub workspace: Workspace,
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
    pub fn verify(self) -> Result<Self, Reason> {
        self.keep(|section| section.prepared.verify(&section.workspace))
    }

    /// Makes the checks of plans that are only shown, or with `is_written` of plans that go into a file.
    ///
    /// # Errors
    /// No section is left.
    pub fn verify_plans(self, is_written: bool) -> Result<Self, Reason> {
        self.keep(|section| match is_written {
            true => section.prepared.verify_for_writing(&section.workspace),
            false => section.prepared.verify_plan(&section.workspace),
        })
    }

    /// Keeps the sections for which a check holds.
    fn keep(
        mut self,
        check: impl Fn(&TenantSection) -> Result<(), Reason>,
    ) -> Result<Self, Reason> {
        let mut sections = Vec::with_capacity(self.sections.len());
        for section in self.sections {
            match check(&section) {
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
