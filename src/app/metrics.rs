//! The metrics of a job, from its latest run and the host's record.
//!
//! Owns which run they are about and when the job last ended well. They come from what the state directory holds, so a run
//! that fails or never begins hides neither the doubts of the run before nor the last success. Must never change anything but
//! the file of metrics.

use std::io;
use std::path::{Path, PathBuf};

use crate::app::Workspace;
use crate::app::refusal::Reason;
use crate::app::runs::run_view::RunView;
use crate::app::tenant::is_simulated_name;
use crate::journal::{RunReader, RunRow};
use crate::model::UnixMillis;
use crate::report::{JobMetrics, ReportRow, RunMetrics, metrics_path, write_metrics};

/// When metrics are made.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum MetricsMoment {
    /// While this process drives the run.
    GoingOn,
    /// After a command of the job, which ended with this code.
    Ended {
        /// As its caller counts.
        exit_code: u8,
    },
    /// After a person has decided about a run. No command of the job has ended.
    Decided,
}

/// Where the name of a job comes from.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum JobNameSource {
    /// From the job, or from its run.
    Job,
    /// From the job's file, because the job could not be read. Its runs may have another name.
    File,
}

/// What metrics are asked for.
#[derive(Clone, Debug)]
pub struct MetricsRequest<'a> {
    /// The job by its name.
    pub job: &'a str,
    /// Where that name comes from.
    pub name: JobNameSource,
    /// Its tenant; empty where it is not known.
    pub tenant: &'a str,
    /// The run that the command drives or drove; `None` for the latest run of the job.
    pub run: Option<&'a str>,
    /// When they are made.
    pub moment: MetricsMoment,
    /// Now.
    pub now: UnixMillis,
}

impl MetricsRequest<'_> {
    /// What is known without a state directory.
    #[must_use]
    pub fn without_runs(&self) -> JobMetrics {
        let exit_code = match self.moment {
            MetricsMoment::Ended { exit_code } => Some(exit_code),
            MetricsMoment::GoingOn | MetricsMoment::Decided => None,
        };
        JobMetrics {
            job: self.job.to_owned(),
            tenant: self.tenant.to_owned(),
            exit_code,
            ended_at: exit_code.map(|_| self.now),
            succeeded_at: None,
            run: None,
        }
    }
}

/// A file of metrics that could not be written.
#[derive(Debug)]
pub struct MetricsFailure {
    /// The file.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

impl Workspace {
    /// The metrics of a job.
    ///
    /// # Errors
    /// The index or the run cannot be read.
    pub fn metrics(&self, request: &MetricsRequest<'_>) -> Result<JobMetrics, Reason> {
        // Without a tenant it is the latest real one of the job: a trial says nothing about it.
        let is_of_tenant = |row: &RunRow| match request.tenant {
            "" => !is_simulated_name(&row.tenant),
            tenant => row.tenant == tenant,
        };
        let is_of_job = |row: &RunRow| row.job == request.job && is_of_tenant(row);
        let row = match request.run {
            Some(run) => Some(self.index().find_run(run)?),
            None => self.index().runs()?.into_iter().find(is_of_job),
        };
        let mut metrics = request.without_runs();
        if let Some(row) = &row {
            (metrics.job, metrics.tenant) = (row.job.clone(), row.tenant.clone());
            metrics.run = Some(self.run_metrics(row, request)?);
        }
        let succeeded_at = self.index().last_success(&metrics.job, &metrics.tenant)?;
        // A job that is known by its file alone may have runs under another name: its last success is unknown.
        let is_known = row.is_some() || request.name == JobNameSource::Job;
        metrics.succeeded_at = succeeded_at.or(is_known.then_some(UnixMillis(0)));
        Ok(metrics)
    }

    /// The file of metrics that a run keeps, with its job and its tenant; `None` where it keeps none, or is a trial.
    ///
    /// # Errors
    /// There is no such run, or it cannot be read.
    pub fn metrics_file_of(&self, run: &str) -> Result<Option<(PathBuf, RunRow)>, Reason> {
        let row = self.index().find_run(run)?;
        let header = RunReader::open(&self.dir, &row.id)?.header()?;
        let kept = header.filter(|header| !header.simulated).and_then(|it| it.metrics_file);
        Ok(kept.map(|path| (path, row)))
    }

    fn run_metrics(
        &self,
        row: &RunRow,
        request: &MetricsRequest<'_>,
    ) -> Result<RunMetrics, Reason> {
        let view = RunView::read(&self.dir, &row.id)?;
        let reader = RunReader::open(&self.dir, &row.id)?;
        let is_driven = request.moment == MetricsMoment::GoingOn || self.dir.is_held(&row.id);
        let left_at = (!is_driven).then(|| row.ended_at.unwrap_or(request.now));
        let per_hour = view.header.policy.per_hour;
        let used = self.quota(&view.header.base_url, per_hour).spent(request.now).ok();
        Ok(RunMetrics {
            started_at: view.header.started_at,
            left_at,
            duration_ms: left_at.unwrap_or(request.now).remaining_ms(view.header.started_at),
            counts: view.rows().outcomes(),
            rate_limited: reader.rate_limited()?,
            pauses: reader.pauses()?,
            pins_missing: view.rows().iter().filter(ReportRow::lacks_pin).count() as u64,
            requests: view.requests,
            quota: used.map(|used| (used, per_hour)),
        })
    }
}

/// Writes metrics to a file, whose name may say `{job}` and `{tenant}`.
///
/// # Errors
/// [`MetricsFailure`]; an earlier version of the file is unchanged then.
pub fn save_metrics(path: &Path, metrics: &JobMetrics) -> Result<(), MetricsFailure> {
    let path = metrics_path(path, &metrics.job, &metrics.tenant);
    write_metrics(&path, metrics).map_err(|error| MetricsFailure { path, error })
}
