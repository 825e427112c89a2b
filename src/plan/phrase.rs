//! The words that a person types before work that cannot be undone.
//!
//! Owns their form. The verbs are the action table's. Must never name an action.

use std::collections::BTreeSet;

use super::build::Plan;
use crate::kandji::ACTIONS;
use crate::model::{DeviceId, Risk, Task};

/// What stands between the verbs of a plan that does several things which cannot be undone.
const AND: &str = " AND ";

/// The phrase of a plan on a tenant, such as `ERASE 37 ON acme`; `None` for one that does nothing irreversible.
///
/// The number is that of the distinct devices. Several verbs stand in the order of the action table.
#[must_use]
pub fn phrase(plan: &Plan, tenant: &str) -> Option<String> {
    let verbs: Vec<String> = ACTIONS
        .into_iter()
        .filter_map(|action| {
            let is_meant = |task: &&Task| task.action == action.name;
            let devices: BTreeSet<&DeviceId> =
                plan.to_do().filter(is_meant).map(|task| &task.device.id).collect();
            let verb = action.hazards.phrase.filter(|_| action.risk == Risk::Irreversible)?;
            (!devices.is_empty()).then(|| format!("{verb} {}", devices.len()))
        })
        .collect();
    (!verbs.is_empty()).then(|| format!("{} ON {tenant}", verbs.join(AND)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::plan;
    use super::*;

    #[test]
    fn verb_count_and_tenant_are_named() {
        for (tasks, expected) in [
            (&[("erase", "a"), ("erase", "b"), ("restart", "c")][..], Some("ERASE 2 ON acme")),
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
