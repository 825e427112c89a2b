//! `sortie runs`: the list of runs.
//!
//! Owns the reading of its filters. Must never contact a tenant.

use crate::app::RunsRequest;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_to_read;
use crate::cli::options::{GlobalOptions, ListingFormat, RunsOptions};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::runs::{folded, json, table};
use crate::cli::time_options::TimeOptions;
use crate::journal::RunState;

pub(crate) fn runs(
    global: &GlobalOptions,
    options: &RunsOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let (since, until) = TimeOptions::now().span(&options.span)?;
    let request = RunsRequest {
        job: options.job.clone(),
        states: options.state.iter().filter_map(|word| RunState::of_word(word)).collect(),
        since,
        until,
        limit: options.limit,
    };
    let workspace = open_to_read(global, printer)?;
    // A group is one line, so lines are counted once its runs are folded.
    let all = RunsRequest { limit: None, ..request.clone() };
    let is_json = printer.format == ListingFormat::Json;
    let asked = if is_json { &request } else { &all };
    let runs = workspace.map(|workspace| workspace.runs_matching(asked)).transpose()?;
    let mut runs = runs.unwrap_or_default();
    if !is_json {
        runs = folded(runs);
        runs.truncate(request.limit.unwrap_or(usize::MAX));
    }
    if printer.format == ListingFormat::Json {
        printer.list(runs.iter().map(json).collect());
    } else if runs.is_empty() {
        let is_filtered = request != RunsRequest::default();
        printer.say(if is_filtered { "no run matches" } else { "no runs yet" });
    } else {
        printer.show_paged(&table(&runs, &printer.screen()));
    }
    Ok(Exit::Well)
}
