//! Why a step cannot be done on a device, by the device's record and the action table.
//!
//! Owns the checks of platform, OS version and management. Must never know which job asks.

use super::earlier::deletes;
use super::objection::{Objection, ObjectionKind};
use crate::job::Step;
use crate::model::{Device, Platform};

/// Why a device cannot be given these steps, as far as its record tells.
pub(super) fn row_objection(steps: &[Step], device: &Device) -> Option<Objection> {
    steps
        .iter()
        .find_map(|step| step_objection(step, device))
        .or_else(|| order_objection(steps, device))
}

/// Why one of these steps could never be carried out after another.
fn order_objection(steps: &[Step], device: &Device) -> Option<Objection> {
    let objection = |reason: String| Some(Objection { kind: ObjectionKind::NeverBegins, reason });
    let mut earlier = steps.iter();
    while let Some(before) = earlier.next() {
        let Some(after) = earlier.as_slice().iter().find(|after| excludes(before, after, device))
        else {
            continue;
        };
        let (first, second) = (before.action.name, after.action.name);
        let why = if deletes(before) {
            "a deleted device cannot be reached"
        } else {
            "a locked Mac accepts no command until its PIN is typed"
        };
        return objection(format!("{second} cannot follow {first}: {why}"));
    }
    None
}

fn excludes(before: &Step, after: &Step, device: &Device) -> bool {
    let is_locked = before.action.gives_pin && device.platform == Platform::Mac;
    // A record can be deleted in any state of its Mac.
    deletes(before) || (is_locked && !deletes(after))
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
        return removed("the device was removed from management");
    }
    // A record whose device has left MDM can still be deleted; nothing else can reach it.
    if !device.mdm_enabled && !deletes(step) {
        return removed("the device is no longer enrolled in MDM");
    }
    if let Some((_, reason)) = step.action.contradictions(&step.params).into_iter().next() {
        return Some(Objection { kind: ObjectionKind::NeverBegins, reason });
    }
    step.action.objection(device.platform, &device.make.os_version, &step.params).map(|reason| {
        Objection {
            kind: ObjectionKind::Unsupported,
            reason: format!("{reason} ({} '{}')", device.serial_number, device.name),
        }
    })
}
