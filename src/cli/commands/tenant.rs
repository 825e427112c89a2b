//! `sortie devices` and `sortie commands`: looking at the tenant.
//!
//! Owns their layout. Only reads.

use crate::app::planning::planning::reads_of;
use crate::app::tenant::Connection;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::options::{FilterOptions, GlobalOptions, ListingFormat, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::read_profile;
use crate::cli::tenant_options::connect;
use crate::cli::terminal::printer::{Printer, table};
use crate::drive::{Clock, Reads, WallClock, read_commands, read_inventory};
use crate::job::{Filter, Target, TargetField, read_filter_pair};
use crate::kandji::{CommandRow, CommandsPage};
use crate::model::settings::pace;
use crate::model::{CommandStatus, Device, DeviceId, Policy};
use crate::plan::{Inventory, Lookup, Need, is_selected};
use crate::report::csv_text;
use crate::transport::{HttpTransport, ReadOnly};

/// Reads the filter that flags describe.
pub(crate) fn read_filter(options: &FilterOptions) -> Result<Filter, Failure> {
    let mut filter = Filter::default();
    let lists = [
        ("platform", &options.platform),
        ("blueprint", &options.blueprint),
        ("tag", &options.tag),
        ("name_like", &options.name_like),
    ];
    let single = [
        ("checked_in_within", &options.checked_in_within),
        ("not_checked_in_for", &options.not_checked_in_for),
    ];
    let pairs = lists
        .into_iter()
        .flat_map(|(key, values)| values.iter().map(move |value| (key, value)))
        .chain(single.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?))));
    for (key, value) in pairs {
        read_filter_pair(&mut filter, key, value)
            .map_err(|error| Failure::usage(format!("--{}: {error}", key.replace('_', "-"))))?;
    }
    Ok(filter)
}

pub(crate) fn devices(
    global: &GlobalOptions,
    filter: &FilterOptions,
    unmanaged: bool,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let filter = read_filter(filter)?;
    let inventory = Reader::open(global, tenant, printer)?.inventory(&Need::Everything)?;
    let now = WallClock.now();
    let selected: Vec<&Device> = inventory
        .devices()
        .iter()
        .filter(|device| (unmanaged || device.is_managed()) && is_selected(&filter, device, now))
        .collect();
    printer.data(&devices_csv(&selected));
    let left_out = inventory.devices().iter().filter(|device| !device.is_managed()).count();
    if left_out > 0 && !unmanaged {
        printer
            .say(&format!("{left_out} removed or out of MDM are left out; --unmanaged adds them"));
    }
    for device in inventory.unusable() {
        let id = device.id.as_str().escape_debug().to_string();
        printer.say(&format!(
            "left out, because its id is no UUID and no request can name it: {} '{}' (id '{id}')",
            device.serial_number, device.name
        ));
    }
    printer.say(&format!("{} of {} devices", selected.len(), inventory.devices().len()));
    Ok(Exit::Well)
}

/// A tenant that is read from, charged to its hour.
struct Reader {
    runtime: tokio::runtime::Runtime,
    reads: Reads<ReadOnly<HttpTransport>, WallClock>,
    /// A simulated tenant lives as long as this.
    _connection: Connection,
}

impl Reader {
    fn open(
        global: &GlobalOptions,
        tenant: &TenantOptions,
        printer: &Printer,
    ) -> Result<Self, Failure> {
        let profile = read_profile(global)?;
        let state = open_workspace(global, printer)?;
        let runtime = runtime()?;
        let connection = runtime.block_on(connect(&tenant.values()?, &profile, None))?;
        let policy = Policy::default_at(WallClock.now(), 0);
        let per_hour = profile.values.count(&pace::PER_HOUR).unwrap_or(policy.per_hour);
        let quota = state.quota(&connection.base_url, per_hour);
        let per_second = profile.values.count(&pace::PER_SECOND).unwrap_or(policy.per_second);
        let reads = reads_of(&connection, &quota, per_second, &state.events);
        Ok(Self { runtime, reads, _connection: connection })
    }

    fn inventory(&self, need: &Need) -> Result<Inventory, Failure> {
        Ok(self.runtime.block_on(read_inventory(&self.reads, need))?)
    }

    fn commands(&self, device: &DeviceId) -> Result<CommandsPage, Failure> {
        Ok(self.runtime.block_on(read_commands(&self.reads, device))?)
    }
}

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

fn devices_csv(devices: &[&Device]) -> String {
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

pub(crate) fn commands(
    global: &GlobalOptions,
    device: &str,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let mut target = Target::default();
    let lookup = match DeviceId::parse(device) {
        Ok(id) => {
            target.device_id = Some(id.clone());
            Lookup::Id(id)
        }
        Err(_) => {
            target
                .read_field(TargetField::SerialNumber, device)
                .map_err(|error| Failure::usage(format!("'{device}': {error}")))?;
            Lookup::Serial(device.to_uppercase())
        }
    };
    let reader = Reader::open(global, tenant, printer)?;
    let inventory = reader.inventory(&Need::Lookups(vec![lookup]))?;
    let found = inventory
        .resolve(&target)
        .map_err(|objection| Failure::new(Exit::Target, objection.reason))?;
    let page = reader.commands(&found.id)?;
    if printer.format == ListingFormat::Json {
        printer.data(&serde_json::Value::Array(page.raw).to_string());
        return Ok(Exit::Well);
    }
    let rows: Vec<Vec<String>> = page.rows.iter().map(command_line).collect();
    printer.show(&table(&["REQUESTED", "COMMAND", "STATUS", "COMPLETED", "UUID", "REASON"], &rows));
    Ok(Exit::Well)
}

fn command_line(row: &CommandRow) -> Vec<String> {
    let moment =
        |at: Option<crate::model::UnixMillis>| at.map(|at| at.to_string()).unwrap_or_default();
    vec![
        moment(row.requested_at),
        row.request_type.clone(),
        row.status.map_or("unknown", CommandStatus::word).to_owned(),
        moment(row.completed_at),
        row.uuid.clone(),
        row.error.clone(),
    ]
}
