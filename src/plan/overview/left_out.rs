//! Tasks that are not to be done, grouped by reason.
//!
//! Owns the groups. Must never drop a reason.

use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Task, Turn};
use crate::plan::task_list::Plan;

/// Serial numbers that a group names.
const EXAMPLES: usize = 3;

/// Rows or steps that are left out for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The reason, for people, without the device's name.
    pub reason: String,
    /// Devices that are skipped, or tasks that are done already.
    pub count: u32,
    /// Serial numbers of the first ones.
    pub examples: Vec<String>,
}

#[derive(Default)]
struct Group<'p> {
    places: BTreeSet<(u32, u16)>,
    examples: Vec<&'p str>,
}

impl<'p> Group<'p> {
    fn add(&mut self, place: (u32, u16), task: &'p Task) {
        let serial = task.device.serial_number.as_str();
        let is_new = self.places.insert(place) && !serial.is_empty();
        if is_new && self.examples.len() < EXAMPLES && !self.examples.contains(&serial) {
            self.examples.push(serial);
        }
    }
}

/// What is skipped, by reason. The device's name at the end of a reason is left off, so that equal reasons count together.
pub(super) fn skipped(plan: &Plan) -> Vec<LeftOut> {
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for task in &plan.tasks {
        if let Turn::Skip { reason, .. } = &task.turn {
            let named = reason.ends_with(')').then(|| reason.rsplit_once(" (")).flatten();
            let general = named.map_or(&**reason, |(general, _)| general);
            groups.entry(general).or_default().add((task.row, 0), task);
        }
    }
    listed(groups)
}

/// What earlier runs have done, by reason.
pub(super) fn already_done(plan: &Plan) -> Vec<LeftOut> {
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for task in &plan.tasks {
        if let Turn::Done { reason } = &task.turn {
            groups.entry(reason).or_default().add((task.row, task.step), task);
        }
    }
    listed(groups)
}

fn listed(groups: BTreeMap<&str, Group<'_>>) -> Vec<LeftOut> {
    let one = |(reason, group): (&str, Group<'_>)| LeftOut {
        reason: reason.to_owned(),
        count: u32::try_from(group.places.len()).unwrap_or(u32::MAX),
        examples: group.examples.into_iter().map(str::to_owned).collect(),
    };
    groups.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::testing::plan;

    #[test]
    fn equal_reasons_are_one_group_without_the_names() {
        let mut plan = plan(&[("restart", "a"), ("restart", "b"), ("restart", "c")]);
        for (at, task) in plan.tasks.iter_mut().enumerate() {
            task.row = u32::try_from(at).expect("few");
            task.device_mut().serial_number = format!("C0{at}").into();
            let reason = format!("it is protected (C0{at} 'Mac {at}')").into();
            task.turn = match at {
                2 => Turn::Done { reason: "done by run x".into() },
                _ => Turn::Skip { reason, asked: false },
            };
        }
        let group = |reason: &str, count, examples: &[&str]| LeftOut {
            reason: reason.to_owned(),
            count,
            examples: examples.iter().map(|text| (*text).to_owned()).collect(),
        };
        assert_eq!(skipped(&plan), [group("it is protected", 2, &["C00", "C01"])]);
        assert_eq!(already_done(&plan), [group("done by run x", 1, &["C02"])]);
    }
}
