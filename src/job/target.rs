//! A device as a row names it.
//!
//! Owns what a row can say of its device. Must never find one: the plan compares it with the inventory.

use crate::model::{DeviceId, SharedText};

/// A device as a row names it. At least one of the first three is there; every one that is given must
/// agree with the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The id that the API gives the device.
    pub device_id: Option<DeviceId>,
    /// Serial number, as written.
    pub serial_number: Option<SharedText>,
    /// Address of the assigned user, as written.
    pub user_email: Option<SharedText>,
    /// Device name, as written: checked where it is given, never enough to find a device.
    pub device_name: Option<SharedText>,
    /// Asset tag, as written: checked where it is given, never enough to find a device.
    pub asset_tag: Option<SharedText>,
}
