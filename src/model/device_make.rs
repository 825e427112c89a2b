//! What thousands of devices have in common.
//!
//! Owns which facts these are. Must never hold what tells one device from another.

use super::SharedText;

/// What thousands of devices have in common, kept once for all of them. Texts are empty where the API says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DeviceMake {
    /// OS version, such as `17.4.1`; for Windows such as `24H2`.
    pub os_version: SharedText,
    /// Model name.
    pub model: SharedText,
    /// Id of the blueprint.
    pub blueprint_id: SharedText,
}
