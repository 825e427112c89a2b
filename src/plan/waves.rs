//! Which device is reached in which wave.
//!
//! Owns the order in which devices are reached: those that were seen last go first, so that the first wave answers.
//! Must never split the steps of a device over two waves.

use std::collections::BTreeMap;

use super::task_list::Plan;
use crate::model::{DeviceId, Rollout, UnixMillis};

/// Writes into each task the wave in which its device is reached. Returns how many waves there are.
pub fn assign_waves(plan: &mut Plan, rollout: &Rollout) -> usize {
    let mut order: Vec<(UnixMillis, DeviceId)> = Vec::new();
    let mut known: BTreeMap<DeviceId, u16> = BTreeMap::new();
    for task in plan.to_do() {
        if known.insert(task.device.id.clone(), 0).is_none() {
            let seen_at = task.device.last_check_in.unwrap_or(UnixMillis(0));
            order.push((seen_at, task.device.id.clone()));
        }
    }
    // Seen last first; those that were seen at the same moment in the order of the job.
    order.sort_by_key(|(seen_at, _)| std::cmp::Reverse(*seen_at));
    let ends = rollout.ends(u32::try_from(order.len()).unwrap_or(u32::MAX));
    for (at, (_, id)) in order.into_iter().enumerate() {
        let wave = ends.iter().take_while(|end| (**end as usize) <= at).count();
        known.insert(id, u16::try_from(wave).unwrap_or(u16::MAX));
    }
    for task in &mut plan.tasks {
        task.wave = known.get(&task.device.id).copied().unwrap_or(0);
    }
    ends.len()
}

#[cfg(test)]
mod tests {
    use super::super::build::build;
    use super::super::inventory::{Inventory, tests::device};
    use super::super::options::PlanOptions;
    use super::*;
    use crate::job::{Exclusion, Filter, Job, JobSettings, Selection, Step};
    use crate::kandji::find_action;
    use crate::model::{Params, Platform, Risk, WaveEnd};

    #[test]
    fn devices_seen_most_recently_come_first_with_all_their_steps() {
        let step = |(number, name): (u16, &&str)| Step {
            number,
            action: find_action(name).expect("an action"),
            params: Params::new(),
            after: None,
        };
        let steps = (1..).zip(&["blank-push", "restart"]).map(step).collect();
        let job = Job {
            name: "test".to_owned(),
            reason: None,
            digest: String::new(),
            rows: Vec::new(),
            selection: Some(Selection { filter: Filter::default(), steps }),
            exclude: Exclusion::default(),
            tenants: None,
            settings: JobSettings::default(),
            notes: Vec::new(),
        };
        let mut fleet = Vec::new();
        for (id, seen_at) in [("A", Some(5)), ("B", None), ("C", Some(9)), ("D", Some(7))] {
            let mut device = device(id, id, Platform::Mac);
            device.last_check_in = seen_at.map(UnixMillis);
            fleet.push(device);
        }
        let options = PlanOptions::default();
        let mut plan = build(&job, &Inventory::new(fleet), &options, UnixMillis(10));
        let waves = vec![WaveEnd::Devices(1), WaveEnd::Devices(3)];
        assert_eq!(assign_waves(&mut plan, &Rollout::of_waves(waves, Risk::Disruptive)), 3);
        let of: Vec<(&str, u16, u16)> = plan
            .tasks
            .iter()
            .map(|task| (task.device.serial_number.as_str(), task.step, task.wave))
            .collect();
        assert_eq!(
            of,
            [
                ("A", 1, 1),
                ("A", 2, 1),
                ("B", 1, 2),
                ("B", 2, 2),
                ("C", 1, 0),
                ("C", 2, 0),
                ("D", 1, 1),
                ("D", 2, 1)
            ]
        );
    }
}
