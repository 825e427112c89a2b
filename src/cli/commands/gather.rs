//! `sortie devices --with`: the inventory with sections of each device.
//!
//! Owns the prompt, the choice of the form, and what is said of devices that could not be read. Only reads.

use std::path::Path;

use crate::app::{
    Connection, Consent, DevicesFound, DevicesRequest, GatherRequest, Gathered, GatheredDevice,
    PreparedGather, Reason, TenantReader, Workspace,
};
use crate::cli::device_listing::{form_of, say_rest};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::filter_options::read_filter;
use crate::cli::gather_options::GatherOptions;
use crate::cli::locations::open_workspace;
use crate::cli::options::{FilterOptions, GlobalOptions, ListingFormat, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::read_profile;
use crate::cli::tenant_options::{connect, read_pace};
use crate::cli::terminal::confirm::{InAdvance, Subject, obtain};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::progress::GatherDisplay;
use crate::cli::text::gathered::{
    GatheredTable, cost_line, device_line, gathered_json, header_line, set_aside_line,
};
use crate::cli::text::layout::{counted, one_line};
use crate::kandji::DeviceSection;
use crate::model::Device;

/// Devices that could not be read and are named on standard error; the export names all of them.
const NAMED_MAX: usize = 10;

pub(crate) fn gather_devices(
    global: &GlobalOptions,
    (filter, with_unmanaged): (&FilterOptions, bool),
    options: &GatherOptions,
    tenant: &TenantOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let request = DevicesRequest { filter: read_filter(filter)?, with_unmanaged };
    let wish = GatherRequest { sections: options.sections(), is_fresh: options.fresh };
    if options.apps_file.is_some() && !wish.sections.contains(&DeviceSection::Apps) {
        return Err(Failure::usage("--apps-file needs the apps").next("add apps to --with"));
    }
    let profile = read_profile(global)?;
    let workspace = open_workspace(global, printer)?;
    show_progress(&workspace, printer);
    let given = tenant.values()?;
    let (found, mut gathered) = runtime()?.block_on(async {
        let connection: Connection = connect(&given, &profile, None).await?;
        let reader = workspace.tenant_reader(connection, read_pace(&profile));
        let found = reader.devices(&request).await?;
        let prepared = reader.prepare_gather(&found.selected, &wish)?;
        let gathered = confirmed(global, options, &reader, prepared, printer).await?;
        Ok::<_, Failure>((found, gathered))
    })?;
    let form = form_of(global, printer);
    print(&found, &mut gathered, form, printer)?;
    if let Some(path) = &options.apps_file {
        write_apps(&found, &mut gathered, path, printer)?;
    }
    say_failures(&found, &gathered, printer);
    say_rest(&found, with_unmanaged, printer);
    Ok(Exit::Well)
}

fn show_progress(workspace: &Workspace, printer: &Printer) {
    let mut display = GatherDisplay::new(printer);
    workspace.observe(move |event| display.take(event));
}

/// Says what it costs, asks where it costs much, and reads.
async fn confirmed(
    global: &GlobalOptions,
    options: &GatherOptions,
    reader: &TenantReader,
    prepared: PreparedGather,
    printer: &Printer,
) -> Result<Gathered, Failure> {
    let cost = prepared.cost();
    if let Some(line) = cost.set_aside.and_then(set_aside_line) {
        printer.say(&format!("note: {line}"));
    }
    printer.say(&cost_line(cost, &printer.error_screen()));
    let consent = match prepared.question() {
        None => Consent::NONE,
        Some(question) => {
            let requests = counted(cost.requests, "read request");
            let subject = Subject {
                what: &format!("making {requests}"),
                plain: &format!("make {requests}"),
                way: "",
                look_at: "the cost",
            };
            let advance = InAdvance { yes: options.yes, confirm: None, no_input: global.no_input };
            obtain(&question, subject, advance, || None)?
        }
    };
    let ended = prepared.gather(reader, &consent).await;
    printer.live().clear();
    ended.map_err(interrupted)
}

/// What was read before the end stays.
fn interrupted(reason: Reason) -> Failure {
    let failure = Failure::from(reason);
    let next = match failure.next.as_str() {
        "" => String::new(),
        next => format!("{next}; "),
    };
    let next = format!("{next}the same command then continues with what is left");
    failure.next(next)
}

fn print(
    found: &DevicesFound,
    gathered: &mut Gathered,
    form: ListingFormat,
    printer: &Printer,
) -> Result<(), Failure> {
    match form {
        ListingFormat::Json => {
            let mut list = printer.begin_list();
            for device in &found.selected {
                list.add(gathered_json(device, sections_of(gathered, device)?));
            }
            list.end();
        }
        ListingFormat::Csv => {
            let wanted = gathered.sections().to_vec();
            printer.data(&header_line(&wanted));
            for device in &found.selected {
                printer.data(&device_line(device, &sections_of(gathered, device)?, &wanted));
            }
        }
        ListingFormat::Text if found.selected.is_empty() => {}
        ListingFormat::Text => {
            let mut table = GatheredTable::new();
            for device in &found.selected {
                table.add(device, &sections_of(gathered, device)?);
            }
            printer.show_paged(&table.render(&printer.screen()));
        }
    }
    Ok(())
}

fn sections_of(gathered: &mut Gathered, device: &Device) -> Result<GatheredDevice, Failure> {
    Ok(gathered.device(&device.id).map_err(Reason::from)?)
}

fn write_apps(
    found: &DevicesFound,
    gathered: &mut Gathered,
    path: &Path,
    printer: &Printer,
) -> Result<(), Failure> {
    let rows = gathered.write_apps(&found.selected, path).map_err(Reason::from)?;
    printer.say(&format!("{} in {}", counted(rows, "app"), path.display()));
    Ok(())
}

fn say_failures(found: &DevicesFound, gathered: &Gathered, printer: &Printer) {
    let serial_of = |failure: &crate::app::SectionFailure| {
        found
            .inventory
            .device(&failure.device)
            .map(|device| one_line(&device.serial_number).into_owned())
    };
    for failure in gathered.failures.iter().take(NAMED_MAX) {
        let serial = serial_of(failure).unwrap_or_else(|| failure.device.to_string());
        let error = one_line(&failure.error);
        printer.say_failed(&format!("not read: {} of {serial}: {error}", failure.section.word()));
    }
    let more = gathered.failures.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        printer.say_failed(&format!("not read: {more} more; the column gather_errors names all"));
    }
}
