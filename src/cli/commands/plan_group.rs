//! `sortie plan` of a job for several tenants.
//!
//! Owns what it shows. Nothing here holds a transport that could write to a tenant.

use std::path::Path;

use super::plan_wishes::PlanWishes;
use crate::app::preflight::Attended;
use crate::app::settings::Profile;
use crate::app::{PreparedGroup, WrittenPlanSet};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::open_workspace;
use crate::cli::logging::plan_made;
use crate::cli::options::{GlobalOptions, ListingFormat, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::run_settings;
use crate::cli::starting_group::{
    SectionInput, arounds, left_out_failure, prepare_sections, view_of,
};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::can_ask;
use crate::cli::text::plan::{group_json, group_text};
use crate::cli::text::refusals::consent::written;
use crate::job::Job;

pub(super) fn plan_group(
    global: &GlobalOptions,
    tenant: &TenantOptions,
    wishes: &PlanWishes<'_>,
    (job, is_named): (&Job, bool),
    profiles: Vec<Profile>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let input = |profile: Profile| {
        let settings = run_settings(wishes.limits, tenant, wishes.purpose, &profile, job)?;
        SectionInput::of(profile, settings, tenant, job, None)
    };
    let inputs: Result<Vec<SectionInput>, Failure> = profiles.into_iter().map(input).collect();
    let (mut inputs, workspace) = (inputs?, open_workspace(global, printer)?);
    let attended = if can_ask() { Attended::Now } else { Attended::No };
    runtime()?.block_on(async {
        let prepared =
            prepare_sections(&workspace, job, &mut inputs, is_named, attended, false).await?;
        prepared.sections.iter().for_each(|section| plan_made(&section.prepared));
        let group = prepared.verify_plans(wishes.out.is_some())?;
        let (question, arounds) = (group.question(), arounds(&group)?);
        let view = view_of(&group, &question, &arounds, wishes.extent);
        if printer.format != ListingFormat::Json {
            printer.show_paged(&group_text(&view, &printer.screen()));
        }
        let saved = match wishes.out {
            None => None,
            Some(path) => Some((path, workspace.write_plan_set(&group, path)?)),
        };
        if printer.format == ListingFormat::Json {
            let mut object = group_json(&view);
            if let Some((path, _)) = &saved {
                let path = path.display().to_string();
                object["saved"] = serde_json::json!({ "path": path, "needs_approval": false });
            }
            printer.data(&object.to_string());
        }
        if let Some((path, saved)) = &saved {
            say_written(path, &group, saved, printer);
        }
        printer.say("nothing was sent");
        let all = group.sections.len() + group.left_out.len();
        match group.left_out.first() {
            Some(first) => Err(left_out_failure(&first.reason, group.left_out.len(), all)),
            None => Ok(Exit::Well),
        }
    })
}

/// Says where the plans are, and what comes next.
fn say_written(path: &Path, group: &PreparedGroup, saved: &WrittenPlanSet, printer: &Printer) {
    let shown = path.display();
    printer.say(&format!("\nplans saved to {shown} (SHA-256 {})", saved.digest));
    let question = group.question();
    let confirm = written(question.question().needed());
    let confirm = confirm.map(|text| format!(" --confirm {text}")).unwrap_or_default();
    let latest = group.sections.iter().map(|it| it.prepared.plan().start_until).min();
    if let Some(latest) = latest {
        let latest = printer.error_screen().time(latest);
        printer.say(&format!("run them no later than {latest}:\n  sortie run {shown}{confirm}"));
    }
}
