//! Runs on the server, in words.
//!
//! Owns the tables and their JSON. Must never ask the server.

use serde_json::{Value, json};
use sortie::cli::companion::CompanionColumn;
use temporalio_client::WorkflowExecutionStatus;

use crate::commands::lookup::FoundSection;
use crate::wire::SectionProgress;

/// Columns of the list of runs.
pub const RUN_COLUMNS: [CompanionColumn; 6] = [
    CompanionColumn::Whole("RUN"),
    CompanionColumn::Whole("SUBMITTED"),
    CompanionColumn::Whole("STATE"),
    CompanionColumn::Text("TENANT"),
    CompanionColumn::Text("JOB"),
    CompanionColumn::Number("TASKS"),
];

/// Columns of the state of a run.
pub const STATE_COLUMNS: [CompanionColumn; 9] = [
    CompanionColumn::Text("TENANT"),
    CompanionColumn::Whole("STATE"),
    CompanionColumn::Number("TASKS"),
    CompanionColumn::Number("ENDED"),
    CompanionColumn::Number("FOLLOWED"),
    CompanionColumn::Number("TO SEND"),
    CompanionColumn::Number("IN DOUBT"),
    CompanionColumn::Number("ERRORS"),
    CompanionColumn::Whole("WAVE"),
];

/// The state of a workflow, for people.
#[must_use]
pub fn state_of(section: &FoundSection, progress: Option<&SectionProgress>) -> &'static str {
    use WorkflowExecutionStatus as Status;
    match (section.status, progress) {
        (Status::Running, Some(SectionProgress { stop: Some(_), .. })) => "stopping",
        (Status::Running, Some(SectionProgress { pause: Some(_), .. })) => "paused",
        (Status::Running, _) => "in progress",
        (Status::Completed, Some(SectionProgress { stop: Some(_), .. })) => "stopped",
        (Status::Completed, _) => "ended",
        (Status::Terminated, _) => "terminated",
        (Status::Canceled, _) => "cancelled",
        (Status::Failed | Status::TimedOut, _) => "failed",
        _ => "unknown",
    }
}

/// One row of the list of runs.
#[must_use]
pub fn run_row(section: &FoundSection) -> Vec<String> {
    vec![
        section.run.clone(),
        section.started_at.to_string(),
        state_of(section, None).to_owned(),
        section.tenant.clone(),
        section.job.clone(),
        section.tasks.to_string(),
    ]
}

/// One row of the state of a run.
#[must_use]
pub fn state_row(section: &FoundSection, progress: &SectionProgress) -> Vec<String> {
    let wave = progress.wave.map_or_else(String::new, |(wave, of)| format!("{wave}/{of}"));
    vec![
        section.tenant.clone(),
        state_of(section, Some(progress)).to_owned(),
        progress.tasks.to_string(),
        progress.settled.to_string(),
        progress.following.to_string(),
        progress.ready.to_string(),
        progress.doubts.to_string(),
        progress.errors.to_string(),
        wave,
    ]
}

/// What people should know of a section besides its numbers: one line each.
#[must_use]
pub fn notes_of(section: &FoundSection, progress: &SectionProgress) -> Vec<String> {
    let tenant = &section.tenant;
    let mut notes = Vec::new();
    if !progress.outcomes.is_empty() {
        let words: Vec<String> = progress
            .outcomes
            .iter()
            .map(|(outcome, count)| format!("{count} {}", outcome.replace('_', " ")))
            .collect();
        notes.push(format!("{tenant}: {}", words.join(", ")));
    }
    if let Some((_, reason)) = &progress.stop {
        notes.push(format!("{tenant}: nothing more is sent: {reason}"));
    }
    if let Some((until, reason)) = &progress.pause {
        notes.push(format!("{tenant}: sending is paused until {until}: {reason}"));
    }
    if let Some(asks) = &progress.asks {
        notes.push(format!("{tenant}: the next wave waits for an answer: {asks}"));
    }
    notes
}

/// A section for programs.
#[must_use]
pub fn json_of(section: &FoundSection, progress: Option<&SectionProgress>) -> Value {
    let mut object = json!({
        "run": section.run, "run_id": section.run_id, "job": section.job, "tenant": section.tenant,
        "tasks": section.tasks, "submitted_at": section.started_at.to_string(),
        "state": state_of(section, progress).replace(' ', "_"), "workflow": section.id,
    });
    if let Some(progress) = progress {
        object["settled"] = progress.settled.into();
        object["following"] = progress.following.into();
        object["to_send"] = progress.ready.into();
        object["in_doubt"] = progress.doubts.into();
        object["errors"] = progress.errors.into();
        object["outcomes"] = json!(progress.outcomes);
        object["wave"] = json!(progress.wave.map(|(wave, of)| json!({ "wave": wave, "of": of })));
        object["stop"] = json!(
            progress
                .stop
                .as_ref()
                .map(|(cause, reason)| json!({ "cause": cause, "reason": reason }))
        );
        object["paused_until"] = json!(progress.pause.as_ref().map(|(at, _)| at.to_string()));
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use sortie::model::{StopCause, UnixMillis};

    fn section(status: WorkflowExecutionStatus) -> FoundSection {
        FoundSection {
            id: "sortie/ab/acme".to_owned(),
            run: "ab".to_owned(),
            run_id: "20261129-1".to_owned(),
            job: "lab".to_owned(),
            tenant: "acme".to_owned(),
            tasks: 3,
            status,
            started_at: UnixMillis(0),
        }
    }

    #[test]
    fn a_stopped_section_says_so_and_why() {
        let stop = Some((StopCause::Operator, "cancelled by ann".to_owned()));
        let outcomes = [("not_attempted".to_owned(), 2)].into();
        let progress = SectionProgress { stop, outcomes, tasks: 3, ..SectionProgress::default() };
        let running = section(WorkflowExecutionStatus::Running);
        assert_eq!(state_of(&running, Some(&progress)), "stopping");
        assert_eq!(state_of(&running, None), "in progress");
        let ended = section(WorkflowExecutionStatus::Completed);
        assert_eq!(state_of(&ended, Some(&progress)), "stopped");
        let notes = notes_of(&ended, &progress);
        assert_eq!(
            notes,
            ["acme: 2 not attempted", "acme: nothing more is sent: cancelled by ann"]
        );
        let object = json_of(&ended, Some(&progress));
        assert_eq!(object["stop"]["reason"], "cancelled by ann");
        assert_eq!(object["outcomes"]["not_attempted"], 2);
    }

    #[test]
    fn a_table_row_has_a_cell_for_each_column() {
        let found = section(WorkflowExecutionStatus::Running);
        assert_eq!(run_row(&found).len(), RUN_COLUMNS.len());
        let row = state_row(&found, &SectionProgress::default());
        assert_eq!(row.len(), STATE_COLUMNS.len());
    }
}
