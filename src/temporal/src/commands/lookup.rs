//! Finding runs on the server, and asking them how far they are.
//!
//! Owns how a run is named: by its name on this engine, by its run id, by the beginning of one of both, or `latest`. Must never change a
//! run.

use std::time::Duration;

use futures::StreamExt;
use sortie::app::RefusalClass;
use sortie::cli::companion::CompanionError;
use temporalio_client::errors::{WorkflowGetResultError, WorkflowQueryError};
use temporalio_client::tonic::Code;
use temporalio_client::{
    WorkflowExecution, WorkflowExecutionStatus, WorkflowGetResultOptions, WorkflowListOptions,
    WorkflowQueryOptions,
};

use crate::connect::Server;
use crate::ids;
use crate::text::trouble;
use crate::wire::{SectionProgress, SectionResult};
use crate::workflows::Section;

/// Sections that a list reads at the most.
pub const SECTIONS_MAX: usize = 2_000;
/// How long a worker may take to answer a question about a run.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// The type of workflows that are sections.
const SECTION_TYPE: &str = "sortie-section-1";

/// A section of a run, as the server lists it.
#[derive(Clone, Debug)]
pub struct FoundSection {
    /// Id of its workflow.
    pub id: String,
    /// The name of its run on this engine.
    pub run: String,
    /// Id of its run, as reports name it.
    pub run_id: String,
    /// Name of its job.
    pub job: String,
    /// Its tenant.
    pub tenant: String,
    /// Number of its tasks.
    pub tasks: u32,
    /// The state of its workflow.
    pub status: WorkflowExecutionStatus,
    /// When it was submitted, in milliseconds since 1970.
    pub started_at: sortie::model::UnixMillis,
}

impl FoundSection {
    fn of(workflow: &WorkflowExecution) -> Option<Self> {
        let rest = workflow.id().strip_prefix(ids::PREFIX)?;
        let (run, tenant) = rest.split_once('/')?;
        let memo = workflow.memo();
        let text = |key: &str| memo.get::<String>(key).ok().flatten();
        let since = workflow.start_time()?.duration_since(std::time::UNIX_EPOCH).ok()?;
        Some(Self {
            id: workflow.id().to_owned(),
            run: run.to_owned(),
            run_id: text("run_id").unwrap_or_default(),
            job: text("job").unwrap_or_default(),
            tenant: text("tenant").unwrap_or_else(|| tenant.to_owned()),
            tasks: memo.get::<u32>("tasks").ok().flatten().unwrap_or_default(),
            status: workflow.status(),
            started_at: sortie::model::UnixMillis(
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            ),
        })
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.status != WorkflowExecutionStatus::Running
    }

    fn is_named(&self, name: &str) -> bool {
        self.run.starts_with(name) || self.run_id.starts_with(name)
    }
}

/// All sections that the server remembers, newest first.
///
/// # Errors
/// The server does not answer.
pub async fn sections(server: &Server) -> Result<Vec<FoundSection>, CompanionError> {
    let query = format!("WorkflowType = '{SECTION_TYPE}'");
    let options = WorkflowListOptions::builder().limit(SECTIONS_MAX).build();
    let mut stream = server.client.list_workflows(query, options);
    let mut found = Vec::new();
    while let Some(workflow) = stream.next().await {
        found.extend(FoundSection::of(&workflow.map_err(|error| trouble::of(&error))?));
    }
    found.sort_by_key(|section| std::cmp::Reverse(section.started_at));
    Ok(found)
}

/// The sections of one run, by tenant.
///
/// # Errors
/// No run has this name, several have, or the server does not answer.
pub async fn run_of(server: &Server, name: &str) -> Result<Vec<FoundSection>, CompanionError> {
    pick(sections(server).await?, name)
}

fn pick(found: Vec<FoundSection>, name: &str) -> Result<Vec<FoundSection>, CompanionError> {
    let none = |what: String| {
        CompanionError::new(RefusalClass::Usage, what, "list the runs:\n  sortie-temporal status")
    };
    let fitting: Vec<&FoundSection> = match name {
        "latest" => found.iter().take(1).collect(),
        name => found.iter().filter(|section| section.is_named(name)).collect(),
    };
    let Some(first) = fitting.first().map(|section| section.run.clone()) else {
        return Err(match name {
            "latest" => none("the server has no runs".to_owned()),
            name => none(format!("no run on this server is named '{name}'")),
        });
    };
    if let Some(other) = fitting.iter().find(|section| section.run != first) {
        let other = &other.run;
        return Err(none(format!("'{name}' matches several runs, such as {first} and {other}")));
    }
    let mut of_run: Vec<FoundSection> =
        found.into_iter().filter(|section| section.run == first).collect();
    of_run.sort_by(|left, right| left.tenant.cmp(&right.tenant));
    Ok(of_run)
}

/// How far a section is: from its result where it has ended, else from a worker.
///
/// # Errors
/// No worker answers, or the server does not.
pub async fn progress(
    server: &Server,
    section: &FoundSection,
) -> Result<SectionProgress, CompanionError> {
    if section.status == WorkflowExecutionStatus::Completed {
        return Ok(result(server, section).await?.progress);
    }
    let handle = server.client.get_workflow_handle::<Section>(section.id.clone());
    let asked = handle.query(Section::progress, (), WorkflowQueryOptions::default());
    answered(server, tokio::time::timeout(ANSWER_WITHIN, asked).await)
}

/// How a section ended. Waits for its end.
///
/// # Errors
/// Its workflow failed or was terminated, or the server does not answer.
pub async fn result(
    server: &Server,
    section: &FoundSection,
) -> Result<SectionResult, CompanionError> {
    let handle = server.client.get_workflow_handle::<Section>(section.id.clone());
    let result = handle.get_result(WorkflowGetResultOptions::default()).await;
    result.map_err(|error| match &error {
        WorkflowGetResultError::Terminated { .. } => lost(section, "was terminated"),
        WorkflowGetResultError::TimedOut => lost(section, "timed out"),
        WorkflowGetResultError::Failed(_) | WorkflowGetResultError::Cancelled { .. } => {
            lost(section, "failed")
        }
        error => trouble::of(error),
    })
}

fn lost(section: &FoundSection, what: &str) -> CompanionError {
    CompanionError::new(
        RefusalClass::Stopped,
        format!("the workflow of run {} on {} {what} in Temporal", section.run, section.tenant),
        format!("see its history:\n  temporal workflow show --workflow-id {}", section.id),
    )
}

/// The answer of a worker to a question about a run.
///
/// # Errors
/// No worker answered in time, or the server does not answer.
pub fn answered<T, E>(
    server: &Server,
    answer: Result<Result<T, WorkflowQueryError>, E>,
) -> Result<T, CompanionError> {
    match answer {
        Ok(Ok(value)) => Ok(value),
        Err(_) => Err(trouble::no_worker(&server.task_queue)),
        Ok(Err(error)) => {
            let code = trouble::ServerFault::status(&error).map(|status| status.code());
            match code {
                // What the server says while no worker polls the queue.
                Some(Code::DeadlineExceeded | Code::FailedPrecondition) => {
                    Err(trouble::no_worker(&server.task_queue))
                }
                _ => Err(trouble::of(&error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sortie::model::UnixMillis;

    fn found(run: &str, run_id: &str, tenant: &str) -> FoundSection {
        FoundSection {
            id: ids::section(run, tenant),
            run: run.to_owned(),
            run_id: run_id.to_owned(),
            job: "lab".to_owned(),
            tenant: tenant.to_owned(),
            tasks: 1,
            status: WorkflowExecutionStatus::Running,
            started_at: UnixMillis(0),
        }
    }

    #[test]
    fn a_run_is_found_by_both_of_its_names() {
        let all = || {
            vec![
                found("ab12", "20261129-1", "globex"),
                found("ab12", "20261129-1", "acme"),
                found("ab99", "20261128-7", "acme"),
            ]
        };
        for name in ["ab12", "ab1", "20261129", "latest"] {
            let sections = pick(all(), name).expect("one run");
            let tenants: Vec<&str> = sections.iter().map(|it| it.tenant.as_str()).collect();
            assert_eq!(tenants, ["acme", "globex"], "{name}");
        }
        for (name, expected) in [("ab", "matches several runs"), ("x", "no run on this server")] {
            let error = pick(all(), name).expect_err("not one run");
            assert!(error.what().contains(expected), "{}", error.what());
        }
        assert!(pick(Vec::new(), "latest").is_err());
    }
}
