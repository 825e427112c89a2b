//! The checks in their order.
//!
//! Owns which check is skipped after which. Must never stop at the first problem: one pass shows all of them.

use std::path::PathBuf;

use super::fact::{DoctorCheck, DoctorFact, DoctorFinding, skip};
use super::host;
use super::tenant::TenantExamination;
use crate::app::settings::ProfileError;
use crate::app::{Events, Profile, ReadPace, TenantRequest, Workspace};

/// What is to be examined.
pub struct DoctorRequest {
    /// The state directory. It is created where there is none.
    pub state_dir: PathBuf,
    /// The configuration file; `None` where there is none.
    pub configuration: Option<PathBuf>,
    /// The profile in use, or why it cannot be read.
    pub profile: Result<Profile, ProfileError>,
    /// What names the tenant; `None` where the profile cannot be read.
    pub tenant: Option<TenantRequest>,
    /// How fast the tenant may be read.
    pub pace: ReadPace,
}

/// Makes all checks: first those of this host, then those of the tenant. Call it within a Tokio runtime.
pub async fn examine(request: &DoctorRequest, events: Events) -> Vec<DoctorFinding> {
    let fact = DoctorFact::of_profile(request.configuration.clone(), &request.profile);
    let mut findings = vec![DoctorFinding::new(DoctorCheck::Configuration, fact)];
    let opened = Workspace::open(&request.state_dir, events);
    let profile = request.profile.as_ref().ok();
    let workspace = host::examine(&mut findings, opened, profile, &request.state_dir);
    match (&workspace, &request.tenant) {
        (Some(workspace), Some(tenant)) => {
            findings.extend(examine_tenant(workspace, tenant, request.pace).await);
        }
        (_, None) => skip(&mut findings, &DoctorCheck::TENANT, DoctorCheck::Configuration),
        // Requests are counted there: without it none is sent.
        (None, _) => skip(&mut findings, &DoctorCheck::TENANT, DoctorCheck::StateDirectory),
    }
    findings
}

/// Makes the checks of the tenant and the token. Each of its requests is a read, and is charged to the tenant's hour. Call
/// it within a Tokio runtime.
pub async fn examine_tenant(
    workspace: &Workspace,
    request: &TenantRequest,
    pace: ReadPace,
) -> Vec<DoctorFinding> {
    let mut examination = TenantExamination::new(workspace, pace);
    examination.run(request).await;
    examination.findings
}
