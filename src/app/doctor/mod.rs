//! Whether everything that a run needs is in order: this host, the tenant, the token.
//!
//! Owns the list of checks and what each found, as data. Must never send anything but reads that reveal no secret.

mod examine;
mod fact;
mod host;
mod tenant;

pub use examine::{DoctorRequest, examine, examine_tenant};
pub use fact::{
    DiskLevel, DoctorCheck, DoctorFact, DoctorFinding, DoctorOwner, DoctorResult,
    EndpointPermission, FileGuard,
};
