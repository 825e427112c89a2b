//! What speaks against a step on a device by what the device's record and the action table say.
//!
//! Owns the checks of platform, OS version and management. Must never know which job asks.

use super::earlier::deletes;
use super::inventory::{Objection, ObjectionKind};
use crate::job::Step;
use crate::model::Device;

/// Why a device cannot be given these steps, as far as its record tells.
pub(super) fn row_objection(steps: &[Step], device: &Device) -> Option<Objection> {
    steps.iter().find_map(|step| step_objection(step, device))
}

/// Why a step must not be done on a device.
fn step_objection(step: &Step, device: &Device) -> Option<Objection> {
    let removed = |reason: &str| {
        Some(Objection {
            kind: ObjectionKind::Removed,
            reason: format!("{reason} ({} '{}')", device.serial_number, device.name),
        })
    };
    if device.is_removed {
        return removed("the device has been removed from management");
    }
    // A record whose device has left MDM can still be deleted; nothing else can reach it.
    if !device.mdm_enabled && !deletes(step) {
        return removed("the device is not under MDM any more");
    }
    step.action.objection(device.platform, &device.os_version, &step.params).map(|reason| {
        Objection {
            kind: ObjectionKind::Unsupported,
            reason: format!("{reason} ({} '{}')", device.serial_number, device.name),
        }
    })
}
