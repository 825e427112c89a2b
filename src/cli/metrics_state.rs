//! What is known of the metrics of the job that a command runs.
//!
//! Owns the file that counts: a flag's or a variable's, else the one of the job, the plan or the run, else the profile's. Must never
//! write it.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::model::settings::{SettingLayer, SettingValue, SettingValues, output};

/// The metrics of the job that this process runs. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommandMetrics(Arc<Mutex<MetricsState>>);

#[derive(Debug, Default)]
pub(crate) struct MetricsState {
    /// Where the state directory is; `None` where no metrics are wanted.
    pub state_dir: Option<PathBuf>,
    /// The file that a flag or a variable names.
    pub given: Option<PathBuf>,
    /// The file that the job names, or the plan, or the run.
    pub of_job: Option<PathBuf>,
    /// The file that the profile names.
    pub of_profile: Option<PathBuf>,
    pub job: String,
    /// The job was read: its name is its own, and not that of its file.
    pub is_read: bool,
    pub tenant: String,
    /// The run that this process drives, or that it was to drive.
    pub run: Option<String>,
    /// This process has driven the run.
    pub has_driven: bool,
    pub has_warned: bool,
    pub writing: Option<Writing>,
}

/// The thread that writes while a run goes on.
#[derive(Debug)]
pub(crate) struct Writing {
    /// Dropped when it shall end.
    pub going_on: Sender<()>,
    pub thread: JoinHandle<()>,
}

impl CommandMetrics {
    /// The state, for one short use.
    pub(crate) fn lock(&self) -> MutexGuard<'_, MetricsState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The job, once it is read, with the file that it names.
    pub(crate) fn job(&self, job: &str, values: &SettingValues) {
        let mut state = self.lock();
        (state.job, state.is_read) = (job.to_owned(), true);
        state.of_job = path_of(values, SettingLayer::Job);
    }

    /// The job and its tenant, once they are planned.
    pub(crate) fn planned(&self, job: &str, tenant: &str) {
        let mut state = self.lock();
        (state.job, state.tenant) = (job.to_owned(), tenant.to_owned());
        state.is_read = true;
    }

    /// The start is skipped, so the file stays as it is: no command of the job has ended.
    pub(crate) fn leave_file(&self) {
        self.lock().state_dir = None;
    }

    /// Whether nothing was said yet. One warning is enough for a disk that is full.
    pub(crate) fn warns_first(&self) -> bool {
        !std::mem::replace(&mut self.lock().has_warned, true)
    }
}

impl MetricsState {
    /// The file that counts.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.given.clone().or_else(|| self.of_job.clone()).or_else(|| self.of_profile.clone())
    }
}

/// The file of metrics that this kind of source names.
pub(crate) fn path_of(values: &SettingValues, layer: SettingLayer) -> Option<PathBuf> {
    match &values.of_layer(&output::METRICS_FILE, layer)?.value {
        SettingValue::Path(path) => Some(path.clone()),
        _ => None,
    }
}
