//! What a plan does, in the words of prompts and refusals.
//!
//! Owns the sentence. The verbs are the action table's. Must never leave out the action with the highest risk.

use std::collections::BTreeMap;

use super::lines::shown;
use crate::cli::text::layout::counted;
use crate::kandji::find_action;
use crate::model::Risk;
use crate::plan::{DeviceSet, PlanFile};

/// Actions that are named, each with its devices; the others are counted.
const ACTIONS_NAMED: usize = 2;

/// Devices of each action, those of the highest risk first.
type ActionCounts<'a> = BTreeMap<(std::cmp::Reverse<Risk>, &'a str), usize>;

/// What a plan does: `restart 120 devices on acme`, `restarting 120 devices on acme`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WorkWords {
    pub plain: String,
    pub ing: String,
}

impl WorkWords {
    /// What this plan does. Actions of the highest risk are named first.
    pub(crate) fn of(file: &PlanFile) -> Self {
        Self::of_counts(&counts(file), &shown(&file.tenant))
    }

    /// What the plans of several tenants do, on what `tenants` names.
    pub(crate) fn of_group<'a>(files: impl Iterator<Item = &'a PlanFile>, tenants: &str) -> Self {
        let mut devices = ActionCounts::new();
        for file in files {
            for (key, count) in counts(file) {
                *devices.entry(key).or_default() += count;
            }
        }
        Self::of_counts(&devices, &shown(tenants))
    }

    fn of_counts(found: &ActionCounts<'_>, tenant: &str) -> Self {
        if found.is_empty() {
            return Self {
                plain: format!("send nothing to {tenant}"),
                ing: format!("sending nothing to {tenant}"),
            };
        }
        let (mut plain, mut ing) = (Vec::new(), Vec::new());
        let named = if found.len() > ACTIONS_NAMED { 1 } else { ACTIONS_NAMED };
        for ((_, action), devices) in found.iter().take(named) {
            let (verb, verb_ing) = match find_action(action) {
                Ok(spec) => (spec.verb.plain.to_owned(), spec.verb.ing.to_owned()),
                Err(_) => (
                    format!("send '{}' to", shown(action)),
                    format!("sending '{}' to", shown(action)),
                ),
            };
            plain.push(format!("{verb} {}", counted(*devices, "device")));
            ing.push(format!("{verb_ing} {}", counted(*devices, "device")));
        }
        if found.len() > named {
            let others = found.len() - named;
            plain.push(format!("run {others} other actions"));
            ing.push(format!("running {others} other actions"));
        }
        Self {
            plain: format!("{} on {tenant}", plain.join(" and ")),
            ing: format!("{} on {tenant}", ing.join(" and ")),
        }
    }
}

/// Devices of each action, by its highest risk in this plan.
fn counts(file: &PlanFile) -> ActionCounts<'_> {
    let mut found: BTreeMap<&str, (Risk, DeviceSet<'_>)> = BTreeMap::new();
    for task in file.plan.to_do() {
        let (risk, devices) =
            found.entry(&task.action).or_insert_with(|| (task.risk, DeviceSet::default()));
        *risk = task.risk.max(*risk);
        devices.insert(&task.device.id);
    }
    let counted = found.into_iter();
    counted
        .map(|(action, (risk, ids))| ((std::cmp::Reverse(risk), action), ids.count() as usize))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UnixMillis;
    use crate::plan::testing::plan_file;

    #[test]
    fn the_work_names_its_devices_and_the_riskiest_action_first() {
        for (tasks, expected) in [
            (&[("restart", "a"), ("restart", "b")][..], "restart 2 devices on acme"),
            (
                &[("blank-push", "a"), ("erase", "b")],
                "erase 1 device and send a blank push to 1 device on acme",
            ),
            (
                &[("blank-push", "a"), ("set-name", "a"), ("erase", "a"), ("restart", "b")],
                "erase 1 device and run 3 other actions on acme",
            ),
            (&[], "send nothing to acme"),
        ] {
            assert_eq!(WorkWords::of(&plan_file(tasks, UnixMillis(1))).plain, expected);
        }
        let words = WorkWords::of(&plan_file(&[("shutdown", "a")], UnixMillis(1)));
        assert_eq!(words.ing, "shutting down 1 device on acme");
    }
}
