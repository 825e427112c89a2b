//! Going on with a run from its journal alone.
//!
//! Owns what has to hold before. A resume may slow down and change the wait, nothing else, and a run that is only followed gets
//! nothing that could send. Must never read the job again.

use crate::app::charging::{Charging, charge, sent_of, unsent_devices};
use crate::app::operator::Operator;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::{Attended, Candidate, GivenApproval, PlanStage, verify};
use crate::app::queue_place::queue_of_run;
use crate::app::runs::ending::RunEnded;
use crate::app::runs::execution::{Execution, execute};
use crate::app::runs::open_records::OpenRecords;
use crate::app::runs::opened_run_reason::OpeningPurpose;
use crate::app::runs::operation::Operation;
use crate::app::runs::resume_reason::ResumeReason;
use crate::app::runs::trust::{KeptApproval, Replay, open_run, refuse_closed, refuse_simulated};
use crate::app::runs::verdict::PlannedSkips;
use crate::app::tenant::{Connection, TenantRequest};
use crate::app::{AppEvent, Reason, Refusal, Workspace};
use crate::drive::{Clock, WallClock};
use crate::engine::{Engine, Scope};
use crate::journal::{
    HeldLock, RequestCounts, RunHeader, RunJournal, RunRow, RunState, TrustedRun,
};
use crate::model::settings::{SettingValues, following, pace};
use crate::model::{Outcome, Policy, Task, TaskRecord};
use crate::plan::{Approval, Confirmation};
use crate::report::Rows;
use crate::transport::tenant_key;

/// What is done with a run that is opened again.
#[derive(Clone, Debug)]
pub enum GoOn {
    /// What it left is sent, at this pace at most.
    Send(SettingValues),
    /// What was sent is followed for so long, in milliseconds.
    Follow {
        /// How long.
        wait_ms: u64,
    },
    /// Each device is read once.
    LookOnce,
}

/// A request to resume a run.
#[derive(Clone)]
pub struct GoOnRequest<'a> {
    /// Id of the run, a unique prefix, or `latest`.
    pub run: &'a str,
    /// What is done with it.
    pub go_on: GoOn,
    /// What names its tenant and holds a token for it.
    pub tenant: &'a TenantRequest,
    /// How long one request may take, in milliseconds; `None` for the run's own.
    pub timeout_ms: Option<u64>,
    /// Pending commands at the end are no error.
    pub pending_ok: bool,
    /// Whether a person can be asked between waves.
    pub attended: Attended,
}

/// What going on with a run comes to.
pub enum Reopened {
    /// Every task has ended.
    Finished {
        /// Id of the run.
        run: String,
        /// Other runs that are not finished.
        others_left: usize,
    },
    /// It can be driven.
    Run(Box<ReopenedRun>),
}

/// A run that can be driven on. No other process can drive it while this exists.
pub struct ReopenedRun(Execution);

impl ReopenedRun {
    /// Drives the run to its end, as far as it was opened for.
    ///
    /// # Errors
    /// The run could not be driven or recorded; the refusal says what had been sent.
    pub async fn drive(self, operation: Operation) -> Result<RunEnded, Refusal> {
        execute(self.0, operation).await
    }
}

impl Workspace {
    /// Opens a run to resume it, at the address that it was made for. Nothing is sent here.
    ///
    /// # Errors
    /// A check refuses, another process drives the run, its journal is not what was written, or there is no connection.
    pub fn go_on(&self, request: GoOnRequest<'_>) -> Result<Reopened, Reason> {
        self.go_on_at_most(request, u32::MAX)
    }

    /// The same with so many requests in progress at most.
    pub(crate) fn go_on_at_most(
        &self,
        request: GoOnRequest<'_>,
        concurrency: u32,
    ) -> Result<Reopened, Reason> {
        let row = self.index().find_run(request.run)?;
        if row.state == RunState::Finished {
            let others_left = others_left(self)?;
            return Ok(Reopened::Finished { run: row.id, others_left });
        }
        let scope = match request.go_on {
            GoOn::Send(_) => Scope::Whole,
            GoOn::Follow { .. } => Scope::Follow,
            GoOn::LookOnce => Scope::OnePass,
        };
        self.place.want(queue_of_run(&row.id));
        let hold = self.dir.hold_run(&row.id)?;
        // A run that is only followed holds no device.
        let sending = match scope {
            Scope::Whole => Some(self.dir.hold_sending(&row.id)?),
            Scope::Follow | Scope::OnePass => None,
        };
        let opened = open(self, &row, &request, concurrency)?;
        let Opened { header, run, engine } = opened;
        let policy = PolicyFile::read(self.path())?;
        let alone = match scope {
            Scope::Whole => Some(enter_again(self, &header, &policy, request.attended, &run)?),
            Scope::Follow | Scope::OnePass => None,
        };
        let journal = RunJournal::go_on(&self.dir, &run)?;
        let (tasks, skips) = (journal.tasks()?, PlannedSkips::of(&run.tasks));
        let timeout_ms = header.policy.timeout_ms;
        let connection = Connection::of_run(&header.base_url, timeout_ms, request.tenant)?;
        let quota = self.quota(&connection.base_url, header.policy.per_hour);
        self.index().set_run_state(&row.id, RunState::Open, None, &row.summary)?;
        drop(alone);
        self.place.leave();
        self.events.tell(&AppEvent::RunReopened {
            run: row.id.clone(),
            job: header.job.clone(),
            is_sending: scope == Scope::Whole,
            pause: engine
                .state()
                .pause(WallClock.now())
                .map(|(until, why)| (until, why.to_owned())),
        });
        Ok(Reopened::Run(Box::new(ReopenedRun(Execution {
            workspace: self.clone(),
            policy,
            connection,
            header,
            tasks,
            skips,
            records: OpenRecords::of(&run.tasks, run.records),
            engine,
            journal,
            quota,
            requests: RequestCounts::new(),
            hold,
            sending,
            scope,
        }))))
    }
}

/// A run as its journal has it, verified.
struct Opened {
    header: RunHeader,
    run: TrustedRun,
    engine: Engine,
}

fn open(
    workspace: &Workspace,
    row: &RunRow,
    request: &GoOnRequest<'_>,
    concurrency: u32,
) -> Result<Opened, Reason> {
    let opening = open_run(workspace, &row.id)?;
    refuse_simulated(opening.header(), OpeningPurpose::Resume)?;
    let mut header = opening.header().clone();
    match &request.go_on {
        GoOn::Send(pace) => lower_policy(&mut header.policy, pace)?,
        GoOn::Follow { wait_ms } => header.policy.wait_ms = *wait_ms,
        GoOn::LookOnce => header.policy.wait_ms = LOOK_ONCE_MS,
    }
    header.policy.timeout_ms = request.timeout_ms.unwrap_or(header.policy.timeout_ms);
    if header.policy.timeout_ms * 2 > header.policy.quarantine_ms {
        return Err(ResumeReason::TimeoutTooLong {
            timeout_ms: header.policy.timeout_ms,
            quarantine_ms: header.policy.quarantine_ms,
        }
        .into());
    }
    header.policy.concurrency = header.policy.concurrency.min(concurrency);
    header.pending_ok |= request.pending_ok;
    let mut replay = Replay::new(opening.tasks(), &header.policy);
    let run = opening.follow(|entry| replay.take(entry))?;
    refuse_closed(&run)?;
    let engine = Engine::new(replay.end()?);
    Ok(Opened { header, run, engine })
}

/// How long one pass through the devices may take, in milliseconds: it ends by itself.
const LOOK_ONCE_MS: u64 = 366 * 86_400_000;

/// Other runs that have something left.
fn others_left(workspace: &Workspace) -> Result<usize, Reason> {
    let is_left = |row: &RunRow| matches!(row.state, RunState::Open | RunState::Paused);
    Ok(workspace.index().runs()?.into_iter().filter(is_left).count())
}

/// Lets a run go on sending, if no check refuses what it has left. No other run begins while the result is held.
fn enter_again(
    workspace: &Workspace,
    header: &RunHeader,
    policy: &PolicyFile,
    attended: Attended,
    run: &TrustedRun,
) -> Result<HeldLock, Reason> {
    let now = WallClock.now();
    let (tasks, records) = (&run.tasks, &run.records);
    let alone = workspace.dir.hold_start()?;
    let is_left = |(_, record): &(&Task, &TaskRecord)| record.outcome() == Outcome::NotAttempted;
    let left: Vec<&Task> = tasks.iter().zip(records).filter(is_left).map(|(it, _)| it).collect();
    let mut kept = KeptApproval::of(run, policy, now);
    let approval = kept.approval();
    let candidate = Candidate {
        tasks: left,
        approval: match approval {
            Approval::Given => GivenApproval::Kept,
            Approval::Missing => GivenApproval::None,
        },
        attended,
        ..Candidate::of_run(workspace, policy, header, now)
    };
    verify(&candidate, PlanStage::Start).map_err(|reason| match reason {
        Reason::ApprovalRequired(_) | Reason::WorkReason(_) => kept.explain(reason),
        other => other,
    })?;
    // What it was charged and did not use is free again; what it still means to do is charged from now on.
    let sent = sent_of(&run.record, &Rows::new(tasks, records));
    workspace.index().settle_charges(&header.run.0, &sent)?;
    let charging = Charging {
        base_url: &header.base_url,
        job: &header.job,
        run: &header.run.0,
        left_by: candidate.left_by(),
        demands: &unsent_devices(&Rows::new(tasks, records)),
        policy,
        approval,
        // As it was charged at first: an emergency that a person confirmed stays one.
        confirmation: match header.provenance.is_agreed_at_terminal {
            true => Confirmation::AtTerminal,
            false => Confirmation::InAdvance,
        },
        fleet: workspace.index().fleet_size(&tenant_key(&header.base_url))?,
        now,
        send_until: header.policy.send_until,
    };
    charge(workspace, charging).map_err(|reason| kept.explain(reason))?;
    let body = serde_json::json!({ "who": Operator::current().shown(), "job": header.job });
    workspace.index().note(now, "resumed", Some(&header.run.0), &body)?;
    Ok(alone)
}

/// A resume may slow down and change the wait, nothing else.
fn lower_policy(policy: &mut Policy, given: &SettingValues) -> Result<(), Reason> {
    for (setting, value) in [
        (&pace::CONCURRENCY, &mut policy.concurrency),
        (&pace::PER_SECOND, &mut policy.per_second),
        (&pace::PER_HOUR, &mut policy.per_hour),
    ] {
        let Some(asked) = given.count(setting) else { continue };
        if asked > *value {
            let (setting, limit) = (setting.name, *value);
            return Err(ResumeReason::FasterThanBefore { setting, asked, limit }.into());
        }
        *value = asked;
    }
    if let Some(wait_ms) = given.duration_ms(&following::WAIT) {
        // Whether a task is followed was decided when it was sent, by the run having a wait at all.
        if (wait_ms == 0) != (policy.wait_ms == 0) {
            return Err(ResumeReason::FollowingSwitched.into());
        }
        policy.wait_ms = wait_ms;
    }
    Ok(())
}
