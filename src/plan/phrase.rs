//! The words that a person types before work that cannot be undone.
//!
//! Owns their form. The verbs are the action table's: its own word, else the action's name in capital letters. Must never name an action.

use std::collections::{BTreeMap, BTreeSet};

use super::task_list::Plan;
use crate::kandji::ACTIONS;
use crate::model::{DeviceId, Risk, Task};

/// What is between the verbs of a plan that does several things which cannot be undone.
const AND: &str = " AND ";

/// The phrase of a plan on a tenant, such as `ERASE 37 ON acme`; `None` for one that does nothing irreversible.
///
/// The numbers are those of the distinct devices. Irreversible actions come first, in the order of the action
/// table. Disruptive actions are named with their numbers too, so that one erase does not hide many restarts:
/// `ERASE 1 AND RESTART 190 ON acme`.
#[must_use]
pub fn phrase(plan: &Plan, tenant: &str) -> Option<String> {
    phrase_of(plan.to_do(), tenant)
}

/// The phrase for the tasks of a part of a plan, such as those that are sent again.
#[must_use]
pub fn phrase_of<'t>(tasks: impl Iterator<Item = &'t Task>, tenant: &str) -> Option<String> {
    phrase_on(&devices_by_action(tasks), tenant)
}

/// The phrase of the plans of several tenants, on what `tenants` names: `ERASE 37 ON 3 TENANTS`. A device counts once for each
/// tenant.
#[must_use]
pub fn phrase_of_group<'p>(plans: impl Iterator<Item = &'p Plan>, tenants: &str) -> Option<String> {
    let mut devices: BTreeMap<&str, usize> = BTreeMap::new();
    for (action, count) in plans.flat_map(|plan| devices_by_action(plan.to_do())) {
        *devices.entry(action).or_default() += count;
    }
    phrase_on(&devices, tenants)
}

fn devices_by_action<'t>(tasks: impl Iterator<Item = &'t Task>) -> BTreeMap<&'t str, usize> {
    let mut devices: BTreeMap<&str, BTreeSet<&DeviceId>> = BTreeMap::new();
    for task in tasks {
        devices.entry(&task.action).or_default().insert(&task.device.id);
    }
    devices.into_iter().map(|(action, ids)| (action, ids.len())).collect()
}

fn phrase_on(devices: &BTreeMap<&str, usize>, tenant: &str) -> Option<String> {
    let parts = |risk: Risk| -> Vec<String> {
        let actions = ACTIONS.into_iter().filter(|action| action.risk == risk);
        actions
            .filter_map(|action| {
                let verb = action.hazards.phrase.map_or(action.name.to_uppercase(), str::to_owned);
                devices.get(action.name).map(|count| format!("{verb} {count}"))
            })
            .collect()
    };
    let mut words = parts(Risk::Irreversible);
    if words.is_empty() {
        return None;
    }
    words.extend(parts(Risk::Disruptive));
    Some(format!("{} ON {tenant}", words.join(AND)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::plan;
    use super::*;

    #[test]
    fn verb_count_and_tenant_are_named() {
        for (tasks, expected) in [
            (
                &[("erase", "a"), ("erase", "b"), ("restart", "c"), ("blank-push", "d")][..],
                Some("ERASE 2 AND RESTART 1 ON acme"),
            ),
            (
                &[("lock", "a"), ("erase", "b"), ("clear-passcode", "c"), ("lock", "a")],
                Some("ERASE 1 AND LOCK 1 AND CLEAR-PASSCODE 1 ON acme"),
            ),
            (&[("erase", "a"), ("daily-checkin", "b")], Some("ERASE 1 ON acme")),
            (&[("delete-device", "a")], Some("DELETE 1 ON acme")),
            (&[("delete-user", "a"), ("delete-user", "a")], Some("DELETE-USER 1 ON acme")),
            (&[("delete-device", "a"), ("erase", "a")], Some("ERASE 1 AND DELETE 1 ON acme")),
            (&[("lock", "a")], None),
            (&[], None),
        ] {
            assert_eq!(phrase(&plan(tasks), "acme").as_deref(), expected, "{tasks:?}");
        }
    }
}
