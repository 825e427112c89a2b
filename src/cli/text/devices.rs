//! Devices and their commands, laid out.
//!
//! Owns the columns of both. Must never write a cell that a job reads as another device.

use crate::job::{Target, TargetField};
use crate::kandji::CommandRow;
use crate::model::{CommandStatus, Device, UnixMillis};
use crate::report::csv_text;

/// The columns of a command history.
pub(crate) const COMMAND_COLUMNS: [&str; 6] =
    ["REQUESTED", "COMMAND", "STATUS", "COMPLETED", "UUID", "REASON"];

/// The columns of the inventory's export. What a job does not know is carried into its report.
const DEVICE_COLUMNS: [&str; 13] = [
    "device_id",
    "serial_number",
    "device_name",
    "user_email",
    "platform",
    "os_version",
    "model",
    "blueprint_name",
    "asset_tag",
    "tags",
    "mdm_enabled",
    "is_removed",
    "last_check_in",
];

/// The inventory as CSV that is valid job input.
pub(crate) fn devices_csv(devices: &[Device]) -> String {
    let rows = devices.iter().map(|device| {
        [
            device.id.to_string(),
            identity(TargetField::SerialNumber, &device.serial_number),
            identity(TargetField::DeviceName, &device.name),
            identity(TargetField::UserEmail, &device.user_email),
            device.platform.to_string(),
            one_line(&device.os_version),
            one_line(&device.model),
            one_line(&device.blueprint_name),
            identity(TargetField::AssetTag, &device.asset_tag),
            one_line(&device.tags.join(";")),
            device.mdm_enabled.to_string(),
            device.is_removed.to_string(),
            device.last_check_in.map(|at| at.to_string()).unwrap_or_default(),
        ]
    });
    csv_text(DEVICE_COLUMNS, rows)
}

/// A cell that says which device is meant, as a job can repeat it; empty where no job could (a name with a
/// line break, an asset tag `N/A`): the id says it anyway.
fn identity(field: TargetField, text: &str) -> String {
    let mut target = Target::default();
    let is_read = target.read_field(field, text).is_ok();
    let read = match field {
        TargetField::SerialNumber => target.serial_number,
        TargetField::DeviceName => target.device_name,
        TargetField::UserEmail => target.user_email,
        TargetField::AssetTag => target.asset_tag,
        TargetField::DeviceId => target.device_id.map(|id| id.to_string()),
    };
    let is_same = is_read && read.as_deref().is_some_and(|read| read.eq_ignore_ascii_case(text));
    if is_same { text.to_owned() } else { String::new() }
}

/// A cell that means nothing to a job, without the characters that a job refuses.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// One command as a row.
pub(crate) fn command_cells(row: &CommandRow) -> Vec<String> {
    let moment = |at: Option<UnixMillis>| at.map(|at| at.to_string()).unwrap_or_default();
    vec![
        moment(row.requested_at),
        row.request_type.clone(),
        row.status.map_or("unknown", CommandStatus::word).to_owned(),
        moment(row.completed_at),
        row.uuid.clone(),
        row.error.clone(),
    ]
}
