//! `sortie status`: how far a run is, and how each of its devices stands.
//!
//! Owns which devices are shown. Must never contact a tenant.

use crate::app::{GroupStatus, RunStatus};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::status_options::StatusOptions;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::group_status::{group_status_json, group_status_next, group_status_text};
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
    let workspace = with_runs(global, printer)?;
    if let Some(group) = workspace.group_named(name)? {
        return of_group(&workspace.group_status(group)?, options, printer);
    }
    let status = workspace.status(name)?;
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

/// How far a group of runs is.
fn of_group(
    status: &GroupStatus,
    options: &StatusOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if options.asks_for_devices() {
        let runs: Vec<String> =
            status.group.runs().map(|run| format!("\n  sortie status {run} --devices")).collect();
        let what = format!("{} is a group of runs; devices are listed run by run", status.group.id);
        return Err(Failure::usage(what).next(format!("name one of its runs:{}", runs.concat())));
    }
    if printer.format == ListingFormat::Json {
        printer.data(&group_status_json(status).to_string());
        return Ok(Exit::Well);
    }
    printer.show_paged(&group_status_text(status, &printer.screen()));
    if let Some(next) = group_status_next(status) {
        printer.say(&format!("\nnext: {next}"));
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
