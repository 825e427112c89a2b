//! `sortie devices`: the inventory as CSV that is valid job input.
//!
//! Owns what is said about devices that are left out. Only reads.

use crate::app::{DevicesFound, DevicesRequest};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::filter_options::read_filter;
use crate::cli::options::{FilterOptions, GlobalOptions, TenantOptions};
use crate::cli::tenant_options::with_reader;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::devices::devices_csv;

pub(crate) fn devices(
    global: &GlobalOptions,
    filter: &FilterOptions,
    unmanaged: bool,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let request = DevicesRequest { filter: read_filter(filter)?, with_unmanaged: unmanaged };
    let found =
        with_reader(global, tenant, printer, async |reader| reader.devices(&request).await)?;
    let DevicesFound { selected, inventory } = found;
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
