//! `sortie-temporal submit`: a saved plan becomes a run of workflows.
//!
//! Owns the order: everything that `sortie run PLAN` checks and asks, the hand over, then the workflows. Must never start a workflow
//! whose id may be used again, and never submit a plan to two places.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use sortie::app::{HandOverReason, Reason, RefusalClass, Sent, Workspace, read_plan};
use sortie::cli::companion::{
    Companion, CompanionEnd, CompanionError, ConfirmOptions, ConfirmedInAdvance,
};
use sortie::drive::{Clock, WallClock};
use sortie::journal::RunHeader;
use sortie::plan::{PlanFile, is_plan_set};
use temporalio_client::WorkflowDescribeOptions;
use temporalio_client::errors::WorkflowInteractionError;
use temporalio_common::UntypedWorkflow;

use crate::client;
use crate::connect::{ConnectOptions, Server};
use crate::ids;
use crate::split::{SECTION_TASKS_MAX, split};
use crate::text::trouble;

/// Name and version of the program, for the records.
const PROGRAM: &str = concat!("sortie-temporal ", env!("CARGO_PKG_VERSION"));

/// Bytes that tell a plan from the plans of several tenants.
const HEAD_BYTES: u64 = 256;

/// Flags of `submit`.
#[derive(Debug, Args)]
pub struct SubmitOptions {
    /// Plan file to submit, as 'sortie plan JOB --out PLAN' saves it
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Encrypt PINs that are drawn for requests to this public key of the workers
    #[arg(long, env = "SORTIE_WORKER_KEY", hide_env_values = true, value_name = "AGE_KEY")]
    worker_key: Option<String>,
    #[command(flatten)]
    confirm: ConfirmOptions,
}

/// A run that was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmittedRun {
    /// The name of the run on this engine.
    pub run: String,
    /// Ids of the workflows of its sections.
    pub sections: Vec<String>,
    /// Number of its tasks.
    pub tasks: usize,
    /// Number of its shards.
    pub shards: usize,
}

/// Submits a plan.
///
/// # Errors
/// A check refuses, the consent is not enough, or the server does not take the run.
pub async fn submit(
    companion: &Companion,
    connect: &ConnectOptions,
    options: &SubmitOptions,
) -> Result<CompanionEnd, CompanionError> {
    let workspace = companion.workspace()?;
    refuse_set(&options.plan)?;
    let plan = read_plan(&options.plan).map_err(Reason::from)?;
    // Before a person is asked: a plan that cannot be submitted needs no answer.
    let server = connect.connect().await?;
    refuse_large(&plan)?;
    refuse_long(&plan, &server)?;
    let worker_key = options.worker_key.as_deref();
    refuse_without_worker_key(&plan, worker_key)?;
    let known = workspace.handed_over(&plan)?;
    let header = match &known {
        Some(known) => {
            let header = workspace.resume_hand_over(&plan, known)?;
            companion.say(&format!(
                "the plan was confirmed and handed over at {} as run {}; completing its submission",
                known.at, header.run.0
            ));
            header
        }
        None => {
            let (prepared, consent) =
                companion.confirm_plan(&workspace, &options.plan, &options.confirm)?;
            workspace.hand_over(&prepared, &consent)?
        }
    };
    let submitted = start(&server, &workspace, &plan, &header, worker_key).await?;
    companion.say(&format!(
        "submitted run {} ({}): {} in {} to {}",
        submitted.run,
        header.run.0,
        trouble::counted(submitted.tasks, "task"),
        trouble::counted(submitted.shards, "shard"),
        server.place.shown()
    ));
    companion.say(&format!("see its progress:\n  sortie-temporal status {}", submitted.run));
    match companion.is_json() {
        true => companion.answer(&json!({
            "run": submitted.run, "run_id": header.run.0, "tenant": header.tenant,
            "tasks": submitted.tasks, "shards": submitted.shards, "workflows": submitted.sections,
            "namespace": server.place.namespace, "task_queue": server.task_queue,
        })),
        false => companion.show(&submitted.run),
    }
    Ok(CompanionEnd::WELL)
}

/// Submits a plan that was confirmed beforehand, from a worker.
///
/// # Errors
/// As [`submit`].
pub async fn submit_unattended(
    companion: &Companion,
    server: &Server,
    workspace: &Workspace,
    path: &Path,
    given: &ConfirmedInAdvance,
    worker_key: Option<&str>,
) -> Result<SubmittedRun, CompanionError> {
    let (plan, header) =
        hand_over_unattended(companion, server, workspace, path, given, worker_key)?;
    start(server, workspace, &plan, &header, worker_key).await
}

/// Everything up to the first workflow.
fn hand_over_unattended(
    companion: &Companion,
    server: &Server,
    workspace: &Workspace,
    path: &Path,
    given: &ConfirmedInAdvance,
    worker_key: Option<&str>,
) -> Result<(PlanFile, RunHeader), CompanionError> {
    let plan = read_plan(path).map_err(Reason::from)?;
    refuse_large(&plan)?;
    refuse_long(&plan, server)?;
    refuse_without_worker_key(&plan, worker_key)?;
    let header = match workspace.handed_over(&plan)? {
        Some(known) => workspace.resume_hand_over(&plan, &known)?,
        None => {
            let (prepared, consent) = companion.unattended_plan(workspace, path, given)?;
            workspace.hand_over(&prepared, &consent)?
        }
    };
    Ok((plan, header))
}

/// Refuses the plans of several tenants in one file: each tenant's plan is submitted by itself.
fn refuse_set(path: &Path) -> Result<(), CompanionError> {
    use std::io::Read;
    let mut head = Vec::new();
    // What cannot be read is refused where the plan is read.
    if path.is_file()
        && let Ok(file) = std::fs::File::open(path)
    {
        let _ = file.take(HEAD_BYTES).read_to_end(&mut head);
    }
    if !is_plan_set(&head) {
        return Ok(());
    }
    Err(CompanionError::new(
        RefusalClass::Usage,
        "the file has the plans of several tenants, and a run on Temporal is submitted per tenant",
        "write one plan for each tenant, and submit each:\n  sortie plan JOB --tenants NAME --out NAME.plan",
    ))
}

/// Refuses a run that may send after the namespace has forgotten its workflows: until then the server itself refuses a second one.
fn refuse_long(plan: &PlanFile, server: &Server) -> Result<(), CompanionError> {
    let now = WallClock.now();
    let ends = plan.sending_ends(now);
    let retention_ms = server.retention_ms;
    if ends <= now.plus_ms(retention_ms) {
        return Ok(());
    }
    Err(Reason::from(HandOverReason::OutlastsRetention { ends, retention_ms }).into())
}

/// Refuses a plan with more tasks than one history holds.
fn refuse_large(plan: &PlanFile) -> Result<(), CompanionError> {
    let tasks = plan.plan.tasks.len();
    if tasks <= SECTION_TASKS_MAX {
        return Ok(());
    }
    Err(CompanionError::new(
        RefusalClass::Usage,
        format!(
            "the plan has {tasks} tasks, but a run on Temporal has at most {SECTION_TASKS_MAX} per tenant"
        ),
        "split the job, then make a plan of each part",
    ))
}

/// Refuses a plan whose PINs would have to be drawn where no key of the workers is named.
fn refuse_without_worker_key(
    plan: &PlanFile,
    worker_key: Option<&str>,
) -> Result<(), CompanionError> {
    let facts = sortie::drive::facts_of(&plan.plan.tasks, &plan.rules).0;
    let draws = facts.iter().any(|facts| facts.draws_pin && facts.ended.is_none());
    if worker_key.is_some() || !draws {
        return Ok(());
    }
    Err(CompanionError::new(
        RefusalClass::Policy,
        "the plan needs new PINs, and no key of the workers is named to encrypt them to",
        "give the public key whose private key the workers have (worker --identity FILE):\n  sortie-temporal submit PLAN --worker-key age1...",
    ))
}

/// Starts the workflows of a run that was handed over. Each may be started again: the server refuses the second one.
async fn start(
    server: &Server,
    workspace: &Workspace,
    plan: &PlanFile,
    header: &RunHeader,
    worker_key: Option<&str>,
) -> Result<SubmittedRun, CompanionError> {
    let submission = split(header, &plan.plan.tasks, worker_key, PROGRAM);
    let run = ids::run_name(&header.provenance.plan_digest).to_owned();
    // From here on another place must not get it.
    workspace.begin_submission(&header.run.0, &server.place.shown())?;
    refuse_stranger(server, &submission.section_id, header, &run).await?;
    let began = client::submit(&server.client, &server.task_queue, &submission).await;
    began.map_err(|error| {
        trouble::of_client(&error).after(Sent::Unknown).state(
            "the run was handed over, and a part of it may be in progress; submit the plan again to complete it",
        )
    })?;
    workspace.end_submission(&header.run.0)?;
    Ok(SubmittedRun {
        run,
        sections: vec![submission.section_id],
        tasks: plan.plan.tasks.len(),
        shards: submission.shards.len(),
    })
}

/// Refuses a plan that another state directory submitted: a copy of this one, perhaps.
async fn refuse_stranger(
    server: &Server,
    section: &str,
    header: &RunHeader,
    run: &str,
) -> Result<(), CompanionError> {
    let handle = server.client.get_workflow_handle::<UntypedWorkflow>(section);
    let described = match handle.describe(WorkflowDescribeOptions::default()).await {
        Ok(described) => described,
        Err(WorkflowInteractionError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(trouble::of(&error)),
    };
    let theirs: Option<String> = described.memo().get("run_id").ok().flatten();
    if theirs.as_deref() == Some(header.run.0.as_str()) {
        return Ok(());
    }
    let theirs = theirs.unwrap_or_default();
    Err(CompanionError::new(
        RefusalClass::Policy,
        format!("the plan was submitted from another state directory, as run {run} ({theirs})"),
        format!("see its progress:\n  sortie-temporal status {run}"),
    ))
}
