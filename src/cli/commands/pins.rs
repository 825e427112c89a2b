//! `sortie pins`: what its options ask for.
//!
//! Owns the choice between listing, printing, comparing and recovering. Must never show a PIN itself.

use super::pin_sheets::pin_sheets;
use super::pins_listing::list_pins;
use super::pins_recovery::{recover, test_identity};
use super::pins_verification::verify_pins;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::options::{GlobalOptions, PinsOptions, TenantOptions};
use crate::cli::terminal::printer::Printer;

pub(crate) fn pins(
    global: &GlobalOptions,
    options: &PinsOptions,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    match (&options.test_identity, &options.sheets) {
        (Some(file), _) => test_identity(global, options, file, printer),
        (None, Some(file)) => pin_sheets(global, options, file, printer),
        (None, None) if options.recover => recover(global, options, tenant, printer),
        (None, None) if options.verify => verify_pins(global, options, tenant, printer),
        (None, None) => list_pins(global, options, printer),
    }
}
