//! Devices, each once.
//!
//! Owns the counting of distinct devices among many tasks. Tasks of one device often stand next to each other, which is cheap
//! here. Must never take two devices for one: ids are compared whole.

use std::collections::HashMap;

use super::positions::hash_of;
use crate::model::{DeviceId, Task};

/// Ids that are taken in before equal ones among them are looked for.
const IDS_KEPT_MIN: usize = 1_024;

/// Counts devices of which each may be named by many tasks. A list in the order of hashes: a plan has a million tasks, and
/// a table would search all of its memory for each of them.
#[derive(Debug, Default)]
pub struct DeviceSet<'a> {
    /// Each with its hash. At most half of them are there twice.
    ids: Vec<(u32, &'a DeviceId)>,
    /// How many there were when equal ones were last removed.
    distinct: usize,
    last: Option<&'a DeviceId>,
}

impl<'a> DeviceSet<'a> {
    /// Adds a device.
    pub fn insert(&mut self, id: &'a DeviceId) {
        if self.last.is_some_and(|last| std::ptr::eq(last, id)) {
            return;
        }
        self.last = Some(id);
        if self.ids.len() >= IDS_KEPT_MIN.max(2 * self.distinct) {
            self.remove_equal();
        }
        self.ids.push((hash_of(id.as_str()), id));
    }

    /// Number of devices.
    #[must_use]
    pub fn count(mut self) -> u32 {
        self.remove_equal();
        u32::try_from(self.distinct).unwrap_or(u32::MAX)
    }

    fn remove_equal(&mut self) {
        self.ids.sort_unstable();
        self.ids.dedup();
        self.distinct = self.ids.len();
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

/// The first of these tasks for each device, in their order.
pub(super) fn first_tasks<'a>(tasks: impl Iterator<Item = &'a Task>) -> Vec<&'a Task> {
    let mut firsts: Vec<(u32, u32, &Task)> =
        tasks.zip(0..).map(|(task, at)| (hash_of(task.device.id.as_str()), at, task)).collect();
    firsts.sort_unstable_by(|left, right| place(left).cmp(&place(right)));
    firsts.dedup_by(|later, first| later.0 == first.0 && later.2.device.id == first.2.device.id);
    firsts.sort_unstable_by_key(|(_, at, _)| *at);
    firsts.into_iter().map(|(_, _, task)| task).collect()
}

/// Tasks of one device stand together in this order, the first one in front.
fn place<'a>((hash, at, task): &(u32, u32, &'a Task)) -> (u32, &'a DeviceId, u32) {
    (*hash, &task.device.id, *at)
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
        assert_eq!(DeviceSet::default().count(), 0);
        let all = [first, second, second, again, first];
        assert_eq!(all.into_iter().collect::<DeviceSet<'_>>().count(), 2);
        let mut numbers = DeviceNumbers::default();
        assert_eq!(all.map(|id| numbers.of(id)), [0, 1, 1, 0, 0]);
    }

    #[test]
    fn devices_are_counted_beyond_the_ids_that_are_kept() {
        let number = |count: usize| -> Vec<DeviceId> {
            (0..count).map(|number| DeviceId::from_api(&number.to_string())).collect()
        };
        for count in [1, IDS_KEPT_MIN - 1, IDS_KEPT_MIN, IDS_KEPT_MIN + 1, 3 * IDS_KEPT_MIN] {
            let (ids, again) = (number(count), number(count));
            let mut set: DeviceSet<'_> = ids.iter().chain(&again).chain(&ids).collect();
            assert!(set.ids.len() <= IDS_KEPT_MIN.max(2 * count), "{count}");
            set.insert(&again[0]);
            assert_eq!(set.count() as usize, count);
        }
    }

    #[test]
    fn the_first_task_of_each_device_is_found_in_order() {
        let tasks =
            [("lock", "b"), ("lock", "a"), ("restart", "b"), ("restart", "a"), ("lock", "c")];
        let plan = crate::plan::testing::plan(&tasks);
        let firsts = first_tasks(plan.tasks.iter().skip(1));
        let shown: Vec<(&str, &str)> =
            firsts.iter().map(|task| (task.action.as_str(), task.device.id.as_str())).collect();
        assert_eq!(shown, [("lock", "a"), ("restart", "b"), ("lock", "c")]);
    }
}
