//! Workers of a newer program go on with the runs of an older one.
//!
//! Owns the recorded histories in `tests/histories`. They stay for as long as a run of their version may be in progress; a change that does
//! not replay them needs a workflow of a new name. Must never be repaired by recording a history again.

use std::path::PathBuf;

use sortie::model::settings::SettingValues;
use sortie::simulator::{Faults, Switches};
use sortie_temporal::client;
use sortie_temporal::workflows::{Quota, Section, Shard};
use temporalio_client::{Client, WorkflowFetchHistoryOptions, WorkflowHandle, WorkflowHistory};
use temporalio_sdk::workflow_replayer::{WorkflowReplayer, WorkflowReplayerOptions};

use crate::keys::Key;
use crate::rig::{
    InProcessWorker, Tenant, all_at_once, hand_over_with, job_of, settled, submit, submit_to,
    workspace,
};
use crate::server::DevServer;

/// The workflows whose histories are kept.
const RECORDED: [&str; 3] = ["shard-1", "section-1", "quota-1"];

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/histories/{name}.json"))
}

async fn replay(json: &[u8]) -> Result<(), String> {
    let options = WorkflowReplayerOptions::new()
        .register_workflow::<Shard>()
        .and_then(|options| options.register_workflow::<Section>())
        .and_then(|options| options.register_workflow::<Quota>())
        .map_err(|error| error.to_string())?
        .build();
    let replayer = WorkflowReplayer::new(options).map_err(|error| error.to_string())?;
    let history = WorkflowHistory::from_json(json).map_err(|error| error.to_string())?;
    replayer.replay_workflow(history).await.map_err(|error| format!("{error:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_histories_are_replayed_as_they_were() {
    for name in RECORDED {
        let json = std::fs::read(path(name)).expect("a recorded history");
        replay(&json).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_of_another_program_is_not_replayed() {
    let json = std::fs::read_to_string(path("shard-1")).expect("a recorded history");
    let other = json.replace("sortie-call-1", "sortie-call-2");
    assert_ne!(json, other);
    let error = replay(other.as_bytes()).await.expect_err("it made another call");
    assert!(error.to_lowercase().contains("determinis"), "{error}");
}

/// Records the histories of this version: `cargo test -p sortie-temporal --test engine -- --ignored record_histories`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "writes the histories of a new version of a workflow"]
async fn record_histories() {
    let Some(server) = DevServer::start() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let tenant = Tenant::of_macs(3, Faults::default()).await;
    let workspace = workspace(dir.path());
    let keys = [Key::new().public()];
    let values = SettingValues::default();
    let (header, tasks) =
        hand_over_with(&workspace, &tenant, &job_of("lock", 3), values, &keys, None).await;
    let client = server.client().await;
    let (submission, _) = submit(&client, &header, &tasks).await;
    let _worker = InProcessWorker::start(&server, &[&tenant], dir.path()).await;
    client::ended(&client, &submission.section_id).await.expect("it ends");
    let ids = [&submission.shards[0].0, &submission.section_id, &submission.quota_id];
    for (name, id) in RECORDED.into_iter().zip(ids) {
        assert!(!path(name).exists(), "{name} is recorded already");
        let json = history(&client, id).to_json().await.expect("a history");
        std::fs::write(path(name), json).expect("written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_on_with_a_worker_of_another_build() {
    let Some(server) = DevServer::start() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let tenant = Tenant::of_macs(40, Faults::default()).await;
    let workspace = workspace(dir.path());
    let values = SettingValues::default();
    let (mut header, mut tasks) =
        hand_over_with(&workspace, &tenant, &job_of("restart", 40), values, &[], None).await;
    all_at_once(&mut header, &mut tasks);
    header.policy.per_second = 8;
    tenant.server.with_world(|world| {
        let switches = Switches { push_ms: 100..=400, run_ms: 200..=1_500, ..Switches::default() };
        *world.switches_mut() = switches;
    });
    let client = server.client().await;
    let section = submit_to(&client, &header, &tasks, None).await;
    let older = InProcessWorker::build(&server, &[&tenant], dir.path(), "older").await;
    while settled(&client, &section).await < 5 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    drop(older);
    let _newer = InProcessWorker::build(&server, &[&tenant], dir.path(), "newer").await;
    let result = client::ended(&client, &section).await.expect("it ends");
    assert_eq!(result.progress.outcomes.get("completed"), Some(&40), "{:?}", result.progress);
    assert!(tenant.server.ledger().duplicates().is_empty());
    let events = history(&client, &format!("{section}/0000")).to_json().await.expect("json");
    let events = String::from_utf8(events).expect("text");
    assert!(events.contains("older") && events.contains("newer"), "one worker did all");
}

/// The history of a workflow so far.
pub fn history(client: &Client, id: &str) -> WorkflowHistory {
    // The type of the handle says nothing about what is read.
    let handle: WorkflowHandle<Client, Shard> = client.get_workflow_handle(id);
    handle.fetch_history(WorkflowFetchHistoryOptions::default())
}
