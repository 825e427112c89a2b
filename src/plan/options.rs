//! What a plan is made with besides job and inventory.
//!
//! Owns the shape of these facts: they come from flags, the policy and earlier runs. Must never read any of them.

use std::collections::BTreeMap;

use super::earlier::Earlier;
use super::protect::Protect;
use crate::job::{BeforeLoss, SkipKind};
use crate::model::DeviceId;

/// What a plan is made with besides job and inventory.
#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// Kinds of refusals that become skips, those of the job added.
    pub skip_refused: Vec<SkipKind>,
    /// How long commands will be followed, in milliseconds: without that no end is ever seen.
    pub wait_ms: u64,
    /// What becomes of secrets that an action removes; outranks the job.
    pub before_loss: Option<BeforeLoss>,
    /// Macs may be deactivated, if the job does not allow it already.
    pub is_deactivation_allowed: bool,
    /// What earlier runs have done.
    pub earlier: Earlier,
    /// Devices that nothing disruptive or irreversible is done to.
    pub protect: Protect,
    /// What an earlier run may have done to a device by an action, in doubt: why, for people.
    pub doubts: BTreeMap<(DeviceId, String), String>,
}
