//! What tasks have in common, when they are read one by one.
//!
//! Owns the sharing of device facts and work among tasks that were written apart. Must never change a task: equal parts are
//! put in the place of equal ones.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{DeviceFacts, KnownTexts, SharedReason, Task, TaskWork};

/// Works with one action that are compared with a new one. Most runs have a few; where each task has its own, to compare
/// with all would take the square of their number.
const WORKS_COMPARED_MAX: usize = 64;

/// Parts of tasks that came before.
#[derive(Debug, Default)]
pub struct KnownTasks {
    devices: HashSet<Arc<DeviceFacts>>,
    /// The groups of these devices.
    texts: KnownTexts,
    works: HashMap<String, Vec<Arc<TaskWork>>>,
    /// Reasons for which tasks are left out.
    reasons: HashSet<SharedReason>,
}

impl KnownTasks {
    /// The same task, with the parts that came first in the place of equal ones.
    #[must_use]
    pub fn shared(&mut self, mut task: Task) -> Task {
        self.share(&mut task);
        task
    }

    fn share(&mut self, task: &mut Task) {
        match self.devices.get(&*task.device) {
            Some(known) => task.device = Arc::clone(known),
            None => {
                self.texts.share_group(&mut Arc::make_mut(&mut task.device).group);
                self.devices.insert(Arc::clone(&task.device));
            }
        }
        if let Some(reason) = task.turn.reason_mut() {
            match self.reasons.get(&**reason) {
                Some(known) => *reason = known.clone(),
                None => drop(self.reasons.insert(reason.clone())),
            }
        }
        match self.works.get_mut(&task.work.action) {
            Some(known) => match known.iter().find(|known| **known == task.work) {
                Some(same) => task.work = Arc::clone(same),
                None if known.len() < WORKS_COMPARED_MAX => known.push(Arc::clone(&task.work)),
                None => {}
            },
            None => {
                self.works.insert(task.work.action.clone(), vec![Arc::clone(&task.work)]);
            }
        }
    }
}
