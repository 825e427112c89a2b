//! Ids of workflows.
//!
//! Owns their form. They are made from the plan's digest, so that the server itself refuses a plan that is submitted twice. Must never
//! hold anything but names: they are shown everywhere.

/// The name by which people know a run on this engine: the beginning of its plan's digest.
#[must_use]
pub fn run_name(plan_digest: &str) -> &str {
    plan_digest.get(..RUN_DIGITS).unwrap_or(plan_digest)
}

/// Digits of a run's name: enough that no two plans share them.
const RUN_DIGITS: usize = 16;
/// What all ids of sections and shards begin with.
pub const PREFIX: &str = "sortie/";

/// The workflow that coordinates the run on one tenant.
#[must_use]
pub fn section(run: &str, tenant: &str) -> String {
    format!("{PREFIX}{run}/{tenant}")
}

/// The workflow of one shard of a section.
#[must_use]
pub fn shard(section: &str, number: u32) -> String {
    format!("{section}/{number:04}")
}

/// The workflow that keeps the quota of a tenant, by its key ([`sortie::transport::tenant_key`]).
#[must_use]
pub fn quota(tenant_key: &str) -> String {
    format!("sortie-quota/{tenant_key}")
}
