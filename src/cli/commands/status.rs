//! `sortie status`: how far a run is, and how each of its devices stands.
//!
//! Owns which devices are shown. Must never contact a tenant.

use crate::app::RunStatus;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::status_options::StatusOptions;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::run_summary::Detail;
use crate::cli::text::status::{device_json, devices, devices_shown, next, run_json, text};
use crate::cli::text::wrap::hanging;
use crate::drive::{Clock, WallClock};
use crate::report::ReportRow;

/// Columns of the label before the next steps.
const NEXT: usize = 6;

pub(crate) fn status(
    global: &GlobalOptions,
    name: &str,
    options: &StatusOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let status = with_runs(global, printer)?.status(name)?;
    let chosen = options.asks_for_devices().then(|| chosen(&status, options));
    if printer.format == ListingFormat::Json {
        match &chosen {
            Some(chosen) if printer.picks_fields() => {
                printer.list(chosen.iter().map(device_json).collect());
            }
            _ => printer.data(&run_json(&status, chosen.as_deref()).to_string()),
        }
        return Ok(Exit::Well);
    }
    match chosen {
        Some(chosen) if chosen.is_empty() => printer.say("no task of the run has this outcome"),
        Some(chosen) => {
            printer.show_paged(&devices(&chosen, &printer.screen()));
            let shown = devices_shown(chosen.len(), status.rows().tasks_count());
            printer.say(&format!(
                "{shown} of run {}; last check-ins are those of the plan",
                status.row.id
            ));
        }
        None => {
            let detail = Detail::of(printer.is_verbose());
            printer.show_paged(&text(&status, detail, &printer.screen()));
            let next = next(&status, WallClock.now());
            if !next.is_empty() {
                let width = printer.error_screen().width;
                printer.say(&format!("\nnext: {}", hanging(&next.join("\n"), width, NEXT)));
            }
        }
    }
    Ok(Exit::Well)
}

/// The tasks with an outcome that was asked for; all of them where none was.
fn chosen<'a>(status: &'a RunStatus, options: &StatusOptions) -> Vec<ReportRow<'a>> {
    let is_chosen = |row: &ReportRow<'_>| {
        options.outcome.is_empty() || options.outcome.contains(&row.outcome())
    };
    status.rows().iter().filter(is_chosen).collect()
}
