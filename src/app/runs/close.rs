//! `sortie close`: a person ends a run.
//!
//! Owns the end of a run that nobody goes on with: its journal and the host's record say who ended it, and what it had not
//! sent is free again for others. Must never send anything, and never change how a task ended.

use crate::app::operator::Operator;
use crate::app::preflight::charging::{LastSends, sent_of};
use crate::app::runs::run_view::RunView;
use crate::app::runs::trust::open_run;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::options::GlobalOptions;
use crate::cli::terminal::confirm::agree;
use crate::cli::terminal::printer::{Printer, counted};
use crate::drive::{Clock, WallClock};
use crate::journal::{RequestCounts, RunJournal, RunState};
use crate::model::{Entry, Event, Outcome, OutcomeCounts};

pub(crate) fn close(
    global: &GlobalOptions,
    name: &str,
    yes: bool,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let state = open_workspace(global, printer)?;
    let row = state.index().find_run(name)?;
    let hold = state.dir.hold_run(&row.id)?;
    let opening = open_run(&state, &row.id)?;
    let (tasks, mut last) = (opening.tasks().to_vec(), LastSends::default());
    let run = opening.follow(|entry| last.take(entry, &tasks))?;
    if let Some((at, by)) = &run.closed {
        printer.say(&format!("run {} was closed by {by} at {at}", row.id));
        return Ok(Exit::Well);
    }
    if row.state == RunState::Finished {
        printer.say(&format!("run {} has ended; there is nothing to close", row.id));
        return Ok(Exit::Well);
    }
    let mut counts = OutcomeCounts::default();
    run.records.iter().for_each(|record| counts.add(record.outcome()));
    agree(
        &format!("closing run {} ({})", row.id, what_closing_does(&counts)),
        yes,
        global.no_input,
    )
    .map_err(|failure| failure.state("nothing was changed"))?;
    let (now, by) = (WallClock.now(), Operator::current().shown());
    let mut journal = RunJournal::go_on(&state.dir, &run)?;
    let entry = Entry { at: now, event: Event::Ended { by: by.clone() } };
    journal.append(&[entry], &RequestCounts::new())?;
    let head = journal.run_head();
    let summary: Vec<String> =
        counts.iter().map(|(outcome, tasks)| format!("{tasks} {outcome}")).collect();
    let sent = sent_of(&last, &run.tasks, &run.records);
    {
        let mut index = state.index();
        index.settle_charges(&row.id, &sent)?;
        index.set_run_state(&row.id, RunState::Closed, Some(now), &summary.join(", "))?;
        let body = serde_json::json!({
            "who": by, "head": head.head, "entries": head.entries, "outcomes": summary.join(", "),
        });
        index.note(now, "closed", Some(&row.id), &body)?;
    }
    let view = RunView::of(run);
    view.write(&view.header.report_dir, Some(now))?;
    drop(hold);
    printer.say(&format!(
        "run {} is closed: it sends nothing and follows nothing any more; its outcomes stay as they are",
        row.id
    ));
    Ok(Exit::Well)
}

/// What becomes of the tasks that have not ended.
fn what_closing_does(counts: &OutcomeCounts) -> String {
    let parts = [
        (counts.of(Outcome::NotAttempted), "are not sent"),
        (counts.of(Outcome::Pending) + counts.of(Outcome::NotNow), "stay pending"),
        (counts.of(Outcome::InDoubt), "stay in doubt"),
    ];
    let told: Vec<String> = parts
        .into_iter()
        .filter(|(tasks, _)| *tasks > 0)
        .map(|(tasks, what)| format!("{} {what}", counted(tasks as usize, "task")))
        .collect();
    if told.is_empty() { "every task has ended".to_owned() } else { told.join(", ") }
}
