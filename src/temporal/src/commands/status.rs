//! `sortie-temporal status`: the runs on the server, or how far one is.
//!
//! Owns what is shown of it. Must never change a run.

use clap::Args;
use serde_json::Value;
use sortie::cli::companion::{Companion, CompanionEnd, CompanionError};

use super::lookup::{progress, run_of, sections};
use crate::connect::{ConnectOptions, Server};
use crate::text::runs::{RUN_COLUMNS, STATE_COLUMNS, json_of, notes_of, run_row, state_row};

/// Flags of `status`.
#[derive(Debug, Args)]
pub struct StatusOptions {
    /// Run to show: its name, its run id, the beginning of one, or 'latest' [default: list all]
    #[arg(value_name = "RUN")]
    run: Option<String>,
}

/// Shows the runs of the server, or one of them.
///
/// # Errors
/// There is no such run, no worker answers, or the server does not.
pub async fn status(
    companion: &Companion,
    connect: &ConnectOptions,
    options: &StatusOptions,
) -> Result<CompanionEnd, CompanionError> {
    let server = connect.connect().await?;
    match &options.run {
        None => list(companion, &server).await,
        Some(name) => show(companion, &server, name).await,
    }
}

async fn list(companion: &Companion, server: &Server) -> Result<CompanionEnd, CompanionError> {
    let found = sections(server).await?;
    if companion.is_json() {
        let rows: Vec<Value> = found.iter().map(|section| json_of(section, None)).collect();
        companion.answer(&Value::Array(rows));
    } else if found.is_empty() {
        companion.say("the server has no runs; submit a plan:\n  sortie-temporal submit PLAN");
    } else {
        companion.table(&RUN_COLUMNS, found.iter().map(run_row).collect());
    }
    Ok(CompanionEnd::WELL)
}

async fn show(
    companion: &Companion,
    server: &Server,
    name: &str,
) -> Result<CompanionEnd, CompanionError> {
    let found = run_of(server, name).await?;
    let (mut rows, mut notes, mut objects) = (Vec::new(), Vec::new(), Vec::new());
    let mut failed = None;
    for section in &found {
        match progress(server, section).await {
            Ok(progress) => {
                rows.push(state_row(section, &progress));
                notes.extend(notes_of(section, &progress));
                objects.push(json_of(section, Some(&progress)));
            }
            // The other tenants are shown all the same.
            Err(error) => {
                notes.push(format!("{}: {}", section.tenant, error.what()));
                objects.push(json_of(section, None));
                failed = Some(error);
            }
        }
    }
    if companion.is_json() {
        companion.answer(&Value::Array(objects));
    } else {
        if let Some(first) = found.first() {
            companion.show(&format!(
                "run {} ({}) of job {}, submitted at {}",
                first.run, first.run_id, first.job, first.started_at
            ));
        }
        if !rows.is_empty() {
            companion.table(&STATE_COLUMNS, rows);
        }
        notes.iter().for_each(|note| companion.show(note));
    }
    failed.map_or(Ok(CompanionEnd::WELL), Err)
}
