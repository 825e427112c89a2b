//! `sortie devices`: the inventory, as a table for people or as CSV that is valid job input.
//!
//! Owns the choice between table, CSV and JSON. Only reads.

use crate::app::DevicesRequest;
use crate::cli::device_listing::{form_of, say_rest};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::filter_options::read_filter;
use crate::cli::options::{FilterOptions, GlobalOptions, ListingFormat, TenantOptions};
use crate::cli::tenant_options::with_reader;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::devices::{device_json, device_table, devices_csv};

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
    let selected = &found.selected;
    match form_of(options, printer) {
        ListingFormat::Json => printer.list(selected.iter().map(device_json).collect()),
        ListingFormat::Csv => printer.data(&devices_csv(selected)),
        ListingFormat::Text if selected.is_empty() => {}
        ListingFormat::Text => printer.show_paged(&device_table(selected, &printer.screen())),
    }
    say_rest(&found, unmanaged, printer);
    Ok(Exit::Well)
}
