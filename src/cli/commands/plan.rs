//! `sortie plan`.
//!
//! Owns what it shows. Nothing here holds a transport that could write to the tenant.

use std::path::Path;

use super::plan_group::plan_group;
use super::plan_wishes::PlanWishes;
use crate::app::preflight::Attended;
use crate::app::{Needed, PrepareRequest, Recipients, WrittenPlan};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::job_source::{is_named, read_job};
use crate::cli::locations::open_workspace;
use crate::cli::logging::plan_made;
use crate::cli::options::{GlobalOptions, JobOptions, ListingFormat, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::{read_profile, run_settings};
use crate::cli::starting::around;
use crate::cli::tenant_options::tenant_request;
use crate::cli::tenants::{JobTenants, TenantNaming, known_tenants, tenants_of};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::can_ask;
use crate::cli::text::plan::{PlanView, plan_json, plan_text};
use crate::cli::text::refusals::consent::written;
use crate::drive::{Clock, WallClock};
use crate::model::settings::tenant as rows;
use crate::plan::PlanFile;

pub(crate) fn plan(
    global: &GlobalOptions,
    options: &JobOptions,
    tenant: &TenantOptions,
    wishes: &PlanWishes<'_>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    if tenant.has(&rows::SIMULATE) && wishes.out.is_some() {
        return Err(Failure::usage(
            "--simulate ends with this command, so its plan cannot be saved",
        )
        .next("start a simulated tenant that keeps running: sortie simulate"));
    }
    let job = read_job(options, known_tenants(global, TenantNaming::of(tenant)), printer)?;
    let profile = match tenants_of(global, tenant, &job)? {
        JobTenants::AsUsual => read_profile(global)?,
        JobTenants::One(profile) => *profile,
        JobTenants::Several(profiles) => {
            let work = (&job, is_named(options));
            return plan_group(global, tenant, wishes, work, profiles, printer);
        }
    };
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
        plan_made(&prepared);
        let around = around(&workspace, &prepared)?;
        let view = PlanView::new(prepared.plan(), &around, wishes.extent, WallClock.now())
            .refused(prepared.verify_plan(&workspace).is_err());
        if printer.format != ListingFormat::Json {
            printer.show_paged(&plan_text(&view, &printer.screen()));
        }
        let written = match wishes.out {
            None => prepared.verify_plan(&workspace).map(|()| None),
            Some(path) => {
                workspace.write_plan(&prepared, path).map(|written| Some((path, written)))
            }
        };
        if printer.format == ListingFormat::Json {
            printer.data(&json_of(&view, written.as_ref().ok().and_then(Option::as_ref)));
        }
        if let Some((path, written)) = &written? {
            say_written(path, prepared.plan(), written, printer);
        }
        printer.say("nothing was sent");
        Ok(Exit::Well)
    })
}

/// The plan for programs. Where it was saved, `saved` has its `path` and `needs_approval`.
fn json_of(view: &PlanView<'_>, written: Option<&(&Path, WrittenPlan)>) -> String {
    let mut plan = plan_json(view);
    if let Some((path, written)) = written {
        let saved = serde_json::json!({
            "path": path.display().to_string(),
            "needs_approval": written.needs_approval,
        });
        plan.insert("saved".to_owned(), saved);
    }
    serde_json::Value::Object(plan).to_string()
}

/// Says where the plan is, and what comes next.
fn say_written(path: &Path, file: &PlanFile, plan: &WrittenPlan, printer: &Printer) {
    let shown = path.display();
    let screen = printer.error_screen();
    printer.say(&format!("\nplan saved to {shown} (SHA-256 {})", plan.digest));
    if plan.needs_approval {
        printer.say(&format!("have another person approve it:\n  sortie approve {shown}"));
    }
    let confirm = written(&Needed::of(&file.plan, &file.tenant));
    let confirm = confirm.map(|text| format!(" --confirm {text}")).unwrap_or_default();
    let latest = screen.time(file.start_until);
    printer.say(&format!("run it no later than {latest}:\n  sortie run {shown}{confirm}"));
}
