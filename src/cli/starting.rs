//! The story of a run up to its first request, as people see it: plan, check, confirm, start.
//!
//! Owns what `run`, `send` and `retry` share. Must never start what was not shown.

use std::path::Path;

use crate::app::charging::used_today;
use crate::app::operator::Operator;
use crate::app::planning::earlier::LookBack;
use crate::app::planning::planning::{Naming, Planned, Wish, make_plan};
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::{Attended, CheckOutcome, plan_file_may_start};
use crate::app::runs::prepared::approval_of;
use crate::app::secrets::custody::SecretsStorage;
use crate::app::secrets::sealing::Recipients;
use crate::app::settings::timeout_ms;
use crate::app::tenant::Connection;
use crate::app::{Consent, Prepared, Reason, Source, Workspace};
use crate::cli::driving::drive;
use crate::cli::exit::Exit;
use crate::cli::failure::{BeforeSending, Done, Failed, Failure, Sent};
use crate::cli::locations::open_workspace;
use crate::cli::options::{
    GlobalOptions, JobOptions, LimitOptions, ListingFormat, RunOptions, TenantOptions,
};
use crate::cli::runtime::runtime;
use crate::cli::settings::{read_profile, run_settings};
use crate::cli::tenant_options::{connect, connect_again};
use crate::cli::terminal::confirm::{InAdvance, Subject, obtain};
use crate::cli::terminal::key_test::{KeyTest, prepare};
use crate::cli::terminal::printer::Printer;
use crate::cli::terminal::question::can_ask;
use crate::cli::text::cron_hint::wrapped;
use crate::cli::text::plan::{Around, plan_text};
use crate::cli::text::policy::policy_name;
use crate::cli::text::preflight::{json_of_checks, table_of_checks};
use crate::cli::text::refusals::consent::work_text;
use crate::cli::text::refusals::words;
use crate::drive::{Clock, WallClock};
use crate::job::Job;
use crate::journal::RequestCounts;
use crate::model::settings::targets;
use crate::plan::PlanFile;
use crate::transport::HttpTransport;

/// What a command that starts a run was given.
#[derive(Copy, Clone)]
pub(crate) struct Given<'a> {
    pub global: &'a GlobalOptions,
    pub tenant: &'a TenantOptions,
    pub limits: &'a LimitOptions,
    pub options: &'a RunOptions,
    pub printer: &'a Printer,
}

/// Where a job comes from.
#[derive(Copy, Clone)]
pub(crate) struct JobOrigin<'a> {
    /// Whether its name tells it from others.
    pub naming: Naming,
    /// How its file was named on the command line.
    pub file: Option<&'a JobOptions>,
}

/// Plans a job, shows the plan, has it confirmed and runs it.
pub(crate) fn run_job(
    given: Given<'_>,
    job: Job,
    source: Source,
    origin: JobOrigin<'_>,
) -> Result<Done, Failed> {
    let Given { global, tenant, limits, options, printer } = given;
    refuse_approval(options).before_sending()?;
    let profile = read_profile(global).before_sending()?;
    let values = tenant.values().map_err(Failure::from).before_sending()?;
    let settings =
        run_settings(limits, tenant, &options.purpose, &profile, &job).before_sending()?;
    let recipients = Recipients::choose(&job, &profile.secrets).before_sending()?;
    let workspace = open_workspace(global, printer).before_sending()?;
    let policy = PolicyFile::read(workspace.path()).before_sending()?;
    let encrypt_to = recipients.as_ref().map(Recipients::texts).unwrap_or_default();
    let name = job.name.clone();
    let outcome = runtime().before_sending()?.block_on(async {
        let (connection, look_back) = match &source {
            Source::Retry(old) => {
                let timeout_ms = timeout_ms(&values).map_err(Failure::from).before_sending()?;
                let connection = connect_again(&old.header.base_url, timeout_ms, &values, &profile);
                (connection.before_sending()?, old.look_back(limits))
            }
            Source::Job | Source::PlanFile(_) => {
                let connection = connect(&values, &profile, Some(&job)).await;
                (connection.before_sending()?, look_back_of(limits))
            }
        };
        let wish = Wish {
            job: &job,
            naming: origin.naming,
            settings: &settings,
            house: &policy,
            look_back,
            encrypt_to: &encrypt_to,
        };
        let planned = make_plan(&wish, &connection, &workspace).await.before_sending()?;
        let prepared = Prepared {
            connection,
            planned,
            source,
            job: Some(job),
            recipients,
            policy,
            approval: None,
            approved_before: std::sync::OnceLock::new(),
            attended: attended(global),
            pending_ok: options.ending.pending_ok,
        };
        carry_out(given, &workspace, prepared, origin.file).await
    });
    note_refusal(&outcome, &workspace, &name);
    outcome
}

/// Runs a plan as it stands in its file.
pub(crate) fn run_plan(given: Given<'_>, path: &Path, file: PlanFile) -> Result<Done, Failed> {
    let Given { global, tenant, options, printer, .. } = given;
    let profile = read_profile(global).before_sending()?;
    let values = tenant.values().map_err(Failure::from).before_sending()?;
    let workspace = open_workspace(global, printer).before_sending()?;
    let policy = PolicyFile::read(workspace.path()).before_sending()?;
    let recipients = Recipients::of_run(&file.encrypt_to).before_sending()?;
    let name = file.job.clone();
    let outcome = runtime().before_sending()?.block_on(async {
        // Before the token is looked for: a plan that cannot be started needs none.
        plan_file_may_start(&file, &workspace, &policy, WallClock.now()).before_sending()?;
        let approval = approval_of(path, options.approval.as_deref()).before_sending()?;
        let connection = connect_again(&file.base_url, file.rules.timeout_ms, &values, &profile)
            .before_sending()?;
        let quota = workspace.quota(&file.base_url, file.rules.per_hour);
        let prepared = Prepared {
            connection,
            planned: Planned { file, quota, requests: RequestCounts::new() },
            source: Source::PlanFile(path.to_owned()),
            job: None,
            recipients,
            policy,
            approval,
            approved_before: std::sync::OnceLock::new(),
            attended: attended(global),
            pending_ok: options.ending.pending_ok,
        };
        carry_out(given, &workspace, prepared, None).await
    });
    note_refusal(&outcome, &workspace, &name);
    outcome
}

/// Records that the policy or a person said no.
fn note_refusal(outcome: &Result<Done, Failed>, workspace: &Workspace, job: &str) {
    if let Err(Failed { failure, .. }) = outcome
        && failure.exit == Exit::Policy
    {
        workspace.note_refused(job, &failure.what);
    }
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
fn attended(global: &GlobalOptions) -> Attended {
    if !global.no_input && can_ask() { Attended::Now } else { Attended::No }
}

/// Shows a plan, checks it, asks, and starts the run.
async fn carry_out(
    given: Given<'_>,
    workspace: &Workspace,
    prepared: Prepared,
    file: Option<&JobOptions>,
) -> Result<Done, Failed> {
    let Given { options, printer, .. } = given;
    let around = around(workspace, &prepared.policy, &prepared.connection, &prepared.planned);
    let text = plan_text(prepared.plan(), &around.before_sending()?);
    if options.dry_run {
        return rehearse(workspace, &prepared, &text, printer);
    }
    printer.say(&text);
    let ended = match confirmed(given, workspace, &prepared, file) {
        Ok(consent) => {
            let start = async |operation| workspace.start(prepared, &consent, operation).await;
            drive(workspace, &options.ending, printer, start).await
        }
        Err(failure) => Err(failure.sent(Sent::Nothing)),
    };
    ended.or_else(|failed| skip_or(failed, options, printer))
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
    let recipients = prepared.recipients.as_ref();
    let storage = SecretsStorage::of(&plan.plan.tasks, recipients, workspace);
    prepare(storage, recipients, test, printer)?;
    let question = prepared.question();
    let (what, way) = (
        work_text(question.work()),
        format!("{} ({})", plan.base_url, prepared.connection.reached_by),
    );
    let subject = Subject { what: &what, way: &way, look_at: "the plan" };
    let advance = InAdvance {
        yes: options.yes,
        confirm: options.confirm.as_deref(),
        no_input: global.no_input,
    };
    obtain(&question, subject, advance, || wrapped(file?, plan))
}

/// Makes every check of a run, and sends nothing. What may be otherwise in an hour is told, and is no error.
fn rehearse(
    workspace: &Workspace,
    prepared: &Prepared,
    text: &str,
    printer: &Printer,
) -> Result<Done, Failed> {
    let checks = prepared.rehearse(workspace);
    match printer.format {
        ListingFormat::Json => printer.data(&json_of_checks(prepared.plan(), &checks)),
        ListingFormat::Text | ListingFormat::Csv => {
            printer.show(&format!("{text}{}", table_of_checks(&checks)))
        }
    }
    let mut refused: Option<Reason> = None;
    for check in checks {
        let CheckOutcome::Refused(reason) = check.outcome else { continue };
        if check.is_momentary {
            let what = words(&reason).what;
            printer.say(&format!("a run would be refused at this moment: {what}"));
        } else if refused.is_none() {
            refused = Some(reason);
        }
    }
    if let Some(reason) = refused {
        return Err(reason).before_sending();
    }
    printer.say("dry run: nothing was sent");
    Ok(Done::unsent(Exit::Well))
}

/// Leaves a run that another one keeps from beginning, as the operator asked for.
fn skip_or(failed: Failed, options: &RunOptions, printer: &Printer) -> Result<Done, Failed> {
    let is_unsent = failed.sent == Sent::Nothing;
    if is_unsent && failed.failure.exit == Exit::Busy && options.if_running == "skip" {
        printer.say(&format!("skipped, nothing was sent: {}", failed.failure.what));
        return Ok(Done::unsent(Exit::Well));
    }
    Err(failed)
}

/// What is known about a plan that was just made, besides itself.
pub(crate) fn around(
    workspace: &Workspace,
    policy: &PolicyFile,
    connection: &Connection,
    planned: &Planned,
) -> Result<Around, Failure> {
    Ok(Around {
        reads: planned.requests.values().sum(),
        reached_by: connection.reached_by.clone(),
        proxy: connection.simulated.is_none().then(HttpTransport::proxy_notice).flatten(),
        place: place_of(workspace)?,
        house: policy_name(policy),
        used: used_today(workspace, &planned.file, policy, WallClock.now())?,
    })
}

/// The state directory that caps and overlaps cover, and the host.
fn place_of(workspace: &Workspace) -> Result<String, Failure> {
    let path = workspace.path();
    let shown = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (database, host) = (workspace.database_id()?, Operator::current().host);
    Ok(format!("{} (database {database}) on {host}", shown.display()))
}

/// Which earlier runs the operator wants to be looked at.
pub(crate) fn look_back_of(limits: &LimitOptions) -> LookBack<'static> {
    if limits.has(&targets::SKIP_DONE) { LookBack::All { except: None } } else { LookBack::No }
}
