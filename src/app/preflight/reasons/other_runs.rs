//! Reasons that follow from other runs.
//!
//! Owns the facts of runs that block others. Must never hold a sentence of its own.

use serde::Serialize;
use std::path::PathBuf;

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::model::UnixMillis;

/// Another run may have done the same already: it is in doubt.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename = "doubt_in_another_run")]
pub struct DoubtElsewhereReason {
    /// The first device, by id.
    pub device: String,
    /// The action on it.
    pub action: String,
    /// Id of the run that is in doubt about it.
    pub run: String,
    /// Further devices and actions in doubt.
    pub more: usize,
}

impl RefusalFacts for DoubtElsewhereReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        vec![NextStep::Resolve { run: self.run.clone() }]
    }
}

/// Another run blocks this one.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OverlapReason {
    /// A run of the same job is in progress.
    #[serde(rename = "same_job_under_way")]
    SameJob {
        /// Id of that run.
        run: String,
        /// Name of its job.
        job: String,
    },
    /// A run has not sent to some of the devices yet.
    #[serde(rename = "devices_held")]
    DevicesHeld {
        /// Id of that run.
        run: String,
        /// Name of its job.
        job: String,
        /// The devices, by id.
        devices: Vec<String>,
    },
    /// Another process waits to run the same job, which counts as a run of it.
    #[serde(rename = "same_job_waits")]
    OtherWaits {
        /// Name of the job.
        job: String,
    },
    /// A run did not end while this one waited for it.
    #[serde(rename = "waited_too_long")]
    WaitedTooLong {
        /// Id of that run.
        run: String,
        /// Name of its job.
        job: String,
        /// When the wait ended.
        until: UnixMillis,
    },
}

impl RefusalFacts for OverlapReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Busy
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::SameJob { run, .. } | Self::DevicesHeld { run, .. } => vec![
                NextStep::WaitForRun { run: run.clone() },
                NextStep::ShowRun { run: run.clone() },
            ],
            Self::OtherWaits { .. } => vec![NextStep::TryLater],
            Self::WaitedTooLong { run, .. } => {
                vec![NextStep::ShowRun { run: run.clone() }, NextStep::TryLater]
            }
        }
    }
}

/// Rows come from files of a run that may have done them since.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RowsReason {
    /// This state directory does not know the run, which had not ended when its file was written.
    #[serde(rename = "rows_of_unknown_run")]
    UnknownRun {
        /// Id of the run.
        run: String,
        /// The state directory.
        state_dir: PathBuf,
    },
    /// Another process drives the run now.
    #[serde(rename = "rows_of_driven_run")]
    Driven {
        /// Id of the run.
        run: String,
        /// Tasks of these rows that were sent.
        sent: usize,
        /// All tasks of these rows.
        tasks: usize,
    },
    /// The run did not end.
    #[serde(rename = "rows_of_open_run")]
    NotEnded {
        /// Id of the run.
        run: String,
        /// Tasks of these rows that were sent.
        sent: usize,
        /// All tasks of these rows.
        tasks: usize,
    },
    /// The run has gone on since its file was written.
    #[serde(rename = "rows_done_since")]
    DoneSince {
        /// Id of the run.
        run: String,
        /// Tasks that are done or in progress there.
        done: usize,
        /// All tasks of these rows.
        tasks: usize,
        /// The run that took some over.
        taken_by: Option<String>,
        /// The first of them: its action.
        action: String,
        /// The first of them: its device, by id.
        device: String,
        /// The run can go on.
        is_open: bool,
    },
    /// Rows of a report are tasks of a run that is not finished.
    #[serde(rename = "rows_of_unfinished_report")]
    Reported {
        /// Id of the run.
        run: String,
        /// How many of the rows are its tasks.
        shared: usize,
        /// Rows that come from a report.
        rows: usize,
    },
}

impl RefusalFacts for RowsReason {
    fn class(&self) -> RefusalClass {
        RefusalClass::Policy
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::UnknownRun { .. } => vec![NextStep::ChooseStateDirectory],
            Self::Driven { run, .. } => vec![NextStep::ShowRun { run: run.clone() }],
            Self::NotEnded { run, .. } | Self::Reported { run, .. } => {
                vec![NextStep::Resume { run: run.clone() }, NextStep::Retry { run: run.clone() }]
            }
            Self::DoneSince { run, is_open: true, .. } => {
                vec![NextStep::Resume { run: run.clone() }, NextStep::Report { run: run.clone() }]
            }
            Self::DoneSince { run, .. } => vec![NextStep::Report { run: run.clone() }],
        }
    }
}
