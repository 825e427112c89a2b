//! `failed.csv` and `unprocessed.csv`: what is left, as new jobs.
//!
//! Owns what may be done again, and its spelling as job input. Invariant: a file made here can be run
//! without thinking. So it has no task that may have taken effect, and no step whose step before did not let it
//! begin.
//!
//! Chains of steps stay together: a later step alone would run without its gate. `pin_missing` is left out, because a
//! second lock would not recover the first PIN.

use std::borrow::Cow;
use std::io;

use super::Report;
use super::columns::Columns;
use super::csv_lines::CsvLines;
use super::row::{ReportRow, Rows, RunFacts};
use crate::model::{CsvDialect, Outcome, TaskIndex};

/// A job file of what a run left: `failed.csv` or `unprocessed.csv`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rerun {
    /// What failed or was refused, with the steps that waited for it.
    Failed,
    /// What was never begun.
    Unprocessed,
}

/// Columns before the parameters. Device name and user are left out: they are checked on input, and may
/// have changed since, the name by this run.
const JOB_COLUMNS: [&str; 4] = ["device_id", "serial_number", "action", "step"];

/// Columns after the carried ones; a job passes them over.
const RESULT_COLUMNS: [&str; 2] = ["outcome", "reason"];
/// The last columns of the files: which run wrote the row, and when it had ended. They are in each row, so that they
/// outlive a spreadsheet and a row that is copied elsewhere; a job that has them is compared with the run.
const RUN_COLUMNS: [&str; 2] = ["sortie_run", "sortie_run_ended"];
/// The value while the run has not ended.
const NOT_ENDED: &str = "no";

impl Rerun {
    /// The file that a task belongs into; `None` when it ended well, or must not be fed back blindly.
    ///
    /// A Mac that was locked without a PIN is one of these: a second lock would wait for the moment in
    /// which a person frees it. A step is with the one it waited for: alone it would run although
    /// its condition never came true.
    #[must_use]
    pub fn of(rows: &Rows<'_>, index: TaskIndex) -> Option<Self> {
        root(rows, index).map(|(file, _)| file)
    }

    fn rows<'a>(self, rows: &Rows<'a>) -> impl Iterator<Item = ReportRow<'a>> {
        let all = *rows;
        let wanted = move |at: &u32| Self::of(&all, TaskIndex(*at)) == Some(self);
        let count = u32::try_from(all.tasks_count()).unwrap_or(u32::MAX);
        (0..count).filter(wanted).filter_map(move |at| all.get(TaskIndex(at)))
    }
}

/// Whether a retry repeats what the API refused.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It would be refused again.
    Leave,
    /// Its cause is gone.
    Include,
}

/// The tasks that a retry repeats: what failed or was never begun, with the steps that waited for it.
#[must_use]
pub fn to_retry(rows: &Rows<'_>, refused: Refused) -> Vec<TaskIndex> {
    let is_again = |outcome| refused == Refused::Include || outcome != Outcome::Refused;
    let count = u32::try_from(rows.tasks_count()).unwrap_or(u32::MAX);
    (0..count)
        .map(TaskIndex)
        .filter(|index| root(rows, *index).is_some_and(|(_, outcome)| is_again(outcome)))
        .collect()
}

/// Tasks as a job that can be fed back, in memory: the same text as the files.
#[must_use]
pub fn job_csv(rows: &Rows<'_>, tasks: &[TaskIndex]) -> Vec<u8> {
    let mut text = Vec::new();
    // Memory takes everything.
    let tasks = || tasks.iter().filter_map(|index| rows.get(*index));
    let _ = write_job(tasks, None, CsvDialect::Plain, &mut text);
    text
}

/// Which file a task belongs into, and the state of the task that decides it: itself, or the one it waited for.
fn root(rows: &Rows<'_>, index: TaskIndex) -> Option<(Rerun, Outcome)> {
    let mut row = rows.get(index)?;
    // Rows may be in any order; a chain has no more links than there are tasks.
    for _ in 0..rows.tasks_count() {
        if row.outcome() != Outcome::NotAttempted {
            break;
        }
        // Another run has taken it over.
        if row.record().is_settled() {
            return None;
        }
        if row.is_released() {
            return Some((Rerun::Unprocessed, Outcome::NotAttempted));
        }
        let (before, _) = row.task().after?;
        row = rows.get(before)?;
    }
    let is_open = matches!(row.outcome(), Outcome::Failed | Outcome::Refused);
    (is_open && !row.is_pin_missing()).then(|| (Rerun::Failed, row.outcome()))
}

fn write_job<'a, Lines: Iterator<Item = ReportRow<'a>>>(
    rows: impl Fn() -> Lines,
    run: Option<&RunFacts>,
    dialect: CsvDialect,
    sink: &mut dyn io::Write,
) -> io::Result<()> {
    let columns = Columns::of_some(rows());
    let mut lines = CsvLines::begin(sink, dialect)?;
    // The rows of several tenants name the run of their own tenant.
    let origin_of = |row: &ReportRow<'_>| {
        let run = run?;
        let (id, ended) = row.own_run().unwrap_or((&run.run_id, run.finished_at));
        let ended = ended.map_or_else(|| NOT_ENDED.to_owned(), |at| at.to_string());
        Some([id.to_owned(), ended])
    };
    let run_columns = RUN_COLUMNS.into_iter().filter(|_| run.is_some());
    let headers = columns.tenant_header().chain(JOB_COLUMNS);
    let headers = headers.chain(columns.headers()).chain(RESULT_COLUMNS).chain(run_columns);
    lines.write(headers.map(Cow::from))?;
    for row in rows() {
        let device = row.device();
        let task: [Cow<'_, str>; 4] = [
            device.id.as_str().into(),
            device.serial_number.as_str().into(),
            row.action().into(),
            row.step().to_string().into(),
        ];
        let result = [Cow::from(row.outcome().word()), row.reason()];
        let origin = origin_of(&row).into_iter().flatten().map(Cow::from);
        let cells = columns.tenant_cell(&row).chain(task).chain(columns.cells(&row)).chain(result);
        lines.write(cells.chain(origin))?;
    }
    lines.finish()
}

/// A [`Rerun`] in the dialect of a spreadsheet. A job reads all of them.
#[derive(Copy, Clone, Debug)]
pub struct RerunCsv {
    /// Which of the two files.
    pub rerun: Rerun,
    /// The spreadsheet that opens it.
    pub dialect: CsvDialect,
}

impl Report for RerunCsv {
    fn file_name(&self) -> &str {
        match self.rerun {
            Rerun::Failed => "failed.csv",
            Rerun::Unprocessed => "unprocessed.csv",
        }
    }

    fn write(&self, run: &RunFacts, rows: &Rows<'_>, sink: &mut dyn io::Write) -> io::Result<()> {
        write_job(|| self.rerun.rows(rows), Some(run), self.dialect, sink)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{carrying, facts, lines_of, one_of_each, record, task, with};
    use super::*;
    use crate::model::restored;
    use crate::model::{Gate, Task, TaskRecord};

    fn plain(rerun: Rerun) -> RerunCsv {
        RerunCsv { rerun, dialect: CsvDialect::Plain }
    }

    #[test]
    fn each_outcome_goes_where_it_can_be_fed_back() {
        let (tasks, records) = one_of_each();
        let rows = Rows::new(&tasks, &records);
        for (at, row) in rows.iter().enumerate() {
            let expected = match row.outcome() {
                Outcome::Failed | Outcome::Refused => Some(Rerun::Failed),
                Outcome::NotAttempted => Some(Rerun::Unprocessed),
                _ => None,
            };
            let index = TaskIndex(u32::try_from(at).expect("ten"));
            assert_eq!(Rerun::of(&rows, index), expected, "{}", row.outcome());
        }
    }

    #[test]
    fn a_lock_without_pin_is_never_repeated() {
        let tasks = [task(1, 1, "lock")];
        let records = [record(&tasks[0], Outcome::Failed, "pin_missing: no PIN came")];
        assert_eq!(Rerun::of(&Rows::new(&tasks, &records), TaskIndex(0)), None);
    }

    #[test]
    fn a_step_goes_with_the_one_it_waited_for() {
        let chain = |outcome, gate| {
            let mut tasks: Vec<Task> = (1..=3).map(|step| task(1, step, "restart")).collect();
            tasks[1].after = Some((TaskIndex(0), gate));
            tasks[2].after = Some((TaskIndex(1), gate));
            let mut records: Vec<TaskRecord> = tasks.iter().map(TaskRecord::new).collect();
            records[0] = record(&tasks[0], outcome, "");
            let rows = Rows::new(&tasks, &records);
            [0, 1, 2].map(|at| Rerun::of(&rows, TaskIndex(at)))
        };
        let failed = Some(Rerun::Failed);
        let unprocessed = Some(Rerun::Unprocessed);
        assert_eq!(chain(Outcome::Refused, Gate::GoodEnd), [failed; 3]);
        assert_eq!(chain(Outcome::NotAttempted, Gate::GoodEnd), [unprocessed; 3]);
        assert_eq!(chain(Outcome::InDoubt, Gate::GoodEnd), [None; 3]);
        assert_eq!(chain(Outcome::Accepted, Gate::Completed), [None; 3]);
        assert_eq!(chain(Outcome::Completed, Gate::Completed)[0], None);
    }

    #[test]
    fn a_retry_leaves_what_was_refused_and_what_another_run_took() {
        let mut tasks: Vec<Task> = (1..=5).map(|row| task(row, 1, "restart")).collect();
        tasks[4].after = Some((TaskIndex(0), Gate::GoodEnd));
        let mut records = vec![
            record(&tasks[0], Outcome::Refused, "no"),
            record(&tasks[1], Outcome::Failed, "no"),
            TaskRecord::new(&tasks[2]),
            TaskRecord::new(&tasks[3]),
            TaskRecord::new(&tasks[4]),
        ];
        let taken = crate::model::Event::Settled {
            task: TaskIndex(3),
            outcome: Outcome::NotAttempted,
            reason: "taken over by run x".to_owned(),
        };
        records[3].apply(crate::model::UnixMillis(0), &taken);
        let rows = Rows::new(&tasks, &records);
        let again = |refused| -> Vec<u32> {
            to_retry(&rows, refused).into_iter().map(|index| index.0).collect()
        };
        assert_eq!(again(Refused::Leave), [1, 2]);
        assert_eq!(again(Refused::Include), [0, 1, 2, 4]);
        assert_eq!(Rerun::of(&rows, TaskIndex(3)), None);
        let csv = String::from_utf8(job_csv(&rows, &[TaskIndex(2)])).expect("UTF-8");
        assert_eq!(csv.lines().count(), 2, "{csv}");
        assert!(csv.contains("d3,SN3,restart,1,not_attempted"), "{csv}");
    }

    #[test]
    fn what_was_asked_is_repeated_exactly() {
        let mut lock = carrying(
            with(task(1, 2, "lock"), &[("Message", "'=\"x\",\ny"), ("PhoneNumber", "+1 555")]),
            &[("Room", "-3")],
        );
        lock.params.insert(
            "PIN".to_owned(),
            crate::model::ParamValue::Secret(crate::model::Sealed::clear("012345".to_owned())),
        );
        let rename = with(task(2, 1, "set-name"), &[("DeviceName", "@home")]);
        let other = with(task(3, 1, "erase"), &[("ReturnToService.Enabled", "true")]);
        let records = [
            record(&lock, Outcome::Failed, "=bad"),
            record(&rename, Outcome::Refused, "no"),
            record(&other, Outcome::InDoubt, ""),
        ];
        let tasks = [lock, rename, other];
        let lines = lines_of(&plain(Rerun::Failed), &facts(), &Rows::new(&tasks, &records));
        let restored: Vec<Vec<Cow<'_, str>>> =
            lines.iter().map(|line| line.iter().map(|cell| restored(cell)).collect()).collect();
        let header = "device_id serial_number action step new_name Message PIN PhoneNumber Room \
                      outcome reason sortie_run sortie_run_ended";
        assert_eq!(restored[0], header.split_whitespace().collect::<Vec<_>>());
        assert_eq!(
            restored[1],
            [
                "d1",
                "SN1",
                "lock",
                "2",
                "",
                "'=\"x\",\ny",
                "012345",
                "+1 555",
                "-3",
                "failed",
                "=bad",
                &facts().run_id,
                "no"
            ]
        );
        assert_eq!(
            restored[2],
            [
                "d2",
                "SN2",
                "set-name",
                "1",
                "@home",
                "",
                "",
                "",
                "",
                "refused",
                "no",
                &facts().run_id,
                "no"
            ]
        );
        assert_eq!(restored.len(), 3);
        let empty = lines_of(&plain(Rerun::Unprocessed), &facts(), &Rows::new(&tasks, &records));
        let header =
            "device_id serial_number action step outcome reason sortie_run sortie_run_ended";
        assert_eq!(empty, [header.split_whitespace().collect::<Vec<_>>()]);
    }
}
