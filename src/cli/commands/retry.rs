//! `sortie retry`.
//!
//! Owns what is said before the retry is planned like any other job. Must never repeat what is pending or in doubt.

use crate::app::Source;
use crate::app::planning::planning::Naming;
use crate::app::runs::retry::{TakenUp, take_up};
use crate::cli::exit::Exit;
use crate::cli::failure::{BeforeSending, Done, Failed};
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, LimitOptions, RunOptions, TenantOptions};
use crate::cli::starting::{Given, JobOrigin, run_job};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::counted;
use crate::journal::RunRow;
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
    match take_up(&workspace, name, refused).before_sending()? {
        TakenUp::Work { job, takeover, tasks } => {
            let run = &takeover.row.id;
            printer.say(&format!("retrying {} of run {run}", counted(tasks, "task")));
            let is_named = takeover.header.provenance.is_named;
            let naming = if is_named { Naming::ByFile } else { Naming::None };
            let given = Given { global, tenant, limits, options, printer };
            run_job(given, job, Source::Retry(takeover), JobOrigin { naming, file: None })
        }
        TakenUp::Nothing { row, counts, may_include_refused } => {
            printer.say(&nothing_to_retry(&row, &counts, may_include_refused));
            Ok(Done::unsent(Exit::Well))
        }
    }
}

fn nothing_to_retry(row: &RunRow, counts: &OutcomeCounts, may_include_refused: bool) -> String {
    let mut hints = Vec::new();
    if may_include_refused {
        let refused = counts.of(Outcome::Refused);
        hints.push(format!("{refused} refused: repeat them with --refused"));
    }
    let pending = counts.of(Outcome::Pending) + counts.of(Outcome::NotNow);
    if pending > 0 {
        hints.push(format!("{pending} pending: follow them with sortie watch {}", row.id));
    }
    let doubts = counts.of(Outcome::InDoubt);
    if doubts > 0 {
        hints.push(format!("{doubts} in doubt: settle them with sortie resolve {}", row.id));
    }
    let hints = if hints.is_empty() { String::new() } else { format!(" ({})", hints.join("; ")) };
    format!("nothing to retry in run {} of {}{hints}", row.id, row.job)
}
