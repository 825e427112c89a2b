//! Devices that get another name.
//!
//! Owns old and new names. Must never name an action: the action table says which one renames.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::kandji::{ActionSpec, find_action};
use crate::model::Task;
use crate::plan::task_list::Plan;

/// One device that gets another name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedRename {
    /// Its serial number.
    pub serial_number: String,
    /// Its name when the plan was made.
    pub old_name: String,
    /// The name that is sent.
    pub new_name: String,
}

/// The renames in the order of the plan.
pub(super) fn renames(plan: &Plan) -> Vec<PlannedRename> {
    plan.to_do().filter_map(rename).collect()
}

fn rename(task: &Task) -> Option<PlannedRename> {
    let param = find_action(&task.action).ok().and_then(ActionSpec::new_name_param)?;
    Some(PlannedRename {
        serial_number: task.device.serial_number.to_string(),
        old_name: task.device.name.to_string(),
        new_name: task.params.get(param)?.written(),
    })
}

/// Names that more than one device gets, with the number of these devices.
pub(super) fn shared_names(renames: &[PlannedRename]) -> BTreeMap<String, u32> {
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    for rename in renames {
        *names.entry(rename.new_name.clone()).or_default() += 1;
    }
    names.retain(|_, devices| *devices > 1);
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ParamValue;
    use crate::plan::testing::plan;

    #[test]
    fn old_and_new_names_are_shown_and_shared_ones_found() {
        let mut plan = plan(&[("set-name", "a"), ("set-name", "b"), ("restart", "c")]);
        for task in &mut plan.tasks {
            task.device_mut().name = format!("old {}", task.device.id).into();
            task.params.insert("DeviceName".to_owned(), ParamValue::Text("Lab".to_owned()));
        }
        let renames = renames(&plan);
        let names: Vec<_> =
            renames.iter().map(|it| (it.old_name.as_str(), it.new_name.as_str())).collect();
        assert_eq!(names, [("old a", "Lab"), ("old b", "Lab")]);
        assert_eq!(shared_names(&renames), BTreeMap::from([("Lab".to_owned(), 2)]));
    }
}
