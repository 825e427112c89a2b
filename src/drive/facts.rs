//! What the engine needs to know of tasks.
//!
//! Owns the way from a frozen task and its row of the action table to the engine's few words about it. Must
//! never decide anything.

use std::collections::HashMap;
use std::sync::Arc;

use crate::kandji::find_action;
use crate::model::{DeviceId, End, Platform, Policy, Risk, Task, TaskFacts};

/// A device that had checked in at most so long before the first task was planned is awake, in milliseconds.
/// Devices check in by themselves once a day at the least.
const AWAKE_MS: i64 = 26 * 3_600_000;

/// What the engine needs to know of the tasks, and the names of their actions.
#[must_use]
pub fn facts_of(tasks: &[Task], policy: &Policy) -> (Arc<[TaskFacts]>, Arc<[String]>) {
    let mut actions: Vec<String> = Vec::new();
    let mut devices: HashMap<&DeviceId, u32> = HashMap::new();
    let latest = tasks.iter().filter_map(|task| task.device.last_check_in).max();
    let facts = tasks
        .iter()
        .map(|task| {
            let known = actions.iter().position(|name| *name == task.action);
            let action = known.unwrap_or_else(|| {
                actions.push(task.action.clone());
                actions.len() - 1
            });
            // A journal of a newer program may hold an action that this one does not know: it is not sent.
            let spec = find_action(&task.action).ok();
            let is_mac = task.device.platform == Platform::Mac;
            let known = u32::try_from(devices.len()).unwrap_or(u32::MAX);
            let device = *devices.entry(&task.device.id).or_insert(known);
            let is_irreversible = task.risk == Risk::Irreversible;
            TaskFacts {
                action: u16::try_from(action).unwrap_or(u16::MAX),
                repeat: task.repeat,
                followed: task.end.is_followed(policy.wait_ms),
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
                is_awake: task
                    .device
                    .last_check_in
                    .zip(latest)
                    .is_some_and(|(seen, latest)| latest.since(seen) <= AWAKE_MS),
                is_irreversible,
                is_rechecked: (is_irreversible && policy.is_rechecking)
                    || (task.risk == Risk::Disruptive && policy.is_rechecking_disruptive),
            }
        })
        .collect();
    (facts, actions.into())
}
