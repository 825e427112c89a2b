//! The database of the host: runs, the quota ledger, what each device got, how large fleets were.
//!
//! Owns what several runs and processes share. Invariant: a lease is written in the transaction that
//! read the others, so two processes never spend the same request.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::path::PathBuf;

use super::database::{At, JournalError, open_to_read, open_to_write};
use super::state_dir::StateDir;
use crate::model::{DeviceId, Task, TaskIndex, UnixMillis};

const FORMAT: u32 = 1;

const SCHEMA: &str = "
CREATE TABLE runs (
  id TEXT PRIMARY KEY, job TEXT NOT NULL, tenant TEXT NOT NULL, tasks INTEGER NOT NULL,
  state TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER, summary TEXT NOT NULL DEFAULT '');
CREATE TABLE leases (
  id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, count INTEGER NOT NULL, expires_at INTEGER NOT NULL);
CREATE INDEX leases_by_tenant ON leases (tenant, expires_at);
CREATE TABLE fleets (
  tenant TEXT PRIMARY KEY, devices INTEGER NOT NULL, seen_at INTEGER NOT NULL);
CREATE TABLE device_tasks (
  run TEXT NOT NULL, task INTEGER NOT NULL, device_id TEXT NOT NULL, serial_number TEXT NOT NULL,
  device_name TEXT NOT NULL, user_email TEXT NOT NULL, action TEXT NOT NULL,
  PRIMARY KEY (run, task)) WITHOUT ROWID;
CREATE INDEX device_tasks_by_id ON device_tasks (device_id);
CREATE INDEX device_tasks_by_serial ON device_tasks (serial_number COLLATE NOCASE);
CREATE TABLE pin_shown (at INTEGER, run TEXT, task INTEGER, device_id TEXT, shown_by TEXT);
CREATE VIEW runs_readable AS SELECT id, job, tenant, tasks, state,
  datetime(started_at / 1000, 'unixepoch') AS started_at,
  datetime(ended_at / 1000, 'unixepoch') AS ended_at, summary FROM runs;
";

/// Where a run stands, as the list of runs shows it.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum RunState {
    /// A process drives it, or died while it did.
    Open,
    /// It was stopped, or something is still pending or in doubt: it can be resumed.
    Paused,
    /// Every task has ended.
    Finished,
}

impl RunState {
    /// The word in lists.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Finished => "finished",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "finished" => Self::Finished,
            "paused" => Self::Paused,
            _ => Self::Open,
        }
    }
}

/// One run of the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// Name of its job.
    pub job: String,
    /// Its tenant.
    pub tenant: String,
    /// Number of its tasks.
    pub tasks: u32,
    /// Where it stands.
    pub state: RunState,
    /// When it started.
    pub started_at: UnixMillis,
    /// When it was last left in order.
    pub ended_at: Option<UnixMillis>,
    /// Outcomes with their counts, for people.
    pub summary: String,
}

/// A block of requests that is out.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct LeaseRow {
    /// Requests in the block.
    pub count: u32,
    /// The moment after which it may not be used any more.
    pub expires_at: UnixMillis,
}

/// A task that some run had for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEvent {
    /// The run.
    pub run: String,
    /// Position of the task in it.
    pub task: u32,
}

/// The database of the host.
pub struct Index {
    connection: Connection,
    path: PathBuf,
}

impl Index {
    /// Opens the database of a state directory.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(state_dir: &StateDir) -> Result<Self, JournalError> {
        let path = state_dir.index_path();
        Ok(Self { connection: open_to_write(&path, FORMAT, SCHEMA)?, path })
    }

    /// Opens the database for looking only, whatever version of the program wrote it. `None` when the
    /// state directory holds none yet.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open_to_read(state_dir: &StateDir) -> Result<Option<Self>, JournalError> {
        let path = state_dir.index_path();
        if !path.exists() {
            return Ok(None);
        }
        Ok(Some(Self { connection: open_to_read(&path)?, path }))
    }

    /// Enters a new run with what it is going to do to which device.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn add_run(&mut self, run: &RunRow, tasks: &[Task]) -> Result<(), JournalError> {
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
                        device.serial_number,
                        device.name,
                        device.user_email,
                        task.action
                    ])
                    .at(path)?;
            }
        }
        transaction.commit().at(path)
    }

    /// Writes down where a run stands.
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

    /// All runs, newest first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn runs(&self) -> Result<Vec<RunRow>, JournalError> {
        let mut select = self
            .connection
            .prepare(
                "SELECT id, job, tenant, tasks, state, started_at, ended_at, summary FROM runs
                 ORDER BY started_at DESC, id DESC",
            )
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

    /// The run that an id, a unique prefix of one, or `latest` names.
    ///
    /// # Errors
    /// [`JournalError::NoSuchRun`] when none or several fit.
    pub fn find_run(&self, name: &str) -> Result<RunRow, JournalError> {
        let runs = self.runs()?;
        let none = |text: String| Err(JournalError::NoSuchRun(text));
        if name == "latest" {
            let latest = runs.into_iter().next();
            return latest.ok_or_else(no_runs);
        }
        if let Some(exact) = runs.iter().find(|run| run.id == name) {
            return Ok(exact.clone());
        }
        let mut fitting = runs.into_iter().filter(|run| run.id.starts_with(name));
        match (fitting.next(), fitting.next()) {
            (Some(run), None) => Ok(run),
            (Some(one), Some(other)) => {
                none(format!("'{name}' fits several runs, among them {} and {}", one.id, other.id))
            }
            (None, _) => none(format!("no run begins with '{name}'; 'sortie runs' lists them")),
        }
    }

    /// The newest run in which something is still to be done, simulated ones apart: those cannot go on.
    ///
    /// # Errors
    /// [`JournalError::NoSuchRun`] when there is no run at all.
    pub fn latest_unfinished(&self) -> Result<Option<RunRow>, JournalError> {
        let runs = self.runs()?;
        if runs.is_empty() {
            return Err(no_runs());
        }
        let is_open = |run: &RunRow| run.state != RunState::Finished && run.tenant != "simulated";
        Ok(runs.into_iter().find(is_open))
    }

    /// Leases a block from the tenant's hour: `decide` sees the blocks that are out and names the new
    /// one, in one transaction. Returns the id of the new block.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn lease(
        &mut self,
        tenant: &str,
        oldest: UnixMillis,
        decide: impl FnOnce(&[LeaseRow]) -> Option<LeaseRow>,
    ) -> Result<Option<i64>, JournalError> {
        let path = &self.path;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).at(path)?;
        transaction.execute("DELETE FROM leases WHERE expires_at < ?", [oldest.0]).at(path)?;
        let leases: Vec<LeaseRow> = {
            let mut select = transaction
                .prepare("SELECT count, expires_at FROM leases WHERE tenant = ?")
                .at(path)?;
            let rows = select
                .query_map([tenant], |row| {
                    Ok(LeaseRow { count: row.get(0)?, expires_at: UnixMillis(row.get(1)?) })
                })
                .at(path)?;
            rows.collect::<Result<_, _>>().at(path)?
        };
        let Some(lease) = decide(&leases) else {
            transaction.commit().at(path)?;
            return Ok(None);
        };
        transaction
            .execute(
                "INSERT INTO leases (tenant, count, expires_at) VALUES (?,?,?)",
                params![tenant, lease.count, lease.expires_at.0],
            )
            .at(path)?;
        let id = transaction.last_insert_rowid();
        transaction.commit().at(path)?;
        Ok(Some(id))
    }

    /// Gives back what a block did not use.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn give_back(&self, lease: i64, unused: u32) -> Result<(), JournalError> {
        self.connection
            .execute(
                "UPDATE leases SET count = max(0, count - ?) WHERE id = ?",
                params![unused, lease],
            )
            .at(&self.path)
            .map(drop)
    }

    /// How many devices the tenant had when its inventory was last read.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn fleet_size(&self, tenant: &str) -> Result<Option<u32>, JournalError> {
        self.connection
            .query_row("SELECT devices FROM fleets WHERE tenant = ?", [tenant], |row| row.get(0))
            .optional()
            .at(&self.path)
    }

    /// Remembers how many devices the tenant has.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn set_fleet_size(
        &self,
        tenant: &str,
        devices: u32,
        seen_at: UnixMillis,
    ) -> Result<(), JournalError> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO fleets VALUES (?,?,?)",
                params![tenant, devices, seen_at.0],
            )
            .at(&self.path)
            .map(drop)
    }

    /// The tasks that any run had for a device, by its id, serial number, name or user, oldest run first.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn device_tasks(&self, device: &str) -> Result<Vec<DeviceEvent>, JournalError> {
        let mut select = self
            .connection
            .prepare(
                "SELECT run, task FROM device_tasks JOIN runs ON runs.id = run
                 WHERE device_id = lower(?1) OR serial_number = ?1 COLLATE NOCASE
                    OR device_name = ?1 COLLATE NOCASE OR user_email = ?1 COLLATE NOCASE
                 ORDER BY started_at, run, task",
            )
            .at(&self.path)?;
        let rows = select
            .query_map([device], |row| Ok(DeviceEvent { run: row.get(0)?, task: row.get(1)? }))
            .at(&self.path)?;
        rows.collect::<Result<_, _>>().at(&self.path)
    }

    /// Writes down that somebody was shown the PINs of a task.
    ///
    /// # Errors
    /// [`JournalError`]; where the database is older and was not opened by a program that knows the table,
    /// or may only be read.
    pub fn note_shown(
        &self,
        run: &str,
        task: TaskIndex,
        device_id: &DeviceId,
        shown_by: &str,
        at: UnixMillis,
    ) -> Result<(), JournalError> {
        self.connection
            .execute(
                "INSERT INTO pin_shown (at, run, task, device_id, shown_by) VALUES (?,?,?,?,?)",
                params![at.0, run, task.0, device_id.as_str(), shown_by],
            )
            .at(&self.path)
            .map(drop)
    }
}

fn no_runs() -> JournalError {
    JournalError::NoSuchRun("there are no runs yet".to_owned())
}
