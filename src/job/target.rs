//! A device as a row names it.
//!
//! Owns what a row can say of its device. Must never find one: the plan compares it with the inventory.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use crate::model::{DeviceId, SharedText};

/// A device as a row names it. At least one of serial number, id and address is there; every one that is given must
/// agree with the device.
///
/// Most rows give a serial number alone, and a job has a million rows. The other names are read like fields, and take
/// memory where they are given.
#[derive(Clone, Default)]
pub struct Target {
    /// Serial number, as written.
    pub serial_number: Option<SharedText>,
    others: Option<Arc<OtherNames>>,
}

/// What else a row can say of its device.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherNames {
    /// The id that the API gives the device.
    pub device_id: Option<DeviceId>,
    /// Address of the assigned user, as written.
    pub user_email: Option<SharedText>,
    /// Device name, as written: checked where it is given, never enough to find a device.
    pub device_name: Option<SharedText>,
    /// Asset tag, as written: checked where it is given, never enough to find a device.
    pub asset_tag: Option<SharedText>,
}

static NO_OTHERS: OtherNames =
    OtherNames { device_id: None, user_email: None, device_name: None, asset_tag: None };

impl Target {
    /// A device by this serial number alone.
    #[must_use]
    pub fn by_serial(serial_number: &str) -> Self {
        Self { serial_number: Some(serial_number.into()), others: None }
    }

    /// Leaves out the name, and says whether there was one.
    pub(super) fn forget_name(&mut self) -> bool {
        let has_name = self.device_name.is_some();
        if has_name {
            self.device_name = None;
        }
        has_name
    }

    /// Shares what an equal one has in memory.
    pub(super) fn share(&mut self, earlier: &Self) {
        if self == earlier {
            self.clone_from(earlier);
        }
    }
}

impl Deref for Target {
    type Target = OtherNames;

    fn deref(&self) -> &OtherNames {
        self.others.as_deref().unwrap_or(&NO_OTHERS)
    }
}

impl DerefMut for Target {
    fn deref_mut(&mut self) -> &mut OtherNames {
        Arc::make_mut(self.others.get_or_insert_default())
    }
}

impl fmt::Debug for Target {
    /// Invariant: as it always was. The digest of a job that the command line gives is made of it.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Target")
            .field("device_id", &self.device_id)
            .field("serial_number", &self.serial_number)
            .field("user_email", &self.user_email)
            .field("device_name", &self.device_name)
            .field("asset_tag", &self.asset_tag)
            .finish()
    }
}

impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.serial_number == other.serial_number && **self == **other
    }
}

impl Eq for Target {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_shown_as_older_versions_did() {
        let mut target = Target::by_serial("C02XK1ABJG5J");
        assert_eq!(size_of::<Target>(), 24);
        assert_eq!(
            format!("{target:?}"),
            r#"Target { device_id: None, serial_number: Some("C02XK1ABJG5J"), user_email: None, device_name: None, asset_tag: None }"#
        );
        target.device_id = Some(DeviceId::from_api("a"));
        target.device_name = Some("Noémie’s MacBook Pro".into());
        let shown = format!("{target:?}");
        assert!(shown.starts_with(r#"Target { device_id: Some(DeviceId("a")), "#), "{shown}");
        assert!(shown.contains(r#"device_name: Some("Noémie’s MacBook Pro")"#), "{shown}");
    }

    #[test]
    fn a_target_equals_one_that_never_had_the_removed_name() {
        let (mut target, bare) = (Target::by_serial("C02"), Target::by_serial("C02"));
        target.user_email = Some("ann@example.com".into());
        assert_ne!(target, bare);
        let mut shared = target.clone();
        shared.share(&target);
        target.user_email = None;
        assert_eq!(target, bare);
        assert_eq!(shared.user_email.as_deref(), Some("ann@example.com"));
    }
}
