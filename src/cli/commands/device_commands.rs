//! `sortie commands`: the command history of a device.
//!
//! Owns its layout. Only reads.

use crate::app::DeviceName;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{GlobalOptions, ListingFormat, TenantOptions};
use crate::cli::tenant_options::with_reader;
use crate::cli::terminal::printer::{Printer, table};
use crate::cli::text::devices::{COMMAND_COLUMNS, command_cells};

pub(crate) fn commands(
    global: &GlobalOptions,
    device: &str,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let name = DeviceName::parse(device)?;
    let page = with_reader(global, tenant, printer, async |reader| reader.commands(&name).await)?;
    if printer.format == ListingFormat::Json {
        printer.data(&serde_json::Value::Array(page.raw).to_string());
    } else {
        let rows: Vec<Vec<String>> = page.rows.iter().map(command_cells).collect();
        printer.show(&table(&COMMAND_COLUMNS, &rows));
    }
    Ok(Exit::Well)
}
