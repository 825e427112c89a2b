//! `sortie check`.
//!
//! Owns what it says of a job without problems. Needs neither tenant nor token.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::job_source::read_job;
use crate::cli::options::JobOptions;
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::counted;

pub(crate) fn check(options: &JobOptions, printer: &Printer) -> Result<Exit, Failure> {
    let job = read_job(options, printer)?;
    let steps: usize = job.rows.iter().map(|row| row.steps.len()).sum();
    let selected = if job.selection.is_some() { " and a selection" } else { "" };
    printer.say(&format!(
        "{}: {} with {}{selected}, no problems; nothing was sent",
        job.name,
        counted(job.rows.len(), "row"),
        counted(steps, "step")
    ));
    Ok(Exit::Well)
}
