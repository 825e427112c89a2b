//! What `sortie plan` was given besides the job and the tenant.
//!
//! Owns its form. Must never hold a flag that changes what is sent by itself.

use std::path::Path;

use crate::cli::options::{LimitOptions, PurposeOptions};
use crate::cli::text::plan::PlanExtent;

/// What `sortie plan` was given besides the job and the tenant.
pub(crate) struct PlanWishes<'a> {
    /// The file to save the plan to.
    pub out: Option<&'a Path>,
    /// How much of long lists is shown.
    pub extent: PlanExtent,
    /// The reason and the reports.
    pub purpose: &'a PurposeOptions,
    /// The rules of the run.
    pub limits: &'a LimitOptions,
}
