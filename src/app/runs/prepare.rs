//! From a job, a plan or an earlier run to a run that is ready to be confirmed.
//!
//! Owns which policy, keys, tenant and earlier runs count for it. Only reads. Must never connect a plan or a retry to another tenant
//! than its own.

use std::path::Path;
use std::sync::OnceLock;

use super::prepared::{PlanSource, Prepared, approval_of};
use super::retry::{TakenUp, Takeover};
use crate::app::notify::TenantKind;
use crate::app::planning::earlier::LookBack;
use crate::app::planning::make::{Naming, PlanInputs, Planned, make_plan};
use crate::app::planning::plan_files::read_plan;
use crate::app::policy_file::PolicyFile;
use crate::app::preflight::{Attended, plan_file_may_start};
use crate::app::secrets::Recipients;
use crate::app::settings::RunSettings;
use crate::app::tenant::{Connection, TenantRequest};
use crate::app::{Reason, Workspace};
use crate::drive::{Clock, WallClock};
use crate::job::Job;
use crate::journal::RequestCounts;
use crate::model::settings::targets;
use crate::plan::PlanFile;

/// What a run is prepared with besides its job.
pub struct PrepareRequest<'a> {
    /// What names its tenant and holds a token for it.
    pub tenant: &'a TenantRequest,
    /// Its settings, the job's included.
    pub settings: &'a RunSettings,
    /// Whom its secrets are encrypted to; `None` if there is none.
    pub recipients: Option<Recipients>,
    /// The job is a file whose name tells it from others.
    pub is_named: bool,
    /// Whether a person can be asked between waves.
    pub attended: Attended,
    /// Pending commands at the end are no error.
    pub pending_ok: bool,
}

/// What a plan in a file is prepared with.
pub struct PlanFileRequest<'a> {
    /// Path of the plan file.
    pub path: &'a Path,
    /// The approval of the plan; the file beside the plan where none is named.
    pub approval: Option<&'a Path>,
    /// What names its tenant and holds a token for it.
    pub tenant: &'a TenantRequest,
    /// Whether a person can be asked between waves.
    pub attended: Attended,
    /// Pending commands at the end are no error.
    pub pending_ok: bool,
}

/// A plan that was read from a file.
pub(crate) struct Frozen<'a> {
    /// Path of the file.
    pub path: &'a Path,
    /// The plan.
    pub file: PlanFile,
    /// The approval of the plan; the file beside the plan where none is named.
    pub approval: Option<&'a Path>,
}

impl Workspace {
    /// Plans a job against its tenant.
    ///
    /// # Errors
    /// The tenant cannot be read, or no plan can be made. What is wrong with the plan is preflight's to say.
    pub async fn prepare(&self, job: Job, request: PrepareRequest<'_>) -> Result<Prepared, Reason> {
        let name = job.name.clone();
        self.noted(&name, self.prepare_from(job, PlanSource::Job, request).await)
    }

    /// Plans what an earlier run left, which the new run takes over.
    ///
    /// # Errors
    /// As [`Workspace::prepare`].
    pub async fn prepare_retry(
        &self,
        work: RetryWork,
        request: PrepareRequest<'_>,
    ) -> Result<Prepared, Reason> {
        let name = work.job.name.clone();
        let source = PlanSource::Retry(work.takeover);
        self.noted(&name, self.prepare_from(*work.job, source, request).await)
    }

    /// Prepares a plan as it is in its file.
    ///
    /// # Errors
    /// The file is no plan, it may not be started here and now, or there is no connection to its tenant.
    pub fn prepare_plan_file(&self, request: &PlanFileRequest<'_>) -> Result<Prepared, Reason> {
        let file = read_plan(request.path)?;
        let frozen = Frozen { path: request.path, file, approval: request.approval };
        self.prepare_frozen(frozen, request.tenant, request.attended, request.pending_ok)
    }

    /// Prepares a plan that was read from a file.
    pub(crate) fn prepare_frozen(
        &self,
        frozen: Frozen<'_>,
        tenant: &TenantRequest,
        attended: Attended,
        pending_ok: bool,
    ) -> Result<Prepared, Reason> {
        let Frozen { path, file, approval } = frozen;
        let recipients = Recipients::of_run(&file.encrypt_to)?;
        self.check_channels(file.job_conditions.notify.as_deref(), TenantKind::Real)?;
        let policy = PolicyFile::read(self.path())?;
        // Before the token is looked for: a plan that cannot be started needs none.
        let may_start = plan_file_may_start(&file, self, &policy, WallClock.now());
        self.noted(&file.job, may_start)?;
        let approval = self.noted(&file.job, approval_of(path, approval))?;
        let timeout_ms = file.rules.timeout_ms;
        let connection = Connection::of_run(&file.base_url, timeout_ms, tenant)?;
        let quota = self.quota(&file.base_url, file.rules.per_hour);
        Ok(Prepared {
            connection,
            planned: Planned { file, quota, requests: RequestCounts::new() },
            source: PlanSource::PlanFile(path.to_owned()),
            job: None,
            recipients,
            policy,
            approval,
            approved_before: OnceLock::new(),
            attended,
            pending_ok,
        })
    }

    async fn prepare_from(
        &self,
        mut job: Job,
        source: PlanSource,
        request: PrepareRequest<'_>,
    ) -> Result<Prepared, Reason> {
        let PrepareRequest { tenant, settings, recipients, is_named, attended, pending_ok } =
            request;
        let kind = if tenant.simulated { TenantKind::Simulated } else { TenantKind::Real };
        self.check_channels(job.settings.notify().as_deref(), kind)?;
        let policy = PolicyFile::read(self.path())?;
        let skip_done = settings.values().is_on(&targets::SKIP_DONE);
        let connection = match &source {
            PlanSource::Retry(old) => {
                Connection::of_run(&old.header.base_url, tenant.timeout_ms, tenant)?
            }
            PlanSource::Job | PlanSource::PlanFile(_) => {
                Connection::open(tenant, Some(&job)).await?
            }
        };
        let inputs = PlanInputs {
            naming: if is_named { Naming::ByFile } else { Naming::None },
            settings,
            policy: &policy,
            look_back: match &source {
                PlanSource::Retry(old) => old.look_back(skip_done),
                PlanSource::Job | PlanSource::PlanFile(_) if skip_done => {
                    LookBack::All { except: None }
                }
                PlanSource::Job | PlanSource::PlanFile(_) => LookBack::No,
            },
            encrypt_to: &recipients.as_ref().map(Recipients::texts).unwrap_or_default(),
        };
        let planned = make_plan(&mut job, &inputs, &connection, self).await?;
        Ok(Prepared {
            connection,
            planned,
            source,
            job: Some(job),
            recipients,
            policy,
            approval: None,
            approved_before: OnceLock::new(),
            attended,
            pending_ok,
        })
    }
}

/// What there is to repeat of a run. No other process can resume the run while this exists.
pub struct RetryWork {
    job: Box<Job>,
    takeover: Box<Takeover>,
    tasks: usize,
}

impl RetryWork {
    /// The tasks as a job.
    #[must_use]
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// Id of the run that is taken over.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.takeover.row.id
    }

    /// Number of tasks that a retry would repeat.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.tasks
    }

    /// The name of the run's job tells it from others.
    #[must_use]
    pub fn is_named(&self) -> bool {
        self.takeover.header.provenance.is_named
    }
}

/// What a retry comes to.
pub enum Retry {
    /// There is nothing to repeat.
    Nothing {
        /// Id of the run.
        run: String,
        /// Name of its job.
        job: String,
        /// Its tasks by outcome.
        counts: crate::model::OutcomeCounts,
        /// Tasks that the API refused could be repeated, if they are asked for.
        may_include_refused: bool,
        /// A person closed the run: it cannot be followed.
        is_closed: bool,
    },
    /// There is work.
    Work(Box<RetryWork>),
}

impl Workspace {
    /// Looks for what there is to repeat of a run.
    ///
    /// # Errors
    /// There is no such run, another process holds it, its journal is not what was written, or its tasks make no job.
    pub fn retry(&self, run: &str, refused: crate::report::Refused) -> Result<Retry, Reason> {
        use super::retry::take_up;
        Ok(match take_up(self, run, refused)? {
            TakenUp::Nothing { row, counts, may_include_refused } => {
                let is_closed = row.state == crate::journal::RunState::Closed;
                Retry::Nothing { run: row.id, job: row.job, counts, may_include_refused, is_closed }
            }
            TakenUp::Work { job, takeover, tasks } => {
                Retry::Work(Box::new(RetryWork { job, takeover, tasks }))
            }
        })
    }
}
