//! Refusals of jobs for several tenants, in words.
//!
//! Owns the words. Must never name a tenant otherwise than by its profile.

use super::words::Words;
use crate::app::GroupReason;

/// A reason in words.
pub(super) fn group(reason: &GroupReason) -> Words {
    match reason {
        GroupReason::SameAddress { tenants: [first, second], address } => Words::new(
            format!("profiles {first} and {second} name the same tenant ({address})"),
            "name each tenant once",
        ),
        GroupReason::NeedsApproval { tenants } => Words::new(
            format!(
                "another person has to approve the plan of {}, and an approval is for one tenant",
                tenants.join(", ")
            ),
            "write and approve one plan for each tenant:\n  sortie plan JOB --tenants NAME --out NAME.plan",
        ),
    }
}
