//! What the engine needs to know of tasks.
//!
//! Owns the way from a frozen task and its row of the action table to the engine's few words about it. Must
//! never decide anything.

use std::sync::Arc;

use crate::kandji::find_action;
use crate::model::{End, Platform, Policy, Task, TaskFacts};

/// What the engine needs to know of the tasks, and the names of their actions.
#[must_use]
pub fn facts_of(tasks: &[Task], policy: &Policy) -> (Arc<[TaskFacts]>, Arc<[String]>) {
    let mut actions: Vec<String> = Vec::new();
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
            }
        })
        .collect();
    (facts, actions.into())
}
