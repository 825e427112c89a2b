//! `sortie history`: everything that was ever sent to a device.
//!
//! Owns the reading of its filters. Must never contact a tenant.

use crate::app::HistoryRequest;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, HistoryOptions, ListingFormat};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::history::{csv, json, lines_json, notes, searched, shown, table};
use crate::cli::time_options::TimeOptions;
use crate::kandji::find_action;

pub(crate) fn history(
    global: &GlobalOptions,
    options: &HistoryOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let request = request_of(options)?;
    let history = with_runs(global, printer)?.history(&request)?;
    match printer.format {
        ListingFormat::Json if printer.picks_fields() => printer.list(lines_json(&history)),
        ListingFormat::Json => printer.data(&json(&history, &request).to_string()),
        ListingFormat::Csv => printer.data(&csv(&history)),
        ListingFormat::Text if history.lines.is_empty() => {}
        ListingFormat::Text => {
            printer.show_paged(&table(&history, &printer.screen()));
            for note in notes(&history, &printer.error_screen()) {
                printer.say(&note);
            }
        }
    }
    if printer.format != ListingFormat::Json {
        let coverage = &history.coverage;
        printer.say(&format!(
            "{}; searched {}:\n  {}\nnothing was sent",
            shown(&history),
            searched(coverage, &printer.error_screen()),
            coverage.database.display()
        ));
    }
    history.check_complete()?;
    Ok(Exit::Well)
}

fn request_of(options: &HistoryOptions) -> Result<HistoryRequest, Failure> {
    let (since, until) = TimeOptions::now().span(&options.span)?;
    let action = |name: &String| match find_action(name) {
        Ok(action) => Ok(action.name.to_owned()),
        Err(error) => Err(Failure::usage(format!("--action: {error}"))
            .next("list the actions with:\n  sortie actions")),
    };
    Ok(HistoryRequest {
        device: options.device.clone(),
        run: options.run.clone(),
        job: options.job.clone(),
        actions: options.action.iter().map(action).collect::<Result<_, _>>()?,
        outcomes: options.outcome.clone(),
        since,
        until,
        limit: options.limit,
    })
}
