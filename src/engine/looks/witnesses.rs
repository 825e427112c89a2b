//! Devices that are no longer followed, as witnesses of the device list.
//!
//! Owns the evidence that the list goes on showing check-ins at all. Whether it shows that a device is back, only the
//! ends of tasks prove. Must never conclude anything about a task.

use std::collections::BTreeMap;

use crate::model::{TaskIndex, UnixMillis};

/// Most devices that are watched: enough for a few minutes of a list in which each moves every 15 minutes.
const WITNESSES_MAX: usize = 64;
/// So many check-ins that moved show that the list is alive.
const MOVES_MIN: u32 = 10;

/// The last check-ins of devices that are not followed.
#[derive(Clone, Debug, Default)]
pub(super) struct Witnesses {
    check_ins: BTreeMap<TaskIndex, UnixMillis>,
    moves: u32,
}

impl Witnesses {
    /// Takes in what the list shows of a device that is not followed.
    pub(super) fn take(&mut self, task: TaskIndex, check_in: Option<UnixMillis>) {
        let Some(at) = check_in.filter(|_| !self.are_enough()) else { return };
        let has_room = self.check_ins.len() < WITNESSES_MAX;
        match self.check_ins.get_mut(&task) {
            Some(before) if at > *before => {
                *before = at;
                self.moves += 1;
            }
            Some(_) => {}
            None if has_room => {
                self.check_ins.insert(task, at);
            }
            None => {}
        }
    }

    /// Whether enough check-ins have moved.
    pub(super) fn are_enough(&self) -> bool {
        self.moves >= MOVES_MIN
    }
}
