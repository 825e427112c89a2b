//! `sortie retry`.
//!
//! Owns what is said before the retry is planned like any other job. Must never repeat what is pending or in doubt.

use crate::app::Retry;
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed, UnsentFailure};
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, LimitOptions, RunOptions, TenantOptions};
use crate::cli::starting::{Given, run_retry};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::counted;
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
    let workspace = open_workspace(global, printer).before_sending()?;
    match workspace.retry(name, refused).before_sending()? {
        Retry::Work(work) => {
            let (tasks, run) = (counted(work.tasks(), "task"), work.run());
            printer.say(&format!("retrying {tasks} of run {run}"));
            run_retry(Given { global, tenant, limits, options, printer }, *work)
        }
        Retry::Nothing { run, job, counts, may_include_refused } => {
            printer.say(&nothing_to_retry(&run, &job, &counts, may_include_refused));
            Ok(Done::unsent(Exit::Well))
        }
    }
}

fn nothing_to_retry(
    run: &str,
    job: &str,
    counts: &OutcomeCounts,
    may_include_refused: bool,
) -> String {
    let mut hints = Vec::new();
    if may_include_refused {
        let refused = counts.of(Outcome::Refused);
        hints.push(format!("{refused} refused: repeat them with --refused"));
    }
    let pending = counts.of(Outcome::Pending) + counts.of(Outcome::NotNow);
    if pending > 0 {
        hints.push(format!("{pending} pending: follow them with sortie watch {}", run));
    }
    let doubts = counts.of(Outcome::InDoubt);
    if doubts > 0 {
        hints.push(format!("{doubts} in doubt: settle them with sortie resolve {}", run));
    }
    let hints = if hints.is_empty() { String::new() } else { format!(" ({})", hints.join("; ")) };
    format!("nothing to retry in run {} of {}{hints}", run, job)
}
