//! `sortie stats`: what a run cost in requests and in time.
//!
//! Owns the choice of the form. Must never contact a tenant.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, ListingFormat};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::stats::{stats_json, stats_text};
use crate::drive::{Clock, WallClock};

pub(crate) fn stats(
    global: &GlobalOptions,
    name: &str,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let workspace = with_runs(global, printer)?;
    if let Some(group) = workspace.group_named(name)? {
        let runs: Vec<String> = group.runs().map(|run| format!("\n  sortie stats {run}")).collect();
        let what = format!("{} is a group of runs; statistics are kept run by run", group.id);
        return Err(Failure::usage(what).next(format!("name one of its runs:{}", runs.concat())));
    }
    let figures = workspace.run_stats(name, WallClock.now())?;
    match printer.format {
        ListingFormat::Json => printer.data(&stats_json(&figures).to_string()),
        _ => printer.show_paged(&stats_text(&figures, &printer.screen())),
    }
    Ok(Exit::Well)
}
