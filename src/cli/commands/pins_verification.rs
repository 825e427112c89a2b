//! `sortie pins --verify`: compares PINs with the tenant.
//!
//! Owns how the comparison ends. Must never show a PIN.

use super::pins_listing::{none_found, request_of};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, ListingFormat, PinsOptions, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::read_profile;
use crate::cli::tenant_options::tenant_request;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::counted;
use crate::cli::text::pins_compared::{json_of, table_of};

pub(super) fn verify_pins(
    global: &GlobalOptions,
    options: &PinsOptions,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let tenant = tenant_request(&tenant.values()?, &read_profile(global)?)?;
    let workspace = open_workspace(global, printer)?;
    let compared = runtime()?.block_on(workspace.verify_pins(&request_of(options), &tenant))?;
    if printer.format == ListingFormat::Json {
        printer.answer(&json_of(&compared));
    } else if !compared.devices.is_empty() {
        printer.show_paged(&table_of(&compared, &printer.screen()));
    }
    if compared.devices.is_empty() {
        printer.say(&none_found(&workspace, options)?);
        return Ok(Exit::Well);
    }
    let (same, devices) = (compared.same(), compared.devices.len());
    if let Some(stopped) = compared.stopped {
        return Err(stopped.into());
    }
    if same < devices {
        let what = format!(
            "{} of {} differ or were not compared",
            devices - same,
            counted(devices, "PIN")
        );
        return Err(Failure::new(Exit::Partly, what)
            .state("nothing was saved or changed")
            .next("the last column says what to do for each Mac"));
    }
    printer.say(&format!("the tenant shows the same: {}", counted(same, "PIN")));
    Ok(Exit::Well)
}
