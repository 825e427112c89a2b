//! `sortie commands`: the command history of a device.
//!
//! Owns the choice of the form. Only reads.

use crate::app::DeviceName;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{GlobalOptions, ListingFormat, TenantOptions};
use crate::cli::tenant_options::with_reader;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::devices::{command_json, command_table};

pub(crate) fn commands(
    global: &GlobalOptions,
    device: &str,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let name = DeviceName::parse(device)?;
    let page = with_reader(global, tenant, printer, async |reader| reader.commands(&name).await)?;
    match printer.format {
        ListingFormat::Json if printer.picks_fields() => {
            printer.list(page.rows.iter().map(command_json).collect());
        }
        ListingFormat::Json => printer.data(&serde_json::Value::Array(page.raw).to_string()),
        _ if page.rows.is_empty() => printer.say("the device has no commands"),
        _ => printer.show_paged(&command_table(&page.rows, &printer.screen())),
    }
    Ok(Exit::Well)
}
