//! What of a device a written entry is compared with.
//!
//! Owns these fields for the entries of filters, exclusions and the protect list. Must never compare.

use crate::model::{Device, SharedText};

/// What of a device an entry is compared with.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DeviceField {
    /// Its id.
    Id,
    /// Its serial number.
    SerialNumber,
    /// The address of its user.
    UserEmail,
    /// The name of its blueprint.
    Blueprint,
    /// The name of one of its tags.
    Tag,
    /// Its model.
    Model,
    /// A part of its name.
    NameLike,
}

impl DeviceField {
    pub fn of(self, device: &Device) -> Vec<&str> {
        let text: &str = match self {
            Self::Id => device.id.as_str(),
            Self::SerialNumber => &device.serial_number,
            Self::UserEmail => &device.user_email,
            Self::Blueprint => &device.blueprint,
            Self::Model => &device.make.model,
            Self::NameLike => &device.name,
            Self::Tag => return device.tags.iter().map(SharedText::as_str).collect(),
        };
        vec![text]
    }
}
