//! `sortie runs`, `status` and `report`: looking, from the journal alone.
//!
//! Owns their layout. Must never speak to a tenant.

use std::collections::BTreeMap;
use std::path::Path;

use crate::app::Workspace;
use crate::app::runs::run_view::RunView;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::locations::{open_to_read, with_runs};
use crate::cli::options::{Format, GlobalOptions};
use crate::cli::terminal::printer::{Printer, table};
use crate::journal::{RunReader, RunState};
use crate::model::{Outcome, OutcomeCounts};
use crate::report::summary_text;

pub(crate) fn runs(global: &GlobalOptions, printer: &Printer) -> Result<Exit, Failure> {
    let state = open_to_read(global, printer)?;
    let runs = match &state {
        Some(state) => state.index().runs()?,
        None => Vec::new(),
    };
    let way = |run: &str| state.as_ref().and_then(|state| way_of(state, run)).unwrap_or_default();
    if printer.format == Format::Json {
        let rows: Vec<serde_json::Value> = runs
            .iter()
            .map(|run| {
                let (base_url, reached_by) = way(&run.id);
                serde_json::json!({
                    "id": run.id, "job": run.job, "tenant": run.tenant, "tasks": run.tasks,
                    "base_url": base_url, "reached_by": reached_by,
                    "state": run.state.word(), "started_at": run.started_at.to_string(),
                    "ended_at": run.ended_at.map(|at| at.to_string()), "summary": run.summary,
                })
            })
            .collect();
        printer.data(&serde_json::Value::Array(rows).to_string());
        return Ok(Exit::Well);
    }
    if runs.is_empty() {
        printer.say("no runs yet");
        return Ok(Exit::Well);
    }
    let rows: Vec<Vec<String>> = runs
        .into_iter()
        .map(|run| {
            let tasks = run.tasks.to_string();
            let started = run.started_at.to_string();
            let (base_url, reached_by) = way(&run.id);
            vec![
                run.id,
                started,
                run.state.word().to_owned(),
                run.tenant,
                run.job,
                tasks,
                run.summary,
                base_url,
                reached_by,
            ]
        })
        .collect();
    let titles =
        ["RUN", "STARTED", "STATE", "TENANT", "JOB", "TASKS", "OUTCOMES", "ADDRESS", "REACHED BY"];
    printer.show(&table(&titles, &rows));
    Ok(Exit::Well)
}

/// The address of a run, and how it was reached; nothing where its database cannot be read, which other commands tell.
fn way_of(state: &Workspace, run: &str) -> Option<(String, String)> {
    let header = RunReader::open(&state.dir, run).ok()?.header().ok()??;
    Some((header.base_url, header.provenance.reached_by))
}

pub(crate) fn status(
    global: &GlobalOptions,
    name: &str,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let state = with_runs(global, printer)?;
    let row = state.index().find_run(name)?;
    let is_held = state.dir.is_held(&row.id);
    let view = RunView::read(&state.dir, &row.id)?;
    let mut counts = OutcomeCounts::default();
    view.records.iter().for_each(|record| counts.add(record.outcome()));
    if printer.format == Format::Json {
        let outcomes: BTreeMap<&str, u32> =
            counts.iter().map(|(outcome, tasks)| (outcome.word(), tasks)).collect();
        let status = serde_json::json!({
            "run_id": row.id, "job": row.job, "tenant": row.tenant, "state": row.state.word(),
            "running": is_held, "tasks": row.tasks, "outcomes": outcomes,
            "requests": view.requests, "report_dir": view.header.report_dir,
        });
        printer.data(&status.to_string());
        return Ok(Exit::Well);
    }
    let running = if is_held { ", a process drives it now" } else { "" };
    printer.show(&format!(
        "run {} of {} on {}: {}{running}\nstarted {}, confirmed: {}\n{}reports in {}",
        row.id,
        row.job,
        row.tenant,
        row.state.word(),
        row.started_at,
        view.header.confirmation,
        summary_text(&view.facts(row.ended_at), &view.rows()),
        view.header.report_dir.display()
    ));
    if let Some(at) = state.index().prunings(&row.id)?.iter().map(|dropped| dropped.at).max() {
        printer.say(&format!("its PINs, secrets and replies were pruned at {at}"));
    }
    if !is_held && row.state != RunState::Finished {
        if counts.of(Outcome::InDoubt) > 0 {
            printer.say(&format!("look at what is in doubt with: sortie resolve {}", row.id));
        }
        printer.say(&match row.state {
            RunState::Closed => format!("it is closed; send what it left with: sortie retry {}", row.id),
            RunState::Ended => format!(
                "everything is sent; follow it again with: sortie watch {0}, or end it with: sortie close {0}",
                row.id
            ),
            _ => format!("go on with: sortie resume {}", row.id),
        });
    }
    Ok(Exit::Well)
}

pub(crate) fn report(
    global: &GlobalOptions,
    name: &str,
    report_dir: Option<&Path>,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let state = with_runs(global, printer)?;
    let row = state.index().find_run(name)?;
    let view = RunView::read(&state.dir, &row.id)?;
    let directory = report_dir.unwrap_or(&view.header.report_dir);
    let pruned_at = state.index().prunings(&row.id)?.iter().map(|dropped| dropped.at).max();
    if let (Some(at), None, true) = (pruned_at, report_dir, directory.exists()) {
        return Err(Failure::new(
            Exit::Policy,
            format!("the PINs, secrets and replies of run {} were pruned at {at}", row.id),
        )
        .state(format!("{} may still hold them and is left as it is", directory.display()))
        .next("name another place with --report-dir, or remove that one first"));
    }
    view.write(directory, row.ended_at)?;
    printer.say(&summary_text(&view.facts(row.ended_at), &view.rows()));
    printer.data(&directory.display().to_string());
    Ok(Exit::Well)
}
