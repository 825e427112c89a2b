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
use crate::cli::turns::{in_turn, may_wait};

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
    // The rows of a large job take memory: a run keeps none that no other attempt can need.
    let mut parsed = Some(read_job(job, known, printer).before_sending()?);
    let may_wait = may_wait(&options.start);
    in_turn(global, &options.start, &options.ending.metrics, printer, |place| {
        let given = Given { global, tenant, limits, options, printer, place };
        let parsed = if may_wait { parsed.clone() } else { parsed.take() };
        let parsed = parsed.expect("without a wait there is one attempt");
        run_for_tenants(given, parsed, is_named(job), Some(job))
    })
}
