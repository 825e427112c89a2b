//! Devices whose records get other values.
//!
//! Owns old and new values. Must never name an action: the action table says which one changes records.

use serde::Serialize;

use crate::kandji::find_action;
use crate::model::Task;
use crate::plan::task_list::Plan;

/// One value of a device's record that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlannedRecordChange {
    /// The device's serial number.
    pub serial_number: String,
    /// The field, such as `blueprint`.
    pub field: &'static str,
    /// The value when the plan was made; empty for none.
    pub old: String,
    /// The value after it; empty for none.
    pub new: String,
}

/// The changes in the order of the plan.
pub(super) fn record_changes(plan: &Plan) -> Vec<PlannedRecordChange> {
    plan.to_do().flat_map(changes).collect()
}

/// The values that differ: what a device has already is sent and changes nothing.
fn changes(task: &Task) -> Vec<PlannedRecordChange> {
    let Ok(action) = find_action(&task.action) else { return Vec::new() };
    let changes = action.record_changes(&task.params, (&*task.device).into());
    let planned = |change: crate::kandji::RecordChange| PlannedRecordChange {
        serial_number: task.device.serial_number.to_string(),
        field: change.field.word(),
        old: change.old,
        new: change.new,
    };
    changes.into_iter().filter(|it| !it.is_borne).map(planned).collect()
}
