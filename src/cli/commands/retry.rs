//! `sortie retry`.
//!
//! Owns the messages before the retry, which is then planned like any other job. Must never repeat what is pending or in doubt.

use crate::app::Retry;
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed, UnsentFailure};
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, LimitOptions, RunOptions, TenantOptions};
use crate::cli::starting::{Given, run_retry};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::answers::no_run;
use crate::cli::text::layout::{counted, one_line};
use crate::cli::text::run_next::step;
use crate::cli::turns::in_turn;
use crate::model::{Outcome, OutcomeCounts};
use crate::report::Refused;

pub(crate) fn retry(
    global: &GlobalOptions,
    name: &str,
    refused: Refused,
    tenant: &TenantOptions,
    limits: &LimitOptions,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    in_turn(global, &options.start, &options.ending.metrics, printer, |place| {
        retry_once(name, refused, Given { global, tenant, limits, options, printer, place })
    })
}

fn retry_once(name: &str, refused: Refused, given: Given<'_>) -> Result<Done, Failed> {
    let Given { global, printer, place, .. } = given;
    let workspace = open_workspace(global, printer).before_sending()?.queued(place);
    match workspace.retry(name, refused).before_sending()? {
        Retry::Work(work) => {
            let (tasks, run) = (counted(work.tasks(), "task"), work.run());
            printer.say(&format!("retrying {tasks} of run {run}"));
            run_retry(given, *work)
        }
        Retry::Nothing { run, job, counts, may_include_refused, is_closed } => {
            printer.answer(&no_run(Some(&run), "nothing to retry"));
            printer.say(&nothing_to_retry(&run, &job, &counts, may_include_refused, is_closed));
            Ok(Done::unsent(Exit::Well))
        }
    }
}

fn nothing_to_retry(
    run: &str,
    job: &str,
    counts: &OutcomeCounts,
    may_include_refused: bool,
    is_closed: bool,
) -> String {
    let mut lines = vec![format!("nothing to retry in run {run} of {}", one_line(job))];
    let mut add = |tasks: u32, what: &str, command: &str| {
        if tasks > 0 {
            let what = format!("{} {what}", counted(tasks as usize, "task"));
            lines.push(step(&what, &format!("sortie {command}")));
        }
    };
    let refused = if may_include_refused { counts.of(Outcome::Refused) } else { 0 };
    add(refused, "refused by the API; once the cause is fixed", &format!("retry {run} --refused"));
    let pending = counts.of(Outcome::Pending) + counts.of(Outcome::NotNow);
    let pending = if is_closed { 0 } else { pending };
    add(pending, "pending; to follow them", &format!("watch {run}"));
    let doubts = counts.of(Outcome::InDoubt);
    add(doubts, "in doubt; to see the evidence and decide", &format!("resolve {run}"));
    lines.join("\n")
}
