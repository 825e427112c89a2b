//! `sortie run` and `sortie send`.
//!
//! Owns the story of a run up to its first request: plan, check, confirm. Must never begin before the run is in the
//! journal.

use std::path::Path;

use crate::app::Question;
use crate::app::Workspace;
use crate::app::approval::Approved;
use crate::app::planning::plan_source::{
    check_plan_file, plan_path, read_plan, refuse_other_wishes,
};
use crate::app::planning::planning::{Naming, Planned, Wish, make_plan};
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::admission::{
    Applicant, Asking as Gates, check_policy, check_stop_file, check_window,
};
use crate::app::preflight::charging::check_caps;
use crate::app::preflight::earlier::check_doubts;
use crate::app::preflight::origin::check_origin;
use crate::app::preflight::overlap::{check_overlap, intentions};
use crate::app::preflight::plan_checks::check_plan;
use crate::app::runs::enter::{Start, approval_of, start};
use crate::app::runs::retry::Takeover;
use crate::app::secrets::custody::{Asking, prepare, refuse_given_pins};
use crate::app::secrets::sealing::Recipients;
use crate::app::settings::timeout_ms;
use crate::app::tenant::Connection;
use crate::cli::commands::plan::{around, look_back_of};
use crate::cli::exit::Exit;
use crate::cli::failure::{BeforeSending, Done, Failed, Failure, Sent};
use crate::cli::filter_options::read_filter;
use crate::cli::job_source::{check_requirement, naming_of, read_job};
use crate::cli::locations::open_workspace;
use crate::cli::options::{
    GlobalOptions, JobOptions, LimitOptions, RunOptions, SendOptions, TenantOptions,
};
use crate::cli::runtime::runtime;
use crate::cli::settings::{read_profile, run_settings};
use crate::cli::tenant_options::{connect, connect_again};
use crate::cli::terminal::confirm::{InAdvance, Subject, obtain};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::cron_hint::wrapped;
use crate::cli::text::plan::plan_text;
use crate::cli::text::refusals::consent::work_text;
use crate::drive::{Clock, WallClock};
use crate::job::{Job, ParseOptions, Target, TargetField, ad_hoc};
use crate::journal::RequestCounts;
use crate::model::UnixMillis;
use crate::plan::{Approval, PlanFile};

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
        return run_plan(global, &path, tenant, options, printer);
    }
    let parsed = read_job(job, printer).before_sending()?;
    let origin = Origin::Operator { naming: naming_of(job), file: Some(job) };
    run_job(global, &parsed, origin, tenant, limits, options, printer)
}

pub(crate) fn send(
    global: &GlobalOptions,
    send: &SendOptions,
    tenant: &TenantOptions,
    limits: &LimitOptions,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    let job = job_of(send, printer).before_sending()?;
    let origin = Origin::Operator { naming: Naming::None, file: None };
    run_job(global, &job, origin, tenant, limits, options, printer)
}

/// The job that flags describe.
fn job_of(send: &SendOptions, printer: &Printer) -> Result<Job, Failure> {
    let mut targets = Vec::new();
    for (flag, field, texts) in [
        ("--device", TargetField::DeviceId, &send.device),
        ("--serial", TargetField::SerialNumber, &send.serial),
        ("--user-email", TargetField::UserEmail, &send.user_email),
    ] {
        for text in texts {
            let mut target = Target::default();
            target
                .read_field(field, text)
                .map_err(|error| Failure::usage(format!("{flag} '{text}': {error}")))?;
            targets.push(target);
        }
    }
    let filter = read_filter(&send.filter)?;
    let selection = match (send.all, filter.is_empty()) {
        (true, true) => Some(filter),
        (true, false) => {
            return Err(Failure::usage("--all and a filter contradict each other"));
        }
        (false, true) => None,
        (false, false) => Some(filter),
    };
    if targets.is_empty() && selection.is_none() {
        return Err(Failure::usage("no device is named or selected")
            .next("give --device, --serial, --user-email, a filter such as --platform, or --all"));
    }
    let options =
        ParseOptions { allow_wipe_protected: send.allow_wipe_protected, ..ParseOptions::default() };
    // An unknown action is one of the problems that the job lists, so its text may name the job as well.
    let known = crate::kandji::find_action(&send.action);
    let name = known.map_or("send", |action| action.name);
    ad_hoc(name, &send.action, &send.param, targets, selection, &options)
        .map_err(|problems| crate::cli::text::diagnostics::invalid_job(&problems, printer))
}

/// Where a run comes from.
#[derive(Copy, Clone)]
pub(crate) enum Origin<'a> {
    /// The operator wrote a job.
    Operator {
        /// Whether the job's name tells it from others.
        naming: Naming,
        /// How the file was named on the command line.
        file: Option<&'a JobOptions>,
    },
    /// It repeats what an earlier run left, and takes that over.
    Retry(&'a Takeover),
    /// A plan in a file.
    Plan(&'a Path),
}

impl Origin<'_> {
    /// Whether the name of the job tells it from others; a plan in a file has settled that already.
    fn naming(&self) -> Naming {
        match self {
            Self::Operator { naming, .. } => *naming,
            Self::Retry(old) if old.header.provenance.is_named => Naming::ByFile,
            Self::Retry(_) | Self::Plan(_) => Naming::None,
        }
    }
}

/// What a command that starts a run was given, and what it found on this machine.
pub(crate) struct Setting<'a> {
    pub global: &'a GlobalOptions,
    pub options: &'a RunOptions,
    pub origin: Origin<'a>,
    pub state: &'a Workspace,
    pub house: &'a PolicyFile,
    pub recipients: Option<&'a Recipients>,
    /// What the plan was made from just now.
    pub job: Option<&'a Job>,
    pub printer: &'a Printer,
}

impl<'a> Setting<'a> {
    /// The run that a plan would become.
    pub(crate) fn applicant(&self, file: &'a PlanFile) -> Applicant<'a> {
        let takes_over = self.left_by().unwrap_or_default();
        Applicant { takes_over, ..Applicant::of_plan(file) }
    }

    /// The run whose work is taken over.
    fn left_by(&self) -> Option<&'a str> {
        match self.origin {
            Origin::Retry(old) => Some(&old.row.id),
            Origin::Operator { .. } | Origin::Plan(_) => None,
        }
    }
}

pub(crate) fn run_job(
    global: &GlobalOptions,
    job: &Job,
    origin: Origin<'_>,
    tenant: &TenantOptions,
    limits: &LimitOptions,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    let profile = read_profile(global).before_sending()?;
    let given = tenant.values().map_err(Failure::from).before_sending()?;
    let settings =
        run_settings(limits, tenant, &options.purpose, &profile, job).before_sending()?;
    let recipients = Recipients::choose(job, &profile).before_sending()?;
    let state = open_workspace(global, printer).before_sending()?;
    let house = PolicyFile::read(state.dir.path()).before_sending()?;
    let recipients = recipients.as_ref();
    let setting = Setting {
        global,
        options,
        origin,
        state: &state,
        house: &house,
        recipients,
        job: Some(job),
        printer,
    };
    let encrypt_to = recipients.map(Recipients::texts).unwrap_or_default();
    let outcome = runtime().before_sending()?.block_on(async {
        let (connection, look_back) = match origin {
            Origin::Retry(old) => {
                let timeout_ms = timeout_ms(&given).map_err(Failure::from).before_sending()?;
                let connection = connect_again(&old.header.base_url, timeout_ms, &given, &profile);
                (connection.before_sending()?, old.look_back(limits))
            }
            Origin::Operator { .. } | Origin::Plan(_) => {
                let connection = connect(&given, &profile, Some(job)).await;
                (connection.before_sending()?, look_back_of(limits))
            }
        };
        let wish = Wish {
            job,
            naming: origin.naming(),
            settings: &settings,
            house: &house,
            look_back,
            encrypt_to: &encrypt_to,
        };
        let planned = make_plan(&wish, &connection, &state).await.before_sending()?;
        begin(&setting, connection, planned).await
    });
    note_refusal(&outcome, &state, &job.name);
    outcome
}

/// Records that the policy or a person said no.
fn note_refusal(outcome: &Result<Done, Failed>, state: &Workspace, job: &str) {
    if let Err(Failed { failure, .. }) = outcome
        && failure.exit == Exit::Policy
    {
        state.note_refused(job, &failure.what);
    }
}

/// Runs a plan as it stands in its file.
fn run_plan(
    global: &GlobalOptions,
    path: &Path,
    tenant: &TenantOptions,
    options: &RunOptions,
    printer: &Printer,
) -> Result<Done, Failed> {
    let file = read_plan(path).before_sending()?;
    let given = tenant.values().map_err(Failure::from).before_sending()?;
    let profile = read_profile(global).before_sending()?;
    let state = open_workspace(global, printer).before_sending()?;
    let house = PolicyFile::read(state.dir.path()).before_sending()?;
    let recipients = Recipients::of_run(&file.encrypt_to).before_sending()?;
    let job = file.job.clone();
    let setting = Setting {
        global,
        options,
        origin: Origin::Plan(path),
        state: &state,
        house: &house,
        recipients: recipients.as_ref(),
        job: None,
        printer,
    };
    let outcome = runtime().before_sending()?.block_on(async {
        check_plan_file(&file, &state, &house, WallClock.now()).before_sending()?;
        let connection = connect_again(&file.base_url, file.rules.timeout_ms, &given, &profile)
            .before_sending()?;
        let quota = state.quota(&file.base_url, file.rules.per_hour);
        let planned = Planned { file, quota, requests: RequestCounts::new() };
        begin(&setting, connection, planned).await
    });
    note_refusal(&outcome, &state, &job);
    outcome
}

/// Shows a plan, checks it, asks, and starts the run.
async fn begin(
    setting: &Setting<'_>,
    connection: Connection,
    planned: Planned,
) -> Result<Done, Failed> {
    match admit(setting, connection, planned) {
        Ok(Admitted::Rehearsed) => Ok(Done::unsent(Exit::Well)),
        Ok(Admitted::Start(starting)) => {
            let started = start(setting, *starting).await;
            started.or_else(|failed| skip_or(failed, setting.options, setting.printer))
        }
        Err(failure) => skip_or(failure.sent(Sent::Nothing), setting.options, setting.printer),
    }
}

/// What becomes of a plan.
enum Admitted {
    /// It was only checked.
    Rehearsed,
    /// It was agreed to.
    Start(Box<Start>),
}

/// Shows a plan, checks it and asks. Nothing is sent here.
fn admit(
    setting: &Setting<'_>,
    connection: Connection,
    planned: Planned,
) -> Result<Admitted, Failure> {
    let Setting { global, options, state, house, recipients, job, printer, .. } = *setting;
    let text = plan_text(&planned.file, &around(state, house, &connection, &planned)?);
    let now = WallClock.now();
    let file = &planned.file;
    if options.dry_run {
        printer.show(&text);
        rehearse(setting, &connection, file, now)?;
        return Ok(Admitted::Rehearsed);
    }
    printer.say(&text);
    // Before the plan's own problems: some of them follow from the run that the rows come from.
    check_rows(setting, &connection, file)?;
    check_plan(file, job, now)?;
    refuse_given_pins(recipients, &file.plan.tasks)?;
    check_stop_file(state)?;
    let applicant = setting.applicant(file);
    check_overlap(state, applicant, &intentions(file.plan.to_do()))?;
    let approved = check_rules(setting, &connection, file, now)?;
    check_window(file, now)?;
    let asking = Asking::of(global, options.yes || options.confirm.is_some());
    prepare(recipients, &file.plan.tasks, state, asking, printer)?;
    let advance = InAdvance {
        yes: options.yes,
        confirm: options.confirm.as_deref(),
        no_input: global.no_input,
    };
    let wrap = || wrapped(setting, file);
    let way = format!("{} ({})", file.base_url, connection.reached_by);
    let question = Question::of_plan(&file.plan, &file.tenant, file.wrapping);
    let what = work_text(question.work());
    let subject = Subject { what: &what, way: &way, look_at: "the plan" };
    let consent = obtain(&question, subject, advance, wrap)?;
    if let Some(job) = job {
        check_requirement(job)?;
    }
    Ok(Admitted::Start(Box::new(Start { connection, planned, consent, approved })))
}

/// What holds for a plan whenever it is run: doubts, the policy, the caps. Returns somebody else's approval of it.
fn check_rules(
    setting: &Setting<'_>,
    connection: &Connection,
    file: &PlanFile,
    now: UnixMillis,
) -> Result<Option<Approved>, Failure> {
    let Setting { global, state, house, .. } = *setting;
    if connection.simulated.is_none() {
        check_doubts(state, &file.base_url, file.plan.to_do(), "")?;
    }
    let approved = approval_of(setting, file, now)?;
    let approval = if approved.is_some() { Approval::Given } else { Approval::Missing };
    let gates = if global.no_input { Gates::Forbidden } else { Gates::Here };
    check_policy(file, house, approval, gates, setting.left_by())?;
    check_caps(state, file, house, approval, setting.left_by(), now)?;
    Ok(approved)
}

/// Rows that an earlier run wrote are compared with that run. A simulated tenant is nobody's.
pub(crate) fn check_rows(
    setting: &Setting<'_>,
    connection: &Connection,
    file: &PlanFile,
) -> Result<(), Failure> {
    match connection.simulated {
        None => check_origin(setting.state, file),
        Some(_) => Ok(()),
    }
}

/// Checks what a run would check, and sends nothing. What may be otherwise in an hour is told, and is no error.
fn rehearse(
    setting: &Setting<'_>,
    connection: &Connection,
    file: &PlanFile,
    now: UnixMillis,
) -> Result<(), Failure> {
    let Setting { state, recipients, job, printer, .. } = *setting;
    check_rows(setting, connection, file)?;
    check_plan(file, job, now)?;
    refuse_given_pins(recipients, &file.plan.tasks)?;
    check_rules(setting, connection, file, now)?;
    for check in [
        check_stop_file(state),
        check_overlap(state, setting.applicant(file), &intentions(file.plan.to_do())),
        check_window(file, now),
    ] {
        if let Err(failure) = check {
            printer.say(&format!("a run would be refused at this moment: {}", failure.what));
        }
    }
    printer.say("dry run: nothing was sent");
    Ok(())
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
