//! `sortie-temporal report`: the files of a run, made from its records on the server.
//!
//! Owns the reading of records, page by page. Must never make a report from anything but records: the files are those of a run of
//! `sortie` with the same entries.

use std::path::{Path, PathBuf};

use clap::Args;
use futures::StreamExt;
use serde_json::json;
use sortie::app::{Reason, RecordsPart, RefusalClass, RunRecords};
use sortie::cli::companion::{Companion, CompanionEnd, CompanionError, ReportChoice};
use sortie::journal::RequestCounts;
use sortie::model::{Entry, Event, Task, UnixMillis};
use temporalio_client::{
    WorkflowExecutionStatus, WorkflowFetchHistoryOptions, WorkflowQueryOptions,
};
use temporalio_common::HasWorkflowDefinition;
use temporalio_common::protos::temporal::api::history::v1::history_event::Attributes;

use super::lookup::{ANSWER_WITHIN, FoundSection, answered, result, run_of};
use crate::connect::{ConnectOptions, Server};
use crate::text::trouble;
use crate::wire::{SectionInput, ShardInput};
use crate::workflows::{Section, Shard};

/// Shards whose tasks are read at a time.
const READS_AT_ONCE: usize = 8;
/// Where reports go when nothing else is said.
const REPORT_DIR: &str = "reports";

/// Flags of `report`.
#[derive(Debug, Args)]
pub struct RunReportOptions {
    /// Run to report: its name, its run id, the beginning of one, or 'latest'
    #[arg(value_name = "RUN")]
    run: String,
    /// Write the files to this directory [default: reports/JOB-RUN]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Wait until the run has ended; the exit code is that of the run
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    form: ReportChoice,
}

/// Writes the files of a run, one directory per tenant where it has several.
///
/// # Errors
/// There is no such run, no worker answers, its records are not whole, or the directory cannot be written.
pub async fn report(
    companion: &Companion,
    connect: &ConnectOptions,
    options: &RunReportOptions,
) -> Result<CompanionEnd, CompanionError> {
    let form = options.form.values()?;
    let workspace = companion.workspace()?;
    let server = connect.connect().await?;
    let mut found = run_of(&server, &options.run).await?;
    if options.wait {
        for section in &mut found {
            result(&server, section).await?;
            // The server's list of workflows learns it later.
            section.status = WorkflowExecutionStatus::Completed;
        }
    }
    let (mut directories, mut worst) = (Vec::new(), CompanionEnd::WELL);
    for section in &found {
        let (records, finished_at) = records_of(&server, section).await?;
        let directory = directory_of(options.out.as_deref(), &records, section, found.len());
        workspace.report_records(&records, &form, &directory, finished_at)?;
        if let Some(at) = finished_at {
            workspace.end_hand_over(&records, at)?;
        }
        companion.summary(&records.overview(finished_at));
        if options.wait {
            worst = worst.worse(CompanionEnd::of_run(records.verdict()));
        }
        directories.push((section, directory, finished_at));
    }
    for (section, directory, finished_at) in &directories {
        match companion.is_json() {
            true => companion.answer(&json!({
                "run": section.run, "run_id": section.run_id, "tenant": section.tenant,
                "directory": directory, "finished_at": finished_at.map(|at| at.to_string()),
            })),
            false => companion.show(&directory.display().to_string()),
        }
    }
    Ok(worst)
}

/// The directory of a section's files.
fn directory_of(
    out: Option<&Path>,
    records: &RunRecords,
    section: &FoundSection,
    sections: usize,
) -> PathBuf {
    let header = records.header();
    let name = |text: &str| -> String {
        let safe = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
        text.chars().map(|letter| if safe(letter) { letter } else { '-' }).collect()
    };
    let of_run = match out {
        Some(out) => out.to_owned(),
        None => Path::new(REPORT_DIR).join(format!("{}-{}", name(&header.job), section.run)),
    };
    match sections {
        1 => of_run,
        _ => of_run.join(name(&section.tenant)),
    }
}

/// Everything that is recorded of a section, and when it ended.
///
/// # Errors
/// No worker answers, or what the server has is not whole.
pub async fn records_of(
    server: &Server,
    section: &FoundSection,
) -> Result<(RunRecords, Option<UnixMillis>), CompanionError> {
    let input: SectionInput = input_of::<Section, _>(server, &section.id).await?;
    let finished_at = match section.status {
        WorkflowExecutionStatus::Completed => Some(result(server, section).await?.ended_at),
        _ => None,
    };
    let tasks = tasks_of(server, &input).await?;
    let entries = entries_of(server, section).await?;
    let (of_tasks, mut of_run): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.event.task().is_some());
    // A section that has ended was left in order: its workflow says so, and its entries do not.
    of_run.extend(finished_at.map(|at| Entry { at, event: Event::Closed }));
    let requests = requests_of(&of_tasks);
    let part = RecordsPart { positions: (0..input.tasks).collect(), tasks, entries: of_tasks };
    let records = RunRecords::of(input.header, input.tasks, &[part], &of_run, requests);
    Ok((records.map_err(Reason::from)?, finished_at))
}

/// What the records tell about requests. Reads that showed nothing leave no record.
fn requests_of(entries: &[Entry]) -> RequestCounts {
    let sends = entries.iter().filter(|entry| matches!(entry.event, Event::Intent { .. }));
    [("send".to_owned(), sends.count() as u64)].into()
}

/// The tasks of a section in the order of the plan, from what its shards were given.
async fn tasks_of(server: &Server, input: &SectionInput) -> Result<Vec<Task>, CompanionError> {
    let mut tasks: Vec<Option<Task>> = vec![None; input.tasks as usize];
    let mut shards = futures::stream::iter(input.shards.clone())
        .map(|id| async move { input_of::<Shard, ShardInput>(server, &id).await })
        .buffer_unordered(READS_AT_ONCE);
    while let Some(shard) = shards.next().await {
        let shard = shard?;
        for (task, number) in shard.tasks.into_iter().zip(shard.numbers) {
            if let Some(place) = tasks.get_mut(number.at()) {
                *place = Some(task);
            }
        }
    }
    let count = tasks.len();
    let tasks: Vec<Task> = tasks.into_iter().flatten().collect();
    match tasks.len() == count {
        true => Ok(tasks),
        false => Err(malformed("the shards do not have all tasks of the section")),
    }
}

/// All entries of a section, page by page.
async fn entries_of(server: &Server, section: &FoundSection) -> Result<Vec<Entry>, CompanionError> {
    let handle = server.client.get_workflow_handle::<Section>(section.id.clone());
    let (mut entries, mut from) = (Vec::new(), Some(0));
    while let Some(at) = from {
        let asked = handle.query(Section::entries, at, WorkflowQueryOptions::default());
        let page = answered(server, tokio::time::timeout(ANSWER_WITHIN, asked).await)?;
        entries.extend(page.entries);
        from = page.next.filter(|next| *next > at);
    }
    Ok(entries)
}

/// What a workflow was given when it was started: the first event of its history.
async fn input_of<W, T>(server: &Server, id: &str) -> Result<T, CompanionError>
where
    W: HasWorkflowDefinition,
    T: serde::de::DeserializeOwned,
{
    let handle = server.client.get_workflow_handle::<W>(id);
    let options = WorkflowFetchHistoryOptions::builder().skip_archival(true).build();
    let mut history = handle.fetch_history(options);
    let first = history.next().await.ok_or_else(|| malformed("a workflow has no history"))?;
    let first = first.map_err(|error| trouble::of(&error))?;
    let Some(Attributes::WorkflowExecutionStartedEventAttributes(started)) = first.attributes
    else {
        return Err(malformed("a history does not begin with a start"));
    };
    let payload = started.input.and_then(|input| input.payloads.into_iter().next());
    let payload = payload.ok_or_else(|| malformed("a workflow was started without input"))?;
    serde_json::from_slice(&payload.data)
        .map_err(|_| malformed("what a workflow was started with cannot be read"))
}

fn malformed(what: &str) -> CompanionError {
    CompanionError::new(
        RefusalClass::Journal,
        what,
        "use the version of sortie-temporal that submitted the run, or report this bug",
    )
    .state("no report was written, because it would be wrong")
}
