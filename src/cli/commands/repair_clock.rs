//! `sortie repair-clock`: what a clock that was far ahead left behind.
//!
//! Owns the question. Must never repair anything unasked.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::options::GlobalOptions;
use crate::cli::terminal::confirm::obtain_yes;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::answers::clock_repaired;
use crate::cli::text::layout::counted;

pub(crate) fn repair_clock(
    global: &GlobalOptions,
    yes: bool,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let workspace = open_workspace(global, printer)?;
    let Some(repair) = workspace.prepare_clock_repair()? else {
        printer.answer(&clock_repaired(false, 0, 0));
        printer.say("nothing counts from a moment in the future; nothing was changed");
        return Ok(Exit::Well);
    };
    let what = format!("counting all that from now, {}", repair.now);
    let consent = obtain_yes(&repair.question(), &what, yes, global.no_input)
        .map_err(|failure| failure.state("nothing was changed"))?;
    let ahead = workspace.repair_clock(&repair, &consent)?;
    printer.answer(&clock_repaired(true, ahead.runs.len(), ahead.leases));
    printer.say(&format!(
        "repaired: the caps count {} for 24 hours from now, the hourly limit {} for an hour",
        counted(ahead.runs.len(), "run"),
        counted(usize::try_from(ahead.leases).unwrap_or(usize::MAX), "lease")
    ));
    Ok(Exit::Well)
}
