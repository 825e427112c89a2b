//! The story of a run up to its first request, as people see it: plan, check, confirm, start.
//!
//! Owns what `run`, `send` and `retry` share. Must never start a plan that was not shown.

use std::path::Path;

use crate::app::operator::Operator;
use crate::app::preflight::{Attended, CheckOutcome, CheckResult};
use crate::app::settings::{Profile, RunSettings};
use crate::app::tenant::TenantRequest;
use crate::app::{
    Consent, PlanFileRequest, PrepareRequest, Prepared, QueuePlace, Reason, Recipients, RetryWork,
    Workspace,
};
use crate::cli::driving::drive;
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed, Failure, Sent, UnsentFailure};
use crate::cli::locations::open_workspace;
use crate::cli::logging::{self, plan_made};
use crate::cli::notifications::notifications;
use crate::cli::options::{
    GlobalOptions, JobOptions, LimitOptions, ListingFormat, RunOptions, TenantOptions,
};
use crate::cli::runtime::run_runtime;
use crate::cli::settings::{read_profile, run_settings};
use crate::cli::tenant_options::tenant_request;
use crate::cli::terminal::confirm::{InAdvance, Subject, obtain};
use crate::cli::terminal::key_test::{KeyTest, prepare as test_keys};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::can_ask;
use crate::cli::text::cron_hint::wrapped;
use crate::cli::text::plan::{Around, PlanExtent, PlanView, WorkWords, plan_text};
use crate::cli::text::preflight::{json_of_checks, table_of_checks};
use crate::cli::text::refusals::words;
use crate::drive::{Clock, WallClock};
use crate::job::Job;
use crate::transport::HttpTransport;

/// What a command that starts a run was given.
#[derive(Copy, Clone)]
pub(crate) struct Given<'a> {
    pub global: &'a GlobalOptions,
    pub tenant: &'a TenantOptions,
    pub limits: &'a LimitOptions,
    pub options: &'a RunOptions,
    pub printer: &'a Printer,
    /// Where this process waits for other runs.
    pub place: &'a QueuePlace,
}

/// Plans a job against the tenant of a profile, shows the plan, has it confirmed and runs it. `file` is how the job's file was named on the command line.
pub(crate) fn run_job(
    given: Given<'_>,
    job: Job,
    is_named: bool,
    file: Option<&JobOptions>,
    profile: Profile,
) -> Result<Done, Failed> {
    let settings = settings_of(given, &job, &profile).before_sending()?;
    let prepare = async |workspace: &Workspace, tenant: &TenantRequest| {
        let request = request_of(given, &settings, tenant, &job, &profile, is_named)?;
        Ok(workspace.prepare(job, request).await?)
    };
    carry_out(given, &profile, file, prepare)
}

/// Plans what an earlier run left, shows the plan, has it confirmed and runs it.
pub(crate) fn run_retry(given: Given<'_>, work: RetryWork) -> Result<Done, Failed> {
    let profile = read_profile(given.global).before_sending()?;
    let settings = settings_of(given, work.job(), &profile).before_sending()?;
    let prepare = async |workspace: &Workspace, tenant: &TenantRequest| {
        let (job, is_named) = (work.job(), work.is_named());
        let request = request_of(given, &settings, tenant, job, &profile, is_named)?;
        Ok(workspace.prepare_retry(work, request).await?)
    };
    carry_out(given, &profile, None, prepare)
}

/// Runs a plan as it stands in its file.
pub(crate) fn run_plan(given: Given<'_>, path: &Path) -> Result<Done, Failed> {
    let Given { global, options, .. } = given;
    let profile = read_profile(global).before_sending()?;
    let prepare = async |workspace: &Workspace, tenant: &TenantRequest| {
        Ok(workspace.prepare_plan_file(&PlanFileRequest {
            path,
            approval: options.approval.as_deref(),
            tenant,
            attended: attended(global),
            pending_ok: options.ending.pending_ok,
        })?)
    };
    carry_out(given, &profile, None, prepare)
}

/// The settings of a run of this job.
pub(crate) fn settings_of(
    given: Given<'_>,
    job: &Job,
    profile: &Profile,
) -> Result<RunSettings, Failure> {
    let Given { tenant, limits, options, .. } = given;
    refuse_approval(options)?;
    options.ending.metrics.job(&job.name, &job.settings.values);
    let settings = run_settings(limits, tenant, &options.purpose, profile, job)?;
    Ok(settings.and(options.ending.flags.values()?))
}

fn request_of<'a>(
    given: Given<'_>,
    settings: &'a RunSettings,
    tenant: &'a TenantRequest,
    job: &Job,
    profile: &Profile,
    is_named: bool,
) -> Result<PrepareRequest<'a>, Failure> {
    Ok(PrepareRequest {
        tenant,
        settings,
        recipients: Recipients::choose(job, &profile.secrets)?,
        is_named,
        attended: attended(given.global),
        pending_ok: given.options.ending.pending_ok,
    })
}

/// An approval belongs to a plan in a file.
fn refuse_approval(options: &RunOptions) -> Result<(), Failure> {
    match options.approval {
        None => Ok(()),
        Some(_) => Err(Failure::usage("an approval is of a plan in a file")
            .next("write the plan with: sortie plan JOB --out PLAN")),
    }
}

/// Whether a person can be asked here.
pub(crate) fn attended(global: &GlobalOptions) -> Attended {
    if !global.no_input && can_ask() { Attended::Now } else { Attended::No }
}

/// Makes a plan, shows it, checks it, asks, and starts the run.
fn carry_out(
    given: Given<'_>,
    profile: &Profile,
    file: Option<&JobOptions>,
    prepare: impl AsyncFnOnce(&Workspace, &TenantRequest) -> Result<Prepared, Failure>,
) -> Result<Done, Failed> {
    let Given { global, tenant, options, printer, .. } = given;
    let values = tenant.values().map_err(Failure::from).before_sending()?;
    let workspace = open_workspace(global, printer).before_sending()?.queued(given.place);
    let workspace = workspace.notifying(notifications(profile, &options.ending.notify));
    let tenant = tenant_request(&values, profile).before_sending()?;
    run_runtime().before_sending()?.block_on(async {
        let prepared = prepare(&workspace, &tenant).await.before_sending()?;
        plan_made(&prepared);
        options.ending.metrics.planned(&prepared.plan().job, &prepared.plan().tenant);
        let around = around(&workspace, &prepared).before_sending()?;
        let extent = PlanExtent::of_flag(options.full);
        let view = PlanView::new(prepared.plan(), &around, extent, WallClock.now());
        if options.dry_run {
            return rehearse(&workspace, &prepared, view, printer);
        }
        if !printer.is_quiet() {
            printer.styled(&format!("{}\n", plan_text(&view, &printer.error_screen())));
        }
        drop(view);
        match confirmed(given, &workspace, &prepared, file) {
            Ok(consent) => {
                logging::confirmed(&prepared);
                let start = async |operation| workspace.start(prepared, &consent, operation).await;
                drive(&workspace, &options.ending, printer, start).await
            }
            Err(failure) => Err(failure.sent(Sent::Nothing)),
        }
    })
}

/// Checks a plan and has it confirmed.
fn confirmed(
    given: Given<'_>,
    workspace: &Workspace,
    prepared: &Prepared,
    file: Option<&JobOptions>,
) -> Result<Consent, Failure> {
    let Given { global, options, printer, .. } = given;
    prepared.verify(workspace)?;
    let plan = prepared.plan();
    let test = KeyTest::of(global, options.yes || options.confirm.is_some());
    let recipients = prepared.recipients();
    let storage = prepared.secrets_storage(workspace);
    test_keys(storage, recipients, test, printer)?;
    let question = prepared.question();
    let WorkWords { plain, ing } = WorkWords::of(plan);
    let way = format!("API: {} ({})", plan.base_url, prepared.reached_by());
    let subject = Subject { what: &ing, plain: &plain, way: &way, look_at: "the plan" };
    let advance = InAdvance {
        yes: options.yes,
        confirm: options.confirm.as_deref(),
        no_input: global.no_input,
    };
    obtain(&question, subject, advance, || wrapped(file?, plan)).inspect_err(|failure| {
        if let Some(reason) = &failure.reason {
            workspace.note_refusal(&plan.job, reason);
        }
    })
}

/// Makes every check of a run, and sends nothing. A refusal that may be different in an hour is no error.
fn rehearse(
    workspace: &Workspace,
    prepared: &Prepared,
    view: PlanView<'_>,
    printer: &Printer,
) -> Result<Done, Failed> {
    let checks = prepared.rehearse(workspace);
    logging::checked(&checks);
    let is_refusal = |check: &CheckResult| {
        !check.is_momentary && matches!(check.outcome, CheckOutcome::Refused(_))
    };
    let view = view.refused(checks.iter().any(is_refusal));
    match printer.format {
        ListingFormat::Json => printer.data(&json_of_checks(&view, &checks)),
        ListingFormat::Text | ListingFormat::Csv => {
            let screen = printer.screen();
            let plan = plan_text(&view, &screen);
            let checks = table_of_checks(&view, &checks, &screen);
            printer.show_paged(&format!("{plan}{checks}"));
        }
    }
    let mut refused: Option<Reason> = None;
    for check in checks {
        let CheckOutcome::Refused(reason) = check.outcome else { continue };
        if check.is_momentary {
            let what = words(&reason).what;
            printer.say(&format!("a run started now would be refused: {what}"));
        } else if refused.is_none() {
            refused = Some(reason);
        }
    }
    if let Some(reason) = refused {
        workspace.note_refusal(&prepared.plan().job, &reason);
        return Err(reason).before_sending();
    }
    printer.say("dry run: nothing was sent");
    Ok(Done::unsent(Exit::Well))
}

/// What is known about a prepared plan besides its file.
pub(crate) fn around(workspace: &Workspace, prepared: &Prepared) -> Result<Around, Failure> {
    Ok(Around {
        reads: prepared.reads(),
        reached_by: prepared.reached_by().to_owned(),
        proxy: (!prepared.is_simulated()).then(HttpTransport::proxy_notice).flatten(),
        place: place_of(workspace)?,
        policy: prepared
            .policy_path()
            .map_or_else(|| "built-in rules".to_owned(), |path| path.display().to_string()),
        used: prepared.used_today(workspace)?,
    })
}

/// The state directory that caps and overlaps cover, and the host.
fn place_of(workspace: &Workspace) -> Result<String, Failure> {
    let path = workspace.path();
    let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (database, host) = (workspace.database_id()?, Operator::current().host);
    Ok(format!("{} (database {database}) on {host}", shown.display()))
}
