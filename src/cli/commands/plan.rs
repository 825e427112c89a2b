//! `sortie check` and `sortie plan`.
//!
//! Owns what they show. Nothing here holds a transport that could write to the tenant.

use std::path::Path;

use crate::app::Needed;
use crate::app::Workspace;
use crate::app::operator::Operator;
use crate::app::planning::plan_source::write_plan;
use crate::app::planning::planning::{Planned, Wish, make_plan};
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::admission::{check_policy, place_of};
use crate::app::preflight::charging::{check_caps, used_today};
use crate::app::preflight::earlier::LookBack;
use crate::app::preflight::origin::check_origin;
use crate::app::preflight::plan_checks::check_plan;
use crate::app::secrets::custody::refuse_given_pins;
use crate::app::secrets::sealing::Recipients;
use crate::app::tenant::Connection;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::job_source::{naming_of, read_job};
use crate::cli::locations::open_workspace;
use crate::cli::options::{GlobalOptions, JobOptions, LimitOptions, PurposeOptions, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::{read_profile, run_settings};
use crate::cli::tenant_options::connect;
use crate::cli::terminal::printer::{Printer, counted};
use crate::cli::text::plan::{Around, plan_text};
use crate::cli::text::policy::policy_name;
use crate::cli::text::refusals::consent::written;
use crate::drive::{Clock, WallClock};
use crate::journal::PlanRow;
use crate::model::settings::{targets, tenant as rows};
use crate::plan::{Approval, PlanFile};
use crate::transport::HttpTransport;

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
    let recipients = Recipients::choose(&job, &profile)?;
    let state = open_workspace(global, printer)?;
    let house = PolicyFile::read(state.dir.path())?;
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
        let now = WallClock.now();
        if connection.simulated.is_none() {
            check_origin(&state, &planned.file)?;
        }
        check_plan(&planned.file, Some(&job), now)?;
        refuse_given_pins(recipients.as_ref(), &planned.file.plan.tasks)?;
        match wishes.out {
            None => {
                check_caps(&state, &planned.file, &house, Approval::Missing, None, now)?;
                printer.say("nothing was sent");
            }
            Some(path) => write(path, &planned.file, &state, &house, printer)?,
        }
        Ok(Exit::Well)
    })
}

/// Writes a plan, and says what becomes of it. What an approval can heal does not keep it from being written.
fn write(
    path: &Path,
    file: &PlanFile,
    state: &Workspace,
    house: &PolicyFile,
    printer: &Printer,
) -> Result<(), Failure> {
    let now = WallClock.now();
    check_policy(
        file,
        house,
        Approval::Given,
        crate::app::preflight::admission::Asking::Later,
        None,
    )?;
    check_caps(state, file, house, Approval::Given, None, now)?;
    let needs_approval = house.policy.always_needs_approval(file.plan.risk())
        || check_caps(state, file, house, Approval::Missing, None, now).is_err();
    let bytes = file.to_bytes().map_err(|error| {
        Failure::new(Exit::Policy, error.to_string())
            .next("leave the PIN out: one is drawn and sealed for each erase of a Mac")
    })?;
    let digest = file.digest();
    write_plan(path, &bytes)?;
    state.index().add_plan(&PlanRow {
        digest: digest.clone(),
        made_at: file.made_at,
        made_by: file.made_by.clone(),
        job: file.job.clone(),
        tenant: file.tenant.clone(),
        run: None,
    })?;
    let body = serde_json::json!({
        "who": file.made_by, "job": file.job, "tenant": file.tenant, "plan": digest,
        "policy": file.policy_digest, "devices": file.plan.devices(), "risk": file.plan.risk().word(),
    });
    state.index().note(now, "planned", None, &body)?;
    let shown = path.display();
    printer.say(&format!("plan {digest} is in {shown}; start it by {}", file.start_until));
    if needs_approval {
        printer.say(&format!("it needs an approval by somebody else: sortie approve {shown}"));
    }
    let confirm = written(&Needed::of(&file.plan, &file.tenant));
    let confirm = confirm.map(|text| format!(" --confirm {text}")).unwrap_or_default();
    printer.say(&format!("run it with: sortie run {shown}{confirm}"));
    printer.say("nothing was sent");
    Ok(())
}

/// What is known about a plan that was just made, besides itself.
pub(crate) fn around(
    state: &Workspace,
    house: &PolicyFile,
    connection: &Connection,
    planned: &Planned,
) -> Result<Around, Failure> {
    Ok(Around {
        reads: planned.requests.values().sum(),
        reached_by: connection.reached_by.clone(),
        proxy: connection.simulated.is_none().then(HttpTransport::proxy_notice).flatten(),
        place: place_of(state, &Operator::current().host)?,
        house: policy_name(house),
        used: used_today(state, &planned.file, house, WallClock.now())?,
    })
}

/// Which earlier runs the operator wants to be looked at.
pub(crate) fn look_back_of(limits: &LimitOptions) -> LookBack<'static> {
    if limits.has(&targets::SKIP_DONE) { LookBack::All { except: None } } else { LookBack::No }
}
