//! The frozen list of tasks that a plan is.
//!
//! Owns what can be said of a plan by its tasks alone. Must never add or change a task.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::device_set::DeviceSet;
use super::objection::Objection;
use crate::job::{BeforeLoss, RequiredDevices};
use crate::kandji::{ACTIONS, ActionSpec};
use crate::model::{DeviceFacts, Platform, Risk, Task, TaskWork, Turn};

/// The frozen list of tasks of a job, with what was found out about them. Serialized as part of a plan file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The tasks, skipped ones included.
    pub tasks: Vec<Task>,
    /// Rows that cannot be done. When there is any, nothing may be sent, and no file of it is written.
    #[serde(skip)]
    pub refused: Vec<RefusedRow>,
    /// Devices that have not been seen lately.
    pub not_seen_lately: u32,
    /// Devices that the job selected and took out again.
    pub excluded: u32,
    /// What may surprise: parameters that some devices ignore, with how many.
    pub notes: Vec<String>,
    /// What becomes of secrets that an action removes; `None` when the job does not say.
    pub before_loss: Option<BeforeLoss>,
    /// Devices that are to be erased and have Activation Lock on, as far as that was read.
    pub activation_locked: Vec<DeviceFacts>,
}

/// A row that names a device on which the job cannot be done, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Its number among the rows.
    pub row: u32,
    /// Its line in the file, 0 where there is none.
    pub line: u32,
    /// The device as the row names it.
    pub target: String,
    /// Why the row is refused.
    pub objection: Objection,
}

impl Plan {
    /// The tasks that would be sent: those that no rule skipped and no earlier run has done.
    pub fn to_do(&self) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(|task| task.turn == Turn::Do)
    }

    /// The tasks that would be sent, one for all that share step, work and platform, with how many these are. In the order
    /// in which they first come.
    pub(super) fn to_do_by_work(&self) -> Vec<(&Task, u32)> {
        let mut places: HashMap<(*const TaskWork, Platform, u16), usize> = HashMap::new();
        let mut listed: Vec<(&Task, u32)> = Vec::new();
        for task in self.to_do() {
            let key = (Arc::as_ptr(&task.work), task.device.platform, task.step);
            let at = *places.entry(key).or_insert(listed.len());
            match listed.get_mut(at) {
                Some((_, count)) => *count += 1,
                None => listed.push((task, 1)),
            }
        }
        listed
    }

    /// Number of devices with something to do.
    #[must_use]
    pub fn devices(&self) -> usize {
        self.devices_where(|_| true) as usize
    }

    /// Whether the plan may be sent: no row is refused, and no secret would be lost unmentioned.
    #[must_use]
    pub fn may_be_sent(&self) -> bool {
        self.refused.is_empty() && self.secrets_at_risk() == 0
    }

    /// Says so when no device is left, and the job's requirement has a share in that.
    #[must_use]
    pub fn emptied_by(&self, requirement: &RequiredDevices) -> Option<String> {
        let (mut all, mut unlisted) = (BTreeSet::new(), BTreeSet::new());
        for task in &self.tasks {
            let Turn::Skip { reason, .. } = &task.turn else { return None };
            all.insert(task.row);
            if **reason == *requirement.reason() {
                unlisted.insert(task.row);
            }
        }
        let file = &requirement.file;
        match (unlisted.len(), all.len()) {
            (0, _) => None,
            (some, all) if some < all => Some(format!(
                "no device is left: {some} of {all} are not listed in {file}, and the others are skipped for other reasons"
            )),
            _ => Some(format!("no device is left: {file} lists none of them")),
        }
    }

    /// The highest risk of anything that is to be done.
    #[must_use]
    pub fn risk(&self) -> Risk {
        self.to_do().map(|task| task.risk).max().unwrap_or(Risk::Read)
    }
}

impl Plan {
    /// Devices that would lose secrets which people miss, without a word about them. When there is any,
    /// nothing may be sent.
    #[must_use]
    pub fn secrets_at_risk(&self) -> u32 {
        if self.before_loss.is_some() {
            return 0;
        }
        self.devices_where(|task| {
            let platforms =
                action_of(task).map_or(&[][..], |action| action.hazards.secrets_needed_on);
            platforms.contains(&task.device.platform)
        })
    }

    /// Counts the devices with a task to do of which this holds.
    pub(super) fn devices_where(&self, holds: impl Fn(&Task) -> bool) -> u32 {
        let ids: DeviceSet<'_> =
            self.to_do().filter(|task| holds(task)).map(|task| &task.device.id).collect();
        ids.count()
    }
}

/// The action of a task. Plans write its exact name, and there may be many tasks.
pub(super) fn action_of(task: &Task) -> Option<&'static ActionSpec> {
    ACTIONS.into_iter().find(|action| action.name == task.action)
}
