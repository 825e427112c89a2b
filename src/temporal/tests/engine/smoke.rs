//! A run from its plan to its end.

use sortie::model::settings::SettingValues;
use sortie::simulator::Faults;
use sortie_temporal::client::Submitted;

use crate::rig::{InProcessWorker, Tenant, finish, hand_over, job_of, submit, workspace};
use crate::server::DevServer;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_sent_once_and_a_second_submission_changes_nothing() {
    let Some(server) = DevServer::start() else { return };
    let dir = tempfile::tempdir().expect("a directory");
    let tenant = Tenant::of_macs(120, Faults::default()).await;
    let workspace = workspace(dir.path());
    let text = job_of("check-in", 120);
    let (header, tasks) =
        hand_over(&workspace, &tenant, &text, SettingValues::default(), "120").await;
    let client = server.client().await;
    let (submission, submitted) = submit(&client, &header, &tasks).await;
    assert_eq!(submitted, Submitted::New);
    assert_eq!(submission.shards.len(), 2);
    let _worker = InProcessWorker::start(&server, &[&tenant], dir.path()).await;
    let (result, entries) = finish(&client, &submission).await;
    assert_eq!(result.progress.settled, 120, "{:?}", result.progress);
    assert!(entries.len() > 240);
    let ledger = tenant.server.ledger();
    assert!(tenant.ids.iter().all(|id| ledger.count(id, "daily-checkin") == 1));
    let (_, again) = submit(&client, &header, &tasks).await;
    assert_eq!(again, Submitted::Before);
    assert!(tenant.ids.iter().all(|id| tenant.server.ledger().count(id, "daily-checkin") == 1));
}
