//! Which tasks a row of the device list is about.
//!
//! Owns the table of a run's devices, and what a row says about their tasks. Must never hold a task: of a million there is
//! only what a row is compared with.

use std::collections::HashMap;

use crate::engine::EngineState;
use crate::kandji::ShownDevice;
use crate::model::{
    End, PackedDeviceId, Platform, RunTasks, Shown, Task, TaskFault, TaskIndex, is_same_text,
};

/// The devices of a run with their tasks. Empty where no task can be followed: then no list is read.
#[derive(Default)]
pub(super) struct RunDevices {
    tasks: Vec<DeviceTask>,
    /// The names that devices bear once their task is done, of tasks that end so.
    names: HashMap<TaskIndex, String>,
    /// The device list is read whole, and not only as far as check-ins are new.
    is_list_complete: bool,
}

struct DeviceTask {
    device: PackedDeviceId,
    task: TaskIndex,
    /// Agents of Windows check in too, but no command of theirs is followed.
    has_agent: bool,
}

impl RunDevices {
    /// The devices of a run in this `state` with these tasks.
    ///
    /// # Errors
    /// [`TaskFault`].
    pub(super) fn of(state: &EngineState, tasks: &RunTasks) -> Result<Self, TaskFault> {
        let mut devices = Self::default();
        if !state.can_follow() {
            return Ok(devices);
        }
        devices.tasks.reserve_exact(tasks.count());
        tasks.for_each(|index, task| devices.add(index, &task))?;
        devices.tasks.sort_unstable_by(|one, other| {
            (&one.device, one.task).cmp(&(&other.device, other.task))
        });
        Ok(devices)
    }

    fn add(&mut self, index: TaskIndex, task: &Task) {
        // A device that the list no longer has is found only in an order in which devices keep their places.
        self.is_list_complete |= task.end.trace().is_on_record();
        if let End::Command { or_named: Some(name), .. } = &task.end {
            self.names.insert(index, name.clone());
        }
        self.tasks.push(DeviceTask {
            device: PackedDeviceId::of(&task.device.id),
            task: index,
            has_agent: task.device.platform == Platform::Mac,
        });
    }

    /// Whether the device list is read whole.
    pub(super) fn is_list_complete(&self) -> bool {
        self.is_list_complete
    }

    /// What a row of the list says about the tasks of its device.
    pub(super) fn shown<'a>(&'a self, row: &'a ShownDevice) -> impl Iterator<Item = Shown> + 'a {
        let key = PackedDeviceId::of(&row.id);
        let first = self.tasks.partition_point(|entry| entry.device < key);
        let its = self.tasks[first..].iter().take_while(move |entry| entry.device == key);
        its.map(|entry| {
            let name = self.names.get(&entry.task);
            Shown {
                task: entry.task,
                last_check_in: row.last_check_in,
                has_changed: name.is_some_and(|name| is_same_text(name, &row.name)),
                has_agent: entry.has_agent,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::facts_of;
    use crate::model::{DeviceId, Policy, UnixMillis};
    use crate::plan::testing::plan;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);

    fn devices(actions: &[(&str, &str)], end: &End) -> RunDevices {
        let mut tasks = plan(actions).tasks;
        tasks.iter_mut().for_each(|task| task.end = end.clone());
        let policy = Policy::default_at(NOW, 1);
        let (facts, actions) = facts_of(&tasks, &policy);
        RunDevices::of(&EngineState::new(facts, actions, policy), &tasks.into()).expect("in memory")
    }

    fn row(id: &str, name: &str) -> ShownDevice {
        let id = DeviceId::from_api(id);
        ShownDevice { id, name: name.to_owned(), last_check_in: Some(NOW) }
    }

    #[test]
    fn a_row_shows_all_tasks_of_its_device_and_no_others() {
        let or_named = Some("Lab 1".to_owned());
        let end = End::Command {
            request_types: vec!["Settings".to_owned()],
            mark: None,
            or_gone: false,
            or_named,
            or_state: None,
        };
        let devices = devices(&[("lock", "d1"), ("lock", "d0"), ("restart", "d1")], &end);
        let shown = |id, name| -> Vec<(u32, bool)> {
            devices.shown(&row(id, name)).map(|it| (it.task.0, it.has_changed)).collect()
        };
        assert_eq!(shown("d1", "Lab 1"), [(0, true), (2, true)]);
        assert_eq!(shown("d0", "Lab 2"), [(1, false)]);
        assert_eq!(shown("d2", "Lab 1"), []);
        assert!(devices.is_list_complete());
    }

    #[test]
    fn a_run_that_follows_nothing_keeps_no_devices() {
        let devices = devices(&[("blank-push", "d1")], &End::Acceptance { why: String::new() });
        assert_eq!(devices.shown(&row("d1", "")).count(), 0);
        assert!(!devices.is_list_complete());
    }
}
