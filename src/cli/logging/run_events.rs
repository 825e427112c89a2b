//! Events of the application in the log file.
//!
//! Owns which event is logged at which level: what an operator reads at `info`, each task at `debug`. Must never hold up the run, and
//! never log a PIN: events carry none.

use tracing::{debug, info, warn};

use crate::app::{AppEvent, PinFact, RunNews, SeenEntry, SeenTask};
use crate::cli::text::notices::{Notice, notice};
use crate::model::OutcomeCounts;
use crate::report::RunOverview;

/// Logs the events of one stream.
#[derive(Debug, Default)]
pub(crate) struct EventLog;

impl EventLog {
    /// Logs an event.
    pub(crate) fn take(&self, event: &AppEvent) {
        match event {
            AppEvent::RunEntered { run, seed, report_dir } => {
                let reports = report_dir.display().to_string();
                info!(target: "sortie::run", run, seed, reports, "run entered");
            }
            AppEvent::RunReopened { run, job, is_sending, .. } => {
                info!(target: "sortie::run", run, job, sends = is_sending, "run opened again");
            }
            AppEvent::RunBegins(begins) => {
                let (run, job) = (begins.run.as_str(), begins.job.as_str());
                let (tenant, per_hour) = (begins.tenant.as_str(), begins.per_hour);
                let outcomes = outcomes(&begins.counts);
                info!(target: "sortie::run", run, job, tenant, per_hour, outcomes, "run begins");
            }
            AppEvent::RunAdvanced(advanced) => {
                let run = advanced.run.as_str();
                advanced.entries.iter().for_each(|entry| Self::take_entry(run, entry));
            }
            AppEvent::RunSummary(overview) => Self::summary(overview),
            AppEvent::RunReported { run, report_dir } => {
                let reports = report_dir.display().to_string();
                info!(target: "sortie::run", run, reports, "reports written");
            }
            AppEvent::RunLeft { run } => info!(target: "sortie::run", run, "run left"),
            other => match notice(other) {
                Some(Notice::Warning(text)) => super::warned(&text),
                Some(Notice::News(text)) => info!(target: "sortie::notice", text, "news"),
                None => {}
            },
        }
    }

    fn summary(overview: &RunOverview) {
        let (run, tasks) = (overview.facts.run_id.as_str(), overview.tasks as u64);
        let requests: u64 = overview.facts.requests.values().sum();
        let outcomes = outcomes(&overview.counts);
        let groups = overview.without_pin.iter();
        let pins_missing: usize = groups.map(|group| group.count).sum();
        info!(
            target: "sortie::run",
            run, tasks, outcomes, requests, pins_missing, "outcomes"
        );
    }

    fn take_entry(run: &str, entry: &SeenEntry) {
        if let Some(task) = &entry.task {
            Self::take_task(run, entry, task);
        } else {
            debug!(target: "sortie::run", run, kind = entry.kind, "entry");
        }
        match &entry.news {
            None | Some(RunNews::Doubted) => {}
            Some(RunNews::Paused { until, reason }) => {
                let until = until.to_string();
                info!(target: "sortie::run", run, until, reason, "paused");
            }
            Some(RunNews::Stopped { cause, reason }) => {
                let cause = format!("{cause:?}");
                warn!(target: "sortie::run", run, cause, reason, "stopping");
            }
            Some(RunNews::CanaryAdded { reason }) => {
                info!(target: "sortie::run", run, reason, "one more device joins wave 1");
            }
            Some(RunNews::Woke { slept_ms }) => {
                warn!(target: "sortie::run", run, slept_ms, "this host slept");
            }
            Some(RunNews::ActionStopped { action, reason }) => {
                warn!(target: "sortie::run", run, action, reason, "action stopped");
            }
            Some(RunNews::WaveBegun { wave, not_before, reason }) => {
                let (wave, not_before) = (u64::from(*wave) + 1, not_before.to_string());
                info!(target: "sortie::run", run, wave, not_before, reason, "wave begins");
            }
        }
    }

    fn take_task(run: &str, entry: &SeenEntry, task: &SeenTask) {
        let SeenTask { row, action, device_id, serial_number, reason, http_status, .. } = task;
        let (kind, outcome, status) = (entry.kind, task.outcome, http_status.map(u64::from));
        debug!(
            target: "sortie::run",
            run, kind, row, action, device_id, serial_number, outcome, status, reason, "entry"
        );
        if entry.news == Some(RunNews::Doubted) {
            warn!(target: "sortie::run", run, row, action, device_id, serial_number, "in doubt");
        }
        for fact in &entry.pins {
            let what = match fact {
                PinFact::Kept => {
                    debug!(target: "sortie::run", run, row, device_id, "PIN kept");
                    continue;
                }
                PinFact::Differs => "the tenant shows another PIN than the answer had",
                PinFact::Odd { .. } => "the answer has no valid PIN",
                PinFact::Missing => "a lock was answered without a PIN",
            };
            warn!(target: "sortie::run", run, row, device_id, serial_number, what, "PIN");
        }
    }
}

/// The outcomes that tasks have, such as `8 completed, 1 failed`.
fn outcomes(counts: &OutcomeCounts) -> String {
    let words = counts.iter().map(|(outcome, tasks)| format!("{tasks} {outcome}"));
    words.collect::<Vec<_>>().join(", ")
}
