//! Pruning: secrets of runs that are long over leave their journals.
//!
//! Owns which runs are old enough. Must never touch an unfinished run or one that another process uses, and never delete
//! a finished report.

use std::path::{Path, PathBuf};

use crate::app::Workspace;
use crate::app::consent::{Consent, Question};
use crate::app::operator::Operator;
use crate::app::prune_reason::PruneReason;
use crate::app::refusal::Reason;
use crate::drive::{Clock, WallClock};
use crate::journal::{
    JournalError, PruneShare, Pruned, Pruning, RunReader, RunRow, RunState, prune_run, prune_share,
};
use crate::model::{Sealed, UnixMillis};
use crate::report::{contains_any, remove_leftovers};

/// A request to prune runs.
#[derive(Copy, Clone, Debug)]
pub struct PruneRequest {
    /// Only tasks of which nothing was recorded since this moment.
    pub before: UnixMillis,
}

/// A run, or a part of one, that pruning does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftAlone {
    /// Another process uses the run.
    Held {
        /// Id of the run.
        run: String,
    },
    /// The run is not over, and may still need its PINs.
    NotOver {
        /// Id of the run.
        run: String,
        /// Where it is.
        state: RunState,
    },
    /// Something newer is recorded of some tasks.
    Newer {
        /// Id of the run.
        run: String,
        /// Number of the tasks.
        tasks: u32,
    },
}

/// How many secrets are dropped.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct PruneCounts {
    /// Number of dropped PINs.
    pub pins: u32,
    /// Other secrets of devices.
    pub secrets: u32,
    /// Number of dropped answers to reads.
    pub replies: u32,
}

/// A run from which something can be dropped.
#[derive(Debug)]
pub struct PrunableRun {
    /// Its row in the index.
    pub row: RunRow,
    /// Directory of its reports, which are left as they are.
    pub report_dir: Option<PathBuf>,
    pruned: Pruned,
}

/// What pruning would drop.
#[derive(Debug)]
pub struct Prunable {
    /// Only tasks of which nothing was recorded since this moment.
    pub before: UnixMillis,
    /// Runs from which something can be dropped, the newest first.
    pub runs: Vec<PrunableRun>,
    /// What pruning does not change, and why.
    pub left_alone: Vec<LeftAlone>,
    /// Runs that cannot be read, each with its reason.
    failed: Vec<String>,
    /// Report directories of runs that no process uses.
    report_dirs: Vec<PathBuf>,
}

/// The result of pruning, run by run.
#[derive(Debug)]
pub struct PruneOutcome {
    /// Number of runs from which everything was dropped that was to be.
    pub runs: usize,
    /// Directories of reports that still contain dropped secrets.
    pub reports_with_secrets: Vec<PathBuf>,
    failed: Vec<String>,
}

impl Workspace {
    /// What pruning would drop. Nothing is changed.
    ///
    /// # Errors
    /// The index cannot be read. [`Prunable::check_readable`] names runs that cannot be read.
    pub fn prepare_prune(&self, request: &PruneRequest) -> Result<Prunable, Reason> {
        let before = request.before;
        let mut found = Prunable {
            before,
            runs: Vec::new(),
            left_alone: Vec::new(),
            failed: Vec::new(),
            report_dirs: Vec::new(),
        };
        for row in self.index().runs()? {
            if row.started_at < before {
                found.add(self, row)?;
            }
        }
        Ok(found)
    }

    /// Drops the secrets of old runs forever, run by run.
    ///
    /// # Errors
    /// The consent is not enough. [`PruneOutcome::check_complete`] names runs that could not be pruned.
    pub fn prune(&self, prunable: &Prunable, consent: &Consent) -> Result<PruneOutcome, Reason> {
        prunable.question().verify(consent)?;
        let (before, now) = (prunable.before, WallClock.now());
        let mut failed = prunable.failed.clone();
        let mut runs = 0;
        for run in &prunable.runs {
            match run.drop_secrets(self, before, now) {
                Ok(()) => runs += 1,
                Err(error) => failed.push(format!("run {}: {error}", run.row.id)),
            }
        }
        Ok(PruneOutcome { runs, reports_with_secrets: prunable.reports_with_secrets(), failed })
    }
}

impl Prunable {
    /// The question that a person has to confirm before anything is dropped.
    #[must_use]
    pub fn question(&self) -> Question {
        Question::of_yes("dropping secrets permanently")
    }

    /// What would be dropped from all runs.
    #[must_use]
    pub fn counts(&self) -> PruneCounts {
        self.runs.iter().map(PrunableRun::counts).fold(PruneCounts::default(), PruneCounts::plus)
    }

    /// Removes reports that killed processes left unfinished. Returns how many files.
    pub fn remove_unfinished_reports(&self) -> usize {
        self.report_dirs.iter().map(|directory| remove_leftovers(directory)).sum()
    }

    /// Whether every run that is old enough was read.
    ///
    /// # Errors
    /// [`PruneReason::Incomplete`] names those that were not.
    pub fn check_readable(&self) -> Result<(), Reason> {
        check(&self.failed, 0)
    }

    fn add(&mut self, workspace: &Workspace, row: RunRow) -> Result<(), Reason> {
        let run = row.id.clone();
        if workspace.dir.is_held(&run) {
            self.left_alone.push(LeftAlone::Held { run });
            return Ok(());
        }
        let header = RunReader::open(&workspace.dir, &run).and_then(|reader| reader.header());
        self.report_dirs.extend(header.ok().flatten().map(|header| header.report_dir));
        if !matches!(row.state, RunState::Finished | RunState::Closed) {
            // A run that cannot be read may have PINs: it is named.
            let has_secrets =
                prune_share(&workspace.dir, &run, self.before).map_or(true, |found| {
                    let of_share = |share: &PruneShare| share.pins + share.secrets > 0;
                    found.spared > 0 || found.shares.iter().any(of_share)
                });
            if has_secrets {
                self.left_alone.push(LeftAlone::NotOver { run, state: row.state });
            }
            return Ok(());
        }
        let pruned = match prune_share(&workspace.dir, &run, self.before) {
            Ok(pruned) => pruned,
            Err(error) => {
                self.failed.push(format!("run {run}: {error}"));
                return Ok(());
            }
        };
        if pruned.spared > 0 {
            let tasks = pruned.spared;
            self.left_alone.push(LeftAlone::Newer { run: run.clone(), tasks });
        }
        if !pruned.shares.is_empty() {
            let header = RunReader::open(&workspace.dir, &run)?.header()?;
            let report_dir = header.map(|header| header.report_dir);
            self.runs.push(PrunableRun { row, report_dir, pruned });
        }
        Ok(())
    }

    /// Directories of reports that contain secrets which are dropped.
    fn reports_with_secrets(&self) -> Vec<PathBuf> {
        let holds = |run: &PrunableRun| {
            let directory = run.report_dir.as_ref()?;
            holds_any(directory, &run.pruned.dropped).then(|| directory.clone())
        };
        self.runs.iter().filter_map(holds).collect()
    }
}

impl PruneOutcome {
    /// Whether every run that is old enough was pruned.
    ///
    /// # Errors
    /// [`PruneReason::Incomplete`] names those that were not.
    pub fn check_complete(&self) -> Result<(), Reason> {
        check(&self.failed, self.runs)
    }
}

fn check(failed: &[String], pruned: usize) -> Result<(), Reason> {
    match failed {
        [] => Ok(()),
        failed => Err(PruneReason::Incomplete { failed: failed.to_vec(), pruned }.into()),
    }
}

impl PruneCounts {
    fn plus(self, other: Self) -> Self {
        Self {
            pins: self.pins + other.pins,
            secrets: self.secrets + other.secrets,
            replies: self.replies + other.replies,
        }
    }
}

impl PrunableRun {
    /// What would be dropped from it.
    #[must_use]
    pub fn counts(&self) -> PruneCounts {
        let shares = self.pruned.shares.iter().map(|share| PruneCounts {
            pins: share.pins,
            secrets: share.secrets,
            replies: share.replies,
        });
        shares.fold(PruneCounts::default(), PruneCounts::plus)
    }

    /// Serial numbers of the devices whose secrets would be dropped, one a task.
    #[must_use]
    pub fn serial_numbers(&self) -> Vec<&str> {
        self.pruned.shares.iter().map(|share| share.device.serial_number.as_str()).collect()
    }

    fn drop_secrets(
        &self,
        workspace: &Workspace,
        before: UnixMillis,
        now: UnixMillis,
    ) -> Result<(), JournalError> {
        let run = &self.row.id;
        let hold = workspace.dir.hold_run(run)?;
        let pruned = prune_run(&workspace.dir, run, before)?;
        drop(hold);
        let prunings: Vec<Pruning> = pruned
            .shares
            .iter()
            .map(|share| Pruning {
                run: run.clone(),
                task: share.task.0,
                at: now,
                pins: share.pins,
                secrets: share.secrets,
                replies: share.replies,
            })
            .collect();
        workspace.index().add_prunings(&prunings)?;
        let PruneCounts { pins, secrets, replies } = self.counts();
        let body = serde_json::json!({
            "who": Operator::current().shown(), "older_than": before.to_string(), "pins": pins,
            "secrets": secrets, "replies": replies,
        });
        workspace.index().note(now, "pruned", Some(run), &body)?;
        Ok(())
    }
}

/// Whether a file of a directory contains one of the secrets.
fn holds_any(directory: &Path, secrets: &[Sealed]) -> bool {
    let Ok(files) = std::fs::read_dir(directory) else { return false };
    let texts: Vec<&str> = secrets.iter().filter_map(Sealed::expose).collect();
    files
        .filter_map(Result::ok)
        .any(|file| contains_any(&file.path(), &texts).is_ok_and(|contains| contains))
}
