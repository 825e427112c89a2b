//! The facts about a device that a plan froze.
//!
//! Owns which facts these are. Must never hold what only the inventory needs: a plan, a run and its report keep them for
//! every device.

use serde::{Deserialize, Serialize};

use super::{DeviceId, Platform, SharedText, UnixMillis};

/// The facts about a device that a plan froze. The tasks of a device share them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeviceFacts {
    /// The API's id; empty for a skipped row whose device was not found.
    pub id: DeviceId,
    /// Serial number as the API writes it.
    pub serial_number: SharedText,
    /// Device name.
    pub name: SharedText,
    /// Address of the assigned user.
    pub user_email: SharedText,
    /// Name of the assigned user; empty where the inventory does not tell.
    #[serde(default, skip_serializing_if = "SharedText::is_empty")]
    pub user_name: SharedText,
    /// Platform.
    pub platform: Platform,
    /// Name of its blueprint; empty where the inventory does not tell.
    #[serde(default, skip_serializing_if = "SharedText::is_empty")]
    pub blueprint: SharedText,
    /// Names of its tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<SharedText>,
    /// Its last check-in before the plan, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_check_in: Option<UnixMillis>,
}
