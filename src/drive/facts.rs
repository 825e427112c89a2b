//! What the engine needs to know of tasks.
//!
//! Owns the way from a frozen task and its row of the action table to the engine's few words about it. Must
//! never decide anything.

use std::collections::HashMap;
use std::sync::Arc;

use crate::kandji::find_action;
use crate::model::{
    End, PackedDeviceId, Platform, Policy, Risk, Task, TaskFacts, UnixMillis, needs_lists,
};

/// A device that had checked in at most so long before the first task was planned is awake, in milliseconds.
/// Devices check in by themselves once a day at the least.
const AWAKE_MS: i64 = 26 * 3_600_000;

/// What the engine needs to know of the tasks, and the names of their actions.
#[must_use]
pub fn facts_of(tasks: &[Task], policy: &Policy) -> (Arc<[TaskFacts]>, Arc<[String]>) {
    let mut facts = FactsOfTasks::new(policy, tasks.len());
    tasks.iter().for_each(|task| facts.add(task));
    facts.finish()
}

/// What the engine needs to know of tasks that are given one by one, so that they need not be in memory together.
pub struct FactsOfTasks<'a> {
    policy: &'a Policy,
    facts: Vec<TaskFacts>,
    actions: Vec<String>,
    devices: HashMap<PackedDeviceId, u32>,
    /// The last check-in of the device of each task, as the plan knew it.
    check_ins: Vec<Option<UnixMillis>>,
}

impl<'a> FactsOfTasks<'a> {
    /// Of no task yet; about `count` will come.
    #[must_use]
    pub fn new(policy: &'a Policy, count: usize) -> Self {
        Self {
            policy,
            facts: Vec::with_capacity(count),
            actions: Vec::new(),
            devices: HashMap::new(),
            check_ins: Vec::with_capacity(count),
        }
    }

    /// Takes in the next task of the run.
    pub fn add(&mut self, task: &Task) {
        let known = self.actions.iter().position(|name| *name == task.action);
        let action = known.unwrap_or_else(|| {
            self.actions.push(task.action.clone());
            self.actions.len() - 1
        });
        // A journal of a newer program may hold an action that this one does not know: it is not sent.
        let spec = find_action(&task.action).ok();
        let is_mac = task.device.platform == Platform::Mac;
        let known = u32::try_from(self.devices.len()).unwrap_or(u32::MAX);
        let device = *self.devices.entry(PackedDeviceId::of(&task.device.id)).or_insert(known);
        let is_irreversible = task.risk == Risk::Irreversible;
        self.check_ins.push(task.device.last_check_in.get());
        self.facts.push(TaskFacts {
            action: u16::try_from(action).unwrap_or(u16::MAX),
            repeat: task.repeat,
            followed: task.end.is_followed(self.policy.wait_ms),
            after: task.after,
            ends_with_answer: task.end == End::Answer,
            ended: task.turn.outcome(),
            has_custody: is_mac && spec.is_some_and(|spec| spec.gives_pin),
            draws_pin: is_mac
                && spec
                    .and_then(|spec| spec.takes_pin)
                    .is_some_and(|key| !task.params.contains_key(key)),
            captures: u8::try_from(task.capture.len()).unwrap_or(u8::MAX),
            trace: task.end.trace(),
            wave: task.wave,
            device,
            is_awake: false,
            is_irreversible,
            is_rechecked: (is_irreversible && self.policy.is_rechecking)
                || (task.risk == Risk::Disruptive && self.policy.is_rechecking_disruptive),
            builds_on_lists: needs_lists(&task.params),
            is_recorded: task.end == End::Recorded,
        });
    }

    /// The facts in the order of the tasks, and the names of their actions.
    #[must_use]
    pub fn finish(self) -> (Arc<[TaskFacts]>, Arc<[String]>) {
        let Self { mut facts, actions, devices, check_ins, .. } = self;
        drop(devices);
        if let Some(latest) = check_ins.iter().flatten().max() {
            for (task, seen) in facts.iter_mut().zip(&check_ins) {
                task.is_awake = seen.is_some_and(|seen| latest.since(seen) <= AWAKE_MS);
            }
        }
        drop(check_ins);
        (facts.into(), actions.into())
    }
}
