//! Where the rows of a report get their tasks from.
//!
//! Owns the tasks that are read while a report is written, and what is known of all of them beforehand. Invariant: a report that
//! lacks a task is not written: the first fault is kept, and the code that writes the report asks for it. Must never hold all tasks.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use super::column_names::ColumnNames;
use crate::model::{
    Carried, DeviceFacts, DeviceId, End, Params, Platform, Repeat, Risk, RunTasks, Task, TaskFault,
    TaskId, TaskIndex, TaskWork, Turn,
};

/// The action whose PIN a Mac cannot be used without.
const LOCK: &str = "lock";

/// The tasks of a run that stay in its database while its reports are written.
#[derive(Debug)]
pub struct StoredRows {
    tasks: RunTasks,
    /// Locks of Macs: the only tasks that may lack a PIN.
    locks: Vec<bool>,
    /// Tasks whose devices may be under a cap.
    capped: Vec<bool>,
    /// What the tasks bring into the header of a report.
    names: ColumnNames,
    /// The steps of tasks other tasks wait for.
    steps: BTreeMap<TaskIndex, u16>,
    fault: OnceLock<TaskFault>,
}

/// A task in the place of one that cannot be read. No report with it is kept.
static NO_TASK: LazyLock<Task> = LazyLock::new(|| Task {
    id: TaskId(0),
    row: 0,
    step: 0,
    wave: 0,
    device: Arc::new(DeviceFacts { id: DeviceId::default(), ..DeviceFacts::default() }),
    work: Arc::new(TaskWork {
        action: String::new(),
        params: Params::new(),
        risk: Risk::Read,
        repeat: Repeat::Once,
        end: End::Answer,
        capture: Vec::new(),
    }),
    after: None,
    turn: Turn::Do,
    carried: Carried::default(),
});

impl StoredRows {
    /// The tasks of a run; goes through all of them once and shows each to `see`.
    ///
    /// # Errors
    /// [`TaskFault`].
    pub fn new(tasks: RunTasks, mut see: impl FnMut(&Task)) -> Result<Self, TaskFault> {
        let room = || Vec::with_capacity(tasks.count());
        let (mut locks, mut capped, mut awaited) = (room(), room(), Vec::new());
        let mut names = ColumnNames::default();
        tasks.for_each(|_, task| {
            see(&task);
            names.add(&task);
            locks.push(is_lock_of_mac(&task));
            capped.push(is_capped(&task));
            awaited.extend(task.after.map(|(before, _)| before));
        })?;
        let mut steps = BTreeMap::new();
        for before in awaited {
            steps.insert(before, tasks.get(before)?.step);
        }
        Ok(Self { tasks, locks, capped, names, steps, fault: OnceLock::new() })
    }

    /// The first task that could not be read, and why.
    #[must_use]
    pub fn fault(&self) -> Option<&TaskFault> {
        self.fault.get()
    }
}

/// Whether a task is the lock of a Mac that is to be done.
fn is_lock_of_mac(task: &Task) -> bool {
    task.action == LOCK && task.device.platform == Platform::Mac && task.turn == Turn::Do
}

/// Whether a task is to be done and more than benign: the devices of no other tasks are counted for a cap.
fn is_capped(task: &Task) -> bool {
    task.risk >= Risk::Disruptive && task.turn == Turn::Do
}

/// The tasks of rows.
#[derive(Copy, Clone, Debug)]
pub(super) enum RowTasks<'a> {
    InMemory(&'a [Task]),
    Stored(&'a StoredRows),
}

impl<'a> RowTasks<'a> {
    pub(super) fn count(self) -> usize {
        match self {
            Self::InMemory(tasks) => tasks.len(),
            Self::Stored(stored) => stored.tasks.count(),
        }
    }

    /// One of them; it is there.
    pub(super) fn get(self, index: TaskIndex) -> Cow<'a, Task> {
        match self {
            Self::InMemory(tasks) => {
                tasks.get(index.at()).map_or_else(|| Cow::Borrowed(&*NO_TASK), Cow::Borrowed)
            }
            Self::Stored(stored) => match stored.tasks.get(index) {
                Ok(task) => Cow::Owned(task),
                Err(fault) => {
                    // The first one says it.
                    let _ = stored.fault.set(fault);
                    Cow::Borrowed(&*NO_TASK)
                }
            },
        }
    }

    /// What they bring into the header of a report.
    pub(super) fn column_names(self) -> Cow<'a, ColumnNames> {
        match self {
            Self::InMemory(tasks) => Cow::Owned(ColumnNames::of(tasks)),
            Self::Stored(stored) => Cow::Borrowed(&stored.names),
        }
    }

    /// The step of a task that another one waits for.
    pub(super) fn step(self, index: TaskIndex) -> Option<u16> {
        match self {
            Self::InMemory(tasks) => tasks.get(index.at()).map(|task| task.step),
            Self::Stored(stored) => stored.steps.get(&index).copied(),
        }
    }

    /// Whether a task is the lock of a Mac.
    pub(super) fn is_lock(self, index: TaskIndex) -> bool {
        match self {
            Self::InMemory(tasks) => tasks.get(index.at()).is_some_and(is_lock_of_mac),
            Self::Stored(stored) => stored.locks.get(index.at()).copied().unwrap_or_default(),
        }
    }

    /// Whether the device of a task may be under a cap.
    pub(super) fn is_capped(self, index: TaskIndex) -> bool {
        match self {
            Self::InMemory(tasks) => tasks.get(index.at()).is_some_and(is_capped),
            Self::Stored(stored) => stored.capped.get(index.at()).copied().unwrap_or_default(),
        }
    }

    /// The first task that could not be read.
    pub(super) fn fault(self) -> Option<&'a TaskFault> {
        match self {
            Self::InMemory(_) => None,
            Self::Stored(stored) => stored.fault(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carrying, facts, record, task, text_of, with};
    use super::super::{
        DevicesCsv, Report, ReportCsv, ReportHtml, ReportJsonl, Rerun, RerunCsv, Rows, RunOverview,
        SummaryJson, write_report,
    };
    use super::*;
    use crate::model::{CsvDialect, Gate, Outcome, ReportOptions, TaskRecord, TaskSource};

    /// A source whose last task cannot be read any more once all were read.
    struct Breaking(Vec<Task>);

    impl TaskSource for Breaking {
        fn count(&self) -> usize {
            self.0.len()
        }

        fn task(&self, index: TaskIndex) -> Result<Task, TaskFault> {
            match self.0.get(index.at()) {
                Some(task) if index.at() + 1 < self.0.len() => Ok(task.clone()),
                _ => Err(TaskFault { task: index.0, reason: "it changed".to_owned() }),
            }
        }

        fn for_each(&self, take: &mut dyn FnMut(TaskIndex, Task)) -> Result<(), TaskFault> {
            RunTasks::from(self.0.clone()).for_each(take)
        }
    }

    fn steps() -> (Vec<Task>, Vec<TaskRecord>) {
        let mut tasks: Vec<Task> = (1..=6).map(|row| task(row, 1, "lock")).collect();
        tasks.push(carrying(task(1, 2, "erase"), &[("Room", "4")]));
        tasks.push(with(task(2, 2, "erase"), &[("PIN", "12")]));
        tasks[6].after = Some((TaskIndex(0), Gate::GoodEnd));
        tasks[7].after = Some((TaskIndex(1), Gate::GoodEnd));
        let outcomes = [
            Outcome::Completed,
            Outcome::Failed,
            Outcome::Pending,
            Outcome::InDoubt,
            Outcome::Skipped,
            Outcome::Refused,
            Outcome::NotAttempted,
            Outcome::NotAttempted,
        ];
        let records = tasks.iter().zip(outcomes).map(|(task, outcome)| record(task, outcome, ""));
        let records = records.collect();
        (tasks, records)
    }

    #[test]
    fn reports_of_stored_tasks_are_those_of_tasks_in_memory() {
        let (tasks, records) = steps();
        let mut seen = 0;
        let stored = StoredRows::new(tasks.clone().into(), |_| seen += 1).expect("in memory");
        assert_eq!(seen, tasks.len());
        let (held, read) = (Rows::new(&tasks, &records), Rows::stored(&stored, &records));
        let (options, dialect) = (ReportOptions::default(), CsvDialect::Plain);
        let reports: [&dyn Report; 7] = [
            &ReportCsv { options: &options },
            &ReportJsonl { options: &options },
            &ReportHtml { options: &options },
            &DevicesCsv { options: &options },
            &RerunCsv { rerun: Rerun::Failed, dialect },
            &RerunCsv { rerun: Rerun::Unprocessed, dialect },
            &SummaryJson,
        ];
        for report in reports {
            let name = report.file_name();
            assert_eq!(
                text_of(report, &facts(), &read),
                text_of(report, &facts(), &held),
                "{name}"
            );
        }
        let overview = |rows| format!("{:?}", RunOverview::of(&facts(), rows));
        assert_eq!(overview(&read), overview(&held));
        assert_eq!(read.fault(), None);
    }

    #[test]
    fn a_report_that_lacks_a_task_is_not_written() {
        let (tasks, records) = steps();
        let stored = StoredRows::new(RunTasks::new(Breaking(tasks)), |_| {}).expect("readable");
        let directory = tempfile::tempdir().expect("a directory");
        let options = ReportOptions::default();
        let report = ReportCsv { options: &options };
        let rows = Rows::stored(&stored, &records);
        let error = write_report(directory.path(), &report, &facts(), &rows).expect_err("a fault");
        assert!(error.to_string().contains("task 7 of the run cannot be used"), "{error}");
        assert!(!directory.path().join("report.csv").exists());
    }
}
