//! `sortie check`.
//!
//! Owns what is shown of a job without problems. Needs neither tenant nor token.

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::job_source::read_job;
use crate::cli::options::{GlobalOptions, JobOptions, ListingFormat};
use crate::cli::tenants::{TenantNaming, known_tenants};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::layout::counted;

pub(crate) fn check(
    global: &GlobalOptions,
    options: &JobOptions,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let job = read_job(options, known_tenants(global, TenantNaming::ProfilesIfAny), printer)?;
    let of_rows: usize = job.rows.iter().map(|row| row.steps.len()).sum();
    let steps = of_rows + job.selection.as_ref().map_or(0, |selection| selection.steps.len());
    if printer.format == ListingFormat::Json {
        let object = serde_json::json!({
            "job": job.name, "rows": job.rows.len(), "steps": steps,
            "selects_devices": job.selection.is_some(), "problems": [],
        });
        printer.data(&object.to_string());
        return Ok(Exit::Well);
    }
    let selected = if job.selection.is_some() { " and a selection" } else { "" };
    printer.say(&format!(
        "{}: {}, {}{selected}; no problems found, nothing was sent",
        job.name,
        counted(job.rows.len(), "row"),
        counted(steps, "step")
    ));
    Ok(Exit::Well)
}
