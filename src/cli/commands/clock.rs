//! `sortie repair-clock`: what a clock that was far ahead left behind.
//!
//! Owns the warning and its one cure. Must never repair anything unasked: if the clock of now is the wrong one, the repair
//! would free what was spent.

use crate::app::operator::Operator;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::options::GlobalOptions;
use crate::cli::terminal::confirm::agree;
use crate::cli::terminal::printer::{Printer, counted};
use crate::drive::{Clock, WallClock};

pub(crate) fn repair(
    global: &GlobalOptions,
    yes: bool,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let state = open_workspace(global, printer)?;
    let is_sending = |run: &str| state.dir.is_sending(run);
    let now = WallClock.now();
    let ahead = state.index().ahead_of(now, is_sending)?;
    if ahead.latest.is_none() {
        printer.say("nothing counts from a moment in the future; nothing was changed");
        return Ok(Exit::Well);
    }
    agree(&format!("counting all that from now, {now}"), yes, global.no_input)
        .map_err(|failure| failure.state("nothing was changed"))?;
    let (who, now) = (Operator::current().shown(), WallClock.now());
    let mut index = state.index();
    let ahead = index.bring_back(now, is_sending)?;
    let body = serde_json::json!({
        "who": who, "runs": ahead.runs, "leases": ahead.leases,
        "latest": ahead.latest.map(|at| at.to_string()),
    });
    index.note(now, "clock_repaired", None, &body)?;
    printer.say(&format!(
        "repaired: the caps count {} for 24 hours from now, the hourly limit {} for an hour",
        counted(ahead.runs.len(), "run"),
        counted(usize::try_from(ahead.leases).unwrap_or(usize::MAX), "lease")
    ));
    Ok(Exit::Well)
}
