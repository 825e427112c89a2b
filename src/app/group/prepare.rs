//! From the tenants that a job names to sections that are ready to be confirmed.
//!
//! Owns how many tenants are read at a time, and the refusal of two names for one tenant. Only reads. Must never let the fault of
//! one tenant keep another one back.

use std::collections::BTreeMap;

use futures::StreamExt;

use super::prepared_group::{PreparedGroup, TenantSection};
use super::reason::GroupReason;
use crate::app::refusal::{LeftOutTenant, TenantsRefused};
use crate::app::runs::prepare::PrepareRequest;
use crate::app::tenant::Connection;
use crate::app::{Notifications, Reason, Workspace};
use crate::job::Job;
use crate::transport::tenant_key;

/// Tenants that are read at a time: each may hold a whole inventory in memory.
const TENANTS_AT_ONCE: usize = 8;

/// What a job does on one tenant.
pub struct SectionRequest<'a> {
    /// The tenant, by the name of its profile.
    pub tenant: String,
    /// The part of the job that is for this tenant.
    pub job: Job,
    /// What the section is prepared with.
    pub request: PrepareRequest<'a>,
    /// The channels that the tenant's run notifies.
    pub notifications: Notifications,
}

impl Workspace {
    /// Plans a job against several tenants, side by side. A tenant that cannot be read, or for which no plan can be made, is left
    /// out with its reason.
    ///
    /// # Errors
    /// Two names lead to one tenant, or no section can be made.
    pub async fn prepare_group(
        &self,
        job: &str,
        requests: Vec<SectionRequest<'_>>,
    ) -> Result<PreparedGroup, Reason> {
        refuse_same_tenant(&requests)?;
        let prepare = async |section: SectionRequest<'_>| {
            let SectionRequest { tenant, job, request, notifications } = section;
            let workspace = self.for_tenant(notifications);
            let prepared = workspace.prepare(job, request).await;
            (tenant, prepared.map(|prepared| (workspace, prepared)))
        };
        let prepared: Vec<_> =
            futures::stream::iter(requests).map(prepare).buffered(TENANTS_AT_ONCE).collect().await;
        let (mut sections, mut left_out) = (Vec::new(), Vec::new());
        for (tenant, prepared) in prepared {
            match prepared {
                Ok((workspace, prepared)) => {
                    sections.push(TenantSection { tenant, workspace, prepared });
                }
                Err(reason) => left_out.push(LeftOutTenant { tenant, reason }),
            }
        }
        match sections.is_empty() {
            true => Err(TenantsRefused { left_out }.into()),
            false => Ok(PreparedGroup { job: job.to_owned(), sections, left_out }),
        }
    }
}

/// Two names for one tenant would count its caps and its quota twice.
fn refuse_same_tenant(requests: &[SectionRequest<'_>]) -> Result<(), Reason> {
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for section in requests.iter().filter(|section| !section.request.tenant.simulated) {
        // An address that cannot be told is refused where the tenant is connected to.
        let Ok(address) = Connection::address(section.request.tenant) else { continue };
        let key = tenant_key(&address.url);
        if let Some(first) = names.insert(key, &section.tenant) {
            let tenants = [first.to_owned(), section.tenant.clone()];
            return Err(GroupReason::SameAddress { tenants, address: address.url }.into());
        }
    }
    Ok(())
}
