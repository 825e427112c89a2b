//! Scheduled jobs: a workflow that a schedule starts, and the worker that plans and submits for it.
//!
//! Owns which files can be scheduled: those of one directory. Invariant: a start is planned and submitted by an activity with one
//! attempt; after a crash in between it is not repeated, because its plan may be in progress. Must never ask a person.

#![allow(missing_docs, reason = "macros of Temporal make constants of documented functions")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sortie::cli::companion::{Companion, CompanionError, ConfirmedInAdvance};
use temporalio_client::{WorkflowDescribeOptions, WorkflowExecutionStatus};
use temporalio_common::{RetryPolicy, UntypedWorkflow};
use temporalio_macros::{activities, workflow, workflow_methods};
use temporalio_sdk::activities::{ActivityContext, ActivityError};
use temporalio_sdk::{
    ActivityOptions, ApplicationFailure, Runtime, Worker, WorkerOptions, WorkflowContext,
    WorkflowResult,
};

use crate::commands::submit::submit_unattended;
use crate::connect::Server;

/// How long making a plan and submitting it may take.
const SUBMIT_WITHIN: Duration = Duration::from_secs(3_600);
/// From one look at a run to the next.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// How long one look may take.
const LOOK_WITHIN: Duration = Duration::from_secs(60);
/// Directory of the plans of scheduled jobs, in the state directory.
const PLANS: &str = "scheduled";

/// The task queue of the workers that have job files.
#[must_use]
pub fn queue_of(task_queue: &str) -> String {
    format!("{task_queue}-jobs")
}

/// What a schedule starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledStart {
    /// Name of the job's file in the directory of the workers.
    pub job: String,
    /// Flags for its plan, as `sortie plan` has them.
    #[serde(default)]
    pub flags: Vec<String>,
    /// A plain yes was given beforehand.
    #[serde(default)]
    pub yes: bool,
    /// The number of devices, or the phrase, that was given beforehand.
    #[serde(default)]
    pub confirm: Option<String>,
    /// Pending commands at the end are no error.
    #[serde(default)]
    pub pending_ok: bool,
}

/// One start, for the worker that carries it out.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanRequest {
    /// What is started.
    pub start: ScheduledStart,
    /// Id of the workflow: no two starts share it.
    pub key: String,
}

/// A run that a schedule began.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BegunRun {
    /// The name of the run.
    pub run: String,
    /// Ids of the workflows of its sections.
    pub sections: Vec<String>,
    /// Number of its tasks.
    pub tasks: u32,
}

/// A start of a scheduled job. It lasts as long as its run, so that the schedule skips the next start meanwhile.
#[workflow]
#[derive(Default)]
pub struct ScheduledRun;

#[workflow_methods]
impl ScheduledRun {
    /// Plans, submits, and waits for the end of the run.
    #[run(name = "sortie-scheduled-1")]
    pub async fn run(
        ctx: &mut WorkflowContext<Self>,
        start: ScheduledStart,
    ) -> WorkflowResult<BegunRun> {
        let request = PlanRequest { start, key: ctx.workflow_id().to_owned() };
        let mut once = ActivityOptions::start_to_close_timeout(SUBMIT_WITHIN);
        once.retry_policy = Some(RetryPolicy::builder().maximum_attempts(1).build());
        let begun = ctx.execute_activity(Jobs::plan_and_submit, request, once).await?;
        let mut looks = ActivityOptions::start_to_close_timeout(LOOK_WITHIN);
        let every = RetryPolicy::builder().initial_interval(LOOK_EVERY).backoff_coefficient(1.0);
        looks.retry_policy = Some(every.maximum_interval(LOOK_EVERY).build());
        ctx.execute_activity(Jobs::wait_for, begun.sections.clone(), looks).await?;
        Ok(begun)
    }
}

/// What a worker needs to start jobs.
pub struct Jobs {
    /// Where the job files are.
    pub directory: PathBuf,
    /// The state directory, whose caps, overlaps and plans count.
    pub state_dir: PathBuf,
    /// The server.
    pub server: Server,
    /// Public key of the workers.
    pub worker_key: Option<String>,
    /// The manner of `sortie`.
    pub companion: Companion,
}

#[activities]
impl Jobs {
    /// Plans a job and submits it.
    #[activity(name = "sortie-plan-1")]
    pub async fn plan_and_submit(
        self: Arc<Self>,
        _ctx: ActivityContext,
        request: PlanRequest,
    ) -> Result<BegunRun, ActivityError> {
        let begun = self.begin(request).await;
        begun.map_err(|error| ApplicationFailure::non_retryable(in_words(&error)).into())
    }

    /// Fails as long as a section is in progress, and is tried again by the server.
    #[activity(name = "sortie-wait-1")]
    pub async fn wait_for(
        self: Arc<Self>,
        _ctx: ActivityContext,
        sections: Vec<String>,
    ) -> Result<(), ActivityError> {
        for id in sections {
            let handle = self.server.client.get_workflow_handle::<UntypedWorkflow>(id);
            let described = handle.describe(WorkflowDescribeOptions::default()).await;
            let is_running = described
                .map_or(true, |described| described.status() == WorkflowExecutionStatus::Running);
            if is_running {
                return Err(ApplicationFailure::new("the run is in progress").into());
            }
        }
        Ok(())
    }
}

impl Jobs {
    async fn begin(&self, request: PlanRequest) -> Result<BegunRun, CompanionError> {
        let PlanRequest { start, key } = request;
        let job = self.directory.join(file_name(&start.job)?);
        let plan = self.plan_path(&key)?;
        let mut flags = vec![job.display().to_string()];
        flags.extend(start.flags.iter().cloned());
        let (companion, path) = (self.companion.clone(), plan.clone());
        // It has a runtime of its own.
        let planned = tokio::task::spawn_blocking(move || companion.save_plan(&flags, &path)).await;
        planned.map_err(|error| {
            CompanionError::new(
                sortie::app::RefusalClass::Unexpected,
                format!("planning ended by a fault: {error}"),
                "see the log of the worker, and report this bug",
            )
        })??;
        let given = ConfirmedInAdvance {
            yes: start.yes,
            confirm: start.confirm,
            pending_ok: start.pending_ok,
        };
        let workspace = self.companion.workspace()?;
        let key = self.worker_key.as_deref();
        let submitted =
            submit_unattended(&self.companion, &self.server, &workspace, &plan, &given, key)
                .await?;
        Ok(BegunRun {
            run: submitted.run,
            sections: submitted.sections,
            tasks: u32::try_from(submitted.tasks).unwrap_or(u32::MAX),
        })
    }

    /// The file of the plan of one start.
    fn plan_path(&self, key: &str) -> Result<PathBuf, CompanionError> {
        let directory = self.state_dir.join(PLANS);
        std::fs::create_dir_all(&directory).map_err(|error| {
            CompanionError::new(
                sortie::app::RefusalClass::Journal,
                format!("cannot make the directory {}: {error}", directory.display()),
                "check the disk and the permissions of the state directory",
            )
        })?;
        let safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
        let name: String =
            key.chars().map(|letter| if safe(letter) { letter } else { '-' }).collect();
        Ok(directory.join(format!("{name}.plan")))
    }
}

/// The name of a file in the directory of jobs, and nothing that leads out of it.
///
/// # Errors
/// It is a path, or begins with a dot or a dash.
pub fn file_name(job: &str) -> Result<&str, CompanionError> {
    let is_plain = Path::new(job).file_name().is_some_and(|name| name == job)
        && !job.starts_with(['.', '-'])
        && !job.contains(['/', '\\']);
    if is_plain {
        return Ok(job);
    }
    Err(CompanionError::new(
        sortie::app::RefusalClass::Usage,
        format!("'{job}' is not the name of a file in the directory of jobs"),
        "name a file of the directory that the workers were started with (--jobs DIR)",
    ))
}

/// A refusal as Temporal shows it.
fn in_words(error: &CompanionError) -> String {
    match error.next() {
        "" => error.what().to_owned(),
        next => format!("{}\nnext: {next}", error.what()),
    }
}

/// Runs a worker of scheduled jobs until `leave` ends.
///
/// # Errors
/// The server refuses the worker, or the connection is lost for good.
pub async fn run(
    server: &Server,
    jobs: Jobs,
    leave: impl Future<Output = ()>,
) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Runtime::from_current_tokio(Default::default())?;
    let options = WorkerOptions::new(queue_of(&server.task_queue))
        .register_activities(jobs)
        .register_workflow::<ScheduledRun>()?
        .build();
    let mut worker = Worker::new(&runtime, server.client.clone(), options)?;
    let shutdown = worker.shutdown_handle();
    let mut leave = std::pin::pin!(leave);
    let mut running = std::pin::pin!(worker.run());
    tokio::select! {
        ended = &mut running => return Ok(ended?),
        () = &mut leave => shutdown(),
    }
    Ok(running.await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_the_directory_can_be_scheduled() {
        for job in ["checkin.csv", "weekly restart.yaml"] {
            assert_eq!(file_name(job).expect("a plain name"), job);
        }
        for job in ["", ".", "..", "../x.csv", "/etc/passwd", "a/b.csv", "a\\b", "-x", ".hidden"] {
            assert!(file_name(job).is_err(), "{job}");
        }
    }

    #[test]
    fn a_start_of_an_older_program_can_be_read() {
        let start: ScheduledStart =
            serde_json::from_str(r#"{ "job": "checkin.csv" }"#).expect("the rest has defaults");
        assert!(start.flags.is_empty() && !start.yes && start.confirm.is_none());
    }
}
