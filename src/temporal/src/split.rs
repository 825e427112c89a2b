//! From a plan to a section and its shards.
//!
//! Owns how tasks are cut into shards: up to 100 of one tenant, all tasks of a device in one. Pure, and the same for the same plan: the ids
//! of workflows depend on it. Must never leave a task out.

use std::collections::HashMap;

use sortie::app::CallPlace;
use sortie::drive::facts_of;
use sortie::journal::RunHeader;
use sortie::model::{DeviceId, Task, TaskIndex};
use sortie::transport::tenant_key;

use crate::ids;
use crate::wire::{QuotaMessage, SectionInput, ShardInput};

/// Most tasks of a shard: its history stays far below what Temporal allows, and a host that is lost delays few.
pub const SHARD_TASKS_MAX: usize = 100;
/// Most tasks of a section. Its entries are one history, and a workflow can receive 10,000 signals: a larger job is submitted in
/// parts.
pub const SECTION_TASKS_MAX: usize = 2_500;

/// What is submitted for one tenant.
pub struct Submission {
    /// Id of the section's workflow.
    pub section_id: String,
    /// The section.
    pub section: SectionInput,
    /// Id of the workflow that keeps the tenant's quota.
    pub quota_id: String,
    /// What the keeper of the quota is told.
    pub register: QuotaMessage,
    /// The shards, with the ids of their workflows.
    pub shards: Vec<(String, ShardInput)>,
}

/// Cuts the tasks of a plan for one tenant. `worker_key` is the public key of the workers, where a PIN is drawn for a request.
#[must_use]
pub fn split(
    header: &RunHeader,
    tasks: &[Task],
    worker_key: Option<&str>,
    program: &str,
) -> Submission {
    let run = ids::run_name(&header.provenance.plan_digest).to_owned();
    let section_id = ids::section(&run, &header.tenant);
    let quota_id = ids::quota(&tenant_key(&header.base_url));
    let (facts, actions) = facts_of(tasks, &header.policy);
    let place = CallPlace {
        base_url: header.base_url.clone(),
        timeout_ms: header.policy.timeout_ms,
        per_hour: header.policy.per_hour,
        encrypt_to: header.encrypt_to.clone(),
    };
    let last_wave = facts.iter().map(|facts| facts.wave).max().unwrap_or(0);
    let shards: Vec<(String, ShardInput)> = (0_u32..)
        .zip(cut(tasks))
        .map(|(number, places)| {
            let shard = ShardInput {
                section: section_id.clone(),
                quota: quota_id.clone(),
                number,
                tenant: header.tenant.clone(),
                place: place.clone(),
                policy: header.policy.clone(),
                program: program.to_owned(),
                tasks: places.iter().map(|at| tasks[*at].clone()).collect(),
                numbers: places.iter().map(|at| number_of(*at)).collect(),
                facts: places.iter().map(|at| facts[*at].clone()).collect(),
                actions: actions.to_vec(),
                worker_key: worker_key.map(str::to_owned),
                last_wave,
                section_tasks: u32::try_from(tasks.len()).unwrap_or(u32::MAX),
            };
            (ids::shard(&section_id, number), shard)
        })
        .collect();
    let section = SectionInput {
        header: header.clone(),
        shards: shards.iter().map(|(id, _)| id.clone()).collect(),
        tasks: u32::try_from(tasks.len()).unwrap_or(u32::MAX),
        actions: actions.to_vec(),
        program: program.to_owned(),
    };
    let register = QuotaMessage::Register {
        shards: section.shards.clone(),
        per_hour: header.policy.per_hour,
        per_second: header.policy.per_second,
        irreversible_per_minute: header.policy.irreversible_per_minute,
    };
    Submission { section_id, section, quota_id, register, shards }
}

/// The places of tasks by shard, in the order of the plan.
fn cut(tasks: &[Task]) -> Vec<Vec<usize>> {
    let mut devices: Vec<Vec<usize>> = Vec::new();
    let mut known: HashMap<&DeviceId, usize> = HashMap::new();
    for (at, task) in tasks.iter().enumerate() {
        let device = *known.entry(&task.device.id).or_insert_with(|| {
            devices.push(Vec::new());
            devices.len() - 1
        });
        devices[device].push(at);
    }
    let mut shards: Vec<Vec<usize>> = Vec::new();
    for device in devices {
        match shards.last_mut().filter(|shard| shard.len() + device.len() <= SHARD_TASKS_MAX) {
            Some(shard) => shard.extend(device),
            None => shards.push(device),
        }
    }
    shards.iter_mut().for_each(|shard| shard.sort_unstable());
    shards
}

fn number_of(at: usize) -> TaskIndex {
    TaskIndex(u32::try_from(at).unwrap_or(u32::MAX))
}
