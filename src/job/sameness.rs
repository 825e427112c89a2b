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
    rows: HashMap<(u32, u16), usize>,
    group_count: u32,
}

impl SeenRows {
    /// Notes a row, and returns an earlier one of the same device and step.
    pub fn insert(&mut self, target: &Target, step: u16, row: usize) -> Option<usize> {
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
        let group = matches.first().copied().unwrap_or(self.group_count);
        if matches.is_empty() {
            self.group_count += 1;
        }
        for key in keys {
            self.groups.entry(key).or_default()[strength].get_or_insert(group);
        }
        let earlier = matches.iter().find_map(|group| self.rows.get(&(*group, step)).copied());
        self.rows.entry((group, step)).or_insert(row);
        earlier
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

    /// Targets as `id/serial/email`, each of which may be empty.
    fn target(text: &str) -> Target {
        let parts: Vec<Option<String>> =
            text.split('/').map(|part| (!part.is_empty()).then(|| part.to_owned())).collect();
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
            assert_eq!(seen.insert(&target(first), 1, 0), None);
            let hit = seen.insert(&target(second), 1, 1);
            assert_eq!(hit.is_some(), expect, "{first} then {second}");
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
        assert_eq!(seen.insert(&target("/S/"), 1, 0), None);
        assert_eq!(seen.insert(&target("/S/"), 2, 1), None);
        assert_eq!(seen.insert(&target("/S/"), 2, 2), Some(1));
        assert_eq!(seen.insert(&target("/S/"), 1, 3), Some(0));
    }
}
