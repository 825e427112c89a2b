//! The state of the live view of a group: one run a tenant.
//!
//! Owns the fold over events of several runs, and which tenants need attention. Must never hold a secret.

use super::live_run::{LiveRun, Viewpoint};
use super::run_news::RunTold;
use crate::app::{GroupBegins, RunAdvanced, RunBegins};
use crate::engine::Progress;
use crate::model::{OutcomeCounts, UnixMillis};

/// A group of runs in progress.
pub(crate) struct LiveGroup {
    pub group: String,
    pub job: String,
    pub tenants: Vec<LiveTenant>,
}

/// A tenant of a group.
pub(crate) struct LiveTenant {
    pub name: String,
    /// Its run; `None` before it is driven.
    pub run: Option<LiveRun>,
    pub told: Option<RunTold>,
    /// Its run is left, or it is left out.
    pub is_over: bool,
    pub is_left_out: bool,
}

/// What a tenant does, the most urgent first.
#[derive(Copy, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum TenantState {
    LeftOut,
    Stopping,
    Paused,
    Sending,
    Waiting,
    Starting,
    Ended,
}

impl TenantState {
    /// The state in the view.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::LeftOut => "left out",
            Self::Stopping => "stopping",
            Self::Paused => "paused",
            Self::Sending => "sending",
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Ended => "ended",
        }
    }
}

impl LiveTenant {
    /// What it does at this moment.
    pub(crate) fn state(&self, now: UnixMillis) -> TenantState {
        let Some(run) = &self.run else {
            return if self.is_left_out { TenantState::LeftOut } else { TenantState::Starting };
        };
        match () {
            () if self.is_left_out => TenantState::LeftOut,
            () if self.is_over => TenantState::Ended,
            () if run.progress.stop.is_some() => TenantState::Stopping,
            () if run.pause(now).is_some() => TenantState::Paused,
            () if run.is_sending(now) => TenantState::Sending,
            () => TenantState::Waiting,
        }
    }

    /// How soon a person wants to see it: the smaller, the sooner.
    fn urgency(&self, now: UnixMillis) -> (u8, TenantState) {
        let state = self.state(now);
        let is_bad = self.run.as_ref().is_some_and(|run| run.failed() + run.doubts() > 0);
        let is_urgent = state <= TenantState::Paused;
        (u8::from(!is_urgent) + u8::from(!is_urgent && !is_bad), state)
    }
}

impl LiveGroup {
    pub(crate) fn new(begins: &GroupBegins) -> Self {
        let tenant = |name: &String| LiveTenant {
            name: name.clone(),
            run: None,
            told: None,
            is_over: false,
            is_left_out: false,
        };
        Self {
            group: begins.group.clone(),
            job: begins.job.clone(),
            tenants: begins.tenants.iter().map(tenant).collect(),
        }
    }

    /// A run of the group is driven from now on.
    pub(crate) fn begin(&mut self, begins: &RunBegins) -> Option<&mut LiveTenant> {
        let is_free = |tenant: &LiveTenant| tenant.run.is_none() && !tenant.is_left_out;
        let named = |tenant: &LiveTenant| is_free(tenant) && tenant.name == begins.tenant;
        let at = self.tenants.iter().position(named);
        let at = at.or_else(|| self.tenants.iter().position(is_free))?;
        let tenant = &mut self.tenants[at];
        tenant.run = Some(LiveRun::new(begins, Viewpoint::Driver));
        tenant.told = Some(RunTold::new(begins, Viewpoint::Driver));
        Some(tenant)
    }

    /// The tenant of a run.
    pub(crate) fn of_run(&mut self, run: &str) -> Option<&mut LiveTenant> {
        self.tenants.iter_mut().find(|tenant| tenant.run.as_ref().is_some_and(|it| it.run == run))
    }

    /// Takes in what came next of one run.
    pub(crate) fn take(&mut self, advanced: &RunAdvanced, now: UnixMillis) {
        if let Some(run) = self.of_run(&advanced.run).and_then(|tenant| tenant.run.as_mut()) {
            run.take(advanced);
            run.tick(now);
        }
    }

    /// A tenant is left out.
    pub(crate) fn leave_out(&mut self, name: &str) {
        if let Some(tenant) = self.tenants.iter_mut().find(|tenant| tenant.name == name) {
            (tenant.is_over, tenant.is_left_out) = (true, true);
        }
    }

    /// Tenants of which nothing more comes.
    pub(crate) fn over(&self) -> usize {
        self.tenants.iter().filter(|tenant| tenant.is_over).count()
    }

    /// All runs as one.
    pub(crate) fn total(&self) -> LiveRun {
        let mut counts = OutcomeCounts::default();
        let mut progress = Progress::default();
        for run in self.tenants.iter().filter_map(|tenant| tenant.run.as_ref()) {
            counts.merge(&run.counts);
            progress.doubts += run.progress.doubts;
            progress.in_flight += run.progress.in_flight;
        }
        let begins = RunBegins {
            run: self.group.clone(),
            job: self.job.clone(),
            tenant: format!("{} tenants", self.tenants.len()),
            per_hour: 0,
            quarantine_ms: 0,
            has_waves: false,
            counts,
            metrics_file: None,
            failures: Vec::new(),
        };
        let mut total = LiveRun::new(&begins, Viewpoint::Driver);
        total.progress = progress;
        total
    }

    /// The tenants, those first that need attention.
    pub(crate) fn by_urgency(&self, now: UnixMillis) -> Vec<&LiveTenant> {
        let mut tenants: Vec<&LiveTenant> = self.tenants.iter().collect();
        tenants.sort_by_key(|tenant| tenant.urgency(now));
        tenants
    }
}
