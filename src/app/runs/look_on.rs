//! Looking on while another process drives a run.
//!
//! Owns the reading of its journal as it grows, and the same events that the process itself gives. Must never take a lock of the run,
//! write anything, or contact a tenant.

use crate::app::events::{RunAdvanced, RunBegins, SeenEntry};
use crate::app::refusal::Reason;
use crate::app::runs::opened_run_reason::OpenedRunReason;
use crate::app::runs::seen::{begins, seen};
use crate::app::{AppEvent, Workspace};
use crate::drive::{Clock, Quota, WallClock, facts_of};
use crate::engine::EngineState;
use crate::journal::{Distrust, RunHeader, RunReader};
use crate::model::{Entry, Event, OutcomeCounts, Task, TaskIndex, TaskRecord};

/// Failures before the first look that observers get.
const FAILURES_MAX: usize = 3;

/// Whether a process is at a run.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Driver {
    /// One drives it and may send.
    Sends,
    /// One follows it, or resolves something of it, and sends nothing.
    Follows,
    /// None: nothing more comes of the run until it is resumed.
    None,
}

/// What one look showed.
#[derive(Clone, Debug)]
pub struct LookedOn {
    /// The entries since the look before, and how far the run is.
    pub advanced: RunAdvanced,
    /// Whether a process was at the run just before the entries were read. After [`Driver::None`] there are no more.
    pub driver: Driver,
}

/// A run that is read while another process drives it.
pub struct Onlooker<'a> {
    workspace: &'a Workspace,
    reader: RunReader,
    header: RunHeader,
    tasks: Vec<Task>,
    records: Vec<TaskRecord>,
    state: EngineState,
    quota: Quota,
    /// The last failures and doubts before the first look.
    failures: Vec<SeenEntry>,
    last: i64,
    /// How often the run was opened. A resume may follow for another time than the header says.
    opened: u32,
}

impl Workspace {
    /// Begins to look on at a run. `name` is its id, a unique beginning of it, or `latest`. Entries that were there before are
    /// taken in, and are not given out.
    ///
    /// # Errors
    /// The run does not exist, or its journal cannot be read.
    pub fn look_on(&self, name: &str) -> Result<Onlooker<'_>, Reason> {
        let row = self.index().find_run(name)?;
        let reader = RunReader::open(&self.dir, &row.id)?;
        let header = reader.header()?.ok_or(Distrust::NeverBegun(row.id))?;
        let tasks = reader.tasks()?;
        let (facts, actions) = facts_of(&tasks, &header.policy);
        let mut onlooker = Onlooker {
            workspace: self,
            reader,
            records: tasks.iter().map(TaskRecord::new).collect(),
            state: EngineState::new(facts, actions, header.policy.clone()),
            quota: self.quota(&header.base_url, header.policy.per_hour),
            tasks,
            header,
            failures: Vec::new(),
            last: 0,
            opened: 0,
        };
        let entries = onlooker.take_in()?;
        let is_failure = |entry: &&Entry| match &entry.event {
            Event::Settled { outcome, .. } => outcome.is_error(),
            Event::Doubted { .. } => true,
            _ => false,
        };
        let failures: Vec<&Entry> =
            entries.iter().rev().filter(is_failure).take(FAILURES_MAX).collect();
        let seen = |entry: &&Entry| onlooker.seen(entry);
        onlooker.failures = failures.iter().rev().map(seen).collect();
        Ok(onlooker)
    }
}

impl Onlooker<'_> {
    /// Id of the run.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.header.run.0
    }

    /// Whether a process is at the run now.
    #[must_use]
    pub fn driver(&self) -> Driver {
        let dir = &self.workspace.dir;
        match (dir.is_sending(self.run()), dir.is_held(self.run())) {
            (true, _) => Driver::Sends,
            (false, true) => Driver::Follows,
            (false, false) => Driver::None,
        }
    }

    /// What an observer gets first.
    #[must_use]
    pub fn begins(&self) -> RunBegins {
        RunBegins { failures: self.failures.clone(), ..begins(&self.header, self.counts()) }
    }

    /// Reads what came since the look before.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn look(&mut self) -> Result<LookedOn, Reason> {
        // Asked first: what a process wrote before it left is read after that.
        let driver = self.driver();
        let entries = self.take_in()?;
        let mut progress = self.state.progress();
        if self.opened > 1 {
            progress.follow_until = None;
        }
        let advanced = RunAdvanced {
            run: self.run().to_owned(),
            entries: entries.iter().map(|entry| self.seen(entry)).collect(),
            progress,
            counts: self.counts(),
            spent: self.quota.spent(WallClock.now()).unwrap_or(0),
        };
        Ok(LookedOn { advanced, driver })
    }

    /// Tells the observers of the workspace what a look showed, as the process that drives the run tells its own.
    pub fn tell(&self, event: &AppEvent) {
        self.workspace.events.tell(event);
    }

    fn seen(&self, entry: &Entry) -> SeenEntry {
        let known = |index: TaskIndex| {
            Some((index, self.tasks.get(index.at())?, self.records.get(index.at())?))
        };
        seen(entry, entry.event.task().and_then(known))
    }

    fn take_in(&mut self) -> Result<Vec<Entry>, Reason> {
        let mut entries = Vec::new();
        self.last = self.reader.for_each_entry_after(self.last, |entry| entries.push(entry))?;
        for entry in &entries {
            if let Some(record) = entry.event.task().and_then(|at| self.records.get_mut(at.at())) {
                record.apply(entry.at, &entry.event);
            }
            self.opened += u32::from(matches!(entry.event, Event::Opened { .. }));
            self.state
                .apply(entry)
                .map_err(|fault| OpenedRunReason::Contradictory { fault: fault.to_string() })?;
        }
        Ok(entries)
    }

    fn counts(&self) -> OutcomeCounts {
        let mut counts = OutcomeCounts::default();
        self.records.iter().for_each(|record| counts.add(record.outcome()));
        counts
    }
}
