//! Embedding a run: a job, a tenant, the plan, the consent and the run, with every guard on, without the command line.
//!
//! `cargo run --example embed_run` restarts three simulated Macs and tells how each ended.

#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use sortie::app::tenant::TenantRequest;
use sortie::app::{Attended, Consent, Events, Operation, PrepareRequest, RunSettings, Workspace};
use sortie::job::{Input, ParseOptions, parse};
use sortie::model::settings::{SettingSource, SettingValue, SettingValues, output};

const JOB: &str =
    "serial_number,action\nC02AA1ABJGH5,restart\nC02AA2ABJGH5,restart\nC02AA3ABJGH5,restart\n";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let input = Input { name: "macs.csv", bytes: JOB.as_bytes() };
    let job = parse(&input, &ParseOptions::default(), &|_| Err("no other file".to_owned()))?;
    let directory = tempfile::tempdir()?;
    let mut values = SettingValues::default();
    let reports = SettingValue::Path(directory.path().join("reports"));
    values.set(&output::REPORT_DIR, reports, SettingSource::Profile);

    let workspace = Workspace::open(&directory.path().join("state"), Events::new())?;
    // With a real tenant, the request names an address and where its token is.
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
    println!("to confirm: {:?}", prepared.question().needed());
    let consent = Consent::InAdvance { yes: false, words: Some("3".to_owned()) };
    let ended = workspace.start(prepared, &consent, Operation::unattended()).await?;
    for (outcome, tasks) in ended.counts.iter() {
        println!("{tasks} of run {}: {outcome}", ended.run);
    }
    Ok(())
}
