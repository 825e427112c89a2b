//! The state of the live view: what events have shown of a run.
//!
//! Owns the fold over events: counts, rate, last failures, the next moments. Must never hold a secret.

use std::collections::VecDeque;

use super::send_rate::SendRate;
use super::time_left::{SendBasis, TimeLeft};
use crate::app::{RunAdvanced, RunBegins, SeenEntry};
use crate::engine::{Progress, WaveWait};
use crate::model::{Outcome, OutcomeCounts, UnixMillis};

/// The last failures that are kept for the view.
const FAILURES_MAX: usize = 3;

/// From where a run is seen.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Viewpoint {
    /// This process drives the run.
    Driver,
    /// Another process drives it.
    Onlooker,
}

/// A task that failed, was refused or is in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskFailure {
    /// `failed`, `refused` or `in doubt`.
    pub word: &'static str,
    pub device: String,
    pub action: String,
    pub reason: String,
}

/// A run in progress.
#[derive(Clone, Debug)]
pub(crate) struct LiveRun {
    pub viewpoint: Viewpoint,
    pub run: String,
    pub job: String,
    pub tenant: String,
    pub counts: OutcomeCounts,
    pub progress: Progress,
    pub per_hour: u32,
    /// Requests of this hour that are spent on the tenant; `None` before that is known.
    pub spent: Option<u32>,
    pub failures: VecDeque<TaskFailure>,
    /// When the oldest doubt is checked by reading, at the earliest.
    pub doubt_read_at: Option<UnixMillis>,
    pub rate: SendRate,
    pub time_left: TimeLeft,
    quarantine_ms: u64,
}

impl LiveRun {
    pub(crate) fn new(begins: &RunBegins, viewpoint: Viewpoint) -> Self {
        let mut run = Self {
            viewpoint,
            run: begins.run.clone(),
            job: begins.job.clone(),
            tenant: begins.tenant.clone(),
            counts: begins.counts.clone(),
            progress: Progress::default(),
            per_hour: begins.per_hour,
            spent: None,
            failures: VecDeque::new(),
            doubt_read_at: None,
            rate: SendRate::default(),
            time_left: TimeLeft::default(),
            quarantine_ms: begins.quarantine_ms,
        };
        begins.failures.iter().filter_map(failure_of).for_each(|failure| run.keep(failure));
        run
    }

    /// Takes in what came next.
    pub(crate) fn take(&mut self, advanced: &RunAdvanced) {
        self.counts = advanced.counts.clone();
        self.progress = advanced.progress.clone();
        self.spent = Some(advanced.spent);
        for entry in &advanced.entries {
            match entry.kind {
                "intent" => self.rate.note(entry.at),
                // The wait before a wave says nothing about the rate in it.
                "wave_begun" => self.rate = SendRate::default(),
                _ => {}
            }
            if entry.kind == "doubted" {
                let read_at = entry.at.plus_ms(self.quarantine_ms);
                self.doubt_read_at = self.doubt_read_at.or(Some(read_at));
            }
            failure_of(entry).into_iter().for_each(|failure| self.keep(failure));
        }
        if self.progress.doubts == 0 {
            self.doubt_read_at = None;
        }
    }

    /// Brings what depends on the time up to date. Called before each drawing.
    pub(crate) fn tick(&mut self, now: UnixMillis) {
        let basis = self.basis(now);
        self.time_left.update(now, basis);
    }

    fn keep(&mut self, failure: TaskFailure) {
        // A doubt that ends as a failure is one failure.
        self.failures
            .retain(|kept| (&kept.device, &kept.action) != (&failure.device, &failure.action));
        self.failures.push_back(failure);
        while self.failures.len() > FAILURES_MAX {
            self.failures.pop_front();
        }
    }

    /// Tasks that are to be done.
    pub(crate) fn planned(&self) -> u32 {
        self.counts.total() - self.counts.of(Outcome::Skipped)
    }

    /// Tasks with a request that left.
    pub(crate) fn sent(&self) -> u32 {
        self.planned() - self.counts.of(Outcome::NotAttempted)
    }

    /// Tasks that ended well.
    pub(crate) fn good(&self) -> u32 {
        let good = [Outcome::Completed, Outcome::Accepted, Outcome::AlreadyInEffect];
        good.iter().map(|outcome| self.counts.of(*outcome)).sum()
    }

    /// Tasks that failed or were refused.
    pub(crate) fn failed(&self) -> u32 {
        self.counts.of(Outcome::Failed) + self.counts.of(Outcome::Refused)
    }

    /// Tasks in doubt. A request whose answer is on its way is none.
    pub(crate) fn doubts(&self) -> u32 {
        self.progress.doubts.min(self.counts.of(Outcome::InDoubt))
    }

    /// Tasks that were sent and have no end yet.
    pub(crate) fn pending(&self) -> u32 {
        self.sent().saturating_sub(self.good() + self.failed() + self.doubts())
    }

    /// Requests that are left in this hour; `None` before that is known.
    pub(crate) fn quota_left(&self) -> Option<u32> {
        self.spent.map(|spent| self.per_hour.saturating_sub(spent))
    }

    /// Until when nothing is sent, if that is still to come.
    pub(crate) fn pause(&self, now: UnixMillis) -> Option<UnixMillis> {
        self.progress.paused_until.filter(|until| *until > now)
    }

    /// When the wave begins, if it still pauses.
    pub(crate) fn wave_pause(&self, now: UnixMillis) -> Option<UnixMillis> {
        match self.progress.wave_wait {
            Some(WaveWait::Pause { until }) if until > now => Some(until),
            _ => None,
        }
    }

    /// Whether requests may leave at this moment.
    pub(crate) fn is_sending(&self, now: UnixMillis) -> bool {
        self.progress.ready_in_wave > 0
            && self.progress.stop.is_none()
            && self.pause(now).is_none()
            && self.wave_pause(now).is_none()
    }

    fn basis(&self, now: UnixMillis) -> Option<SendBasis> {
        let (per_second, quota_left) = (self.rate.per_second(now)?, self.quota_left()?);
        self.is_sending(now).then_some(SendBasis {
            unsent: self.progress.ready_in_wave,
            per_second,
            quota_left,
            per_hour: self.per_hour,
        })
    }
}

/// The failure that an entry tells of.
pub(super) fn failure_of(entry: &SeenEntry) -> Option<TaskFailure> {
    let task = entry.task.as_ref().filter(|_| matches!(entry.kind, "settled" | "doubted"))?;
    let outcome = Outcome::parse(task.outcome?).filter(|outcome| outcome.is_error())?;
    let word = match outcome {
        Outcome::InDoubt => "in doubt",
        other => other.word(),
    };
    let device = match task.serial_number.is_empty() {
        true => task.device_id.clone(),
        false => task.serial_number.clone(),
    };
    Some(TaskFailure { word, device, action: task.action.clone(), reason: task.reason.clone() })
}
