//! What is seen of a run while it is driven.
//!
//! Owns the counts from which its end is judged, and the events that observers get. It sees committed entries only. Must never put
//! a secret into an event.

use crate::app::Sent;
use crate::app::events::{AppEvent, Events, RunAdvanced};
use crate::app::notify::RunNotices;
use crate::app::runs::reporter::Reporter;
use crate::app::runs::seen::{begins, seen};
use crate::drive::{Clock, Observer, Quota, WallClock};
use crate::engine::Progress;
use crate::journal::RunHeader;
use crate::model::{
    Entry, Event, KnownTexts, Outcome, OutcomeCounts, Task, TaskRecord, UnixMillis,
};

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
    tasks: &'a [Task],
    records: Vec<TaskRecord>,
    reasons: KnownTexts,
    counts: OutcomeCounts,
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
        tasks: &'a [Task],
        records: Vec<TaskRecord>,
        events: Events,
        reporter: Reporter,
        (quota, notices): (Quota, RunNotices),
    ) -> Self {
        let mut counts = OutcomeCounts::default();
        records.iter().for_each(|record| counts.add(record.outcome()));
        events.tell(&AppEvent::RunBegins(begins(header, counts.clone())));
        let (spent, spent_at) = (0, UnixMillis(0));
        Self {
            run: header.run.0.clone(),
            tasks,
            records,
            reasons: KnownTexts::default(),
            counts,
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
        let is_sent =
            |record: &&TaskRecord| record.attempts > 0 && record.outcome() != Outcome::NotAttempted;
        let sent = self.records.iter().filter(is_sent).count();
        Watched {
            sent: Sent::of_tasks(u32::try_from(sent).unwrap_or(u32::MAX)),
            counts: self.counts,
            is_forbidden: self.is_forbidden,
        }
    }

    fn take(&mut self, entry: &Entry) {
        if let Some(task) = entry.event.task() {
            let record = &mut self.records[task.at()];
            self.counts.remove(record.outcome());
            record.apply(entry.at, &entry.event);
            self.reasons.share(&mut record.reason);
            self.counts.add(record.outcome());
        }
        self.is_forbidden |= matches!(entry.event, Event::ActionStopped { .. });
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
        entries.iter().for_each(|entry| self.take(entry));
        self.count_hour();
        let advanced = RunAdvanced {
            run: self.run.clone(),
            entries: entries.iter().map(|entry| seen(entry, self.tasks, &self.records)).collect(),
            progress: progress.clone(),
            counts: self.counts.clone(),
            spent: self.spent,
        };
        self.notices.advanced(&advanced);
        self.events.tell(&AppEvent::RunAdvanced(advanced));
        if !entries.is_empty() {
            self.reporter.changed();
        }
    }
}
