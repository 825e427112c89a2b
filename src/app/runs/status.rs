//! How far a run is, from its journal alone.
//!
//! Owns the reading of it. Must never contact a tenant, and never wait for a process that drives the run.

use std::cell::OnceCell;
use std::path::Path;

use super::run_view::RunView;
use crate::app::Workspace;
use crate::app::refusal::Reason;
use crate::journal::{RequestCounts, RunRow};
use crate::model::{OutcomeCounts, UnixMillis};
use crate::report::{Rows, RunFacts, RunOverview, Stage};

/// How far a run is.
pub struct RunStatus {
    /// Its row in the index.
    pub row: RunRow,
    /// A process drives it now, or resolves something of it.
    pub is_held: bool,
    /// When PINs, secrets and replies of it were last pruned.
    pub pruned_at: Option<UnixMillis>,
    /// Its tasks by state.
    pub counts: OutcomeCounts,
    view: RunView,
    /// Made once: it goes through all tasks several times.
    overview: OnceCell<RunOverview>,
}

impl RunStatus {
    /// What its reports say of the run itself.
    #[must_use]
    pub fn facts(&self) -> RunFacts {
        self.view.facts(self.row.ended_at)
    }

    /// Its tasks with what is known of them. Secrets are sealed.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        self.view.rows().at(if self.is_held { Stage::GoesOn } else { Stage::Ended })
    }

    /// Its tasks at a glance.
    #[must_use]
    pub fn overview(&self) -> &RunOverview {
        self.overview.get_or_init(|| RunOverview::of(&self.facts(), &self.rows()))
    }

    /// How it was confirmed, as the journal keeps it.
    #[must_use]
    pub fn confirmation(&self) -> &str {
        &self.view.header.confirmation
    }

    /// When its time for sending is over: from then on no resume sends anything.
    #[must_use]
    pub fn sending_ends(&self) -> UnixMillis {
        self.view.header.policy.send_until
    }

    /// Directory of its reports.
    #[must_use]
    pub fn report_dir(&self) -> &Path {
        &self.view.header.report_dir
    }

    /// How many requests of each kind were made.
    #[must_use]
    pub fn requests(&self) -> &RequestCounts {
        &self.view.requests
    }

    pub(in crate::app) fn view(&self) -> &RunView {
        &self.view
    }
}

impl Workspace {
    /// How far a run is. `name` is its id, a unique beginning of it, or `latest`.
    ///
    /// # Errors
    /// The run does not exist, or its journal cannot be read.
    pub fn status(&self, name: &str) -> Result<RunStatus, Reason> {
        let row = self.index().find_run(name)?;
        let is_held = self.dir.is_held(&row.id);
        let view = RunView::read(&self.dir, &row.id)?;
        let mut counts = OutcomeCounts::default();
        view.records.iter().for_each(|record| counts.add(record.outcome()));
        let pruned_at = self.index().prunings(&row.id)?.iter().map(|dropped| dropped.at).max();
        let overview = OnceCell::new();
        Ok(RunStatus { row, is_held, pruned_at, counts, view, overview })
    }
}
