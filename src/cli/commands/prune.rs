//! `sortie prune`: removes the secrets of runs that are long over.
//!
//! Owns the prompt, and the messages around it. Must never remove anything without consent.

use crate::app::{Prunable, PruneRequest, Workspace};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{open_workspace, with_runs};
use crate::cli::options::{GlobalOptions, ListingFormat, PruneOptions};
use crate::cli::settings::duration;
use crate::cli::terminal::confirm::{InAdvance, Subject, obtain};
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
        printer.say(&format!("not pruned: {}", left_alone(left)));
    }
    if !options.dry_run {
        let removed = prunable.remove_unfinished_reports();
        if removed > 0 {
            let reports = counted(removed, "unfinished report");
            printer.say(&format!("removed {reports} of processes that were killed"));
        }
    }
    printer.answer(&json(&prunable));
    if prunable.runs.is_empty() {
        printer.say(&format!("nothing to remove: no run that was over by {before} has secrets"));
        prunable.check_readable()?;
        return Ok(Exit::Well);
    }
    if printer.format != ListingFormat::Json {
        printer.show_paged(&text(&prunable, &printer.screen()));
    }
    if options.dry_run {
        printer.say("dry run: nothing was removed");
        prunable.check_readable()?;
        return Ok(Exit::Well);
    }
    remove_secrets(&workspace, &prunable, options.yes, global.no_input, printer)
}

fn remove_secrets(
    workspace: &Workspace,
    prunable: &Prunable,
    yes: bool,
    no_input: bool,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let counts = counts(prunable);
    let subject = Subject {
        what: &format!("removing {counts} for good"),
        plain: &format!("remove {counts} for good"),
        way: "",
        look_at: "what would be removed",
    };
    let advance = InAdvance { yes, confirm: None, no_input };
    let consent = obtain(&prunable.question(), subject, advance, || None)
        .map_err(|failure| failure.state("nothing was removed"))?;
    let outcome = workspace.prune(prunable, &consent)?;
    for directory in &outcome.reports_with_secrets {
        printer.warn(&format!(
            "the report still has these secrets and is not changed: {}",
            directory.display()
        ));
    }
    if outcome.runs > 0 {
        printer.say(&format!("removed from the journals of {}", counted(outcome.runs, "run")));
    }
    outcome.check_complete()?;
    Ok(Exit::Well)
}
