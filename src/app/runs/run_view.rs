//! A run as its journal has it.
//!
//! Owns what reports, summaries and the list of runs are made from. Must never change a journal.

use serde::Serialize;
use std::path::{Path, PathBuf};

use crate::app::refusal::{NextStep, RefusalClass, RefusalFacts};
use crate::app::runs::verdict::{PlannedSkips, VerdictFacts, verdict_of};
use crate::app::settings::ReportForm;
use crate::journal::{
    Distrust, JournalError, RequestCounts, RunHeader, RunReader, RunState, StateDir, TrustedRun,
};
use crate::model::{
    KnownTasks, Outcome, OutcomeCounts, RunMeasures, RunRecord, RunTasks, RunVerdict, Task,
    TaskFault, TaskRecord, UnixMillis,
};
use crate::report::{ReportFault, Rows, RunFacts, Stage, StoredRows, write_reports};

/// Most tasks that are held in memory while reports are written. More are read again and again, which takes longer.
const IN_MEMORY_MAX: usize = 65_536;

/// Everything that a report is made from.
pub(crate) struct RunView {
    pub header: RunHeader,
    /// Its tasks; none where they stay in its database.
    pub tasks: Vec<Task>,
    /// The tasks in its database, of a large run that this process holds.
    pub stored: Option<StoredRows>,
    /// Tasks that its plan left out.
    pub skips: PlannedSkips,
    pub record: RunRecord,
    pub records: Vec<TaskRecord>,
    pub requests: RequestCounts,
    /// What its processes measured.
    pub measures: RunMeasures,
}

impl RunView {
    /// Reads a run from its journal.
    ///
    /// # Errors
    /// The journal cannot be read, or the run was never begun.
    pub(crate) fn read(state_dir: &StateDir, run: &str) -> Result<Self, Distrust> {
        let reader = RunReader::open(state_dir, run)?;
        let tasks = reader.tasks()?;
        let folded = reader.fold(&tasks)?;
        Self::of_reader(&reader, run, tasks, folded)
    }

    /// The same of a run that this process holds: its tasks are those that it was opened with.
    ///
    /// # Errors
    /// As [`RunView::read`].
    pub(crate) fn read_with(
        state_dir: &StateDir,
        run: &str,
        tasks: &RunTasks,
    ) -> Result<Self, Distrust> {
        if tasks.count() > IN_MEMORY_MAX {
            return Self::read_stored(state_dir, run, tasks);
        }
        let reader = RunReader::open(state_dir, run)?;
        let unusable = |fault: TaskFault| unusable(state_dir, run, &fault);
        let (mut all, mut known) = (Vec::with_capacity(tasks.count()), KnownTasks::default());
        tasks.for_each(|_, task| all.push(known.shared(task))).map_err(unusable)?;
        let folded = reader.fold(&all)?;
        Self::of_reader(&reader, run, all, folded)
    }

    /// The same, and the tasks stay in the database.
    pub(in crate::app) fn read_stored(
        state_dir: &StateDir,
        run: &str,
        tasks: &RunTasks,
    ) -> Result<Self, Distrust> {
        let reader = RunReader::open(state_dir, run)?;
        let (mut skips, mut records) = (PlannedSkips::default(), Vec::new());
        records.reserve_exact(tasks.count());
        let stored = StoredRows::new(tasks.clone(), |task| {
            skips.add(task);
            records.push(TaskRecord::new(task));
        });
        let stored = Some(stored.map_err(|fault| unusable(state_dir, run, &fault))?);
        let view = Self::of_reader(&reader, run, Vec::new(), reader.fold_from(records)?)?;
        Ok(Self { stored, skips, ..view })
    }

    fn of_reader(
        reader: &RunReader,
        run: &str,
        tasks: Vec<Task>,
        (record, records): (RunRecord, Vec<TaskRecord>),
    ) -> Result<Self, Distrust> {
        let header = reader.header()?.ok_or_else(|| Distrust::NeverBegun(run.to_owned()))?;
        let (requests, measures) = (reader.requests()?, reader.measures()?);
        let (skips, stored) = (PlannedSkips::of(&tasks), None);
        Ok(Self { header, tasks, stored, skips, record, records, requests, measures })
    }

    /// A run that was verified.
    pub(crate) fn of(run: TrustedRun) -> Self {
        let TrustedRun { header, tasks, record, records, requests, measures, .. } = run;
        let (skips, stored) = (PlannedSkips::of(&tasks), None);
        Self { header, tasks, stored, skips, record, records, requests, measures }
    }

    /// Refuses what was made of this run where a task could not be read: it lacks that task.
    ///
    /// # Errors
    /// The first task that could not be read.
    pub(crate) fn refuse_fault(&self) -> Result<(), JournalError> {
        let fault = self.stored.as_ref().and_then(StoredRows::fault);
        fault.map_or(Ok(()), |fault| {
            let path = format!("runs/{}.db", self.header.run.0).into();
            Err(JournalError::Content { path, detail: fault.to_string() })
        })
    }

    /// What its reports say of the run itself.
    pub(crate) fn facts(&self, finished_at: Option<UnixMillis>) -> RunFacts {
        let provenance = &self.header.provenance;
        RunFacts {
            run_id: self.header.run.0.clone(),
            job: self.header.job.clone(),
            tenant: self.header.tenant.clone(),
            started_at: self.header.started_at,
            finished_at,
            requests: self.requests.clone(),
            per_hour: self.header.policy.per_hour,
            reason: self.header.reason.clone(),
            is_simulated: self.header.simulated,
            operator: provenance.operator.clone(),
            planned_by: provenance.planned_by.clone(),
            approver: provenance.approver.clone(),
            break_glass: provenance.break_glass.clone(),
            confirmation: self.header.confirmation.clone(),
            wave_gate: self.header.policy.rollout.as_ref().map(|rollout| rollout.gate),
            verdict: finished_at.map(|_| self.verdict()),
            record: self.record.clone(),
            measures: self.measures.clone(),
            tenants: Vec::new(),
        }
    }

    /// The verdict on a run that has ended, from its entries alone: reports that are written again say the same.
    pub(crate) fn verdict(&self) -> RunVerdict {
        if self.record.is_open {
            return RunVerdict::Aborted;
        }
        let counts = self.rows().outcomes();
        verdict_of(&VerdictFacts {
            counts: &counts,
            stop: self.record.stop.as_ref().map(|(cause, _)| *cause),
            is_forbidden: !self.record.stopped_actions.is_empty(),
            skips_asked: self.skips.asked_of(&counts),
            pending_ok: self.header.pending_ok,
        })
    }

    /// The tasks with what is known of them.
    pub(crate) fn rows(&self) -> Rows<'_> {
        match &self.stored {
            Some(stored) => Rows::stored(stored, &self.records),
            None => Rows::new(&self.tasks, &self.records),
        }
    }

    /// The state of the run, and its outcomes in words.
    pub(crate) fn standing(&self) -> (RunState, String) {
        standing(&self.rows().outcomes())
    }

    /// Writes all reports into a directory.
    ///
    /// # Errors
    /// They cannot be written; the journal is not touched.
    pub(crate) fn write(
        &self,
        directory: &Path,
        finished_at: Option<UnixMillis>,
    ) -> Result<(), ReportsReason> {
        self.write_as(&ReportForm::of(&self.header), directory, finished_at)
    }

    /// Writes all reports in another form than the run's own.
    ///
    /// # Errors
    /// They cannot be written; the journal is not touched.
    pub(crate) fn write_as(
        &self,
        form: &ReportForm,
        directory: &Path,
        finished_at: Option<UnixMillis>,
    ) -> Result<(), ReportsReason> {
        let facts = self.facts(finished_at);
        let rows = self.rows().at(Stage::of(finished_at));
        let ReportForm { formats, options } = form;
        write_reports(directory, formats, options, &facts, &rows).map(drop).map_err(|error| {
            let (run, fault) = (facts.run_id, error.fault());
            ReportsReason::Unwritable { run, fault, detail: error.to_string() }
        })
    }
}

fn unusable(state_dir: &StateDir, run: &str, fault: &TaskFault) -> JournalError {
    JournalError::Content { path: state_dir.run_path(run), detail: fault.to_string() }
}

/// The state of a run with these outcomes that no process drives, and the outcomes in words.
pub(crate) fn standing(counts: &OutcomeCounts) -> (RunState, String) {
    let has = |outcomes: [Outcome; 2]| outcomes.iter().any(|outcome| counts.of(*outcome) > 0);
    let state = if has([Outcome::NotAttempted, Outcome::InDoubt]) {
        RunState::Paused
    } else if has([Outcome::Pending, Outcome::NotNow]) {
        RunState::Ended
    } else {
        RunState::Finished
    };
    let words: Vec<String> =
        counts.iter().map(|(outcome, tasks)| format!("{tasks} {outcome}")).collect();
    (state, words.join(", "))
}

/// Why reports of a run are not written.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReportsReason {
    /// The disk or the directory refused.
    #[serde(rename = "reports_unwritable")]
    Unwritable {
        /// Id of the run.
        run: String,
        /// The kind of trouble.
        fault: ReportFault,
        /// What the system said.
        detail: String,
    },
    /// Secrets of the run were pruned, and the directory may still hold them.
    #[serde(rename = "reports_hold_pruned_secrets")]
    Pruned {
        /// Id of the run.
        run: String,
        /// When the last of them were pruned.
        at: UnixMillis,
        /// The directory, which is left as it is.
        directory: PathBuf,
    },
}

impl RefusalFacts for ReportsReason {
    fn class(&self) -> RefusalClass {
        match self {
            Self::Unwritable { .. } => RefusalClass::Journal,
            Self::Pruned { .. } => RefusalClass::Policy,
        }
    }

    fn next(&self) -> Vec<NextStep> {
        match self {
            Self::Unwritable { run, fault, .. } => {
                let first = match fault {
                    ReportFault::DiskFull => Some(NextStep::CheckDisk),
                    ReportFault::Directory => Some(NextStep::CorrectRequest { what: "report_dir" }),
                    ReportFault::Format => {
                        Some(NextStep::CorrectRequest { what: "report_formats" })
                    }
                    ReportFault::Records => None,
                };
                first.into_iter().chain([NextStep::Report { run: run.clone() }]).collect()
            }
            Self::Pruned { directory, .. } => vec![
                NextStep::CorrectRequest { what: "report_dir" },
                NextStep::RemoveFile { path: directory.clone() },
            ],
        }
    }
}
