//! The list of runs.
//!
//! Owns the state of each run and how one is named. Must never look into a run.

use rusqlite::{TransactionBehavior, params};

use super::super::error::{At, JournalError};
use super::Index;
use super::groups::{GroupPlace, tie};
use crate::model::{Task, UnixMillis};

/// The state of a run, as the list of runs shows it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum RunState {
    /// A process drives it, or died while it did.
    Open,
    /// It was stopped, or something is still pending or in doubt: it can be resumed.
    Paused,
    /// Everything was sent, and following has ended before every device had reported: it can be watched again.
    Ended,
    /// A person closed it: it is not resumed.
    Closed,
    /// Every task has ended.
    Finished,
}

impl RunState {
    /// All states, in the order of a run's life.
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Paused, Self::Ended, Self::Closed, Self::Finished];

    /// The state that a word means.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// The state in the list of runs and in JSON, such as `paused`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Ended => "ended",
            Self::Closed => "closed",
            Self::Finished => "finished",
        }
    }

    fn parse(word: &str) -> Self {
        // A newer program may know more; what it calls otherwise has not ended.
        Self::of_word(word).unwrap_or(Self::Open)
    }
}

/// One run in the host's list of runs, as entered, with its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Id of the run.
    pub id: String,
    /// Name of its job.
    pub job: String,
    /// Its tenant.
    pub tenant: String,
    /// Number of its tasks.
    pub tasks: u32,
    /// State of the run.
    pub state: RunState,
    /// When the run started.
    pub started_at: UnixMillis,
    /// When it was last left in order.
    pub ended_at: Option<UnixMillis>,
    /// Outcomes with their counts, for people.
    pub summary: String,
}

impl Index {
    /// Enters a new run with what it is going to do to which device.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn add_run(&mut self, run: &RunRow, tasks: &[Task]) -> Result<(), JournalError> {
        self.add_run_in(run, tasks, None)
    }

    /// The same of a run that belongs to a group.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn add_run_in(
        &mut self,
        run: &RunRow,
        tasks: &[Task],
        place: Option<&GroupPlace>,
    ) -> Result<(), JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        transaction
            .execute(
                "INSERT INTO runs (id, job, tenant, tasks, state, started_at) VALUES (?,?,?,?,?,?)",
                params![run.id, run.job, run.tenant, run.tasks, run.state.word(), run.started_at.0],
            )
            .at(path)?;
        {
            let mut insert =
                transaction.prepare("INSERT INTO device_tasks VALUES (?,?,?,?,?,?,?)").at(path)?;
            for (index, task) in tasks.iter().enumerate() {
                let device = &task.device;
                insert
                    .execute(params![
                        run.id,
                        index as i64,
                        device.id.as_str(),
                        device.serial_number.as_str(),
                        device.name.as_str(),
                        device.user_email.as_str(),
                        task.action
                    ])
                    .at(path)?;
            }
        }
        if let Some(place) = place {
            tie(&transaction, path, &run.id, place)?;
        }
        transaction.commit().at(path)
    }

    /// Writes down the state of a run.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn set_run_state(
        &self,
        run: &str,
        state: RunState,
        ended_at: Option<UnixMillis>,
        summary: &str,
    ) -> Result<(), JournalError> {
        self.connection
            .execute(
                "UPDATE runs SET state = ?, ended_at = ?, summary = ? WHERE id = ?",
                params![state.word(), ended_at.map(|at| at.0), summary, run],
            )
            .at(&self.path)
            .map(drop)
    }

    /// All runs, newest first: in the order in which they were entered, not by the clock.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn runs(&self) -> Result<Vec<RunRow>, JournalError> {
        self.runs_where("1")
    }

    /// The runs that a process drives, or drove when it died; newest first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open_runs(&self) -> Result<Vec<RunRow>, JournalError> {
        // An unknown word of a newer program counts as open, as it does wherever a row is read.
        self.runs_where("state NOT IN ('paused', 'ended', 'closed', 'finished')")
    }

    fn runs_where(&self, condition: &str) -> Result<Vec<RunRow>, JournalError> {
        let mut select = self
            .connection
            .prepare(&format!(
                "SELECT id, job, tenant, tasks, state, started_at, ended_at, summary FROM runs
                 WHERE {condition} ORDER BY rowid DESC"
            ))
            .at(&self.path)?;
        let rows = select
            .query_map([], |row| {
                Ok(RunRow {
                    id: row.get(0)?,
                    job: row.get(1)?,
                    tenant: row.get(2)?,
                    tasks: row.get(3)?,
                    state: RunState::parse(&row.get::<_, String>(4)?),
                    started_at: UnixMillis(row.get(5)?),
                    ended_at: row.get::<_, Option<i64>>(6)?.map(UnixMillis),
                    summary: row.get(7)?,
                })
            })
            .at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// When a run of this job was last left with exit code 0, by the host's record; `None` if none was, or an older program
    /// wrote the index.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn last_success(
        &self,
        job: &str,
        tenant: &str,
    ) -> Result<Option<UnixMillis>, JournalError> {
        if !self.has_table("audit")? {
            return Ok(None);
        }
        let last = self.connection.query_row(
            "SELECT max(audit.at) FROM audit JOIN runs ON runs.id = audit.run
             WHERE audit.kind = 'left' AND runs.job = ? AND runs.tenant = ?
             AND json_extract(audit.body, '$.exit') = 0",
            params![job, tenant],
            |row| row.get::<_, Option<i64>>(0),
        );
        Ok(last.at(&self.path)?.map(UnixMillis))
    }

    /// The run that an id, a unique prefix of one, or `latest` names: that is the newest, for every command.
    ///
    /// # Errors
    /// [`JournalError::NoSuchRun`] when none or several fit, [`JournalError::NoRuns`] when there are none at all,
    /// [`JournalError::IsGroup`] when the name means a group of runs.
    pub fn find_run(&self, name: &str) -> Result<RunRow, JournalError> {
        if let Some(group) = self.group_named(name)? {
            let runs = group.runs().map(str::to_owned).collect();
            return Err(JournalError::IsGroup { group: group.id, runs });
        }
        let runs = self.runs()?;
        let none = |text: String| Err(JournalError::NoSuchRun(text));
        if name == "latest" {
            let latest = runs.into_iter().next();
            return latest.ok_or(JournalError::NoRuns);
        }
        if let Some(exact) = runs.iter().find(|run| run.id == name) {
            return Ok(exact.clone());
        }
        let mut fitting = runs.into_iter().filter(|run| run.id.starts_with(name));
        match (fitting.next(), fitting.next()) {
            (Some(run), None) => Ok(run),
            (Some(one), Some(other)) => {
                none(format!("'{name}' matches several runs, such as {} and {}", one.id, other.id))
            }
            (None, _) => none(format!("no run id begins with '{name}'")),
        }
    }
}
