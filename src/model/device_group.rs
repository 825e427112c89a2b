//! What devices of one group have in common, in the facts of each.
//!
//! Owns which facts these are. Must never hold what tells one device from another: a fleet has few groups.

use std::sync::Arc;

use super::{Platform, SharedText, Tags};

/// The facts that many devices of a fleet share, kept once for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeviceGroup {
    /// Platform.
    pub platform: Platform,
    /// Name of the blueprint; empty where the inventory does not tell.
    pub blueprint: SharedText,
    /// Names of the tags.
    pub tags: Tags,
    /// The asset tag, where the plan changes that. Nearly all devices have none here, so that it costs them no memory.
    pub old_asset_tag: SharedText,
}

impl DeviceGroup {
    /// Devices of which only the platform is known.
    #[must_use]
    pub fn on(platform: Platform) -> Arc<Self> {
        Arc::new(Self { platform, ..Self::default() })
    }
}
