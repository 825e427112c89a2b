//! `sortie plan`.
//!
//! Owns what it shows. Nothing here holds a transport that could write to the tenant.

use std::path::Path;

use crate::app::planning::planning::{Wish, make_plan};
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::Attended;
use crate::app::secrets::sealing::Recipients;
use crate::app::{Needed, Prepared, Source, WrittenPlan};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::job_source::{naming_of, read_job};
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, JobOptions, LimitOptions, PurposeOptions, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::{read_profile, run_settings};
use crate::cli::starting::{around, look_back_of};
use crate::cli::tenant_options::connect;
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
    let state = open_workspace(global, printer)?;
    let house = PolicyFile::read(state.path())?;
    runtime()?.block_on(async {
        let connection = connect(&given, &profile, Some(&job)).await?;
        let encrypt_to = recipients.as_ref().map(Recipients::texts).unwrap_or_default();
        let wish = Wish {
            job: &job,
            naming: naming_of(options),
            settings: &settings,
            house: &house,
            look_back: look_back_of(wishes.limits),
            encrypt_to: &encrypt_to,
        };
        let planned = make_plan(&wish, &connection, &state).await?;
        let around = around(&state, &house, &connection, &planned)?;
        printer.show(&plan_text(&planned.file, &around));
        let prepared = Prepared {
            connection,
            planned,
            source: Source::Job,
            job: Some(job),
            recipients,
            policy: house,
            approval: None,
            approved_before: std::sync::OnceLock::new(),
            attended: if can_ask() { Attended::Now } else { Attended::No },
            pending_ok: false,
        };
        match wishes.out {
            None => {
                prepared.verify_plan(&state)?;
                printer.say("nothing was sent");
            }
            Some(path) => {
                let written = state.write_plan(&prepared, path)?;
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
