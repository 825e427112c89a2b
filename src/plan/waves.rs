//! Which device is reached in which wave.
//!
//! Owns the order in which devices are reached: those that were seen last go first, so that the first wave answers.
//! Must never split the steps of a device over two waves.

use super::device_set::DeviceNumbers;
use super::task_list::Plan;
use crate::model::{Rollout, UnixMillis};

/// Writes into each task the wave in which its device is reached. Returns how many waves there are.
pub fn assign_waves(plan: &mut Plan, rollout: &Rollout) -> usize {
    // By number: when the device was last seen. Devices with nothing to do have a number after those.
    let mut numbers = DeviceNumbers::default();
    let mut order: Vec<(UnixMillis, u32)> = Vec::new();
    for task in plan.to_do() {
        let number = numbers.of(&task.device.id);
        if number as usize == order.len() {
            order.push((task.device.last_check_in.get().unwrap_or(UnixMillis(0)), number));
        }
    }
    let devices: Vec<u32> = plan.tasks.iter().map(|task| numbers.of(&task.device.id)).collect();
    // Seen last first; those that were seen at the same moment in the order of the job.
    order.sort_by_key(|(seen_at, _)| std::cmp::Reverse(*seen_at));
    let ends = rollout.ends(u32::try_from(order.len()).unwrap_or(u32::MAX));
    let mut waves = vec![0; order.len()];
    for (at, (_, number)) in order.into_iter().enumerate() {
        let wave = ends.iter().take_while(|end| (**end as usize) <= at).count();
        waves[number as usize] = u16::try_from(wave).unwrap_or(u16::MAX);
    }
    for (task, device) in plan.tasks.iter_mut().zip(devices) {
        task.wave = waves.get(device as usize).copied().unwrap_or(0);
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
            device.last_check_in = seen_at.map(UnixMillis).into();
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
