//! The story of a job for several tenants up to its first request: plan, check, confirm, start.
//!
//! Owns how profiles become sections, and the one prompt. Must never start a section that was not shown, and never leave a tenant out
//! without a word.

use std::path::Path;

use crate::app::preflight::{Attended, CheckOutcome, CheckResult};
use crate::app::settings::{Profile, ProfileList, RunSettings};
use crate::app::{
    GroupConsent, GroupQuestion, Notifications, NotifyChoice, PlanSetRequest, PrepareRequest,
    PreparedGroup, Reason, Recipients, SectionRequest, TenantProfile, TenantRequest, TenantSection,
    Workspace, read_plan_set,
};
use crate::cli::driving_group::drive_group;
use crate::cli::exit::Exit;
use crate::cli::failure::{Done, Failed, Failure, UnsentFailure};
use crate::cli::locations::{config_path, open_workspace};
use crate::cli::logging::{self, plan_made};
use crate::cli::notifications::notifications;
use crate::cli::options::{JobOptions, ListingFormat, TenantOptions};
use crate::cli::runtime::runtime;
use crate::cli::settings::read_profile;
use crate::cli::starting::{Given, around, attended, run_job, settings_of};
use crate::cli::tenant_options::tenant_request;
use crate::cli::tenants::{JobTenants, profile_of, refuse_other_tenant, tenants_of};
use crate::cli::terminal::confirm::{InAdvance, Subject, obtain};
use crate::cli::terminal::key_test::{KeyTest, prepare as test_keys};
use crate::cli::terminal::printer::Printer;
use crate::cli::text::plan::{
    Around, GroupView, PlanExtent, PlanView, group_json, group_text, tenants_line, why,
};
use crate::cli::text::preflight::{group_checks_table, json_of_results};
use crate::drive::{Clock, WallClock};
use crate::job::Job;
use crate::model::sha256;

/// Hexadecimal digits of a hash that make a seed.
const SEED_DIGITS: usize = 16;

/// What the section of one tenant is prepared with.
pub(crate) struct SectionInput {
    pub profile: Profile,
    pub settings: RunSettings,
    pub tenant: TenantRequest,
    pub recipients: Option<Recipients>,
    pub notifications: Notifications,
}

impl SectionInput {
    /// The input for the tenant of a profile.
    pub(crate) fn of(
        profile: Profile,
        settings: RunSettings,
        flags: &TenantOptions,
        job: &Job,
        choice: Option<&NotifyChoice>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            tenant: request_for(flags, &profile)?,
            recipients: Recipients::choose(job, &profile.secrets)?,
            notifications: choice
                .map_or_else(Notifications::default, |choice| notifications(&profile, choice)),
            settings,
            profile,
        })
    }
}

/// What names the tenant of a profile. A simulated one has a seed of its own, so that tenants differ.
fn request_for(flags: &TenantOptions, profile: &Profile) -> Result<TenantRequest, Failure> {
    let request = tenant_request(&flags.values()?, profile)?;
    let (true, Some(name)) = (request.simulated, &profile.name) else { return Ok(request) };
    let hash = sha256(format!("{} {name}", request.seed.unwrap_or_default()).as_bytes());
    let seed = hash.get(..SEED_DIGITS).and_then(|text| u64::from_str_radix(text, 16).ok());
    Ok(TenantRequest {
        seed,
        profile: Some(TenantProfile {
            name: name.clone(),
            chosen: profile.choice,
            place: crate::app::TenantPlace::default(),
        }),
        ..request
    })
}

/// Plans the job for each tenant.
pub(crate) async fn prepare_sections(
    workspace: &Workspace,
    job: &Job,
    inputs: &mut [SectionInput],
    is_named: bool,
    attended: Attended,
    pending_ok: bool,
) -> Result<PreparedGroup, Failure> {
    let has_rows = !job.rows.is_empty();
    let mut requests = Vec::with_capacity(inputs.len());
    for input in inputs {
        let tenant = input.profile.name.clone().unwrap_or_default();
        requests.push(SectionRequest {
            job: if has_rows { job.part_for(&tenant) } else { job.clone() },
            request: PrepareRequest {
                tenant: &input.tenant,
                settings: &input.settings,
                recipients: input.recipients.take(),
                is_named,
                attended,
                pending_ok,
            },
            notifications: input.notifications.clone(),
            tenant,
        });
    }
    Ok(workspace.prepare_group(&job.name, requests).await?)
}

/// Plans a job for the tenants that it names, else for the one that flags, environment and configuration name; has it confirmed and
/// runs it. `file` is how the job's file was named on the command line.
pub(crate) fn run_for_tenants(
    given: Given<'_>,
    job: Job,
    is_named: bool,
    file: Option<&JobOptions>,
) -> Result<Done, Failed> {
    let profile = match tenants_of(given.global, given.tenant, &job).before_sending()? {
        JobTenants::AsUsual => read_profile(given.global).before_sending()?,
        JobTenants::One(profile) => *profile,
        JobTenants::Several(profiles) => return run_group(given, job, is_named, profiles),
    };
    run_job(given, job, is_named, file, profile)
}

/// Plans a job for several tenants, shows the plans, has them confirmed together and runs them side by side.
fn run_group(
    given: Given<'_>,
    job: Job,
    is_named: bool,
    profiles: Vec<Profile>,
) -> Result<Done, Failed> {
    let choice = Some(&given.options.ending.notify);
    let input = |profile: Profile| {
        let settings = settings_of(given, &job, &profile)?;
        SectionInput::of(profile, settings, given.tenant, &job, choice)
    };
    let inputs: Result<Vec<SectionInput>, Failure> = profiles.into_iter().map(input).collect();
    let mut inputs = inputs.before_sending()?;
    let pending_ok = given.options.ending.pending_ok;
    carry_out(given, async |workspace| {
        let attended = attended(given.global);
        prepare_sections(workspace, &job, &mut inputs, is_named, attended, pending_ok).await
    })
}

/// Runs the plans of several tenants as they stand in their file.
pub(crate) fn run_plan_set(given: Given<'_>, path: &Path) -> Result<Done, Failed> {
    let Given { global, options, .. } = given;
    carry_out(given, async |workspace| {
        if options.approval.is_some() {
            return Err(Failure::usage("an approval is of the plan of one tenant").next(
                "write one plan for each tenant:\n  sortie plan JOB --tenants NAME --out NAME.plan",
            ));
        }
        let set = read_plan_set(path)?;
        let names: Vec<String> = set.sections.iter().map(|it| it.tenant.clone()).collect();
        refuse_other_tenant(global, given.tenant, &names)?;
        let list = match config_path(global)? {
            Some(path) => ProfileList::read(&path)?,
            None => ProfileList::default(),
        };
        let tenant = |name: &String| {
            let profile = profile_of(&list, name);
            let channels = notifications(&profile, &options.ending.notify);
            Ok((request_for(given.tenant, &profile)?, channels))
        };
        let tenants: Result<Vec<_>, Failure> = names.iter().map(tenant).collect();
        let (attended, pending_ok) = (attended(global), options.ending.pending_ok);
        let request = PlanSetRequest { path, set, tenants: tenants?, attended, pending_ok };
        Ok(workspace.prepare_plan_set(request)?)
    })
}

/// Makes the plans, checks them, shows them, asks, and starts the runs.
fn carry_out(
    given: Given<'_>,
    prepare: impl AsyncFnOnce(&Workspace) -> Result<PreparedGroup, Failure>,
) -> Result<Done, Failed> {
    let Given { global, options, printer, .. } = given;
    let workspace = open_workspace(global, printer).before_sending()?.queued(given.place);
    runtime().before_sending()?.block_on(async {
        let group = prepare(&workspace).await.before_sending()?;
        group.sections.iter().for_each(|section| plan_made(&section.prepared));
        if options.dry_run {
            return rehearse(&group, PlanExtent::of_flag(options.full), printer).before_sending();
        }
        let group = group.verify().before_sending()?;
        let question = group.question();
        if !printer.is_quiet() {
            show(&group, &question, PlanExtent::of_flag(options.full), printer).before_sending()?;
        }
        let consent = confirmed(given, &group, &question).before_sending()?;
        group.sections.iter().for_each(|section| logging::confirmed(&section.prepared));
        start(given, &workspace, group, &consent).await
    })
}

/// Runs the sections side by side.
async fn start(
    given: Given<'_>,
    workspace: &Workspace,
    group: PreparedGroup,
    consent: &GroupConsent,
) -> Result<Done, Failed> {
    let Given { options, printer, .. } = given;
    let start = async |operation| workspace.start_group(group, consent, operation).await;
    drive_group(workspace, &options.ending, printer, start).await
}

/// What is known about each section besides its plan.
pub(crate) fn arounds(group: &PreparedGroup) -> Result<Vec<Around>, Failure> {
    group.sections.iter().map(|it| around(&it.workspace, &it.prepared)).collect()
}

/// The view of the plans.
pub(crate) fn view_of<'a>(
    group: &'a PreparedGroup,
    question: &'a GroupQuestion,
    arounds: &'a [Around],
    extent: PlanExtent,
) -> GroupView<'a> {
    let now = WallClock.now();
    let view = |(section, around): (&'a TenantSection, &'a Around)| {
        let plan = PlanView::new(section.prepared.plan(), around, extent, now);
        (section.tenant.as_str(), plan)
    };
    GroupView {
        job: &group.job,
        sections: group.sections.iter().zip(arounds).map(view).collect(),
        left_out: &group.left_out,
        question,
        place: arounds.first().map_or("", |around| around.place.as_str()),
    }
}

fn show(
    group: &PreparedGroup,
    question: &GroupQuestion,
    extent: PlanExtent,
    printer: &Printer,
) -> Result<(), Failure> {
    let arounds = arounds(group)?;
    let view = view_of(group, question, &arounds, extent);
    printer.styled(&format!("{}\n", group_text(&view, &printer.error_screen())));
    Ok(())
}

/// Has the plans confirmed.
fn confirmed(
    given: Given<'_>,
    group: &PreparedGroup,
    question: &GroupQuestion,
) -> Result<GroupConsent, Failure> {
    let Given { global, options, printer, .. } = given;
    let test = KeyTest::of(global, options.yes || options.confirm.is_some());
    // Many tenants have the same keys; they are tested once.
    let mut tested = Vec::new();
    for TenantSection { workspace, prepared, .. } in &group.sections {
        let keys = prepared.recipients().map(Recipients::texts);
        let kept = (prepared.secrets_storage(workspace), keys);
        if !tested.contains(&kept) {
            test_keys(kept.0, prepared.recipients(), test, printer)?;
            tested.push(kept);
        }
    }
    let arounds = arounds(group)?;
    let work = view_of(group, question, &arounds, PlanExtent::Short).work();
    let mut way = tenants_line(question);
    for left_out in &group.left_out {
        way.push_str(&format!("\nLeft out: {} ({})", left_out.tenant, why(left_out)));
    }
    let subject = Subject { what: &work.ing, plain: &work.plain, way: &way, look_at: "the plans" };
    let advance = InAdvance {
        yes: options.yes,
        confirm: options.confirm.as_deref(),
        no_input: global.no_input,
    };
    let given = obtain(question.question(), subject, advance, || None);
    let given = given.inspect_err(|failure| {
        let first = group.sections.first();
        if let (Some(reason), Some(section)) = (&failure.reason, first) {
            section.workspace.note_refusal(&group.job, reason);
        }
    })?;
    Ok(question.answered(given))
}

/// Makes every check of each section, and sends nothing. A refusal that may be different in an hour is no error.
fn rehearse(group: &PreparedGroup, extent: PlanExtent, printer: &Printer) -> Result<Done, Failure> {
    let checks: Vec<(&str, Vec<CheckResult>)> = group
        .sections
        .iter()
        .map(|it| (it.tenant.as_str(), it.prepared.rehearse(&it.workspace)))
        .collect();
    checks.iter().for_each(|(_, checks)| logging::checked(checks));
    let (question, arounds) = (group.question(), arounds(group)?);
    let mut view = view_of(group, &question, &arounds, extent);
    let sections = view.sections.into_iter().zip(&checks);
    view.sections = sections
        .map(|((tenant, plan), (_, checks))| (tenant, plan.refused(refusal_of(checks).is_some())))
        .collect();
    match printer.format {
        ListingFormat::Json => {
            let mut object = group_json(&view);
            let tenants = object["tenants"].as_array_mut().into_iter().flatten();
            for (tenant, (_, checks)) in tenants.zip(&checks) {
                tenant["checks"] = json_of_results(checks);
            }
            printer.data(&object.to_string());
        }
        ListingFormat::Text | ListingFormat::Csv => {
            let screen = printer.screen();
            let (plan, table) = (group_text(&view, &screen), group_checks_table(&checks, &screen));
            printer.show_paged(&format!("{plan}{table}"));
        }
    }
    let refused = checks.iter().filter(|(_, checks)| refusal_of(checks).is_some()).count();
    let (without, all) =
        (group.left_out.len() + refused, group.sections.len() + group.left_out.len());
    printer.say("dry run: nothing was sent");
    let of_checks = checks.iter().find_map(|(_, checks)| refusal_of(checks));
    match group.left_out.first().map(|it| &it.reason).or(of_checks) {
        Some(reason) => Err(left_out_failure(reason, without, all)),
        None => Ok(Done::unsent(Exit::Well)),
    }
}

/// The first reason for which a run of these checks would be refused, now and in an hour.
fn refusal_of(checks: &[CheckResult]) -> Option<&Reason> {
    checks.iter().filter(|check| !check.is_momentary).find_map(|check| match &check.outcome {
        CheckOutcome::Refused(reason) => Some(reason),
        CheckOutcome::Passed | CheckOutcome::NotApplicable => None,
    })
}

/// How a command ends that left tenants out: as the first of them alone would.
pub(crate) fn left_out_failure(reason: &Reason, without: usize, all: usize) -> Failure {
    let what = format!("{without} of {all} tenants would be left out; the reasons stand above");
    Failure::new(Exit::of(reason.class()), what)
        .next("correct them, or name the other tenants with --tenants")
}
