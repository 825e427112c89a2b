//! Which rows mean the same device, as far as their texts tell.
//!
//! Owns the comparison of targets within one job. The plan compares again by resolved id. Must never
//! guess: two rows that share a weak identity and differ in a stronger one are two devices, because one
//! user has several devices.

use std::collections::HashMap;

use super::Target;
use crate::model::{ByFingerprint, Fingerprints, comparable};

/// The identities, the strongest first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    Id,
    Serial,
    Email,
}

/// Which of the two stronger identities a target has: id is bit 0, serial number is bit 1.
type Strength = usize;

/// The groups of rows that have one identity, by strength; [`NO_GROUP`] where there is none.
type Slots = [u32; 4];

const NO_GROUP: u32 = u32::MAX;

/// The rows so far, by device and step.
#[derive(Default)]
pub(super) struct SeenRows {
    fingerprints: Fingerprints,
    /// By the fingerprint of an identity.
    groups: HashMap<u128, Slots, ByFingerprint>,
    rows: HashMap<(u32, u16), u32>,
    /// The first row of each group.
    firsts: Vec<u32>,
}

/// Earlier rows of the same device, by their positions.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct EarlierRows {
    /// The first one with the same step.
    pub same_step: Option<usize>,
    /// The first one with any step.
    pub same_device: Option<usize>,
}

impl SeenRows {
    /// Notes a row, and returns the earlier ones of the same device.
    pub fn insert(&mut self, target: &Target, step: u16, row: usize) -> EarlierRows {
        // No job has so many rows that its positions need more.
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        let strength = strength(target);
        let keys = self.keys(target);
        let mut matches: Vec<u32> = Vec::new();
        for (identity, print) in keys.iter().flatten() {
            let Some(slots) = self.groups.get(print) else { continue };
            for (other, group) in slots.iter().enumerate() {
                if *group != NO_GROUP && strongest_common(strength, other) == *identity {
                    matches.push(*group);
                }
            }
        }
        let next_group = u32::try_from(self.firsts.len()).unwrap_or(u32::MAX);
        let group = matches.first().copied().unwrap_or(next_group);
        if matches.is_empty() {
            self.firsts.push(row);
        }
        for (_, print) in keys.into_iter().flatten() {
            let slot = &mut self.groups.entry(print).or_insert([NO_GROUP; 4])[strength];
            if *slot == NO_GROUP {
                *slot = group;
            }
        }
        let earlier = matches.iter().find_map(|group| self.rows.get(&(*group, step)).copied());
        self.rows.entry((group, step)).or_insert(row);
        let first = matches.first().and_then(|group| self.firsts.get(*group as usize));
        EarlierRows {
            same_step: earlier.map(|row| row as usize),
            same_device: first.map(|row| *row as usize),
        }
    }

    /// The identities of a target, each with its fingerprint.
    fn keys(&self, target: &Target) -> [Option<(Identity, u128)>; 3] {
        let id = target.device_id.as_ref().map(|id| id.as_str().to_lowercase());
        let serial = target.serial_number.as_ref().map(|text| comparable(text));
        let email = target.user_email.as_ref().map(|text| comparable(text));
        let key = |identity, text: Option<String>| {
            text.map(|text| (identity, self.fingerprints.of(&(identity, text))))
        };
        [key(Identity::Id, id), key(Identity::Serial, serial), key(Identity::Email, email)]
    }
}

fn strength(target: &Target) -> Strength {
    usize::from(target.device_id.is_some()) | usize::from(target.serial_number.is_some()) << 1
}

fn strongest_common(left: Strength, right: Strength) -> Identity {
    match left & right {
        0 => Identity::Email,
        2 => Identity::Serial,
        _ => Identity::Id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SharedText;

    /// Targets as `id/serial/email`, each of which may be empty.
    fn target(text: &str) -> Target {
        let parts: Vec<Option<SharedText>> =
            text.split('/').map(|part| (!part.is_empty()).then(|| part.into())).collect();
        let mut target = Target::default();
        target.device_id = parts[0].as_deref().map(crate::model::DeviceId::from_api);
        target.serial_number.clone_from(&parts[1]);
        target.user_email.clone_from(&parts[2]);
        target
    }

    fn check(earlier: &str, later: &str, expect: bool) {
        for (first, second) in [(earlier, later), (later, earlier)] {
            let mut seen = SeenRows::default();
            assert_eq!(seen.insert(&target(first), 1, 0), EarlierRows::default());
            let hit = seen.insert(&target(second), 1, 1);
            assert_eq!(hit.same_step.is_some(), expect, "{first} then {second}");
        }
    }

    #[test]
    fn the_strongest_identity_that_both_give_decides() {
        check("1//", "1//", true);
        check("/S/", "/s/", true);
        check("//jo@x", "//JO@x", true);
        check("1/S/", "/S/", true);
        check("1/S/jo@x", "//jo@x", true);
        check("1//jo@x", "/S/jo@x", true);
        check("/S/jo@x", "/T/jo@x", false);
        check("1/S/", "2/S/", false);
        check("1//jo@x", "2//jo@x", false);
        check("1//", "2//", false);
    }

    #[test]
    fn steps_set_rows_of_one_device_apart() {
        let mut seen = SeenRows::default();
        let mut insert = |step, row| seen.insert(&target("/S/"), step, row);
        assert_eq!(insert(1, 0), EarlierRows::default());
        let first = EarlierRows { same_step: None, same_device: Some(0) };
        assert_eq!(insert(2, 1), first);
        assert_eq!(insert(2, 2), EarlierRows { same_step: Some(1), ..first });
        assert_eq!(insert(1, 3), EarlierRows { same_step: Some(0), ..first });
    }
}
