//! What earlier runs have done, as far as it bears on a plan.
//!
//! Owns which task is not to be sent again because of it. Must never read a journal: it gets the facts. Must never take a
//! device for another: identities are compared as they are when a device is looked up.
//!
//! A device that sortie deleted counts as done only in jobs that delete it: to call its lock done would be false.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::inventory::Inventory;
use super::objection::ObjectionKind;
use crate::job::{Job, Row, Step, Target};
use crate::kandji::find_action;
use crate::model::{
    DeviceFacts, DeviceId, Gate, Outcome, SharedText, TaskId, Turn, is_alike,
    is_placeholder_serial, is_same_text,
};

/// What earlier runs are known to have done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Earlier {
    /// What became of tasks, by what they do to which device; empty unless the operator asked for it.
    pub tasks: BTreeMap<TaskId, EarlierTask>,
    /// Devices that were deleted, newest first.
    pub deleted: Vec<Deleted>,
}

/// What became of a task in an earlier run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierTask {
    /// Outcome of the task in the earlier run.
    pub outcome: Outcome,
    /// Which run it was, for people.
    pub reason: String,
}

/// A device that an earlier run has deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted {
    /// What it was called then.
    pub device: Arc<DeviceFacts>,
    /// Which run did it, for people.
    pub reason: String,
}

impl EarlierTask {
    /// What that makes of the same task now: nothing is sent where it ended well, nor where it may still end well;
    /// `None` where it may be tried again.
    #[must_use]
    pub fn turn(&self) -> Option<Turn> {
        let reason = self.reason.as_str().into();
        match self.outcome {
            Outcome::Completed | Outcome::Accepted | Outcome::AlreadyInEffect => {
                Some(Turn::Done { reason })
            }
            Outcome::Failed | Outcome::Refused => None,
            _ => Some(Turn::Skip { reason, asked: true }),
        }
    }

    /// Why a step that waits for this one with `gate` cannot begin, if it cannot.
    pub(super) fn keeps_back(&self, step: u16, gate: Gate) -> Option<String> {
        let opens = gate.opens(self.outcome);
        (!opens)
            .then(|| format!("step {step} must be completed first, but was only {}", self.outcome))
    }
}

/// The deleted device that a target means. Of one that was deleted several times the newest counts; of several
/// devices none is chosen.
pub(super) fn deleted_one<'a>(deleted: &'a [Deleted], target: &Target) -> Option<&'a Deleted> {
    let mut meant = deleted.iter().filter(|deleted| is_meant(target, &deleted.device));
    let newest = meant.next()?;
    let is_same = |other: &Deleted| {
        let serial = &newest.device.serial_number;
        !is_placeholder_serial(serial) && is_alike(&other.device.serial_number, serial)
    };
    meant.all(is_same).then_some(newest)
}

/// The rows that mean a device which an earlier run has deleted. Only where the job asks for the deletion, in this
/// row or another: a device that is gone is not locked.
pub(super) fn deleted_rows<'a>(
    job: &Job,
    inventory: &Inventory,
    deleted: &'a [Deleted],
) -> BTreeMap<u32, &'a Deleted> {
    if deleted.is_empty() {
        return BTreeMap::new();
    }
    let is_not_found = |row: &&Row| {
        inventory
            .resolve(&row.target)
            .is_err_and(|objection| objection.kind == ObjectionKind::NotFound)
    };
    let rows: Vec<(&Row, &Deleted)> = job
        .rows
        .iter()
        .filter(is_not_found)
        .filter_map(|row| Some((row, deleted_one(deleted, &row.target)?)))
        .collect();
    let to_delete: BTreeSet<&DeviceId> = rows
        .iter()
        .filter(|(row, _)| row.steps.iter().any(deletes))
        .map(|(_, deleted)| &deleted.device.id)
        .collect();
    rows.into_iter()
        .filter(|(_, deleted)| to_delete.contains(&deleted.device.id))
        .map(|(row, deleted)| (row.number, deleted))
        .collect()
}

/// Whether a step takes the device out of the tenant.
pub(super) fn deletes(step: &Step) -> bool {
    find_action("delete-device").is_ok_and(|delete| std::ptr::eq(delete, step.action))
}

/// Whether every identity that the target gives is the device's. Of an asset tag the journal knows nothing.
fn is_meant(target: &Target, device: &DeviceFacts) -> bool {
    let folded = |given: &Option<SharedText>, found: &str| {
        given.as_ref().is_none_or(|given| is_alike(given, found))
    };
    let is_named =
        target.device_id.is_some() || target.serial_number.is_some() || target.user_email.is_some();
    is_named
        && target
            .device_id
            .as_ref()
            .is_none_or(|id| id.as_str().eq_ignore_ascii_case(device.id.as_str()))
        && folded(&target.serial_number, &device.serial_number)
        && folded(&target.user_email, &device.user_email)
        && target.device_name.as_ref().is_none_or(|name| is_same_text(name, &device.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeviceGroup, Platform};

    fn deleted(id: &str, serial: &str, email: &str) -> Deleted {
        Deleted {
            device: Arc::new(DeviceFacts {
                id: DeviceId::from_api(id),
                serial_number: serial.into(),
                name: format!("{serial}'s").into(),
                user_email: email.into(),
                group: DeviceGroup::on(Platform::Mac),
                ..DeviceFacts::default()
            }),
            reason: format!("deleted {id}"),
        }
    }

    fn target(id: &str, serial: &str, email: &str, name: &str) -> Target {
        let text = |text: &str| (!text.is_empty()).then(|| text.into());
        let mut target = Target::default();
        target.device_id = (!id.is_empty()).then(|| DeviceId::from_api(id));
        target.serial_number = text(serial);
        target.user_email = text(email);
        target.device_name = text(name);
        target
    }

    #[test]
    fn a_deleted_device_must_match_by_all_its_identities() {
        let known = [
            deleted("c", "C02", "ann@example.com"),
            deleted("b", "C03", "bob@example.com"),
            deleted("a", "C02", "ann@example.com"),
            deleted("d", "C04", "bob@example.com"),
            deleted("e", "", ""),
        ];
        for (id, serial, email, name, expected) in [
            ("", "c02", "", "", Some("c")),
            ("A", "", "", "", Some("a")),
            ("a", "C02", "ANN@example.com", "C02's", Some("a")),
            ("a", "C03", "", "", None),
            ("", "C02", "bob@example.com", "", None),
            ("", "C02", "", "c02's", None),
            ("", "C0", "", "", None),
            ("", "", "ann@example.com", "", Some("c")),
            ("", "", "bob@example.com", "", None),
            ("", "", "", "C02's", None),
        ] {
            let target = target(id, serial, email, name);
            let found = deleted_one(&known, &target).map(|found| found.device.id.to_string());
            assert_eq!(found.as_deref(), expected, "{target:?}");
        }
    }

    #[test]
    fn every_earlier_outcome_decides_what_happens_to_the_task() {
        for outcome in Outcome::ALL {
            let known = EarlierTask { outcome, reason: "by run x".to_owned() };
            let expected = match outcome {
                Outcome::Completed | Outcome::Accepted | Outcome::AlreadyInEffect => {
                    Some(Outcome::AlreadyInEffect)
                }
                Outcome::Failed | Outcome::Refused => None,
                _ => Some(Outcome::Skipped),
            };
            assert_eq!(known.turn().and_then(|turn| turn.outcome()), expected, "{outcome}");
        }
    }
}
