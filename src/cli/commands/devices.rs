//! `sortie devices`: the inventory, as a table for people or as CSV that is valid job input.
//!
//! Owns the choice of the form, and what is said about devices that are left out. Only reads.

use crate::app::{DevicesFound, DevicesRequest};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::filter_options::read_filter;
use crate::cli::options::{FilterOptions, GlobalOptions, ListingFormat, TenantOptions};
use crate::cli::tenant_options::with_reader;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::devices::{device_json, device_table, devices_csv};
use crate::cli::text::layout::{counted, one_line, thousands};
use crate::model::settings::global;

pub(crate) fn devices(
    options: &GlobalOptions,
    filter: &FilterOptions,
    unmanaged: bool,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let request = DevicesRequest { filter: read_filter(filter)?, with_unmanaged: unmanaged };
    let found =
        with_reader(options, tenant, printer, async |reader| reader.devices(&request).await)?;
    let DevicesFound { selected, inventory, notes } = found;
    match form_of(options, printer) {
        ListingFormat::Json => printer.list(selected.iter().map(device_json).collect()),
        ListingFormat::Csv => printer.data(&devices_csv(&selected)),
        ListingFormat::Text if selected.is_empty() => {}
        ListingFormat::Text => printer.show_paged(&device_table(&selected, &printer.screen())),
    }
    for note in &notes {
        printer.say(&format!("note: {}", one_line(note)));
    }
    let left_out = inventory.devices().iter().filter(|device| !device.is_managed()).count();
    if left_out > 0 && !unmanaged {
        let devices = counted(left_out, "device");
        printer.say(&format!(
            "{devices} removed or not in MDM left out; include them with --unmanaged"
        ));
    }
    for device in inventory.unusable() {
        let id = device.id.as_str().escape_debug().to_string();
        printer.say(&format!(
            "left out: {} '{}': its id '{id}' is not a UUID, so no request can name it",
            one_line(&device.serial_number),
            one_line(&device.name)
        ));
    }
    let all = counted(inventory.devices().len(), "device");
    printer.say(&format!("{} of {all}", thousands(selected.len())));
    Ok(Exit::Well)
}

/// The form that was asked for. Without one, people get a table, and files and pipes get CSV: a job can be made of it.
fn form_of(options: &GlobalOptions, printer: &Printer) -> ListingFormat {
    let is_for_people = printer.screen().width.is_some() || options.flags.has(&global::FORMAT);
    match printer.format {
        ListingFormat::Text if !is_for_people => ListingFormat::Csv,
        asked => asked,
    }
}
