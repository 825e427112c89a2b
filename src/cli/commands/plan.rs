//! `sortie plan`.
//!
//! Owns what it shows. Nothing here holds a transport that could write to the tenant.

use std::path::Path;

use crate::app::preflight::Attended;
use crate::app::{Needed, PrepareRequest, Recipients, WrittenPlan};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::job_source::{is_named, read_job};
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, JobOptions, LimitOptions, PurposeOptions, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::{read_profile, run_settings};
use crate::cli::starting::around;
use crate::cli::tenant_options::tenant_request;
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::can_ask;
use crate::cli::text::plan::plan_text;
use crate::cli::text::refusals::consent::written;
use crate::model::settings::tenant as rows;
use crate::plan::PlanFile;

/// What `sortie plan` was given besides the job and the tenant.
pub(crate) struct PlanWishes<'a> {
    pub out: Option<&'a Path>,
    pub purpose: &'a PurposeOptions,
    pub limits: &'a LimitOptions,
}

pub(crate) fn plan(
    global: &GlobalOptions,
    options: &JobOptions,
    tenant: &TenantOptions,
    wishes: &PlanWishes<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if tenant.has(&rows::SIMULATE) && wishes.out.is_some() {
        return Err(Failure::usage(
            "a simulated tenant ends with this command, and so would its plan",
        )
        .next("serve one that stays with: sortie simulate"));
    }
    let job = read_job(options, printer)?;
    let profile = read_profile(global)?;
    let given = tenant.values()?;
    let settings = run_settings(wishes.limits, tenant, wishes.purpose, &profile, &job)?;
    let recipients = Recipients::choose(&job, &profile.secrets)?;
    let workspace = open_workspace(global, printer)?;
    let tenant = tenant_request(&given, &profile)?;
    runtime()?.block_on(async {
        let request = PrepareRequest {
            tenant: &tenant,
            settings: &settings,
            recipients,
            is_named: is_named(options),
            attended: if can_ask() { Attended::Now } else { Attended::No },
            pending_ok: false,
        };
        let prepared = workspace.prepare(job, request).await?;
        let around = around(&workspace, &prepared)?;
        printer.show(&plan_text(prepared.plan(), &around));
        match wishes.out {
            None => {
                prepared.verify_plan(&workspace)?;
                printer.say("nothing was sent");
            }
            Some(path) => {
                let written = workspace.write_plan(&prepared, path)?;
                say_written(path, prepared.plan(), &written, printer);
            }
        }
        Ok(Exit::Well)
    })
}

/// Says what becomes of a plan that was written.
fn say_written(path: &Path, file: &PlanFile, plan: &WrittenPlan, printer: &Printer) {
    let (shown, digest) = (path.display(), &plan.digest);
    printer.say(&format!("plan {digest} is in {shown}; start it by {}", file.start_until));
    if plan.needs_approval {
        printer.say(&format!("it needs an approval by somebody else: sortie approve {shown}"));
    }
    let confirm = written(&Needed::of(&file.plan, &file.tenant));
    let confirm = confirm.map(|text| format!(" --confirm {text}")).unwrap_or_default();
    printer.say(&format!("run it with: sortie run {shown}{confirm}"));
    printer.say("nothing was sent");
}
