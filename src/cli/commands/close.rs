//! `sortie close`: a person ends a run.
//!
//! Owns the prompt, and what it says about tasks that have not ended. Must never send anything.

use crate::app::Closing;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::options::GlobalOptions;
use crate::cli::terminal::confirm::{InAdvance, Subject, obtain};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::answers::closed;
use crate::cli::text::layout::counted;
use crate::model::{Outcome, OutcomeCounts};

pub(crate) fn close(
    global: &GlobalOptions,
    name: &str,
    yes: bool,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let workspace = open_workspace(global, printer)?;
    let closable = match workspace.prepare_close(name)? {
        Closing::Closed { run, at, by } => {
            printer.answer(&closed(&run, "closed", false));
            printer.say(&format!("run {run} was closed by {by} at {at}"));
            return Ok(Exit::Well);
        }
        Closing::Finished { run } => {
            printer.answer(&closed(&run, "finished", false));
            printer.say(&format!("run {run} has ended; nothing to close"));
            return Ok(Exit::Well);
        }
        Closing::Open(closable) => *closable,
    };
    let run = closable.run().to_owned();
    let left = what_is_left(closable.counts());
    let subject = Subject {
        what: &format!("closing run {run} ({left})"),
        plain: &format!("close run {run} ({left})"),
        way: "",
        look_at: "what would happen",
    };
    let advance = InAdvance { yes, confirm: None, no_input: global.no_input };
    let consent = obtain(&closable.question(), subject, advance, || None)
        .map_err(|failure| failure.state("nothing was changed"))?;
    workspace.close(closable, &consent)?;
    printer.answer(&closed(&run, "closed", true));
    printer.say(&format!(
        "run {run} is closed: it sends and follows nothing more; its outcomes stay as they are"
    ));
    Ok(Exit::Well)
}

/// What becomes of the tasks that have not ended.
fn what_is_left(counts: &OutcomeCounts) -> String {
    let parts = [
        (counts.of(Outcome::NotAttempted), "never sent"),
        (counts.of(Outcome::Pending) + counts.of(Outcome::NotNow), "left pending"),
        (counts.of(Outcome::InDoubt), "left in doubt"),
    ];
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(tasks, _)| *tasks > 0)
        .map(|(tasks, what)| format!("{} {what}", counted(tasks as usize, "task")))
        .collect();
    if told.is_empty() { "every task has ended".to_owned() } else { told.join(", ") }
}
