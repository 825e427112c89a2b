//! `sortie run`.
//!
//! Owns the choice between a job and a plan in a file. Must never change a plan.

use crate::cli::failure::{Done, Failed, UnsentFailure};
use crate::cli::job_source::{is_named, plan_path, read_job, refuse_other_wishes};
use crate::cli::options::{GlobalOptions, JobOptions, LimitOptions, RunOptions, TenantOptions};
use crate::cli::starting::{Given, run_job, run_plan};
use crate::cli::terminal::printer::Printer;
use crate::cli::turns::in_turn;

pub(crate) fn run(
    global: &GlobalOptions,
    job: &JobOptions,
    tenant: &TenantOptions,
    limits: &LimitOptions,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    if let Some(path) = plan_path(job) {
        refuse_other_wishes(job, limits, &options.purpose).before_sending()?;
        return in_turn(global, &options.start, &options.ending.metrics, printer, |place| {
            run_plan(Given { global, tenant, limits, options, printer, place }, &path)
        });
    }
    let parsed = read_job(job, printer).before_sending()?;
    in_turn(global, &options.start, &options.ending.metrics, printer, |place| {
        let given = Given { global, tenant, limits, options, printer, place };
        run_job(given, parsed.clone(), is_named(job), Some(job))
    })
}
