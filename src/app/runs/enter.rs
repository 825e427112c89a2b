//! The moment in which a run is entered.
//!
//! Owns its order: what must not change is checked once more while no other run can begin; then devices are charged,
//! the plan is taken, and the run is in the journal. Must never send before that, nor leave anything of a run that came
//! to nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::app::approval::Approved;
use crate::app::charging::{Charging, charge};
use crate::app::operator::Operator;
use crate::app::preflight::PlanFileReason;
use crate::app::refusal::{BeforeSending, Reason, Refusal};
use crate::app::runs::ending::RunEnded;
use crate::app::runs::execution::{Execution, execute};
use crate::app::runs::first_reports::FirstReportReason;
use crate::app::runs::open_records::OpenRecords;
use crate::app::runs::operation::Operation;
use crate::app::runs::prepared::{PlanSource, Prepared};
use crate::app::runs::run_view::{ReportsReason, RunView};
use crate::app::runs::verdict::PlannedSkips;
use crate::app::{AppEvent, Confirmed, Consent, Leftover, Question, Workspace};
use crate::drive::{Clock, WallClock, facts_of};
use crate::engine::{Engine, EngineState, Scope};
use crate::journal::{
    GroupPlace, HeldLock, Provenance, RequestCounts, RunHeader, RunJournal, RunRow,
};
use crate::model::{Policy, Random, RunId, RunMeasures, RunRecord, Task, TaskRecord, UnixMillis};
use crate::plan::{Approval, Confirmation, PlanFile, devices_by_action};

/// Where reports go when nothing else is said.
const REPORT_DIR: &str = "reports";

impl Workspace {
    /// Enters a run and drives it to its end. Every check of preflight is made once more while no other run can begin, the consent
    /// included.
    ///
    /// # Errors
    /// A check refused, or the run could not be entered, driven or recorded; the refusal says what had been sent.
    pub async fn start(
        &self,
        prepared: Prepared,
        consent: &Consent,
        operation: Operation,
    ) -> Result<RunEnded, Refusal> {
        let entered = enter(self, &prepared, consent, None);
        let entered = self.noted(&prepared.plan().job, entered).before_sending()?;
        drive(self, prepared, entered, operation, u32::MAX).await
    }
}

/// Where a run stands in its group.
pub(crate) struct InGroup<'a> {
    /// The place in the index.
    pub place: GroupPlace,
    /// The tenant, by the name of its profile.
    pub tenant: &'a str,
    /// Directory of the group's reports.
    pub report_dir: &'a Path,
}

/// Drives a run that was entered, with so many requests in progress at most.
pub(crate) async fn drive(
    workspace: &Workspace,
    prepared: Prepared,
    entered: Entered,
    operation: Operation,
    concurrency: u32,
) -> Result<RunEnded, Refusal> {
    let Entered { hold, sending, journal, header } = entered;
    let tasks = journal.tasks().before_sending()?;
    // The rest is not needed any longer, and the rows of a large job take memory.
    let (connection, planned, policy) = prepared.into_parts();
    let (plan, quota, requests) = (planned.file.plan, planned.quota, planned.requests);
    workspace.events.tell(&AppEvent::RunEntered {
        run: header.run.0.clone(),
        seed: header.policy.seed,
        report_dir: header.report_dir.clone(),
    });
    let (facts, actions) = facts_of(&plan.tasks, &header.policy);
    let skips = PlannedSkips::of(&plan.tasks);
    let records = OpenRecords::new(&plan.tasks);
    // They are in the run's database.
    drop(plan);
    let concurrency = header.policy.concurrency.min(concurrency);
    let policy_now = Policy { concurrency, ..header.policy.clone() };
    let engine = Engine::new(EngineState::new(facts, actions, policy_now));
    let execution = Execution {
        workspace: workspace.clone(),
        policy,
        connection,
        header,
        tasks,
        skips,
        records,
        engine,
        journal,
        quota,
        requests,
        hold,
        sending: Some(sending),
        scope: Scope::Whole,
    };
    execute(execution, operation).await
}

/// A run that is in the journal and the index, held by this process.
pub(crate) struct Entered {
    hold: HeldLock,
    sending: HeldLock,
    journal: RunJournal,
    header: RunHeader,
}

impl Entered {
    /// Id of the run.
    pub(crate) fn run(&self) -> &str {
        &self.header.run.0
    }
}

/// Makes every check once more while no other run can begin, and writes the run down. What fails leaves no run.
pub(crate) fn enter(
    workspace: &Workspace,
    prepared: &Prepared,
    consent: &Consent,
    group: Option<&InGroup<'_>>,
) -> Result<Entered, Reason> {
    let now = WallClock.now();
    let confirmed = Question::verify_plan(prepared.plan(), consent)?;
    let approved = prepared.approved(now)?;
    let header = header_of(workspace, prepared, &confirmed, approved.as_ref(), (now, group))?;
    let run = header.run.0.clone();
    let hold = workspace.dir.hold_run(&run)?;
    let sending = workspace.dir.hold_sending(&run)?;
    // No other run begins until this one is entered: each sees the other or is seen by it.
    let entered = workspace.dir.hold_start().map_err(Reason::from).and_then(|alone| {
        let place = group.map(|group| &group.place);
        let journal = begin(workspace, prepared, consent, &confirmed, (&header, place))?;
        Ok((alone, journal))
    });
    let (alone, journal) = match entered {
        Ok(entered) => entered,
        Err(reason) => {
            undo(workspace, &header);
            return Err(reason);
        }
    };
    let tasks = prepared.plan().plan.tasks.len();
    let group = group.map(|group| group.place.group.as_str());
    note_start(workspace, &header, journal.beginning(), tasks, group)?;
    drop(alone);
    workspace.place.leave();
    Ok(Entered { hold, sending, journal, header })
}

/// Checks once more what may have changed, charges the run, and enters it. [`undo`] takes back what there is of it by then.
fn begin(
    workspace: &Workspace,
    prepared: &Prepared,
    consent: &Consent,
    confirmed: &Confirmed,
    (header, place): (&RunHeader, Option<&GroupPlace>),
) -> Result<RunJournal, Reason> {
    let (file, run) = (prepared.plan(), header.run.0.as_str());
    prepared.verify_entering(workspace, run, consent, WallClock.now())?;
    charge_prepared(workspace, prepared, confirmed, header)?;
    let journal = create_files(workspace, header, &file.plan.tasks)?;
    if let PlanSource::PlanFile(_) = prepared.source
        && !workspace.index().take_plan(&header.provenance.plan_digest, run)?
    {
        return Err(PlanFileReason::AlreadyRan { run: None }.into());
    }
    // Before the new run is entered: should the program die in between, nothing can be sent by both.
    if let PlanSource::Retry(old) = &prepared.source {
        old.close(workspace, run)?;
    }
    add_to_index(workspace, header, &file.plan.tasks, place)?;
    Ok(journal)
}

/// Makes the first reports and the journal of a run, side by side: each waits for the disk.
fn create_files(
    workspace: &Workspace,
    header: &RunHeader,
    tasks: &[Task],
) -> Result<RunJournal, Reason> {
    std::thread::scope(|scope| {
        let reports = scope.spawn(|| write_first_reports(header, tasks));
        let journal = RunJournal::create(&workspace.dir, header, tasks);
        reports.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok(journal?)
    })
}

/// Charges the devices of a plan to its run.
pub(super) fn charge_prepared(
    workspace: &Workspace,
    prepared: &Prepared,
    confirmed: &Confirmed,
    header: &RunHeader,
) -> Result<(), Reason> {
    let file = prepared.plan();
    let charging = Charging {
        base_url: &file.base_url,
        job: &file.job,
        run: &header.run.0,
        left_by: prepared.left_by(),
        demands: &devices_by_action(&file.plan),
        policy: &prepared.policy,
        approval: match prepared.approval {
            Some(_) => Approval::Given,
            None => Approval::Missing,
        },
        confirmation: match confirmed.is_at_terminal() {
            true => Confirmation::AtTerminal,
            false => Confirmation::InAdvance,
        },
        fleet: file.fleet,
        now: header.started_at,
        send_until: header.policy.send_until,
    };
    charge(workspace, charging)
}

/// Takes back what there is of a run that never began: what it was charged, its reports, its files. What cannot be
/// taken back is reported, and does not hide why the run did not start.
fn undo(workspace: &Workspace, header: &RunHeader) {
    let run = &header.run.0;
    let tell = |left: Leftover, error: String| {
        workspace.events.tell(&AppEvent::NotTakenBack { run: run.clone(), left, error });
    };
    if let Err(error) = workspace.index().settle_charges(run, &BTreeMap::new()) {
        tell(Leftover::Charges, error.to_string());
    }
    if header.report_dir.exists()
        && let Err(error) = std::fs::remove_dir_all(&header.report_dir)
    {
        tell(Leftover::Reports(header.report_dir.clone()), error.to_string());
    }
    let forgotten = workspace.index().forget_head(run);
    if let Err(error) = workspace.dir.remove_run(run).and(forgotten) {
        tell(Leftover::Files, error.to_string());
    }
}

/// Enters the run in the index. From here on there is a run.
fn add_to_index(
    state: &Workspace,
    header: &RunHeader,
    tasks: &[Task],
    place: Option<&GroupPlace>,
) -> Result<(), Reason> {
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
    Ok(state.index().add_run_in(&row, tasks, place)?)
}

/// Writes the start into the host's record.
fn note_start(
    state: &Workspace,
    header: &RunHeader,
    beginning: &str,
    tasks: usize,
    group: Option<&str>,
) -> Result<(), Reason> {
    let mut body = facts_of_start(header, tasks);
    body["beginning"] = beginning.into();
    if let Some(group) = group {
        body["group"] = group.into();
    }
    state.index().note(header.started_at, "started", Some(&header.run.0), &body)?;
    Ok(())
}

/// What the host's record says of a run that begins.
pub(super) fn facts_of_start(header: &RunHeader, tasks: usize) -> serde_json::Value {
    let from = &header.provenance;
    serde_json::json!({
        "who": from.operator, "job": header.job, "tenant": header.tenant, "plan": from.plan_digest,
        "policy": from.policy_digest, "agreed": header.confirmation, "approver": from.approver,
        "reason": header.reason, "break_glass": from.break_glass, "tasks": tasks,
        "reached_by": from.reached_by, "url": header.base_url,
    })
}

/// What the run is, from its plan and its consent.
pub(super) fn header_of(
    workspace: &Workspace,
    prepared: &Prepared,
    confirmed: &Confirmed,
    approved: Option<&Approved>,
    (now, group): (UnixMillis, Option<&InGroup<'_>>),
) -> Result<RunHeader, Reason> {
    let (file, connection) = (prepared.plan(), &prepared.connection);
    let run = new_run_id(workspace, file.rules.seed, now);
    let report_dir = match group {
        None => reports_of(file)?.join(format!("{}-{run}", file_name_of(&file.job))),
        Some(group) => group.report_dir.join(file_name_of(group.tenant)),
    };
    let policy = Policy { send_until: file.sending_ends(now), ..file.rules.clone() };
    Ok(RunHeader {
        report_dir,
        report_formats: file.report_formats.clone(),
        report_options: file.report_options.clone(),
        // As it is where it cannot be made absolute: metrics never keep a run from its start.
        metrics_file: file.metrics_file.as_ref().map(|path| absolute_or(path)),
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
        pending_ok: prepared.pending_ok,
        encrypt_to: file.encrypt_to.clone(),
        provenance: Provenance {
            operator: Operator::current().shown(),
            plan_digest: file.digest(),
            planned_by: file.made_by.clone(),
            policy_digest: file.policy_digest.clone(),
            database: file.database.clone(),
            approver: approved.map(|it| format!("{} until {}", it.principal, it.expires_at)),
            approval: approved.map(|it| it.file.clone()),
            break_glass: file.break_glass.clone(),
            is_named: file.is_named,
            is_agreed_at_terminal: confirmed.is_at_terminal(),
            job_conditions: file.job_conditions.clone(),
            reached_by: connection.reached_by.clone(),
        },
    })
}

/// The directory in which a run, or a group of them, makes its directory of reports.
pub(crate) fn reports_of(file: &PlanFile) -> Result<PathBuf, Reason> {
    let directory =
        file.report_dir.as_ref().map_or_else(|| PathBuf::from(REPORT_DIR), PathBuf::from);
    // Absolute, because reports may be written again from anywhere.
    Ok(std::path::absolute(directory)
        .map_err(|error| FirstReportReason::Path { error: error.to_string() })?)
}

/// The absolute path, so that a resume from anywhere finds the file.
fn absolute_or(path: &str) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path))
}

/// An id that no run has yet. Cron starts many at the same moment, with the same seed even, so the process
/// counts too.
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
pub(crate) fn file_name_of(name: &str) -> String {
    name.chars()
        .map(|letter| if letter.is_alphanumeric() || "-_.".contains(letter) { letter } else { '-' })
        .collect()
}

/// Writes the reports of a run in which nothing has happened yet: a directory that cannot be written is found
/// out before anything is sent.
fn write_first_reports(header: &RunHeader, tasks: &[Task]) -> Result<(), Reason> {
    let records = tasks.iter().map(TaskRecord::new).collect();
    let view = RunView {
        header: header.clone(),
        tasks: tasks.to_vec(),
        record: RunRecord::default(),
        records,
        requests: RequestCounts::new(),
        measures: RunMeasures::default(),
        stored: None,
        skips: PlannedSkips::of(tasks),
    };
    view.write(&header.report_dir, None).map_err(|reason| match reason {
        ReportsReason::Unwritable { detail, .. } => FirstReportReason::Unwritable { detail }.into(),
        other => other.into(),
    })
}
