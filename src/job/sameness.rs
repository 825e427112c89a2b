//! Which rows mean the same device, as far as their texts tell.
//!
//! Owns the comparison of targets within one job. The plan compares again by resolved id. Must never
//! guess: two rows that share a weak identity and differ in a stronger one are two devices, because one
//! user has several devices.

use std::collections::HashMap;

use super::Target;
use crate::model::comparable;

/// The identities, the strongest first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
enum Identity {
    Id,
    Serial,
    Email,
}

/// Which of the two stronger identities a target has: id is bit 0, serial number is bit 1.
type Strength = usize;

/// The rows so far, by device and step.
#[derive(Default)]
pub(super) struct SeenRows {
    groups: HashMap<(Identity, String), [Option<u32>; 4]>,
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
        let keys = keys(target);
        let mut matches: Vec<u32> = Vec::new();
        for key in &keys {
            let Some(slots) = self.groups.get(key) else { continue };
            for (other, group) in slots.iter().enumerate() {
                if let Some(group) = group
                    && strongest_common(strength, other) == key.0
                {
                    matches.push(*group);
                }
            }
        }
        let next_group = u32::try_from(self.firsts.len()).unwrap_or(u32::MAX);
        let group = matches.first().copied().unwrap_or(next_group);
        if matches.is_empty() {
            self.firsts.push(row);
        }
        for key in keys {
            self.groups.entry(key).or_default()[strength].get_or_insert(group);
        }
        let earlier = matches.iter().find_map(|group| self.rows.get(&(*group, step)).copied());
        self.rows.entry((group, step)).or_insert(row);
        let first = matches.first().and_then(|group| self.firsts.get(*group as usize));
        EarlierRows {
            same_step: earlier.map(|row| row as usize),
            same_device: first.map(|row| *row as usize),
        }
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

fn keys(target: &Target) -> Vec<(Identity, String)> {
    let id = target.device_id.as_ref().map(|id| (Identity::Id, id.as_str().to_lowercase()));
    let serial = target.serial_number.as_ref().map(|text| (Identity::Serial, comparable(text)));
    let email = target.user_email.as_ref().map(|text| (Identity::Email, comparable(text)));
    [id, serial, email].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SharedText;

    /// Targets as `id/serial/email`, each of which may be empty.
    fn target(text: &str) -> Target {
        let parts: Vec<Option<SharedText>> =
            text.split('/').map(|part| (!part.is_empty()).then(|| part.into())).collect();
        Target {
            device_id: parts[0].as_deref().map(crate::model::DeviceId::from_api),
            serial_number: parts[1].clone(),
            user_email: parts[2].clone(),
            ..Target::default()
        }
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
