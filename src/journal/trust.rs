//! Believing what is in the database of a run.
//!
//! Owns the one way to resume a run: header, tasks and entries are verified against each other and against
//! what the host's record knows of the run, in one pass, and only what was verified is handed out. Must never hand out
//! anything of a run that does not fit, and never read again what was verified: the file may change in between.

use std::path::PathBuf;
use std::sync::Arc;

use super::chain::AuditFault;
use super::error::JournalError;
use super::index::{Index, RunAccount};
use super::kept::KeptHeads;
use super::run_audit::Begun;
use super::run_chain::{Beginning, ChainEnd};
use super::run_header::{RequestCounts, RunHeader};
use super::run_reader::RunReader;
use super::state_dir::StateDir;
use super::stored_tasks::TaskPrints;
use crate::model::{Entry, RunMeasures, RunRecord, Task, TaskRecord, UnixMillis};

/// Why a run is not resumed.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// It cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The process died before it had written down what the run is: nothing was sent.
    #[error("run {0} never started")]
    NeverBegun(String),
    /// It is not what was written.
    #[error("run {run}{}: {}", place(fault.seq), fault.what)]
    Run {
        /// The run.
        run: String,
        /// The first place that does not fit.
        fault: AuditFault,
    },
    /// The host's record is not what was written, so nothing can be compared with it.
    #[error("the host's record, note {}: {}", fault.seq, fault.what)]
    Host {
        /// The first place that does not fit.
        fault: AuditFault,
    },
}

fn place(seq: u64) -> String {
    if seq == 0 { String::new() } else { format!(", entry {seq}") }
}

/// A run whose header and tasks are those with which it began; its entries are still to be followed.
pub struct Opening {
    reader: RunReader,
    run: String,
    header: RunHeader,
    begun: Begun,
    tasks: Vec<Task>,
    account: RunAccount,
}

impl Opening {
    /// Reads header and tasks of a run and verifies them. The caller holds the run.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn of(state_dir: &StateDir, index: &Index, run: &str) -> Result<Self, Distrust> {
        let account = index.account_of(run)?;
        if let Some(fault) = account.fault {
            return Err(Distrust::Host { fault });
        }
        let reader = RunReader::open(state_dir, run)?;
        // One view of the file from here on, even while others write.
        reader.hold_view()?;
        let Some(header) = reader.header()? else {
            return Err(Distrust::NeverBegun(run.to_owned()));
        };
        let (begun, tasks) = reader.begin()?;
        reader.refuse_newer(begun.format)?;
        let refuse = |fault| Distrust::Run { run: run.to_owned(), fault };
        let faulty = |what: &str| refuse(AuditFault { seq: 0, what: what.to_owned() });
        if let Some(fault) = begun.walk.found() {
            return Err(refuse(fault.clone()));
        }
        if header.run.0 != run {
            return Err(faulty(&format!("the file is the journal of run {}", header.run)));
        }
        let genesis = begun.beginning.genesis();
        let is_another = |row: &super::HeadRow| row.genesis != genesis;
        if account.row.as_ref().is_some_and(is_another) {
            return Err(faulty("the header or the tasks differ from the host's record"));
        }
        if account.row.is_none() && account.kept.iter().any(|kept| kept.entries == Some(0)) {
            return Err(faulty("the host's record does not say how far the run came"));
        }
        let Some(tasks) = tasks else { return Err(faulty("a task cannot be read")) };
        Ok(Self { reader, run: run.to_owned(), header, begun, tasks, account })
    }

    /// The header of the run, verified.
    #[must_use]
    pub fn header(&self) -> &RunHeader {
        &self.header
    }

    /// The frozen tasks of the run, verified.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// Verifies the entries and gives each to `take`, in order. What `take` was given counts only when this succeeds.
    ///
    /// # Errors
    /// [`Distrust`].
    pub fn follow(self, mut take: impl FnMut(&Entry)) -> Result<TrustedRun, Distrust> {
        let Self { reader, run, header, mut begun, tasks, account } = self;
        let beginning = begun.beginning.clone();
        let prints = Arc::new(std::mem::take(&mut begun.prints));
        let mut kept = KeptHeads::new(account.kept);
        let mut record = RunRecord::default();
        let (walk, records) = reader.follow(begun, Some(&tasks), |seen| {
            if !seen.fits {
                return;
            }
            kept.see(seen.seq, seen.hash);
            let Some(event) = seen.event else { return };
            let entry = Entry { at: seen.at, event };
            record.apply(&entry);
            take(&entry);
        })?;
        let refuse = |fault| Distrust::Run { run: run.clone(), fault };
        // The column of outcomes is beside the entries: that some of them are missing says more.
        if let Some(fault) = walk.found().filter(|fault| fault.seq > 0) {
            return Err(refuse(fault.clone()));
        }
        let (seq, hash) = walk.stands_at();
        let end = ChainEnd { seq, hash: hash.to_owned() };
        let faults = kept.faults(&beginning.genesis(), seq.unsigned_abs());
        let row_fault = account.row.and_then(|row| row.end_fault(&end.head()));
        if let Some(fault) = faults.into_iter().next().or(row_fault).or(walk.found().cloned()) {
            return Err(refuse(fault));
        }
        let Some(records) = records else {
            let what = "its entries cannot be read".to_owned();
            return Err(refuse(AuditFault { seq: 0, what }));
        };
        let (requests, measures) = (reader.requests()?, reader.measures()?);
        Ok(TrustedRun {
            header,
            tasks,
            closed: record.closed.clone(),
            record,
            records,
            requests,
            measures,
            started: account.started,
            path: reader.path,
            beginning,
            prints,
            end,
        })
    }
}

/// A run that was verified, as it was at that moment.
pub struct TrustedRun {
    /// The verified header of the run.
    pub header: RunHeader,
    /// The verified tasks of the run.
    pub tasks: Vec<Task>,
    /// What is known of the run as a whole.
    pub record: RunRecord,
    /// What is known of each.
    pub records: Vec<TaskRecord>,
    /// How many requests of each kind were made.
    pub requests: RequestCounts,
    /// What its processes measured of it. No hash covers this.
    pub measures: RunMeasures,
    /// When a person closed it, and who.
    pub closed: Option<(UnixMillis, String)>,
    /// The note of its start in the host's record; null where there is none.
    pub started: serde_json::Value,
    pub(super) path: PathBuf,
    pub(super) beginning: Beginning,
    pub(super) prints: Arc<TaskPrints>,
    pub(super) end: ChainEnd,
}
