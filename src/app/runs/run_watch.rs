//! What is seen of a run while it is driven.
//!
//! Owns the counts from which its end is judged, and the events that observers get. It sees committed entries only. Must never put
//! a secret into an event.

use crate::app::Sent;
use crate::app::events::{
    AppEvent, Events, PinFact, RunAdvanced, RunBegins, RunNews, SeenEntry, SeenTask,
};
use crate::app::runs::reporter::Reporter;
use crate::drive::{Clock, Observer, Quota, WallClock};
use crate::engine::Progress;
use crate::journal::RunHeader;
use crate::model::{
    Entry, Event, Outcome, OutcomeCounts, PinReading, Repeat, Task, TaskIndex, TaskRecord,
    UnixMillis, Verdict,
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
    tasks: &'a [Task],
    records: Vec<TaskRecord>,
    counts: OutcomeCounts,
    events: Events,
    reporter: Reporter,
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
        quota: Quota,
    ) -> Self {
        let mut counts = OutcomeCounts::default();
        records.iter().for_each(|record| counts.add(record.outcome()));
        events.tell(&AppEvent::RunBegins(RunBegins {
            run: header.run.0.clone(),
            per_hour: header.policy.per_hour,
            quarantine_ms: header.policy.quarantine_ms,
            has_waves: header.policy.rollout.is_some(),
            counts: counts.clone(),
        }));
        let (spent, spent_at) = (0, UnixMillis(0));
        Self {
            tasks,
            records,
            counts,
            events,
            reporter,
            quota,
            spent,
            spent_at,
            is_forbidden: false,
        }
    }

    /// Tells that the run is left, and returns what was seen of it.
    pub(crate) fn finish(self) -> Watched {
        self.events.tell(&AppEvent::RunLeft);
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
            self.counts.add(record.outcome());
        }
        self.is_forbidden |= matches!(entry.event, Event::ActionStopped { .. });
    }

    fn seen(&self, entry: &Entry) -> SeenEntry {
        SeenEntry {
            at: entry.at,
            kind: entry.event.word(),
            task: entry.event.task().map(|task| self.seen_task(task, &entry.event)),
            news: news_of(&entry.event),
            pins: pins_of(&entry.event),
        }
    }

    fn seen_task(&self, index: TaskIndex, event: &Event) -> SeenTask {
        let (task, record) = (&self.tasks[index.at()], &self.records[index.at()]);
        // An intent is not doubt yet: its answer is on the way.
        let is_judged = !matches!(event, Event::Intent { .. });
        SeenTask {
            index: index.0,
            id: task.id.0.clone(),
            row: task.row,
            wave: task.wave,
            action: task.action.clone(),
            device_id: task.device.id.as_str().to_owned(),
            serial_number: task.device.serial_number.clone(),
            outcome: is_judged.then(|| record.outcome().word()),
            reason: record.reason.clone(),
            http_status: record.http_status,
            is_sought: task.repeat == Repeat::Once && task.end.trace().exists(),
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
        entries.iter().for_each(|entry| self.take(entry));
        self.count_hour();
        let advanced = RunAdvanced {
            entries: entries.iter().map(|entry| self.seen(entry)).collect(),
            progress: progress.clone(),
            counts: self.counts.clone(),
            spent: self.spent,
        };
        self.events.tell(&AppEvent::RunAdvanced(advanced));
        if !entries.is_empty() {
            self.reporter.changed();
        }
    }
}

fn news_of(event: &Event) -> Option<RunNews> {
    Some(match event {
        Event::Paused { until, reason } => {
            RunNews::Paused { until: *until, reason: reason.clone() }
        }
        Event::Doubted { .. } => RunNews::Doubted,
        Event::Stopped { cause, reason } => {
            RunNews::Stopped { cause: *cause, reason: reason.clone() }
        }
        Event::CanaryAdded { reason, .. } => RunNews::CanaryAdded { reason: reason.clone() },
        Event::Woke { slept_ms } => RunNews::Woke { slept_ms: *slept_ms },
        Event::ActionStopped { action, reason } => {
            RunNews::ActionStopped { action: action.clone(), reason: reason.clone() }
        }
        Event::WaveBegun { wave, not_before, reason } => {
            RunNews::WaveBegun { wave: *wave, not_before: *not_before, reason: reason.clone() }
        }
        _ => return None,
    })
}

/// What an entry says of a PIN, warnings first.
fn pins_of(event: &Event) -> Vec<PinFact> {
    let mut facts = Vec::new();
    if let Event::PinRead { reading: PinReading::Found { agrees: Some(false), .. }, .. } = event {
        facts.push(PinFact::Differs);
    }
    if let Event::Answered { verdict: Verdict::Accepted(answer), .. } = event {
        facts.extend(answer.pin_flaw.clone().map(|flaw| PinFact::Odd { flaw }));
        if answer.pin_missing {
            facts.push(PinFact::Missing);
        }
    }
    if has_new_pin(event) {
        facts.push(PinFact::Kept);
    }
    facts
}

/// Whether an entry holds a PIN that was not known before.
fn has_new_pin(event: &Event) -> bool {
    match event {
        Event::Intent { pin, .. } => pin.is_some(),
        Event::Answered { verdict: Verdict::Accepted(answer), .. } => answer.usable_pin().is_some(),
        Event::PinRead { reading: PinReading::Found { agrees, .. }, .. } => *agrees != Some(true),
        Event::PinRead { reading: PinReading::Known { .. }, .. } => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sealed;

    #[test]
    fn only_what_was_not_known_is_news() {
        let task = TaskIndex(0);
        let read = |agrees| {
            let pin = Sealed::clear("1".to_owned());
            Event::PinRead { task, reading: PinReading::Found { pin, agrees } }
        };
        for (agrees, is_new, is_other) in
            [(Some(true), false, false), (Some(false), true, true), (None, true, false)]
        {
            let facts = pins_of(&read(agrees));
            assert_eq!(facts.contains(&PinFact::Kept), is_new);
            assert_eq!(facts.contains(&PinFact::Differs), is_other);
        }
        let pin = Some(Sealed::clear("1".to_owned()));
        assert!(has_new_pin(&Event::Intent { task, attempt: 1, pin, sends: None }));
        assert!(!has_new_pin(&Event::Intent { task, attempt: 1, pin: None, sends: None }));
        assert!(!has_new_pin(&Event::PinRead { task, reading: PinReading::Nothing }));
    }
}
