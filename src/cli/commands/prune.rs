//! `sortie prune`: secrets of runs that are long over.
//!
//! Owns the question, and what is said about it.

use crate::app::{Prunable, PruneRequest, Workspace};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{open_workspace, with_runs};
use crate::cli::options::{GlobalOptions, ListingFormat, PruneOptions};
use crate::cli::settings::duration;
use crate::cli::terminal::confirm::obtain_yes;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::counted;
use crate::cli::text::prune::{counts, json, left_alone, text};
use crate::drive::{Clock, WallClock};
use crate::model::UnixMillis;

pub(crate) fn prune(
    global: &GlobalOptions,
    options: &PruneOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let age_ms = duration("--older-than", Some(&options.older_than))?.unwrap_or(0);
    let age_ms = i64::try_from(age_ms).unwrap_or(i64::MAX);
    let before = UnixMillis(WallClock.now().0.saturating_sub(age_ms));
    let workspace = match options.dry_run {
        true => with_runs(global, printer)?,
        false => open_workspace(global, printer)?,
    };
    let prunable = workspace.prepare_prune(&PruneRequest { before })?;
    for left in &prunable.left_alone {
        printer.say(&format!("left alone: {}", left_alone(left)));
    }
    if !options.dry_run {
        let removed = prunable.remove_unfinished_reports();
        if removed > 0 {
            let reports = counted(removed, "unfinished report");
            printer.say(&format!("removed {reports} of killed writers"));
        }
    }
    if prunable.runs.is_empty() {
        printer.say(&format!("nothing to drop: no run that was over by {before} holds secrets"));
        prunable.check_readable()?;
        return Ok(Exit::Well);
    }
    match printer.format {
        ListingFormat::Json => printer.data(&json(&prunable).to_string()),
        ListingFormat::Text | ListingFormat::Csv => printer.show(&text(&prunable)),
    }
    if options.dry_run {
        printer.say("dry run: nothing was dropped");
        prunable.check_readable()?;
        return Ok(Exit::Well);
    }
    drop_secrets(&workspace, &prunable, options.yes, global.no_input, printer)
}

fn drop_secrets(
    workspace: &Workspace,
    prunable: &Prunable,
    yes: bool,
    no_input: bool,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let what = format!("dropping {} for ever", counts(prunable));
    let consent = obtain_yes(&prunable.question(), &what, yes, no_input)
        .map_err(|failure| failure.state("nothing was dropped"))?;
    let outcome = workspace.prune(prunable, &consent)?;
    for directory in &outcome.reports_with_secrets {
        printer.warn(&format!(
            "still holds such secrets and is left as it is: {}",
            directory.display()
        ));
    }
    if outcome.runs > 0 {
        printer.say(&format!("dropped from the journals of {}", counted(outcome.runs, "run")));
    }
    outcome.check_complete()?;
    Ok(Exit::Well)
}
