//! The order of the steps of each device.
//!
//! Owns which task waits for which, over all rows that turned out to mean one device. Must never let a step begin before the
//! one that it counts on.

use super::earlier::Earlier;
use super::objection::{Objection, ObjectionKind};
use super::positions::hash_of;
use super::task_list::{Plan, RefusedRow};
use crate::model::{End, Gate, Risk, Task, TaskIndex, Turn};

/// What linking needs to know besides the plan.
pub(super) struct Links<'a> {
    /// The line of each task's row.
    pub lines: &'a [u32],
    /// How long commands are followed, in milliseconds.
    pub wait_ms: u64,
    /// What earlier runs have done.
    pub earlier: &'a Earlier,
}

impl Links<'_> {
    /// Puts the steps of each device in order.
    pub fn link(&self, plan: &mut Plan) {
        let mut order = order_of(&plan.tasks);
        for same_hash in order.chunk_by_mut(|left, right| left.0 == right.0) {
            let place = |(_, at): (u32, u32)| {
                let task = &plan.tasks[at as usize];
                (&task.device.id, task.step, at)
            };
            same_hash.sort_unstable_by(|left, right| place(*left).cmp(&place(*right)));
            let mut before: Option<usize> = None;
            for (_, at) in same_hash {
                let at = *at as usize;
                let id = &plan.tasks[at].device.id;
                match before.filter(|before| plan.tasks[*before].device.id == *id) {
                    Some(before) => self.link_two(plan, before, at),
                    None => plan.tasks[at].after = None,
                }
                before = Some(at);
            }
        }
        for task in &mut plan.tasks {
            if matches!(task.turn, Turn::Done { .. }) {
                task.after = None;
            }
        }
    }

    fn link_two(&self, plan: &mut Plan, before: usize, at: usize) {
        let (earlier, task) = (&plan.tasks[before], &plan.tasks[at]);
        if earlier.step == task.step {
            let reason = format!(
                "row {} (line {}) names the same device {} with '{}' as step {}; number the steps, or remove one row",
                earlier.row, self.lines[before], task.device.id, earlier.action, earlier.step
            );
            self.refuse(plan, at, ObjectionKind::Duplicate, reason);
            return;
        }
        if matches!(earlier.turn, Turn::Done { .. }) {
            self.link_after_done(plan, before, at);
            return;
        }
        let is_left_out = matches!(earlier.turn, Turn::Skip { .. }) && task.turn == Turn::Do;
        let left_out = is_left_out.then(|| Turn::Skip {
            reason: format!("step {} of this device is skipped", earlier.step).into(),
            asked: true,
        });
        let gate = gate_of(task);
        if let Some(reason) = self.never_begins(earlier, task, gate) {
            self.refuse(plan, at, ObjectionKind::NeverBegins, reason);
            return;
        }
        let task = &mut plan.tasks[at];
        task.after = Some((TaskIndex(u32::try_from(before).unwrap_or(u32::MAX)), gate));
        if let Some(turn) = left_out {
            task.turn = turn;
        }
    }

    /// What an earlier run has done holds nothing up, if it ended as the next step demands: that one then waits for
    /// no matter what the done step waits for. An outcome that is not good enough keeps the next step back.
    fn link_after_done(&self, plan: &mut Plan, before: usize, at: usize) {
        let earlier = &plan.tasks[before];
        let gate = gate_of(&plan.tasks[at]);
        let known = self.earlier.tasks.get(&earlier.id);
        let why = known.and_then(|known| {
            let why = known.keeps_back(earlier.step, gate)?;
            Some(format!("{why} ({})", known.reason))
        });
        let before = earlier.after;
        let task = &mut plan.tasks[at];
        task.after = before;
        if let (Some(reason), Turn::Do) = (why, &task.turn) {
            task.turn = Turn::Skip { reason: reason.into(), asked: true };
        }
    }

    /// Refuses the plan because of a task whose device was found.
    fn refuse(&self, plan: &mut Plan, at: usize, kind: ObjectionKind, reason: String) {
        let task = &plan.tasks[at];
        plan.refused.push(RefusedRow {
            row: task.row,
            line: self.lines[at],
            target: format!("device_id {}", task.device.id),
            objection: Objection { kind, reason },
        });
    }

    /// Why a step that waits for `completed` would wait forever.
    fn never_begins(&self, earlier: &Task, task: &Task, gate: Gate) -> Option<String> {
        if gate != Gate::Completed || earlier.turn != Turn::Do || task.turn != Turn::Do {
            return None;
        }
        let why = match &earlier.end {
            End::Answer => return None,
            End::Acceptance { why } => why.clone(),
            // Its answer shows it, or a read of the record.
            End::Recorded => return None,
            End::Command { .. } | End::State(_) | End::Gone if self.wait_ms > 0 => return None,
            End::Command { .. } | End::State(_) | End::Gone => {
                "commands are not followed (wait is 0)".to_owned()
            }
        };
        Some(format!(
            "step {} '{}' waits until step {} '{}' is completed, but sortie cannot see that: {why}; set 'after: accepted', or give --wait",
            task.step, task.action, earlier.step, earlier.action
        ))
    }
}

/// Positions of the tasks whose devices were found, each with the hash of its device's id, those of one hash together.
fn order_of(tasks: &[Task]) -> Vec<(u32, u32)> {
    let mut order = Vec::with_capacity(tasks.len());
    let found = (0..).zip(tasks).map(|(at, task)| (task.device.id.as_str(), at));
    order.extend(found.filter(|(id, _)| !id.is_empty()).map(|(id, at)| (hash_of(id), at)));
    order.sort_unstable();
    order
}

/// Which end of the step before a task waits for: what its job says, else what its risk demands.
fn gate_of(task: &Task) -> Gate {
    match (task.after, task.risk) {
        (Some((_, gate)), _) => gate,
        (None, Risk::Irreversible) => Gate::Completed,
        (None, _) => Gate::GoodEnd,
    }
}
