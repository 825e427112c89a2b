//! What a client does with runs on Temporal: start, ask, tell.
//!
//! Owns the order in which the workflows of a run are started, and the settings that make a second start impossible. Must never start a
//! run that was not handed over.

use temporalio_client::errors::{WorkflowInteractionError, WorkflowStartError};
use temporalio_client::{
    Client, WorkflowDescribeOptions, WorkflowGetResultOptions, WorkflowHandle,
    WorkflowIdConflictPolicy, WorkflowIdReusePolicy, WorkflowQueryOptions, WorkflowSignalOptions,
    WorkflowStartOptions,
};
use temporalio_common::MemoValues;

use crate::split::Submission;
use crate::tenant_quota::TenantQuota;
use crate::wire::{
    EntryPage, QuotaMessage, SectionInput, SectionMessage, SectionProgress, SectionResult,
    ShardInput,
};
use crate::workflows::{Quota, Section, Shard};

/// Why something could not be done on the server.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server refused, or cannot be reached.
    #[error("Temporal: {0}")]
    Server(String),
}

/// What became of a submission.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// The run is new.
    New,
    /// An earlier submission had been interrupted; it is whole now.
    Completed,
    /// The plan was submitted before.
    Before,
}

fn server(error: impl std::fmt::Display) -> ClientError {
    ClientError::Server(error.to_string())
}

/// Starts the section of a run, or what is missing of it. Sending begins once all shards are there.
///
/// # Errors
/// [`ClientError`]. The same submission can be repeated: what is there is not started again.
pub async fn submit(
    client: &Client,
    task_queue: &str,
    submission: &Submission,
) -> Result<Submitted, ClientError> {
    let mut options = once(task_queue, &submission.section_id);
    options.memo = Some(memo_of(&submission.section));
    let is_new =
        is_started(client.start_workflow(Section::run, submission.section.clone(), options).await)?;
    let mut missing: Vec<&(String, ShardInput)> = Vec::new();
    for shard in &submission.shards {
        if is_new || !exists(client, &shard.0).await? {
            missing.push(shard);
        }
    }
    if missing.is_empty() {
        return Ok(if is_new { Submitted::New } else { Submitted::Before });
    }
    // The keeper of the quota knows the shards before they ask.
    let register = match submission.register.clone() {
        QuotaMessage::Register { per_hour, per_second, irreversible_per_minute, .. } => {
            let shards = missing.iter().map(|(id, _)| id.clone()).collect();
            QuotaMessage::Register { shards, per_hour, per_second, irreversible_per_minute }
        }
        other => other,
    };
    let options = WorkflowStartOptions::new(task_queue, submission.quota_id.as_str())
        .id_reuse_policy(WorkflowIdReusePolicy::AllowDuplicate)
        .id_conflict_policy(WorkflowIdConflictPolicy::UseExisting)
        .build();
    let quota = TenantQuota::default();
    client
        .signal_with_start_workflow(Quota::run, quota, Quota::ask, vec![register], options)
        .await
        .map_err(server)?;
    for (id, shard) in missing {
        let options = once(task_queue, id);
        is_started(client.start_workflow(Shard::run, shard.clone(), options).await)?;
    }
    Ok(if is_new { Submitted::New } else { Submitted::Completed })
}

/// What lists of runs show of a section, without a worker.
fn memo_of(section: &SectionInput) -> MemoValues {
    let header = &section.header;
    let mut memo = MemoValues::new();
    memo.insert("run_id", header.run.0.clone());
    memo.insert("job", header.job.clone());
    memo.insert("tenant", header.tenant.clone());
    memo.insert("tasks", section.tasks);
    memo
}

/// Options of a workflow whose id is used once for all time that the server remembers.
fn once(task_queue: &str, id: &str) -> WorkflowStartOptions {
    WorkflowStartOptions::new(task_queue, id)
        .id_reuse_policy(WorkflowIdReusePolicy::RejectDuplicate)
        .id_conflict_policy(WorkflowIdConflictPolicy::Fail)
        .build()
}

fn is_started<T>(result: Result<T, WorkflowStartError>) -> Result<bool, ClientError> {
    match result {
        Ok(_) => Ok(true),
        Err(WorkflowStartError::AlreadyStarted { .. }) => Ok(false),
        Err(error) => Err(server(error)),
    }
}

async fn exists(client: &Client, shard: &str) -> Result<bool, ClientError> {
    let handle: WorkflowHandle<Client, Shard> = client.get_workflow_handle(shard);
    match handle.describe(WorkflowDescribeOptions::default()).await {
        Ok(_) => Ok(true),
        Err(WorkflowInteractionError::NotFound(_)) => Ok(false),
        Err(error) => Err(server(error)),
    }
}

fn section(client: &Client, id: &str) -> WorkflowHandle<Client, Section> {
    client.get_workflow_handle(id)
}

/// How far a section is. A worker has to be there to answer.
///
/// # Errors
/// [`ClientError`].
pub async fn progress(client: &Client, id: &str) -> Result<SectionProgress, ClientError> {
    let options = WorkflowQueryOptions::default();
    section(client, id).query(Section::progress, (), options).await.map_err(server)
}

/// The section as it was submitted.
///
/// # Errors
/// [`ClientError`].
pub async fn section_input(client: &Client, id: &str) -> Result<SectionInput, ClientError> {
    let options = WorkflowQueryOptions::default();
    section(client, id).query(Section::input, (), options).await.map_err(server)
}

/// A shard as it was submitted.
///
/// # Errors
/// [`ClientError`].
pub async fn shard_input(client: &Client, id: &str) -> Result<ShardInput, ClientError> {
    let handle: WorkflowHandle<Client, Shard> = client.get_workflow_handle(id);
    handle.query(Shard::input, (), WorkflowQueryOptions::default()).await.map_err(server)
}

/// Entries of a section, from a place on.
///
/// # Errors
/// [`ClientError`].
pub async fn entries(client: &Client, id: &str, from: u32) -> Result<EntryPage, ClientError> {
    let options = WorkflowQueryOptions::default();
    section(client, id).query(Section::entries, from, options).await.map_err(server)
}

/// Tells a section something.
///
/// # Errors
/// [`ClientError`].
pub async fn tell(client: &Client, id: &str, message: SectionMessage) -> Result<(), ClientError> {
    let options = WorkflowSignalOptions::default();
    section(client, id).signal(Section::tell, vec![message], options).await.map_err(server)
}

/// Waits for the end of a section.
///
/// # Errors
/// [`ClientError`].
pub async fn ended(client: &Client, id: &str) -> Result<SectionResult, ClientError> {
    section(client, id).get_result(WorkflowGetResultOptions::default()).await.map_err(server)
}
