//! What is seen of a run while it is driven.
//!
//! Owns the counts from which its end is judged, and the events that observers get. It sees committed entries only. Must never put
//! a secret into an event.

use crate::app::Sent;
use crate::app::events::{AppEvent, Events, RunAdvanced};
use crate::app::notify::RunNotices;
use crate::app::runs::open_records::OpenRecords;
use crate::app::runs::reporter::Reporter;
use crate::app::runs::seen::{begins, seen};
use crate::drive::{Clock, Observer, Quota, WallClock};
use crate::engine::Progress;
use crate::journal::RunHeader;
use crate::model::{Entry, Event, OutcomeCounts, RunTasks, Task, TaskIndex, UnixMillis};

/// How often the ledger is asked what is left of the hour, in milliseconds.
const QUOTA_MS: i64 = 5_000;

/// What was seen of a run: what its journal holds, and nothing else.
pub(crate) struct Watched {
    pub counts: OutcomeCounts,
    /// Tasks with a request that left, before a resume included.
    pub sent: Sent,
    /// An action was stopped because the token lacks the permission.
    pub is_forbidden: bool,
}

/// Watches a run.
pub(crate) struct RunWatch<'a> {
    run: String,
    tasks: &'a RunTasks,
    records: OpenRecords,
    events: Events,
    reporter: Reporter,
    notices: RunNotices,
    quota: Quota,
    spent: u32,
    spent_at: UnixMillis,
    is_forbidden: bool,
}

impl<'a> RunWatch<'a> {
    /// Begins to watch, and tells that the run is driven from now on.
    pub(crate) fn begin(
        header: &RunHeader,
        tasks: &'a RunTasks,
        records: OpenRecords,
        events: Events,
        reporter: Reporter,
        (quota, notices): (Quota, RunNotices),
    ) -> Self {
        events.tell(&AppEvent::RunBegins(begins(header, records.counts().clone())));
        let (spent, spent_at) = (0, UnixMillis(0));
        Self {
            run: header.run.0.clone(),
            tasks,
            records,
            events,
            reporter,
            notices,
            quota,
            spent,
            spent_at,
            is_forbidden: false,
        }
    }

    /// Tells that the run is left, and returns what was seen of it.
    pub(crate) fn finish(self) -> Watched {
        self.events.tell(&AppEvent::RunLeft { run: self.run });
        Watched {
            sent: Sent::of_tasks(self.records.sent()),
            counts: self.records.counts().clone(),
            is_forbidden: self.is_forbidden,
        }
    }

    fn count_hour(&mut self) {
        let now = WallClock.now();
        if now.since(self.spent_at) > QUOTA_MS {
            self.spent = self.quota.spent(now).unwrap_or(self.spent);
            self.spent_at = now;
        }
    }
}

impl Observer for RunWatch<'_> {
    fn committed(&mut self, entries: &[Entry], progress: &Progress) {
        // A task that cannot be used ends the run where it is sent.
        let about = |entry: &Entry| {
            let index = entry.event.task()?;
            self.tasks.get(index).ok().map(|task| (index, task))
        };
        let about: Vec<Option<(TaskIndex, Task)>> = entries.iter().map(about).collect();
        for (entry, about) in entries.iter().zip(&about) {
            if let Some((index, task)) = about {
                self.records.take(*index, task, entry);
            }
            self.is_forbidden |= matches!(entry.event, Event::ActionStopped { .. });
        }
        self.count_hour();
        let seen = |(entry, about): (&Entry, &Option<(TaskIndex, Task)>)| {
            let known = about.as_ref();
            seen(entry, known.and_then(|(at, task)| Some((*at, task, self.records.get(*at)?))))
        };
        let advanced = RunAdvanced {
            run: self.run.clone(),
            entries: entries.iter().zip(&about).map(seen).collect(),
            progress: progress.clone(),
            counts: self.records.counts().clone(),
            spent: self.spent,
        };
        about.iter().flatten().for_each(|(index, task)| self.records.close(*index, task));
        self.notices.advanced(&advanced);
        self.events.tell(&AppEvent::RunAdvanced(advanced));
        if !entries.is_empty() {
            self.reporter.changed();
        }
    }
}
