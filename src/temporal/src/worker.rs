//! A worker: the process that makes calls and replays workflows.
//!
//! Owns its limits. Must never start without knowing where its tokens are.

use std::time::Duration;

use temporalio_client::Client;
use temporalio_common::worker::{WorkerDeploymentOptions, build_id_from_current_exe};
use temporalio_sdk::runtime::worker_tuner::{FixedSizeSlotSupplier, TunerHolder};
use temporalio_sdk::{Runtime, Worker, WorkerOptions};

use crate::activities::Calls;
use crate::workflows::{Quota, Section, Shard};

/// How long calls in progress may take after a signal to leave.
const LEAVE_WITHIN: Duration = Duration::from_secs(90);

/// Calls that a worker holds at once: most of them wait for their moment, a few seconds at the most.
const CALLS_MAX: usize = 1_000;
/// Workflow tasks at once: each takes a processor for milliseconds.
const WORKFLOW_TASKS_MAX: usize = 32;

/// The task queue where nothing else is said.
pub const TASK_QUEUE: &str = "sortie";

/// Runs a worker until `leave` ends; then calls in progress are waited for.
///
/// # Errors
/// The server refuses the worker, or the connection is lost for good.
pub async fn run(
    client: Client,
    task_queue: &str,
    calls: Calls,
    leave: impl Future<Output = ()>,
) -> Result<(), Box<dyn std::error::Error>> {
    run_build(client, task_queue, calls, build_id_from_current_exe(), leave).await
}

/// The same as a program with this build id, which histories keep beside what it decided.
///
/// # Errors
/// As for [`run`].
pub async fn run_build(
    client: Client,
    task_queue: &str,
    calls: Calls,
    build_id: &str,
    leave: impl Future<Output = ()>,
) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = Runtime::from_current_tokio(Default::default())?;
    let options = WorkerOptions::new(task_queue)
        .register_activities(calls)
        .register_workflow::<Shard>()?
        .register_workflow::<Section>()?
        .register_workflow::<Quota>()?
        .graceful_shutdown_period(LEAVE_WITHIN)
        .tuner(slots())
        .deployment_options(WorkerDeploymentOptions::from_build_id(build_id.to_owned()))
        .build();
    let mut worker = Worker::new(&runtime, client, options)?;
    let shutdown = worker.shutdown_handle();
    let mut leave = std::pin::pin!(leave);
    let mut running = std::pin::pin!(worker.run());
    tokio::select! {
        ended = &mut running => return Ok(ended?),
        () = &mut leave => shutdown(),
    }
    Ok(running.await?)
}

fn slots() -> TunerHolder {
    TunerHolder::builder()
        .workflow_task_slot_supplier(FixedSizeSlotSupplier::new(WORKFLOW_TASKS_MAX))
        .activity_task_slot_supplier(FixedSizeSlotSupplier::new(CALLS_MAX))
        .local_activity_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .nexus_task_slot_supplier(FixedSizeSlotSupplier::new(1))
        .build()
}
