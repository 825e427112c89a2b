//! Devices and their commands, laid out.
//!
//! Owns the tables, the CSV and the JSON of both. Must never write a cell of the CSV that a job reads as another device.

use serde_json::{Value, json};

use crate::cli::text::fields::object;
use crate::cli::text::screen::{Screen, Tone};
use crate::cli::text::table::{Table, TableCell, TableColumn};
use crate::job::{Target, TargetField};
use crate::kandji::CommandRow;
use crate::model::{CommandStatus, Device, UnixMillis};
use crate::report::csv_text;

/// The fields of a command in JSON, where they are picked; else the rows are those of the API.
pub(crate) const COMMAND_FIELDS: [&str; 6] =
    ["requested_at", "command", "status", "completed_at", "uuid", "reason"];

const COMMAND_COLUMNS: [TableColumn; 6] = [
    TableColumn::whole("REQUESTED"),
    TableColumn::text("COMMAND").at_least(14),
    TableColumn::whole("STATUS"),
    TableColumn::whole("COMPLETED"),
    TableColumn::text("REASON"),
    TableColumn::whole("UUID").optional(),
];

const DEVICE_COLUMNS: [TableColumn; 10] = [
    TableColumn::whole("SERIAL"),
    TableColumn::text("NAME"),
    TableColumn::whole("PLATFORM"),
    TableColumn::text("USER"),
    TableColumn::whole("OS"),
    TableColumn::whole("LAST CHECK-IN"),
    TableColumn::text("BLUEPRINT").optional(),
    TableColumn::text("TAGS").optional(),
    TableColumn::text("MODEL").optional(),
    TableColumn::whole("ID").optional(),
];

/// The fields of a device in JSON, and the columns of the inventory's export. What a job does not know is carried into its
/// report.
pub(crate) const DEVICE_FIELDS: [&str; 13] = [
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

/// The inventory for people. Devices that MDM does not reach are faint.
pub(crate) fn device_table(devices: &[Device], screen: &Screen) -> String {
    let mut table = Table::new(&DEVICE_COLUMNS);
    for device in devices {
        let tone = if device.is_managed() { Tone::Plain } else { Tone::Faint };
        table.row::<TableCell>([
            TableCell::toned(tone, &device.serial_number),
            TableCell::toned(tone, &device.name),
            device.platform.to_string().into(),
            device.user_email.as_str().into(),
            device.make.os_version.as_str().into(),
            device.last_check_in.get().map(|at| screen.time(at)).unwrap_or_default().into(),
            device.blueprint.as_str().into(),
            device.tags.join(", ").into(),
            device.make.model.as_str().into(),
            device.id.to_string().into(),
        ]);
    }
    table.render(screen)
}

/// One device for programs.
pub(crate) fn device_json(device: &Device) -> Value {
    object(
        &DEVICE_FIELDS,
        [
            json!(device.id.as_str()),
            json!(device.serial_number),
            json!(device.name),
            json!(device.user_email),
            json!(device.platform.word()),
            json!(device.make.os_version),
            json!(device.make.model),
            json!(device.blueprint),
            json!(device.asset_tag),
            json!(device.tags),
            json!(device.mdm_enabled),
            json!(device.is_removed),
            json!(device.last_check_in.get().map(|at| at.to_string())),
        ],
    )
}

/// The inventory as CSV that is valid job input.
pub(crate) fn devices_csv(devices: &[Device]) -> String {
    csv_text(DEVICE_FIELDS, devices.iter().map(device_cells))
}

/// The cells of one device.
pub(super) fn device_cells(device: &Device) -> [String; DEVICE_FIELDS.len()] {
    [
        device.id.to_string(),
        identity(TargetField::SerialNumber, &device.serial_number),
        identity(TargetField::DeviceName, &device.name),
        identity(TargetField::UserEmail, &device.user_email),
        device.platform.to_string(),
        one_line(&device.make.os_version),
        one_line(&device.make.model),
        one_line(&device.blueprint),
        identity(TargetField::AssetTag, &device.asset_tag),
        one_line(&device.tags.join(";")),
        device.mdm_enabled.to_string(),
        device.is_removed.to_string(),
        device.last_check_in.get().map(|at| at.to_string()).unwrap_or_default(),
    ]
}

/// A cell that says which device is meant, as a job can repeat it; empty where no job could (a name with a
/// line break, an asset tag `N/A`): the id says it anyway.
fn identity(field: TargetField, text: &str) -> String {
    let mut target = Target::default();
    let is_read = target.read_field(field, text).is_ok();
    let read = match field {
        TargetField::SerialNumber => target.serial_number,
        TargetField::DeviceName => target.device_name.clone(),
        TargetField::UserEmail => target.user_email.clone(),
        TargetField::AssetTag => target.asset_tag.clone(),
        TargetField::DeviceId => target.device_id.as_ref().map(|id| id.as_str().into()),
    };
    let is_same = is_read && read.as_deref().is_some_and(|read| read.eq_ignore_ascii_case(text));
    if is_same { text.to_owned() } else { String::new() }
}

/// A cell that means nothing to a job, without the characters that a job refuses.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

/// A command history for people.
pub(crate) fn command_table(rows: &[CommandRow], screen: &Screen) -> String {
    let moment = |at: Option<UnixMillis>| at.map(|at| screen.time(at)).unwrap_or_default();
    let mut table = Table::new(&COMMAND_COLUMNS);
    for row in rows {
        table.row::<TableCell>([
            moment(row.requested_at).into(),
            row.request_type.as_str().into(),
            TableCell::toned(tone_of(row.status), status_word(row)),
            moment(row.completed_at).into(),
            row.error.as_str().into(),
            row.uuid.as_str().into(),
        ]);
    }
    table.render(screen)
}

/// One command for programs.
pub(crate) fn command_json(row: &CommandRow) -> Value {
    let moment = |at: Option<UnixMillis>| json!(at.map(|at| at.to_string()));
    object(
        &COMMAND_FIELDS,
        [
            moment(row.requested_at),
            json!(row.request_type),
            json!(status_word(row)),
            moment(row.completed_at),
            json!(row.uuid),
            json!(row.error),
        ],
    )
}

fn status_word(row: &CommandRow) -> &'static str {
    row.status.map_or("unknown", CommandStatus::word)
}

fn tone_of(status: Option<CommandStatus>) -> Tone {
    match status {
        Some(CommandStatus::Completed) => Tone::Good,
        Some(CommandStatus::Failed) => Tone::Bad,
        _ => Tone::Caution,
    }
}
