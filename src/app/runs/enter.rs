//! The moment in which a run is entered.
//!
//! Owns its order: what must not change is looked at once more while no other run can begin; then devices are charged,
//! the plan is taken, and the run stands in the journal. Must never send before that, nor leave anything of a run that came
//! to nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::app::Workspace;
use crate::app::approval::{
    ApprovalCheck, Approved, approval_beside, read_approval, verify, verify_again,
};
use crate::app::operator::Operator;
use crate::app::planning::plan_source::check_plan_file;
use crate::app::planning::planning::Planned;
use crate::app::policy_file::Reread;
use crate::app::preflight::admission::{Applicant, check_stop_file};
use crate::app::preflight::charging::{Charging, charge};
use crate::app::preflight::earlier::check_doubts;
use crate::app::preflight::overlap::{check_overlap, intentions};
use crate::app::runs::execution::{Live, go};
use crate::app::runs::run_view::RunView;
use crate::app::tenant::Connection;
use crate::app::{Confirmed, Consent, Question};
use crate::cli::commands::run::{Origin, Setting, check_rows};
use crate::cli::exit::Exit;
use crate::cli::failure::{BeforeSending, Done, Failed, Failure};
use crate::cli::terminal::printer::Printer;
use crate::drive::{Clock, WallClock, facts_of};
use crate::engine::{Engine, EngineState, Scope};
use crate::journal::{Provenance, RequestCounts, RunHeader, RunJournal, RunRow};
use crate::model::{Policy, Random, RunId, Task, TaskRecord, UnixMillis};
use crate::plan::{Approval, Confirmation, PlanFile, devices_by_action};

/// Where reports go when nothing else is said.
const REPORT_DIR: &str = "reports";

/// A plan that was agreed to.
pub(crate) struct Start {
    pub connection: Connection,
    pub planned: Planned,
    pub consent: Consent,
    pub approved: Option<Approved>,
}

/// Writes the run down and drives it.
pub(crate) async fn start(setting: &Setting<'_>, starting: Start) -> Result<Done, Failed> {
    let Setting { options, state, house, printer, .. } = *setting;
    let file = &starting.planned.file;
    let question = Question::of_plan(&file.plan, &file.tenant, file.wrapping);
    let confirmed = question.verify(&starting.consent).before_sending()?;
    let header = header_of(setting, &starting, &confirmed, WallClock.now()).before_sending()?;
    let run = header.run.0.clone();
    let hold = state.dir.hold_run(&run).before_sending()?;
    let sending = state.dir.hold_sending(&run).before_sending()?;
    // No other run begins until this one is entered: each sees the other or is seen by it.
    let entered = state.dir.hold_start().map_err(Failure::from).and_then(|alone| {
        begin(setting, &starting, &confirmed, &header).map(|journal| (alone, journal))
    });
    let (alone, journal) = match entered {
        Ok(entered) => entered,
        Err(failure) => {
            undo(state, &header, printer);
            return Err(failure).before_sending();
        }
    };
    let Start { connection, planned, .. } = starting;
    let tasks: Arc<[Task]> = planned.file.plan.tasks.into();
    note_start(state, &header, journal.beginning(), tasks.len()).before_sending()?;
    drop(alone);
    printer.say(&format!(
        "run {run} (seed {}), reports in {}",
        header.policy.seed,
        header.report_dir.display()
    ));
    let (facts, actions) = facts_of(&tasks, &header.policy);
    let engine = Engine::new(EngineState::new(facts, actions, header.policy.clone()));
    let live = Live {
        state,
        house: house.clone(),
        connection,
        header,
        records: tasks.iter().map(TaskRecord::new).collect(),
        tasks,
        engine,
        journal,
        quota: planned.quota,
        requests: planned.requests,
        hold,
        sending: Some(sending),
        scope: Scope::Whole,
    };
    go(live, &options.ending, printer).await
}

/// Checks once more what may have changed, charges the run, and enters it. What fails leaves no run: [`undo`] takes back
/// what there is of it by then.
fn begin(
    setting: &Setting<'_>,
    starting: &Start,
    confirmed: &Confirmed,
    header: &RunHeader,
) -> Result<RunJournal, Failure> {
    let Setting { state, house, origin, printer, .. } = *setting;
    let Start { connection, planned, approved, .. } = starting;
    let (file, run, now) = (&planned.file, header.run.0.as_str(), header.started_at);
    check_again(setting, file, approved.as_ref(), WallClock.now())?;
    let applicant = Applicant { run, ..setting.applicant(file) };
    check_overlap(state, applicant, &intentions(file.plan.to_do()))?;
    // Whatever the plan looked back at: another run may have come into doubt since.
    if connection.simulated.is_none() {
        check_doubts(state, applicant.base_url, file.plan.to_do(), "")?;
    }
    check_rows(setting, connection, file)?;
    let charging = Charging {
        house,
        approval: if approved.is_some() { Approval::Given } else { Approval::Missing },
        agreement: if confirmed.is_at_terminal() {
            Confirmation::AtTerminal
        } else {
            Confirmation::InAdvance
        },
        fleet: file.fleet,
        now,
        send_until: header.policy.send_until,
    };
    charge(state, applicant, run, &devices_by_action(&file.plan), charging)?;
    write_first_reports(header, &file.plan.tasks)?;
    let journal = RunJournal::create(&state.dir, header, &file.plan.tasks)?;
    if let Origin::Plan(_) = origin
        && !state.index().take_plan(&header.provenance.plan_digest, run)?
    {
        return Err(Failure::new(Exit::Policy, "the plan already ran").next("make a new one"));
    }
    // Before the new run is entered: should the program die in between, nothing can be sent by both.
    if let Origin::Retry(old) = origin {
        old.close(state, run, printer)?;
    }
    enter(state, header, &file.plan.tasks)?;
    Ok(journal)
}

/// Takes back what there is of a run that never came to be: what it was charged, its reports, its files. What cannot be
/// taken back is told, and does not hide why the run came to nothing.
fn undo(state: &Workspace, header: &RunHeader, printer: &Printer) {
    let run = &header.run.0;
    if let Err(error) = state.index().settle_charges(run, &BTreeMap::new()) {
        printer.warn(&format!("run {run} never began, and stays charged for a while: {error}"));
    }
    if header.report_dir.exists()
        && let Err(error) = std::fs::remove_dir_all(&header.report_dir)
    {
        let directory = header.report_dir.display();
        printer.warn(&format!("{directory} is of no run, and cannot be removed: {error}"));
    }
    let forgotten = state.index().forget_head(run);
    if let Err(error) = state.dir.remove_run(run).and(forgotten) {
        printer.warn(&format!("run {run} never began, and leaves files: {error}"));
    }
}

/// Somebody else's approval of the plan, where there is one; one that does not count is refused.
pub(crate) fn approval_of(
    setting: &Setting<'_>,
    file: &PlanFile,
    now: UnixMillis,
) -> Result<Option<Approved>, Failure> {
    let given = setting.options.approval.clone();
    let path = match (given, setting.origin) {
        (Some(path), Origin::Plan(_)) => path,
        (Some(_), _) => {
            return Err(Failure::usage("an approval is of a plan in a file")
                .next("write the plan with: sortie plan JOB --out PLAN"));
        }
        (None, Origin::Plan(plan)) => {
            let path = approval_beside(plan);
            if !path.exists() {
                return Ok(None);
            }
            path
        }
        (None, _) => return Ok(None),
    };
    let check =
        ApprovalCheck { plan: file, policy: setting.house, runner: &Operator::current(), now };
    Ok(Some(verify(&read_approval(&path)?, &check)?))
}

/// What may have changed while somebody was asked.
fn check_again(
    setting: &Setting<'_>,
    file: &PlanFile,
    approved: Option<&Approved>,
    now: UnixMillis,
) -> Result<(), Failure> {
    let Setting { state, house, origin, .. } = *setting;
    check_stop_file(state)?;
    if let Reread::Changed(_) = house.reread()? {
        let what = "the policy was changed while this plan was looked at";
        return Err(Failure::new(Exit::Policy, what).next("plan it again"));
    }
    if let Some(approved) = approved {
        let check = ApprovalCheck { plan: file, policy: house, runner: &Operator::current(), now };
        verify_again(approved, &check)?;
    }
    match origin {
        Origin::Plan(_) => check_plan_file(file, state, house, now),
        Origin::Operator { .. } | Origin::Retry(_) if now > file.start_until => {
            let what = format!("the plan had to be started by {}", file.start_until);
            Err(Failure::new(Exit::Policy, what).next("plan it again"))
        }
        Origin::Operator { .. } | Origin::Retry(_) => Ok(()),
    }
}

/// Enters the run in the index. From here on there is a run.
fn enter(state: &Workspace, header: &RunHeader, tasks: &[Task]) -> Result<(), Failure> {
    let row = RunRow {
        id: header.run.0.clone(),
        job: header.job.clone(),
        tenant: header.tenant.clone(),
        tasks: u32::try_from(tasks.len()).unwrap_or(u32::MAX),
        state: crate::journal::RunState::Open,
        started_at: header.started_at,
        ended_at: None,
        summary: String::new(),
    };
    Ok(state.index().add_run(&row, tasks)?)
}

/// Writes the start into the host's record.
fn note_start(
    state: &Workspace,
    header: &RunHeader,
    beginning: &str,
    tasks: usize,
) -> Result<(), Failure> {
    let from = &header.provenance;
    let body = serde_json::json!({
        "who": from.operator, "job": header.job, "tenant": header.tenant, "plan": from.plan_digest,
        "policy": from.policy_digest, "agreed": header.confirmation, "approver": from.approver,
        "reason": header.reason, "break_glass": from.break_glass, "tasks": tasks, "beginning": beginning,
    });
    state.index().note(header.started_at, "started", Some(&header.run.0), &body)?;
    Ok(())
}

fn header_of(
    setting: &Setting<'_>,
    starting: &Start,
    confirmed: &Confirmed,
    now: UnixMillis,
) -> Result<RunHeader, Failure> {
    let Setting { options, state, .. } = *setting;
    let Start { connection, planned, approved, .. } = starting;
    let file = &planned.file;
    let run = new_run_id(state, file.rules.seed, now);
    let directory =
        file.report_dir.as_ref().map_or_else(|| PathBuf::from(REPORT_DIR), PathBuf::from);
    // Absolute, because 'sortie report' may be called from anywhere.
    let directory = std::path::absolute(directory)
        .map_err(|error| Failure::usage(format!("the report directory: {error}")))?;
    let policy = Policy { send_until: file.sending_ends(now), ..file.rules.clone() };
    Ok(RunHeader {
        report_dir: directory.join(format!("{}-{run}", file_name_of(&file.job))),
        report_formats: file.report_formats.clone(),
        run,
        job: file.job.clone(),
        job_digest: file.job_digest.clone(),
        reason: file.reason.clone(),
        tenant: file.tenant.clone(),
        base_url: file.base_url.clone(),
        simulated: connection.simulated.is_some(),
        started_at: now,
        policy,
        confirmation: confirmed.how().to_owned(),
        pending_ok: options.ending.pending_ok,
        encrypt_to: file.encrypt_to.clone(),
        provenance: Provenance {
            operator: Operator::current().shown(),
            plan_digest: file.digest(),
            planned_by: file.made_by.clone(),
            policy_digest: file.policy_digest.clone(),
            database: file.database.clone(),
            approver: approved
                .as_ref()
                .map(|it| format!("{} until {}", it.principal, it.expires_at)),
            approval: approved.as_ref().map(|it| it.file.clone()),
            break_glass: file.break_glass.clone(),
            is_named: file.is_named,
            is_agreed_at_terminal: confirmed.is_at_terminal(),
            job_conditions: file.job_conditions.clone(),
            reached_by: connection.reached_by.clone(),
        },
    })
}

/// An id that no run has yet. Cron starts many at the same moment, with the same seed even, so the process
/// counts as well.
fn new_run_id(state: &Workspace, seed: u64, now: UnixMillis) -> RunId {
    let process = u64::from(std::process::id());
    let mut random = Random::for_labels(seed, &[now.0.unsigned_abs(), process]);
    loop {
        let run = RunId::new(now, &mut random);
        if !state.dir.run_path(&run.0).exists() {
            return run;
        }
    }
}

/// A job's name as part of a file name.
fn file_name_of(name: &str) -> String {
    name.chars()
        .map(|letter| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '-' })
        .collect()
}

/// Writes the reports of a run in which nothing has happened yet: a directory that cannot be written is found
/// out before anything is sent.
fn write_first_reports(header: &RunHeader, tasks: &[Task]) -> Result<(), Failure> {
    let records = tasks.iter().map(TaskRecord::new).collect();
    let view = RunView {
        header: header.clone(),
        tasks: tasks.to_vec(),
        records,
        requests: RequestCounts::new(),
    };
    view.write(&header.report_dir, None).map_err(|reason| {
        Failure::from(reason).state("").next("name another place with --report-dir")
    })
}
