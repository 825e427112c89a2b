//! `sortie watch --attach` and `sortie status --watch`: the view of a run that another process drives.
//!
//! Owns the polling, and what ends it. Must never write into the state directory, and never stop the run: Ctrl-C leaves the view.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::app::{AppEvent, Driver, Onlooker};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::with_runs;
use crate::cli::options::{GlobalOptions, ListingFormat, ProgressForm};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::progress::show_progress;
use crate::cli::terminal::signals::interrupts;
use crate::cli::text::live::Viewpoint;

/// How often the journal is read.
const POLL: Duration = Duration::from_secs(1);
/// How soon Ctrl-C is noticed.
const NAP: Duration = Duration::from_millis(50);

/// How the view was left.
pub(crate) enum Left {
    /// No process drives the run, or none ever did. Holds the id of the run.
    RunLeft(String),
    /// The person left the view; the run continues.
    ByPerson,
}

/// Follows a run until the process that drives it leaves it.
pub(crate) fn attach(
    global: &GlobalOptions,
    name: &str,
    form: Option<ProgressForm>,
    printer: &Printer,
) -> Result<Left, Failure> {
    let is_interrupted = interrupts();
    let workspace = with_runs(global, printer)?;
    let mut onlooker = workspace.look_on(name)?;
    let run = onlooker.run().to_owned();
    if onlooker.driver() == Driver::None {
        printer.say(&format!("no process is running {run} now"));
        return Ok(Left::RunLeft(run));
    }
    let form = match (form, printer.format) {
        (None, ListingFormat::Json) => Some(ProgressForm::None),
        (form, _) => form,
    };
    let shown = show_progress(&workspace, form, Viewpoint::Onlooker, printer);
    let followed = follow(&mut onlooker, &is_interrupted);
    onlooker.tell(&AppEvent::RunLeft { run: onlooker.run().to_owned() });
    let is_left = followed?;
    shown.end(if is_left { Exit::Well } else { Exit::Aborted });
    if is_left {
        printer.say(&format!("the process has left run {run}"));
        return Ok(Left::RunLeft(run));
    }
    printer.say(&format!("you left the view; run {run} continues"));
    Ok(Left::ByPerson)
}

/// Tells what the journal shows until no process is at the run. Whether that is so; else a person has left.
fn follow(onlooker: &mut Onlooker<'_>, is_interrupted: &AtomicBool) -> Result<bool, Failure> {
    onlooker.tell(&AppEvent::RunBegins(onlooker.begins()));
    loop {
        let looked = onlooker.look()?;
        onlooker.tell(&AppEvent::RunAdvanced(looked.advanced));
        if looked.driver == Driver::None {
            return Ok(true);
        }
        for _ in 0..POLL.as_millis() / NAP.as_millis() {
            if is_interrupted.load(Ordering::Relaxed) {
                return Ok(false);
            }
            std::thread::sleep(NAP);
        }
    }
}
