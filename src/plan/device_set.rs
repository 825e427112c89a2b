//! Devices, each once.
//!
//! Owns the counting of distinct devices among many tasks. Tasks of one device often stand next to each other, which is cheap
//! here. Must never take two devices for one: ids are compared whole.

use std::collections::{HashMap, HashSet};

use crate::model::DeviceId;

/// A set of devices of which each is named by many tasks.
#[derive(Debug, Default)]
pub struct DeviceSet<'a> {
    ids: HashSet<&'a DeviceId>,
    last: Option<&'a DeviceId>,
}

impl<'a> DeviceSet<'a> {
    /// Adds a device, and says whether it is new.
    pub fn insert(&mut self, id: &'a DeviceId) -> bool {
        if self.last.is_some_and(|last| std::ptr::eq(last, id)) {
            return false;
        }
        self.last = Some(id);
        self.ids.insert(id)
    }

    /// Number of devices.
    #[must_use]
    pub fn len(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    /// Whether it has no device.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether it has this device.
    #[must_use]
    pub fn contains(&self, id: &DeviceId) -> bool {
        self.ids.contains(id)
    }
}

impl<'a> FromIterator<&'a DeviceId> for DeviceSet<'a> {
    fn from_iter<I: IntoIterator<Item = &'a DeviceId>>(ids: I) -> Self {
        let mut set = Self::default();
        for id in ids {
            set.insert(id);
        }
        set
    }
}

/// Numbers devices from 0 in the order in which they come.
#[derive(Default)]
pub(super) struct DeviceNumbers<'a> {
    numbers: HashMap<&'a DeviceId, u32>,
    last: Option<(&'a DeviceId, u32)>,
}

impl<'a> DeviceNumbers<'a> {
    /// The number of a device.
    pub fn of(&mut self, id: &'a DeviceId) -> u32 {
        if let Some((last, number)) = self.last
            && std::ptr::eq(last, id)
        {
            return number;
        }
        let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(id).or_insert(next);
        self.last = Some((id, number));
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_counts_once_however_its_tasks_stand() {
        let ids: Vec<DeviceId> = ["a", "b", "a"].map(DeviceId::from_api).to_vec();
        let (first, second, again) = (&ids[0], &ids[1], &ids[2]);
        let mut set = DeviceSet::default();
        assert!(set.is_empty() && set.insert(first) && set.insert(second));
        assert!(!set.insert(second) && !set.insert(again) && !set.insert(first));
        assert_eq!((set.len(), set.contains(again)), (2, true));
        let mut numbers = DeviceNumbers::default();
        let all = [first, second, second, again, first].map(|id| numbers.of(id));
        assert_eq!(all, [0, 1, 1, 0, 0]);
    }
}
