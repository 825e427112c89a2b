//! The history of a device: everything that was ever sent to it, over all runs of a state directory.
//!
//! Owns which runs and tasks are searched. Must never contact a tenant, return a PIN, or leave out a run that it cannot read
//! without naming it.

use std::collections::{BTreeMap, BTreeSet};

use crate::app::Workspace;
use crate::app::history_reason::{HistoryCoverage, HistoryReason};
use crate::app::refusal::Reason;
use crate::app::runs::listing::is_job;
use crate::journal::{JournalError, RunReader, RunRow};
use crate::model::{Entry, Outcome, TaskIndex, UnixMillis};
use crate::report::{HistoryLine, Stage, history_lines};

/// Whose history, and which part of it; by default all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Id, serial number, name or user of the device, as it is or ever was.
    pub device: String,
    /// Lines of this run: its id, a unique prefix, or `latest`.
    pub run: Option<String>,
    /// Lines of this job, in any case.
    pub job: Option<String>,
    /// Lines of one of these actions, by name; none means any.
    pub actions: Vec<String>,
    /// Lines of tasks with one of these outcomes; none means any.
    pub outcomes: Vec<Outcome>,
    /// Lines from this moment on.
    pub since: Option<UnixMillis>,
    /// Lines before this moment.
    pub until: Option<UnixMillis>,
    /// At most this many lines: the newest.
    pub limit: Option<usize>,
}

impl HistoryRequest {
    fn picks(&self, line: &HistoryLine) -> bool {
        (self.actions.is_empty() || self.actions.contains(&line.action))
            && (self.outcomes.is_empty() || self.outcomes.contains(&line.outcome()))
            && self.since.is_none_or(|since| line.at >= since)
            && self.until.is_none_or(|until| line.at < until)
    }
}

/// The history of a device.
#[derive(Debug)]
pub struct DeviceHistory {
    /// The runs that were searched.
    pub coverage: HistoryCoverage,
    /// What was sent or decided and the request picks, the oldest first. Secrets are sealed.
    pub lines: Vec<HistoryLine>,
    /// Number of lines of the runs that were read, before filters and the limit.
    pub total: usize,
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
        let is_held = workspace.dir.is_held(&row.id);
        let stage = if is_held { Stage::GoesOn } else { Stage::Ended };
        let reader = RunReader::open(&workspace.dir, &row.id)?;
        let mut entries: BTreeMap<TaskIndex, Vec<Entry>> = BTreeMap::new();
        reader
            .for_each_entry_of(tasks, |task, entry| entries.entry(task).or_default().push(entry))?;
        let facts = reader.tasks()?;
        let nothing = Vec::new();
        for index in tasks {
            if let Some(task) = facts.get(index.at()) {
                let entries = entries.get(index).unwrap_or(&nothing);
                self.lines.extend(history_lines(&row.id, row.started_at, task, entries, stage));
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
        let device = &request.device;
        let only = request.run.as_ref().map(|name| self.index().find_run(name)).transpose()?;
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
            total: 0,
            unreadable: Vec::new(),
            pruned: BTreeMap::new(),
        };
        for row in runs.iter().rev() {
            let Some(tasks) = by_run.get(&row.id) else { continue };
            let is_other_run = only.as_ref().is_some_and(|only| only.id != row.id);
            if is_other_run || request.job.as_ref().is_some_and(|job| !is_job(row, job)) {
                continue;
            }
            if let Err(error) = history.add_run(self, row, tasks) {
                history.unreadable.push(format!("run {}: {error}", row.id));
            }
        }
        history.total = history.lines.len();
        history.lines.retain(|line| request.picks(line));
        history.lines.sort_by_key(|line| line.at);
        let extra = history.lines.len().saturating_sub(request.limit.unwrap_or(usize::MAX));
        history.lines.drain(..extra);
        Ok(history)
    }
}
