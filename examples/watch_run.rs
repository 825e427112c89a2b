//! Watching a run: the stream of events that every front end gets, without a secret in it.
//!
//! `cargo run --example watch_run` checks in two simulated Macs, and tells what happens while it goes on.

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use sortie::app::tenant::TenantRequest;
use sortie::app::{
    AppEvent, Attended, Consent, Events, Operation, PrepareRequest, RunSettings, Workspace,
};
use sortie::job::{Input, ParseOptions, parse};
use sortie::model::settings::{SettingSource, SettingValue, SettingValues, output};

const JOB: &str = "serial_number,action\nC02AA1ABJGH5,daily-checkin\nC02AA2ABJGH5,daily-checkin\n";

/// Tells of an event. A front end of its own would draw it.
fn tell(event: &AppEvent) {
    match event {
        AppEvent::RunEntered { run, seed, .. } => println!("run {run} begins, seed {seed}"),
        AppEvent::RunAdvanced(advanced) => {
            for entry in &advanced.entries {
                let task = entry.task.as_ref().map(|task| task.serial_number.as_str());
                println!("{} {} {}", entry.at, entry.kind, task.unwrap_or_default());
            }
        }
        AppEvent::RunReported { report_dir, .. } => println!("reports in {}", report_dir.display()),
        _ => {}
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let input = Input { name: "macs.csv", bytes: JOB.as_bytes() };
    let job = parse(&input, &ParseOptions::default(), &|_| Err("no other file".to_owned()))?;
    let directory = tempfile::tempdir()?;
    let mut values = SettingValues::default();
    let reports = SettingValue::Path(directory.path().join("reports"));
    values.set(&output::REPORT_DIR, reports, SettingSource::Profile);
    let workspace = Workspace::open(&directory.path().join("state"), Events::new())?;
    // Any number of observers may follow; each sees every event from now on.
    workspace.observe(tell);
    let tenant = TenantRequest { simulated: true, seed: Some(7), ..TenantRequest::default() };
    let request = PrepareRequest {
        tenant: &tenant,
        settings: &RunSettings::new(values, &job),
        recipients: None,
        is_named: false,
        attended: Attended::No,
        pending_ok: false,
    };
    let prepared = workspace.prepare(job, request).await?;
    workspace.start(prepared, &Consent::NONE, Operation::unattended()).await?;
    Ok(())
}
