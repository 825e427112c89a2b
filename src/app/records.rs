//! Reports from records alone, for any engine.
//!
//! Owns the putting together of a run from parts that were carried out apart: each part is folded alone, and its tasks go to their
//! places in the plan. The files are those of a local run with the same entries. Must never read a journal, and never make a report
//! of a run that lacks a task.

use std::path::Path;

use crate::app::charging::sent_of;
use crate::app::operator::Operator;
use crate::app::records_reason::RecordsReason;
use crate::app::refusal::Reason;
use crate::app::runs::run_view::RunView;
use crate::app::runs::verdict::{PlannedSkips, number_of};
use crate::app::secrets::pins_shown::note_page;
use crate::app::settings::ReportForm;
use crate::app::{RunVerdict, Workspace};
use crate::journal::{RequestCounts, RunHeader};
use crate::model::settings::SettingValues;
use crate::model::{
    Entry, LastSends, OutcomeCounts, RunMeasures, RunRecord, Task, TaskIndex, TaskRecord,
    UnixMillis,
};
use crate::report::RunOverview;

/// A part of a run: some of its tasks with their entries, in which tasks are numbered within the part.
#[derive(Clone, Debug, Default)]
pub struct RecordsPart {
    /// The place of each task in the plan, from 0.
    pub positions: Vec<u32>,
    /// The tasks, in the order of the part.
    pub tasks: Vec<Task>,
    /// What happened, in order.
    pub entries: Vec<Entry>,
}

/// A run that is known from its records alone.
pub struct RunRecords {
    view: RunView,
}

impl RunRecords {
    /// Puts a run of so many tasks together. `run_entries` are those that name no task: they say what became of the run as a
    /// whole. What the parts say of themselves does not count.
    ///
    /// # Errors
    /// A part contradicts itself, or the parts together are not the tasks of one plan.
    pub fn of(
        header: RunHeader,
        tasks: u32,
        parts: &[RecordsPart],
        run_entries: &[Entry],
        requests: RequestCounts,
    ) -> Result<Self, RecordsReason> {
        let mut places: Vec<Option<(Task, TaskRecord)>> = vec![None; tasks as usize];
        let mut record = RunRecord::default();
        for (number, part) in parts.iter().enumerate() {
            let records = fold(number, part)?;
            let mut sends = LastSends::default();
            for entry in &part.entries {
                sends.take(entry.at, &entry.event);
                record.last_at = record.last_at.max(entry.at);
            }
            let in_run = |task: TaskIndex| part.positions.get(task.at()).copied().map(TaskIndex);
            record.last_sends.take_part(&sends, in_run);
            for ((task, folded), at) in part.tasks.iter().zip(records).zip(&part.positions) {
                let free = places.get_mut(*at as usize).filter(|place| place.is_none());
                let place = free.ok_or(RecordsReason::Incomplete { position: *at })?;
                *place = Some((in_plan(task, part, number)?, folded));
            }
        }
        if let Some((position, _)) = (0..).zip(&places).find(|(_, place)| place.is_none()) {
            return Err(RecordsReason::Incomplete { position });
        }
        let (tasks, records): (Vec<Task>, Vec<TaskRecord>) = places.into_iter().flatten().unzip();
        run_entries.iter().for_each(|entry| record.apply(entry));
        let (measures, stored, skips) = (RunMeasures::default(), None, PlannedSkips::of(&tasks));
        Ok(Self {
            view: RunView { header, tasks, record, records, requests, measures, stored, skips },
        })
    }

    /// What the run is.
    #[must_use]
    pub fn header(&self) -> &RunHeader {
        &self.view.header
    }

    /// Its tasks, in the order of the plan.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.view.tasks
    }

    /// What is known of each task, in the order of the plan.
    #[must_use]
    pub fn records(&self) -> &[TaskRecord] {
        &self.view.records
    }

    /// What the entries say of the run as a whole.
    #[must_use]
    pub fn run_record(&self) -> &RunRecord {
        &self.view.record
    }

    /// Its tasks by outcome.
    #[must_use]
    pub fn counts(&self) -> OutcomeCounts {
        self.view.rows().outcomes()
    }

    /// The verdict on the run, where it has ended.
    #[must_use]
    pub fn verdict(&self) -> RunVerdict {
        self.view.verdict()
    }

    /// Skips that the request or the job asked for, or that came up on the way.
    #[must_use]
    pub fn skips_asked(&self) -> u32 {
        self.view.skips.asked_of(&self.counts())
    }

    /// Its tasks at a glance; `finished_at` is `None` while the run goes on.
    #[must_use]
    pub fn overview(&self, finished_at: Option<UnixMillis>) -> RunOverview {
        RunOverview::of(&self.view.facts(finished_at), &self.view.rows())
    }

    /// Writes the reports of the run into a directory, in its own form changed by `form`.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn write(
        &self,
        form: &SettingValues,
        directory: &Path,
        finished_at: Option<UnixMillis>,
    ) -> Result<ReportForm, Reason> {
        let form = ReportForm::of(&self.view.header).changed_by(form);
        self.view.write_as(&form, directory, finished_at)?;
        Ok(form)
    }
}

impl Workspace {
    /// Writes the reports of a run from its records, after the host's record says for whom a page shows PINs, where it does.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn report_records(
        &self,
        records: &RunRecords,
        form: &SettingValues,
        directory: &Path,
        finished_at: Option<UnixMillis>,
    ) -> Result<ReportForm, Reason> {
        let shown = ReportForm::of(records.header()).changed_by(form);
        note_page(self, &records.view, &shown);
        records.write(form, directory, finished_at)
    }

    /// Records the end of a run that was handed over: what it was charged is settled by what it sent, and its devices are free
    /// for other runs. Nothing changes for a run that was not handed over here, or whose end is recorded already.
    ///
    /// # Errors
    /// The index cannot be written.
    pub fn end_hand_over(
        &self,
        records: &RunRecords,
        finished_at: UnixMillis,
    ) -> Result<(), Reason> {
        let run = &records.header().run.0;
        let sent = sent_of(&records.view.record, &records.view.rows());
        if !self.index().end_hand_over(run, finished_at)? {
            return Ok(());
        }
        self.index().settle_charges(run, &sent)?;
        let counts = records.counts();
        let outcomes: std::collections::BTreeMap<&str, u32> =
            counts.iter().map(|(outcome, count)| (outcome.word(), count)).collect();
        let body = serde_json::json!({
            "who": Operator::current().shown(), "outcomes": outcomes,
            "exit": number_of(records.verdict()),
        });
        self.index().note(finished_at, "ended_elsewhere", Some(run), &body)?;
        Ok(())
    }
}

/// What is known of each task of a part.
fn fold(number: usize, part: &RecordsPart) -> Result<Vec<TaskRecord>, RecordsReason> {
    if part.positions.len() != part.tasks.len() {
        return Err(RecordsReason::Malformed { part: number });
    }
    let mut records: Vec<TaskRecord> = part.tasks.iter().map(TaskRecord::new).collect();
    for entry in &part.entries {
        let Some(task) = entry.event.task() else { continue };
        let record = records.get_mut(task.at());
        let unknown = RecordsReason::UnknownTask { part: number, task: task.0 };
        record.ok_or(unknown)?.apply(entry.at, &entry.event);
    }
    Ok(records)
}

/// A task of a part as it stands in the plan: the step before it is named by its place there.
fn in_plan(task: &Task, part: &RecordsPart, number: usize) -> Result<Task, RecordsReason> {
    let mut task = task.clone();
    if let Some((before, _)) = &mut task.after {
        let unknown = RecordsReason::UnknownTask { part: number, task: before.0 };
        *before = TaskIndex(*part.positions.get(before.at()).ok_or(unknown)?);
    }
    Ok(task)
}

#[cfg(test)]
mod tests;
