//! What every listing of devices has: its form, and what is said beside it.
//!
//! Owns both. Must never read a device.

use crate::app::DevicesFound;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::{counted, one_line, thousands};
use crate::model::settings::global;

/// Says what the list does not: notes on the filter, devices that are left out, numbers.
pub(crate) fn say_rest(found: &DevicesFound, with_unmanaged: bool, printer: &Printer) {
    let DevicesFound { selected, inventory, notes } = found;
    for note in notes {
        printer.say(&format!("note: {}", one_line(note)));
    }
    let left_out = inventory.devices().iter().filter(|device| !device.is_managed()).count();
    if left_out > 0 && !with_unmanaged {
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
}

/// The form that was asked for. Without one, people get a table, and files and pipes get CSV: a job can be made of it.
pub(crate) fn form_of(options: &GlobalOptions, printer: &Printer) -> ListingFormat {
    let is_for_people = printer.screen().width.is_some() || options.flags.has(&global::FORMAT);
    match printer.format {
        ListingFormat::Text if !is_for_people => ListingFormat::Csv,
        asked => asked,
    }
}
