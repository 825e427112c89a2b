//! `sortie run`.
//!
//! Owns the choice between a job and a plan in a file. Must never change a plan.

use crate::cli::failure::{Done, Failed, UnsentFailure};
use crate::cli::job_source::{is_named, is_set, plan_path, read_job, refuse_other_wishes};
use crate::cli::options::{GlobalOptions, JobOptions, LimitOptions, RunOptions, TenantOptions};
use crate::cli::starting::{Given, run_plan};
use crate::cli::starting_group::{run_for_tenants, run_plan_set};
use crate::cli::tenants::{TenantNaming, known_tenants};
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
        let is_set = is_set(&path);
        return in_turn(global, &options.start, &options.ending.metrics, printer, |place| {
            let given = Given { global, tenant, limits, options, printer, place };
            if is_set { run_plan_set(given, &path) } else { run_plan(given, &path) }
        });
    }
    let known = known_tenants(global, TenantNaming::of(tenant));
    let parsed = read_job(job, known, printer).before_sending()?;
    in_turn(global, &options.start, &options.ending.metrics, printer, |place| {
        let given = Given { global, tenant, limits, options, printer, place };
        run_for_tenants(given, parsed.clone(), is_named(job), Some(job))
    })
}
