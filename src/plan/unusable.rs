//! Devices that no request can name.
//!
//! Owns what is said of a device whose id has not the documented form, and of a row whose device was not found. Must never
//! put an unusable id into the facts of a task: paths are made of those.

use super::objection::{Objection, ObjectionKind};
use crate::job::Target;
use crate::model::{
    Device, DeviceFacts, DeviceGroup, DeviceId, Platform, SharedText, is_alike,
    is_placeholder_serial,
};

/// Most characters of an id that are shown.
const ID_CHARS_MAX: usize = 96;

/// Why nothing is done to a device whose id has not the documented form.
pub(super) fn unusable_id(device: &Device) -> Objection {
    let shown: String = device.id.as_str().chars().take(ID_CHARS_MAX).collect();
    let reason = format!(
        "the tenant gives the device an id that is not a UUID, so no request can name it ({} '{}', id '{}')",
        device.serial_number,
        device.name,
        shown.escape_debug()
    );
    Objection { kind: ObjectionKind::UnusableId, reason }
}

/// Whether a row may mean a device with an unusable id: by the serial number, or by the user where it gives neither id nor serial
/// number.
pub(super) fn is_aimed_at(target: &Target, device: &Device) -> bool {
    let fits = |given: &Option<SharedText>, found: &str| {
        given.as_ref().is_some_and(|given| is_alike(given, found))
    };
    match (&target.device_id, &target.serial_number) {
        (Some(_), _) => false,
        (None, Some(_)) => {
            fits(&target.serial_number, &device.serial_number)
                && !is_placeholder_serial(&device.serial_number)
        }
        (None, None) => fits(&target.user_email, &device.user_email),
    }
}

/// The facts of a device without its id.
pub(super) fn facts_without_id(device: &Device) -> DeviceFacts {
    DeviceFacts { id: DeviceId::from_api(""), ..(*device.facts).clone() }
}

/// The facts of a row whose device was not found: what the row says.
pub(super) fn unresolved_facts(target: &Target) -> DeviceFacts {
    DeviceFacts {
        id: DeviceId::from_api(""),
        serial_number: target.serial_number.clone().unwrap_or_default(),
        name: target.device_name.clone().unwrap_or_default(),
        user_email: target.user_email.clone().unwrap_or_default(),
        group: DeviceGroup::on(Platform::Unknown),
        ..DeviceFacts::default()
    }
}
