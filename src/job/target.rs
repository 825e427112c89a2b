//! A device as a row names it.
//!
//! Owns what a row can say of its device. Must never find one: the plan compares it with the inventory.

use crate::model::DeviceId;

/// A device as a row names it. At least one of the first three is there; every one that is given must
/// agree with the device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The id that the API gives the device.
    pub device_id: Option<DeviceId>,
    /// Serial number, as written.
    pub serial_number: Option<String>,
    /// Address of the assigned user, as written.
    pub user_email: Option<String>,
    /// Device name, as written: checked where it is given, never enough to find a device.
    pub device_name: Option<String>,
    /// Asset tag, as written: checked where it is given, never enough to find a device.
    pub asset_tag: Option<String>,
}
