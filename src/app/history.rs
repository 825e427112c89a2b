//! The history of a device: everything that was ever sent to it, over all runs of a state directory.
//!
//! Owns which runs and tasks are searched. Must never speak to a tenant, return a PIN, or leave out a run that it cannot read
//! without naming it.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::Workspace;
use crate::app::history_reason::{HistoryCoverage, HistoryReason};
use crate::app::refusal::Reason;
use crate::journal::{JournalError, RunReader, RunRow};
use crate::model::{Entry, TaskIndex, UnixMillis};
use crate::report::{HistoryLine, history_lines};

/// Whose history, and which part of it.
#[derive(Clone, Debug)]
pub struct HistoryRequest {
    /// Id, serial number, name or user of the device, as it is or ever was.
    pub device: String,
    /// Lines from this moment on.
    pub since: Option<UnixMillis>,
    /// Lines before this moment.
    pub until: Option<UnixMillis>,
}

/// The history of a device.
#[derive(Debug)]
pub struct DeviceHistory {
    /// What was searched.
    pub coverage: HistoryCoverage,
    /// What was sent or decided, the oldest first. Secrets are sealed.
    pub lines: Vec<HistoryLine>,
    /// Runs that could not be read, each with its reason.
    pub unreadable: Vec<String>,
    /// When secrets were pruned, by run, device and step.
    pruned: BTreeMap<(String, String, u16), UnixMillis>,
}

impl DeviceHistory {
    /// When the secrets of a line's task were pruned.
    #[must_use]
    pub fn pruned_at(&self, line: &HistoryLine) -> Option<UnixMillis> {
        self.pruned.get(&(line.run.clone(), line.device.id.to_string(), line.step)).copied()
    }

    /// Whether every run was read.
    ///
    /// # Errors
    /// [`HistoryReason::Incomplete`] names those that were not.
    pub fn check_complete(&self) -> Result<(), Reason> {
        match self.unreadable.as_slice() {
            [] => Ok(()),
            unreadable => Err(HistoryReason::Incomplete { unreadable: unreadable.to_vec() }.into()),
        }
    }

    fn add_run(
        &mut self,
        workspace: &Workspace,
        row: &RunRow,
        tasks: &BTreeSet<TaskIndex>,
    ) -> Result<(), JournalError> {
        let reader = RunReader::open(&workspace.dir, &row.id)?;
        let mut entries: BTreeMap<TaskIndex, Vec<Entry>> = BTreeMap::new();
        reader
            .for_each_entry_of(tasks, |task, entry| entries.entry(task).or_default().push(entry))?;
        let facts = reader.tasks()?;
        let nothing = Vec::new();
        for index in tasks {
            if let Some(task) = facts.get(index.at()) {
                let entries = entries.get(index).unwrap_or(&nothing);
                self.lines.extend(history_lines(&row.id, row.started_at, task, entries));
            }
        }
        for dropped in workspace.index().prunings(&row.id)? {
            if let Some(task) = facts.get(dropped.task as usize) {
                let key = (row.id.clone(), task.device.id.to_string(), task.step);
                self.pruned.insert(key, dropped.at);
            }
        }
        Ok(())
    }
}

impl Workspace {
    /// Everything that was ever sent to a device.
    ///
    /// # Errors
    /// No run had a task for it, or the index cannot be read. A run that cannot be read is named in the result.
    pub fn history(&self, request: &HistoryRequest) -> Result<DeviceHistory, Reason> {
        let HistoryRequest { device, since, until } = request;
        let runs = self.index().runs()?;
        let span =
            runs.last().zip(runs.first()).map(|(one, other)| (one.started_at, other.started_at));
        let database = self.dir.index_path();
        let coverage = HistoryCoverage { database, runs: runs.len(), span };
        let tasks = self.index().device_tasks(device)?;
        if tasks.is_empty() {
            return Err(HistoryReason::NoTask { device: device.clone(), coverage }.into());
        }
        let mut by_run: BTreeMap<String, BTreeSet<TaskIndex>> = BTreeMap::new();
        for task in tasks {
            by_run.entry(task.run).or_default().insert(TaskIndex(task.task));
        }
        let mut history = DeviceHistory {
            coverage,
            lines: Vec::new(),
            unreadable: Vec::new(),
            pruned: BTreeMap::new(),
        };
        for row in runs.iter().rev() {
            let Some(tasks) = by_run.get(&row.id) else { continue };
            if let Err(error) = history.add_run(self, row, tasks) {
                history.unreadable.push(format!("run {}: {error}", row.id));
            }
        }
        let is_asked = |line: &HistoryLine| {
            since.is_none_or(|since| line.at >= since) && until.is_none_or(|until| line.at < until)
        };
        history.lines.retain(is_asked);
        history.lines.sort_by_key(|line| line.at);
        Ok(history)
    }
}
