//! The actions of a plan, counted.
//!
//! Owns the counts by step and action. Must never count a task that is skipped or done already.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::model::{Gate, Platform, Risk, Task};
use crate::plan::device_set::DeviceSet;
use crate::plan::task_list::Plan;

/// One action of a plan in one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedAction {
    /// The step, from 1.
    pub step: u16,
    /// Name of the action.
    pub action: String,
    /// Risk of the action.
    pub risk: Risk,
    /// Number of tasks.
    pub tasks: u32,
    /// Number of distinct devices.
    pub devices: u32,
    /// Distinct devices by platform.
    pub platforms: BTreeMap<&'static str, u32>,
    /// The steps that have to end before it, and how; the strictest gate of its tasks for each. Empty where it begins at once.
    pub starts_after: Vec<StartsAfter>,
}

/// What a step waits for.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StartsAfter {
    /// Number of the step before.
    pub step: u16,
    /// How that has to end.
    pub gate: Gate,
}

/// The actions in the order of their steps.
pub(super) fn actions(plan: &Plan) -> Vec<PlannedAction> {
    let mut groups: BTreeMap<(u16, &str), Group<'_>> = BTreeMap::new();
    for task in plan.to_do() {
        groups.entry((task.step, &task.action)).or_default().add(plan, task);
    }
    let counted = groups.into_iter().map(|((step, action), group)| group.counted(step, action));
    counted.collect()
}

/// The tasks of one action in one step.
#[derive(Default)]
struct Group<'p> {
    tasks: u32,
    risk: Option<Risk>,
    by_platform: BTreeMap<Platform, DeviceSet<'p>>,
    gates: BTreeMap<u16, Gate>,
}

impl<'p> Group<'p> {
    fn add(&mut self, plan: &Plan, task: &'p Task) {
        self.tasks += 1;
        self.risk = self.risk.max(Some(task.risk));
        self.by_platform.entry(task.device.platform).or_default().insert(&task.device.id);
        let before = task.after.and_then(|(at, gate)| Some((plan.tasks.get(at.at())?, gate)));
        if let Some((before, gate)) = before {
            let known = self.gates.entry(before.step).or_insert(gate);
            if strictness(gate) > strictness(*known) {
                *known = gate;
            }
        }
    }

    fn counted(self, step: u16, action: &str) -> PlannedAction {
        let by_platform = self.by_platform.into_iter();
        let platforms: BTreeMap<&'static str, u32> =
            by_platform.map(|(platform, ids)| (platform.word(), ids.count())).collect();
        let starts_after = self.gates.into_iter();
        PlannedAction {
            step,
            action: action.to_owned(),
            risk: self.risk.unwrap_or(Risk::Read),
            tasks: self.tasks,
            devices: platforms.values().sum(),
            platforms,
            starts_after: starts_after.map(|(step, gate)| StartsAfter { step, gate }).collect(),
        }
    }
}

fn strictness(gate: Gate) -> u8 {
    match gate {
        Gate::Accepted => 0,
        Gate::GoodEnd => 1,
        Gate::Completed => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TaskIndex;
    use crate::plan::testing::plan;

    #[test]
    fn actions_are_counted_by_step_with_what_they_wait_for() {
        let mut plan = plan(&[("blank-push", "a"), ("restart", "a"), ("blank-push", "b")]);
        plan.tasks[1].step = 2;
        plan.tasks[1].after = Some((TaskIndex(0), Gate::GoodEnd));
        plan.tasks[2].device_mut().platform = Platform::Mac;
        let actions = actions(&plan);
        assert_eq!((actions[0].tasks, actions[0].devices), (2, 2));
        assert_eq!(actions[0].platforms, BTreeMap::from([("Mac", 1), ("iPad", 1)]));
        assert_eq!(actions[0].starts_after, []);
        let expected = StartsAfter { step: 1, gate: Gate::GoodEnd };
        assert_eq!(
            (actions[1].action.as_str(), &*actions[1].starts_after),
            ("restart", &[expected][..])
        );
    }
}
